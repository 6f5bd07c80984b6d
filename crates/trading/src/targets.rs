//! Targets: half is sold at the first, half of the rest at the second, each once a trade.
//!
//! A target counts when it lies above what was paid. It is reached when the bid of a fresh quote is at it, or when a
//! complete candle since the entry touched it and the bid is still near ([`Rules::trim_slack`]): a bid is what a share can
//! be sold for, a candle's high is past. Trims are discretionary: they wait until exits are armed, and are not begun in the
//! last part of the session. A stop never waits for any of this. docs/decisions/0011 says why.

use market::{Price, Qty, TimeDelta};

use crate::{
    confirm::CANDLE_MINUTES,
    order::Leg,
    phase::Phase,
    stops::{Rules, Situation, Trade},
};

const CANDLE: TimeDelta = TimeDelta::minutes(CANDLE_MINUTES as i64);

/// How far a trade has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Before the first target.
    Running,
    /// Past the first: the stop belongs at breakeven.
    First,
    /// Past the second: the stop follows the high water.
    Second,
}

/// Shares to take off at a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trim {
    /// [`Leg::Trim1`] or [`Leg::Trim2`].
    pub leg: Leg,
    /// How many.
    pub qty: Qty,
}

/// Whether discretionary exits are armed: the entry is old enough, or a new candle has passed since. An unknown age arms
/// nothing. `candle_lag` is the time from the entry to the end of the latest complete candle.
#[must_use]
pub fn armed(age: Option<TimeDelta>, candle_lag: Option<TimeDelta>, min_age: TimeDelta) -> bool {
    age.is_some_and(|age| age >= min_age || candle_lag.is_some_and(|lag| lag >= CANDLE))
}

/// [`armed`], by a trade and the candles since its entry.
#[must_use]
pub fn is_armed(trade: &Trade, now: &Situation<'_>, min_age: TimeDelta) -> bool {
    let lag = now.candles.last().map(|candle| (candle.start + CANDLE).since(trade.opened_at));
    armed(Some(now.now.since(trade.opened_at)), lag, min_age)
}

/// The stage, by trims made. Where a position is too small to be trimmed, reaching the target is enough.
#[must_use]
pub fn stage(trade: &Trade, now: &Situation<'_>) -> Stage {
    let untrimmable = half(trade.shares) == 0 && now.exits_armed;
    let past = |made: bool, target: Option<Price>| made || (untrimmable && is_touched(target, now));
    if past(trade.trimmed_second, counted(trade, trade.r2)) {
        Stage::Second
    } else if past(trade.trimmed_first, counted(trade, trade.r1)) {
        Stage::First
    } else {
        Stage::Running
    }
}

/// The trim to be made now. `begun` says that the stop has let go of its shares already: what was begun is finished while
/// the bid is near the target, so that a bid that flickers around it does not move the stop to and fro.
#[must_use]
pub fn trim(trade: &Trade, now: &Situation<'_>, rules: &Rules, begun: bool) -> Option<Trim> {
    let (leg, target) = next(trade)?;
    let in_time = match now.phase {
        Phase::OpenNoise | Phase::EarlyTrend | Phase::NormalSession => true,
        Phase::CloseProtect => begun,
        Phase::Closed => false,
    };
    let near = begun || is_touched(Some(target), now);
    let least = if near { target.lowered_by(rules.trim_slack)? } else { target };
    let wanted = in_time && now.exits_armed && now.price.is_some_and(|bid| bid >= least);
    let shares = u32::try_from(half(trade.shares)).ok().filter(|shares| *shares > 0)?;
    wanted.then(|| Trim { leg, qty: Qty::shares(shares) })
}

/// The next target: the first that counts and whose trim was not made. A second trim never precedes a first.
fn next(trade: &Trade) -> Option<(Leg, Price)> {
    if trade.trimmed_second {
        return None;
    }
    let first = counted(trade, trade.r1).filter(|_| !trade.trimmed_first).map(|target| (Leg::Trim1, target));
    first.or_else(|| counted(trade, trade.r2).map(|target| (Leg::Trim2, target)))
}

/// A target above what was paid.
fn counted(trade: &Trade, target: Option<Price>) -> Option<Price> {
    target.filter(|target| trade.average_entry.is_some_and(|paid| *target > paid))
}

fn is_touched(target: Option<Price>, now: &Situation<'_>) -> bool {
    target.is_some_and(|target| now.high_water.is_some_and(|high| high >= target))
}

/// Half, in whole shares; at least one stays.
fn half(shares: u64) -> u64 {
    shares / 2
}

#[cfg(test)]
mod tests;
