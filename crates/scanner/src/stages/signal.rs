//! Stages 4 to 7: each symbol on its own, several at once.

use std::thread;

use bars::Series;
use market::Price;
use signals::{Candidate, History, Rules, evaluate};

use crate::{
    progress::Progress,
    stages::{Judged, Verdict},
};

const THREADS_MOST: usize = 4;
/// Small enough that threads end together, large enough that handing out costs nothing.
const BATCH: usize = 64;

/// Judges whoever is still in.
pub fn apply(judged: &mut [Judged<'_>], rules: &Rules, progress: &Progress) {
    let threads = thread::available_parallelism().map_or(1, usize::from).min(THREADS_MOST);
    let batches = std::sync::Mutex::new(judged.chunks_mut(BATCH));
    let next = || batches.lock().unwrap_or_else(std::sync::PoisonError::into_inner).next();
    let worker = || {
        while let Some(batch) = next() {
            for symbol in batch.iter_mut().filter(|symbol| symbol.verdict.is_none()) {
                symbol.verdict =
                    Some(symbol.series.as_ref().map_or(Verdict::TooShort, |series| verdict(series, rules)));
            }
            progress.advance(batch.len());
        }
    };
    thread::scope(|scope| {
        (1..threads).for_each(|_| drop(scope.spawn(worker)));
        worker();
    });
}

fn verdict(series: &Series<'_>, rules: &Rules) -> Verdict {
    let Series { dates, open, high, low, close, volume } = *series;
    let Some(history) = History::new(dates, open, high, low, close, volume) else { return Verdict::TooShort };
    match evaluate(&history, rules) {
        signals::Verdict::TooShort => Verdict::TooShort,
        signals::Verdict::WeeklyMisaligned => Verdict::WeeklyMisaligned,
        signals::Verdict::QualityGate(_) => Verdict::QualityGate,
        signals::Verdict::NoAnchor => Verdict::NoAnchor,
        signals::Verdict::Candidate(candidate) if !has_tradable_levels(&candidate) => Verdict::BadLevels,
        signals::Verdict::Candidate(candidate) => Verdict::Candidate(candidate),
    }
}

/// One bad bar can make levels that are no price, or a stop above its entry. That drops the symbol, not the scan.
fn has_tradable_levels(candidate: &Candidate) -> bool {
    let levels = &candidate.levels;
    let cents = |value: f64| (value * 100.0).round_ties_even() / 100.0;
    let is_price = |value: f64| Price::from_f64_rounded(cents(value)).is_ok();
    [candidate.close, candidate.choice.level, levels.stop, levels.r1, levels.r2].into_iter().all(is_price)
        && cents(levels.stop) < cents(candidate.choice.level)
}
