//! The simulator's own endpoints, `/sim/...`: JSON, without keys. They are neither logged nor met by faults.

mod faults;
mod hand;
mod time;

use axum::{
    Router,
    body::Body,
    extract::{Request as HttpRequest, State},
    http::Response as HttpResponse,
    middleware::{self, Next},
    response::IntoResponse,
    routing::{any, get, post},
};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::{
    http::{BODY_BYTES_MAX, Shell, json_response, set_header, text_response},
    reset::{Reset, ResetError},
};

/// An answer that is not yes.
pub(crate) struct Refused(pub(crate) u16, pub(crate) String);

type Answer = Result<HttpResponse<Body>, Refused>;

impl IntoResponse for Refused {
    fn into_response(self) -> HttpResponse<Body> {
        json_response(self.0, &json!({"message": self.1}))
    }
}

/// Every endpoint of the simulator's own.
pub(crate) fn routes(shell: &Shell) -> Router<Shell> {
    Router::new()
        .route("/sim/clock", get(time::clock))
        .route("/sim/advance", post(time::advance))
        .route("/sim/sleep", post(time::sleep))
        .route("/sim/sleepers", get(time::sleepers))
        .route("/sim/rouse", post(time::rouse))
        .route("/sim/skew", post(time::skew))
        .route("/sim/calendar", post(time::calendar))
        .route("/sim/truth", get(truth))
        .route("/sim/events", get(events))
        .route("/sim/requests", get(requests))
        .route("/sim/reset", post(reset))
        .route("/sim/tick", post(hand::tick))
        .route("/sim/halt", post(hand::halt))
        .route("/sim/split", post(hand::split))
        .route("/sim/reject", post(hand::reject))
        .route("/sim/lag", post(time::lag))
        .route("/sim/faults", post(faults::set).delete(faults::clear))
        .route("/sim/stream", post(faults::stream))
        .route("/sim", any(unknown))
        .route("/sim/{*rest}", any(unknown))
        .method_not_allowed_fallback(async || Refused(405, "no such method here".to_owned()))
        .layer(middleware::from_fn_with_state(shell.clone(), identified))
}

async fn truth(State(shell): State<Shell>) -> HttpResponse<Body> {
    json_response(200, &json!(shell.venue.truth()))
}

async fn events(State(shell): State<Shell>) -> HttpResponse<Body> {
    text_response(200, "application/x-ndjson", Body::from(shell.venue.event_log()))
}

async fn requests(State(shell): State<Shell>) -> HttpResponse<Body> {
    let seen = shell.venue.requests_seen();
    json_response(200, &seen.iter().map(|seen| json!(**seen)).collect())
}

async fn reset(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let reset: Reset = body(request).await?;
    let now = shell.venue.reset(&reset).map_err(|error| match error {
        ResetError::RealClock => Refused(409, error.to_string()),
        ResetError::Bounds(_) | ResetError::Source(_) => Refused(422, error.to_string()),
    })?;
    Ok(json_response(200, &json!({"timestamp": now})))
}

async fn unknown() -> Refused {
    Refused(404, "no such endpoint of the simulator".to_owned())
}

async fn identified(State(shell): State<Shell>, request: HttpRequest, next: Next) -> HttpResponse<Body> {
    let mut response = next.run(request).await;
    set_header(&mut response, "x-request-id", &shell.own_id());
    response
}

/// The body of a request, read as JSON whatever its content type; an empty one is `{}`.
async fn body<T: DeserializeOwned>(request: HttpRequest) -> Result<T, Refused> {
    let bytes = axum::body::to_bytes(request.into_body(), BODY_BYTES_MAX).await;
    let bytes = bytes.map_err(|error| Refused(413, error.to_string()))?;
    let text: &[u8] = if bytes.is_empty() { b"{}" } else { &bytes };
    serde_json::from_slice(text).map_err(|error| Refused(422, error.to_string()))
}
