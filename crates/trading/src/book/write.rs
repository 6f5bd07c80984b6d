//! Writing: what was recorded is believed, an event at a time.

use market::{Qty, Timestamp};

use super::{Book, Intent};
use crate::{
    order::{AccountId, BrokerOrderId, ClientOrderId, Strategy},
    reconcile::Change,
    record::Record,
    report::Execution,
    state::OrderState,
    tape::Split,
};

impl Book {
    /// What a process that died had recorded.
    #[must_use]
    pub fn replay<'a>(
        account: AccountId,
        strategy: Strategy,
        records: impl IntoIterator<Item = &'a (Timestamp, Record)>,
    ) -> Self {
        let mut book = Self::new(account, strategy);
        records.into_iter().for_each(|(at, record)| book.apply(record, *at));
        book
    }

    /// Believes a record.
    pub fn apply(&mut self, record: &Record, at: Timestamp) {
        self.saw(at);
        match record {
            Record::Intent(intent) => self.restore(intent.as_ref().clone()),
            Record::Change(change) => self.change(change, at),
            Record::Note { id, note } => {
                if let Some(place) = self.by_id.get(id) {
                    self.intents[*place].note.clone_from(note);
                }
            }
            Record::Execution(fill) => self.count(fill),
            Record::Split(split) => self.split(split),
            Record::Refusal(_) => {}
        }
    }

    /// Puts an intent in, as it was read from the ledger.
    pub fn restore(&mut self, intent: Intent) {
        let place = *self.by_id.entry(intent.request.client_order_id.clone()).or_insert(self.intents.len());
        if place < self.intents.len() {
            self.intents[place] = intent;
        } else {
            let key = &intent.key;
            self.by_leg.entry(key.date).or_default().entry((key.symbol, key.leg)).or_default().push(place);
            self.intents.push(intent);
        }
        self.index(place);
    }

    /// An id that an order of ours had at the broker before another took its place: its fills are that order's.
    pub fn carried(&mut self, before: BrokerOrderId, id: &ClientOrderId) {
        if let Some(place) = self.by_id.get(id) {
            self.by_broker_id.insert(before, *place);
        }
    }

    /// Counts an execution, once.
    pub fn count(&mut self, fill: &Execution) {
        if self.counted.insert(fill.id.clone()) {
            let filled = self.filled.entry(fill.order_id.clone()).or_insert(Qty::ZERO);
            *filled = filled.plus(fill.qty);
            self.last_fill = self.last_fill.max(Some(fill.at));
            self.tapes.entry(fill.symbol).or_default().count(fill.clone());
        }
    }

    /// Counts a split, once.
    pub fn split(&mut self, split: &Split) {
        if self.counted.insert(split_id(&split.id)) {
            self.tapes.entry(split.symbol).or_default().split(split.clone());
        }
    }

    /// Intents without an outcome: a process that starts cannot know how long ago their requests left.
    pub fn doubt(&mut self, now: Timestamp) {
        for place in self.live.values() {
            let intent = &mut self.intents[*place];
            if intent.state.is_unresolved() {
                intent.doubted_since = Some(now);
            }
        }
    }

    /// The clock went back behind the begin of a doubt: the doubt begins anew, or it would last until time is there again.
    pub(crate) fn doubt_again(&mut self, now: Timestamp) {
        for place in self.live.values() {
            let intent = &mut self.intents[*place];
            if intent.state.is_unresolved() && intent.in_doubt_since() > now {
                intent.doubted_since = Some(now);
            }
        }
    }

    fn change(&mut self, change: &Change, at: Timestamp) {
        if let Some(place) = self.by_id.get(&change.id).copied() {
            let intent = &mut self.intents[place];
            intent.state = change.to;
            if change.to == OrderState::Unknown {
                intent.doubted_since = Some(at);
            }
            if change.broker_id.is_some() {
                intent.broker_id.clone_from(&change.broker_id);
            }
            self.index(place);
        }
    }

    fn index(&mut self, place: usize) {
        let intent = &self.intents[place];
        let id = &intent.request.client_order_id;
        if intent.state.is_dead() {
            self.live.remove(id);
        } else {
            self.live.insert(id.clone(), place);
        }
        if let Some(broker_id) = &intent.broker_id {
            self.by_broker_id.insert(broker_id.clone(), place);
        }
    }

    /// Changes every intent, for tests that need a state without its story.
    #[cfg(test)]
    pub(crate) fn edit(&mut self, edit: impl Fn(&mut Intent)) {
        self.intents.iter_mut().for_each(edit);
        self.by_broker_id.clear();
        (0..self.intents.len()).for_each(|place| self.index(place));
    }
}

/// Splits and executions share the set of counted ids; no execution's id begins like this.
pub(super) fn split_id(id: &str) -> String {
    format!("split {id}")
}
