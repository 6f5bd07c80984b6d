//! ADX14: how directed the movement is, 0 to 100, whichever way it goes (Wilder's directional movement).
//!
//! Every smoothing is an exponential mean with alpha 1/14, begun at the first value and undefined before 14 values.

use crate::{History, volatility::true_range};

const SPAN: f64 = 14.0;
const LEAST_VALUES: usize = 14;

/// An exponential mean that skips undefined values while the weight of the past keeps decaying.
#[derive(Clone, Copy, Debug, Default)]
struct ExponentialMean {
    mean: f64,
    /// The weight of the past relative to a fresh value's alpha; 1 directly after a value.
    past: f64,
    values: usize,
}

impl ExponentialMean {
    fn push(&mut self, value: Option<f64>) {
        const ALPHA: f64 = 1.0 / SPAN;
        self.past *= 1.0 - ALPHA;
        let Some(value) = value else { return };
        if self.values == 0 {
            self.mean = value;
        } else {
            self.mean = (self.past * self.mean + ALPHA * value) / (self.past + ALPHA);
        }
        self.past = 1.0;
        self.values += 1;
    }

    fn get(&self) -> Option<f64> {
        (self.values >= LEAST_VALUES).then_some(self.mean)
    }
}

/// The ADX at the newest bar; `None` before 27 bars, or while there was no movement at all.
#[must_use]
pub fn adx(history: &History<'_>) -> Option<f64> {
    let (mut plus, mut minus, mut range, mut index) = (
        ExponentialMean::default(),
        ExponentialMean::default(),
        ExponentialMean::default(),
        ExponentialMean::default(),
    );
    for at in 0..history.len() {
        let (up, down) = directional_movement(history, at);
        plus.push(Some(up));
        minus.push(Some(down));
        range.push(Some(true_range(history, at)));
        index.push(directional_index(plus.get(), minus.get(), range.get()));
    }
    index.get()
}

/// +DM and -DM: the part of today's range outside yesterday's, on the side where it is larger.
fn directional_movement(history: &History<'_>, at: usize) -> (f64, f64) {
    let Some(before) = at.checked_sub(1) else { return (0.0, 0.0) };
    let up = history.high()[at] - history.high()[before];
    let down = history.low()[before] - history.low()[at];
    (if up > down && up > 0.0 { up } else { 0.0 }, if down > up && down > 0.0 { down } else { 0.0 })
}

/// DX = 100 * |+DI - -DI| / (+DI + -DI); undefined without movement.
fn directional_index(plus: Option<f64>, minus: Option<f64>, range: Option<f64>) -> Option<f64> {
    let range = range?;
    let (plus, minus) = (100.0 * plus? / range, 100.0 * minus? / range);
    let index = 100.0 * (plus - minus).abs() / (plus + minus);
    index.is_finite().then_some(index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    #[test]
    fn a_gap_in_the_values_lets_the_past_fade() {
        let mut mean = ExponentialMean::default();
        mean.push(Some(1.0));
        mean.push(Some(15.0));
        // 1 * 13/14 + 15 * 1/14 = 2
        assert!((mean.mean - 2.0).abs() < 1e-12);
        mean.push(None);
        mean.push(Some(2.0 + 14.0));
        // The past weighs (13/14)^2 = 169/196, the new value 14/196: 2 + 14 * 14/183.
        assert!((mean.mean - (2.0 + 14.0 * 14.0 / 183.0)).abs() < 1e-12);
    }

    #[test]
    fn a_straight_climb_is_fully_directed_and_needs_27_bars() {
        let climb = |bars: usize| {
            Sample::of(&(0..bars).map(|day| [0.5, 1.0, 0.0, 0.5].map(|x| 100.0 + day as f64 + x)).collect::<Vec<_>>())
        };
        assert_eq!(adx(&climb(26).history()), None);
        assert!((adx(&climb(27).history()).unwrap() - 100.0).abs() < 1e-9);
    }

    #[test]
    fn no_movement_is_undefined() {
        assert_eq!(adx(&Sample::of(&[[10.0, 10.5, 9.5, 10.0]; 60]).history()), None);
    }

    #[test]
    fn only_the_larger_side_counts() {
        let sample =
            Sample::of(&[[5.0, 6.0, 4.0, 5.0], [5.0, 7.0, 3.5, 5.0], [5.0, 7.5, 1.0, 5.0], [5.0, 7.0, 2.0, 5.0]]);
        let moves: Vec<_> = (0..4).map(|at| directional_movement(&sample.history(), at)).collect();
        assert_eq!(moves, [(0.0, 0.0), (1.0, 0.0), (0.0, 2.5), (0.0, 0.0)]);
    }
}
