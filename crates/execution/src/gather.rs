//! Looking: what the broker has, and what the market does.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use broker::{Broker, OrderFilter, Positions};
use market::{Candle, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    confirm::{self, CANDLE_MINUTES},
    engine::Market,
    order::{OrderKind, Side},
    phase,
    reconcile::{self, Finding, Reported},
    report::{Execution, MarketClock},
};

use crate::engine::Engine;

/// A fill can be told days after it happened; so far back the executions are read once a day.
const LATE_FILLS: TimeDelta = TimeDelta::days(7);

/// What protection takes into account when it comes in time.
pub(crate) struct Aside {
    /// The broker's clock, and when ours was read before and after it.
    pub clock: Result<(Timestamp, MarketClock, Timestamp), String>,
    /// The broker's calendar entry of today.
    pub listed: Result<Option<Session>, String>,
    /// Quotes of positions without a stop: whether the market is through it already.
    pub quotes: BTreeMap<Symbol, Quote>,
}

impl<B: Broker> Engine<B> {
    /// What the broker has.
    pub(crate) async fn look(&mut self, now: Timestamp) -> anyhow::Result<Reported> {
        // Orders before positions: a fill between the two shows as a position with an order that still seems to work,
        // which makes the next look come soon.
        let orders = self.beating(self.broker.orders(OrderFilter::Open)).await?.listed;
        let Positions { held, unreadable } = self.beating(self.broker.positions()).await?;
        self.memory.unreadable = unreadable;
        let executions = self.executions(now).await;
        let executions_unread = executions.is_none();
        let positions = held.into_iter().map(|position| (position.symbol, position)).collect();
        let executions = executions.unwrap_or_default();
        Ok(Reported { orders, executions, positions, splits: Vec::new(), executions_unread })
    }

    /// Executions since before the last known one; from days back at the first look of a day and while a position is not
    /// what they make it. `None` when they could not be read: protection needs none of them.
    async fn executions(&mut self, now: Timestamp) -> Option<Vec<Execution>> {
        let date = now.ny_date();
        let differs = |(_, finding): &(Symbol, Finding)| matches!(finding, Finding::QuantityMismatch { .. });
        let reads_back = self.memory.read_back_on != Some(date) || self.core.findings().iter().any(differs);
        let news = reconcile::executions_from(self.core.book(), now);
        let after = if reads_back { news.min(now - LATE_FILLS) } else { news };
        // A first read, over months, may need more than the others ever do: it gets more with each look.
        let is_first = self.core.book().last_fill().is_none();
        let tries = if is_first { self.memory.unread_looks.min(4) } else { 0 };
        let limit = self.patience.executions * 2_u32.pow(tries);
        match self.within(limit, self.broker.executions(after)).await {
            Ok(executions) => {
                self.memory.read_back_on = Some(date);
                self.memory.unread_looks = 0;
                Some(executions)
            }
            Err(why) => {
                self.memory.unread_looks = self.memory.unread_looks.saturating_add(1);
                tracing::warn!("no executions this cycle, soon nothing is opened: {why}");
                None
            }
        }
    }

    /// Clock, calendar and quotes, all at once and not for long.
    pub(crate) async fn aside(&mut self, said: &Reported, now: Timestamp) -> Aside {
        let (date, limit) = (now.ny_date(), self.patience.aside);
        let known = self.listed_session.filter(|(of, _)| *of == date).map(|(_, session)| session);
        let clock = async {
            let before = self.now().map_err(|error| error.to_string())?;
            let clock = self.within(limit, self.broker.clock()).await?;
            let after = self.now().map_err(|error| error.to_string())?;
            Ok((before, clock, after))
        };
        let listed = async {
            if let Some(session) = known {
                return Ok(session);
            }
            let days = self.within(limit, self.broker.calendar(date, date)).await?;
            Ok(days.into_iter().find(|session| session.date == date))
        };
        let (clock, listed, quotes) = tokio::join!(clock, listed, self.quotes(self.bare(said, now), limit));
        self.listed_session = listed.as_ref().ok().map(|session| (date, *session));
        Aside { clock, listed, quotes }
    }

    /// Positions without a stop, while the market is open by our calendar.
    fn bare(&self, said: &Reported, now: Timestamp) -> BTreeSet<Symbol> {
        let session = self.calendar.session_on(now.ny_date()).ok().flatten();
        if !phase::is_open(session.as_ref(), now) {
            return BTreeSet::new();
        }
        let has_stop = |symbol: &Symbol| {
            said.orders.iter().any(|order| {
                order.symbol == *symbol
                    && order.side == Side::Sell
                    && matches!(order.kind, Some(OrderKind::Stop { .. }))
            })
        };
        said.positions.keys().copied().filter(|symbol| !has_stop(symbol)).collect()
    }

    /// The market, for what is held and, when entries may be made, for what may be opened.
    pub(crate) async fn market(&mut self, session: Session, now: Timestamp) -> Market {
        let in_window = phase::in_entry_window(&session, now, self.config.limits.entry_delay);
        let candidates = if in_window { self.list.candidates.clone() } else { Vec::new() };
        let held: BTreeSet<Symbol> =
            self.core.view().map(|view| view.positions.keys().copied().collect()).unwrap_or_default();
        let account = match self.within(self.patience.market, self.broker.account()).await {
            Ok(account) => Some(account),
            Err(why) => {
                tracing::warn!("no account this cycle: {why}");
                None
            }
        };
        let candles = self.candles(session, now, &held).await;
        let confirmed = candidates.iter().filter(|candidate| {
            let candles = candles.get(&candidate.symbol);
            candles.is_some_and(|candles| confirm::break_and_hold(candles, candidate.entry_level).is_some())
        });
        let confirmed: Vec<Symbol> = confirmed.map(|candidate| candidate.symbol).collect();
        if let Err(why) = self.within(self.patience.market, self.broker.learn_assets(&confirmed)).await {
            tracing::warn!("what was not learned is not opened this cycle: {why}");
        }
        let wanted = confirmed.into_iter().chain(held).collect();
        let quotes = self.quotes(wanted, self.patience.market).await;
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
            let read = self.broker.candles(&list, CANDLE_MINUTES, session.open, until);
            match self.within(self.patience.market, read).await {
                Ok(candles) => self.candles = Candles { until: Some(until), symbols, by_symbol: candles },
                Err(why) => tracing::warn!("no candles this cycle: {why}"),
            }
        }
        let of_today = self.candles.until.is_some_and(|until| until >= session.open);
        if of_today { self.candles.by_symbol.clone() } else { BTreeMap::new() }
    }

    async fn quotes(&self, symbols: BTreeSet<Symbol>, limit: Duration) -> BTreeMap<Symbol, Quote> {
        if symbols.is_empty() {
            return BTreeMap::new();
        }
        let symbols: Vec<Symbol> = symbols.into_iter().collect();
        self.within(limit, self.broker.quotes(&symbols)).await.unwrap_or_else(|why| {
            tracing::warn!("no quotes this cycle: {why}");
            BTreeMap::new()
        })
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
