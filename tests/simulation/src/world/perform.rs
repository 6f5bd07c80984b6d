//! Performing an effect: the one place where the core's wishes meet the world, and where most goes wrong.

use trading::{
    engine::{Effect, Event},
    order::{IntentKey, OrderRequest, Purpose},
    outcome::{CancelOutcome, RejectReason, SubmitOutcome},
    record::Record,
    state::OrderState,
};

use super::{World, say};
use crate::{
    breach::Breach,
    fault::Fault,
    tally::Count,
    venue::{Flight, Mark, Request},
};

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Straight,
    LostBefore,
    LostAfter,
    Delayed,
    Duplicated,
    Retryable,
    Rejected,
}

impl World {
    pub(super) fn perform(&mut self, effect: Effect) -> Result<(), Breach> {
        self.latency();
        match effect {
            Effect::Record { at, records } => return self.record(at, records),
            Effect::Expose(_) => {
                let written = !self.strikes(Fault::Expose, 100);
                self.answer(Event::Exposed(written));
            }
            Effect::Ask(id) => {
                if self.dies(Count::CrashAtAsk) {
                    return Ok(());
                }
                let mute = self.strikes(Fault::Ask, 500);
                if mute {
                    self.spoil();
                }
                let answer = if mute { Err("mute".to_owned()) } else { Ok(self.venue.lookup(&id).map(Box::new)) };
                say!(self, "ASK {id}: {:?}", answer.as_ref().map(|order| order.as_ref().map(|order| &order.status)));
                self.answer(Event::Answer { id, answer });
            }
            Effect::Submit(order) => {
                let order = order.get();
                self.check_send(order, None)?;
                self.count_send(order, false);
                let request = Request::Submit(order.clone());
                self.send(order, &request);
            }
            Effect::Replace(replacement) => {
                let replacement = replacement.get();
                self.check_send(&replacement.order, Some(replacement))?;
                self.count_send(&replacement.order, true);
                let request = Request::Replace(replacement.clone());
                self.send(&replacement.order, &request);
            }
            Effect::Cancel { order, client_order_id: id, why } => {
                if self.dies(Count::CrashAtCancel) {
                    return Ok(());
                }
                let way = self.way();
                say!(self, "CANCEL {id} {order}: {why} ({way:?})");
                let outcome = match way {
                    Way::Straight | Way::Duplicated | Way::Rejected | Way::Retryable => self.venue.cancel(&order),
                    Way::LostBefore => CancelOutcome::Unknown("lost".to_owned()),
                    Way::LostAfter => {
                        self.venue.cancel(&order);
                        CancelOutcome::Unknown("lost".to_owned())
                    }
                    Way::Delayed => {
                        self.fly(Request::Cancel(order.clone()), None);
                        CancelOutcome::Unknown("lost".to_owned())
                    }
                };
                self.answer(Event::Canceled { id, order, outcome });
            }
            Effect::Alert { subject, text } => {
                self.tally.add(Count::Alerts);
                say!(self, "ALERT {subject}: {text}");
                self.note_alert(&subject);
            }
        }
        Ok(())
    }

    fn record(&mut self, at: market::Timestamp, records: Vec<Record>) -> Result<(), Breach> {
        if self.strikes(Fault::Ledger, 8) {
            self.crash(Count::LedgerFailures);
            return Ok(());
        }
        if self.dies(Count::CrashBeforeRecord) {
            return Ok(());
        }
        for record in &records {
            say!(self, "RECORD {record:?}");
            self.tally.add(Count::Records);
            self.check_record(record)?;
            match record {
                Record::Change(change) => self.count_change(change.from, change.to),
                Record::Refusal(refusal) => {
                    self.tally.refuse(refusal.reason);
                    self.check.refused(refusal);
                }
                Record::Intent(_) | Record::Note { .. } | Record::Execution(_) | Record::Split(_) => {}
            }
        }
        self.check.recorded(at);
        self.ledger.write(at, records);
        self.dies(Count::CrashAfterRecord);
        Ok(())
    }

    fn send(&mut self, order: &OrderRequest, request: &Request) {
        if self.dies(Count::CrashBeforeSend) {
            return;
        }
        let mark = IntentKey::parse(&order.client_order_id).map(|key| Mark { leg: key.leg });
        let way = self.way();
        say!(
            self,
            "SEND {} {} {} {} {} ({way:?})",
            order.client_order_id,
            order.symbol,
            order.side,
            order.qty,
            order.kind
        );
        let outcome = match way {
            Way::Straight => self.act(request, mark),
            Way::LostBefore => self.lost(),
            Way::LostAfter => {
                self.act(request, mark);
                self.lost()
            }
            Way::Delayed => {
                let outcome = self.lost();
                self.fly(request.clone(), mark);
                outcome
            }
            Way::Duplicated => {
                self.act(request, mark);
                self.act(request, mark)
            }
            Way::Retryable => SubmitOutcome::Retryable { after: None, why: "429".to_owned() },
            Way::Rejected => {
                let reason = self.venue_dice.pick(&[
                    RejectReason::InsufficientOrConflicting,
                    RejectReason::Invalid,
                    RejectReason::Forbidden,
                    RejectReason::Other,
                ]);
                SubmitOutcome::Rejected { reason, message: "the venue's own reason".to_owned() }
            }
        };
        if let SubmitOutcome::Rejected { reason, message } = &outcome {
            self.count_rejection(*reason, message, matches!(request, Request::Replace(_)));
        }
        if way != Way::Straight {
            self.spoil();
        }
        say!(self, "  {}", Brief(&outcome));
        self.answer(Event::Submitted { id: order.client_order_id.clone(), outcome });
        self.dies(Count::CrashAfterSend);
    }

