//! The gate in front of an order-placing service.
//!
//! `ExecCondition=` and not `ExecStartPre=`: a refusal is a skip, not a failure, so `Restart=` never sees it. Not a unit
//! of its own either: a service with `Requires=` and `After=` on a skipped gate unit runs.

use manifest::{Deployment, Service};

use crate::unit::{Command, Word};

/// What must pass before the service starts, and why.
pub(crate) fn condition(deployment: &Deployment, service: &Service) -> (Command, &'static str) {
    let path = format!("{}/gate", deployment.release().programs());
    let command = Command { path, args: vec![Word::from(service.task().program())] };
    (command, REASON)
}

const REASON: &str = "No start without today's attested watchlist, in the session's window, with the kill switch released. \
    A failed scan once wrote nothing, and the stale list was traded. A refusal (75) skips the start; with a position to \
    protect the gate lets the process in to manage it, and it opens nothing.";
