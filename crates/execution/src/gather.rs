//! Looking: what the broker has, brought into agreement with the book, and what the market does.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use broker::{Broker, OrderFilter};
use contract::ExitCode;
use market::{Candle, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    confirm::{self, CANDLE_MINUTES},
    control::Authority,
    decide::View,
    order::{ClientOrderId, OrderKind, Side},
    phase,
    reconcile::{self, Change, Finding, Reported},
    report::{Execution, OrderReport},
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
        let mut said = Reported { orders, executions, positions };
        let plan = reconcile::plan(&self.book, &said);
        self.record(&plan.changes, &plan.executions, now)?;
        let mut findings = plan.findings;
        for id in &plan.questions {
            let answer = self.ask(id, now, &mut findings).await?;
            // Alive but not in the list: it counts as if it were.
            said.orders.extend(answer.filter(|order| !order.status.is_final()));
        }
        self.tell_findings(now, findings)?;
        Ok(said)
    }

    /// Asks about one intent. A question without an answer is a finding, not a failed cycle: one order the broker cannot
    /// speak of must not keep it from speaking of the others.
    async fn ask(
        &mut self,
        id: &ClientOrderId,
        now: Timestamp,
        findings: &mut BTreeSet<(Symbol, Finding)>,
    ) -> anyhow::Result<Option<OrderReport>> {
        let answer = self.broker.order_by_client_id(id).await;
        self.supervisor.alive();
        let Some(intent) = self.book.intents.get(id) else { return Ok(None) };
        let symbol = intent.request.symbol;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!("no answer about {id}: {error}");
                findings.insert((symbol, Finding::Unresolved { intent: id.clone() }));
                return Ok(None);
            }
        };
        match reconcile::answered(intent, answer.as_ref(), now) {
            Ok(Some(change)) => self.record(&[change], &[], now)?,
            Ok(None) if intent.state.is_unresolved() => {
                findings.insert((symbol, Finding::Unresolved { intent: id.clone() }));
            }
            Ok(None) => {}
            Err(finding) => {
                findings.insert((symbol, finding));
            }
        }
        Ok(answer)
    }

    /// A disagreement that lasts for two looks is told; one that a fill explains a moment later is not.
    fn tell_findings(&mut self, now: Timestamp, findings: BTreeSet<(Symbol, Finding)>) -> anyhow::Result<()> {
        let lasting: Vec<_> = findings.intersection(&self.memory.findings).cloned().collect();
        for (symbol, finding) in lasting {
            self.alert(now, &format!("{symbol}/{finding:?}"), &format!("{symbol}: {finding}"))?;
        }
        self.memory.findings = findings;
        Ok(())
    }

    fn record(&mut self, changes: &[Change], executions: &[Execution], now: Timestamp) -> anyhow::Result<()> {
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

    /// What protection looks at.
    pub(crate) fn view(&self, now: Timestamp, session: Option<Session>, authority: Authority, said: Reported) -> View {
        View {
            now,
            session,
            authority,
            kill: self.kill_level(),
            positions: said.positions,
            working: said.orders,
            findings: self.memory.findings.clone(),
            misfits_before: self.memory.misfits.clone(),
            quotes: BTreeMap::new(),
            account: None,
            candidates: self.list.candidates.clone(),
            candles: BTreeMap::new(),
        }
    }

    /// Quotes of positions without a stop: whether the market is through it already.
    pub(crate) async fn quote_the_bare(&mut self, view: &mut View) {
        let has_stop = |symbol: &Symbol| {
            view.working.iter().any(|order| {
                order.symbol == *symbol
                    && order.side == Side::Sell
                    && matches!(order.kind, Some(OrderKind::Stop { .. }))
            })
        };
        let bare: BTreeSet<Symbol> = view.positions.keys().copied().filter(|symbol| !has_stop(symbol)).collect();
        if phase::is_open(view.session.as_ref(), view.now) && !bare.is_empty() {
            view.quotes = self.quotes(bare).await;
            self.supervisor.alive();
        }
    }

    /// What opening looks at, beyond that: the account, candles, and quotes of what confirmed.
    pub(crate) async fn look_at_market(&mut self, view: &mut View) {
        let Some(session) = view.session else { return };
        view.account = match self.broker.account().await {
            Ok(account) => Some(account),
            Err(error) => {
                tracing::warn!("no account this cycle: {error}");
                None
            }
        };
        view.candles = self.candles(session, view.now).await;
        self.supervisor.alive();
        let confirmed: BTreeSet<Symbol> = self.confirmed(&view.candles).collect();
        view.quotes = self.quotes(confirmed).await;
        // Quotes are as of now, and so is the decision that uses them.
        view.now = self.now().unwrap_or(view.now);
    }

    /// Candles of today's session, read again when another ten minutes are complete. Without them nothing confirms, and
    /// positions are managed all the same.
    async fn candles(&mut self, session: Session, now: Timestamp) -> BTreeMap<Symbol, Vec<Candle>> {
        let length = i64::from(CANDLE_MINUTES) * 60;
        let complete = now.since(session.open).num_seconds() / length;
        let until = session.open + TimeDelta::seconds(complete * length);
        let symbols: Vec<Symbol> = self
            .list
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
    fn confirmed<'a>(&'a self, candles: &'a BTreeMap<Symbol, Vec<Candle>>) -> impl Iterator<Item = Symbol> + 'a {
        self.list.candidates.iter().filter_map(|candidate| {
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
