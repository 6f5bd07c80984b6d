//! Prices as they come to be: the paths of the sessions' bars, and what is done by hand on top of them.
//!
//! Answers are about an instant the caller gives; nothing of the future leaks. A symbol whose bar makes no path does not
//! trade on that day; one that is halted does not trade until it is resumed. After a split by hand the rest of the path
//! is in the new terms. Paths are made when first asked for, and the oldest dropped beyond [`PATHS_MAX`].

mod bars;
mod by_hand;
mod terms;

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use market::{NyDate, Price, Session, Symbol, TimeDelta, Timestamp};

pub use bars::Bar;
pub(crate) use bars::Minutes;
use by_hand::ByHand;
pub use by_hand::{HALTS_MAX, PRINTS_MAX, SPLITS_MAX};
pub(crate) use by_hand::{Split, StatusChange};
pub(crate) use terms::Adjustment;

use crate::{
    path::{self, Path, Spread},
    traded::{AssetTraits, Market},
};

/// Paths kept at a time: of a symbol and session each, about 25 kB.
pub const PATHS_MAX: usize = 2_000;
/// Ids of a session's trades are apart by that.
const IDS_A_SESSION: u64 = 100_000;
/// Ids of trades by hand begin above that.
const IDS_BY_HAND: u64 = 9_000_000_000;

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

/// A print with what tells it from others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Trade {
    /// The same for ever.
    pub(crate) id: u64,
    /// The number of the act that made it; zero for a tick of the path.
    pub(crate) number: u64,
    pub(crate) print: Print,
}

/// The prices of every symbol and session.
pub struct Tape {
    market: Market,
    seed: u64,
    symbols: BTreeSet<Symbol>,
    usual: AssetTraits,
    /// Paths of the session at that place of the market's days.
    paths: BTreeMap<(usize, Symbol), Option<Path>>,
    by_hand: ByHand,
    midnights: BTreeMap<NyDate, Timestamp>,
}

impl Tape {
    pub(crate) fn new(market: Market, seed: u64) -> Self {
        let symbols = market.days.iter().flat_map(|(_, bars)| bars.keys().copied()).collect();
        Self {
            market,
            seed,
            symbols,
            usual: AssetTraits::default(),
            paths: BTreeMap::new(),
            by_hand: ByHand::default(),
            midnights: BTreeMap::new(),
        }
    }

    /// What is traded.
    #[must_use]
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// Whether a symbol is listed at all.
    #[must_use]
    pub fn is_listed(&self, symbol: Symbol) -> bool {
        self.symbols.contains(&symbol)
    }

    /// Every listed symbol: those with a bar in any session.
    #[must_use]
    pub fn symbols(&self) -> &BTreeSet<Symbol> {
        &self.symbols
    }

    /// What the asset allows.
    #[must_use]
    pub fn traits(&self, symbol: Symbol) -> &AssetTraits {
        self.market.traits.get(&symbol).unwrap_or(&self.usual)
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

    /// The last session that has opened by then and in which a symbol trades.
    pub(crate) fn last_session_of(&self, symbol: Symbol, now: Timestamp) -> Option<Session> {
        let opened = &self.market.days[..=self.day_opened(now)?];
        opened.iter().rev().find(|(_, bars)| bars.contains_key(&symbol)).map(|(session, _)| *session)
    }

    /// How many sessions there are.
    #[must_use]
    pub fn days(&self) -> usize {
        self.market.days.len()
    }

    /// The session at a place.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn session(&self, day: usize) -> Session {
        self.market.days[day].0
    }

    /// The time that belongs to a session: from its midnight, or ever, to the midnight of the next one, or ever.
    pub(crate) fn span(&mut self, day: usize) -> (Timestamp, Timestamp) {
        let from = match day {
            0 => Timestamp::from_unix_nanos(i64::MIN),
            _ => self.midnight(self.session(day).date),
        };
        let next = self.market.days.get(day + 1).map(|(session, _)| session.date);
        let until = next.map_or(Timestamp::from_unix_nanos(i64::MAX), |date| self.midnight(date));
        (from, until)
    }

