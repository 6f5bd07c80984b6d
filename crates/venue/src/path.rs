//! The price path of one symbol through one session: four ticks a minute that agree with the session's daily bar.
//!
//! The first tick is the open, the last the close, high and low are both hit, nothing lies outside, and the volumes add
//! up to the bar's. Between these knots the price is a Brownian bridge folded back into the day's range; volume is
//! U-shaped. Prices lie on the order grid (a cent; 1/10,000 dollar below one dollar), the bar's are rounded to it first.

use market::{BarError, Candle, DailyBar, DecimalError, Price, Qty, Session, Symbol, TimeDelta, Timestamp};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use thiserror::Error;

use crate::seed;

/// Seconds between two ticks.
pub const TICK_SECONDS: i64 = 15;
/// Ticks in a minute.
pub const TICKS_A_MINUTE: usize = 4;
/// The fewest ticks that hold open, high, low and close.
const TICKS_MIN: usize = 4;
/// More shares than any symbol trades in a day; keeps sums inside [`Qty`].
const VOLUME_MAX: f64 = 9e9;
/// A driftless walk ranges about 1.6 times its deviation at the end.
const RANGE_OF_DEVIATION: f64 = 1.6;

/// One trade of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tick {
    /// Its price.
    pub price: Price,
    /// Shares traded at it.
    pub volume: u64,
}

/// Best bid and ask at a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread {
    /// Highest price somebody pays.
    pub bid: Price,
    /// Lowest price somebody sells at.
    pub ask: Price,
}

/// Why a bar makes no path.
#[derive(Debug, Error, PartialEq)]
pub enum PathError {
    /// Not a bar.
    #[error("no path for {symbol}: {source}")]
    Bar {
        /// The symbol.
        symbol: Symbol,
        /// The rule it breaks.
        source: BarError,
    },
    /// A price no order can carry.
    #[error("no path for {symbol}: {source}")]
    Price {
        /// The symbol.
        symbol: Symbol,
        /// The price.
        source: DecimalError,
    },
    /// The session is too short to hold four prices.
    #[error("no path for {symbol}: {ticks} ticks are too few")]
    TooShort {
        /// The symbol.
        symbol: Symbol,
        /// How many the session has.
        ticks: usize,
    },
}

/// Every tick of a symbol's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    ticks: Vec<Tick>,
    low: Price,
    high: Price,
}

/// How many ticks a session has: from the open on, none at the close.
#[must_use]
pub fn ticks_in(session: &Session) -> usize {
    let seconds = session.close.since(session.open).num_seconds();
    usize::try_from(seconds / TICK_SECONDS).unwrap_or(0)
}

/// The instant of a tick.
#[must_use]
pub fn tick_at(session: &Session, index: usize) -> Timestamp {
    session.open + TimeDelta::seconds(TICK_SECONDS * i64::try_from(index).unwrap_or(i64::MAX / TICK_SECONDS))
}

impl Path {
    /// The path of a bar; the same for the same seed, symbol and bar.
    ///
    /// # Errors
    /// When the bar is none, or the session too short.
    pub fn new(seed: u64, symbol: Symbol, bar: &DailyBar, ticks: usize) -> Result<Self, PathError> {
        let [open, high, low, close] = prices_of(symbol, bar, ticks)?;
        let rng = &mut seed::stream(seed, &format!("path {symbol} {}", bar.date));
        let low_first = low_comes_first(rng, open <= close);
        let knots = knots(rng, low_first, [open, high, low, close], ticks);
        let prices = walk(rng, &knots, low, high);
        let volumes = volumes(rng, bar.volume, ticks);
        let ticks = prices.into_iter().zip(volumes).map(|(price, volume)| Tick { price, volume }).collect();
        Ok(Self { ticks, low, high })
    }

    /// Whether a bar makes a path, without making it.
    ///
    /// # Errors
    /// When the bar is none, or the session too short.
    pub fn check(symbol: Symbol, bar: &DailyBar, ticks: usize) -> Result<(), PathError> {
        prices_of(symbol, bar, ticks).map(|_| ())
    }

    /// The ticks, first to last.
    #[must_use]
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Bid and ask around a tick: a cent or two basis points to each side, never outside the day's range.
    ///
    /// # Panics
    /// When there is no such tick.
    #[must_use]
    pub fn spread(&self, index: usize) -> Spread {
        let last = self.ticks[index].price;
        let half = (last.units() / 5_000 / last.tick() * last.tick()).max(last.tick());
        let bid = Price::from_units(last.units() - half).map_or(self.low, Price::floor_to_tick);
        let ask = Price::from_units(last.units() + half).map_or(self.high, Price::ceil_to_tick);
        Spread { bid: bid.max(self.low), ask: ask.min(self.high) }
    }

    /// Candles of so many minutes that are complete after `ticks_done` ticks. Minutes without a trade have no candle.
    #[must_use]
    pub fn candles(&self, session: &Session, minutes: usize, ticks_done: usize) -> Vec<Candle> {
        let size = minutes.max(1) * TICKS_A_MINUTE;
        let done = &self.ticks[..ticks_done.min(self.ticks.len())];
        let whole_day = done.len() == self.ticks.len();
        done.chunks(size)
            .enumerate()
            .filter(|(_, chunk)| chunk.len() == size || whole_day)
            .filter_map(|(number, chunk)| candle(tick_at(session, number * size), chunk))
            .collect()
    }
}

