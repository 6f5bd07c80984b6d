//! Performing: each effect of the core, one at a time, in order. What is recorded is durable before the next is asked for.

use std::time::Instant;

use anyhow::Context;
use broker::{Broker, CancelOutcome, SubmitOutcome};
use contract::{ExitCode, ExposureView, Held, Mode};
use market::{Qty, Timestamp};
use trading::{
    engine::{Effect, Event, Exposure, Moment},
    order::{BrokerOrderId, ClientOrderId, OrderRequest},
    record::Record,
    refusal::{Reason, Refusal},
    report::{OrderReport, OrderStatus},
};

use crate::engine::Engine;

impl<B: Broker> Engine<B> {
    /// Gives the core an event and performs everything that follows from it.
    pub(crate) async fn feed(&mut self, event: Event, now: Timestamp) -> anyhow::Result<()> {
        self.core.handle(event, now);
        while let Some(effect) = self.next_effect()? {
            let answer = self.perform(effect).await?;
            self.supervisor.alive();
            if let Some(event) = answer {
                let now = self.now().unwrap_or(now);
                self.core.handle(event, now);
            }
        }
        Ok(())
    }

    fn next_effect(&mut self) -> anyhow::Result<Option<Effect>> {
        if let Some(signal) = self.signals.asked() {
            self.ending = Some(signal);
            self.end_by = Some(Instant::now() + self.patience.ending);
        }
        let now = self.now()?;
        let no_openings =
            self.ending.map(str::to_owned).or_else(|| self.ledger_in_doubt()).or_else(|| self.rate_limit());
        let no_openings = no_openings.or_else(|| self.core.opens_next().then(|| self.against_sending(now)).flatten());
        let moment = Moment { now, kill: self.kill_level(), no_openings };
        Ok(self.core.poll(&moment))
    }

    /// An opening that the client would hold back is refused before it is recorded: one that is recorded and not sent
    /// would use up its symbol's day. What works already is left alone.
    fn rate_limit(&self) -> Option<String> {
        let wait = self.broker.held_back()?;
        Some(format!("a rate limit that leaves openings nothing for another {} s", wait.as_secs() + 1))
    }

    async fn perform(&mut self, effect: Effect) -> anyhow::Result<Option<Event>> {
        match effect {
            Effect::Record { at, records } => {
                self.record(at, &records)?;
                Ok(None)
            }
            Effect::Expose(exposure) => Ok(Some(Event::Exposed(self.show_exposure(&exposure)))),
            Effect::Ask(id) => {
                let answer = self.within(self.patience.aside, self.broker.order_by_client_id(&id)).await;
                let answer = answer
                    .map(|order| order.map(Box::new))
                    .inspect_err(|why| tracing::warn!("no answer about {id}: {why}"));
                if let Ok(Some(order)) = &answer {
                    self.seen.tell(order);
                }
                Ok(Some(Event::Answer { id, answer }))
            }
            Effect::Submit(order) => {
                let outcome = match self.config.mode {
                    Mode::DryRun => self.dry_run(order.get()),
                    Mode::Paper | Mode::Live => self.beating(self.broker.submit(&order)).await,
                };
                Ok(Some(self.submitted(order.get(), outcome)))
            }
            Effect::Replace(replacement) => {
                let outcome = match self.config.mode {
                    Mode::DryRun => self.dry_run(&replacement.get().order),
                    Mode::Paper | Mode::Live => self.beating(self.broker.replace(&replacement)).await,
                };
                Ok(Some(self.submitted(&replacement.get().order, outcome)))
            }
            Effect::Cancel { order, client_order_id, why } => {
                tracing::info!("CANCEL {client_order_id}: {why}");
                Ok(self.cancel(order, client_order_id).await)
            }
            Effect::Alert { subject, text } => {
                let now = self.now()?;
                self.alert(now, &subject, &text);
                Ok(None)
            }
        }
    }

    /// Durable before anything after it is done. From a refusal nothing follows: one that cannot be recorded is said.
    fn record(&mut self, at: Timestamp, records: &[Record]) -> anyhow::Result<()> {
        let refuses = records.iter().all(|record| matches!(record, Record::Refusal(_)));
        match self.ledger.record(at, records) {
            Err(error) if refuses => tracing::warn!("a refusal was not recorded: {error}: {records:?}"),
            done => done.context(ExitCode::CannotWrite)?,
        }
        records.iter().for_each(|record| self.say(record));
        Ok(())
    }

