//! HTTP: keys in headers, time limits on everything, bounded bodies, repeated reads and single sends.

use std::{
    error::Error,
    fmt,
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use reqwest::{
    Client, Method, RequestBuilder, StatusCode, Url,
    header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER},
    redirect, retry,
};
use secrecy::{ExposeSecret, SecretString};
use serde::{Serialize, de::DeserializeOwned};

use super::{
    config::{Config, ConfigError, Limits},
    wire::{NewOrder, Refusal, Replace},
};
use crate::ReadError;

const TRIES: u32 = 3;
const BODY_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The longest pause before a read is tried again, whatever the broker asks for.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The longest wait the broker can ask of an order.
const AFTER_MAX: Duration = Duration::from_secs(120);
const KEY_ID: HeaderName = HeaderName::from_static("apca-api-key-id");
const SECRET_KEY: HeaderName = HeaderName::from_static("apca-api-secret-key");

/// Two clients: reads share connections; every order goes out on a connection of its own, so that a failure to connect
/// proves that nothing was sent.
pub(super) struct Transport {
    reads: Client,
    orders: Client,
    limits: Limits,
    jitter: AtomicU64,
}

/// A complete answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
    pub(super) after: Option<Duration>,
    body: Vec<u8>,
}

/// No complete answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Silence {
    /// The request certainly never left this machine.
    NotSent(String),
    /// It may have arrived.
    Lost(String),
}

/// Method and path, for errors, and the request id once there is one.
pub(super) struct Endpoint {
    name: String,
    request_id: Option<String>,
}

impl Transport {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        let headers = headers(config)?;
        let plain = config.trading_url.is_plain() && config.data_url.is_plain();
        let reads = client(&headers, config.limits, plain).pool_idle_timeout(Duration::from_secs(30)).build()?;
        let orders = client(&headers, config.limits, plain).pool_max_idle_per_host(0).build()?;
        Ok(Self { reads, orders, limits: config.limits, jitter: AtomicU64::new(config.jitter_seed) })
    }

    /// A GET, tried up to three times while there is hope: no answer, 429, 5xx.
    pub(super) async fn read(&self, url: Url, query: &[(&str, String)]) -> Result<Answer, Silence> {
        let mut tried = 1;
        loop {
            let outcome = exchange(self.reads.get(url.clone()).query(query)).await;
            let (hopeful, after) = match &outcome {
                Ok(answer) => (answer.status == 429 || answer.status >= 500, answer.after),
                Err(_) => (true, None),
            };
            if !hopeful || tried == TRIES {
                return outcome;
            }
            tokio::time::sleep(self.pause(tried, after)).await;
            tried += 1;
        }
    }

    /// A POST, once.
    pub(super) async fn send_order(&self, url: Url, order: &NewOrder<'_>) -> Result<Answer, Silence> {
        self.once(self.orders.post(url), Some(order)).await
    }

    /// A PATCH, once: it is as little idempotent as a POST.
    pub(super) async fn replace_order(&self, url: Url, order: &Replace<'_>) -> Result<Answer, Silence> {
        self.once(self.orders.patch(url), Some(order)).await
    }

    /// A DELETE, once.
    pub(super) async fn cancel_order(&self, url: Url) -> Result<Answer, Silence> {
        self.once(self.orders.delete(url), None::<&()>).await
    }

    async fn once<T: Serialize>(&self, request: RequestBuilder, body: Option<&T>) -> Result<Answer, Silence> {
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        exchange(request).await
    }

    /// Between half and one and a half times the backoff, doubled with each try.
    fn pause(&self, tried: u32, asked: Option<Duration>) -> Duration {
        let random = mix(self.jitter.fetch_add(1, Ordering::Relaxed)) >> 40;
        let factor = 0.5 + random as f64 / f64::from(1_u32 << 24);
        let backoff = self.limits.backoff * 2_u32.saturating_pow(tried - 1);
        asked.unwrap_or_else(|| backoff.mul_f64(factor)).min(PAUSE_MAX)
    }
}

/// Two neighbouring inputs give two unrelated outputs (SplitMix64's finisher).
fn mix(input: u64) -> u64 {
    let mixed = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The HTTP clients hold the keys as default headers.
        f.debug_struct("Transport").field("limits", &self.limits).finish_non_exhaustive()
    }
}

