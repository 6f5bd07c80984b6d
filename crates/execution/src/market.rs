//! What the market does: for what is held, and, when entries may be made, for what may be opened.
//!
//! The two are asked for apart and at once: nothing that only an opening needs, a slow account or a symbol the data host
//! does not know, keeps candles and quotes from what is held.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use broker::{Broker, Opens};
use contract::ExitCode;
use market::{Candle, NyDate, Quote, Session, Symbol, TimeDelta, Timestamp};
use trading::{
    confirm::{self, CANDLE_MINUTES},
    decide::Candidate,
    engine::Market,
    order::Purpose,
    phase,
    record::Record,
    refusal::{Reason, Refusal},
};

use crate::engine::Engine;

/// The market, read and not yet believed.
pub(crate) struct MarketRead {
    market: Market,
    candles: Memorized,
    /// Confirmed candidates the broker does not open, or has not spoken of, and why.
    closed: Vec<(Symbol, Opens)>,
}

/// What is read for candidates that are not held.
struct Watched {
    candles: Candles,
    quotes: BTreeMap<Symbol, Quote>,
    closed: Vec<(Symbol, Opens)>,
}

impl<B: Broker> Engine<B> {
    /// Reads it. A failure leaves its own part out.
    pub(crate) async fn market(&self, session: Session, now: Timestamp) -> MarketRead {
        let limit = self.patience.market;
        let held: BTreeSet<Symbol> =
            self.core.view().map(|view| view.positions.keys().copied().collect()).unwrap_or_default();
        let of_held = async {
            let candles = self.candles(&self.candles.held, held.clone(), session, now);
            tokio::join!(candles, self.quotes(held.clone(), limit))
        };
        let account = self.within(limit, self.broker.account());
        let (account, (of_held, mut quotes), watched) =
            tokio::join!(account, of_held, self.watched(&held, session, now));
        let account = account.inspect_err(|why| tracing::warn!("no account this cycle: {why}")).ok();
        let Watched { candles: of_watched, quotes: more, closed } = watched;
        quotes.extend(more);
        let candles = of_held.of(&session).chain(of_watched.of(&session));
        let candles = candles.map(|(symbol, candles)| (*symbol, candles.clone())).collect();
        let is_closed = |candidate: &Candidate| closed.iter().any(|(symbol, _)| *symbol == candidate.symbol);
        let mut candidates = self.candidates(&session, now);
        candidates.retain(|candidate| !is_closed(candidate));
        let market = Market { account, candidates, candles, quotes };
        MarketRead { market, candles: Memorized { held: of_held, watched: of_watched }, closed }
    }

    /// Remembers what was read, and says of each symbol once a day that it is not opened.
    pub(crate) fn take_in_market(&mut self, read: MarketRead, now: Timestamp) -> anyhow::Result<Market> {
        let MarketRead { market, candles, closed } = read;
        self.candles = candles;
        let date = now.ny_date();
        self.memory.closed.retain(|(told_on, ..)| *told_on == date);
        for (symbol, opens) in closed {
            let (is_known, detail) = match opens {
                Opens::Yes => continue,
                Opens::No(why) => (true, why),
                Opens::NotKnown => (false, "the broker has not said whether it trades the symbol".to_owned()),
            };
            if self.memory.closed.insert((date, symbol, is_known)) {
                let (purpose, reason) = (Purpose::Open, Reason::SymbolBlocked);
                let record = Record::Refusal(Refusal { at: now, symbol, purpose, reason, detail });
                self.ledger.record(now, std::slice::from_ref(&record)).context(ExitCode::CannotWrite)?;
                self.say(&record);
            }
        }
        Ok(market)
    }

    /// The list, while entries may be made.
    fn candidates(&self, session: &Session, now: Timestamp) -> Vec<Candidate> {
        let in_window = phase::in_entry_window(session, now, self.config.limits.entry_delay);
        if in_window { self.list.candidates.clone() } else { Vec::new() }
    }

