//! Acting: an order is recorded durably before it is sent, and its outcome after.

use anyhow::Context;
use broker::{Broker, CancelOutcome, RejectReason, SubmitOutcome};
use contract::{ExitCode, Mode};
use market::{Price, Timestamp};
use trading::{
    book::Intent,
    control::Approved,
    decide::{Action, Decision},
    order::{BrokerOrderId, ClientOrderId, IntentKey, OrderRequest, Purpose},
    reconcile,
    refusal::{Reason, Refusal},
    state::{OrderEvent, OrderState},
};

use crate::engine::Engine;

impl<B: Broker> Engine<B> {
    /// Does what was decided, in order.
    pub(crate) async fn act(&mut self, decision: &Decision) -> anyhow::Result<()> {
        let decided = self.now()?;
        for action in &decision.actions {
            let now = self.now()?;
            match action {
                Action::Submit { order, key, protective_stop } => {
                    if order.get().purpose == Purpose::Open
                        && let Some((reason, detail)) = self.why_not_open_now(decided, now)
                    {
                        let OrderRequest { symbol, purpose, .. } = *order.get();
                        tracing::warn!("NOT SUBMITTED {symbol}: {detail}");
                        let refusal = Refusal { at: now, symbol, purpose, reason, detail };
                        self.note_refusals(&Decision { refusals: vec![refusal], ..Decision::default() })?;
                        continue;
                    }
                    self.submit(now, order, key, *protective_stop).await?;
                    self.supervisor.alive();
                }
                Action::Cancel { order, client_order_id, symbol, why } => {
                    tracing::info!("CANCEL {symbol} {client_order_id}: {why}");
                    self.cancel(now, order, client_order_id).await?;
                    self.supervisor.alive();
                }
                Action::Alert { subject, text } => self.alert(now, subject, text)?,
            }
        }
        Ok(())
    }

    /// Asked right before each opening send: the sends before it take time, and the world goes on.
    fn why_not_open_now(&mut self, decided: Timestamp, now: Timestamp) -> Option<(Reason, String)> {
        if let Some(signal) = self.termination.asked() {
            self.ending = Some(signal);
        }
        if let Some(signal) = self.ending {
            return Some((Reason::Gate, format!("{signal} came meanwhile")));
        }
        if now.since(decided) > self.config.limits.quote_age {
            return Some((Reason::NoQuote, "the decision has grown old meanwhile".to_owned()));
        }
        if self.book.intents.values().any(|intent| intent.state == OrderState::Unknown) {
            return Some((Reason::SymbolBlocked, "the outcome of another order is unknown".to_owned()));
        }
        let level = self.kill_level()?;
        Some((Reason::KillSwitch, format!("the kill switch was latched meanwhile ({level:?})")))
    }

    async fn submit(
        &mut self,
        now: Timestamp,
        order: &Approved<OrderRequest>,
        key: &IntentKey,
        protective_stop: Option<Price>,
    ) -> anyhow::Result<()> {
        let request = order.get();
        let id = request.client_order_id.clone();
        let intent = Intent {
            key: key.clone(),
            request: request.clone(),
            state: OrderState::Recorded,
            recorded_at: now,
            broker_id: None,
            protective_stop,
            note: String::new(),
        };
        self.ledger.record_intent(&intent).context(ExitCode::CannotWrite)?;
        self.book.intents.insert(id.clone(), intent);
        let OrderRequest { symbol, side, qty, kind, purpose, .. } = request;
        let outcome = self.broker.submit(order).await;
        let now = self.now().unwrap_or(now);
        match outcome {
            // Null refused it, as it refuses everything.
            _ if self.config.mode == Mode::DryRun => {
                tracing::info!("SUBMITTED {symbol} {side} {qty} {kind} ({purpose}) order_id=dry-run");
                self.settle(now, &id, &OrderEvent::NotFound, None, "dry run: sent to nobody")
            }
            SubmitOutcome::Accepted(report) => {
                tracing::info!("SUBMITTED {symbol} {side} {qty} {kind} ({purpose}) order_id={}", report.id);
                let event = OrderEvent::Reported(report.status.clone());
                self.settle(now, &id, &event, Some(&report.id), "")
            }
            // The id is taken, so the order may be there: it is looked up, not declared refused.
            SubmitOutcome::Rejected { reason: RejectReason::DuplicateClientOrderId, message } => {
                self.lost(now, &id, &message)
            }
            SubmitOutcome::Rejected { reason, message } => {
                self.alert(
                    now,
                    &format!("{id}/rejected"),
                    &format!("{symbol} {kind} rejected ({reason:?}): {message}"),
                )?;
                self.settle(now, &id, &OrderEvent::Refused, None, &message)
            }
            SubmitOutcome::Retryable { why, .. } => {
                // It certainly was not acted on. The intent dies here; protection gets its next attempt next cycle.
                tracing::warn!("not sent {symbol} {kind}: {why}");
                self.settle(now, &id, &OrderEvent::NotFound, None, &why)
            }
            SubmitOutcome::Unknown { why } => {
                self.alert(now, &format!("{id}/unknown"), &format!("{symbol} {kind}: outcome unknown, asking: {why}"))?;
                self.lost(now, &id, &why)
            }
        }
    }

