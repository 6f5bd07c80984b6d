//! What is to go wrong.

use axum::{
    body::Body,
    extract::{Request as HttpRequest, State},
    http::Response as HttpResponse,
};

use super::{Answer, Refused, body, time::told};
use crate::{
    faults::{Plan, Script},
    http::Shell,
};

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

pub(super) async fn stream(State(_): State<Shell>, _: HttpRequest) -> Answer {
    Err(Refused(501, "not yet".to_owned()))
}