fn headers(config: &Config) -> Result<HeaderMap, ConfigError> {
    let mut headers = HeaderMap::new();
    let secret = |secret: &SecretString, name| {
        let mut value = HeaderValue::from_str(secret.expose_secret()).map_err(|_| ConfigError::Key(name))?;
        value.set_sensitive(true);
        Ok::<_, ConfigError>(value)
    };
    headers.insert(KEY_ID, secret(&config.key_id, "the key id")?);
    headers.insert(SECRET_KEY, secret(&config.secret_key, "the secret key")?);
    Ok(headers)
}

fn client(headers: &HeaderMap, limits: Limits, plain: bool) -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that the program has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let builder = Client::builder()
        .default_headers(headers.clone())
        .user_agent(concat!("portcullis/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        // A redirect would carry the keys to wherever it points; a retry would send an order twice.
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy();
    // Without TLS there is no need for the machine's certificates, and a minimal machine has none.
    if plain { builder.tls_certs_only([]) } else { builder }
}

/// Sends once and reads the whole answer.
async fn exchange(request: RequestBuilder) -> Result<Answer, Silence> {
    let mut response = request.send().await.map_err(|error| {
        let not_sent = error.is_connect() || error.is_builder();
        let why = describe(error);
        if not_sent { Silence::NotSent(why) } else { Silence::Lost(why) }
    })?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| Silence::Lost(describe(error)))? {
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(Silence::Lost(format!("the answer is longer than {BODY_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Answer {
        status: status.as_u16(),
        request_id: text(&headers, "x-request-id").map(|id| id.chars().take(128).collect()),
        after: (status == StatusCode::TOO_MANY_REQUESTS).then(|| after(&headers)).flatten(),
        body,
    })
}

/// How long a 429 asks us to wait: `Retry-After` in seconds, or the instant at which the limit is reset.
fn after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = |name: &str| text(headers, name)?.trim().parse::<u64>().ok();
    let until_reset = || {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
        Some(Duration::from_secs(seconds("x-ratelimit-reset")?).saturating_sub(now))
    };
    let asked = seconds(RETRY_AFTER.as_str()).map(Duration::from_secs).or_else(until_reset)?;
    Some(asked.min(AFTER_MAX))
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

    pub(super) fn parse<T: DeserializeOwned>(&self) -> Result<T, String> {
        serde_json::from_slice(&self.body).map_err(|error| format!("the answer is not understood: {error}"))
    }

    /// The body of a refusal; empty when it is not the broker's.
    pub(super) fn refusal(&self) -> Refusal {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSent(why) => write!(f, "not sent: {why}"),
            Self::Lost(why) => write!(f, "no answer: {why}"),
        }
    }
}

impl Endpoint {
    pub(super) fn new(method: Method, path: &[&str]) -> Self {
        Self { name: format!("{method} /{}", path.join("/")), request_id: None }
    }

    pub(super) fn answered(self, answer: &Answer) -> Self {
        Self { request_id: answer.request_id.clone(), ..self }
    }

    pub(super) fn silence(&self, silence: Silence) -> ReadError {
        self.error_with(None, silence.to_string(), false)
    }

    pub(super) fn refused(&self, answer: &Answer) -> ReadError {
        let why = refusal_text(answer);
        self.error_with(answer.request_id.clone(), why, matches!(answer.status, 401 | 403))
    }

    pub(super) fn error(&self, answer: &Answer, why: String) -> ReadError {
        self.error_with(answer.request_id.clone(), why, false)
    }

    pub(super) fn undecodable(&self, why: String) -> ReadError {
        self.error_with(self.request_id.clone(), why, false)
    }

    pub(super) fn stuck(&self) -> ReadError {
        self.error_with(None, "the list does not end".to_owned(), false)
    }

    fn error_with(&self, request_id: Option<String>, why: String, forbidden: bool) -> ReadError {
        ReadError { endpoint: self.name.clone(), why, request_id, forbidden }
    }
}

/// The broker's words, then status and code.
pub(super) fn refusal_text(answer: &Answer) -> String {
    let refusal = answer.refusal();
    let words = if refusal.message.is_empty() { "no message" } else { refusal.message.as_str() };
    match refusal.code {
        Some(code) => format!("{words} (HTTP {}, code {code})", answer.status),
        None => format!("{words} (HTTP {})", answer.status),
    }
}
