//! Stage 2: the market's regime. Risk-on while SPY closes above its 200-day mean.
//!
//! Fail-open: without a usable SPY the scan goes on and says so.

use bars::BarTable;
use market::{NyDate, Symbol};
use signals::average::mean_of_last;

/// How many closes the mean is of.
pub const BARS: usize = 200;
const MARKET: &str = "SPY";

/// Whether the market invites buying.
#[derive(Clone, Debug, PartialEq)]
pub enum Regime {
    /// SPY is above its mean.
    RiskOn,
    /// SPY is not: its close and the mean.
    RiskOff {
        /// The last close, dollars.
        close: f64,
        /// The mean of the last 200, dollars.
        mean: f64,
    },
    /// It cannot be told, and why.
    Unknown(String),
}

impl Regime {
    /// The regime at the last session.
    pub fn of(bars: &BarTable, last_session: NyDate) -> Self {
        let series = Symbol::new(MARKET).ok().and_then(|market| bars.get(market));
        let (Some(series), Some(newest)) = (series, series.and_then(|series| series.dates.last())) else {
            return Self::Unknown(format!("the bars hold no {MARKET}"));
        };
        if *newest != last_session {
            return Self::Unknown(format!("the newest bar of {MARKET} is of {newest}, not of {last_session}"));
        }
        match (series.close.last(), mean_of_last(series.close, BARS)) {
            (Some(close), Some(mean)) if close > &mean => Self::RiskOn,
            (Some(close), Some(mean)) => Self::RiskOff { close: *close, mean },
            (_, None) | (None, _) => Self::Unknown(format!("{MARKET} has {} bars, {BARS} are needed", series.len())),
        }
    }

    /// Whether nothing may be bought.
    pub fn is_off(&self) -> bool {
        match self {
            Self::RiskOff { .. } => true,
            Self::RiskOn | Self::Unknown(_) => false,
        }
    }

    /// What is worth recording.
    pub fn remark(&self) -> Option<String> {
        match self {
            Self::RiskOn => None,
            Self::RiskOff { close, mean } => {
                Some(format!("risk-off: {MARKET} closed at {close:.2}, not above its {BARS}-day mean of {mean:.2}"))
            }
            Self::Unknown(why) => Some(format!("the regime is unknown and was not applied: {why}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use market::{DailyBar, Feed};

    use super::*;

    fn regime(symbol: &str, closes: &[f64], last_session: &str) -> Regime {
        let last = NyDate::new(2017, 11, 10).unwrap();
        let first = last.plus_days(1 - closes.len() as i32);
        let bars = (0..).zip(closes).map(|(ahead, close)| {
            let (date, close) = (first.plus_days(ahead), *close);
            (Symbol::new(symbol).unwrap(), DailyBar { date, open: close, high: close, low: close, close, volume: 1.0 })
        });
        Regime::of(&BarTable::from_bars(Feed::Sip, bars).unwrap(), last_session.parse().unwrap())
    }

    #[test]
    fn above_the_mean_is_on_at_or_below_it_is_off() {
        let flat_then = |last: f64| [vec![100.0; 199], vec![last]].concat();
        assert_eq!(regime("SPY", &flat_then(101.0), "2017-11-10"), Regime::RiskOn);
        assert_eq!(regime("SPY", &flat_then(100.0), "2017-11-10"), Regime::RiskOff { close: 100.0, mean: 100.0 });
        assert!(regime("SPY", &flat_then(99.0), "2017-11-10").is_off());
    }

    #[test]
    fn what_cannot_be_told_is_said_and_lets_pass() {
        for (symbol, bars, session, expect) in [
            ("QQQ", 200, "2017-11-10", "hold no SPY"),
            ("SPY", 199, "2017-11-10", "has 199 bars"),
            ("SPY", 200, "2017-11-13", "newest bar of SPY is of 2017-11-10, not of 2017-11-13"),
        ] {
            let regime = regime(symbol, &vec![100.0; bars], session);
            assert!(!regime.is_off() && regime.remark().unwrap().contains(expect), "{regime:?}");
        }
    }
}
