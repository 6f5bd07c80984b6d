//! The drop copy: what we count as filled, held against the broker's own list of the day's fills, by value.
//!
//! Pure. Ids are not compared: the look already counts by them, and this is the second opinion. A fill agrees with one of
//! the same order, side, shares and price at about the same time; an order's fills agree with what the order itself says
//! is filled. Either source may be late, so a difference counts once it was there for a grace, and still is after a look
//! that read the executions since. Only orders of ours are compared: a fill of anybody else's is a finding of the
//! reconcile, which halts openings by itself.

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
    /// The looks before a comparison that found something a grace old, while that waits for the next.
    ripe_at: Option<u64>,
    /// Fills that differ.
    differing: BTreeMap<Difference, Seen>,
    /// Orders whose sums differ.
    owing: BTreeMap<BrokerOrderId, Owing>,
    /// In words: a process before this one may have told them.
    told: BTreeSet<String>,
}

/// How long a difference is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen {
    since: Timestamp,
    /// The looks before the comparison at which it was a grace old.
    ripe_at: Option<u64>,
}

/// What one source was behind by when that was first seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Owing {
    seen: Seen,
    /// What the source that is behind has to come to.
    shares: Qty,
    over: bool,
}

impl DropCopy {
    /// One that knows what a process before it has told of today.
    #[must_use]
    pub fn resumed(session: &Session, told: BTreeSet<String>) -> Self {
        Self { open: Some(session.open), told, ..Self::default() }
    }

    /// When the next comparison is due: all through a session, and after its close until nothing is left open. `looks` is
    /// how many looks have read the executions by now.
    #[must_use]
    pub fn due(&self, session: &Session, looks: u64, now: Timestamp) -> Option<Timestamp> {
        let Some((at, settled)) = self.last.filter(|_| self.open == Some(session.open)) else {
            return Some(session.open + EVERY);
        };
        // One in the future is one that a clock took back.
        if at > now || self.ripe_at.is_some_and(|ripe_at| looks > ripe_at) {
            return Some(now);
        }
        (!settled || at < session.close).then(|| at + EVERY)
    }

    /// Compares. `now` is when the listing was asked for, `looks` as for [`DropCopy::due`].
    pub fn compare(
        &mut self,
        book: &Book,
        listing: &Listing,
        session: &Session,
        looks: u64,
        now: Timestamp,
    ) -> Outcome {
        if self.open != Some(session.open) {
            *self = Self { open: Some(session.open), ..Self::default() };
        }
        let sides = matching::compare(book, &listing.fills, session.open);
        let fills = sides.not_listed.into_iter().map(Difference::NotListed);
        let fills: BTreeSet<Difference> =
            fills.chain(sides.not_counted.into_iter().map(Difference::NotCounted)).collect();
        self.differing.retain(|difference, _| fills.contains(difference));
        for difference in fills {
            self.differing.entry(difference).or_insert(Seen { since: now, ripe_at: None });
        }
        self.sum_up(book, listing, session.open, now);
        let seen = self.differing.values_mut().chain(self.owing.values_mut().map(|owing| &mut owing.seen));
        seen.for_each(|seen| seen.ripen(looks, now));

        let fills = self.differing.iter().map(|(difference, seen)| (difference.clone(), *seen));
        let orders = self.owing.iter().map(|(order, owing)| (total(book, order, *owing), owing.seen));
        let (mut waiting, mut lasting) = (Vec::new(), Vec::new());
        self.ripe_at = None;
        for (difference, seen) in fills.chain(orders) {
            if self.told.contains(&difference.to_string()) {
                continue;
            }
            if seen.lasts(looks) {
                lasting.push(difference);
            } else {
                self.ripe_at = self.ripe_at.or(seen.ripe_at);
                waiting.push(difference);
            }
        }
        self.told.extend(lasting.iter().map(ToString::to_string));
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
            let fresh = Owing { seen: Seen { since: now, ripe_at: None }, shares: ahead, over };
            owing.insert(order, before.copied().unwrap_or(fresh));
        }
        self.owing = owing;
    }
}

impl Seen {
    /// A clock that was set back makes no difference older, and none younger than it is found.
    fn ripen(&mut self, looks: u64, now: Timestamp) {
        self.since = self.since.min(now);
        if self.since + GRACE <= now {
            self.ripe_at.get_or_insert(looks);
        }
    }

    /// Whether neither source was late: a look that read the executions came after the grace.
    fn lasts(&self, looks: u64) -> bool {
        self.ripe_at.is_some_and(|ripe_at| looks > ripe_at)
    }
}

fn total(book: &Book, order: &BrokerOrderId, owing: Owing) -> Difference {
    let symbol = book.carried_by(order).map(|intent| intent.request.symbol);
    let symbol = symbol.expect("only orders of ours are summed up");
    Difference::Total { order: order.clone(), symbol, over: owing.over }
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
