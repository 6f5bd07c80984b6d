//! What becomes of a request: the broker acts on it, an answer arrives, or none does.

use std::sync::Arc;

use trading::{
    engine::Event,
    order::ClientOrderId,
    outcome::{CancelOutcome, RejectReason, SubmitOutcome},
    record::Record,
};

use crate::{
    explorer::Violation,
    protocol::{Protocol, Variant},
    world::{Request, Waiting, World},
};

impl Protocol {
    /// The broker acts on a request.
    pub(crate) fn receive(&self, world: &mut World, request: &Request) -> Event {
        let now = world.now;
        let venue = Arc::make_mut(&mut world.venue);
        let event = match request {
            Request::Submit(order) => {
                Event::Submitted { id: order.client_order_id.clone(), outcome: venue.submit(order, now) }
            }
            Request::Replace(replacement) => {
                let id = replacement.order.client_order_id.clone();
                Event::Submitted { id, outcome: venue.replace(replacement, now) }
            }
            Request::Cancel(order, id) => {
                Event::Canceled { id: id.clone(), order: order.clone(), outcome: venue.cancel(order) }
            }
            Request::Ask(id) => Event::Answer { id: id.clone(), answer: Ok(venue.order(id).map(Box::new)) },
        };
        self.say(|| format!("{} {}: {}", request.name(), request.id(), in_words(&event)));
        if let Event::Submitted { outcome: SubmitOutcome::Rejected { reason, .. }, .. } = &event {
            let duplicate = *reason == RejectReason::DuplicateClientOrderId;
            self.saw(if duplicate { "a doubled request was refused by its id" } else { "an order was refused" });
        }
        event
    }

    pub(crate) fn answer(&self, world: &mut World, slot: usize, number: usize) -> Result<(), Violation> {
        let waiting = world.processes[slot].as_mut().and_then(|process| process.waiting.take());
        let Some(waiting) = waiting else { return Ok(()) };
        let mut event = waiting.answers[number].clone();
        self.say(|| in_words(&event));
        self.abandon(world, slot);
        if let (Variant::BelieveNotFoundAtOnce, Event::Answer { id, answer: Ok(None) }) = (self.variant, &event) {
            let outcome = SubmitOutcome::Retryable { after: None, why: "no such order".to_owned() };
            event = Event::Submitted { id: id.clone(), outcome };
        }
        if let (Variant::HearsNothing, Event::Answer { answer, .. }) = (self.variant, &mut event) {
            *answer = Err("unheard".to_owned());
        }
        self.take_in(world, slot, event);
        self.settle(world, slot)
    }

    /// No answer came, and none is waited for any more.
    pub(crate) fn give_up(&self, world: &mut World, slot: usize) -> Result<(), Violation> {
        let waiting = world.processes[slot].as_mut().and_then(|process| process.waiting.take());
        let Some(Waiting { request, .. }) = waiting else { return Ok(()) };
        self.abandon(world, slot);
        let why = "no answer in time".to_owned();
        let id = request.id().clone();
        self.saw(match &request {
            Request::Submit(_) | Request::Replace(_) => "the outcome of a send was unknown",
            Request::Cancel(..) => "the outcome of a cancel was unknown",
            Request::Ask(_) => "a question got no answer",
        });
        let event = match &request {
            Request::Submit(_) | Request::Replace(_) => match self.variant {
                Variant::UnknownIsRetryable => {
                    Event::Submitted { id, outcome: SubmitOutcome::Retryable { after: None, why } }
                }
                Variant::ResendOnUnknown => return self.resend(world, slot, request),
                Variant::RetryUnderNewId => return self.retry(world, slot, &id),
                Variant::Honest
                | Variant::RecordAfterSend
                | Variant::BelieveNotFoundAtOnce
                | Variant::ForgetDoubt
                | Variant::ForgetUnsettled
                | Variant::CountTwice
                | Variant::KillStopsProtection
                | Variant::StampLooksLate
                | Variant::HearsNothing
                | Variant::NoLock
                | Variant::NoLockUnchecked => Event::Submitted { id, outcome: SubmitOutcome::Unknown { why } },
            },
            Request::Cancel(order, _) => {
                Event::Canceled { id, order: order.clone(), outcome: CancelOutcome::Unknown(why) }
            }
            Request::Ask(_) => Event::Answer { id, answer: Err(why) },
        };
        self.take_in(world, slot, event);
        self.settle(world, slot)
    }

    pub(crate) fn never_left(&self, world: &mut World, slot: usize) -> Result<(), Violation> {
        let waiting = world.processes[slot].as_mut().and_then(|process| process.waiting.take());
        let Some(waiting) = waiting else { return Ok(()) };
        world.wire.retain(|flight| flight.owner != Some(slot));
        self.saw("a request never left");
        let outcome = SubmitOutcome::Retryable { after: None, why: "never left".to_owned() };
        self.take_in(world, slot, Event::Submitted { id: waiting.request.id().clone(), outcome });
        self.settle(world, slot)
    }

    /// What is still on the wire is nobody's now; a question is of no use any more.
    fn abandon(&self, world: &mut World, slot: usize) {
        let now = world.now;
        world.wire.retain(|flight| flight.owner != Some(slot) || !matches!(flight.request, Request::Ask(_)));
        for flight in world.wire.iter_mut().filter(|flight| flight.owner == Some(slot)) {
            (flight.owner, flight.given_up) = (None, Some(now));
        }
    }

    /// A broken driver: the same again.
    fn resend(&self, world: &mut World, slot: usize, request: Request) -> Result<(), Violation> {
        let Request::Submit(order) = &request else { return Ok(()) };
        let order = order.clone();
        self.send(world, slot, request, &order, None).map(|_| ())
    }

    /// A broken driver: the same again, as the next attempt.
    fn retry(&self, world: &mut World, slot: usize, id: &ClientOrderId) -> Result<(), Violation> {
        let Some(mut intent) = world.durable.intent(id).cloned() else { return Ok(()) };
        intent.key.attempt += 1;
        intent.request.client_order_id = intent.key.client_order_id();
        let order = intent.request.clone();
        self.write(world, world.now, vec![Record::Intent(Box::new(intent))]);
        self.send(world, slot, Request::Submit(order.clone()), &order, None).map(|_| ())
    }
}

fn in_words(event: &Event) -> String {
    match event {
        Event::Submitted { outcome: SubmitOutcome::Accepted(report), .. } => format!("accepted, {:?}", report.status),
        Event::Submitted { outcome, .. } => format!("{outcome:?}"),
        Event::Canceled { outcome, .. } => format!("{outcome:?}"),
        Event::Answer { answer: Ok(found), .. } => match found {
            Some(order) => format!("there, {:?}", order.status),
            None => "no such order".to_owned(),
        },
        Event::Answer { answer: Err(why), .. } => why.clone(),
        Event::Look(_) | Event::Protect(_) | Event::Manage(_) | Event::Exposed(_) | Event::ClockSet => String::new(),
    }
}
