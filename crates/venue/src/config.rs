//! Who trades at the venue, with what, and how the venue behaves.

use market::{TimeDelta, Timestamp, Usd};

/// The account and the manners of the venue.
#[derive(Clone, Debug)]
pub struct Config {
    /// The account number.
    pub account: String,
    /// The key id that is let in.
    pub key_id: String,
    /// Its secret.
    pub secret_key: String,
    /// The cash to begin with.
    pub cash: Usd,
    /// Everything random comes from it.
    pub seed: u64,
    /// The venue's time to begin with.
    pub start: Timestamp,
    /// Between the receipt of an order, a replace or a cancel in session and its effect; zero for at once.
    pub latency: TimeDelta,
    /// Requests a minute of the venue's clock before 429; `None` for no limit and no headers.
    pub rate_limit: Option<u32>,
    /// Whether shares may be sold that are not held.
    pub shorting: bool,
    /// Buying power as a multiple of equity: 1 for a cash account, 2 or 4 on margin.
    pub multiplier: u32,
    /// The most orders the venue takes in its life; its memory is bounded by it.
    pub orders_max: usize,
}

impl Config {
    /// A cash account of a venue that acts at once and never limits.
    #[must_use]
    pub fn new(account: &str, key_id: &str, secret_key: &str, cash: Usd, seed: u64, start: Timestamp) -> Self {
        Self {
            account: account.to_owned(),
            key_id: key_id.to_owned(),
            secret_key: secret_key.to_owned(),
            cash,
            seed,
            start,
            latency: TimeDelta::zero(),
            rate_limit: None,
            shorting: false,
            multiplier: 1,
            orders_max: 20_000,
        }
    }
}
