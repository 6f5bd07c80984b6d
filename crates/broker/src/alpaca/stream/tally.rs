//! One order's sums: what was counted of it, against what the broker says is filled.
//!
//! The sums are what finds out when REST and the stream do not name fills alike: then the same fill comes twice under two
//! names, the sum of fills would pass the order's filled quantity, and nothing more of that order is counted.

use market::{Price, Qty, TimeDelta, Timestamp};
use trading::report::{Execution, OrderReport};

use super::execution_key::ExecutionKey;

/// Fills kept of an order; older ones are compared by the sums alone.
const FILLS_MAX: usize = 200;
/// The same fill has nearly the same instant in both places.
const SAME_INSTANT: TimeDelta = TimeDelta::seconds(2);

/// Who told something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Stream,
    Rest,
}

/// A fill that was counted, and who has told of it.
#[derive(Debug)]
struct Fill {
    key: ExecutionKey,
    qty: Qty,
    price: Price,
    at: Timestamp,
    streamed: bool,
    listed: bool,
}

/// An order and its sums.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The newest report.
    pub(super) report: Option<OrderReport>,
    /// The newest change heard of.
    updated_at: Option<Timestamp>,
    /// The stream has told the report, so that its change is not newer than `updated_at`.
    streamed: bool,
    /// The number of the last stream message about it.
    pub(super) heard: u64,
    /// Shares filled before what is counted here; only REST can say so of an order older than that.
    before: Option<Qty>,
    counted: Qty,
    fills: Vec<Fill>,
    /// The sums disagree: only REST is to be believed about it.
    pub(super) disputed: bool,
    /// The consumer has not been told the report, or the dispute.
    pub(super) untold: bool,
}

impl Tally {
    /// The fills the consumer has already.
    pub(super) fn known(&mut self, execution: &Execution) {
        self.count(execution, Source::Rest);
    }

    /// Takes a report unless it is older than the one there. Whether it was taken, and whether it says more than before.
    pub(super) fn hear(
        &mut self,
        report: &OrderReport,
        updated_at: Option<Timestamp>,
        source: Source,
        asked: u64,
    ) -> Heard {
        if !self.is_superseded_by(report, updated_at, source, asked) {
            return Heard::Older;
        }
        let old = self.report.replace(report.clone());
        self.updated_at = self.updated_at.max(updated_at);
        self.streamed = source == Source::Stream || (self.streamed && old.as_ref() == Some(report));
        match old {
            Some(old) if old == *report => Heard::Same,
            Some(old) if old.filled_qty > report.filled_qty => Heard::Fewer,
            Some(old) if old.filled_qty == report.filled_qty && old.status.is_final() == report.status.is_final() => {
                Heard::Changed
            }
            None if report.filled_qty.is_zero() && !report.status.is_final() => Heard::Changed,
            Some(_) | None => Heard::Advanced,
        }
    }

    /// Filled shares become more and what is final never works again, unless the broker takes a trade back: then the
    /// report must be surely newer. Between two that say as much, the later change at the broker counts; an answer of REST
    /// has none, and is newer than all that was heard before it was asked for.
    fn is_superseded_by(&self, new: &OrderReport, updated_at: Option<Timestamp>, source: Source, asked: u64) -> bool {
        let Some(old) = &self.report else { return true };
        if new.filled_qty > old.filled_qty {
            return true;
        }
        if new.filled_qty < old.filled_qty {
            return match source {
                Source::Rest => self.heard <= asked,
                Source::Stream => self.streamed && updated_at > self.updated_at,
            };
        }
        match (old.status.is_final(), new.status.is_final()) {
            (true, false) => return false,
            (false, true) => return true,
            (true, true) | (false, false) => {}
        }
        match source {
            Source::Rest => self.heard <= asked,
            Source::Stream => updated_at >= self.updated_at,
        }
    }

    /// Settles how much was filled before counting began: of an order submitted since then nothing, of an older one what
    /// is filled and not counted, once everything is `listed` that was filled since.
    pub(super) fn begin(&mut self, since: Timestamp, listed: bool) {
        let (None, Some(report)) = (self.before, &self.report) else { return };
        if report.submitted_at > since {
            self.before = Some(Qty::ZERO);
        } else if listed {
            self.before = Some(report.filled_qty.minus_or_zero(self.counted));
        }
    }

    /// Whether no more is counted than the broker says is filled, when these are added. Without a report, or before it is
    /// settled what was filled before, nothing speaks against it.
    pub(super) fn has_room_for(&self, shares: Qty) -> bool {
        let (Some(before), Some(report)) = (self.before, &self.report) else { return true };
        before.plus(self.counted).plus(shares) <= report.filled_qty
    }

    /// Whether more was counted than the report says, or may have been.
    pub(super) fn is_over(&self) -> bool {
        self.before.is_none() || !self.has_room_for(Qty::ZERO)
    }

    /// Whether the broker says that more is filled than was counted.
    pub(super) fn owes(&self) -> bool {
        let (Some(before), Some(report)) = (self.before, &self.report) else { return false };
        !self.disputed && before.plus(self.counted) < report.filled_qty
    }

    /// Whether anything was counted on the stream's word.
    pub(super) fn has_streamed(&self) -> bool {
        self.fills.iter().any(|fill| fill.streamed)
    }

    /// A fill that could be the same one under another name: told by the other source only, alike in all but its name.
    pub(super) fn has_double(&self, execution: &Execution, source: Source) -> bool {
        let near = |at: Timestamp| (at - SAME_INSTANT) <= execution.at && execution.at <= (at + SAME_INSTANT);
        self.fills.iter().any(|fill| {
            let other_only = match source {
                Source::Rest => fill.streamed && !fill.listed,
                Source::Stream => fill.listed && !fill.streamed,
            };
            other_only && fill.qty == execution.qty && fill.price == execution.price && near(fill.at)
        })
    }

    /// A fill that was counted is told again. Whether both sources have now named it alike.
    pub(super) fn told_again(&mut self, key: &ExecutionKey, source: Source) -> bool {
        let Some(fill) = self.fills.iter_mut().find(|fill| fill.key == *key) else { return false };
        match source {
            Source::Stream => fill.streamed = true,
            Source::Rest => fill.listed = true,
        }
        fill.streamed && fill.listed
    }

    pub(super) fn count(&mut self, execution: &Execution, source: Source) {
        self.counted = self.counted.plus(execution.qty);
        if self.fills.len() >= FILLS_MAX {
            self.fills.remove(0);
        }
        self.fills.push(Fill {
            key: ExecutionKey::of(execution),
            qty: execution.qty,
            price: execution.price,
            at: execution.at,
            streamed: source == Source::Stream,
            listed: source == Source::Rest,
        });
    }

    /// A counted fill was not told after all.
    pub(super) fn take_back(&mut self, execution: &Execution) {
        let key = ExecutionKey::of(execution);
        self.counted = self.counted.minus_or_zero(execution.qty);
        self.fills.retain(|fill| fill.key != key);
    }
}

/// What became of a report; each says more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Heard {
    /// It is older than what is known.
    Older,
    /// It says the same.
    Same,
    /// It says something else, or is the first of an order of which nothing is filled yet.
    Changed,
    /// It says that less is filled than before: the broker has taken a trade back.
    Fewer,
    /// It says that more is filled, or that the order has ended.
    Advanced,
}
