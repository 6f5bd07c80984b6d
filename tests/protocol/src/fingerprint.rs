//! What of a world matters for what follows, as words, and 128 bits of them.
//!
//! Instants count as ages, and all ages from [`age_max`] on are one: no rule that a world reaches asks for more than
//! the arrival limit, and only of what is in doubt or may grow old. Left out is what only speaks to people: alerts and
//! what they are made from, notes, refusals. A core between two cycles is its book and its misfits; within a cycle it is
//! named by that and by what it was fed and did since, for it is deterministic.

use std::hash::{DefaultHasher, Hash, Hasher};

use market::Timestamp;
use trading::{
    book::Book,
    engine::{Core, Effect, Event},
    outcome::{CancelOutcome, RejectReason, SubmitOutcome},
    reconcile::{ARRIVAL_LIMIT, Reported},
    record::Record,
    report::OrderReport,
};

use crate::{
    venue::Venue,
    world::{Process, Request, Stage, World},
};

/// Ages in seconds from here on are one.
fn age_max() -> i64 {
    ARRIVAL_LIMIT.num_seconds() + 1
}

/// The canonical form, in words.
pub(crate) struct Words {
    words: Vec<u64>,
    now: Timestamp,
}

/// The fingerprint of a world.
pub(crate) fn world(world: &World) -> u128 {
    let mut words = Words { words: Vec::with_capacity(256), now: world.now };
    words.book(&world.durable);
    for process in &world.processes {
        match process {
            Some(process) => words.process(process),
            None => words.put(0),
        }
    }
    words.venue(&world.venue);
    for flight in &world.wire {
        words.request(&flight.request);
        words.put(flight.owner.map_or(9, |owner| owner as u64));
        words.age_of(flight.given_up);
    }
    words.put(world.kill.map_or(0, |level| 1 + level as u64));
    words.put(u64::from(world.has_risen));
    world.sent.iter().for_each(|id| words.hash_of(id));
    words.finish()
}

/// A core between two cycles.
pub(crate) fn base(process: &Process, now: Timestamp) -> Vec<u64> {
    let mut words = Words { words: Vec::with_capacity(64), now };
    words.book(process.core.book());
    for (symbol, misfit) in &process.misfits {
        words.hash_of(&(symbol, misfit.held, misfit.protected));
    }
    words.words
}

impl Words {
    fn put(&mut self, word: u64) {
        self.words.push(word);
    }

    /// Ends a list, so that two lists cannot be read as one.
    fn mark(&mut self) {
        self.put(u64::MAX);
    }

    fn hash_of(&mut self, value: &impl Hash) {
        self.put(hash(value));
    }

    fn age(&mut self, at: Timestamp) {
        self.put(self.now.since(at).num_seconds().clamp(-1, age_max()) as u64);
    }

    fn age_of(&mut self, at: Option<Timestamp>) {
        match at {
            Some(at) => self.age(at),
            None => self.put(1_000),
        }
    }

    fn book(&mut self, book: &Book) {
        for (id, intent) in book.intents() {
            self.hash_of(id);
            self.hash_of(&(intent.state, intent.request.qty, intent.request.kind, intent.broker_id.is_some()));
            self.hash_of(&intent.replaces);
            if intent.state.is_unresolved() {
                self.age(intent.in_doubt_since());
            }
        }
        self.mark();
        for tape in book.tapes().values() {
            tape.fills().for_each(|fill| self.hash_of(&fill.id));
            self.mark();
        }
    }

    fn process(&mut self, process: &Process) {
        match &process.stage {
            Stage::Rest => {
                self.put(1);
                self.words.extend(base(process, self.now));
            }
            Stage::Orders(orders) => {
                self.within(2, process);
                self.hash_of(&orders.iter().map(order).collect::<Vec<_>>());
            }
            Stage::Positions(orders, positions) => {
                self.within(3, process);
                self.hash_of(&orders.iter().map(order).collect::<Vec<_>>());
                self.hash_of(&positions.values().map(|held| (held.symbol, held.qty)).collect::<Vec<_>>());
            }
            Stage::Acting(fed) => self.within(4 + *fed as u64, process),
        }
        process.owed.iter().for_each(|id| self.hash_of(id));
        self.mark();
        process.told.keys().for_each(|fill| self.hash_of(fill));
        self.mark();
        self.put(process.held_back.len() as u64);
        if let Some(waiting) = &process.waiting {
            self.request(&waiting.request);
            self.age(waiting.since);
            waiting.answers.iter().for_each(|answer| self.put(event(answer)));
        }
        self.mark();
    }

    fn within(&mut self, stage: u64, process: &Process) {
        self.put(stage);
        let (base, at) = &process.base;
        self.words.extend(base);
        self.age_of(*at);
        for (at, what) in &process.story {
            self.age_of(*at);
            self.put(*what);
        }
        self.mark();
    }

    fn venue(&mut self, venue: &Venue) {
        for (id, order) in &venue.orders {
            self.hash_of(id);
            self.hash_of(&(order.standing as u8, order.filled, order.request.qty, order.request.kind));
            self.hash_of(&order.replaces);
        }
        self.mark();
        venue.fills.iter().for_each(|fill| self.hash_of(&fill.id));
        self.mark();
        venue.refused().for_each(|id| self.hash_of(id));
        self.mark();
    }

