//! The gate in front of an order-placing service, and the one in front of a job that catches up.
//!
//! `ExecCondition=` and not `ExecStartPre=`: a refusal is a skip, not a failure, so `Restart=` never sees it. Not a unit
//! of its own either: a service with `Requires=` and `After=` on a skipped gate unit runs. Before a job it is the other way
//! round: a skip would be a success, and start what follows on it.

use manifest::{Deployment, Schedule, Seconds, Service};

use crate::unit::{Command, Word};

/// What must pass before the service starts, and why.
pub(crate) fn condition(deployment: &Deployment, service: &Service) -> (Command, &'static str) {
    let path = format!("{}/gate", deployment.release().programs());
    let command = Command { path, args: vec![Word::from(service.task().program())] };
    (command, REASON)
}

/// What must not fail before a job that its timer may start late, and why.
pub(crate) fn late_start(deployment: &Deployment, schedule: &Schedule, late: Seconds) -> (Command, &'static str) {
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
    (Command { path, args: words.iter().map(|word| Word::from(word.as_str())).collect() }, LATE_REASON)
}

const LATE_REASON: &str = "A catch-up run that comes too late fails, where people see it. Not ExecCondition=: a skip is a success to \
    systemd, and OnSuccess= would fire.";
const REASON: &str = "No start without today's attested watchlist, in the session's window, with the kill switch released. \
    A failed scan once wrote nothing, and the stale list was traded. A refusal (75) skips the start; with a position to \
    protect the gate lets the process in to manage it, and it opens nothing.";