    fn act(&mut self, request: &Request, mark: Option<Mark>) -> SubmitOutcome {
        match request {
            Request::Submit(order) => self.venue.submit(order, mark),
            Request::Replace(replacement) => self.venue.replace(replacement, mark),
            Request::Cancel(order) => {
                self.venue.cancel(order);
                SubmitOutcome::Unknown { why: String::new() }
            }
        }
    }

    /// Nobody can tell, after the time a request may take.
    fn lost(&mut self) -> SubmitOutcome {
        self.tally.add(Count::Unknowns);
        let span = self.venue_dice.millis(100, 12_000);
        self.pass(span);
        SubmitOutcome::Unknown { why: "no answer".to_owned() }
    }

    /// It will arrive: in up to 25 seconds, within what reconciling allows for.
    fn fly(&mut self, request: Request, mark: Option<Mark>) {
        self.tally.add(Count::LateArrivals);
        let arrives = self.venue.now + self.venue_dice.millis(1, 25_000);
        self.venue.flights.push(Flight { arrives, request, mark });
    }

    fn way(&mut self) -> Way {
        let (way, fault) = match self.venue_dice.below(1_000) {
            0..=14 => (Way::LostBefore, Fault::LostBefore),
            15..=29 => (Way::LostAfter, Fault::LostAfter),
            30..=44 => (Way::Delayed, Fault::Delayed),
            45..=52 => (Way::Duplicated, Fault::Duplicated),
            53..=64 => (Way::Retryable, Fault::Retryable),
            65..=79 => (Way::Rejected, Fault::Rejected),
            _ => return Way::Straight,
        };
        if self.faults.has(fault) { way } else { Way::Straight }
    }

    /// Whether the process dies right here.
    fn dies(&mut self, at: Count) -> bool {
        let dies = self.process_dice.chance(50) && self.faults.has(Fault::Crash);
        if dies {
            self.crash(at);
        }
        dies
    }

    fn answer(&mut self, event: Event) {
        if let Some(process) = &mut self.process {
            process.answer = Some(event);
        }
    }

    /// Something was wrong in this cycle.
    fn spoil(&mut self) {
        if let Some(process) = &mut self.process {
            process.cycle.healthy = false;
        }
    }

    fn count_send(&mut self, order: &OrderRequest, replaces: bool) {
        use trading::order::Leg;
        let leg = self.ledger.book().intent(&order.client_order_id).map(|intent| intent.key.leg);
        match (order.purpose, leg) {
            (Purpose::Open, _) => self.tally.add(Count::Entries),
            (Purpose::Protect, _) if replaces => self.tally.add(Count::Replacements),
            (Purpose::Protect, _) => self.tally.add(Count::Stops),
            (Purpose::Reduce, Some(Leg::Trim1)) => self.tally.add(Count::Trims1),
            (Purpose::Reduce, _) => self.tally.add(Count::Trims2),
            (Purpose::Flatten, _) => self.tally.add(Count::Flattenings),
        }
    }

    fn count_change(&mut self, from: OrderState, to: OrderState) {
        if from == OrderState::Unknown && to == OrderState::NeverArrived {
            self.tally.add(Count::FoundDead);
        } else if from == OrderState::Unknown {
            self.tally.add(Count::FoundAlive);
        }
    }

    fn count_rejection(&mut self, reason: RejectReason, message: &str, replaces: bool) {
        self.tally.add(Count::Refused);
        if reason == RejectReason::DuplicateClientOrderId {
            self.tally.add(Count::Duplicates);
        }
        if message.contains("wash") {
            self.tally.add(Count::WashTrades);
        }
        if replaces {
            self.tally.add(Count::ReplacementsRefused);
        }
    }
}

/// An outcome in a few words.
struct Brief<'a>(&'a SubmitOutcome);

impl std::fmt::Display for Brief<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            SubmitOutcome::Accepted(order) => write!(f, "accepted as {} ({:?})", order.id, order.status),
            SubmitOutcome::Rejected { reason, message } => write!(f, "rejected {reason:?}: {message}"),
            SubmitOutcome::Retryable { why, .. } => write!(f, "certainly not sent: {why}"),
            SubmitOutcome::Unknown { why } => write!(f, "unknown: {why}"),
        }
    }
}
