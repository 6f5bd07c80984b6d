//! When the timers of both sides fire next.

use chrono::DateTime;
use market::Timestamp;
use serde::Serialize;

use crate::{
    calendar::{self, Expression, Tz},
    guardrails::{Unit, Units},
};

/// So many next times of each side are told.
const SHOWN: usize = 3;

/// A timer that fires otherwise than before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
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

pub(super) fn schedules(before: &Units, after: &Units, names: &[&str], now: Timestamp) -> Vec<Schedule> {
    let timers = names.iter().filter(|name| name.ends_with(".timer"));
    let differing = timers.filter_map(|name| {
        let (old, new) = (expressions(before.get(name)), expressions(after.get(name)));
        let starts = after.get(name).or(before.get(name)).and_then(Unit::triggers).unwrap_or_default();
        (old != new).then(|| Schedule {
            timer: (*name).to_owned(),
            starts,
            fires_before: next(&old, now),
            fires_after: next(&new, now),
            before: old,
            after: new,
        })
    });
    differing.collect()
}

fn expressions(timer: Option<&Unit>) -> Vec<String> {
    let said = timer.filter(|timer| !timer.is_masked()).map(|timer| timer.list("Timer", "OnCalendar"));
    said.into_iter().flatten().map(|said| said.value.clone()).collect()
}

/// The next times of all expressions together, each by the clock of its zone. What is no expression never fires, to
/// systemd too.
fn next(expressions: &[String], now: Timestamp) -> Vec<String> {
    let read: Vec<Expression> = expressions.iter().filter_map(|one| one.parse().ok()).collect();
    let zone = read.iter().find_map(Expression::zone).unwrap_or(Tz::UTC);
    let fires = calendar::fires(read.iter().map(|one| ("", one)), now);
    fires.take(SHOWN).map(|fire| shown(fire.at, zone)).collect()
}

fn shown(at: Timestamp, zone: Tz) -> String {
    let instant = DateTime::from_timestamp(at.unix_seconds(), 0).unwrap_or_default();
    instant.with_timezone(&zone).format("%a %Y-%m-%d %H:%M %Z").to_string()
}
