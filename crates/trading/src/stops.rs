//! Where the protective stop of a position belongs: one authority, a value, and what was passed over on the way.
//!
//! A stop is chosen by the rules of the session's phase ([`select`]), never lowered ([`trail`]), and moved to breakeven
//! and up by the targets ([`crate::targets`]). Prices in US dollars a share, on a tick. Without market data the answer is
//! the stop in force or the initial one: protection needs no market data. docs/decisions/0010 and 0011 say why.

pub mod select;
pub mod swing;
pub mod trail;

use std::fmt;

use market::{Bps, Candle, Price, TimeDelta, Timestamp, Usd};
use serde::{Deserialize, Serialize};

use crate::{
    phase::Phase,
    stops::select::{Offers, Selected, select},
    targets::{self, Stage},
};

/// The desk's numbers for stops and trims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// A new structural stop lies at least so far below the price.
    pub min_distance: Bps,
    /// The intraday stop waits so long after the entry,
    pub min_age: TimeDelta,
    /// and for so many complete candles.
    pub min_bars: usize,
    /// A swing's stop lies so far below its low.
    pub swing_buffer: Usd,
    /// A stop at the broker is raised by no less than this part of its price (and a tick), so that it is not replaced in
    /// every cycle.
    pub min_raise: Bps,
    /// How far below its target the bid may be for a trim that is under way, or whose target was touched since entry.
    pub trim_slack: Bps,
    /// A trim that has not filled in this time is withdrawn, and its shares get their stop back; it is not tried again
    /// for as long.
    pub trim_patience: TimeDelta,
    /// Trims tried a leg and day.
    pub trim_attempts: u32,
    /// A stop that the broker ends within so many days ([`crate::expiry`]) is renewed in place.
    pub renew_within_days: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            min_distance: Bps::constant(150),
            min_age: TimeDelta::seconds(1_200),
            min_bars: 4,
            swing_buffer: Usd::cents(10),
            min_raise: Bps::constant(10),
            trim_slack: Bps::constant(50),
            trim_patience: TimeDelta::seconds(60),
            trim_attempts: 3,
            renew_within_days: 7,
        }
    }
}

/// What is known of a trade, in today's shares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The stop recorded with the entry.
    pub initial_stop: Option<Price>,
    /// The stop at the broker, or the last one that was.
    pub in_force: Option<Price>,
    /// Average cost a share.
    pub average_entry: Option<Price>,
    /// The level the entry broke.
    pub level: Option<Price>,
    /// The first target.
    pub r1: Option<Price>,
    /// The second target.
    pub r2: Option<Price>,
    /// Whether the first trim was made: an order of it sold something.
    pub trimmed_first: bool,
    /// The same of the second.
    pub trimmed_second: bool,
    /// Whole shares held.
    pub shares: u64,
    /// The first fill.
    pub opened_at: Timestamp,
}

/// What the session and the market look like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Situation<'a> {
    /// The instant of the decision.
    pub now: Timestamp,
    /// The part of the session.
    pub phase: Phase,
    /// The bid of a fresh quote: what a share can be sold for.
    pub price: Option<Price>,
    /// Complete ten-minute candles of today's session, oldest first, those before the entry included.
    pub candles: &'a [Candle],
    /// The stop below the last swing low of the daily bars ([`swing::daily`]), when they are known.
    pub structural: Option<Price>,
    /// The highest price since the entry, as far as it was seen ([`high_water`]).
    pub high_water: Option<Price>,
    /// Whether discretionary exits are armed ([`targets::armed`]).
    pub exits_armed: bool,
}

/// What a stop's price rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It was recorded with the entry.
    Initial,
    /// It is the stop that works already.
    InForce,
    /// Below the last swing low of the daily bars.
    DailySwingLow,
    /// Below the last higher low of the session's candles.
    IntradayHl,
    /// What was paid, after the first target.
    Breakeven,
    /// A part of the way below the high water, after the second target.
    ProfitTrail,
}

/// A stop that was passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Event {
    /// Closer to the price than [`Rules::min_distance`].
    StopTooCloseSkipped,
    /// The entry is too young for a stop by the session's candles.
    StopTooEarlySkipped,
    /// The market is at or below it: raising the stop there would be selling, not protecting.
    StopThroughMarketSkipped,
}

