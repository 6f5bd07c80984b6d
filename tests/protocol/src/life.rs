//! What happens to processes, to requests under way and to orders, and how time passes.

use std::{collections::BTreeMap, sync::Arc};

use market::TimeDelta;
use trading::{book::Book, engine::Core, reconcile::ARRIVAL_LIMIT, record::Record};

use crate::{
    explorer::Violation,
    market_data,
    protocol::{Protocol, Variant},
    venue::Standing,
    world::{Flight, Process, Request, Stage, World},
};

/// As long as a request may take.
pub(crate) const SLOW: TimeDelta = TimeDelta::seconds(15);
/// Past the arrival limit.
pub(crate) const LONG: TimeDelta = TimeDelta::seconds(31);

impl Protocol {
    pub(crate) fn start(&self, world: &mut World, slot: usize) -> Result<(), Violation> {
        if self.has_lock() && world.living().next().is_some() {
            self.saw("a second process was refused the lock");
            return Ok(());
        }
        let unsettled = |record: &Record| match record {
            Record::Intent(intent) => {
                let id = &intent.request.client_order_id;
                world.durable.intent(id).is_some_and(|intent| intent.state.is_unresolved())
            }
            Record::Change(_) | Record::Note { .. } | Record::Execution(_) | Record::Split(_) | Record::Refusal(_) => {
                false
            }
        };
        let forgets = |record: &Record| self.variant == Variant::ForgetUnsettled && unsettled(record);
        let records = world.records.iter().filter(|(_, record)| !forgets(record));
        let book = Book::replay(market_data::account(), market_data::strategy(), records);
        if book.live().any(|(_, intent)| intent.state.is_unresolved()) {
            self.saw("a process started with an intent without outcome");
        }
        if !world.wire.is_empty() {
            self.saw("a process started while a request of its predecessor was under way");
        }
        let since = if self.variant == Variant::ForgetDoubt { market_data::session().open } else { world.now };
        let core = Core::new(book, market_data::limits(), since);
        self.say(|| format!("with {} records", world.records.len()));
        world.processes[slot] = Some(Process {
            core: Arc::new(core),
            stage: Stage::Rest,
            waiting: None,
            cycle_at: market_data::session().open,
            misfits: BTreeMap::new(),
            owed: Vec::new(),
            told: world.recorded_fills.clone(),
            exposes: false,
            held_back: Vec::new(),
            base: (Vec::new(), None),
            story: Vec::new(),
        });
        let now = world.now;
        for flight in world.wire.iter_mut().filter(|flight| flight.owner.is_none() && flight.given_up.is_none()) {
            flight.given_up = Some(now);
        }
        Ok(())
    }

    pub(crate) fn crash(&self, world: &mut World, slot: usize) {
        if let Some(process) = world.processes[slot].take() {
            let sent = process.waiting.as_ref().is_some_and(|waiting| waiting.request.is_send());
            let unsent = |world: &World| {
                let mut live = world.durable.live().map(|(id, _)| id);
                live.any(|id| !world.sent.contains(id))
            };
            if sent {
                self.saw("a crash after an order left, before its outcome was known");
            } else if unsent(world) {
                self.saw("a crash between the record and the send");
            }
        }
        // What has left can arrive as long as the next process allows for; a question is of no use to anybody.
        world.wire.retain(|flight| flight.owner != Some(slot) || !matches!(flight.request, Request::Ask(_)));
        for flight in world.wire.iter_mut().filter(|flight| flight.owner == Some(slot)) {
            flight.owner = None;
        }
    }

    pub(crate) fn arrive(&self, world: &mut World, at: usize) {
        let Flight { request, owner, given_up } = world.wire.remove(at);
        if given_up.is_some() && request.is_send() {
            self.saw("an order arrived after its sender gave up waiting");
        }
        let event = self.receive(world, &request);
        let waits = owner.and_then(|slot| world.processes[slot].as_mut()?.waiting.as_mut());
        match waits.filter(|waiting| waiting.request == request) {
            Some(waiting) => waiting.answers.push(event),
            None => self.say(|| "nobody waits for the answer".to_owned()),
        }
    }

    /// An order fills.
    pub(crate) fn fill(&self, world: &mut World, at: usize, whole: bool) {
        let Some(id) = world.venue.orders.keys().nth(at).cloned() else { return };
        let venue = Arc::make_mut(&mut world.venue);
        match venue.orders.get(&id).map(|order| order.standing) {
            Some(Standing::PendingCancel) => self.saw("a fill crossed a cancel"),
            Some(Standing::PendingReplace) => self.saw("a fill crossed a replacement"),
            Some(
                Standing::New
                | Standing::Held
                | Standing::Filled
                | Standing::Canceled
                | Standing::Replaced
                | Standing::Rejected,
            )
            | None => {}
        }
        venue.fill(&id, whole, market_data::price(), world.now);
        self.say(|| id.to_string());
    }

    pub(crate) fn pass(&self, world: &mut World, span: TimeDelta) {
        world.now = world.now + span;
        let (now, before) = (world.now, world.wire.len());
        world.wire.retain(|flight| flight.given_up.is_none_or(|at| now.since(at) < ARRIVAL_LIMIT));
        if world.wire.len() < before {
            self.saw("a request was lost for good");
        }
    }
}
