//! Anchors: the bars an AVWAP may start from, and how much each kind counts.

use std::fmt;

use market::NyDate;

use crate::{History, average};

const EVENT_BARS: usize = 60;
const SWING_BARS: usize = 20;
const GAP_LEAST: f64 = 0.04;
const BREAKOUT_VOLUME: f64 = 1.8;
const BREAKOUT_VOLUME_BARS: usize = 20;
const BREAKOUT_CLOSE_LEAST: f64 = 0.7;
const BREAKOUT_HIGH_BARS: usize = 5;

/// What made a bar an anchor. Declared from the highest priority down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorKind {
    /// First bar of the year.
    YearToDate,
    /// Latest opening gap of 4 % or more, either way.
    Gap,
    /// Latest breakout on volume.
    VolumeBreakout,
    /// First bar of the month.
    MonthToDate,
    /// Lowest low of the last 20 bars.
    SwingLow,
    /// Highest high of the last 20 bars.
    SwingHigh,
}

/// A bar to anchor at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// What it is.
    pub kind: AnchorKind,
    /// Its index in the history.
    pub at: usize,
    /// Its day.
    pub date: NyDate,
}

impl AnchorKind {
    /// All of them, highest priority first.
    pub const ALL: [Self; 6] =
        [Self::YearToDate, Self::Gap, Self::VolumeBreakout, Self::MonthToDate, Self::SwingLow, Self::SwingHigh];

    /// Its share of the score.
    #[must_use]
    pub fn priority(self) -> f64 {
        match self {
            Self::YearToDate => 100.0,
            Self::Gap => 90.0,
            Self::VolumeBreakout => 80.0,
            Self::MonthToDate => 70.0,
            Self::SwingLow => 50.0,
            Self::SwingHigh => 40.0,
        }
    }

    fn find(self, history: &History<'_>) -> Option<usize> {
        match self {
            Self::YearToDate => first_of_period(history, |date| (date.year(), 0)),
            Self::Gap => latest_gap(history),
            Self::VolumeBreakout => latest_breakout(history),
            Self::MonthToDate => first_of_period(history, |date| (date.year(), date.month())),
            Self::SwingLow => first_extreme(history, history.low(), |low, lowest| low < lowest),
            Self::SwingHigh => first_extreme(history, history.high(), |high, highest| high > highest),
        }
    }
}

/// The anchors of a history, highest priority first; of two on one bar the higher priority stays.
#[must_use]
pub fn anchors(history: &History<'_>) -> Vec<Anchor> {
    let mut found: Vec<Anchor> = Vec::with_capacity(AnchorKind::ALL.len());
    for kind in AnchorKind::ALL {
        let Some(at) = kind.find(history) else { continue };
        if found.iter().all(|anchor| anchor.at != at) {
            found.push(Anchor { kind, at, date: history.dates()[at] });
        }
    }
    found
}

/// The latest of the last 60 bars that opened 4 % or more away from the previous close, which is one of the 60.
#[must_use]
pub fn latest_gap(history: &History<'_>) -> Option<usize> {
    let first = history.start_of_last(EVENT_BARS) + 1;
    (first..history.len()).rev().find(|at| {
        let previous = history.close()[at - 1];
        (history.open()[*at] - previous).abs() / previous >= GAP_LEAST
    })
}

fn latest_breakout(history: &History<'_>) -> Option<usize> {
    // The mean volume and the previous highs come from within the 60 bars: earlier ones cannot break out.
    let first = history.start_of_last(EVENT_BARS) + BREAKOUT_VOLUME_BARS - 1;
    (first..history.len()).rev().find(|at| is_breakout(history, *at))
}

fn is_breakout(history: &History<'_>, at: usize) -> bool {
    let volume = history.volume();
    let usual = average::mean_of_last(&volume[..=at], BREAKOUT_VOLUME_BARS);
    let bar = history.bar(at);
    let place_in_range = (bar.close - bar.low) / (bar.high - bar.low);
    let previous_high = history.high()[at - BREAKOUT_HIGH_BARS..at].iter().copied().fold(f64::MIN, f64::max);
    usual.is_some_and(|usual| bar.volume > BREAKOUT_VOLUME * usual)
        && place_in_range > BREAKOUT_CLOSE_LEAST
        && bar.close > previous_high
}

fn first_of_period(history: &History<'_>, period: impl Fn(NyDate) -> (i32, u32)) -> Option<usize> {
    let current = period(*history.dates().last()?);
    Some(history.dates().partition_point(|date| period(*date) < current))
}

fn first_extreme(history: &History<'_>, values: &[f64], beats: impl Fn(f64, f64) -> bool) -> Option<usize> {
    let first = history.start_of_last(SWING_BARS);
    (first..history.len()).reduce(|best, at| if beats(values[at], values[best]) { at } else { best })
}

