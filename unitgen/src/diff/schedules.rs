//! When the timers of both sides fire next.

use chrono::DateTime;
use market::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    calendar::{self, Expression, ExpressionError, Next, Tz, YEAR_KNOWN_MAX},
    guardrails::{Unit, Units, other_times},
};

/// So many next times of each side are told.
const SHOWN: usize = 3;

/// A timer that fires otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// The timer.
    pub timer: String,
    /// The service that it starts.
    pub starts: String,
    /// Its expressions before.
    pub before: Vec<String>,
    /// Its expressions afterwards.
    pub after: Vec<String>,
    /// When it would have fired.
    pub fires_before: Vec<String>,
    /// When it fires.
    pub fires_after: Vec<String>,
}

impl Schedule {
    /// The lines for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let told = |expressions: &[String], fires: &[String]| {
            let said = if expressions.is_empty() { "never".to_owned() } else { expressions.join(" and ") };
            let fires = if fires.is_empty() { String::new() } else { format!("\n            {}", fires.join(", ")) };
            format!("{said}{fires}")
        };
        let Self { timer, starts, before, after, fires_before, fires_after } = self;
        let (before, after) = (told(before, fires_before), told(after, fires_after));
        format!("  {timer} starts {starts}\n    before: {before}\n    after:  {after}\n")
    }
}

/// The timers among `names` that fire otherwise; without a clock nobody can tell when.
pub(crate) fn schedules(before: &Units, after: &Units, names: &[&str], now: Option<Timestamp>) -> Vec<Schedule> {
    let timers = names.iter().filter(|name| name.ends_with(".timer"));
    let differing = timers.filter_map(|name| {
        let (old, new) = (expressions(before.get(name)), expressions(after.get(name)));
        let starts = after.get(name).or(before.get(name)).and_then(Unit::triggers).unwrap_or_default();
        (old != new).then(|| Schedule {
            timer: (*name).to_owned(),
            starts,
            fires_before: now.map(|now| next(&old, now)).unwrap_or_default(),
            fires_after: now.map(|now| next(&new, now)).unwrap_or_default(),
            before: old,
            after: new,
        })
    });
    differing.collect()
}

fn expressions(timer: Option<&Unit>) -> Vec<String> {
    let Some(timer) = timer.filter(|timer| !timer.is_masked()) else { return Vec::new() };
    let calendars = timer.list("Timer", "OnCalendar").into_iter().map(|said| said.value.clone());
    calendars.chain(other_times(timer)).collect()
}

/// The next times of all expressions together, each by the clock of its zone, and what of them is not foretold. What is no
/// expression never fires, to systemd too.
fn next(expressions: &[String], now: Timestamp) -> Vec<String> {
    let (mut read, mut told): (Vec<Expression>, Vec<String>) = (Vec::new(), Vec::new());
    for text in expressions {
        match text.parse() {
            Ok(expression) => read.push(expression),
            Err(ExpressionError::Unsupported { reason, .. }) => {
                told.push(format!("{text} is not followed here: {reason}"));
            }
            Err(ExpressionError::Malformed { .. }) => {}
        }
    }
    let zone = read.iter().find_map(Expression::zone).unwrap_or(Tz::UTC);
    let fires: Vec<Timestamp> =
        calendar::fires(read.iter().map(|one| ("", one)), now).take(SHOWN).map(|fire| fire.at).collect();
    let last = fires.last().copied().unwrap_or(now);
    let is_beyond = |one: &Expression| calendar::next(one, last) == Next::Beyond;
    if fires.len() < SHOWN && read.iter().any(is_beyond) {
        told.push(format!("beyond {YEAR_KNOWN_MAX}, which is not followed here"));
    }
    fires.into_iter().map(|at| shown(at, zone)).chain(told).collect()
}

/// Seconds are told where there are any.
fn shown(at: Timestamp, zone: Tz) -> String {
    let instant = DateTime::from_timestamp(at.unix_seconds(), 0).unwrap_or_default();
    let time = if at.unix_seconds() % 60 == 0 { "%H:%M" } else { "%H:%M:%S" };
    instant.with_timezone(&zone).format(&format!("%a %Y-%m-%d {time} %Z")).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_of_the_next_times() {
        let now = "2026-10-30T20:30:00Z".parse().unwrap();
        let beyond = "beyond 2099, which is not followed here";
        for (expressions, expect) in [
            (&["Fri 16:30 America/New_York"][..], "Fri 2026-10-30 16:30 EDT, Fri 2026-11-06 16:30 EST"),
            (&["2026-11-01 09:30:05 UTC"], "Sun 2026-11-01 09:30:05 UTC"),
            (&["2199-01-01"], beyond),
            (&["Mon *-02-29"], &format!("Mon 2044-02-29 00:00 UTC, Mon 2072-02-29 00:00 UTC, {beyond}")),
            (&["*-02-31"], ""),
            (&["no expression"], ""),
            (&["09:30:00.5"], "09:30:00.5 is not followed here: fractions of a second"),
            (
                &["@1800000000", "2026-11-01 UTC"],
                "Sun 2026-11-01 00:00 UTC, @1800000000 is not followed here: seconds since 1970",
            ),
        ] {
            let found = next(&expressions.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>(), now).join(", ");
            assert!(
                if expect.is_empty() { found.is_empty() } else { found.starts_with(expect) },
                "{expressions:?}: {found}"
            );
        }
    }
}
