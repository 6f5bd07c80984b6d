//! Weekly alignment: the mean of the last 10 weekly closes above the mean of the last 40.
//!
//! A week ends on Friday; its close is the last one in it. The current, partial week counts. A week without bars leaves
//! the means over it undefined, and undefined is not aligned.

use market::NyDate;

use crate::{History, average};

const BARS_LEAST: usize = 200;
const WEEKS_FAST: usize = 10;
const WEEKS_SLOW: usize = 40;

/// Whether the weekly trend points up; a history too short to tell passes.
#[must_use]
pub fn is_aligned(history: &History<'_>) -> bool {
    let Some(weeks) = weeks_spanned(history.dates()) else { return true };
    if history.len() < BARS_LEAST || weeks < WEEKS_SLOW as i32 {
        return true;
    }
    let closes: Option<Vec<f64>> = last_weekly_closes(history).into_iter().collect();
    closes.is_some_and(|closes| average::mean_of_last(&closes, WEEKS_FAST) > average::mean_of_last(&closes, WEEKS_SLOW))
}

/// Weeks are numbered so that Saturday begins a new one.
fn week(date: NyDate) -> i32 {
    // 1970-01-01 was a Thursday: day 2 is the first Saturday.
    (date.unix_days() + 5).div_euclid(7)
}

fn weeks_spanned(dates: &[NyDate]) -> Option<i32> {
    Some(week(*dates.last()?) - week(*dates.first()?) + 1)
}

/// The closes of the last 40 calendar weeks, oldest first; `None` for a week without bars.
fn last_weekly_closes(history: &History<'_>) -> [Option<f64>; WEEKS_SLOW] {
    let mut closes = [None; WEEKS_SLOW];
    let Some(newest) = history.dates().last() else { return closes };
    let newest = week(*newest);
    for (date, close) in history.dates().iter().zip(history.close()).rev() {
        let Some(slot) =
            (newest - week(*date)).try_into().ok().and_then(|ago: usize| (WEEKS_SLOW - 1).checked_sub(ago))
        else {
            break;
        };
        // Walking backwards, the first close seen of a week is its last.
        closes[slot].get_or_insert(*close);
    }
    closes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::Sample;

    /// `bars` weekdays ending on a Friday, closes from `price(index)`.
    fn weekdays(bars: usize, price: impl Fn(usize) -> f64) -> Sample {
        Sample::of(&(0..bars).map(|day| [price(day); 4]).collect::<Vec<_>>())
    }

    #[test]
    fn a_week_begins_on_saturday() {
        let day = |text: &str| text.parse::<NyDate>().unwrap();
        assert_eq!(week(day("2017-11-10")), week(day("2017-11-06")));
        assert_eq!(week(day("2017-11-11")), week(day("2017-11-10")) + 1);
        assert_eq!(week(day("2017-11-11")), week(day("2017-11-17")));
    }

    #[test]
    fn rising_passes_falling_and_flat_fail() {
        assert!(is_aligned(&weekdays(260, |day| 10.0 + day as f64).history()));
        assert!(!is_aligned(&weekdays(260, |day| 1000.0 - day as f64).history()));
        assert!(!is_aligned(&weekdays(260, |_| 10.0).history()), "equal is not above");
    }

    #[test]
    fn a_short_history_passes() {
        assert!(is_aligned(&weekdays(199, |day| 1000.0 - day as f64).history()));
        assert!(is_aligned(&weekdays(0, |_| 1.0).history()));
    }

    #[test]
    fn a_missing_week_fails() {
        let whole = weekdays(260, |day| 10.0 + day as f64);
        let closed = |date: &NyDate| week(*date) == week(*whole.history().dates().last().unwrap()) - 7;
        assert!(!is_aligned(&whole.without(closed).history()));
    }
}