    /// Places of the sessions to which the time from one instant to another belongs.
    pub(crate) fn days_between(&self, from: Timestamp, to: Timestamp) -> Range<usize> {
        let days = &self.market.days;
        let after = |at: Timestamp| {
            let date = at.ny_date();
            days.partition_point(|(session, _)| session.date <= date)
        };
        after(from).saturating_sub(1)..after(to).max(1).min(days.len())
    }

    /// The first instant of a day of the market.
    pub(crate) fn midnight(&mut self, date: NyDate) -> Timestamp {
        *self.midnights.entry(date).or_insert_with(|| date.at_hm(0, 0))
    }

    /// The path of a symbol in the session at a place, as its bar has it.
    pub fn path(&mut self, day: usize, symbol: Symbol) -> Option<&Path> {
        let key = (day, symbol);
        if !self.paths.contains_key(&key) && self.paths.len() >= PATHS_MAX {
            self.paths.pop_first();
        }
        let (market, seed) = (&self.market, self.seed);
        let make = || {
            let (session, bars) = market.days.get(day)?;
            Path::new(seed, symbol, bars.get(&symbol)?, path::ticks_in(session)).ok()
        };
        self.paths.entry(key).or_insert_with(make).as_ref()
    }

    /// The tick of a session's path that is the latest at an instant.
    #[must_use]
    pub fn tick_at(&self, day: usize, now: Timestamp) -> Option<usize> {
        let session = self.session(day);
        let elapsed = now.since(session.open).num_seconds();
        let index = usize::try_from(elapsed.div_euclid(path::TICK_SECONDS)).ok()?;
        Some(index.min(path::ticks_in(&session).checked_sub(1)?))
    }

    /// The print of a path's tick; `None` while the symbol is halted.
    pub fn tick(&mut self, day: usize, index: usize, symbol: Symbol) -> Option<Print> {
        let at = path::tick_at(&self.session(day), index);
        if self.by_hand.halted_since(symbol, at).is_some() {
            return None;
        }
        let path = self.path(day, symbol)?;
        let tick = path.ticks().get(index)?;
        let print = Print { at, price: tick.price, volume: tick.volume, spread: path.spread(index) };
        Some(self.in_terms_of_the_path(symbol, print))
    }

    /// The latest print of a symbol by then: a tick of a path, or one by hand that is not older. Before the first session
    /// opens there is none.
    pub fn latest(&mut self, symbol: Symbol, now: Timestamp) -> Option<Print> {
        self.latest_trade(symbol, now).map(|trade| trade.print)
    }

    /// The latest trade, in the terms of now.
    pub(crate) fn latest_trade(&mut self, symbol: Symbol, now: Timestamp) -> Option<Trade> {
        let from_path = self.latest_of_path(symbol, now);
        let by_hand = self.by_hand.prints(symbol).rev().find(|(_, print)| print.at <= now).map(trade_by_hand);
        let latest = match (from_path, by_hand) {
            (Some(path), Some(hand)) if hand.print.at >= path.print.at => hand,
            (Some(trade), _) | (None, Some(trade)) => trade,
            (None, None) => return None,
        };
        Some(self.in_terms_of(symbol, latest, now))
    }

    fn latest_of_path(&mut self, symbol: Symbol, now: Timestamp) -> Option<Trade> {
        let opened = self.day_opened(now)?;
        for day in (0..=opened).rev() {
            if !self.market.days[day].1.contains_key(&symbol) {
                continue;
            }
            let mut index = self.tick_at(day, now)?;
            if let Some(since) = self.by_hand.halted_since(symbol, path::tick_at(&self.session(day), index)) {
                let Some(before) = self.tick_at(day, since) else { continue };
                index = before;
            }
            if let Some(print) = self.tick(day, index, symbol) {
                return Some(trade_of_path(day, index, print));
            }
        }
        None
    }

    /// The latest price: of the latest print, or else the close before the first session.
    pub fn last_price(&mut self, symbol: Symbol, now: Timestamp) -> Option<Price> {
        self.latest(symbol, now).map(|print| print.price).or_else(|| self.close_before(symbol, now))
    }

