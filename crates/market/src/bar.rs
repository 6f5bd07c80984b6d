//! Bars: a day's (for indicators, in `f64`) and a candle of minutes (for decisions, fixed-point).

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{NyDate, Price, Qty, Timestamp};

/// One symbol's daily bar, split- and dividend-adjusted. Prices in US dollars, volume in shares.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DailyBar {
    /// The session it is of.
    pub date: NyDate,
    /// First price.
    pub open: f64,
    /// Highest price.
    pub high: f64,
    /// Lowest price.
    pub low: f64,
    /// Last price.
    pub close: f64,
    /// Shares traded.
    pub volume: f64,
}

/// Why numbers make no bar.
#[derive(Debug, Error, PartialEq)]
pub enum BarError {
    /// Zero, negative, NaN or infinite.
    #[error("{column} is {value}, which is no price")]
    NotAPrice {
        /// Column name.
        column: &'static str,
        /// Its value.
        value: f64,
    },
    /// The high is not the highest, or the low not the lowest.
    #[error("high {high} and low {low} do not enclose open {open} and close {close}")]
    NotEnclosed {
        /// First price.
        open: f64,
        /// Highest price.
        high: f64,
        /// Lowest price.
        low: f64,
        /// Last price.
        close: f64,
    },
    /// Negative or not a number.
    #[error("volume is {0}")]
    Volume(f64),
}

impl DailyBar {
    /// Checks that prices are positive and finite, that high and low enclose open and close, and that the volume is
    /// zero or more. Adjusted data is rounded, so an excess of a thousandth of the price is let through.
    ///
    /// # Errors
    /// Says which rule the numbers break.
    pub fn check(&self) -> Result<(), BarError> {
        let Self { open, high, low, close, volume, .. } = *self;
        for (column, value) in [("open", open), ("high", high), ("low", low), ("close", close)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(BarError::NotAPrice { column, value });
            }
        }
        let slack = high * 1e-3;
        if high + slack < open.max(close) || low - slack > open.min(close) || low > high {
            return Err(BarError::NotEnclosed { open, high, low, close });
        }
        if !(volume.is_finite() && volume >= 0.0) {
            return Err(BarError::Volume(volume));
        }
        Ok(())
    }
}

/// An intraday bar: `[start, start + its timeframe)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candle {
    /// The instant it begins.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares traded.
    pub volume: Qty,
}
