//! Where a venue's market comes from, anew at every reset.

use std::sync::{Mutex, PoisonError};

use ::venue::{Config, Market, synthetic};
use market::{Calendar, NyDate};
use thiserror::Error;

/// Why there is no market for a configuration.
#[derive(Debug, Error)]
#[error("no market from {date} on: {why}")]
pub struct SourceError {
    date: NyDate,
    why: String,
}

/// What a venue trades: the same market always, or one made for its seed and its start.
pub struct Source(Kind);

enum Kind {
    Given(Box<Market>),
    Synthetic { days: usize, latest: Mutex<Option<(u64, NyDate, Market)>> },
}

impl Source {
    /// The same market whatever the seed and the start.
    #[must_use]
    pub fn given(market: impl Into<Market>) -> Self {
        Self(Kind::Given(Box::new(market.into())))
    }

    /// The synthetic market of the seed: so many sessions, the first of them on the start's day or the next one there
    /// is.
    #[must_use]
    pub fn synthetic(days: usize) -> Self {
        Self(Kind::Synthetic { days, latest: Mutex::new(None) })
    }

    /// The market of a configuration.
    ///
    /// # Errors
    /// When the exchange's calendar does not reach that far.
    pub fn market(&self, config: &Config) -> Result<Market, SourceError> {
        match &self.0 {
            Kind::Given(market) => Ok(Market::clone(market)),
            Kind::Synthetic { days, latest } => {
                let key = (config.seed, config.start.ny_date());
                let mut latest = latest.lock().unwrap_or_else(PoisonError::into_inner);
                match &*latest {
                    Some((seed, date, market)) if (*seed, *date) == key => Ok(market.clone()),
                    Some(_) | None => {
                        let market = made(key.0, key.1, *days)?;
                        *latest = Some((key.0, key.1, market.clone()));
                        Ok(market)
                    }
                }
            }
        }
    }
}

fn made(seed: u64, date: NyDate, days: usize) -> Result<Market, SourceError> {
    let calendar = Calendar::nyse();
    let unknown = |error: market::CalendarError| SourceError { date, why: error.to_string() };
    let first = calendar.session_on_or_after(date).map_err(unknown)?;
    synthetic::market_days(seed, first, days, &calendar).map_err(unknown)
}