impl fmt::Display for AnchorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::YearToDate => "YTD",
            Self::Gap => "Gap4%",
            Self::VolumeBreakout => "VolBreakout",
            Self::MonthToDate => "MTD",
            Self::SwingLow => "SwingLow20",
            Self::SwingHigh => "SwingHigh20",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    const QUIET: [f64; 5] = [100.0, 101.0, 99.0, 100.0, 1000.0];

    /// Sixty-five quiet bars, some replaced: (bars ago, bar).
    fn with(bars: &[(usize, [f64; 5])]) -> Sample {
        let mut rows = vec![QUIET; 65];
        for (ago, bar) in bars {
            rows[64 - ago] = *bar;
        }
        Sample::with_volume(&rows)
    }

    fn ago(sample: &Sample, kind: AnchorKind) -> Option<usize> {
        kind.find(&sample.history()).map(|at| 64 - at)
    }

    #[test]
    fn the_year_and_the_month_begin_at_their_first_bar() {
        let rows = vec![QUIET; 300];
        let sample = Sample::with_volume(&rows);
        let date = |kind: AnchorKind| kind.find(&sample.history()).map(|at| sample.history().dates()[at].to_string());
        assert_eq!(date(AnchorKind::YearToDate).as_deref(), Some("2017-01-02"));
        assert_eq!(date(AnchorKind::MonthToDate).as_deref(), Some("2017-11-01"));
    }

    #[test]
    fn gaps_count_either_way_and_only_within_sixty_bars() {
        let gap = [104.0, 105.0, 103.0, 100.0, 1000.0];
        let down = [96.0, 101.0, 95.0, 100.0, 1000.0];
        let small = [103.9, 105.0, 103.0, 100.0, 1000.0];
        assert_eq!(ago(&with(&[]), AnchorKind::Gap), None);
        assert_eq!(ago(&with(&[(30, gap), (10, gap), (5, small)]), AnchorKind::Gap), Some(10));
        assert_eq!(ago(&with(&[(7, down)]), AnchorKind::Gap), Some(7));
        assert_eq!(ago(&with(&[(58, gap)]), AnchorKind::Gap), Some(58));
        assert_eq!(ago(&with(&[(59, gap)]), AnchorKind::Gap), None, "its previous close is outside the 60");
    }

    #[test]
    fn a_breakout_needs_volume_a_strong_close_and_a_new_high() {
        let breakout = [100.0, 103.0, 100.0, 102.5, 3000.0];
        assert_eq!(ago(&with(&[(4, breakout)]), AnchorKind::VolumeBreakout), Some(4));
        // A lone bar of 1,800 lifts its own mean to 1,040: 1.73 times only.
        let refused = [
            ("volume", [100.0, 103.0, 100.0, 102.5, 1800.0]),
            ("close in the lower part", [100.0, 103.0, 100.0, 102.1, 3000.0]),
            ("no new high", [100.0, 101.2, 99.0, 100.9, 3000.0]),
            ("no range", [102.0, 102.0, 102.0, 102.0, 3000.0]),
        ];
        for (what, bar) in refused {
            assert_eq!(ago(&with(&[(4, bar)]), AnchorKind::VolumeBreakout), None, "{what}");
        }
        assert_eq!(ago(&with(&[(41, breakout)]), AnchorKind::VolumeBreakout), None, "the mean needs 20 of the 60 bars");
        assert_eq!(ago(&with(&[(40, breakout)]), AnchorKind::VolumeBreakout), Some(40));
    }

    #[test]
    fn swings_take_the_first_of_equals_in_twenty_bars() {
        let (low, high) = ([100.0, 101.0, 95.0, 100.0, 1000.0], [100.0, 105.0, 99.0, 100.0, 1000.0]);
        let sample = with(&[(20, low), (15, low), (3, low), (12, high), (2, high)]);
        assert_eq!(ago(&sample, AnchorKind::SwingLow), Some(15));
        assert_eq!(ago(&sample, AnchorKind::SwingHigh), Some(12));
    }

    #[test]
    fn of_two_on_one_bar_the_higher_priority_stays() {
        let sample = with(&[]);
        let kinds: Vec<_> = anchors(&sample.history()).iter().map(|anchor| anchor.kind).collect();
        // Every quiet bar is both a lowest low and a highest high: SwingHigh20 falls on SwingLow20's bar.
        assert_eq!(kinds, [AnchorKind::YearToDate, AnchorKind::MonthToDate, AnchorKind::SwingLow]);
        assert!(AnchorKind::ALL.windows(2).all(|pair| pair[0].priority() > pair[1].priority()));
    }
}
