//! Trading and data requests: logged, met by their fault, answered.

use std::{collections::BTreeMap, time::Duration};

use ::venue::{Request, Response, engine::Rate};
use axum::{
    body::{Body, to_bytes},
    extract::{ConnectInfo, Query, Request as HttpRequest, State},
    http::{HeaderMap, Response as HttpResponse, header, request::Parts},
};
use market::TimeDelta;
use serde_json::json;

use crate::{
    faults::Fault,
    handle::{Moment, Venue, Verdict},
    http::{BODY_BYTES_MAX, Shell, cut, empty_response, json_response, set_header, text_response},
    requests::RequestSeen,
    severable::Line,
    spoilt,
};

/// No answer: the connection is cut, now or when the server stops.
enum Cut {
    Now,
    AtTheEnd,
}

/// A trading or data request.
pub(crate) async fn answer(
    State(mut shell): State<Shell>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: HttpRequest,
) -> HttpResponse<Body> {
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => {
            let mut response = json_response(413, &json!({"message": error.to_string()}));
            set_header(&mut response, "x-request-id", &shell.own_id());
            return response;
        }
    };
    let query = parts.uri.query().unwrap_or_default();
    let agent = text_header(&parts.headers, header::USER_AGENT.as_str()).unwrap_or_default();
    let seen = shell.venue.record((parts.method.as_str(), parts.uri.path(), query), &body, agent);
    match disturbed(&mut shell, &line, &seen, &parts, body).await {
        Ok(mut response) => {
            set_header(&mut response, "x-request-id", &format!("sim-{:08}", seen.number));
            response
        }
        Err(Cut::Now) => cut(&line),
        Err(Cut::AtTheEnd) => {
            shell.stopping().await;
            cut(&line)
        }
    }
}

/// What comes back, with the interceptor asked and the fault of the plan done.
async fn disturbed(
    shell: &mut Shell,
    line: &Line,
    seen: &RequestSeen,
    parts: &Parts,
    body: String,
) -> Result<HttpResponse<Body>, Cut> {
    let venue = shell.venue.clone();
    verdict(venue.ask(seen, Moment::Before))?;
    let Some(fault) = venue.fault(seen) else { return acted(&venue, seen, parts, body).map(plain) };
    match fault {
        Fault::Delay { ms } => {
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(ms)) => {}
                () = shell.stopping() => return Err(Cut::Now),
            }
            acted(&venue, seen, parts, body).map(plain)
        }
        Fault::DropBefore => Err(Cut::Now),
        Fault::DropAfter => acted(&venue, seen, parts, body).and(Err(Cut::Now)),
        Fault::LateArrival { ms } => {
            // A query that is none would have been refused: there is nothing to arrive.
            if let Ok(request) = request(parts, body) {
                venue.arrive_late(request, TimeDelta::milliseconds(i64::try_from(ms).unwrap_or(i64::MAX)));
            }
            Err(Cut::Now)
        }
        Fault::DuplicateResponse => {
            let response = acted(&venue, seen, parts, body)?;
            line.say_twice();
            Ok(plain(response))
        }
        Fault::Status { code, acted: false } => Ok(spoilt::status(code)),
        Fault::Status { code, acted: true } => acted(&venue, seen, parts, body).map(|_| spoilt::status(code)),
        Fault::Page { status, acted: false } => Ok(spoilt::page(status)),
        Fault::Page { status, acted: true } => acted(&venue, seen, parts, body).map(|_| spoilt::page(status)),
        Fault::Garbage(kind) => acted(&venue, seen, parts, body).map(|response| spoilt::garbage(kind, &response.body)),
        Fault::Hang => Err(Cut::AtTheEnd),
    }
}

/// The venue acts.
fn acted(venue: &Venue, seen: &RequestSeen, parts: &Parts, body: String) -> Result<Response, Cut> {
    let response = request(parts, body).map_or_else(|refusal| refusal, |request| venue.handle(&request));
    if response.status == 429 {
        venue.note_limited();
    }
    verdict(venue.ask(seen, Moment::After))?;
    Ok(response)
}

fn verdict(verdict: Verdict) -> Result<(), Cut> {
    match verdict {
        Verdict::Pass => Ok(()),
        Verdict::Drop => Err(Cut::Now),
        Verdict::Hang => Err(Cut::AtTheEnd),
    }
}

/// The request as the venue wants it, or the refusal of a query that is none.
fn request(parts: &Parts, body: String) -> Result<Request, Response> {
    let query = Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri);
    let Query(query) = query.map_err(|error| Response {
        status: 400,
        body: json!({"message": error.to_string()}).to_string(),
        rate: None,
    })?;
    Ok(Request {
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query,
        key_id: text_header(&parts.headers, "apca-api-key-id"),
        secret_key: text_header(&parts.headers, "apca-api-secret-key"),
        body,
    })
}

fn plain(response: Response) -> HttpResponse<Body> {
    let mut http = if response.body.is_empty() {
        empty_response(response.status)
    } else {
        text_response(response.status, "application/json", Body::from(response.body))
    };
    if let Some(Rate { limit, remaining, reset }) = response.rate {
        set_header(&mut http, "x-ratelimit-limit", &limit.to_string());
        set_header(&mut http, "x-ratelimit-remaining", &remaining.to_string());
        set_header(&mut http, "x-ratelimit-reset", &reset.to_string());
    }
    http
}

pub(crate) fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
