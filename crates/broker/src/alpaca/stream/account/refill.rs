//! What REST is asked, when, and what its answer changes.
//!
//! Executions are read first and orders after them, so that an order's filled quantity is never behind its executions
//! unless the same fill was counted twice.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

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
    /// Orders that may have ended since: looked up one by one when no list has them, as many as there is time for. Each
    /// question begins with another.
    pub(in super::super) open: Vec<(BrokerOrderId, ClientOrderId)>,
}

/// Its answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Executions, read first.
    pub(in super::super) executions: Vec<Execution>,
    /// Orders, read after them.
    pub(in super::super) orders: Vec<OrderReport>,
    /// Open orders of which nothing was learned: not looked up yet, or in vain.
    pub(in super::super) unread: BTreeSet<BrokerOrderId>,
    /// The last order that was looked up.
    pub(in super::super) last: Option<BrokerOrderId>,
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
    pub(super) verified: Timestamp,
    asked: Option<Asked>,
    /// Open orders of which nothing was learned since the hole opened; `None` when no answer came yet.
    unread: Option<BTreeSet<BrokerOrderId>>,
    /// The order looked up last.
    last: Option<BrokerOrderId>,
    compare_at: Duration,
    owed: BTreeMap<BrokerOrderId, Owed>,
}

impl Refill {
    pub(super) fn new(since: Timestamp) -> Self {
        Self {
            verified: since,
            asked: None,
            unread: None,
            last: None,
            compare_at: Duration::ZERO,
            owed: BTreeMap::new(),
        }
    }

    /// What is after `from` is in doubt again.
    pub(super) fn reopened(&mut self, from: Timestamp) {
        self.unread = None;
        self.verified = self.verified.min(from);
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
        if !self.live || self.refill.asked.is_some() || !self.holes.may_ask(at, self.outbox.is_empty()) {
            return None;
        }
        let reason = if self.holes.from().is_some() {
            // With the lists read, what is news in them is no longer what the hole has swallowed.
            if self.refill.unread.is_none() { Reason::Hole } else { Reason::Comparison }
        } else if self.refill.owed.values().any(|owed| at.elapsed >= owed.due) {
            Reason::Owed
        } else if at.elapsed >= self.refill.compare_at {
            Reason::Comparison
        } else {
            return None;
        };
        self.refill.asked = Some(Asked { reason, at, heard: self.heard, holes: self.holes.opened() });
        let after = (self.refill.verified - OVERLAP).max(self.since);
        let mut open = self.open_orders();
        let looked_up = open.partition_point(|(id, _)| Some(id) <= self.refill.last.as_ref());
        open.rotate_left(looked_up);
        Some(Ask { after, open })
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
        self.pause(at);
    }

    fn pause(&mut self, at: Moment) {
        if let Some(gap) = self.holes.not_filled(&self.waits, at) {
            self.tell(AccountEvent::Gap(gap), Source::Stream, at);
        }
    }

    fn refilled(&mut self, answer: Answer, asked: Asked, at: Moment) {
        let Answer { executions, orders, unread, last } = answer;
        self.refill.last = last.or(self.refill.last.take());
        let owed: Vec<BrokerOrderId> = self.refill.owed.keys().cloned().collect();
        let mut fresh: BTreeMap<BrokerOrderId, Heard> = BTreeMap::new();
        for order in &orders {
            let heard = self.tally(&order.id).hear(order, None, Source::Rest, asked.heard);
            let best = fresh.entry(order.id.clone()).or_insert(heard);
            *best = heard.max(*best);
        }
        let mut by_order: BTreeMap<BrokerOrderId, Vec<Execution>> = BTreeMap::new();
        for execution in executions.into_iter().filter(|execution| execution.at > self.since) {
            by_order.entry(execution.order_id.clone()).or_default().push(execution);
        }
        let mut news: Vec<BrokerOrderId> = Vec::new();
        for (id, executions) in by_order {
            if self.listed_executions(&id, executions, fresh.contains_key(&id), at) {
                news.push(id);
            }
        }
        for (id, heard) in &fresh {
            self.listed_order(id, *heard, asked, at);
        }
        self.tell_untold(at);
        news.extend(fresh.into_iter().filter(|(_, heard)| *heard == Heard::Advanced).map(|(id, _)| id));
        if asked.reason != Reason::Hole && asked.holes == self.holes.opened() {
            for id in news {
                self.unheard.entry(id).or_insert((at.elapsed, asked.at.now));
            }
        }
        self.still_owed(&owed, at);
        self.close(asked, unread, at);
    }

    /// An order that REST lists, its executions counted.
    fn listed_order(&mut self, id: &BrokerOrderId, heard: Heard, asked: Asked, at: Moment) {
        let (since, as_asked) = (self.since, asked.holes == self.holes.opened());
        let tally = self.tally(id);
        // Executions are read before orders: only of an order that did not fill meanwhile all are listed.
        let all_listed = matches!(heard, Heard::Same | Heard::Changed) && as_asked && tally.heard <= asked.heard;
        tally.begin(since, all_listed);
        tally.untold |= matches!(heard, Heard::Changed | Heard::Fewer | Heard::Advanced);
        if heard == Heard::Fewer && tally.is_over() {
            self.dispute(id, Source::Rest, at);
        }
        self.settle(id, at);
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
        tally.begin(since, false);
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

    /// The hole is filled when, besides the lists, something was learned of every order that was open.
    fn close(&mut self, asked: Asked, unread: BTreeSet<BrokerOrderId>, at: Moment) {
        let wait = if at.in_session() { self.waits.compare_in_session } else { self.waits.compare_outside };
        self.refill.compare_at = at.elapsed + wait;
        if asked.holes != self.holes.opened() {
            return;
        }
        self.refill.verified = self.refill.verified.max(asked.at.now);
        let Some(from) = self.holes.from() else { return self.holes.answered() };
        let before = self.refill.unread.take();
        let left = before.as_ref().map_or_else(|| unread.clone(), |before| before & &unread);
        if before.is_none_or(|before| left.len() < before.len()) {
            self.holes.answered();
        }
        if left.is_empty() {
            self.holes.close();
            self.tell(AccountEvent::Gap(Gap { from, to: asked.at.now, filled: true }), Source::Rest, at);
        } else {
            self.refill.unread = Some(left);
            self.pause(at);
        }
    }
}
