//! What a print does to the open orders of its symbol, in the order they came.
//!
//! An order meets the first print after it reached the exchange. A limit fills when the other side's quote is there, at the
//! quote (so at the limit or better). A stop is triggered by the last price and fills at the quote of the print after,
//! however far that gapped. All orders together take at most the shares of the print; the rest waits for the next one.
//! Auction orders trade at the auction's own price: the first print of a session, and the last.

use market::{Price, Qty, Symbol};

use super::{Engine, book::shares_for, cancel::Ending, event::Event, trading_day::Phase};
use crate::{
    order::{Order, Size},
    tape::Print,
    update::UpdateKind,
    words::{OrderType, Side, TimeInForce},
};

/// After so many fills an order takes what is left at once, however thin the market: memory is bounded by it.
const FILLS_OF_AN_ORDER_MAX: u32 = 1_000;

/// Whether a print is an auction's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Auction {
    None,
    Opening,
    Closing,
}

/// What a print means for an order.
enum Effect {
    Nothing,
    Trigger,
    Fill(Price),
}

impl Engine {
    /// The open orders of a symbol meet a print; `volume`: the shares there are for them.
    pub(super) fn meet(&mut self, symbol: Symbol, print: &Print, volume: Qty, auction: Auction) {
        let Some(line) = self.book.line(symbol) else { return };
        let mut volume = volume;
        for at in line.open.clone() {
            let order = self.book.order(at);
            if order.is_working() && works_in(order, self.moment.phase, auction) {
                self.meet_one(at, print, &mut volume, auction);
            }
        }
    }

    fn meet_one(&mut self, at: usize, print: &Print, volume: &mut Qty, auction: Auction) {
        let order = self.book.order_mut(at);
        follow(order, print.price);
        let at_once = is_at_once(order, auction);
        match effect(order, print) {
            Effect::Nothing => {}
            Effect::Trigger => {
                order.triggered = true;
                let event = Event::Triggered { at: self.now, order: order.id, last: print.price };
                self.events.push(event);
            }
            Effect::Fill(price) => self.fill_from(at, price, volume),
        }
        if at_once && self.book.order(at).is_open() {
            self.end(at, Ending::Canceled);
        }
    }

    /// Fills as much of an order as there is.
    fn fill_from(&mut self, at: usize, price: Price, volume: &mut Qty) {
        let order = self.book.order(at);
        let wanted = match order.size {
            Size::Shares(_) => order.remaining(),
            Size::Notional(_) => shares_for(order.unspent(), price),
        };
        // A position is never turned round: what would close more than there is ends.
        let Some(closable) = self.closable(order) else {
            self.cancel_group(at);
            return;
        };
        let available = if order.fills >= FILLS_OF_AN_ORDER_MAX { wanted } else { *volume };
        let qty = wanted.min(closable).min(available);
        if qty.is_zero() || order.time_in_force == TimeInForce::Fok && qty < wanted {
            return;
        }
        *volume = volume.minus_or_zero(qty);
        self.fill(at, qty, price, qty == wanted);
    }

    /// Shares of the position an order may close; without bound for one that opens. `None` when there is none left.
    fn closable(&self, order: &Order) -> Option<Qty> {
        if !order.intent.closes() {
            return Qty::from_units(i64::MAX).ok();
        }
        let held = self.book.holdings().get(&order.symbol)?;
        (held.short == (order.side == Side::Buy)).then_some(held.qty)
    }

    fn fill(&mut self, at: usize, qty: Qty, price: Price, done: bool) {
        let now = self.now;
        let execution_id = self.book.fill(at, qty, price, done, now);
        let order = self.book.order(at);
        let (id, symbol) = (order.id, order.symbol);
        self.events.push(Event::Filled { at: now, order: id, qty, price });
        let held = self.book.holdings().get(&symbol);
        let (position_qty, short) = held.map_or((Qty::ZERO, false), |held| (held.qty, held.short));
        self.tell(at, UpdateKind::Trade { execution_id, price, qty, position_qty, short });
        self.after_fill(at, qty);
    }

    /// Trading stands still: what had to be done at once is not done at all.
    pub(super) fn meet_a_halt(&mut self, symbol: Symbol, auction: Auction) {
        let Some(line) = self.book.line(symbol) else { return };
        for at in line.open.clone() {
            let order = self.book.order(at);
            if order.is_working() && works_in(order, self.moment.phase, auction) && is_at_once(order, auction) {
                self.end(at, Ending::Canceled);
            }
        }
    }
}

/// Whether an order takes part in a print at a time of the day.
fn works_in(order: &Order, phase: Phase, auction: Auction) -> bool {
    let hours = match phase {
        Phase::Regular => true,
        Phase::PreMarket | Phase::AfterHours => order.extended_hours,
        Phase::Closed => false,
    };
    hours
        && match order.time_in_force {
            TimeInForce::Opg => auction == Auction::Opening,
            TimeInForce::Cls => auction == Auction::Closing,
            TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => true,
        }
}

/// Whether what is not filled by this print is never filled.
fn is_at_once(order: &Order, auction: Auction) -> bool {
    match order.time_in_force {
        TimeInForce::Ioc | TimeInForce::Fok => true,
        TimeInForce::Opg => auction == Auction::Opening,
        TimeInForce::Cls => auction == Auction::Closing,
        TimeInForce::Day | TimeInForce::Gtc => false,
    }
}

/// A trailing stop follows the best price.
fn follow(order: &mut Order, last: Price) {
    let (Some(trail), Some(mark), false) = (order.trail, order.high_water_mark, order.triggered) else { return };
    let better = match order.side {
        Side::Sell => last > mark,
        Side::Buy => last < mark,
    };
    if let Some(stop) = trail.stop(order.side, last).filter(|_| better) {
        order.high_water_mark = Some(last);
        order.stop_price = Some(stop);
    }
}

fn effect(order: &Order, print: &Print) -> Effect {
    let market = match (order.time_in_force, order.side) {
        (TimeInForce::Opg | TimeInForce::Cls, _) => print.price,
        (_, Side::Buy) => print.spread.ask,
        (_, Side::Sell) => print.spread.bid,
    };
    let reached = |stop: Price| match order.side {
        Side::Buy => print.price >= stop,
        Side::Sell => print.price <= stop,
    };
    let good_enough = |limit: Price| match order.side {
        Side::Buy => market <= limit,
        Side::Sell => market >= limit,
    };
    let limited = || order.limit_price.is_some_and(good_enough);
    let waits = match order.order_type {
        OrderType::Market | OrderType::Limit => false,
        OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop => !order.triggered,
    };
    if waits {
        return if order.stop_price.is_some_and(reached) { Effect::Trigger } else { Effect::Nothing };
    }
    match order.order_type {
        OrderType::Limit | OrderType::StopLimit if !limited() => Effect::Nothing,
        OrderType::Market | OrderType::Limit | OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop => {
            Effect::Fill(market)
        }
    }
}
