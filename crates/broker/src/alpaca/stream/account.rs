//! The core of the account's stream: every execution told once, every hole filled by REST, every doubt said.
//!
//! Frames may come twice, late and in any order, or not at all while pings are answered. So REST is asked after every
//! connection, whenever an order's sums disagree, after an overflow, and every minute in a session anyway; what it knows
//! and the stream does not tell within a grace proves the stream mute. Executions are counted by [`ExecutionKey`] and
//! checked against the filled quantity: a fill that would pass it is reported as a disagreement and not counted.

use std::{collections::BTreeMap, time::Duration};

use market::{Symbol, TimeDelta, Timestamp};
use serde_json::Value;
use trading::{
    order::{BrokerOrderId, ClientOrderId},
    report::{Execution, OrderReport},
};

use super::{
    core::{Core, Gap, Lost, Moment, Unreadable},
    execution_key::{ExecutionKey, Memory, Told},
    holes::Holes,
    outbox::Outbox,
    refusal::Refusal,
    subscription::Subscription,
    tally::{Heard, Source, Tally},
    trade_updates::{self, Happening, PositionSize, TradeUpdate},
    waits::Waits,
};
use crate::ReadError;

mod refill;

pub(super) use refill::{Answer, Ask};

/// Executions remembered, the oldest forgotten first. Several sessions of a busy account.
pub const EXECUTIONS_REMEMBERED: usize = 50_000;
/// Orders remembered, the oldest ended ones forgotten first.
pub const ORDERS_REMEMBERED: usize = 20_000;
/// Events that wait for a consumer that does not read; one more, and they come again from REST.
pub const EVENTS_WAITING: usize = 4_096;

/// What the account's stream tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountEvent {
    /// Connected and listening. What was before comes as a filled gap.
    Live {
        /// Since when.
        since: Timestamp,
    },
    /// A fill, told once ever.
    Execution {
        /// Its name, the same whoever tells of it: only this tells fills apart.
        key: ExecutionKey,
        /// The fill. Its id is REST's (`...::...`) when REST has told of it first and the stream's when the stream has, so
        /// it is never to be compared with the id of another source.
        execution: Execution,
    },
    /// An order as it is now.
    Order {
        /// The report.
        report: Box<OrderReport>,
        /// What happened to it; `None` when REST tells.
        event: Option<Happening>,
        /// The position after a fill.
        position: Option<PositionSize>,
    },
    /// The executions of an order do not add up to what the broker says is filled, may be told twice under two names, or
    /// were taken back in part by the broker (a trade that was busted or corrected).
    /// Nothing more of it is counted here: REST alone is to be believed about it.
    Disagreement {
        /// The order.
        order: BrokerOrderId,
        /// Its symbol.
        symbol: Option<Symbol>,
    },
    /// The stream may have told less than there was.
    Gap(Gap),
    /// Connected, and does not tell what REST knows.
    Silent {
        /// When it last told something, at the earliest.
        since: Timestamp,
    },
    /// Not connected.
    Lost(Lost),
    /// Something came that cannot be read.
    Unreadable(Unreadable),
}

/// From when executions are told, and those the consumer has already.
#[derive(Clone, Debug)]
pub struct Start {
    /// Executions up to this instant, by the broker's clock, are none of the consumer's concern.
    pub since: Timestamp,
    /// Executions after it that the consumer has: they are not told again.
    pub known: Vec<Execution>,
}

/// The core.
#[derive(Debug)]
pub(super) struct Account {
    since: Timestamp,
    waits: Waits,
    told: Told,
    tallies: BTreeMap<BrokerOrderId, Tally>,
    /// Both sources have named a fill alike.
    names_agree: bool,
    outbox: Outbox<AccountEvent>,
    /// What the consumer must know of the connection, whatever was thrown away.
    link: Option<AccountEvent>,
    live: bool,
    /// Stream messages so far.
    heard: u64,
    unreadable: u64,
    refill: refill::Refill,
    holes: Holes,
    /// Orders of which REST knew more than the stream had told, and since when.
    unheard: BTreeMap<BrokerOrderId, (Duration, Timestamp)>,
}

impl Account {
    pub(super) fn new(start: Start, waits: Waits) -> Self {
        Self::bounded(start, waits, EXECUTIONS_REMEMBERED, EVENTS_WAITING)
    }

    fn bounded(start: Start, waits: Waits, executions: usize, events: usize) -> Self {
        let mut account = Self {
            since: start.since,
            waits,
            told: Told::new(executions),
            tallies: BTreeMap::new(),
            names_agree: false,
            outbox: Outbox::new(events),
            link: None,
            live: false,
            heard: 0,
            unreadable: 0,
            refill: refill::Refill::new(start.since),
            holes: Holes::new(start.since),
            unheard: BTreeMap::new(),
        };
        for execution in start.known {
            account.told.insert(ExecutionKey::of(&execution), execution.at);
            account.tally(&execution.order_id).known(&execution);
        }
        account
    }

