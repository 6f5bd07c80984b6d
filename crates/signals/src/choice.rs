//! Which anchor wins: those that qualify are scored, the best is the entry level.

use crate::{Anchor, History, Rules, anchor::anchors, average, avwap::Avwap};

const NEAR_PCT_LEAST: f64 = 0.1;
const NEAR_PCT_MOST: f64 = 1.5;
const NEAR_BONUS: f64 = 50.0;
const RECLAIM_BONUS: f64 = 40.0;
const TREND_WEIGHT: f64 = 1.5;
const SLOPE_BARS: usize = 5;

/// The winning anchor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// Where it is anchored.
    pub anchor: Anchor,
    /// Its AVWAP, with the last few values.
    pub avwap: Avwap,
    /// Its value at the newest bar, dollars.
    pub level: f64,
    /// The close above the level, percent.
    pub distance_pct: f64,
    /// Slope of the AVWAP over 5 bars.
    pub slope5: f64,
    /// How many qualifying AVWAPs agree, itself included.
    pub confluence: usize,
}

/// An anchor that qualifies, with what its score is made of.
struct Qualified {
    anchor: Anchor,
    avwap: Avwap,
    level: f64,
    distance_pct: f64,
    slope5: f64,
    reclaim: bool,
}

/// The anchor with the highest score; of equals the one of higher priority. `None` when no anchor qualifies.
#[must_use]
pub fn choose(history: &History<'_>, trend_score: f64, rules: &Rules) -> Option<Choice> {
    let qualified: Vec<Qualified> =
        anchors(history).into_iter().filter_map(|anchor| qualify(history, anchor, rules)).collect();
    let best = qualified
        .iter()
        .reduce(|best, other| if other.score(trend_score) > best.score(trend_score) { other } else { best })?;
    let agrees = |other: &&Qualified| (other.level - best.level).abs() / best.level <= rules.confluence_within;
    let confluence = qualified.iter().filter(agrees).count();
    let Qualified { anchor, avwap, level, distance_pct, slope5, reclaim: _ } = *best;
    Some(Choice { anchor, avwap, level, distance_pct, slope5, confluence })
}

fn qualify(history: &History<'_>, anchor: Anchor, rules: &Rules) -> Option<Qualified> {
    let avwap = Avwap::from_anchor(history, anchor.at);
    let (close, previous) = (history.close_ago(0)?, history.close_ago(1)?);
    let level = avwap.now()?;
    let slope5 = average::slope(level, avwap.ago(SLOPE_BARS)?)?;
    let reclaim = previous <= level && level < close;
    let distance_pct = (close - level) / level * 100.0;
    let qualifies = avwap.values() >= rules.avwap_values_least
        && close > level
        && (slope5 >= rules.avwap_slope_least || reclaim)
        && distance_pct <= rules.distance_pct_most;
    qualifies.then_some(Qualified { anchor, avwap, level, distance_pct, slope5, reclaim })
}

impl Qualified {
    fn score(&self, trend_score: f64) -> f64 {
        let near = (NEAR_PCT_LEAST..=NEAR_PCT_MOST).contains(&self.distance_pct);
        self.anchor.kind.priority() + TREND_WEIGHT * trend_score - self.distance_pct.abs()
            + if near { NEAR_BONUS } else { 0.0 }
            + if self.reclaim { RECLAIM_BONUS } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnchorKind, sample::Sample};

    fn rules() -> Rules {
        Rules::for_as_of("2017-11-10".parse().unwrap())
    }

    /// Flat at 100 for 300 bars, then the given closes (each bar a single price).
    fn flat_then(closes: &[f64]) -> Sample {
        let mut rows = vec![[100.0; 4]; 300];
        rows.extend(closes.iter().map(|close| [*close; 4]));
        Sample::of(&rows)
    }

    #[test]
    fn below_every_avwap_nothing_qualifies() {
        assert_eq!(choose(&flat_then(&[99.0]).history(), 0.0, &rules()), None);
    }

    #[test]
    fn the_year_wins_when_scores_differ_by_priority_alone() {
        let choice = choose(&flat_then(&[101.0]).history(), 0.0, &rules()).unwrap();
        assert_eq!(choice.anchor.kind, AnchorKind::YearToDate);
        assert!(choice.level > 100.0 && choice.level < 100.1, "{}", choice.level);
        // Year, month and the first of the equal lows agree within a percent; the high is today's bar, one value only.
        assert_eq!(choice.confluence, 3);
    }

    #[test]
    fn a_close_too_far_above_does_not_qualify() {
        assert!(choose(&flat_then(&[107.9]).history(), 0.0, &rules()).is_some());
        assert_eq!(choose(&flat_then(&[109.5]).history(), 0.0, &rules()), None);
    }

    #[test]
    fn being_near_outweighs_priority() {
        // A gap of 5 % nine bars ago; its AVWAP is 105, the year's about 100.2: near 105 beats the year.
        let choice = choose(
            &flat_then(&[105.0, 105.0, 105.0, 105.0, 105.0, 105.0, 105.0, 105.0, 105.5]).history(),
            0.0,
            &rules(),
        );
        let choice = choice.unwrap();
        assert_eq!(choice.anchor.kind, AnchorKind::Gap);
        assert_eq!(choice.confluence, 2, "the month began a bar after the gap; the year's AVWAP is 5 % away");
    }
}
