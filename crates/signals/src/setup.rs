//! Setup context: where price stands against a reference line, and what the chart looks like around it.

use std::fmt;

use crate::{History, anchor, average, avwap, choice::Choice, quality::Averages};

const CONTROL_PCT: f64 = 0.2;
const SLOPE_BARS: usize = 5;
const SMA_SLOW: usize = 50;
const RECENT_GAP_BARS: usize = 5;

/// Which side price is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Above.
    Bullish,
    /// Below.
    Bearish,
    /// Neither, while a reference exists.
    Neutral,
    /// Nothing of the kind happened.
    None,
    /// There is no reference.
    Unknown,
}

/// How far price has run from its AVWAP.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension {
    /// At most 1 %.
    Balanced,
    /// Between.
    Moderate,
    /// 6 % or more.
    Extended,
}

/// The age of the last 4 % gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapReset {
    /// At most five bars.
    Recent,
    /// More, within sixty.
    Stale,
    /// No gap.
    None,
}

/// Price against one reference line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Above or below by more than 0.2 %.
    pub control: Side,
    /// Crossed with the last close.
    pub reclaim: Side,
    /// The last three closes on one side.
    pub acceptance: Side,
    /// The close above the reference, percent.
    pub distance_pct: Option<f64>,
}

/// The whole context of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setup {
    /// Against the 20-bar VWAP.
    pub vwap: Standing,
    /// Against the chosen AVWAP.
    pub avwap: Standing,
    /// How far price has run.
    pub extension: Extension,
    /// The last gap.
    pub gap_reset: GapReset,
    /// The moving averages' order and direction.
    pub structure: Side,
}

/// The context of a chosen anchor; `None` before three bars.
#[must_use]
pub fn setup(history: &History<'_>, averages: &Averages, choice: &Choice) -> Option<Setup> {
    let closes = [history.close_ago(0)?, history.close_ago(1)?, history.close_ago(2)?];
    let vwap = std::array::from_fn(|ago| avwap::vwap20(history, ago));
    let anchored = std::array::from_fn(|ago| choice.avwap.ago(ago));
    Some(Setup {
        vwap: standing(closes, vwap),
        avwap: standing(closes, anchored),
        extension: extension(choice.distance_pct),
        gap_reset: gap_reset(history),
        structure: structure(averages, average::slope_of_mean(history.close(), SMA_SLOW, SLOPE_BARS)),
    })
}

/// Closes and references newest first: today, 1 and 2 bars ago.
fn standing(closes: [f64; 3], references: [Option<f64>; 3]) -> Standing {
    let distance_pct = references[0].map(|reference| (closes[0] - reference) / reference * 100.0);
    let control = match distance_pct {
        None => Side::Unknown,
        Some(distance) if distance > CONTROL_PCT => Side::Bullish,
        Some(distance) if distance < -CONTROL_PCT => Side::Bearish,
        Some(_) => Side::Neutral,
    };
    let reclaim = match (references[0], references[1]) {
        (Some(now), Some(before)) if closes[1] <= before && closes[0] > now => Side::Bullish,
        (Some(now), Some(before)) if closes[1] >= before && closes[0] < now => Side::Bearish,
        (Some(_) | None, Some(_) | None) => Side::None,
    };
    let all = |beyond: fn(f64, f64) -> bool| {
        closes.iter().zip(references).all(|(close, reference)| reference.is_some_and(|line| beyond(*close, line)))
    };
    let acceptance = if all(|close, line| close > line) {
        Side::Bullish
    } else if all(|close, line| close < line) {
        Side::Bearish
    } else {
        Side::None
    };
    Standing { control, reclaim, acceptance, distance_pct }
}

fn extension(distance_pct: f64) -> Extension {
    if distance_pct.abs() <= 1.0 {
        Extension::Balanced
    } else if distance_pct.abs() >= 6.0 {
        Extension::Extended
    } else {
        Extension::Moderate
    }
}

fn gap_reset(history: &History<'_>) -> GapReset {
    match anchor::latest_gap(history).map(|at| history.len() - 1 - at) {
        Some(age) if age <= RECENT_GAP_BARS => GapReset::Recent,
        Some(_) => GapReset::Stale,
        None => GapReset::None,
    }
}

fn structure(averages: &Averages, sma50_slope5: Option<f64>) -> Side {
    let Some(slope) = sma50_slope5 else { return Side::Neutral };
    if averages.sma20 > averages.sma50 && slope > 0.0 {
        Side::Bullish
    } else if averages.sma20 < averages.sma50 && slope < 0.0 {
        Side::Bearish
    } else {
        Side::Neutral
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Bullish => "bullish",
            Self::Bearish => "bearish",
            Self::Neutral => "neutral",
            Self::None => "none",
            Self::Unknown => "unknown",
        })
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Balanced => "balanced",
            Self::Moderate => "moderate",
            Self::Extended => "extended",
        })
    }
}

impl fmt::Display for GapReset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Recent => "recent",
            Self::Stale => "stale",
            Self::None => "none",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;
    use Side::{Bearish, Bullish, Neutral, None as Nothing, Unknown};

    #[test]
    fn standings() {
        let line = [Some(100.0); 3];
        for (closes, references, expect) in [
            ([101.0, 101.0, 101.0], line, (Bullish, Nothing, Bullish)),
            ([99.0, 99.0, 99.0], line, (Bearish, Nothing, Bearish)),
            ([100.1, 100.0, 99.0], line, (Neutral, Bullish, Nothing)),
            ([99.0, 100.0, 101.0], line, (Bearish, Bearish, Nothing)),
            ([101.0, 101.0, 101.0], [None; 3], (Unknown, Nothing, Nothing)),
            ([101.0, 99.0, 101.0], [Some(100.0), None, None], (Bullish, Nothing, Nothing)),
        ] {
            let got = standing(closes, references);
            assert_eq!((got.control, got.reclaim, got.acceptance), expect, "{closes:?} against {references:?}");
        }
    }

    #[test]
    fn extensions() {
        for (distance, expect) in [
            (0.0, Extension::Balanced),
            (-1.0, Extension::Balanced),
            (1.01, Extension::Moderate),
            (-5.9, Extension::Moderate),
            (6.0, Extension::Extended),
        ] {
            assert_eq!(extension(distance), expect, "{distance} %");
        }
    }

    #[test]
    fn a_gap_ages() {
        let gap_ago = |ago: usize| {
            let mut rows = vec![[100.0; 4]; 80];
            rows[79 - ago] = [105.0, 105.0, 100.0, 100.0];
            gap_reset(&Sample::of(&rows).history())
        };
        assert_eq!((gap_ago(0), gap_ago(5), gap_ago(6)), (GapReset::Recent, GapReset::Recent, GapReset::Stale));
        assert_eq!((gap_ago(58), gap_ago(59)), (GapReset::Stale, GapReset::None));
    }

    #[test]
    fn structure_needs_order_and_direction() {
        let averages = |sma20, sma50| Averages { sma20, sma50, sma50_slope10: 0.0 };
        assert_eq!(structure(&averages(2.0, 1.0), Some(0.1)), Bullish);
        assert_eq!(structure(&averages(2.0, 1.0), Some(-0.1)), Neutral);
        assert_eq!(structure(&averages(1.0, 2.0), Some(-0.1)), Bearish);
        assert_eq!(structure(&averages(1.0, 2.0), None), Neutral);
    }
}
