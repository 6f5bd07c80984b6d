//! What REST is asked, when, and what its answer changes.
//!
//! Executions are read first and orders after them, so that an order's filled quantity is never behind its executions
//! unless the same fill was counted twice.

use std::{collections::BTreeMap, time::Duration};

use market::{Qty, Timestamp};
use trading::{
    order::{BrokerOrderId, ClientOrderId},
    report::{Execution, OrderReport},
};

use super::{
    super::{
        core::{Gap, Moment},
        execution_key::{ExecutionKey, Memory},
        tally::{Heard, Source},
    },
    Account, AccountEvent, OVERLAP,
};
use crate::ReadError;

/// An order whose executions stay behind its filled quantity for so many answers is in dispute.
const TRIES: u32 = 5;

/// A question: executions after an instant, then orders submitted after it, open ones, and those that were open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// Executions and orders after this.
    pub(in super::super) after: Timestamp,
    /// Orders that may have ended since: looked up one by one when no list has them.
    pub(in super::super) open: Vec<(BrokerOrderId, ClientOrderId)>,
}

/// Its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Executions, read first.
    pub(in super::super) executions: Vec<Execution>,
    /// Orders, read after them.
    pub(in super::super) orders: Vec<OrderReport>,
}

/// Why a question was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reason {
    Hole,
    Owed,
    Comparison,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    reason: Reason,
    at: Moment,
    /// Stream messages when it was asked.
    heard: u64,
    /// Holes when it was asked: an answer closes no hole that opened after the question.
    holes: u64,
}

#[derive(Clone, Copy, Debug)]
struct Owed {
    due: Duration,
    tries: u32,
}

/// When REST is asked next.
#[derive(Debug)]
pub(super) struct Refill {
    /// Everything up to here is known.
    verified: Timestamp,
    asked: Option<Asked>,
    holes: u64,
    /// Not before this, after a failure.
    not_before: Duration,
    failed: u32,
    compare_at: Duration,
    owed: BTreeMap<BrokerOrderId, Owed>,
}

impl Refill {
    pub(super) fn new(since: Timestamp) -> Self {
        Self {
            verified: since,
            asked: None,
            holes: 0,
            not_before: Duration::ZERO,
            failed: 0,
            compare_at: Duration::ZERO,
            owed: BTreeMap::new(),
        }
    }

    /// What is after `from` is in doubt again.
    pub(super) fn reopened(&mut self, from: Timestamp) {
        self.holes += 1;
        self.verified = self.verified.min(from);
    }

    /// The stream is live: no reason to wait.
    pub(super) fn now(&mut self) {
        self.not_before = Duration::ZERO;
    }

    pub(super) fn owed(&mut self, id: &BrokerOrderId, due: Duration) {
        self.owed.entry(id.clone()).or_insert(Owed { due, tries: 0 });
    }

    pub(super) fn settled(&mut self, id: &BrokerOrderId) {
        self.owed.remove(id);
    }
}

impl Account {
    pub(super) fn next_ask(&mut self, at: Moment) -> Option<Ask> {
        if !self.live || self.refill.asked.is_some() || at.elapsed < self.refill.not_before {
            return None;
        }
        if self.hole.is_some_and(|hole| hole.overflow) && !self.outbox.is_empty() {
            return None;
        }
        let reason = if self.hole.is_some() {
            Reason::Hole
        } else if self.refill.owed.values().any(|owed| at.elapsed >= owed.due) {
            Reason::Owed
        } else if at.elapsed >= self.refill.compare_at {
            Reason::Comparison
        } else {
            return None;
        };
        self.refill.asked = Some(Asked { reason, at, heard: self.heard, holes: self.refill.holes });
        let after = (self.refill.verified - OVERLAP).max(self.since);
        Some(Ask { after, open: self.open_orders() })
    }

    pub(super) fn take_answer(&mut self, answer: Result<Answer, ReadError>, at: Moment) {
        let Some(asked) = self.refill.asked.take() else { return };
        match answer {
            Ok(answer) => self.refilled(answer, asked, at),
            Err(error) => self.not_refilled(&error, at),
        }
    }

    fn not_refilled(&mut self, error: &ReadError, at: Moment) {
        tracing::warn!(%error, "what the account's stream may have missed cannot be read yet");
        let pause = self.waits.refill_again.saturating_mul(2_u32.saturating_pow(self.refill.failed));
        self.refill.failed = self.refill.failed.saturating_add(1);
        self.refill.not_before = at.elapsed + pause.min(self.waits.refill_again_most);
        if let Some(hole) = self.hole.as_mut().filter(|hole| !hole.told) {
            hole.told = true;
            let gap = Gap { from: hole.from, to: at.now, filled: false };
            self.tell(AccountEvent::Gap(gap), Source::Stream, at);
        }
    }

