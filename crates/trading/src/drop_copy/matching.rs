//! Two lists of fills, matched by value: first where the times are the same, then where they are nearly so.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use market::{Price, Qty, Symbol, TimeDelta, Timestamp};

use crate::{
    book::Book,
    order::{BrokerOrderId, Side},
    report::Execution,
};

/// How far apart two times of one fill may be told.
pub const SAME_TIME: TimeDelta = TimeDelta::seconds(60);

/// A fill without its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fill {
    /// The order it is of, by the broker's id.
    pub order: BrokerOrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Bought or sold.
    pub side: Side,
    /// Shares.
    pub qty: Qty,
    /// Price a share.
    pub price: Price,
    /// When it happened.
    pub at: Timestamp,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Sides {
    pub(super) agree: usize,
    pub(super) not_listed: Vec<Fill>,
    pub(super) not_counted: Vec<Fill>,
}

/// Times of alike fills, as both sides tell them; sorted.
#[derive(Default)]
struct Times {
    counted: Vec<Timestamp>,
    listed: Vec<Timestamp>,
}

/// Compares fills of our orders at or after an instant.
pub(super) fn compare(book: &Book, listed: &[Execution], since: Timestamp) -> Sides {
    let is_ours = |fill: &&Execution| fill.at >= since && book.carried_by(&fill.order_id).is_some();
    let mut groups: BTreeMap<Fill, Times> = BTreeMap::new();
    let recent = book.tapes().values().flat_map(|tape| tape.fills().rev().take_while(|fill| fill.at >= since));
    for fill in recent.filter(is_ours) {
        groups.entry(Fill::of(fill).at(since)).or_default().counted.push(fill.at);
    }
    // A page may come twice: the same entry is one fill.
    let entries: BTreeSet<(&str, Fill)> =
        listed.iter().filter(is_ours).map(|fill| (fill.id.as_str(), Fill::of(fill))).collect();
    for (_, fill) in entries {
        let at = fill.at;
        groups.entry(fill.at(since)).or_default().listed.push(at);
    }
    let mut sides = Sides::default();
    for (fill, mut times) in groups {
        times.counted.sort_unstable();
        times.listed.sort_unstable();
        let all = times.counted.len();
        times.drop_equal();
        times.drop_near();
        sides.agree += all - times.counted.len();
        sides.not_listed.extend(times.counted.into_iter().map(|at| fill.clone().at(at)));
        sides.not_counted.extend(times.listed.into_iter().map(|at| fill.clone().at(at)));
    }
    sides
}

impl Times {
    /// First, so that a fill that is missing stays the one that is missing whatever alike comes later.
    fn drop_equal(&mut self) {
        self.drop_pairs(TimeDelta::zero());
    }

    fn drop_near(&mut self) {
        self.drop_pairs(SAME_TIME);
    }

    /// Both in order of time: what is earlier by more than the distance has no partner any more.
    fn drop_pairs(&mut self, distance: TimeDelta) {
        let (counted, listed) = (std::mem::take(&mut self.counted), std::mem::take(&mut self.listed));
        let (mut counted, mut listed) = (counted.into_iter().peekable(), listed.into_iter().peekable());
        while let (Some(ours), Some(theirs)) = (counted.peek(), listed.peek()) {
            if ours.since(*theirs).abs() <= distance {
                counted.next();
                listed.next();
            } else if ours < theirs {
                self.counted.extend(counted.next());
            } else {
                self.listed.extend(listed.next());
            }
        }
        self.counted.extend(counted);
        self.listed.extend(listed);
    }
}

impl Fill {
    fn of(execution: &Execution) -> Self {
        let Execution { order_id, symbol, side, qty, price, at, .. } = execution;
        Self { order: order_id.clone(), symbol: *symbol, side: *side, qty: *qty, price: *price, at: *at }
    }

    fn at(self, at: Timestamp) -> Self {
        Self { at, ..self }
    }
}

impl fmt::Display for Fill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { order, symbol, side, qty, price, at } = self;
        write!(f, "{symbol} {side} {qty} at {price}, order {order}, {}", at.to_ny_rfc3339())
    }
}