    /// Sent to nobody: to the core, an order that was taken and cancelled at once, so that its attempts count and pace the
    /// next ones, and nobody is alerted of a refusal that never was.
    fn dry_run(&self, request: &OrderRequest) -> SubmitOutcome {
        SubmitOutcome::Accepted(Box::new(OrderReport {
            id: "dry-run".parse().expect("visible ASCII"),
            client_order_id: request.client_order_id.clone(),
            symbol: request.symbol,
            side: request.side,
            qty: request.qty,
            filled_qty: Qty::ZERO,
            filled_avg_price: None,
            kind: Some(request.kind),
            time_in_force: Some(request.time_in_force),
            status: OrderStatus::Canceled,
            submitted_at: self.last_now(),
            replaces: None,
        }))
    }

    fn submitted(&mut self, request: &OrderRequest, outcome: SubmitOutcome) -> Event {
        let OrderRequest { symbol, side, qty, kind, purpose, .. } = request;
        let order = format!("{symbol} {side} {qty} {kind} ({purpose})");
        match &outcome {
            SubmitOutcome::Accepted(report) => {
                tracing::info!("SUBMITTED {order} order_id={}", report.id);
                if self.config.mode != Mode::DryRun {
                    self.seen.tell(report);
                }
            }
            SubmitOutcome::Retryable { why, .. } => tracing::warn!("not sent {order}: {why}"),
            SubmitOutcome::Rejected { message, .. } => tracing::warn!("REJECTED {order}: {message}"),
            SubmitOutcome::Unknown { why } => tracing::warn!("outcome unknown {order}: {why}"),
        }
        Event::Submitted { id: request.client_order_id.clone(), outcome }
    }

    async fn cancel(&mut self, order: BrokerOrderId, id: ClientOrderId) -> Option<Event> {
        if self.config.mode == Mode::DryRun {
            return None;
        }
        let outcome = self.beating(self.broker.cancel(&order)).await;
        match &outcome {
            CancelOutcome::NotCancelable(why) | CancelOutcome::Unknown(why) => tracing::warn!("cancel of {id}: {why}"),
            CancelOutcome::Accepted | CancelOutcome::NotFound => {}
        }
        Some(Event::Canceled { id, order, outcome })
    }

    /// Writes the exposure the gate will see if this process dies now, before anything is sent; `false` when it could not.
    ///
    /// A dry run sends nothing, so it changes no exposure: the view stays that of the process that does.
    fn show_exposure(&mut self, exposure: &Exposure) -> bool {
        if self.config.mode == Mode::DryRun {
            return true;
        }
        let view = ExposureView {
            schema: ExposureView::SCHEMA,
            account: self.config.account.to_string(),
            written_at: exposure.at,
            session: exposure.at.ny_date(),
            positions: exposure.positions.iter().map(|(symbol, qty)| Held { symbol: *symbol, qty: *qty }).collect(),
            working_orders: exposure.working_orders,
            // What nobody can read is not flat either.
            unknown_outcomes: exposure.unknown_outcomes + self.memory.unreadable_count() as u32,
        };
        let written = view.write(&self.config.layout.exposure());
        if let Err(error) = &written {
            tracing::warn!("{error}");
        }
        written.is_ok()
    }

    pub(crate) fn say(&self, record: &Record) {
        match record {
            Record::Execution(fill) => {
                tracing::info!(
                    execution = fill.id,
                    "FILLED {} {} {} at {}",
                    fill.symbol,
                    fill.side,
                    fill.qty,
                    fill.price
                );
            }
            Record::Change(change) => {
                tracing::info!(client_order_id = %change.id, "{} {:?} -> {:?}", change.id, change.from, change.to);
            }
            Record::Refusal(refusal) => self.say_refusal(refusal),
            Record::Split(split) => tracing::info!("SPLIT {} {} for {}", split.symbol, split.new, split.old),
            Record::Intent(_) | Record::Note { .. } => {}
        }
    }

    /// A kill switch or a lost gate refuses a hundred candidates alike; the gate's own line says it.
    fn say_refusal(&self, refusal: &Refusal) {
        let Refusal { symbol, purpose, reason, detail, .. } = refusal;
        if !matches!(reason, Reason::Gate | Reason::KillSwitch) {
            tracing::info!("REFUSED {symbol} {purpose}: {reason} ({detail})");
        }
    }
}
