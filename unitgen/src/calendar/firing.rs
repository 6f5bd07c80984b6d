//! The fires of many timers, in the order of time.

use std::collections::BTreeSet;

use market::{TimeDelta, Timestamp};

use super::{Expression, next_after};

/// A timer elapses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fire<'a> {
    /// When.
    pub at: Timestamp,
    /// Whose timer: what the caller named it.
    pub name: &'a str,
}

/// Every fire from an instant on (an elapse at that very instant included), those of one instant by name. It may never end:
/// take as many as are wanted. A timer with several expressions is given several times under its name.
pub fn fires<'a>(
    timers: impl IntoIterator<Item = (&'a str, &'a Expression)>,
    from: Timestamp,
) -> impl Iterator<Item = Fire<'a>> {
    let timers: Vec<(&str, &Expression)> = timers.into_iter().collect();
    let just_before = from - TimeDelta::microseconds(1);
    let first = |(index, (name, expression)): (usize, &(&'a str, &Expression))| {
        next_after(expression, just_before).map(|at| (Fire { at, name }, index))
    };
    let mut upcoming: BTreeSet<(Fire<'a>, usize)> = timers.iter().enumerate().filter_map(first).collect();
    std::iter::from_fn(move || {
        let (fire, index) = upcoming.pop_first()?;
        upcoming.extend(next_after(timers[index].1, fire.at).map(|at| (Fire { at, ..fire }, index)));
        Some(fire)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fires_come_in_order_and_the_first_instant_counts() {
        let [scan, restart]: [Expression; 2] = ["Mon..Fri 08:30 America/New_York", "Mon..Fri 08:40 America/New_York"]
            .map(|text| text.parse().expect("an expression"));
        // Friday before the clocks of New York go forward.
        let from = "2026-03-06T13:30:00Z".parse().expect("an instant");
        let found: Vec<String> = fires([("restart", &restart), ("scan", &scan)], from)
            .take(4)
            .map(|fire| format!("{} {}", fire.at, fire.name))
            .collect();
        let expect = [
            "2026-03-06T13:30:00Z scan",
            "2026-03-06T13:40:00Z restart",
            "2026-03-09T12:30:00Z scan",
            "2026-03-09T12:40:00Z restart",
        ];
        assert_eq!(found, expect);
    }

    #[test]
    fn what_never_elapses_never_fires() {
        let never: Expression = "*-02-31".parse().expect("an expression");
        assert_eq!(fires([("never", &never)], Timestamp::from_unix_seconds(0)).next(), None);
    }
}
