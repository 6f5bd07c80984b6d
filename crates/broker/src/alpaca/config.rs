//! What a client of Alpaca is told: where, who, for which account, which data, and how long to wait.

use std::time::Duration;

use market::Feed;
use secrecy::SecretString;
use thiserror::Error;

use super::{
    BaseUrl,
    agreement::{Expected, Mismatch, is_known},
    governor::REQUESTS_A_MINUTE,
    reckoning::Reckoning,
};

/// The longest that a request may take from its first byte to the end of its answer, an order's too: after that nothing of it
/// is on its way from here.
pub const ORDER_TIME_MAX: Duration = Duration::from_secs(15);

/// The configuration of a client. `Debug` shows no key.
#[derive(Clone, Debug)]
pub struct Config {
    /// The trading interface.
    pub trading_url: BaseUrl,
    /// The market data interface.
    pub data_url: BaseUrl,
    /// The key id; a secret, because it is half of one.
    pub key_id: SecretString,
    /// The secret key.
    pub secret_key: SecretString,
    /// Which market data to ask for.
    pub feed: Feed,
    /// Spreads the pauses between tries of a read, so that clients do not try in step.
    pub jitter_seed: u64,
    /// How long to wait.
    pub limits: Limits,
    /// Whose account orders are for; a client without one reads only.
    pub expected: Option<Expected>,
    /// What the client is for, as its requests say in `User-Agent`: `portcullis/1.2.3 (stream)`. Nothing when empty.
    pub role: &'static str,
    /// Whether all its requests keep to the rate limit: nothing that protects a position waits for them.
    pub is_aside: bool,
    /// The reckoning of the rate limit to share; one of its own when there is none.
    pub beside: Option<Reckoning>,
}

/// How long to wait for what, and how much to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// For a connection.
    pub connect: Duration,
    /// For a whole answer, the connection included.
    pub total: Duration,
    /// For a read with all its tries and pauses.
    pub patience: Duration,
    /// For an ordinary read's turn within the rate limit, which patience includes.
    pub turn: Duration,
    /// About so long before the second try of a read, twice as long before the third.
    pub backoff: Duration,
    /// The longest pause before a read is tried again, whatever the broker asks for.
    pub pause: Duration,
    /// The rate limit to reckon with for each interface; `None` reckons with nothing but what the broker says itself.
    pub requests_a_minute: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: ORDER_TIME_MAX,
            patience: Duration::from_secs(40),
            turn: Duration::from_secs(15),
            backoff: Duration::from_millis(250),
            pause: Duration::from_secs(5),
            requests_a_minute: Some(REQUESTS_A_MINUTE),
        }
    }
}

/// Why no client can be made.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// Simulated data exists only on a simulated venue.
    #[error("feed simulated with {url}, which is not on this machine")]
    SimulatedFeed {
        /// The data URL.
        url: BaseUrl,
    },
    /// A key with characters that no header carries; line breaks from a file, usually.
    #[error("{0} holds a character that a header cannot carry")]
    Key(&'static str),
    /// Environment, addresses and account do not belong together.
    #[error(transparent)]
    Expected(#[from] Mismatch),
    /// Keys go to Alpaca or stay on this machine.
    #[error("{url} is neither a host of Alpaca's nor this machine")]
    Elsewhere {
        /// The address.
        url: BaseUrl,
    },
    /// TLS or the HTTP client could not be set up.
    #[error("no HTTP client: {0}")]
    Client(#[from] reqwest::Error),
}

impl Config {
    /// A configuration with the usual limits, for reading only. The minutes of a venue on this machine need not be ours,
    /// so its rate limit is not reckoned with beforehand.
    #[must_use]
    pub fn new(
        trading_url: BaseUrl,
        data_url: BaseUrl,
        key_id: SecretString,
        secret_key: SecretString,
        feed: Feed,
    ) -> Self {
        let mut limits = Limits::default();
        if trading_url.is_loopback() && data_url.is_loopback() {
            limits.requests_a_minute = None;
        }
        // Processes that are started at once must not try again at once.
        let jitter_seed = u64::from(std::process::id());
        let (expected, role, is_aside, beside) = (None, "", false, None);
        Self { trading_url, data_url, key_id, secret_key, feed, jitter_seed, limits, expected, role, is_aside, beside }
    }

    /// The same, for orders of this account.
    #[must_use]
    pub fn trading_for(self, expected: Expected) -> Self {
        Self { expected: Some(expected), ..self }
    }

    /// The interface's word for the feed. A simulated venue answers as the consolidated tape would.
    pub(super) fn feed_name(&self) -> Result<&'static str, ConfigError> {
        match self.feed {
            Feed::Sip => Ok("sip"),
            Feed::Iex => Ok("iex"),
            Feed::Simulated if self.data_url.is_loopback() && self.trading_url.is_loopback() => Ok("sip"),
            Feed::Simulated if self.data_url.is_loopback() => {
                Err(ConfigError::SimulatedFeed { url: self.trading_url.clone() })
            }
            Feed::Simulated => Err(ConfigError::SimulatedFeed { url: self.data_url.clone() }),
        }
    }

    /// Whether addresses and account belong together.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        match &self.expected {
            Some(expected) => Ok(expected.check_addresses(&self.trading_url, &self.data_url)?),
            None => match [&self.trading_url, &self.data_url].into_iter().find(|url| !is_known(url)) {
                Some(url) => Err(ConfigError::Elsewhere { url: url.clone() }),
                None => Ok(()),
            },
        }
    }
}
