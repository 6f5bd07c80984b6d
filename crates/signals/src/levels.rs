//! Where to get out: the stop below the AVWAP and the two targets above (classic pivots R1 and R2). Dollars.

use crate::History;

const SWING_BARS: usize = 20;

/// The levels of a candidate.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Levels {
    /// Protective stop.
    pub stop: f64,
    /// First target.
    pub r1: f64,
    /// Second target.
    pub r2: f64,
}

/// The levels for an entry at `avwap`; `None` without bars.
#[must_use]
pub fn levels(history: &History<'_>, avwap: f64, atr: f64) -> Option<Levels> {
    let last = history.last()?;
    let pivot = (last.high + last.low + last.close) / 3.0;
    Some(Levels {
        stop: stop(last_swing_low(history), avwap, atr),
        r1: 2.0 * pivot - last.low,
        r2: pivot + (last.high - last.low),
    })
}

fn stop(swing_low: Option<f64>, avwap: f64, atr: f64) -> f64 {
    let below_avwap = avwap * 0.997;
    let structural = match swing_low.map(|low| low * 0.995) {
        Some(below_swing) if below_swing < avwap => below_swing.min(below_avwap),
        Some(_) | None => below_avwap,
    };
    structural.min(avwap - atr).min(avwap * 0.985)
}

/// The latest low below both neighbours' lows within the last 20 bars.
#[must_use]
pub fn last_swing_low(history: &History<'_>) -> Option<f64> {
    let lows = &history.low()[history.start_of_last(SWING_BARS)..];
    lows.windows(3).rev().find(|low| low[1] < low[0] && low[1] < low[2]).map(|low| low[1])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn the_lowest_of_four_candidates_is_the_stop() {
        for (swing_low, atr, expect) in
            [(Some(97.0), 1.0, 97.0 * 0.995), (Some(99.5), 1.0, 98.5), (Some(101.0), 3.0, 97.0), (None, 0.5, 98.5)]
        {
            assert_eq!(stop(swing_low, 100.0, atr), expect, "swing low {swing_low:?}, ATR {atr}");
        }
    }

    #[test]
    fn a_swing_low_has_higher_neighbours_on_both_sides() {
        let lows = |lows: &[f64]| {
            Sample::of(&lows.iter().map(|low| [low + 1.0, low + 2.0, *low, low + 1.0]).collect::<Vec<_>>())
        };
        assert_eq!(last_swing_low(&lows(&[5.0, 3.0, 5.0, 4.0, 6.0]).history()), Some(4.0));
        assert_eq!(last_swing_low(&lows(&[5.0, 3.0, 3.0, 5.0]).history()), None, "equal neighbours");
        assert_eq!(last_swing_low(&lows(&[3.0, 5.0, 2.0]).history()), None, "the ends have one neighbour");
        let mut old = vec![9.0, 1.0];
        old.extend([9.0; 20]);
        assert_eq!(last_swing_low(&lows(&old).history()), None, "outside the last 20");
    }

    #[test]
    fn targets_are_pivots_of_the_last_bar() {
        let levels = levels(&Sample::of(&[[10.0, 12.0, 9.0, 12.0]]).history(), 10.0, 1.0).unwrap();
        assert_eq!((levels.r1, levels.r2), (13.0, 14.0));
    }
}
