//! A complete answer, or why there is none; read within a bound, whatever its length is said to be.

use std::{
    error::Error,
    fmt,
    sync::Arc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{
    RequestBuilder, Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
};
use serde::de::DeserializeOwned;

use super::{censor::Censor, governor::Told, settle, wire::Refusal};

/// The longest wait the broker can ask of an order.
const AFTER_MAX: Duration = Duration::from_secs(120);
const REQUEST_ID_CHARS_MAX: usize = 128;

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    /// How long a 429 asks us to wait.
    pub(super) after: Option<Duration>,
    /// What the rate limit's headers say.
    pub(super) told: Told,
    /// When there is more room, by the broker's clock, since 1970.
    pub(super) reset: Option<Duration>,
    pub(super) censor: Arc<Censor>,
    body: Vec<u8>,
}

/// No complete answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// Our own reckoning of the rate limit kept it back, for so long yet.
    HeldBack(Duration),
    /// The request certainly never left this machine.
    NotSent(String),
    /// It may have arrived.
    Lost(String),
    /// It arrived, and the answer is longer than any answer should be.
    TooLong(String),
}

/// Sends once and reads the whole answer, if it is no longer than the bound.
pub(super) async fn exchange(
    request: RequestBuilder,
    bytes_max: usize,
    censor: &Arc<Censor>,
) -> Result<Answer, Silence> {
    let response = request.send().await.map_err(|error| {
        let not_sent = error.is_connect() || error.is_builder();
        let why = describe(error);
        if not_sent { Silence::NotSent(why) } else { Silence::Lost(why) }
    })?;
    let (status, headers) = (response.status(), response.headers().clone());
    let request_id: Option<String> =
        text(&headers, "x-request-id").map(|id| censor.pass(id).chars().take(REQUEST_ID_CHARS_MAX).collect());
    let id = request_id.as_ref().map(|id| format!(", request id {id}")).unwrap_or_default();
    let told_of = |why: String| format!("{why} (HTTP {}{id})", status.as_u16());
    let body = match body(response, bytes_max).await {
        Ok(Some(body)) => body,
        Ok(None) => return Err(Silence::TooLong(told_of(format!("the answer is longer than {bytes_max} bytes")))),
        Err(error) => return Err(Silence::Lost(told_of(describe(error)))),
    };
    Ok(Answer {
        status: status.as_u16(),
        request_id,
        after: (status == StatusCode::TOO_MANY_REQUESTS).then(|| after(&headers)).flatten(),
        told: told(&headers),
        reset: reset(&headers),
        censor: Arc::clone(censor),
        body,
    })
}

/// `None` when it is longer than the bound: a length that is announced and too long is refused unread, one that is not
/// announced, or lies, ends at the bound.
async fn body(mut response: Response, bytes_max: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    if response.content_length().is_some_and(|length| length > bytes_max as u64) {
        return Ok(None);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > bytes_max {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// How long a 429 asks us to wait: `Retry-After` in seconds, or the instant at which the limit is reset.
fn after(headers: &HeaderMap) -> Option<Duration> {
    let asked = number(headers, RETRY_AFTER.as_str()).map(Duration::from_secs).or_else(|| until_reset(headers))?;
    Some(asked.min(AFTER_MAX))
}

fn told(headers: &HeaderMap) -> Told {
    let count = |name| number(headers, name).and_then(|number| u32::try_from(number).ok());
    Told {
        limit: count("x-ratelimit-limit"),
        remaining: count("x-ratelimit-remaining"),
        reset_in: until_reset(headers),
    }
}

/// The reset is an instant of the broker's clock; one that is past is now.
fn until_reset(headers: &HeaderMap) -> Option<Duration> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Some(reset(headers)?.saturating_sub(now))
}

fn reset(headers: &HeaderMap) -> Option<Duration> {
    number(headers, "x-ratelimit-reset").map(Duration::from_secs)
}

fn number(headers: &HeaderMap, name: &str) -> Option<u64> {
    text(headers, name)?.trim().parse().ok()
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// The error and its causes in one line, without the URL (the endpoint is named beside it).
fn describe(error: reqwest::Error) -> String {
    if error.is_timeout() {
        return "no answer in time".to_owned();
    }
    let error = error.without_url();
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

impl Answer {
    pub(super) fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// The broker's own "no such thing".
    pub(super) fn is_not_found(&self) -> bool {
        self.status == 404 && self.refusal().code == Some(settle::NOT_FOUND)
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.body
    }

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("the answer is not understood: {error}"))
    }

    /// The body of a refusal; empty when it is not the broker's.
    pub(super) fn refusal(&self) -> Refusal {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A text with the request id, for whoever asks the broker about it.
    pub(super) fn identify(&self, why: String) -> String {
        match &self.request_id {
            Some(id) => format!("{why} (request id {id})"),
            None => why,
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HeldBack(wait) => write!(f, "not sent: the rate limit has room for it in {} s", wait.as_secs() + 1),
            Self::NotSent(why) => write!(f, "not sent: {why}"),
            Self::Lost(why) => write!(f, "no answer: {why}"),
            Self::TooLong(why) => f.write_str(why),
        }
    }
}

/// The broker's words, then status and code.
pub(super) fn refusal_text(answer: &Answer) -> String {
    let refusal = answer.refusal();
    let words = refusal.message.filter(|message| !message.is_empty());
    let words = words.map_or_else(|| "no message".to_owned(), |message| answer.censor.pass(&message));
    match refusal.code {
        Some(code) => format!("{words} (HTTP {}, code {code})", answer.status),
        None => format!("{words} (HTTP {})", answer.status),
    }
}
