//! Volume-weighted average prices: anchored at a bar (AVWAP) and over the last 20 bars (VWAP20).
//!
//! Weighted by shares, priced at the typical price (high + low + close) / 3. Undefined while no share has traded.

use crate::History;

/// How many bars back an [`Avwap`] remembers: a slope over 5 bars needs today's value and five more.
const REMEMBERED: usize = 6;
const VWAP_BARS: usize = 20;

/// The AVWAP from one anchor, at the newest bar and the five before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Avwap {
    /// Newest first.
    recent: [Option<f64>; REMEMBERED],
    values: usize,
}

impl Avwap {
    /// The AVWAP of the bars from `anchor` on.
    #[must_use]
    pub fn from_anchor(history: &History<'_>, anchor: usize) -> Self {
        let bars = history.len();
        let (mut turnover, mut volume, mut values) = (0.0, 0.0, 0);
        let mut recent = [None; REMEMBERED];
        for at in anchor..bars {
            turnover += history.typical(at) * history.volume()[at];
            volume += history.volume()[at];
            if volume > 0.0 {
                values += 1;
            }
            let ago = bars - 1 - at;
            if ago < REMEMBERED {
                recent[ago] = ratio(turnover, volume);
            }
        }
        Self { recent, values }
    }

    /// The value at the newest bar.
    #[must_use]
    pub fn now(&self) -> Option<f64> {
        self.recent[0]
    }

    /// The value `ago` bars before the newest, at most 5.
    #[must_use]
    pub fn ago(&self, ago: usize) -> Option<f64> {
        self.recent.get(ago).copied().flatten()
    }

    /// On how many bars it is defined.
    #[must_use]
    pub fn values(&self) -> usize {
        self.values
    }
}

/// The VWAP of the 20 bars that end `ago` bars before the newest.
#[must_use]
pub fn vwap20(history: &History<'_>, ago: usize) -> Option<f64> {
    let end = history.len().checked_sub(ago)?;
    let start = end.checked_sub(VWAP_BARS)?;
    let turnover = (start..end).map(|at| history.typical(at) * history.volume()[at]).sum();
    ratio(turnover, history.volume()[start..end].iter().sum())
}

fn ratio(turnover: f64, volume: f64) -> Option<f64> {
    (volume > 0.0).then(|| turnover / volume)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::Sample;

    #[test]
    fn weighs_the_typical_price_by_volume() {
        // Typical prices 10, 20, 30 with volumes 1, 2, 1.
        let sample = Sample::with_volume(&[
            [10.0, 12.0, 8.0, 10.0, 1.0],
            [20.0, 22.0, 18.0, 20.0, 2.0],
            [30.0, 32.0, 28.0, 30.0, 1.0],
        ]);
        let from_first = Avwap::from_anchor(&sample.history(), 0);
        assert_eq!(
            (from_first.now(), from_first.ago(1), from_first.ago(2)),
            (Some(20.0), Some(50.0 / 3.0), Some(10.0))
        );
        assert_eq!((from_first.ago(3), from_first.ago(9), from_first.values()), (None, None, 3));
        assert_eq!(Avwap::from_anchor(&sample.history(), 2).now(), Some(30.0));
    }

    #[test]
    fn without_volume_it_is_undefined() {
        let sample = Sample::with_volume(&[[10.0, 10.0, 10.0, 10.0, 0.0], [20.0, 20.0, 20.0, 20.0, 5.0]]);
        let avwap = Avwap::from_anchor(&sample.history(), 0);
        assert_eq!((avwap.ago(1), avwap.now(), avwap.values()), (None, Some(20.0), 1));
    }

    #[test]
    fn vwap20_slides() {
        let rows: Vec<_> = (0..21).map(|day| [f64::from(day); 4]).collect();
        let sample = Sample::of(&rows);
        assert_eq!(vwap20(&sample.history(), 0), Some(10.5));
        assert_eq!(vwap20(&sample.history(), 1), Some(9.5));
        assert_eq!(vwap20(&sample.history(), 2), None);
    }
    proptest! {
        #[test]
        fn it_lies_between_the_lowest_low_and_the_highest_high_since_the_anchor(
            bars in prop::collection::vec((10.0_f64..20.0, 0.0_f64..2.0, 0.0_f64..1e6), 1..40),
            anchor in 0_usize..40,
        ) {
            let row = |(low, range, volume): &(f64, f64, f64)| [*low, low + range, *low, low + range, *volume];
            let rows: Vec<_> = bars.iter().map(row).collect();
            let sample = Sample::with_volume(&rows);
            let anchor = anchor.min(rows.len() - 1);
            if let Some(avwap) = Avwap::from_anchor(&sample.history(), anchor).now() {
                let lowest = rows[anchor..].iter().map(|row| row[2]).fold(f64::MAX, f64::min);
                let highest = rows[anchor..].iter().map(|row| row[1]).fold(f64::MIN, f64::max);
                prop_assert!(lowest - 1e-9 <= avwap && avwap <= highest + 1e-9);
            }
        }
    }
}
