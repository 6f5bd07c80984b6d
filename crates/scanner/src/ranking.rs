//! The order of the candidates, and where each stands among them.
//!
//! Order: tier, then TrendScore from the top, then symbol. Over the candidates of one scan: a z-score is (value - mean) /
//! standard deviation, the latter of the whole set (divided by n) and undefined when it is zero; a percentile is 100 times
//! the share of candidates at or below, equals sharing their mean rank; the composite rank counts from 1 by
//! z(TrendScore) - z(DistPct), strong trends near their level first, an undefined z counting as 0 and equals in order.

use market::Symbol;
use signals::Candidate;

use crate::stages::{Judged, Verdict};

/// A candidate with its place.
#[derive(Clone, Debug)]
pub struct Ranked<'a> {
    /// The ticker.
    pub symbol: Symbol,
    /// Its sector.
    pub sector: &'a str,
    /// What the signals found.
    pub candidate: &'a Candidate,
    /// z-score of the TrendScore.
    pub trend_z: Option<f64>,
    /// Percentile of the TrendScore.
    pub trend_percentile: f64,
    /// z-score of the distance to the level.
    pub distance_z: Option<f64>,
    /// 1 is best.
    pub composite_rank: usize,
}

/// The candidates among the judged, in order.
pub fn rank<'a>(judged: &'a [Judged<'_>]) -> Vec<Ranked<'a>> {
    let mut ranked: Vec<Ranked<'a>> = judged.iter().filter_map(unranked).collect();
    ranked.sort_by(|a, b| {
        let by_trend = b.candidate.trend_score.total_cmp(&a.candidate.trend_score);
        a.candidate.tier.cmp(&b.candidate.tier).then(by_trend).then(a.symbol.cmp(&b.symbol))
    });
    let trends: Vec<f64> = ranked.iter().map(|ranked| ranked.candidate.trend_score).collect();
    let distances: Vec<f64> = ranked.iter().map(|ranked| ranked.candidate.choice.distance_pct).collect();
    let (trend, distance) = (Spread::of(&trends), Spread::of(&distances));
    let percentiles = percentiles(&trends);
    for (at, ranked) in ranked.iter_mut().enumerate() {
        ranked.trend_z = trend.z(trends[at]);
        ranked.trend_percentile = percentiles[at];
        ranked.distance_z = distance.z(distances[at]);
    }
    let composite = |ranked: &Ranked<'_>| ranked.trend_z.unwrap_or(0.0) - ranked.distance_z.unwrap_or(0.0);
    let mut order: Vec<usize> = (0..ranked.len()).collect();
    order.sort_by(|a, b| composite(&ranked[*b]).total_cmp(&composite(&ranked[*a])));
    for (place, at) in order.into_iter().enumerate() {
        ranked[at].composite_rank = place + 1;
    }
    ranked
}

fn unranked<'a>(judged: &'a Judged<'_>) -> Option<Ranked<'a>> {
    let Some(Verdict::Candidate(candidate)) = &judged.verdict else { return None };
    Some(Ranked {
        symbol: judged.member.symbol,
        sector: &judged.member.sector,
        candidate,
        trend_z: None,
        trend_percentile: 0.0,
        distance_z: None,
        composite_rank: 0,
    })
}

/// Mean and standard deviation of a set.
struct Spread {
    mean: f64,
    deviation: f64,
}

impl Spread {
    fn of(values: &[f64]) -> Self {
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let deviation = (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / count).sqrt();
        Self { mean, deviation }
    }

    fn z(&self, value: f64) -> Option<f64> {
        (self.deviation > 0.0).then(|| (value - self.mean) / self.deviation)
    }
}

fn percentiles(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let percentile = |value: &f64| {
        let below = sorted.partition_point(|other| other < value);
        let at_or_below = sorted.partition_point(|other| other <= value);
        // Ranks below + 1 ..= at_or_below share their mean.
        100.0 * (below + at_or_below + 1) as f64 / 2.0 / sorted.len() as f64
    };
    values.iter().map(percentile).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z_scores_by_hand() {
        let spread = Spread::of(&[1.0, 3.0]);
        assert_eq!((spread.z(3.0), spread.z(1.0), spread.z(2.0)), (Some(1.0), Some(-1.0), Some(0.0)));
        assert_eq!(Spread::of(&[2.0, 2.0]).z(2.0), None);
        assert_eq!(Spread::of(&[2.0]).z(2.0), None);
    }

    #[test]
    fn percentiles_share_ranks() {
        assert_eq!(percentiles(&[5.0]), [100.0]);
        assert_eq!(percentiles(&[4.0, 1.0, 3.0, 2.0]), [100.0, 25.0, 75.0, 50.0]);
        assert_eq!(percentiles(&[1.0, 2.0, 2.0, 3.0]), [25.0, 62.5, 62.5, 100.0]);
    }
}
