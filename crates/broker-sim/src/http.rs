//! The thin shell: HTTP/1.1 on a loopback port around [`Venue::handle`], plus `/sim/clock`, `/sim/sleep` and `/sim/truth`.

use std::{collections::BTreeMap, io};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Query, Request as HttpRequest, State},
    http::{HeaderMap, HeaderValue, Response as HttpResponse, StatusCode, header, request::Parts},
};
use market::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::watch};
use venue::{Request, Response};

use crate::{
    handle::{Moment, RequestSeen, Venue, Verdict},
    severable::{Door, Line},
    sleepers::{Bed, Sleeper},
};

const BODY_BYTES_MAX: usize = 64 * 1024;

/// A venue that listens. Stops when dropped: the port closes and every open connection is cut.
pub struct VenueServer {
    base_url: String,
    stop: watch::Sender<bool>,
}

#[derive(Clone)]
struct Shell {
    venue: Venue,
    stopped: watch::Receiver<bool>,
}

#[derive(Deserialize)]
struct SleepRequest {
    participant: String,
    until: Timestamp,
}

impl Venue {
    /// Listens on a free loopback port, trading and data endpoints together.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn serve(&self) -> io::Result<VenueServer> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base_url = format!("http://{}", listener.local_addr()?);
        let (stop, mut stopped) = watch::channel(false);
        let shell = Shell { venue: self.clone(), stopped: stopped.clone() };
        let router = Router::new().fallback(answer).with_state(shell);
        let server = axum::serve(Door(listener), router.into_make_service_with_connect_info::<Line>())
            .with_graceful_shutdown(async move { drop(stopped.wait_for(|stop| *stop).await) });
        tokio::spawn(async move { server.await });
        Ok(VenueServer { base_url, stop })
    }
}

impl VenueServer {
    /// Scheme, host and port, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Stops listening and cuts every connection.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for VenueServer {
    fn drop(&mut self) {
        self.stop();
    }
}

async fn answer(
    State(mut shell): State<Shell>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: HttpRequest,
) -> HttpResponse<Body> {
    let (parts, body) = request.into_parts();
    let body = match to_bytes(body, BODY_BYTES_MAX).await {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) => return json_response(413, &json!({"message": error.to_string()})),
    };
    match parts.uri.path() {
        "/sim/sleep" => sleep(shell, &line, &body).await,
        // Without keys: programs that have none (a gate) must know the time too.
        "/sim/clock" => json_response(200, &json!({"timestamp": shell.venue.now()})),
        "/sim/truth" => json_response(200, &json!(shell.venue.truth())),
        _ => match trade(&shell.venue, &parts, body) {
            Ok(response) => response,
            Err(Cut::Now) => cut(&line),
            Err(Cut::AtTheEnd) => {
                let _ = shell.stopped.wait_for(|stop| *stop).await;
                cut(&line)
            }
        },
    }
}

/// No answer: the connection is cut, now or when the server stops.
enum Cut {
    Now,
    AtTheEnd,
}

impl Cut {
    fn asked(verdict: Verdict) -> Result<(), Self> {
        match verdict {
            Verdict::Pass => Ok(()),
            Verdict::Drop => Err(Self::Now),
            Verdict::Hang => Err(Self::AtTheEnd),
        }
    }
}

/// A trading or data request, with the interceptor asked before and after.
fn trade(venue: &Venue, parts: &Parts, body: String) -> Result<HttpResponse<Body>, Cut> {
    let query = parts.uri.query().unwrap_or_default();
    let seen = venue.record(parts.method.as_str(), parts.uri.path(), query, &body);
    Cut::asked(venue.ask(&seen, Moment::Before))?;
    let response = match Query::<BTreeMap<String, String>>::try_from_uri(&parts.uri) {
        Ok(Query(query)) => venue.handle(&Request {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query,
            key_id: text_header(&parts.headers, "apca-api-key-id"),
            secret_key: text_header(&parts.headers, "apca-api-secret-key"),
            body,
        }),
        Err(error) => Response { status: 400, body: json!({"message": error.to_string()}).to_string(), rate: None },
    };
    Cut::asked(venue.ask(&seen, Moment::After))?;
    Ok(identified(&seen, response))
}

async fn sleep(mut shell: Shell, line: &Line, body: &str) -> HttpResponse<Body> {
    let request: SleepRequest = match serde_json::from_str(body) {
        Ok(request) => request,
        Err(error) => return json_response(422, &json!({"message": error.to_string()})),
    };
    let sleeper = Sleeper { participant: request.participant, until: request.until };
    let (woken, guard) = match shell.venue.lie_down(sleeper) {
        Bed::Awake(now) => return json_response(200, &json!({"now": now})),
        Bed::Full => return json_response(503, &json!({"message": "too many sleepers"})),
        Bed::Asleep(woken, guard) => (woken, guard),
    };
    let now = tokio::select! {
        now = woken => now.ok(),
        _ = shell.stopped.wait_for(|stop| *stop) => None,
    };
    drop(guard);
    now.map_or_else(|| cut(line), |now| json_response(200, &json!({"now": now})))
}

/// Cuts the connection; the response is only there to be lost.
fn cut(line: &Line) -> HttpResponse<Body> {
    line.sever();
    HttpResponse::new(Body::empty())
}

fn identified(seen: &RequestSeen, response: Response) -> HttpResponse<Body> {
    let mut http = if response.body.is_empty() {
        empty_response(response.status)
    } else {
        json_text(response.status, response.body)
    };
    if let Ok(id) = HeaderValue::from_str(&format!("sim-{:08}", seen.number)) {
        http.headers_mut().insert("x-request-id", id);
    }
    http
}

fn json_response(status: u16, body: &Value) -> HttpResponse<Body> {
    json_text(status, body.to_string())
}

fn json_text(status: u16, body: String) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(Body::from(body));
    *response.status_mut() = status_code(status);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

fn empty_response(status: u16) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(Body::empty());
    *response.status_mut() = status_code(status);
    response
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}

fn text_header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}
