//! HTTP: keys in headers, time limits on everything, repeated reads, single sends, and the rate limit kept.

use std::{
    fmt,
    sync::{
        Arc, Once,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use reqwest::{
    Certificate, Client, RequestBuilder, Url,
    header::{HeaderMap, HeaderName, HeaderValue},
    redirect, retry,
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::{
    answer::{Answer, Silence, exchange},
    censor::Censor,
    config::{Config, ConfigError, Limits},
    endpoint::Host,
    governor::Class,
    reckoning::Reckoning,
};

const TRIES: u32 = 3;
/// A read's answer: every asset there is takes a fifth of it.
const READ_BYTES_MAX: usize = 32 * 1024 * 1024;
/// An order's answer: some hundreds of orders cancelled at once take a part of it.
const ORDER_BYTES_MAX: usize = 1024 * 1024;
const KEY_ID: HeaderName = HeaderName::from_static("apca-api-key-id");
const SECRET_KEY: HeaderName = HeaderName::from_static("apca-api-secret-key");

/// Two clients: reads share connections; every order goes out on a connection of its own, so that a failure to connect
/// proves that nothing was sent.
pub(super) struct Transport {
    reads: Client,
    orders: Client,
    limits: Limits,
    censor: Arc<Censor>,
    jitter: AtomicU64,
    reckoning: Reckoning,
    /// Whether all of it is ordinary: nothing that protects waits for its reads.
    is_aside: bool,
}

/// What changes something at the broker.
pub(super) enum Send<'a, T> {
    Post(&'a T),
    Patch(&'a T),
    Delete,
}

impl Transport {
    pub(super) fn new(config: &Config) -> Result<Self, ConfigError> {
        // Without TLS there is no need for the machine's certificates, and a minimal machine has none.
        let plain = config.trading_url.is_plain() && config.data_url.is_plain();
        Self::trusting(config, plain.then(Vec::new))
    }

    /// One that trusts these authorities; `None` means the machine's.
    pub(super) fn trusting(config: &Config, authorities: Option<Vec<Certificate>>) -> Result<Self, ConfigError> {
        let headers = headers(config)?;
        let client = || {
            let builder = client(&headers, config);
            match &authorities {
                Some(authorities) => builder.tls_certs_only(authorities.clone()),
                None => builder,
            }
        };
        let reads = client().pool_idle_timeout(Duration::from_secs(30)).build()?;
        let orders = client().pool_max_idle_per_host(0).build()?;
        Ok(Self {
            reads,
            orders,
            limits: config.limits,
            censor: Arc::new(Censor::of(&config.key_id, &config.secret_key)),
            jitter: AtomicU64::new(config.jitter_seed),
            reckoning: config.beside.clone().unwrap_or_else(|| Reckoning::of(config.limits.requests_a_minute)),
            is_aside: config.is_aside,
        })
    }

    /// The same connections and the same reckoning, for reads that protection does not wait for.
    pub(super) fn aside(&self) -> Self {
        Self {
            reads: self.reads.clone(),
            orders: self.orders.clone(),
            limits: self.limits,
            censor: Arc::clone(&self.censor),
            jitter: AtomicU64::new(mix(self.jitter.load(Ordering::Relaxed))),
            reckoning: self.reckoning.clone(),
            is_aside: true,
        }
    }

    pub(super) fn reckoning(&self) -> &Reckoning {
        &self.reckoning
    }

    pub(super) fn patience(&self) -> Duration {
        self.limits.patience
    }

    /// A GET, tried up to three times while there is hope (no answer, 429, 5xx) and patience, and until an instant at the
    /// latest.
    pub(super) async fn read(
        &self,
        host: Host,
        class: Class,
        url: Url,
        query: &[(&'static str, String)],
        until: Option<Instant>,
    ) -> Result<Answer, Silence> {
        let deadline = Instant::now() + self.limits.patience;
        let deadline = until.map_or(deadline, |until| deadline.min(until));
        let (mut tried, mut last) = (1, None);
        loop {
            if let Err(held) = self.turn(host, class, deadline).await {
                return last.unwrap_or(Err(held));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            let request = with_query(self.reads.get(url.clone()), query).timeout(self.limits.total.min(left));
            let outcome = exchange(request, READ_BYTES_MAX, &self.censor).await;
            self.heard(host, &outcome);
            let Some(pause) = self.pause_before_next(tried, &outcome, deadline) else { return outcome };
            tokio::time::sleep(pause).await;
            (tried, last) = (tried + 1, Some(outcome));
        }
    }

    /// A POST, PATCH or DELETE, once: none of them may happen twice.
    pub(super) async fn send<T: Serialize>(
        &self,
        class: Class,
        url: Url,
        send: Send<'_, T>,
        query: &[(&'static str, String)],
    ) -> Result<Answer, Silence> {
        self.admit(Host::Trading, class).map_err(Silence::HeldBack)?;
        let request = match send {
            Send::Post(body) => self.orders.post(url).json(body),
            Send::Patch(body) => self.orders.patch(url).json(body),
            Send::Delete => self.orders.delete(url),
        };
        let outcome = exchange(with_query(request, query), ORDER_BYTES_MAX, &self.censor).await;
        self.heard(Host::Trading, &outcome);
        outcome
    }

    /// Waits until the governor lets a request go; not at all when that would take longer than a turn may.
    async fn turn(&self, host: Host, class: Class, deadline: Instant) -> Result<(), Silence> {
        let until = deadline.min(Instant::now() + self.limits.turn);
        while let Err(wait) = self.admit(host, class) {
            if Instant::now() + wait > until {
                return Err(Silence::HeldBack(wait));
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    fn admit(&self, host: Host, class: Class) -> Result<(), Duration> {
        self.reckoning.admit(host, if self.is_aside { Class::Ordinary } else { class })
    }

    fn heard(&self, host: Host, outcome: &Result<Answer, Silence>) {
        if let Ok(answer) = outcome {
            self.reckoning.heard(host, answer);
        }
    }

    /// How long to wait before a read is tried again; `None` when that is without hope or patience is at its end.
    fn pause_before_next(&self, tried: u32, outcome: &Result<Answer, Silence>, deadline: Instant) -> Option<Duration> {
        let (hopeful, asked) = match outcome {
            Ok(answer) => (answer.status == 429 || answer.status >= 500, answer.after),
            Err(Silence::NotSent(_) | Silence::Lost(_)) => (true, None),
            Err(Silence::HeldBack(_) | Silence::TooLong(_)) => (false, None),
        };
        let pause = self.pause(tried, asked);
        (hopeful && tried < TRIES && Instant::now() + pause < deadline).then_some(pause)
    }

    /// What the broker asks for, and never less than our own: asked again at once, it would only refuse again.
    pub(super) fn pause(&self, tried: u32, asked: Option<Duration>) -> Duration {
        asked.unwrap_or_default().max(self.backoff(tried)).min(self.limits.pause)
    }

    /// Between half and one and a half times the backoff, doubled with each try.
    fn backoff(&self, tried: u32) -> Duration {
        let random = mix(self.jitter.fetch_add(1, Ordering::Relaxed)) >> 40;
        let factor = 0.5 + random as f64 / f64::from(1_u32 << 24);
        (self.limits.backoff * 2_u32.saturating_pow(tried - 1)).mul_f64(factor)
    }
}

/// Two neighbouring inputs give two unrelated outputs (SplitMix64's finisher).
fn mix(input: u64) -> u64 {
    let mixed = input.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

fn with_query(request: RequestBuilder, query: &[(&'static str, String)]) -> RequestBuilder {
    if query.is_empty() { request } else { request.query(query) }
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

fn client(headers: &HeaderMap, config: &Config) -> reqwest::ClientBuilder {
    let Config { limits, role, .. } = config;
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        // An error means that the program has installed one already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
    let name = concat!("portcullis/", env!("CARGO_PKG_VERSION"));
    let agent = if role.is_empty() { name.to_owned() } else { format!("{name} ({role})") };
    Client::builder()
        .default_headers(headers.clone())
        .user_agent(agent)
        .connect_timeout(limits.connect)
        .timeout(limits.total)
        // A redirect would carry the keys to wherever it points; a retry would send an order twice.
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
}
