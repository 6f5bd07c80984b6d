//! The quality gate: a symbol that moves enough, not too wildly, and in an uptrend.

use std::fmt;

use crate::{History, Rules, average, volatility::Volatility};

const SMA_FAST: usize = 20;
const SMA_SLOW: usize = 50;
const SLOPE_BARS: usize = 10;

/// How good the uptrend is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Close above the 20-bar mean, which is at or above the 50-bar mean.
    A,
    /// Close above a rising 50-bar mean.
    B,
}

/// Why the gate refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QualityRefusal {
    /// ATR14 below the least in dollars.
    TooQuiet,
    /// ATR% above the most.
    TooWild,
    /// ATR% too far above its own median, or no median yet.
    Unsettled,
    /// Neither tier.
    NoUptrend,
}

/// The moving averages the later stages read again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Averages {
    /// Mean of the last 20 closes.
    pub sma20: f64,
    /// Mean of the last 50 closes.
    pub sma50: f64,
    /// Slope of the latter over 10 bars.
    pub sma50_slope10: f64,
}

/// The moving averages; `None` before 60 bars.
#[must_use]
pub fn averages(history: &History<'_>) -> Option<Averages> {
    Some(Averages {
        sma20: average::mean_of_last(history.close(), SMA_FAST)?,
        sma50: average::mean_of_last(history.close(), SMA_SLOW)?,
        sma50_slope10: average::slope_of_mean(history.close(), SMA_SLOW, SLOPE_BARS)?,
    })
}

/// Lets a symbol through with its tier.
///
/// # Errors
/// The first rule it breaks.
pub fn gate(close: f64, averages: &Averages, volatility: &Volatility, rules: &Rules) -> Result<Tier, QualityRefusal> {
    if volatility.atr < rules.atr_least {
        return Err(QualityRefusal::TooQuiet);
    }
    if volatility.atr_pct > rules.atr_pct_most {
        return Err(QualityRefusal::TooWild);
    }
    let settled =
        volatility.atr_pct_median.is_some_and(|median| volatility.atr_pct <= rules.atr_pct_median_ratio_most * median);
    if !settled {
        return Err(QualityRefusal::Unsettled);
    }
    tier(close, averages).ok_or(QualityRefusal::NoUptrend)
}

fn tier(close: f64, averages: &Averages) -> Option<Tier> {
    let Averages { sma20, sma50, sma50_slope10 } = *averages;
    if close > sma20 && sma20 >= sma50 {
        Some(Tier::A)
    } else if close > sma50 && sma50_slope10 > 0.0 {
        Some(Tier::B)
    } else {
        None
    }
}

impl fmt::Display for Tier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::A => "A",
            Self::B => "B",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: Averages = Averages { sma20: 99.0, sma50: 98.0, sma50_slope10: 0.01 };
    const CALM: Volatility = Volatility { atr: 2.0, atr_pct: 2.0, atr_pct_median: Some(2.0) };

    fn check(averages: Averages, volatility: Volatility, expect: Result<Tier, QualityRefusal>) {
        let weekday = Rules::for_as_of("2017-11-10".parse().unwrap());
        assert_eq!(gate(100.0, &averages, &volatility, &weekday), expect, "{averages:?} {volatility:?}");
    }

    #[test]
    fn each_rule_refuses_by_name() {
        check(UP, CALM, Ok(Tier::A));
        check(UP, Volatility { atr: 0.4999, ..CALM }, Err(QualityRefusal::TooQuiet));
        check(UP, Volatility { atr: 0.5, ..CALM }, Ok(Tier::A));
        check(UP, Volatility { atr_pct: 6.001, atr_pct_median: Some(6.0), ..CALM }, Err(QualityRefusal::TooWild));
        check(UP, Volatility { atr_pct: 2.31, ..CALM }, Err(QualityRefusal::Unsettled));
        check(UP, Volatility { atr_pct_median: None, ..CALM }, Err(QualityRefusal::Unsettled));
    }

    #[test]
    fn tiers() {
        check(Averages { sma20: 99.0, sma50: 99.0, sma50_slope10: -0.01 }, CALM, Ok(Tier::A));
        check(Averages { sma20: 97.0, sma50: 98.0, sma50_slope10: 0.01 }, CALM, Ok(Tier::B));
        check(Averages { sma20: 100.0, sma50: 98.0, sma50_slope10: 0.01 }, CALM, Ok(Tier::B));
        check(Averages { sma20: 97.0, sma50: 98.0, sma50_slope10: 0.0 }, CALM, Err(QualityRefusal::NoUptrend));
        check(Averages { sma20: 101.0, sma50: 100.0, sma50_slope10: 0.01 }, CALM, Err(QualityRefusal::NoUptrend));
    }

    #[test]
    fn the_weekend_is_wider() {
        let wide = Volatility { atr: 6.4, atr_pct: 6.4, atr_pct_median: Some(5.2) };
        check(UP, wide, Err(QualityRefusal::TooWild));
        let weekend = Rules::for_as_of("2017-11-11".parse().unwrap());
        assert_eq!(gate(100.0, &UP, &wide, &weekend), Ok(Tier::A));
    }
}
