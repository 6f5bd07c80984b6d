//! Time at the venue: trades fill orders, stops fire, what is pending is done, sessions open and close, shares split.

use market::{Price, Qty, Session, TimeDelta};
use trading::{
    order::{OrderKind, Side, TimeInForce},
    report::Execution,
    tape::Split,
};

use super::{Fill, Happening, Order, SHARE, State, Venue, value};
use crate::prices::Path;

impl Venue {
    /// What was pending until now is done.
    pub fn settle(&mut self) {
        self.land();
        let open = self.is_open();
        let mut place = 0;
        while let Some(&index) = self.open.get(place) {
            let before = self.open.len();
            if self.orders[index].due <= self.now {
                self.mature(index, open);
            }
            // What ended has left the list, and another stands in its place.
            place += usize::from(self.open.len() == before);
        }
    }

    fn mature(&mut self, index: usize, open: bool) {
        match self.orders[index].state {
            State::Accepted if open => {
                self.version += 1;
                self.orders[index].state = State::New;
            }
            State::PendingCancel => self.end(index, State::Canceled),
            State::Waiting => {
                if let Some(old) = self.orders[index].replaces {
                    self.swap(old, index);
                }
            }
            State::Accepted
            | State::New
            | State::PendingReplace
            | State::Filled
            | State::Canceled
            | State::Expired
            | State::Replaced
            | State::Rejected => {}
        }
    }

    /// A trade of a symbol: what it fills.
    pub fn trade(&mut self, symbol: usize) {
        let mut place = 0;
        while let Some(&index) = self.open.get(place) {
            let before = self.open.len();
            if self.orders[index].symbol == symbol && self.orders[index].state.trades() {
                self.try_fill(index);
            }
            place += usize::from(self.open.len() == before);
        }
    }

    fn try_fill(&mut self, index: usize) {
        let order = &mut self.orders[index];
        let path = &self.paths[order.symbol];
        let Some(price) = fill_price(order, path) else { return };
        // A marketable order does not always meet every trade.
        if self.dice.chance(1_500) {
            return;
        }
        let rest = order.rest();
        let part = self.rules.partial && rest > SHARE && self.dice.chance(3_000);
        let qty = if part { (self.dice.between(1, rest / SHARE) * SHARE).min(rest) } else { rest };
        self.fill(index, qty, price);
    }

    fn fill(&mut self, index: usize, qty: i64, price: Price) {
        self.version += 1;
        let order = &mut self.orders[index];
        let crossing = matches!(order.state, State::PendingCancel | State::PendingReplace);
        order.filled += qty;
        order.cost += i128::from(qty) * i128::from(price.units());
        let (symbol, side) = (order.symbol, order.side);
        let told = Execution {
            id: format!("x{}", self.fills.len()),
            order_id: order.id.clone(),
            symbol: self.paths[symbol].symbol,
            side,
            qty: Qty::from_units(qty).expect("a part of what was ordered"),
            price,
            at: self.now,
        };
        let late = self.rules.late && self.dice.chance(400);
        let visible = if late { self.now + self.dice.seconds(1, 240) } else { self.now };
        self.fills.push(Fill { told, visible, symbol });
        let held = &mut self.holdings[symbol];
        match side {
            Side::Buy => {
                held.shares += qty;
                held.cost += i128::from(qty) * i128::from(price.units());
                self.cash -= value(qty, price);
            }
            Side::Sell => {
                held.cost -= held.cost * i128::from(qty) / i128::from(held.shares.max(1));
                held.shares -= qty;
                self.cash += value(qty, price);
            }
        }
        // What was bought in this very instant is another position: nobody can tell which of the two came first.
        let bought = |fill: &&Fill| side == Side::Sell && fill.symbol == symbol && fill.told.side == Side::Buy;
        let news = self.fills.iter().rev().take_while(|fill| fill.told.at == self.now).filter(bought);
        let fresh: i64 = news.map(|fill| fill.told.qty.units()).sum();
        let left = (self.holdings[symbol].shares - fresh).max(0);
        self.happened.push(Happening::Filled { order: index, qty, price, crossing, left });
        if self.orders[index].rest() == 0 {
            self.end(index, State::Filled);
        }
    }

    /// The session opens: what waited for it works.
    pub fn open_session(&mut self, session: Session) {
        self.session = Some(session);
        self.settle();
    }

