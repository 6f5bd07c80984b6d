//! Looking: what the broker has, brought into agreement with the book, and what the market does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use broker::{Broker, OrderFilter};
use contract::ExitCode;
use market::{Candle, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    confirm::{self, CANDLE_MINUTES},
    control::{Authority, Kill},
    decide::View,
    reconcile::{self, Reported},
};

use crate::engine::Engine;

/// Executions are read from so long before the last known one: a late report still counts, and counts once.
const OVERLAP: TimeDelta = TimeDelta::hours(1);

impl<B: Broker> Engine<B> {
    /// Agrees with the broker: executions and states are recorded before they are believed. Returns what it has.
    pub(crate) async fn reconcile(&mut self, now: Timestamp) -> anyhow::Result<Reported> {
        // Orders before positions: a fill between the two shows as a position with an order that still seems to work,
        // which makes the next look come soon.
        let orders = self.broker.orders(OrderFilter::Open).await?;
        let positions = self.broker.positions().await?;
        let last = self.book.executions.values().map(|fill| fill.at).max();
        let after = last.unwrap_or_else(|| now.ny_date().at_hm(0, 0)) - OVERLAP;
        let executions = self.broker.executions(after).await?;
        let positions = positions.into_iter().map(|position| (position.symbol, position)).collect();
        let said = Reported { orders, executions, positions };
        let plan = reconcile::plan(&self.book, &said);
        self.record(&plan.changes, &plan.executions, now)?;
        let mut findings = plan.findings;
        for id in &plan.questions {
            let answer = self.broker.order_by_client_id(id).await?;
            let Some(intent) = self.book.intents.get(id) else { continue };
            let symbol = intent.request.symbol;
            match reconcile::answered(intent, answer.as_ref(), now) {
                Ok(Some(change)) => self.record(&[change], &[], now)?,
                Ok(None) if intent.state.is_unresolved() => {
                    findings.insert((symbol, reconcile::Finding::Unresolved { intent: id.clone() }));
                }
                Ok(None) => {}
                Err(finding) => {
                    findings.insert((symbol, finding));
                }
            }
        }
        self.tell_findings(now, findings)?;
        Ok(said)
    }

    /// A disagreement that lasts for two looks is told; one that a fill explains a moment later is not.
    fn tell_findings(
        &mut self,
        now: Timestamp,
        findings: BTreeSet<(Symbol, reconcile::Finding)>,
    ) -> anyhow::Result<()> {
        let lasting: Vec<_> = findings.intersection(&self.findings).cloned().collect();
        for (symbol, finding) in lasting {
            self.alert(now, &format!("{symbol}/{finding:?}"), &format!("{symbol}: {finding}"))?;
        }
        self.findings = findings;
        Ok(())
    }

    fn record(
        &mut self,
        changes: &[reconcile::Change],
        executions: &[trading::report::Execution],
        now: Timestamp,
    ) -> anyhow::Result<()> {
        self.ledger.record_news(changes, executions, now).context(ExitCode::CannotWrite)?;
        for fill in executions {
            tracing::info!(execution = fill.id, "FILLED {} {} {} at {}", fill.symbol, fill.side, fill.qty, fill.price);
        }
        self.book.count(executions);
        for change in changes {
            tracing::info!(client_order_id = %change.id, "{} {:?} -> {:?}", change.id, change.from, change.to);
            self.book.apply(change);
        }
        Ok(())
    }

    /// Everything the decision looks at: what the reconcile has read, the account, and the market of what matters.
    pub(crate) async fn look(
        &mut self,
        now: Timestamp,
        said: Reported,
        session: Option<Session>,
        authority: Authority,
        kill: Option<Kill>,
    ) -> anyhow::Result<View> {
        let account = self.broker.account().await?;
        let in_session = session.is_some_and(|session| session.open <= now && now < session.close);
        let (mut candles, mut quotes) = (BTreeMap::new(), BTreeMap::new());
        if let Some(session) = session.filter(|_| in_session) {
            candles = self.candles(session, now).await;
            let held = said.positions.keys().copied();
            let wanted: BTreeSet<Symbol> = held.chain(self.close_to_entry(&candles)).collect();
            quotes = self.quotes(wanted).await;
        }
        Ok(View {
            now,
            session,
            authority,
            kill,
            account,
            positions: said.positions,
            working: said.orders,
            findings: self.findings.clone(),
            candidates: self.candidates.clone(),
            candles,
            quotes,
        })
    }

    /// Candles of this session, read again when another ten minutes are complete. Without them nothing confirms, and
    /// positions are managed all the same.
    async fn candles(&mut self, session: Session, now: Timestamp) -> BTreeMap<Symbol, Vec<Candle>> {
        let length = i64::from(CANDLE_MINUTES) * 60;
        let complete = now.since(session.open).num_seconds() / length;
        let until = session.open + TimeDelta::seconds(complete * length);
        let symbols: Vec<Symbol> = self
            .candidates
            .iter()
            .map(|candidate| candidate.symbol)
            .filter(|symbol| !self.book.is_consumed(now.ny_date(), *symbol))
            .collect();
        if self.candles.0 != Some(until) && complete > 0 && !symbols.is_empty() {
            match self.broker.candles(&symbols, CANDLE_MINUTES, session.open, until).await {
                Ok(candles) => self.candles = (Some(until), candles),
                Err(error) => tracing::warn!("no candles this cycle: {error}"),
            }
        }
        if self.candles.0.is_some_and(|until| until >= session.open) { self.candles.1.clone() } else { BTreeMap::new() }
    }

    /// Candidates that confirmed: only their quotes are worth reading.
    fn close_to_entry<'a>(&'a self, candles: &'a BTreeMap<Symbol, Vec<Candle>>) -> impl Iterator<Item = Symbol> + 'a {
        self.candidates.iter().filter_map(|candidate| {
            let candles = candles.get(&candidate.symbol)?;
            confirm::break_and_hold(candles, candidate.entry_level).map(|_| candidate.symbol)
        })
    }

    async fn quotes(&self, symbols: BTreeSet<Symbol>) -> BTreeMap<Symbol, Quote> {
        if symbols.is_empty() {
            return BTreeMap::new();
        }
        let symbols: Vec<Symbol> = symbols.into_iter().collect();
        self.broker.quotes(&symbols).await.unwrap_or_else(|error| {
            tracing::warn!("no quotes this cycle: {error}");
            BTreeMap::new()
        })
    }
}
