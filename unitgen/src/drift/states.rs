//! What a unit is doing: not active, waiting, frozen, failed, or behind its files.

use super::{Code, Finding, Outcome, Properties, loaded::Known};
use crate::verify::Note;

/// A start that was asked for comes within this, be it at a boot: the network is waited for, and the first reconcile.
const START_SECONDS_MAX: i64 = 600;

pub(super) fn check(unit: &str, shown: &Properties, known: &Known<'_>, outcome: &mut Outcome) {
    check_every(unit, shown, &mut outcome.findings);
    let state = shown.value("ActiveState");
    if is_waiting(shown) {
        if is_overdue(shown, &known.answers.manager, known.answers.now) {
            let says = format!("job {} for its start waits", shown.value("Job"));
            outcome.findings.push(Finding::new(Code::StartWaits, unit, says));
        }
    } else if is_of_the_boot(unit) && state != "active" {
        outcome.findings.push(Finding::new(Code::NotActive, unit, state));
    }
    if state == "failed" && unit.ends_with(".service") {
        if known.rendered.get(unit).is_some_and(crate::guardrails::Unit::is_oneshot) {
            // Its own alert has told it, and its next run comes.
            outcome.notes.push(Note { file: unit.to_owned(), says: "its last run failed".to_owned() });
        } else {
            outcome.findings.push(Finding::new(Code::Failed, unit, format!("it failed: {}", shown.value("Result"))));
        }
    }
}

/// What is asked of slices too.
pub(super) fn check_every(unit: &str, shown: &Properties, findings: &mut Vec<Finding>) {
    if shown.lines("NeedDaemonReload").contains(&"yes") {
        findings.push(Finding::new(Code::ReloadNeeded, unit, "its files changed since they were read"));
    }
    let freezer = shown.value("FreezerState");
    if freezer.starts_with("freez") || freezer.starts_with("frozen") {
        findings.push(Finding::new(Code::Frozen, unit, freezer));
    }
}

/// Whether a start was asked for and has not begun.
fn is_waiting(shown: &Properties) -> bool {
    let job = shown.value("Job");
    shown.value("ActiveState") == "inactive" && !job.is_empty() && job != "0"
}

/// Whether one waits that nothing excuses any more: not the boot, nor that the unit ended a moment ago. Nobody says how old
/// a job is, so that one look finds a start that comes at that moment too.
pub(super) fn is_overdue(shown: &Properties, manager: &Properties, now: Option<i64>) -> bool {
    let at = |text: &str| text.strip_prefix('@').and_then(|seconds| seconds.parse::<i64>().ok());
    let since = at(manager.value("UserspaceTimestamp")).max(at(shown.value("StateChangeTimestamp")));
    is_waiting(shown) && now.zip(since).is_none_or(|(now, since)| now - since > START_SECONDS_MAX)
}

fn is_of_the_boot(unit: &str) -> bool {
    unit.ends_with(".timer") || unit.ends_with(".target")
}