/// Where the stop belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Desired {
    /// The price, on a tick.
    pub price: Price,
    /// What it rests on.
    pub basis: Basis,
    /// What was passed over, in order.
    pub events: Vec<Event>,
}

/// The stop a position should have; `None` when nothing tells a price for one: no stop works, none was recorded, and no
/// rule finds one. It is never below the stop in force.
#[must_use]
pub fn desired(trade: &Trade, now: &Situation<'_>, rules: &Rules) -> Option<Desired> {
    let recorded = trade.initial_stop.map(|stop| (stop.floor_to_tick(), Basis::Initial));
    let standing = trade.in_force.map(|stop| (stop, Basis::InForce)).or(recorded);
    let Some(price) = now.price.filter(|_| now.phase != Phase::Closed) else {
        return standing.map(|(price, basis)| Desired { price, basis, events: Vec::new() });
    };
    let Selected { stop, trailing, mut events } = select(now.phase, price, &offers(trade, now, rules), rules);
    let Some((floor, basis)) = standing else { return stop.map(|(price, basis)| Desired { price, basis, events }) };
    let mut best = (floor, basis);
    for (offer, trails) in [(stop, true), (breakeven(trade, now), false), (profit_trail(trade, now), true)] {
        let Some((stop, basis)) = offer.filter(|_| trailing || !trails) else { continue };
        if stop <= best.0 || !trail::is_worth(floor, stop, rules) {
            continue;
        }
        if stop >= price {
            events.push(Event::StopThroughMarketSkipped);
        } else {
            best = (stop, basis);
        }
    }
    Some(Desired { price: best.0, basis: best.1, events })
}

/// The highest price seen since the entry: by complete candles, and by the bid there is. What earlier days saw is in the
/// stop they left.
#[must_use]
pub fn high_water(opened_at: Timestamp, candles: &[Candle], price: Option<Price>) -> Option<Price> {
    since(opened_at, candles).map(|candle| candle.high).max().max(price)
}

fn since(opened_at: Timestamp, candles: &[Candle]) -> impl Iterator<Item = &Candle> {
    candles.iter().filter(move |candle| candle.start >= opened_at)
}

fn offers(trade: &Trade, now: &Situation<'_>, rules: &Rules) -> Offers {
    let lows: Vec<Price> = now.candles.iter().map(|candle| candle.low).collect();
    let last_close = now.candles.last().map(|candle| candle.close);
    let on_tick = |stop: Option<Price>| stop.map(Price::floor_to_tick);
    Offers {
        intraday: on_tick(swing::intraday(&lows, last_close, rules.swing_buffer)),
        daily: on_tick(now.structural),
        age: Some(now.now.since(trade.opened_at)),
        bars: since(trade.opened_at, now.candles).count(),
    }
}

fn breakeven(trade: &Trade, now: &Situation<'_>) -> Option<(Price, Basis)> {
    match targets::stage(trade, now) {
        Stage::Running => None,
        // Up to the next tick: breakeven loses nothing.
        Stage::First | Stage::Second => trade.average_entry.map(|paid| (paid.ceil_to_tick(), Basis::Breakeven)),
    }
}

fn profit_trail(trade: &Trade, now: &Situation<'_>) -> Option<(Price, Basis)> {
    match targets::stage(trade, now) {
        Stage::Running | Stage::First => None,
        Stage::Second => {
            let stop = trail::below_high_water(now.high_water?, trade.r2?, trade.level?)?;
            Some((stop.floor_to_tick(), Basis::ProfitTrail))
        }
    }
}

impl Event {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::StopTooCloseSkipped => "STOP_TOO_CLOSE_SKIPPED",
            Self::StopTooEarlySkipped => "STOP_TOO_EARLY_SKIPPED",
            Self::StopThroughMarketSkipped => "STOP_THROUGH_MARKET_SKIPPED",
        }
    }
}

impl Basis {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::InForce => "in_force",
            Self::DailySwingLow => "daily_swing_low",
            Self::IntradayHl => "intraday_hl",
            Self::Breakeven => "breakeven",
            Self::ProfitTrail => "profit_trail",
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl fmt::Display for Basis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

#[cfg(test)]
mod tests;