    fn update(&mut self, update: TradeUpdate, at: Moment) {
        self.heard += 1;
        let (heard, since) = (self.heard, self.since);
        let id = update.order.id.clone();
        self.unheard.remove(&id);
        let tally = self.tally(&id);
        let news = tally.hear(&update.order, update.updated_at, Source::Stream, 0);
        tally.heard = heard;
        tally.begin(since, false);
        let is_over = news == Heard::Fewer && tally.is_over();
        let answers_a_request = match &update.event {
            Happening::OrderReplaceRejected
            | Happening::OrderCancelRejected
            | Happening::Restated
            | Happening::Other(_) => true,
            Happening::New
            | Happening::Fill
            | Happening::PartialFill
            | Happening::Canceled
            | Happening::Expired
            | Happening::DoneForDay
            | Happening::Replaced
            | Happening::Rejected
            | Happening::PendingNew
            | Happening::Stopped
            | Happening::PendingCancel
            | Happening::PendingReplace
            | Happening::Calculated
            | Happening::Suspended
            | Happening::Accepted
            | Happening::Held => false,
        };
        match news {
            Heard::Older => {}
            Heard::Same if !answers_a_request => {}
            Heard::Same | Heard::Changed | Heard::Fewer | Heard::Advanced => {
                let (event, position) = (Some(update.event), update.position);
                let told = AccountEvent::Order { report: Box::new(update.order), event, position };
                self.tell(told, Source::Stream, at);
            }
        }
        if is_over {
            self.dispute(&id, Source::Stream, at);
        }
        if let Some(execution) = update.execution {
            self.streamed(execution, at);
        }
        if let Some(why) = update.flaw {
            let symbol = self.tallies.get(&id).and_then(|tally| tally.report.as_ref()).map(|report| report.symbol);
            self.unreadable(symbol, why, at);
        }
        self.settle(&id, at);
    }

    /// A fill told by the stream.
    fn streamed(&mut self, execution: Execution, at: Moment) {
        let (id, key) = (execution.order_id.clone(), ExecutionKey::of(&execution));
        let (memory, names_agree) = (self.told.memory(&key, execution.at), self.names_agree);
        let tally = self.tally(&id);
        match memory {
            Memory::Told => {
                self.names_agree |= tally.told_again(&key, Source::Stream);
            }
            Memory::Forgotten => self.dispute(&id, Source::Stream, at),
            Memory::New => {
                let double = !names_agree && tally.has_double(&execution, Source::Stream);
                if tally.disputed || double || !tally.has_room_for(execution.qty) {
                    self.told.insert(key, execution.at);
                    self.dispute(&id, Source::Stream, at);
                } else {
                    self.count(execution, Source::Stream, at);
                }
            }
        }
    }

    /// Counts a fill and tells it.
    fn count(&mut self, execution: Execution, source: Source, at: Moment) {
        let key = ExecutionKey::of(&execution);
        self.tally(&execution.order_id).count(&execution, source);
        self.told.insert(key.clone(), execution.at);
        self.tell(AccountEvent::Execution { key, execution }, source, at);
    }

    /// Nothing more of the order is counted.
    fn dispute(&mut self, id: &BrokerOrderId, source: Source, at: Moment) {
        let tally = self.tally(id);
        tally.disputed = true;
        let symbol = tally.report.as_ref().map(|report| report.symbol);
        self.tell(AccountEvent::Disagreement { order: id.clone(), symbol }, source, at);
        self.refill.settled(id);
    }

    /// An order that owes executions is asked about soon; they may only be late.
    fn settle(&mut self, id: &BrokerOrderId, at: Moment) {
        if self.tallies.get(id).is_some_and(Tally::owes) {
            self.refill.owed(id, at.elapsed + self.waits.refill_again);
        } else {
            self.refill.settled(id);
        }
    }

    fn tally(&mut self, id: &BrokerOrderId) -> &mut Tally {
        if !self.tallies.contains_key(id) && self.tallies.len() >= ORDERS_REMEMBERED {
            self.forget_an_order();
        }
        self.tallies.entry(id.clone()).or_default()
    }

    /// The oldest order that has ended, or the oldest of all.
    fn forget_an_order(&mut self) {
        let age = |tally: &Tally| tally.report.as_ref().map(|report| (!report.status.is_final(), report.submitted_at));
        let oldest = self.tallies.iter().min_by_key(|(_, tally)| age(tally)).map(|(id, _)| id.clone());
        if let Some(oldest) = oldest {
            self.tallies.remove(&oldest);
            self.refill.settled(&oldest);
            self.unheard.remove(&oldest);
        }
    }