    fn request(&mut self, request: &Request) {
        self.hash_of(&(request.name(), request.id()));
    }

    fn finish(self) -> u128 {
        let half = |seed: u64| {
            let mut hasher = DefaultHasher::new();
            hasher.write_u64(seed);
            self.words.hash(&mut hasher);
            u128::from(hasher.finish())
        };
        half(1) << 64 | half(2)
    }
}

/// Whether it matters how long ago a core was fed an event, by the rules a world reaches: a quote grows old between the
/// decision and the send, and doubt lasts from the lost answer on.
pub(crate) fn event_ages(event: &Event, core: &Core) -> bool {
    match event {
        Event::Manage(_) => {
            core.decisions().last().is_some_and(|last| last.actions.iter().any(trading::decide::Action::is_opening))
        }
        Event::Submitted { outcome, .. } => match outcome {
            SubmitOutcome::Unknown { .. } => true,
            SubmitOutcome::Rejected { reason, .. } => *reason == RejectReason::DuplicateClientOrderId,
            SubmitOutcome::Accepted(_) | SubmitOutcome::Retryable { .. } => false,
        },
        Event::Look(_)
        | Event::Answer { .. }
        | Event::Protect(_)
        | Event::Canceled { .. }
        | Event::Exposed(_)
        | Event::ClockSet => false,
    }
}

/// The same for an effect: an intent is in doubt from its record on.
pub(crate) fn effect_ages(effect: &Effect) -> bool {
    match effect {
        Effect::Record { records, .. } => records.iter().any(|record| matches!(record, Record::Intent(_))),
        Effect::Expose(_)
        | Effect::Ask(_)
        | Effect::Submit(_)
        | Effect::Replace(_)
        | Effect::Cancel { .. }
        | Effect::Alert { .. } => false,
    }
}

/// An event, as far as a core reads it.
pub(crate) fn event(event: &Event) -> u64 {
    match event {
        Event::Look(said) => look(said),
        Event::Answer { id, answer } => {
            let answer = answer.as_ref().map(|found| found.as_ref().map(|found| order(found)));
            hash(&("answer", id, answer.map_err(|_| ())))
        }
        Event::Protect(around) => hash(&("protect", around.kill.map(|level| level as u8))),
        Event::Manage(market) => {
            let risen = market.candidates.iter().any(|candidate| candidate.structural_stop.is_some());
            hash(&("manage", risen))
        }
        Event::Submitted { id, outcome } => hash(&("submitted", id, submitted(outcome))),
        Event::Canceled { id, outcome, .. } => hash(&("canceled", id, canceled(outcome))),
        Event::Exposed(written) => hash(&("exposed", written)),
        Event::ClockSet => hash(&"clock set"),
    }
}

/// An effect, as far as it tells what is left to do.
pub(crate) fn effect(effect: &Effect) -> u64 {
    match effect {
        Effect::Record { records, .. } => hash(&("record", records.iter().map(record).collect::<Vec<_>>())),
        Effect::Expose(_) => hash(&"expose"),
        Effect::Ask(id) => hash(&("ask", id)),
        Effect::Submit(order) => hash(&("submit", &order.get().client_order_id)),
        Effect::Replace(replacement) => hash(&("replace", &replacement.get().order.client_order_id)),
        Effect::Cancel { client_order_id, .. } => hash(&("cancel", client_order_id)),
        Effect::Alert { .. } => 0,
    }
}

fn record(record: &Record) -> u64 {
    match record {
        Record::Intent(intent) => hash(&("intent", &intent.request.client_order_id)),
        Record::Change(change) => hash(&("change", &change.id, change.to)),
        Record::Note { .. } => 1,
        Record::Execution(fill) => hash(&("execution", &fill.id)),
        Record::Split(split) => hash(&("split", &split.id)),
        Record::Refusal(_) => 2,
    }
}

fn look(said: &Reported) -> u64 {
    let orders: Vec<u64> = said.orders.iter().map(order).collect();
    let fills: Vec<&String> = said.executions.iter().map(|fill| &fill.id).collect();
    let held: Vec<_> = said.positions.values().map(|held| (held.symbol, held.qty, held.short)).collect();
    hash(&("look", orders, fills, held))
}

fn order(order: &OrderReport) -> u64 {
    hash(&(&order.client_order_id, format!("{:?}", order.status), order.filled_qty, order.qty, order.kind))
}

fn submitted(outcome: &SubmitOutcome) -> u64 {
    match outcome {
        SubmitOutcome::Accepted(report) => order(report),
        SubmitOutcome::Rejected { reason, .. } => 10 + *reason as u64,
        SubmitOutcome::Retryable { .. } => 2,
        SubmitOutcome::Unknown { .. } => 3,
    }
}

fn canceled(outcome: &CancelOutcome) -> u64 {
    match outcome {
        CancelOutcome::Accepted => 0,
        CancelOutcome::NotCancelable(_) => 1,
        CancelOutcome::NotFound => 2,
        CancelOutcome::Unknown(_) => 3,
    }
}

fn hash(value: &(impl Hash + ?Sized)) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
