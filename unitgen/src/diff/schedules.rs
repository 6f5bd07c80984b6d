//! When the timers of both sides fire next.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::guardrails::{Unit, Units};

/// Answers when calendar expressions elapse, from one instant on.
pub trait NextFires {
    /// The next times, at most `count`: seconds since 1970, and as people read it; empty when there is none.
    fn next(&self, expression: &str, count: usize) -> Vec<(i64, String)>;
}

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

pub(super) fn schedules(before: &Units, after: &Units, names: &[&str], fires: &dyn NextFires) -> Vec<Schedule> {
    let timers = names.iter().filter(|name| name.ends_with(".timer"));
    let differing = timers.filter_map(|name| {
        let (old, new) = (expressions(before.get(name)), expressions(after.get(name)));
        let starts = after.get(name).or(before.get(name)).and_then(Unit::triggers).unwrap_or_default();
        (old != new).then(|| Schedule {
            timer: (*name).to_owned(),
            starts,
            fires_before: next(&old, fires),
            fires_after: next(&new, fires),
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

/// The times of all expressions together, in order.
fn next(expressions: &[String], fires: &dyn NextFires) -> Vec<String> {
    let all: BTreeSet<(i64, String)> = expressions.iter().flat_map(|one| fires.next(one, SHOWN)).collect();
    all.into_iter().map(|(_, shown)| shown).take(SHOWN).collect()
}
