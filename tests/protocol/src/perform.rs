//! Performing an effect: writing it down, or sending it. Every send is checked as it leaves.

use std::sync::Arc;

use market::Timestamp;
use trading::{
    engine::{Effect, Event},
    order::{ClientOrderId, OrderRequest, Purpose},
    outcome::SubmitOutcome,
    record::Record,
    state::OrderState,
};

use crate::{
    driver::Hitch,
    explorer::Violation,
    invariant,
    protocol::{Protocol, Variant},
    venue::signed,
    world::{Flight, Request, Waiting, World},
};

/// What performing an effect came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Nobody but the process can tell.
    Unseen,
    /// It is durable.
    Durable,
    /// It left.
    Left,
}

impl Protocol {
    pub(crate) fn perform(
        &self,
        world: &mut World,
        slot: usize,
        effect: Effect,
        hitch: Hitch,
    ) -> Result<Done, Violation> {
        match effect {
            Effect::Record { at, records } => Ok(self.record(world, slot, at, records)),
            Effect::Expose(_) => {
                let written = hitch != Hitch::Unwritten;
                if !written {
                    self.saw("the exposure view could not be written");
                }
                self.take_in(world, slot, Event::Exposed(written));
                Ok(Done::Unseen)
            }
            Effect::Alert { text, .. } => {
                self.say(|| format!("ALERT {text}"));
                Ok(Done::Unseen)
            }
            Effect::Ask(id) => Ok(self.launch(world, slot, Request::Ask(id))),
            Effect::Cancel { order, client_order_id, .. } => {
                Ok(self.launch(world, slot, Request::Cancel(order, client_order_id)))
            }
            Effect::Submit(order) => {
                let order = order.get().clone();
                let is_protective = order.purpose != Purpose::Open;
                if self.variant == Variant::KillStopsProtection && world.kill.is_some() && is_protective {
                    let outcome = SubmitOutcome::Retryable { after: None, why: "kill switch".to_owned() };
                    self.take_in(world, slot, Event::Submitted { id: order.client_order_id, outcome });
                    return Ok(Done::Unseen);
                }
                self.send(world, slot, Request::Submit(order.clone()), &order, None)
            }
            Effect::Replace(replacement) => {
                let replacement = replacement.get().clone();
                let (order, replaced) = (replacement.order.clone(), replacement.replaced_id.clone());
                self.send(world, slot, Request::Replace(replacement), &order, Some(&replaced))
            }
        }
    }

    fn record(&self, world: &mut World, slot: usize, at: Timestamp, records: Vec<Record>) -> Done {
        let holds = self.variant == Variant::RecordAfterSend && records.iter().any(|r| matches!(r, Record::Intent(_)));
        if let Some(process) = world.processes[slot].as_mut().filter(|_| holds) {
            process.held_back.push((at, records));
            return Done::Unseen;
        }
        let counts = records.iter().any(|record| !matches!(record, Record::Refusal(_) | Record::Note { .. }));
        self.write(world, at, records);
        if counts { Done::Durable } else { Done::Unseen }
    }

    /// Makes records durable.
    pub(crate) fn write(&self, world: &mut World, at: Timestamp, records: Vec<Record>) {
        for record in records {
            self.note(world, &record);
            if let Record::Execution(fill) = &record {
                let id = fill.id.trim_end_matches('\'').to_owned();
                Arc::make_mut(&mut world.recorded_fills).insert((fill.symbol, id), signed(fill));
            }
            Arc::make_mut(&mut world.durable).apply(&record, at);
            if !matches!(record, Record::Refusal(_) | Record::Note { .. }) {
                Arc::make_mut(&mut world.records).push((at, record));
            }
        }
    }

    fn note(&self, world: &World, record: &Record) {
        match record {
            Record::Intent(intent) => self.say(|| format!("RECORDS the intent {}", intent.request.client_order_id)),
            Record::Change(change) => {
                self.say(|| format!("RECORDS {} {:?} -> {:?}", change.id, change.from, change.to));
                let found = matches!(change.to, OrderState::Working | OrderState::Filled);
                if change.to == OrderState::NeverArrived {
                    let left = world.sent.contains(&change.id);
                    self.saw(if left { "an order never arrived" } else { "an order was recorded and never sent" });
                } else if change.from == OrderState::Unknown && found {
                    self.saw("an order in doubt was found");
                }
            }
            Record::Execution(fill) => self.say(|| format!("RECORDS the execution {}", fill.id)),
            Record::Split(_) | Record::Note { .. } | Record::Refusal(_) => {}
        }
    }

    pub(crate) fn send(
        &self,
        world: &mut World,
        slot: usize,
        request: Request,
        order: &OrderRequest,
        replaced: Option<&ClientOrderId>,
    ) -> Result<Done, Violation> {
        invariant::check_send(world, order, replaced)?;
        if order.purpose != Purpose::Open && world.kill.is_some() {
            self.saw("protection left although the kill switch was latched");
        }
        let id = order.client_order_id.clone();
        if let Some(process) = world.processes[slot].as_mut() {
            process.owed.retain(|owed| *owed != id.as_str());
        }
        Arc::make_mut(&mut world.sent).insert(id);
        Ok(self.launch(world, slot, request))
    }

    fn launch(&self, world: &mut World, slot: usize, request: Request) -> Done {
        let now = world.now;
        self.say(|| format!("SENDS {} {}", request.name(), request.id()));
        world.launch(Flight { request: request.clone(), owner: Some(slot), given_up: None });
        let Some(process) = world.processes[slot].as_mut() else { return Done::Left };
        process.owed.retain(|owed| owed != request.id().as_str() || request.is_send());
        process.waiting = Some(Waiting { request, since: now, answers: Vec::new() });
        for (at, records) in std::mem::take(&mut process.held_back) {
            self.write(world, at, records);
        }
        Done::Left
    }
}
