//! Prices as they come to be: the paths of the sessions' bars, and prints laid over them by hand.
//!
//! Answers are about an instant the caller gives; nothing of the future leaks. A symbol whose bar makes no path does not
//! trade on that day.

use std::collections::BTreeMap;

use market::{Price, Session, Symbol, Timestamp};

use crate::{
    path::{self, Path, Spread},
    traded::Market,
};

/// A trade and the quote round it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Print {
    /// When.
    pub at: Timestamp,
    /// Its price.
    pub price: Price,
    /// Shares.
    pub volume: u64,
    /// The quote.
    pub spread: Spread,
}

/// The prices of every symbol and session.
pub struct Tape {
    market: Market,
    seed: u64,
    /// Paths of the session at that place of the market's days, made when first asked for.
    paths: BTreeMap<(usize, Symbol), Option<Path>>,
    /// Prints by hand, each the latest of its symbol.
    by_hand: BTreeMap<Symbol, Print>,
}

impl Tape {
    pub(crate) fn new(market: Market, seed: u64) -> Self {
        Self { market, seed, paths: BTreeMap::new(), by_hand: BTreeMap::new() }
    }

    /// What is traded.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Whether a symbol is listed at all.
    #[must_use]
    pub fn is_listed(&self, symbol: Symbol) -> bool {
        self.market.days.iter().any(|(_, bars)| bars.contains_key(&symbol))
    }

    /// The place of the session of an instant's day: the one under way, over, or yet to open on that day.
    #[must_use]
    pub fn day_of(&self, now: Timestamp) -> Option<usize> {
        let date = now.ny_date();
        self.market.days.binary_search_by_key(&date, |(session, _)| session.date).ok()
    }

    /// The place of the last session that has opened by then.
    #[must_use]
    pub fn day_opened(&self, now: Timestamp) -> Option<usize> {
        self.market.days.partition_point(|(session, _)| session.open <= now).checked_sub(1)
    }

    /// The session at a place.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn session(&self, day: usize) -> Session {
        self.market.days[day].0
    }

    /// The path of a symbol in the session at a place.
    pub fn path(&mut self, day: usize, symbol: Symbol) -> Option<&Path> {
        let (market, seed) = (&self.market, self.seed);
        let make = || {
            let (session, bars) = market.days.get(day)?;
            Path::new(seed, symbol, bars.get(&symbol)?, path::ticks_in(session)).ok()
        };
        self.paths.entry((day, symbol)).or_insert_with(make).as_ref()
    }

    /// The tick of a session's path that is the latest at an instant.
    #[must_use]
    pub fn tick_at(&self, day: usize, now: Timestamp) -> Option<usize> {
        let session = self.session(day);
        let elapsed = now.since(session.open).num_seconds();
        let index = usize::try_from(elapsed.div_euclid(path::TICK_SECONDS)).ok()?;
        Some(index.min(path::ticks_in(&session).checked_sub(1)?))
    }

    /// The print of a path's tick.
    pub fn tick(&mut self, day: usize, index: usize, symbol: Symbol) -> Option<Print> {
        let at = path::tick_at(&self.session(day), index);
        let path = self.path(day, symbol)?;
        let tick = path.ticks().get(index)?;
        Some(Print { at, price: tick.price, volume: tick.volume, spread: path.spread(index) })
    }

    /// The latest print of a symbol by then: a tick of the path, or one by hand that is not older. Before the first
    /// session opens there is none.
    pub fn latest(&mut self, symbol: Symbol, now: Timestamp) -> Option<Print> {
        let from_path = self.day_opened(now).and_then(|day| self.tick_at(day, now).map(|index| (day, index)));
        let from_path = from_path.and_then(|(day, index)| self.tick(day, index, symbol));
        let by_hand = self.by_hand.get(&symbol).copied().filter(|print| print.at <= now);
        match (from_path, by_hand) {
            (Some(path), Some(hand)) if hand.at >= path.at => Some(hand),
            (Some(path), _) => Some(path),
            (None, hand) => hand,
        }
    }

    /// The latest price: of the latest print, or else the close before the first session.
    pub fn last_price(&mut self, symbol: Symbol, now: Timestamp) -> Option<Price> {
        self.latest(symbol, now).map(|print| print.price).or_else(|| self.close_before(symbol, now))
    }

    /// The close of the last daily bar before an instant's day.
    #[must_use]
    pub fn close_before(&self, symbol: Symbol, now: Timestamp) -> Option<Price> {
        let date = now.ny_date();
        let traded = self.market.days.iter().rev().filter(|(session, _)| session.date < date);
        let traded = traded.filter_map(|(_, bars)| bars.get(&symbol)).next();
        let before = || self.market.history.get(&symbol)?.iter().rev().find(|bar| bar.date < date);
        Price::from_f64_rounded(traded.or_else(before)?.close).ok()
    }

    /// Lays a print over the path.
    pub fn print(&mut self, symbol: Symbol, print: Print) {
        self.by_hand.insert(symbol, print);
    }
}
