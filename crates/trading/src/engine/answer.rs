//! What became of questions, sends and cancels: recorded before anything else is done.

use market::{Qty, Timestamp};

use super::{Core, Fresh, effect::Step};
use crate::{
    order::{BrokerOrderId, ClientOrderId},
    outcome::{CancelOutcome, RejectReason, SubmitOutcome},
    reconcile::{self, Finding},
    record::Record,
    report::OrderReport,
    state::OrderEvent,
};

impl Core {
    /// A question without an answer is a finding, not a failed cycle: one order the broker cannot speak of must not keep
    /// it from speaking of the others.
    pub(super) fn answer(&mut self, id: &ClientOrderId, answer: Result<Option<OrderReport>, String>, now: Timestamp) {
        let Some(look) = self.look.as_mut().filter(|look| look.asked.contains(id)) else { return };
        let Some(intent) = self.book.intent(id) else { return };
        let symbol = intent.request.symbol;
        // Left among the questions, it becomes a finding.
        let Ok(answer) = answer else { return };
        look.asked.remove(id);
        let mut records = Vec::new();
        // The broker looked somewhere between the question and now: while the answer was under way, a late request may
        // have arrived. Only the time up to the question counts.
        match reconcile::answered(intent, answer.as_ref(), look.at.min(now)) {
            Ok(Some(change)) => {
                let filled = answer.as_ref().map_or(Qty::ZERO, |order| order.filled_qty);
                let ended = change.to.is_dead() && !filled.is_zero();
                let fresh = Fresh::of(&intent.request, filled, look.said.positions.get(&symbol)).filter(|_| ended);
                look.unseen.extend(fresh.map(|fresh| (symbol, fresh)));
                records.push(Record::Change(change));
            }
            Ok(None) if intent.state.is_unresolved() => {
                look.findings.insert((symbol, Finding::Unresolved { intent: id.clone() }));
            }
            Ok(None) => {}
            Err(finding) => {
                look.findings.insert((symbol, finding));
            }
        }
        // Alive but not in the list: it counts as if it were.
        look.said.orders.extend(answer.filter(|order| !order.status.is_final()));
        self.record_first(records, now);
    }

    pub(super) fn submitted(&mut self, id: &ClientOrderId, outcome: SubmitOutcome, now: Timestamp) {
        let Some(intent) = self.book.intent(id) else { return };
        let (symbol, leg, is_opening) = (intent.request.symbol, intent.key.leg, intent.is_opening());
        let what = format!("{symbol} {}", intent.request.kind);
        match outcome {
            SubmitOutcome::Accepted(report) => {
                self.settle(id, &OrderEvent::Reported(report.status.clone()), Some(&report.id), "", now);
            }
            // The id is taken, so the order may be there: it is looked up, not declared refused.
            SubmitOutcome::Rejected { reason: RejectReason::DuplicateClientOrderId, message } => {
                self.settle(id, &OrderEvent::Lost, None, &message, now);
            }
            SubmitOutcome::Rejected { reason, message } => {
                self.alert_first(
                    format!("{symbol}/{leg}/rejected"),
                    format!("{what} rejected ({reason:?}): {message}"),
                );
                self.settle(id, &OrderEvent::Refused, None, &message, now);
            }
            // It certainly was not acted on. The intent dies here; protection gets its next attempt next cycle.
            SubmitOutcome::Retryable { why, .. } => {
                if !is_opening {
                    self.alert_first(format!("{symbol}/{leg}/not-sent"), format!("{what} could not be sent: {why}"));
                }
                self.settle(id, &OrderEvent::NotFound, None, &why, now);
            }
            SubmitOutcome::Unknown { why } => {
                self.alert_first(format!("{id}/unknown"), format!("{what}: outcome unknown, asking: {why}"));
                self.settle(id, &OrderEvent::Lost, None, &why, now);
            }
        }
    }

    pub(super) fn canceled(
        &mut self,
        id: &ClientOrderId,
        order: &BrokerOrderId,
        outcome: CancelOutcome,
        now: Timestamp,
    ) {
        match outcome {
            CancelOutcome::Accepted => self.settle(id, &OrderEvent::CancelAsked, None, "", now),
            // Whatever it became, the next look at the broker shows it.
            CancelOutcome::NotCancelable(_) | CancelOutcome::Unknown(_) => {}
            CancelOutcome::NotFound => {
                self.alert_first(format!("{id}/cancel"), format!("cancel of {id}: the broker knows no order {order}"));
            }
        }
    }

    /// Records what became of an intent, and believes it.
    fn settle(
        &mut self,
        id: &ClientOrderId,
        event: &OrderEvent,
        broker_id: Option<&BrokerOrderId>,
        note: &str,
        now: Timestamp,
    ) {
        let Some(intent) = self.book.intent(id) else { return };
        let mut records = Vec::new();
        if !note.is_empty() {
            records.push(Record::Note { id: id.clone(), note: note.to_owned() });
        }
        match reconcile::change(intent, event, broker_id) {
            Ok(change) => records.extend(change.map(Record::Change)),
            Err(finding) => self.alert_first(format!("{id}/contradiction"), finding.to_string()),
        }
        self.record_first(records, now);
    }

    fn alert_first(&mut self, subject: String, text: String) {
        self.queue.push_front(Step::Alert(subject, text));
    }
}
