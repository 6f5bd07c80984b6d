//! What somebody who holds the venue may do to it, without a request: lies about time, halts, splits.

use std::error::Error;

use market::Symbol;

use crate::{handle::Venue, lies::WrongCalendar};

impl Venue {
    /// The clock endpoint is ahead of the truth by so many seconds from now on; zero for the truth.
    pub fn skew_clock(&self, seconds: i64) {
        self.change_lies(|lies| lies.skew_seconds = seconds);
    }

    /// Clock and calendar endpoints are wrong about their day from now on.
    pub fn tell_wrong_calendar(&self, wrong: WrongCalendar) {
        self.change_lies(|lies| lies.calendar = wrong);
    }

    /// Stops or resumes the trading of a symbol.
    ///
    /// # Errors
    /// When the symbol is not traded here.
    pub fn halt(&self, symbol: Symbol, halted: bool) -> Result<(), impl Error + Send + Sync + use<>> {
        self.with_engine(|engine, _| engine.halt(symbol, halted))
    }

    /// So many new shares for so many old ones, now.
    ///
    /// # Errors
    /// When the symbol is not traded here, or the ratio is none.
    pub fn split(&self, symbol: Symbol, new: u32, old: u32) -> Result<(), impl Error + Send + Sync + use<>> {
        self.with_engine(|engine, _| engine.split(symbol, new, old))
    }
}
