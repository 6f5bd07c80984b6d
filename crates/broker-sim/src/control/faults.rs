//! What is to go wrong.

use axum::{
    body::Body,
    extract::{Request as HttpRequest, State},
    http::Response as HttpResponse,
};

use serde::Deserialize;

use super::{Answer, Refused, body, time::told};
use crate::{
    faults::{Plan, Script},
    http::Shell,
    streams::{StreamFault, StreamName},
};

/// No stream is as late as this, in milliseconds.
const LATE_MS_MAX: u64 = 600_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StreamWish {
    stream: StreamName,
    fault: StreamFault,
}

/// In place of what was set before.
pub(super) async fn set(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let script: Script = body(request).await?;
    let plan = Plan::new(script).map_err(|error| Refused(422, error.to_string()))?;
    shell.venue.set_faults(plan);
    Ok(told(&shell))
}

pub(super) async fn clear(State(shell): State<Shell>) -> HttpResponse<Body> {
    shell.venue.set_faults(Plan::default());
    told(&shell)
}

pub(super) async fn stream(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let StreamWish { stream, fault } = body(request).await?;
    if let StreamFault::Late { ms: LATE_MS_MAX.. } = fault {
        return Err(Refused(422, "a stream is late by less than ten minutes".to_owned()));
    }
    shell.venue.set_stream_fault(stream, fault);
    Ok(told(&shell))
}
