//! True range, its 14-bar mean (ATR14) in dollars and in percent of the close, and the median of the latter.

use crate::{History, average};

const ATR_BARS: usize = 14;
const MEDIAN_BARS: usize = 120;

/// How far a symbol moves in a day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Volatility {
    /// Mean of the last 14 true ranges, dollars.
    pub atr: f64,
    /// The same in percent of the close.
    pub atr_pct: f64,
    /// Median of the last 120 `atr_pct`; undefined before 133 bars.
    pub atr_pct_median: Option<f64>,
}

/// The true range of a bar: how far price travelled since the previous close. The first bar has only its own range.
#[must_use]
pub fn true_range(history: &History<'_>, at: usize) -> f64 {
    let (high, low) = (history.high()[at], history.low()[at]);
    let range = (high - low).abs();
    match at.checked_sub(1) {
        None => range,
        Some(before) => {
            let previous = history.close()[before];
            range.max((high - previous).abs()).max((low - previous).abs())
        }
    }
}

/// The volatility at the newest bar; `None` before 14 bars.
#[must_use]
pub fn volatility(history: &History<'_>) -> Option<Volatility> {
    let bars = history.len();
    let first = history.start_of_last(MEDIAN_BARS + ATR_BARS - 1);
    let ranges: Vec<f64> = (first..bars).map(|at| true_range(history, at)).collect();
    let mut percents: Vec<f64> = ranges
        .windows(ATR_BARS)
        .zip(&history.close()[(first + ATR_BARS - 1).min(bars)..])
        .map(|(window, close)| window.iter().sum::<f64>() / ATR_BARS as f64 / close * 100.0)
        .collect();
    let atr = average::mean_of_last(&ranges, ATR_BARS)?;
    let atr_pct = *percents.last()?;
    let atr_pct_median = (percents.len() == MEDIAN_BARS).then(|| median(&mut percents)).flatten();
    Some(Volatility { atr, atr_pct, atr_pct_median })
}

/// The middle value, or the mean of the two middle ones; reorders `values`.
#[must_use]
pub fn median(values: &mut [f64]) -> Option<f64> {
    let half = values.len() / 2;
    if values.is_empty() {
        return None;
    }
    let even = values.len().is_multiple_of(2);
    let (below, middle, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    if !even {
        return Some(*middle);
    }
    let lower = below.iter().copied().max_by(f64::total_cmp)?;
    Some((lower + *middle) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn the_true_range_reaches_to_the_previous_close() {
        let sample = Sample::of(&[
            // open, high, low, close
            [10.0, 11.0, 9.0, 10.0],
            [13.0, 14.0, 12.5, 13.0],
            [9.0, 9.5, 8.0, 9.0],
            [9.0, 9.5, 8.5, 9.0],
        ]);
        let ranges: Vec<f64> = (0..4).map(|at| true_range(&sample.history(), at)).collect();
        assert_eq!(ranges, [2.0, 4.0, 5.0, 1.0], "own range, gap up, gap down, own range");
    }

    #[test]
    fn the_median_waits_for_133_bars() {
        let flat = |bars: usize| Sample::of(&vec![[10.0, 10.5, 9.5, 10.0]; bars]);
        assert_eq!(volatility(&flat(13).history()), None);
        let young = volatility(&flat(132).history()).unwrap();
        assert_eq!((young.atr, young.atr_pct, young.atr_pct_median), (1.0, 10.0, None));
        assert_eq!(volatility(&flat(133).history()).unwrap().atr_pct_median, Some(10.0));
    }

    #[test]
    fn medians() {
        assert_eq!(median(&mut []), None);
        assert_eq!(median(&mut [3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&mut [4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }
}