    /// Nobody knows what became of it. From now on, not from when it was recorded, a "no such order" is doubted: the
    /// request may have left this machine only just now.
    fn lost(&mut self, now: Timestamp, id: &ClientOrderId, why: &str) -> anyhow::Result<()> {
        self.settle(now, id, &OrderEvent::Lost, None, why)?;
        if let Some(intent) = self.book.intents.get_mut(id) {
            intent.recorded_at = now;
        }
        Ok(())
    }

    async fn cancel(&mut self, now: Timestamp, order: &BrokerOrderId, id: &ClientOrderId) -> anyhow::Result<()> {
        if self.config.mode == Mode::DryRun {
            return Ok(());
        }
        match self.broker.cancel(order).await {
            CancelOutcome::Accepted => self.settle(now, id, &OrderEvent::CancelAsked, None, ""),
            // Whatever it became, the next look at the broker shows it.
            CancelOutcome::NotCancelable(why) | CancelOutcome::Unknown(why) => {
                tracing::warn!("cancel of {id}: {why}");
                Ok(())
            }
            CancelOutcome::NotFound => {
                self.alert(now, &format!("{id}/cancel"), &format!("cancel of {id}: the broker knows no order {order}"))
            }
        }
    }

    /// Records what became of an intent, then believes it.
    fn settle(
        &mut self,
        now: Timestamp,
        id: &ClientOrderId,
        event: &OrderEvent,
        broker_id: Option<&BrokerOrderId>,
        note: &str,
    ) -> anyhow::Result<()> {
        let Some(intent) = self.book.intents.get_mut(id) else { return Ok(()) };
        if !note.is_empty() {
            self.ledger.record_note(intent, note).context(ExitCode::CannotWrite)?;
            note.clone_into(&mut intent.note);
        }
        match reconcile::change(intent, event, broker_id) {
            Ok(None) => Ok(()),
            Ok(Some(change)) => {
                self.ledger.record_news(std::slice::from_ref(&change), &[], now).context(ExitCode::CannotWrite)?;
                self.book.apply(&change);
                Ok(())
            }
            Err(finding) => self.alert(now, &format!("{id}/contradiction"), &finding.to_string()),
        }
    }

    /// Records refusals when a symbol's reason changes, so that a day of cycles is not a day of rows.
    pub(crate) fn note_refusals(&mut self, decision: &Decision) -> anyhow::Result<()> {
        let news: Vec<_> = decision
            .refusals
            .iter()
            .filter(|refusal| self.memory.refused.get(&refusal.symbol) != Some(&refusal.reason))
            .cloned()
            .collect();
        self.ledger.record_refusals(&news).context(ExitCode::CannotWrite)?;
        for refusal in news {
            let (symbol, purpose, reason, detail) = (refusal.symbol, refusal.purpose, refusal.reason, refusal.detail);
            // A kill switch or a lost gate refuses a hundred candidates alike; the first line says it.
            if !self
                .memory
                .refused
                .values()
                .any(|said| *said == reason && matches!(reason, Reason::Gate | Reason::KillSwitch))
            {
                tracing::info!("REFUSED {symbol} {purpose}: {reason} ({detail})");
            }
            self.memory.refused.insert(symbol, reason);
        }
        Ok(())
    }

    /// Tells a human once: priority `err` in the journal, and a row in the ledger.
    pub(crate) fn alert(&mut self, now: Timestamp, subject: &str, text: &str) -> anyhow::Result<()> {
        if !self.alerts.is_news(subject, now) {
            return Ok(());
        }
        tracing::error!(subject, "ALERT {text}");
        self.ledger.record_event(now, "alert", subject, text).context(ExitCode::CannotWrite)
    }
}