    fn refilled(&mut self, answer: Answer, asked: Asked, at: Moment) {
        self.refill.failed = 0;
        let owed: Vec<BrokerOrderId> = self.refill.owed.keys().cloned().collect();
        let mut fresh: BTreeMap<BrokerOrderId, Heard> = BTreeMap::new();
        for order in &answer.orders {
            let heard = self.tally(&order.id).hear(order, None, Source::Rest, asked.heard);
            let best = fresh.entry(order.id.clone()).or_insert(heard);
            *best = heard.max(*best);
        }
        let mut by_order: BTreeMap<BrokerOrderId, Vec<Execution>> = BTreeMap::new();
        for execution in answer.executions.into_iter().filter(|execution| execution.at > self.since) {
            by_order.entry(execution.order_id.clone()).or_default().push(execution);
        }
        let mut news: Vec<BrokerOrderId> = Vec::new();
        for (id, executions) in by_order {
            if self.listed_executions(&id, executions, fresh.contains_key(&id), at) {
                news.push(id);
            }
        }
        for (id, heard) in &fresh {
            let since = self.since;
            let tally = self.tally(id);
            tally.begin(since, Qty::ZERO);
            tally.untold |= matches!(heard, Heard::Changed | Heard::Advanced);
            self.settle(id, at);
        }
        self.tell_untold(at);
        news.extend(fresh.into_iter().filter(|(_, heard)| *heard == Heard::Advanced).map(|(id, _)| id));
        if asked.reason != Reason::Hole && asked.holes == self.refill.holes {
            for id in news {
                self.unheard.entry(id).or_insert((at.elapsed, asked.at.now));
            }
        }
        self.still_owed(&owed, at);
        self.close(asked, at);
    }

    /// Executions that REST lists of one order. Whether there was a new one among them.
    fn listed_executions(&mut self, id: &BrokerOrderId, executions: Vec<Execution>, fresh: bool, at: Moment) -> bool {
        let (mut new, mut forgotten) = (Vec::new(), false);
        for execution in executions {
            let key = ExecutionKey::of(&execution);
            match self.told.memory(&key, execution.at) {
                Memory::Told => self.names_agree |= self.tally(id).told_again(&key, Source::Rest),
                Memory::Forgotten => forgotten = true,
                Memory::New if new.iter().all(|other| ExecutionKey::of(other) != key) => new.push(execution),
                Memory::New => {}
            }
        }
        if new.is_empty() && !forgotten {
            return false;
        }
        let (since, names_agree) = (self.since, self.names_agree);
        let shares = new.iter().fold(Qty::ZERO, |sum, execution| sum.plus(execution.qty));
        let tally = self.tally(id);
        tally.begin(since, shares);
        let double = !names_agree && new.iter().any(|execution| tally.has_double(execution, Source::Rest));
        // Without a report as new as the executions, only fills that REST alone has named cannot be the same ones twice.
        let sums_agree = tally.has_room_for(shares) || (!fresh && !tally.has_streamed());
        if tally.disputed || double || forgotten || !sums_agree {
            for execution in &new {
                self.told.insert(ExecutionKey::of(execution), execution.at);
            }
            self.dispute(id, Source::Rest, at);
        } else {
            let known = new.is_empty();
            new.into_iter().for_each(|execution| self.count(execution, Source::Rest, at));
            return !known;
        }
        !forgotten
    }

    /// Orders that REST tells otherwise than they were told, and what an overflow has thrown away that is no execution.
    fn tell_untold(&mut self, at: Moment) {
        let mut again = Vec::new();
        for (id, tally) in self.tallies.iter_mut().filter(|(_, tally)| tally.untold) {
            tally.untold = false;
            let symbol = tally.report.as_ref().map(|report| report.symbol);
            let report = tally.report.clone().map(Box::new);
            again.extend(report.map(|report| AccountEvent::Order { report, event: None, position: None }));
            again.extend(tally.disputed.then(|| AccountEvent::Disagreement { order: id.clone(), symbol }));
        }
        again.into_iter().for_each(|event| self.tell(event, Source::Rest, at));
    }

    /// Orders that still owe executions after this answer: asked again, later each time, and in dispute at last.
    fn still_owed(&mut self, before: &[BrokerOrderId], at: Moment) {
        for id in before {
            let Some(owed) = self.refill.owed.get_mut(id) else { continue };
            owed.tries += 1;
            owed.due = at.elapsed + self.waits.refill_again.saturating_mul(2_u32.saturating_pow(owed.tries));
            if owed.tries >= TRIES {
                self.dispute(id, Source::Rest, at);
            }
        }
    }

    fn close(&mut self, asked: Asked, at: Moment) {
        let wait = if at.in_session() { self.waits.compare_in_session } else { self.waits.compare_outside };
        self.refill.compare_at = at.elapsed + wait;
        if asked.holes != self.refill.holes {
            return;
        }
        self.refill.verified = self.refill.verified.max(asked.at.now);
        if let Some(hole) = self.hole.take() {
            let gap = Gap { from: hole.from, to: asked.at.now, filled: true };
            self.tell(AccountEvent::Gap(gap), Source::Rest, at);
        }
    }
}
