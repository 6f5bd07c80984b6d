//! A fresh venue: the configuration to begin with, but for what is asked for.

use ::venue::{Config, config::SplitOrders};
use market::{TimeDelta, Timestamp, Usd};
use serde::{Deserialize, Deserializer, de};
use thiserror::Error;

use crate::source::SourceError;

/// No latency is longer, in milliseconds.
const LATENCY_MS_MAX: u32 = 600_000;
/// No quote is older, in milliseconds: a day.
const QUOTE_AGE_MS_MAX: u32 = 86_400_000;
/// No account has more cash, in dollars: sums of it stay far from where numbers end.
const CASH_MAX: i64 = 1_000_000_000;

/// What a fresh venue has of its own; what is not said is as at the program's start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// Everything random comes from it.
    pub seed: Option<u64>,
    /// The venue's time to begin with.
    pub start: Option<Timestamp>,
    /// The cash to begin with.
    pub cash: Option<Usd>,
    /// Between the receipt of an order and its effect, in milliseconds of the venue's clock.
    pub latency_ms: Option<u32>,
    /// Requests a minute; null for no limit.
    #[serde(default, deserialize_with = "said")]
    pub rate_limit: Option<Option<u32>>,
    /// Whether shares may be sold that are not held.
    pub shorting: Option<bool>,
    /// Buying power as a multiple of equity.
    pub multiplier: Option<u32>,
    /// How old the latest quote is in session, in milliseconds.
    pub quote_age_ms: Option<u32>,
    /// What a split does to open orders: `restate`, `replace`, `untouched` or `cancel`.
    #[serde(default, deserialize_with = "split_orders")]
    pub split_orders: Option<SplitOrders>,
}

/// Why a venue cannot be made so.
#[derive(Debug, Error)]
pub enum ResetError {
    /// A value is out of its bounds.
    #[error("{0}")]
    Bounds(&'static str),
    /// The clock is real, and so is the venue's start.
    #[error("the clock is real: a venue cannot begin at another instant")]
    RealClock,
    /// There is no market then.
    #[error(transparent)]
    Source(#[from] SourceError),
}

/// Null is something else than nothing said.
fn said<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<u32>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

fn split_orders<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SplitOrders>, D::Error> {
    let Some(word) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let found = SplitOrders::ALL.into_iter().find(|way| way.word() == word);
    found.map(Some).ok_or_else(|| de::Error::custom("split_orders is restate, replace, untouched or cancel"))
}

impl Reset {
    /// The configuration of the fresh venue; `real` is the time where the clock is real.
    ///
    /// # Errors
    /// When a value is out of its bounds.
    pub fn applied_to(&self, config: &Config, real: Option<Timestamp>) -> Result<Config, ResetError> {
        let start = match (real, self.start) {
            (Some(_), Some(_)) => return Err(ResetError::RealClock),
            (Some(now), None) => now,
            (None, start) => start.unwrap_or(config.start),
        };
        let config = Config {
            seed: self.seed.unwrap_or(config.seed),
            start,
            cash: self.cash.unwrap_or(config.cash),
            latency: self.latency_ms.map_or(config.latency, |ms| TimeDelta::milliseconds(ms.into())),
            rate_limit: self.rate_limit.unwrap_or(config.rate_limit),
            shorting: self.shorting.unwrap_or(config.shorting),
            multiplier: self.multiplier.unwrap_or(config.multiplier),
            quote_age: self.quote_age_ms.map_or(config.quote_age, |ms| TimeDelta::milliseconds(ms.into())),
            split_orders: self.split_orders.unwrap_or(config.split_orders),
            ..config.clone()
        };
        check(&config)?;
        Ok(config)
    }
}

/// Refuses a configuration no venue has.
///
/// # Errors
/// When a value is out of its bounds.
pub fn check(config: &Config) -> Result<(), ResetError> {
    if !(Usd::ZERO..=Usd::dollars(CASH_MAX)).contains(&config.cash) {
        return Err(ResetError::Bounds("cash is 0 to 1,000,000,000 dollars"));
    }
    if config.latency > TimeDelta::milliseconds(LATENCY_MS_MAX.into()) {
        return Err(ResetError::Bounds("latency is at most 600,000 ms"));
    }
    if config.quote_age > TimeDelta::milliseconds(QUOTE_AGE_MS_MAX.into()) {
        return Err(ResetError::Bounds("quotes are at most 86,400,000 ms old"));
    }
    if config.rate_limit == Some(0) {
        return Err(ResetError::Bounds("a rate limit is at least 1 a minute"));
    }
    if ![1, 2, 4].contains(&config.multiplier) {
        return Err(ResetError::Bounds("the multiplier is 1, 2 or 4"));
    }
    Ok(())
}