    /// Those that may still fill, by the broker's ids, ours too.
    fn open_orders(&self) -> Vec<(BrokerOrderId, ClientOrderId)> {
        let reports = self.tallies.values().filter_map(|tally| tally.report.as_ref());
        let open = reports.filter(|report| !report.status.is_final());
        open.map(|report| (report.id.clone(), report.client_order_id.clone())).collect()
    }

    fn unreadable(&mut self, symbol: Option<Symbol>, why: String, at: Moment) {
        self.unreadable += 1;
        let count = self.unreadable;
        self.tell(AccountEvent::Unreadable(Unreadable { symbol, why, count }), Source::Stream, at);
    }

    /// Tells the consumer, or, when it does not read, forgets what it was not told and fills the hole later.
    fn tell(&mut self, event: AccountEvent, source: Source, at: Moment) {
        let Err(thrown) = self.outbox.push(event, source) else { return };
        let mut from = at.now;
        for event in thrown {
            match event {
                AccountEvent::Execution { key, execution } => {
                    from = from.min(execution.at);
                    self.told.take_back(&key);
                    self.tally(&execution.order_id).take_back(&execution);
                }
                AccountEvent::Order { report, .. } => self.tally(&report.id).untold = true,
                AccountEvent::Disagreement { order, .. } => self.tally(&order).untold = true,
                AccountEvent::Gap(gap) => from = from.min(gap.from),
                // The last word on the connection is said again; what was unreadable is part of the hole.
                AccountEvent::Live { .. }
                | AccountEvent::Silent { .. }
                | AccountEvent::Lost(_)
                | AccountEvent::Unreadable(_) => {}
            }
        }
        let gap = AccountEvent::Gap(Gap { from, to: at.now, filled: false });
        for event in [Some(gap), self.link.clone()].into_iter().flatten() {
            self.tell(event, Source::Rest, at);
        }
        self.open_hole(from, true);
    }

    #[cfg(test)]
    fn outbox_len(&self) -> usize {
        self.outbox.len()
    }

    fn open_hole(&mut self, from: Timestamp, overflow: bool) {
        self.holes.open(from, overflow);
        self.refill.reopened(from);
    }

    fn say(&mut self, link: AccountEvent, at: Moment) {
        self.link = Some(link.clone());
        self.tell(link, Source::Stream, at);
    }
}

impl Core for Account {
    type Event = AccountEvent;
    type Ask = Ask;
    type Answer = Answer;

    fn live(&mut self, at: Moment) {
        self.live = true;
        self.say(AccountEvent::Live { since: at.now }, at);
        self.holes.now();
    }

    fn subscribed(&mut self, _: Subscription, _: Moment) {}

    fn message(&mut self, message: Value, at: Moment) {
        match trade_updates::decode(message) {
            Ok(update) => self.update(update, at),
            Err(undecodable) => self.unreadable(undecodable.symbol, undecodable.why, at),
        }
    }

    fn unreadable(&mut self, why: String, at: Moment) {
        self.unreadable(None, why, at);
    }

    fn refused(&mut self, refusal: Refusal, at: Moment) {
        self.unreadable(None, refusal.to_string(), at);
    }

    fn lost(&mut self, lost: Lost, at: Moment) {
        if std::mem::take(&mut self.live) {
            // Whether anything was told since cannot be known: pings are answered by a mute stream too.
            self.open_hole(self.refill.verified, false);
        }
        self.unheard.clear();
        self.say(AccountEvent::Lost(lost), at);
    }

    fn look(&mut self, at: Moment) -> Option<String> {
        let (noticed, since) = self.unheard.values().min()?;
        if at.elapsed < *noticed + self.waits.grace {
            return None;
        }
        let since = *since;
        self.unheard.clear();
        self.tell(AccountEvent::Silent { since }, Source::Stream, at);
        Some("the stream does not tell what REST knows".to_owned())
    }

    fn ask(&mut self, at: Moment) -> Option<Ask> {
        self.next_ask(at)
    }

    fn answered(&mut self, answer: Result<Answer, ReadError>, at: Moment) {
        self.take_answer(answer, at);
    }

    fn is_proved(&self) -> bool {
        // An account may be quiet for days.
        true
    }

    fn has_next(&self) -> bool {
        !self.outbox.is_empty()
    }

    fn next(&mut self) -> Option<AccountEvent> {
        self.outbox.pop()
    }
}

/// Clocks of ours and the broker's may differ, and the broker books some fills late: so much is asked for twice.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

#[cfg(test)]
mod tests;
