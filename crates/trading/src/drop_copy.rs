//! The drop copy: what we count as filled, held against the broker's own list of the day's fills, by value.
//!
//! Pure. Ids are not compared: the look already counts by them, and this is the second opinion. A fill agrees with one of
//! the same order, side, shares and price at about the same time; an order's fills agree with what the order itself says
//! is filled. Either source may be late, so a difference counts once it was there at two comparisons a grace apart. Only
//! orders of ours are compared: a fill of anybody else's is a finding of the reconcile, which halts openings by itself.

mod matching;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use market::{Qty, Session, Symbol, TimeDelta, Timestamp};

use crate::{
    book::{Book, Intent},
    order::BrokerOrderId,
    report::{Execution, OrderReport},
    state::OrderState,
};
pub use matching::{Fill, SAME_TIME};

/// Between two comparisons.
pub const EVERY: TimeDelta = TimeDelta::seconds(60);
/// How late either source may be with what the other has told.
pub const GRACE: TimeDelta = TimeDelta::seconds(60);

/// What the broker lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// All fills since the session's open; what is older does not matter.
    pub fills: Vec<Execution>,
    /// Orders, read after the fills: those of today.
    pub orders: Vec<OrderReport>,
}

/// Something that does not agree.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Difference {
    /// We count a fill that the broker does not list.
    NotListed(Fill),
    /// The broker lists a fill of an order of ours that we do not count.
    NotCounted(Fill),
    /// An order's fills do not add up to what the order says is filled.
    Total {
        /// The order, by the broker's id.
        order: BrokerOrderId,
        /// Its symbol.
        symbol: Symbol,
        /// More is counted than is filled, not less.
        over: bool,
    },
}

/// What a comparison found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Fills that agree.
    pub agree: usize,
    /// Differences that may only be late.
    pub waiting: Vec<Difference>,
    /// Differences that have lasted, each told once.
    pub lasting: Vec<Difference>,
}

/// What is remembered between the comparisons of a session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DropCopy {
    open: Option<Timestamp>,
    /// The last comparison, and whether nothing was left open by it.
    last: Option<(Timestamp, bool)>,
    /// Fills that differ, since when.
    differing: BTreeMap<Difference, Timestamp>,
    /// Orders whose sums differ.
    owing: BTreeMap<BrokerOrderId, Owing>,
    told: BTreeSet<Difference>,
}

/// What one source was behind by when that was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owing {
    since: Timestamp,
    /// What the source that is behind has to come to.
    shares: Qty,
    over: bool,
}

impl DropCopy {
    /// When the next comparison is due: all through a session, and after its close until nothing is left open.
    #[must_use]
    pub fn due(&self, session: &Session) -> Option<Timestamp> {
        match self.last.filter(|_| self.open == Some(session.open)) {
            None => Some(session.open + EVERY),
            Some((at, settled)) if settled && at >= session.close => None,
            Some((at, _)) => Some(at + EVERY),
        }
    }

    /// Compares. `now` is when the listing was asked for.
    pub fn compare(&mut self, book: &Book, listing: &Listing, session: &Session, now: Timestamp) -> Outcome {
        if self.open != Some(session.open) {
            *self = Self { open: Some(session.open), ..Self::default() };
        }
        let sides = matching::compare(book, &listing.fills, session.open);
        let fills = sides.not_listed.into_iter().map(Difference::NotListed);
        let fills: BTreeSet<Difference> =
            fills.chain(sides.not_counted.into_iter().map(Difference::NotCounted)).collect();
        self.differing.retain(|difference, _| fills.contains(difference));
        for difference in fills {
            self.differing.entry(difference).or_insert(now);
        }
        self.sum_up(book, listing, session.open, now);

        let fills = self.differing.iter().map(|(difference, since)| (difference.clone(), *since));
        let orders = self.owing.iter().map(|(order, owing)| (self.total(book, order, *owing), owing.since));
        let all: Vec<(Difference, Timestamp)> = fills.chain(orders).collect();
        let (mut waiting, mut lasting) = (Vec::new(), Vec::new());
        for (difference, since) in all.into_iter().filter(|(difference, _)| !self.told.contains(difference)) {
            let lasts = since + GRACE <= now;
            if lasts { &mut lasting } else { &mut waiting }.push(difference);
        }
        self.told.extend(lasting.iter().cloned());
        self.last = Some((now, waiting.is_empty()));
        Outcome { agree: sides.agree, waiting, lasting }
    }