    /// The session closes: day orders die, old ones too.
    pub fn close_session(&mut self) {
        self.last_equity = self.equity();
        for index in self.open.clone() {
            let order = &self.orders[index];
            if order.state.is_over() {
                continue;
            }
            let aged = self.now.since(order.received) >= TimeDelta::days(self.habits.life_days);
            match order.time_in_force {
                TimeInForce::Day => self.end(index, State::Expired),
                TimeInForce::Gtc if aged => {
                    self.happened.push(Happening::Aged { order: index });
                    self.end(index, State::Expired);
                }
                TimeInForce::Gtc => {}
            }
        }
    }

    /// A split takes effect: shares, prices, and what becomes of working orders.
    pub fn split(&mut self, symbol: usize, new: u32, old: u32) {
        self.version += 1;
        let (up, down) = (i64::from(new), i64::from(old));
        let scale = |shares: i64| (i128::from(shares) * i128::from(up) / i128::from(down)) as i64;
        self.holdings[symbol].shares = scale(self.holdings[symbol].shares);
        self.paths[symbol].split(up, down);
        self.pay_in_lieu(symbol);
        let id = format!("s{}", self.splits.len());
        let of = self.paths[symbol].symbol;
        self.splits.push(Split { id, symbol: of, effective: self.now, new, old });
        let way = self.dice.below(10);
        for index in self.open.clone() {
            if self.orders[index].symbol != symbol {
                continue;
            }
            let shares = scale(self.orders[index].rest()) / SHARE * SHARE;
            // Only a forward split leaves an order behind that sells no more than is held.
            match way {
                0..=2 if shares > 0 => self.rescale(index, shares, up, down),
                3..=4 if shares > 0 && self.orders[index].state != State::Waiting => {
                    self.carry_on(index, shares, up, down);
                }
                5..=7 if new > old => {}
                _ => self.end(index, State::Canceled),
            }
        }
    }

    /// Some venues pay cash for what is less than a share.
    fn pay_in_lieu(&mut self, symbol: usize) {
        let rest = self.holdings[symbol].shares % SHARE;
        if self.habits.pays_in_lieu && rest > 0 {
            let last = self.paths[symbol].last();
            self.holdings[symbol].shares -= rest;
            self.cash += value(rest, last);
            self.happened.push(Happening::PaidInLieu { symbol });
        }
    }

    /// The order ends, and one with ids of the venue's own is in its place.
    fn carry_on(&mut self, index: usize, rest: i64, up: i64, down: i64) {
        let place = self.orders.len();
        let old = self.orders[index].clone();
        let (id, client) = (format!("b{place}"), format!("split-{place}"));
        self.orders.push(Order {
            id: id.parse().expect("visible ASCII"),
            client: client.parse().expect("visible ASCII"),
            filled: 0,
            cost: 0,
            received: self.now,
            replaces: Some(index),
            ..old.clone()
        });
        self.open.push(place);
        self.by_client.insert(self.orders[place].client.clone(), place);
        self.rescale(place, rest, up, down);
        // What is waiting to replace the old one has nothing to replace any more.
        for waiting in self.open.clone() {
            if self.orders[waiting].state == State::Waiting && self.orders[waiting].replaces == Some(index) {
                self.end(waiting, State::Rejected);
                self.orders[place].state = State::New;
            }
        }
        self.end(index, State::Replaced);
        self.happened.push(Happening::CarriedOn { order: place });
    }

    fn rescale(&mut self, index: usize, rest: i64, up: i64, down: i64) {
        let order = &mut self.orders[index];
        order.qty = order.filled + rest;
        let scaled = |price: Price| Price::from_units(price.units() * down / up).map_or(price, Price::floor_to_tick);
        order.kind = match order.kind {
            OrderKind::Market => OrderKind::Market,
            OrderKind::Limit { limit } => OrderKind::Limit { limit: scaled(limit) },
            OrderKind::Stop { stop } => OrderKind::Stop { stop: scaled(stop) },
        };
    }
}

/// The price an order trades at now. A stop that fires becomes a market order, which trades with the next trade.
fn fill_price(order: &mut super::Order, path: &Path) -> Option<Price> {
    match (order.kind, order.side) {
        (OrderKind::Market, Side::Buy) => Some(path.ask()),
        (OrderKind::Market, Side::Sell) => Some(path.bid()),
        (OrderKind::Limit { limit }, Side::Buy) => Some(path.ask()).filter(|ask| *ask <= limit),
        (OrderKind::Limit { limit }, Side::Sell) => Some(path.bid()).filter(|bid| *bid >= limit),
        (OrderKind::Stop { stop }, side) => {
            let was = order.triggered;
            order.triggered |= match side {
                Side::Sell => path.last() <= stop,
                Side::Buy => path.last() >= stop,
            };
            was.then(|| if side == Side::Sell { path.bid() } else { path.ask() })
        }
    }
}
