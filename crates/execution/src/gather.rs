//! Looking: what the broker has, and what the market does.

use std::collections::{BTreeMap, BTreeSet};

use broker::{Broker, OrderFilter};
use market::{Candle, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    confirm::{self, CANDLE_MINUTES},
    engine::Market,
    order::{OrderKind, Side},
    phase,
    reconcile::{self, Reported},
};

use crate::engine::Engine;

impl<B: Broker> Engine<B> {
    /// What the broker has.
    pub(crate) async fn look(&mut self, now: Timestamp) -> anyhow::Result<Reported> {
        // Orders before positions: a fill between the two shows as a position with an order that still seems to work,
        // which makes the next look come soon.
        let orders = self.broker.orders(OrderFilter::Open).await?;
        let positions = self.broker.positions().await?.whole()?;
        let after = reconcile::executions_from(self.core.book(), now);
        let executions = self.broker.executions(after).await?;
        let positions = positions.into_iter().map(|position| (position.symbol, position)).collect();
        Ok(Reported { orders, executions, positions, splits: Vec::new() })
    }

    /// Quotes of positions without a stop: whether the market is through it already.
    pub(crate) async fn quotes_of_the_bare(
        &mut self,
        said: &Reported,
        session: Option<Session>,
        now: Timestamp,
    ) -> BTreeMap<Symbol, Quote> {
        let has_stop = |symbol: &Symbol| {
            said.orders.iter().any(|order| {
                order.symbol == *symbol
                    && order.side == Side::Sell
                    && matches!(order.kind, Some(OrderKind::Stop { .. }))
            })
        };
        let bare: BTreeSet<Symbol> = said.positions.keys().copied().filter(|symbol| !has_stop(symbol)).collect();
        if !phase::is_open(session.as_ref(), now) {
            return BTreeMap::new();
        }
        self.quotes(bare).await
    }

    /// The market, for what is held and, when entries may be made, for what may be opened.
    pub(crate) async fn market(&mut self, session: Session, now: Timestamp) -> Market {
        let in_window = phase::in_entry_window(&session, now, self.config.limits.entry_delay);
        let candidates = if in_window { self.list.candidates.clone() } else { Vec::new() };
        let held: BTreeSet<Symbol> =
            self.core.view().map(|view| view.positions.keys().copied().collect()).unwrap_or_default();
        let account = match self.broker.account().await {
            Ok(account) => Some(account),
            Err(error) => {
                tracing::warn!("no account this cycle: {error}");
                None
            }
        };
        self.supervisor.alive();
        let candles = self.candles(session, now, &held).await;
        self.supervisor.alive();
        let confirmed = candidates.iter().filter(|candidate| {
            let candles = candles.get(&candidate.symbol);
            candles.is_some_and(|candles| confirm::break_and_hold(candles, candidate.entry_level).is_some())
        });
        let wanted = confirmed.map(|candidate| candidate.symbol).chain(held).collect();
        let quotes = self.quotes(wanted).await;
        Market { account, candidates, candles, quotes }
    }

    /// Candles of today's session. Without them nothing confirms, and positions are managed all the same.
    async fn candles(
        &mut self,
        session: Session,
        now: Timestamp,
        held: &BTreeSet<Symbol>,
    ) -> BTreeMap<Symbol, Vec<Candle>> {
        let length = i64::from(CANDLE_MINUTES) * 60;
        let complete = now.since(session.open).num_seconds() / length;
        let until = session.open + TimeDelta::seconds(complete * length);
        let date = now.ny_date();
        let candidates = self.list.candidates.iter().map(|candidate| candidate.symbol);
        let open = candidates.filter(|symbol| !self.core.book().is_consumed(date, *symbol));
        let symbols: BTreeSet<Symbol> = open.chain(held.iter().copied()).collect();
        let still_due = now.since(until) <= self.config.limits.bar_age;
        if complete > 0 && !symbols.is_empty() && self.candles.lack(until, &symbols, still_due) {
            let list: Vec<Symbol> = symbols.iter().copied().collect();
            match self.broker.candles(&list, CANDLE_MINUTES, session.open, until).await {
                Ok(candles) => self.candles = Candles { until: Some(until), symbols, by_symbol: candles },
                Err(error) => tracing::warn!("no candles this cycle: {error}"),
            }
        }
        let of_today = self.candles.until.is_some_and(|until| until >= session.open);
        if of_today { self.candles.by_symbol.clone() } else { BTreeMap::new() }
    }

    async fn quotes(&mut self, symbols: BTreeSet<Symbol>) -> BTreeMap<Symbol, Quote> {
        if symbols.is_empty() {
            return BTreeMap::new();
        }
        let symbols: Vec<Symbol> = symbols.into_iter().collect();
        let quotes = self.broker.quotes(&symbols).await.unwrap_or_else(|error| {
            tracing::warn!("no quotes this cycle: {error}");
            BTreeMap::new()
        });
        self.supervisor.alive();
        quotes
    }
}

/// Ten-minute candles as they were last read.
#[derive(Debug, Default)]
pub(crate) struct Candles {
    /// The instant up to which they are complete.
    until: Option<Timestamp>,
    /// The symbols asked for.
    symbols: BTreeSet<Symbol>,
    by_symbol: BTreeMap<Symbol, Vec<Candle>>,
}

impl Candles {
    /// Whether another read can bring more: ten minutes are newly complete, a symbol was not asked for, or, for as long as
    /// it can still be of use, the candle that just ended was not published yet.
    fn lack(&self, until: Timestamp, symbols: &BTreeSet<Symbol>, still_due: bool) -> bool {
        let newest = until - TimeDelta::minutes(i64::from(CANDLE_MINUTES));
        let has_newest = |symbol: &Symbol| {
            let candles = self.by_symbol.get(symbol);
            candles.and_then(|candles| candles.last()).is_some_and(|candle| candle.start >= newest)
        };
        let is_known = self.until == Some(until) && symbols.is_subset(&self.symbols);
        !is_known || still_due && !symbols.iter().all(has_newest)
    }
}

#[cfg(test)]
mod tests {
    use market::{Price, Qty};

    use super::*;

    #[test]
    fn candles_are_read_again_while_the_last_one_may_still_come() {
        let open = "2026-11-20T14:30:00Z".parse::<Timestamp>().unwrap();
        let minutes = |minutes| open + TimeDelta::minutes(minutes);
        let symbol = Symbol::new("A").unwrap();
        let price = Price::from_cents(5_000).unwrap();
        let candle =
            |start| Candle { start, open: price, high: price, low: price, close: price, volume: Qty::shares(1) };
        let read = |until, starts: &[i64]| Candles {
            until,
            symbols: [symbol].into(),
            by_symbol: [(symbol, starts.iter().map(|start| candle(minutes(*start))).collect())].into(),
        };
        let asked = [symbol].into();
        let other = [Symbol::new("B").unwrap()].into();
        // What was read, asked for, still due: another read.
        let table: [(Candles, &BTreeSet<Symbol>, bool, bool); 6] = [
            (read(None, &[]), &asked, false, true),
            (read(Some(minutes(10)), &[0]), &asked, false, true),
            (read(Some(minutes(20)), &[0, 10]), &asked, true, false),
            (read(Some(minutes(20)), &[0]), &asked, true, true),
            (read(Some(minutes(20)), &[0]), &asked, false, false),
            (read(Some(minutes(20)), &[0, 10]), &other, false, true),
        ];
        for (case, (candles, symbols, still_due, expect)) in table.into_iter().enumerate() {
            assert_eq!(candles.lack(minutes(20), symbols, still_due), expect, "case {case}");
        }
    }
}