    /// Follows what one source is behind the other by, order by order. Whoever is behind may go on being behind while
    /// more fills come, but not by what was filled a grace ago.
    fn sum_up(&mut self, book: &Book, listing: &Listing, open: Timestamp, now: Timestamp) {
        let mut owing = BTreeMap::new();
        for (order, intent) in ours(book, listing, open) {
            let Some(filled) = filled_by_the_order(book, &order, intent, listing) else { continue };
            let counted = book.filled(intent);
            if counted == filled {
                continue;
            }
            let (over, behind, ahead) = (counted > filled, counted.min(filled), counted.max(filled));
            let before = self.owing.get(&order).filter(|owing| owing.over == over && behind < owing.shares);
            let fresh = Owing { since: now, shares: ahead, over };
            owing.insert(order, before.copied().unwrap_or(fresh));
        }
        self.owing = owing;
    }

    fn total(&self, book: &Book, order: &BrokerOrderId, owing: Owing) -> Difference {
        let symbol = book.carried_by(order).map(|intent| intent.request.symbol);
        let symbol = symbol.expect("only orders of ours are summed up");
        Difference::Total { order: order.clone(), symbol, over: owing.over }
    }
}

/// Orders of ours that the listing or today's fills name, with the order's present id only.
fn ours<'a>(book: &'a Book, listing: &Listing, open: Timestamp) -> BTreeMap<BrokerOrderId, &'a Intent> {
    let counted = book.tapes().values().flat_map(|tape| tape.fills().rev().take_while(|fill| fill.at >= open));
    let counted = counted.map(|fill| &fill.order_id);
    let listed = listing.fills.iter().filter(|fill| fill.at >= open).map(|fill| &fill.order_id);
    let ids = counted.chain(listed).chain(listing.orders.iter().map(|order| &order.id));
    let intents = ids.filter_map(|id| Some((id, book.carried_by(id)?)));
    let present = intents.filter(|(id, intent)| intent.broker_id.as_ref() == Some(*id));
    present.map(|(id, intent)| (id.clone(), intent)).collect()
}

/// What the order itself says: its report, or that it is known to be wholly filled. Nothing where a split came between.
fn filled_by_the_order(book: &Book, id: &BrokerOrderId, intent: &Intent, listing: &Listing) -> Option<Qty> {
    let tape = book.tapes().get(&intent.request.symbol);
    let mut splits = tape.into_iter().flat_map(|tape| tape.splits());
    if splits.any(|split| split.effective >= intent.recorded_at) {
        return None;
    }
    let report = listing.orders.iter().find(|order| order.id == *id).map(|order| order.filled_qty);
    report.or_else(|| (intent.state == OrderState::Filled).then_some(intent.request.qty))
}

impl Difference {
    /// The order it is about, by the broker's id.
    #[must_use]
    pub fn order(&self) -> &BrokerOrderId {
        match self {
            Self::NotListed(fill) | Self::NotCounted(fill) => &fill.order,
            Self::Total { order, .. } => order,
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotListed(fill) => write!(f, "counted, not listed by the broker: {fill}"),
            Self::NotCounted(fill) => write!(f, "listed by the broker, not counted: {fill}"),
            Self::Total { order, symbol, over } => {
                let more = if *over { "more" } else { "less" };
                write!(f, "{symbol}: {more} is counted of order {order} than it says is filled")
            }
        }
    }
}

#[cfg(test)]
mod tests;
