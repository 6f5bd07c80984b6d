//! The gate in front of an order-placing service, and the one in front of a job that catches up.
//!
//! `ExecCondition=` and not `ExecStartPre=`: a refusal is a skip, not a failure, so `Restart=` never sees it. Not a unit
//! of its own either: a service with `Requires=` and `After=` on a skipped gate unit runs. Before a job it is the other way
//! round: a skip would be a success, and start what follows on it.

use manifest::{Deployment, Schedule, Seconds, Service, Task};

use crate::unit::{Command, Word};

/// What must pass before a service that may open positions starts, and why; `None` for every other.
pub(crate) fn condition(deployment: &Deployment, service: &Service) -> Option<(Command, &'static str)> {
    let path = format!("{}/gate", deployment.release().programs());
    let (asked_for, reason) = match service.task() {
        Task::Trade => ("execution", REASON),
        Task::Session => ("session", SESSION_REASON),
        Task::WorkIntents => ("intents", INTENTS_REASON),
        Task::Stream
        | Task::TakeIntents
        | Task::ShowPages
        | Task::Gateway
        | Task::Scan
        | Task::EndOfDay
        | Task::Status
        | Task::Reconcile
        | Task::Preflight
        | Task::Fetch
        | Task::Drift => return None,
    };
    Some((Command { path, args: vec![Word::from(asked_for)] }, reason))
}

/// What must not fail before a job that its timer may start late, and why. The gate judges in New York's time; a schedule
/// that cannot be told in it has no late start.
pub(crate) fn late_start(
    deployment: &Deployment,
    schedule: &Schedule,
    late: Seconds,
) -> Option<(Command, &'static str)> {
    let schedule = schedule.moved_to_new_york()?;
    let days: Vec<String> = schedule.weekdays().iter().map(ToString::to_string).collect();
    let words = [
        "late-start".to_owned(),
        "--on".to_owned(),
        days.join(","),
        "--at".to_owned(),
        schedule.time().format("%H:%M:%S").to_string(),
        "--at-most-seconds".to_owned(),
        late.get().to_string(),
    ];
    let path = format!("{}/gate", deployment.release().programs());
    Some((Command { path, args: words.iter().map(|word| Word::from(word.as_str())).collect() }, LATE_REASON))
}

const LATE_REASON: &str = "A catch-up run that comes too late fails, where people see it. Not ExecCondition=: a skip is a success to \
    systemd, and OnSuccess= would fire.";
const SESSION_REASON: &str = "No start without a preflight of today that found nothing wrong, in the session's window, with the kill \
    switch released. A unit that was tied to its preflight by Requires= ran when the preflight was skipped. A refusal (75) skips \
    the start; with a position to protect the gate lets the process in to manage it, and it opens nothing.";
const INTENTS_REASON: &str = "No start outside of the session's window, or with the kill switch pulled. A refusal (75) skips the start; \
    with a position to protect the gate lets the process in to manage it, and it opens nothing.";
const REASON: &str = "No start without today's attested watchlist, in the session's window, with the kill switch released. \
    A failed scan once wrote nothing, and the stale list was traded. A refusal (75) skips the start; with a position to \
    protect the gate lets the process in to manage it, and it opens nothing.";
