//! What the venue holds, watched: every new order, fill and end of an order becomes a line of the timeline.

use std::collections::{BTreeMap, BTreeSet};

use broker_sim::Truth;
use market::{Qty, Symbol, Timestamp};
use trading::{
    order::{OrderKind, Side, TimeInForce},
    report::{Execution, OrderReport, OrderStatus},
};

use crate::{
    checks::Bare,
    timeline::{Timeline, Word},
};

/// What was seen of the venue's books so far.
#[derive(Default)]
pub struct Books {
    statuses: BTreeMap<String, OrderStatus>,
    fills: usize,
    /// Positions that sells spoke for in full at the last look.
    covered: BTreeSet<Symbol>,
    bare_since: BTreeMap<Symbol, Timestamp>,
    bare: Vec<Bare>,
}

impl Books {
    /// Writes down what is new.
    pub fn observe(&mut self, truth: &Truth, timeline: &mut Timeline) {
        for order in &truth.orders {
            let id = order.id.to_string();
            if !self.statuses.contains_key(&id) {
                let word = if is_protective(order) { Word::Stop } else { Word::Order };
                timeline.add(order.submitted_at, "venue", word, describe(order));
            }
            let before = self.statuses.insert(id, order.status.clone());
            // The order that took its place has a line of its own.
            let is_told = matches!(order.status, OrderStatus::Filled | OrderStatus::Replaced);
            let ended = order.status.is_final() && !is_told;
            if ended && before.as_ref() != Some(&order.status) {
                timeline.add(truth.now, "venue", Word::OrderEnds, format!("{:?}: {}", order.status, describe(order)));
            }
        }
        for fill in truth.fills.iter().skip(self.fills) {
            timeline.add(fill.at, "venue", Word::Fill, traded(fill));
        }
        self.fills = truth.fills.len();
        self.watch_protection(truth);
    }

    /// Stretches in which a position held more shares than its stops and other sells spoke for, from the fill on.
    pub fn bare(&self) -> &[Bare] {
        &self.bare
    }

    fn watch_protection(&mut self, truth: &Truth) {
        // What is being sold needs no stop: a trim lets go of its shares first.
        let spoken_for = |symbol: Symbol| {
            let sells = |o: &&OrderReport| o.symbol == symbol && o.side == Side::Sell && !o.status.is_final();
            let rest = |order: &OrderReport| order.qty.minus_or_zero(order.filled_qty);
            truth.orders.iter().filter(sells).fold(Qty::ZERO, |sum, order| sum.plus(rest(order)))
        };
        let (bare, covered): (Vec<_>, Vec<_>) =
            truth.positions.iter().partition(|held| spoken_for(held.symbol) < held.qty);
        self.bare_since.retain(|symbol, _| bare.iter().any(|held| held.symbol == *symbol));
        for symbol in bare.into_iter().map(|held| held.symbol) {
            let last_fill = truth.fills.iter().rev().find(|fill| fill.symbol == symbol).map(|fill| fill.at);
            let began = last_fill.filter(|_| !self.covered.contains(&symbol)).unwrap_or(truth.now);
            let from = *self.bare_since.entry(symbol).or_insert(began);
            let bare = Bare { symbol, from, until: truth.now };
            match self.bare.iter_mut().find(|known| (known.symbol, known.from) == (symbol, from)) {
                Some(known) => *known = bare,
                None => self.bare.push(bare),
            }
        }
        self.covered = covered.into_iter().map(|held| held.symbol).collect();
    }
}

/// A sell stop: it only ever takes a position off.
pub fn is_protective(order: &OrderReport) -> bool {
    order.side == Side::Sell && matches!(order.kind, Some(OrderKind::Stop { .. }))
}

/// `buy 12 AAPL limit 103.20 day`.
pub fn describe(order: &OrderReport) -> String {
    let kind = order.kind.map_or_else(|| "order of another type".to_owned(), |kind| kind.to_string());
    let time = match order.time_in_force {
        Some(TimeInForce::Day) => " day",
        Some(TimeInForce::Gtc) => " good till cancelled",
        None => "",
    };
    format!("{} {} {} {kind}{time}", order.side, order.qty, order.symbol)
}

fn traded(fill: &Execution) -> String {
    let verb = match fill.side {
        Side::Buy => "bought",
        Side::Sell => "sold",
    };
    format!("{verb} {} {} at {}", fill.qty, fill.symbol, fill.price)
}