/// Open, high, low and close on the grid, if there can be a path.
fn prices_of(symbol: Symbol, bar: &DailyBar, ticks: usize) -> Result<[Price; 4], PathError> {
    bar.check().map_err(|source| PathError::Bar { symbol, source })?;
    if ticks < TICKS_MIN {
        return Err(PathError::TooShort { symbol, ticks });
    }
    let on_grid = |value| on_grid(value).map_err(|source| PathError::Price { symbol, source });
    let (open, close) = (on_grid(bar.open)?, on_grid(bar.close)?);
    Ok([open, on_grid(bar.high)?.max(open).max(close), on_grid(bar.low)?.min(open).min(close), close])
}

fn candle(start: Timestamp, ticks: &[Tick]) -> Option<Candle> {
    let (first, last) = (ticks.first()?, ticks.last()?);
    let volume: u64 = ticks.iter().map(|tick| tick.volume).sum();
    (volume > 0).then_some(())?;
    Some(Candle {
        start,
        open: first.price,
        high: ticks.iter().map(|tick| tick.price).max()?,
        low: ticks.iter().map(|tick| tick.price).min()?,
        close: last.price,
        volume: shares(volume),
    })
}

/// A number of whole shares as a quantity.
pub(crate) fn shares(count: u64) -> Qty {
    let units = i64::try_from(count).unwrap_or(i64::MAX).saturating_mul(1_000_000_000);
    Qty::from_units(units).unwrap_or(Qty::ZERO)
}

/// The order price nearest to a value.
fn on_grid(value: f64) -> Result<Price, DecimalError> {
    let exact = Price::from_f64_rounded(value.max(0.0001))?;
    let (below, above) = (exact.floor_to_tick(), exact.ceil_to_tick());
    Ok(if above.units() - exact.units() < exact.units() - below.units() { above } else { below })
}

/// Whether the low comes before the high: likelier on a day that rises.
fn low_comes_first(rng: &mut ChaCha8Rng, rises: bool) -> bool {
    rng.random_bool(if rises { 0.7 } else { 0.3 })
}

/// The ticks at which the path is given: first, the two extremes, last.
fn knots(rng: &mut ChaCha8Rng, low_first: bool, bar: [Price; 4], ticks: usize) -> [(usize, Price); 4] {
    let [open, high, low, close] = bar;
    let last = ticks - 1;
    let one = extreme_at(rng, last);
    let other = loop {
        let at = extreme_at(rng, last);
        if at != one {
            break at;
        }
    };
    let (earlier, later) = (one.min(other), one.max(other));
    let (first, second) = if low_first { (low, high) } else { (high, low) };
    [(0, open), (earlier, first), (later, second), (last, close)]
}

/// Strictly inside the session; the first and the last hour see most extremes.
fn extreme_at(rng: &mut ChaCha8Rng, last: usize) -> usize {
    let uniform: f64 = rng.random();
    let pushed_out =
        if uniform < 0.5 { 2.0 * uniform * uniform } else { 1.0 - 2.0 * (1.0 - uniform) * (1.0 - uniform) };
    1 + ((pushed_out * (last - 1) as f64) as usize).min(last - 2)
}

/// Joins the knots by bridges.
fn walk(rng: &mut ChaCha8Rng, knots: &[(usize, Price)], low: Price, high: Price) -> Vec<Price> {
    let ticks = knots.last().map_or(0, |(at, _)| at + 1);
    let deviation = (high.units() - low.units()) as f64 / RANGE_OF_DEVIATION / (ticks as f64).sqrt();
    let mut prices = Vec::with_capacity(ticks);
    prices.extend(knots.first().map(|(_, price)| *price));
    for pair in knots.windows(2) {
        let ((from_at, from), (to_at, to)) = (pair[0], pair[1]);
        let mut at = from.units() as f64;
        for left in (2..=to_at - from_at).rev() {
            let left = left as f64;
            at += (to.units() as f64 - at) / left;
            at += deviation * seed::normal(rng) * ((left - 1.0) / left).sqrt();
            at = fold(at, low, high);
            prices.push(snap(at, low));
        }
        prices.push(to);
    }
    prices
}

/// Reflects at the day's extremes.
fn fold(at: f64, low: Price, high: Price) -> f64 {
    let (low, high) = (low.units() as f64, high.units() as f64);
    let folded = if at > high { 2.0 * high - at } else { at };
    let folded = if folded < low { 2.0 * low - folded } else { folded };
    folded.clamp(low, high)
}

/// Both ends of the range lie on the grid, so the nearest order price is inside it.
fn snap(at: f64, low: Price) -> Price {
    on_grid(at / 10_000.0).unwrap_or(low)
}

/// Whole shares a tick, U-shaped over the session, adding up to the bar's volume exactly.
fn volumes(rng: &mut ChaCha8Rng, total: f64, ticks: usize) -> Vec<u64> {
    let total = total.round().clamp(0.0, VOLUME_MAX);
    let weights: Vec<f64> = (0..ticks)
        .map(|tick| {
            let from_middle = 2.0 * tick as f64 / (ticks - 1) as f64 - 1.0;
            (0.5 + 2.0 * from_middle * from_middle) * (0.4 + 1.2 * rng.random::<f64>())
        })
        .collect();
    let sum: f64 = weights.iter().sum();
    let (mut reached, mut given) = (0.0, 0_u64);
    let mut volumes = Vec::with_capacity(ticks);
    for (tick, weight) in weights.iter().enumerate() {
        reached += weight;
        // The last tick takes what rounding left over.
        let target = if tick + 1 == ticks { total } else { (total * (reached / sum)).floor().min(total) };
        let until = (target as u64).max(given);
        volumes.push(until - given);
        given = until;
    }
    volumes
}