    /// Every trade of a symbol in the time of a session, from one instant up to before another, in order.
    pub(crate) fn trades(&mut self, day: usize, symbol: Symbol, from: Timestamp, until: Timestamp) -> Vec<Trade> {
        let (first, end) = self.span(day);
        let (from, until) = (from.max(first), until.min(end));
        if from >= until {
            return Vec::new();
        }
        let mut trades = self.ticks_between(day, symbol, from, until);
        let by_hand = self.by_hand.prints(symbol).filter(|(_, print)| from <= print.at && print.at < until);
        let of_path = trades.len();
        trades.extend(by_hand.map(trade_by_hand));
        if of_path > 0 && trades.len() > of_path {
            trades.sort_by_key(|trade| (trade.print.at, trade.number));
        }
        trades
    }

    fn ticks_between(&mut self, day: usize, symbol: Symbol, from: Timestamp, until: Timestamp) -> Vec<Trade> {
        let session = self.session(day);
        let place = |at: Timestamp| {
            // The first tick that is not before the instant.
            let nanos = at.unix_nanos().saturating_sub(session.open.unix_nanos()).max(0);
            let index = nanos.saturating_add(TICK_NANOS - 1) / TICK_NANOS;
            usize::try_from(index).unwrap_or(usize::MAX).min(path::ticks_in(&session))
        };
        let (first, end) = (place(from), place(until));
        if first >= end || !self.market.days[day].1.contains_key(&symbol) {
            return Vec::new();
        }
        self.path(day, symbol);
        let Some(Some(path)) = self.paths.get(&(day, symbol)) else { return Vec::new() };
        let print = |index: usize| {
            let tick = path.ticks()[index];
            Print {
                at: path::tick_at(&session, index),
                price: tick.price,
                volume: tick.volume,
                spread: path.spread(index),
            }
        };
        (first..end)
            .map(|index| trade_of_path(day, index, print(index)))
            .filter(|trade| self.by_hand.halted_since(symbol, trade.print.at).is_none())
            .map(|trade| Trade { print: self.in_terms_of_the_path(symbol, trade.print), ..trade })
            .collect()
    }

    /// Lays a print over the path.
    pub fn print(&mut self, symbol: Symbol, print: Print) {
        self.by_hand.print(symbol, print);
    }

    /// Stops or resumes the trading of a symbol; whether that changed anything.
    pub fn halt(&mut self, symbol: Symbol, at: Timestamp, halted: bool) -> bool {
        self.by_hand.halt(symbol, at, halted)
    }

    /// Whether a symbol is halted now.
    #[must_use]
    pub fn is_halted(&self, symbol: Symbol) -> bool {
        self.by_hand.is_halted(symbol)
    }

    /// The number of the latest act by hand.
    pub(crate) fn latest_act(&self) -> u64 {
        self.by_hand.latest_number()
    }

    /// Halts and resumptions of a symbol after an act.
    pub(crate) fn status_changes(&self, symbol: Symbol, after: u64) -> Vec<StatusChange> {
        self.by_hand.status_changes(symbol, after).collect()
    }

    /// From now on a symbol trades at `old / new` of the prices it would have; whether there was room for it among
    /// [`SPLITS_MAX`]. Both numbers are more than zero.
    pub fn split(&mut self, symbol: Symbol, at: Timestamp, new: u32, old: u32) -> bool {
        self.by_hand.split(symbol, at, new, old)
    }

    /// Splits by hand, oldest first.
    pub(crate) fn splits_by_hand(&self) -> &[Split] {
        self.by_hand.splits()
    }
}

const TICK_NANOS: i64 = path::TICK_SECONDS * 1_000_000_000;

fn trade_of_path(day: usize, index: usize, print: Print) -> Trade {
    let id = (day as u64 + 1) * IDS_A_SESSION + index as u64 + 1;
    Trade { id, number: 0, print }
}

fn trade_by_hand((number, print): (u64, Print)) -> Trade {
    Trade { id: IDS_BY_HAND + number, number, print }
}

/// The shortest time there is: turns an inclusive end into an exclusive one.
pub(crate) fn just_after(at: Timestamp) -> Timestamp {
    at + TimeDelta::nanoseconds(1)
}

/// The other way round.
pub(crate) fn just_before(at: Timestamp) -> Timestamp {
    at - TimeDelta::nanoseconds(1)
}
