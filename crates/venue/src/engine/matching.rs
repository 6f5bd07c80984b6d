//! What time does: the open, every tick, the close.
//!
//! An order meets the first tick after it was sent. A limit fills when the other side's quote reaches it, at the quote
//! (so at the limit or better). A stop is triggered by the last price and fills at the quote of the tick after, however
//! far that gapped. An order takes at most the shares its tick traded, at least one; the rest waits for the next tick.

use market::{Price, Timestamp};

use super::{Engine, event::Event};
use crate::{
    order::Order,
    path::{self, Spread},
    words::{OrderType, Side, Status, TimeInForce},
};

/// What a tick means for an order.
enum Effect {
    Nothing,
    Trigger,
    Fill(Price),
}

impl Engine {
    /// Moves time on, event by event; an instant that is not later than now changes nothing.
    pub fn advance_to(&mut self, to: Timestamp) {
        for day in 0..self.tape.market().days.len() {
            self.live_through(day, to);
        }
        self.now = self.now.max(to);
    }

    fn live_through(&mut self, day: usize, to: Timestamp) {
        let (from, session) = (self.now, self.tape.session(day));
        if to < session.open || session.close <= from {
            return;
        }
        for index in 0..path::ticks_in(&session) {
            let at = path::tick_at(&session, index);
            if from < at && at <= to {
                self.now = at;
                if index == 0 {
                    self.open_session();
                }
                self.tick(day, index);
            }
        }
        if from < session.close && session.close <= to {
            self.now = session.close;
            self.close_session();
        }
    }

    /// Orders that waited for the session begin to work.
    fn open_session(&mut self) {
        for at in self.book.open() {
            let now = self.now;
            let order = self.book.order_mut(at);
            if order.status == Status::Accepted {
                order.status = Status::New;
                order.updated_at = now;
                let event = Event::Working { at: now, order: order.id };
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
                    order.status = Status::Expired;
                    order.updated_at = now;
                    order.ended_at = Some(now);
                    let event = Event::Expired { at: now, order: order.id };
                    self.events.push(event);
                }
                TimeInForce::Gtc | TimeInForce::Opg | TimeInForce::Cls | TimeInForce::Ioc | TimeInForce::Fok => {}
            }
        }
    }

    fn tick(&mut self, day: usize, index: usize) {
        for at in self.book.open() {
            let order = self.book.orders()[at].clone();
            let Some(print) = self.tape.tick(day, index, order.symbol) else { continue };
            match effect(&order, print.price, print.spread) {
                Effect::Nothing => {}
                Effect::Trigger => {
                    self.book.order_mut(at).triggered = true;
                    self.events.push(Event::Triggered { at: self.now, order: order.id, last: print.price });
                }
                Effect::Fill(price) => {
                    let qty = order.remaining().min(path::shares(print.volume.max(1)));
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
    let reached = |stop: Price| match order.side {
        Side::Buy => last >= stop,
        Side::Sell => last <= stop,
    };
    let good_enough = |limit: Price| match order.side {
        Side::Buy => market <= limit,
        Side::Sell => market >= limit,
    };
    match order.order_type {
        OrderType::Market => Effect::Fill(market),
        OrderType::Limit if order.limit_price.is_some_and(good_enough) => Effect::Fill(market),
        OrderType::Stop if order.triggered => Effect::Fill(market),
        OrderType::Stop if order.stop_price.is_some_and(reached) => Effect::Trigger,
        OrderType::Limit | OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop => Effect::Nothing,
    }
}
