//! One symbol's verdict: the per-symbol stages in their order.

use market::NyDate;

use crate::{
    History, QualityRefusal, Rules, Tier, average,
    choice::{self, Choice},
    directional,
    levels::{self, Levels},
    quality,
    setup::{self, Setup},
    trend, volatility, weekly,
};

/// What the stages made of a symbol.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// Not enough bars in the window.
    TooShort,
    /// The weekly trend does not point up.
    WeeklyMisaligned,
    /// Too quiet, too wild, or no uptrend.
    QualityGate(QualityRefusal),
    /// Price stands above no anchor that qualifies.
    NoAnchor,
    /// May be traded from.
    Candidate(Box<Candidate>),
}

/// A symbol that passed, with everything the watchlist writes of it. Nothing is rounded.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The day of the bar it was judged on.
    pub as_of: NyDate,
    /// The uptrend's tier.
    pub tier: Tier,
    /// The last close, dollars.
    pub close: f64,
    /// Strength of the trend.
    pub trend_score: f64,
    /// The winning anchor.
    pub choice: Choice,
    /// Stop and targets.
    pub levels: Levels,
    /// Context.
    pub setup: Setup,
    /// Mean volume of the last 20 bars, shares a day.
    pub average_volume: f64,
}

const VOLUME_BARS: usize = 20;

/// Judges a symbol by its bars up to and including the as-of date.
#[must_use]
pub fn evaluate(history: &History<'_>, rules: &Rules) -> Verdict {
    if history.len() < rules.bars_least {
        return Verdict::TooShort;
    }
    if rules.weekly_alignment && !weekly::is_aligned(history) {
        return Verdict::WeeklyMisaligned;
    }
    let (Some(last), Some(averages), Some(volatility)) =
        (history.last(), quality::averages(history), volatility::volatility(history))
    else {
        return Verdict::TooShort;
    };
    let tier = match quality::gate(last.close, &averages, &volatility, rules) {
        Ok(tier) => tier,
        Err(refusal) => return Verdict::QualityGate(refusal),
    };
    let trend_score = trend::score(&averages, &volatility, directional::adx(history));
    let Some(choice) = choice::choose(history, trend_score, rules) else { return Verdict::NoAnchor };
    let (Some(levels), Some(setup), Some(average_volume)) = (
        levels::levels(history, choice.level, volatility.atr),
        setup::setup(history, &averages, &choice),
        average::mean_of_last(history.volume(), VOLUME_BARS),
    ) else {
        return Verdict::TooShort;
    };
    Verdict::Candidate(Box::new(Candidate {
        as_of: last.date,
        tier,
        close: last.close,
        trend_score,
        choice,
        levels,
        setup,
        average_volume,
    }))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sample::Sample;

    fn rules() -> Rules {
        Rules::for_as_of("2017-11-10".parse().unwrap())
    }

    /// A climb of `step` a bar with a range of two dollars.
    fn climb(bars: usize, step: f64) -> Sample {
        let row = |day: usize| [0.0, 1.0, -1.0, 0.5].map(|offset| 60.0 + step * day as f64 + offset);
        Sample::of(&(0..bars).map(row).collect::<Vec<_>>())
    }

    #[test]
    fn stages_refuse_in_order() {
        assert_eq!(evaluate(&climb(79, 0.05).history(), &rules()), Verdict::TooShort);
        assert_eq!(evaluate(&climb(300, -0.05).history(), &rules()), Verdict::WeeklyMisaligned);
        assert_eq!(evaluate(&climb(120, 0.05).history(), &rules()), Verdict::QualityGate(QualityRefusal::Unsettled));
        let weekend = Rules::for_as_of("2017-11-11".parse().unwrap());
        assert_eq!(
            evaluate(&climb(300, -0.05).history(), &weekend),
            Verdict::QualityGate(QualityRefusal::NoUptrend),
            "a weekend scan skips the weekly rule"
        );
    }

    #[test]
    fn a_steady_climb_is_a_candidate_with_its_stop_below_the_level() {
        let sample = climb(300, 0.05);
        let Verdict::Candidate(candidate) = evaluate(&sample.history(), &rules()) else {
            panic!("a steady climb must pass")
        };
        assert_eq!(candidate.tier, Tier::A);
        assert!(candidate.levels.stop < candidate.choice.level && candidate.choice.level < candidate.close);
        assert!(candidate.levels.r1 < candidate.levels.r2);
    }

    proptest! {
        #[test]
        fn any_walk_gets_a_verdict_and_a_candidate_makes_sense(
            steps in prop::collection::vec((-30_i32..=34, 0_u32..5000), 80..420),
        ) {
            let mut price = 80.0;
            let rows: Vec<[f64; 5]> = steps.iter().map(|(step, volume)| {
                let open = price;
                price = (price * (1.0 + f64::from(*step) / 1000.0)).max(1.0);
                [open, open.max(price) * 1.004, open.min(price) * 0.996, price, f64::from(*volume)]
            }).collect();
            let sample = Sample::with_volume(&rows);
            if let Verdict::Candidate(candidate) = evaluate(&sample.history(), &rules()) {
                prop_assert!(candidate.trend_score.is_finite());
                prop_assert!(candidate.levels.stop < candidate.choice.level);
                prop_assert!(candidate.choice.level < candidate.close);
                prop_assert!(candidate.choice.distance_pct <= 8.0);
                prop_assert!((1..=6).contains(&candidate.choice.confluence));
            }
        }
    }
}
