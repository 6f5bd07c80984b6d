//! What time does: the open, every tick, the close.
//!
//! An order meets the first tick after it was sent. A limit fills when the other side's quote reaches it, at the quote
//! (so at the limit or better). A stop is triggered by the last price and fills at the quote of the tick after, however
//! far that gapped. An order takes at most the shares its tick traded, at least one; the rest waits for the next tick.

use broker::{
    order::{OrderKind, Side, TimeInForce},
    report::OrderStatus,
};
use market::{Price, Timestamp};

use super::{Engine, book::Order, event::Event};
use crate::path::{self, Spread};

/// What a tick means for an order.
enum Effect {
    Nothing,
    Trigger,
    Fill(Price),
}

impl Engine {
    /// Moves time on, event by event; an instant that is not later than now changes nothing.
    pub fn advance_to(&mut self, to: Timestamp) {
        let (from, session) = (self.now, self.day.session);
        for index in 0..path::ticks_in(&session) {
            let at = path::tick_at(&session, index);
            if from < at && at <= to {
                self.now = at;
                if index == 0 {
                    self.open_session();
                }
                self.tick(index);
            }
        }
        if from < session.close && session.close <= to {
            self.now = session.close;
            self.close_session();
        }
        self.now = self.now.max(to);
    }

    /// Orders that waited for the session begin to work.
    fn open_session(&mut self) {
        for at in self.book.open() {
            let now = self.now;
            let order = self.book.order_mut(at);
            if order.status == OrderStatus::Accepted {
                order.status = OrderStatus::New;
                order.updated_at = now;
                let event = Event::Working { at: now, order: order.id.clone() };
                self.events.push(event);
            }
        }
    }

    /// Day orders end; the others wait for the next session.
    fn close_session(&mut self) {
        for at in self.book.open() {
            let now = self.now;
            let order = self.book.order_mut(at);
            match order.time_in_force {
                TimeInForce::Day => {
                    order.status = OrderStatus::Expired;
                    order.updated_at = now;
                    let event = Event::Expired { at: now, order: order.id.clone() };
                    self.events.push(event);
                }
                TimeInForce::Gtc => {}
            }
        }
    }

    fn tick(&mut self, index: usize) {
        for at in self.book.open() {
            let order = self.book.orders()[at].clone();
            let Some(path) = self.path(order.symbol) else { continue };
            let tick = path.ticks()[index];
            match effect(&order, tick.price, path.spread(index)) {
                Effect::Nothing => {}
                Effect::Trigger => {
                    self.book.order_mut(at).triggered = true;
                    self.events.push(Event::Triggered { at: self.now, order: order.id, last: tick.price });
                }
                Effect::Fill(price) => {
                    let qty = order.remaining().min(path::shares(tick.volume.max(1)));
                    self.book.fill(at, qty, price, self.now);
                    self.events.push(Event::Filled { at: self.now, order: order.id, qty, price });
                }
            }
        }
    }
}

fn effect(order: &Order, last: Price, spread: Spread) -> Effect {
    let market = match order.side {
        Side::Buy => spread.ask,
        Side::Sell => spread.bid,
    };
    match (order.kind, order.side) {
        (OrderKind::Market, _) => Effect::Fill(market),
        (OrderKind::Limit { limit }, Side::Buy) if spread.ask <= limit => Effect::Fill(spread.ask),
        (OrderKind::Limit { limit }, Side::Sell) if spread.bid >= limit => Effect::Fill(spread.bid),
        (OrderKind::Limit { .. }, _) => Effect::Nothing,
        (OrderKind::Stop { .. }, _) if order.triggered => Effect::Fill(market),
        (OrderKind::Stop { stop }, Side::Buy) if last >= stop => Effect::Trigger,
        (OrderKind::Stop { stop }, Side::Sell) if last <= stop => Effect::Trigger,
        (OrderKind::Stop { .. }, _) => Effect::Nothing,
    }
}