    async fn watched(&self, held: &BTreeSet<Symbol>, session: Session, now: Timestamp) -> Watched {
        let (date, limit) = (now.ny_date(), self.patience.market);
        let listed = self.list.candidates.iter().map(|candidate| candidate.symbol);
        let may_open = |symbol: &Symbol| !held.contains(symbol) && !self.core.book().is_consumed(date, *symbol);
        let symbols: BTreeSet<Symbol> = listed.filter(may_open).collect();
        let candles = self.candles(&self.candles.watched, symbols.clone(), session, now).await;
        let by_symbol: BTreeMap<_, _> = candles.of(&session).collect();
        let candidates = self.candidates(&session, now);
        let confirmed = candidates.iter().filter(|candidate| {
            let candles = by_symbol.get(&candidate.symbol).filter(|_| symbols.contains(&candidate.symbol));
            candles.is_some_and(|candles| confirm::break_and_hold(candles, candidate.entry_level).is_some())
        });
        let confirmed: Vec<Symbol> = confirmed.map(|candidate| candidate.symbol).collect();
        let closed = self.closed(&confirmed, date).await;
        let is_open = |symbol: &Symbol| closed.iter().all(|(of, _)| of != symbol);
        let quotes = self.quotes(confirmed.into_iter().filter(is_open).collect(), limit).await;
        Watched { candles, quotes, closed }
    }

    /// Symbols of these that the broker does not open, or has not spoken of. Learned here, long before a send: between the
    /// last look at the kill switch and an order nothing is read.
    async fn closed(&self, symbols: &[Symbol], date: NyDate) -> Vec<(Symbol, Opens)> {
        if symbols.is_empty() {
            return Vec::new();
        }
        if let Err(why) = self.within(self.patience.market, self.broker.learn_assets(symbols)).await {
            tracing::warn!("not every candidate's asset is known this cycle: {why}");
        }
        let opens = |symbol: Symbol| self.doubts.of(symbol, date).map_or_else(|| self.broker.opens(symbol), Opens::No);
        let opens = symbols.iter().map(|symbol| (*symbol, opens(*symbol)));
        opens.filter(|(_, opens)| *opens != Opens::Yes).collect()
    }

    /// Candles of today's session as far as they are known after another read, when one can bring more. Without them nothing
    /// confirms, and positions are managed all the same.
    async fn candles(&self, known: &Candles, symbols: BTreeSet<Symbol>, session: Session, now: Timestamp) -> Candles {
        let length = i64::from(CANDLE_MINUTES) * 60;
        let complete = now.since(session.open).num_seconds() / length;
        let until = session.open + TimeDelta::seconds(complete * length);
        let still_due = now.since(until) <= self.config.limits.bar_age;
        if complete > 0 && !symbols.is_empty() && known.lack(until, &symbols, still_due) {
            let list: Vec<Symbol> = symbols.iter().copied().collect();
            let read = self.broker.candles(&list, CANDLE_MINUTES, session.open, until);
            match self.within(self.patience.market, read).await {
                Ok(by_symbol) => return Candles { until: Some(until), symbols, by_symbol },
                Err(why) => tracing::warn!("no candles this cycle: {why}"),
            }
        }
        known.clone()
    }
}

/// Candles as they were last read.
#[derive(Debug, Default)]
pub(crate) struct Memorized {
    /// Of what is held.
    held: Candles,
    /// Of candidates that are not.
    watched: Candles,
}

/// Ten-minute candles as they were last read.
#[derive(Clone, Debug, Default)]
struct Candles {
    /// The instant up to which they are complete.
    until: Option<Timestamp>,
    /// The symbols asked for.
    symbols: BTreeSet<Symbol>,
    by_symbol: BTreeMap<Symbol, Vec<Candle>>,
}

impl Candles {
    /// By symbol, when they are of a session.
    fn of(&self, session: &Session) -> impl Iterator<Item = (&Symbol, &Vec<Candle>)> {
        let of_session = self.until.is_some_and(|until| until >= session.open);
        self.by_symbol.iter().filter(move |_| of_session)
    }

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
