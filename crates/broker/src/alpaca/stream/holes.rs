//! What a stream may have told less of than there was: from when, and when REST may be asked about it.
//!
//! There is one hole at a time: another that opens makes it longer. Each opening is counted, because an answer closes no
//! hole that opened after the question.

use std::time::Duration;

use market::Timestamp;

use super::{
    core::{Gap, Moment},
    waits::Waits,
};

#[derive(Clone, Copy, Debug)]
struct Hole {
    from: Timestamp,
    /// The consumer has been told that it is not filled yet.
    told: bool,
    /// Filled only once the consumer has read what waits.
    overflow: bool,
}

/// The hole, if there is one, and the pauses between questions about it.
#[derive(Debug)]
pub(super) struct Holes {
    hole: Option<Hole>,
    opened: u64,
    failed: u32,
    not_before: Duration,
}

impl Holes {
    /// What is after `from` has not been told yet.
    pub(super) fn new(from: Timestamp) -> Self {
        let hole = Hole { from, told: false, overflow: false };
        Self { hole: Some(hole), opened: 0, failed: 0, not_before: Duration::ZERO }
    }

    /// What is after `from` is in doubt. After an overflow the consumer has been told so.
    pub(super) fn open(&mut self, from: Timestamp, overflow: bool) {
        let hole = self.hole.unwrap_or(Hole { from, told: false, overflow: false });
        let from = hole.from.min(from);
        self.hole = Some(Hole { from, told: overflow, overflow: hole.overflow || overflow });
        self.opened += 1;
    }

    /// Where the hole begins.
    pub(super) fn from(&self) -> Option<Timestamp> {
        self.hole.map(|hole| hole.from)
    }

    /// How many have opened so far.
    pub(super) fn opened(&self) -> u64 {
        self.opened
    }

    pub(super) fn is_overflown(&self) -> bool {
        self.hole.is_some_and(|hole| hole.overflow)
    }

    /// Whether REST may be asked, by a consumer that has read everything or has not.
    pub(super) fn may_ask(&self, at: Moment, has_read: bool) -> bool {
        at.elapsed >= self.not_before && (has_read || !self.is_overflown())
    }

    /// There is no reason to wait any more.
    pub(super) fn now(&mut self) {
        self.not_before = Duration::ZERO;
    }

    /// REST works: the next pause is a short one.
    pub(super) fn answered(&mut self) {
        self.failed = 0;
    }

    /// The hole cannot be filled yet. The gap the consumer is to be told of, once.
    pub(super) fn not_filled(&mut self, waits: &Waits, at: Moment) -> Option<Gap> {
        let pause = waits.refill_again.saturating_mul(2_u32.saturating_pow(self.failed));
        self.failed = self.failed.saturating_add(1);
        self.not_before = at.elapsed + pause.min(waits.refill_again_most);
        let hole = self.hole.as_mut().filter(|hole| !hole.told)?;
        hole.told = true;
        Some(Gap { from: hole.from, to: at.now, filled: false })
    }

    /// Nothing is in doubt any more. Where the hole began, if there was one.
    pub(super) fn close(&mut self) -> Option<Timestamp> {
        self.hole.take().map(|hole| hole.from)
    }
}
