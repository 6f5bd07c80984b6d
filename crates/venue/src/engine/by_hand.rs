//! What is done to the market by hand: a print, a halt, a split; at the venue's instant.

use market::{Price, Symbol};
use thiserror::Error;

use super::{Engine, event::Event, matching::Auction};
use crate::{
    path::{self, Spread},
    tape::Print,
    words::Status,
};

/// The largest number of shares on either side of a split.
const RATIO_MAX: u32 = 10_000;

/// Why something cannot be done by hand.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ByHandError {
    /// The venue does not list it.
    #[error("{0} is not traded here")]
    NotTraded(Symbol),
    /// Nothing trades while it is halted.
    #[error("{0} is halted")]
    Halted(Symbol),
    /// Somebody pays more than somebody asks.
    #[error("bid {bid} is above ask {ask}")]
    Crossed {
        /// The bid.
        bid: Price,
        /// The ask.
        ask: Price,
    },
    /// The venue remembers no more splits.
    #[error("there were as many splits by hand as the venue takes")]
    TooMany,
    /// It is over, or partly filled.
    #[error("order {id} is {status}: only an open order without fills is rejected")]
    NotRejectable {
        /// The client's id of it.
        id: String,
        /// Where it stands.
        status: Status,
    },
    /// The venue remembers no more.
    #[error("there are as many rejections waiting for orders as the venue takes")]
    TooManyRejections,
    /// No split.
    #[error("a split of {new} for {old} is none: both must be 1 to {RATIO_MAX}")]
    Ratio {
        /// Shares after.
        new: u32,
        /// Shares before.
        old: u32,
    },
}

impl Engine {
    /// A trade and the quote round it, on top of the path; a quote that is not given is the price itself. Open orders meet
    /// it at once and take at most its volume; outside the session those for extended hours do, in their hours.
    ///
    /// # Errors
    /// When the symbol is unknown or halted, or the quote crossed.
    pub fn print(
        &mut self,
        symbol: Symbol,
        price: Price,
        bid: Option<Price>,
        ask: Option<Price>,
        volume: u64,
    ) -> Result<(), ByHandError> {
        self.check_traded(symbol)?;
        if self.tape.is_halted(symbol) {
            return Err(ByHandError::Halted(symbol));
        }
        let (bid, ask) = (bid.unwrap_or(price), ask.unwrap_or(price));
        if bid > ask {
            return Err(ByHandError::Crossed { bid, ask });
        }
        let print = Print { at: self.now, price, volume, spread: Spread { bid, ask } };
        self.tell_tape(symbol, print);
        self.log(Event::Printed { at: self.now, symbol, price, bid, ask, volume });
        self.meet(symbol, &print, path::shares(volume), Auction::None);
        Ok(())
    }

    /// Halts trading in a symbol, or lets it go on. Orders are taken while it stands still, and none is filled.
    ///
    /// # Errors
    /// When the symbol is unknown.
    pub fn halt(&mut self, symbol: Symbol, halted: bool) -> Result<(), ByHandError> {
        self.check_traded(symbol)?;
        if self.tell_halt(symbol, halted) {
            let at = self.now;
            self.log(if halted { Event::Halted { at, symbol } } else { Event::Resumed { at, symbol } });
        }
        Ok(())
    }

    /// Whether trading in a symbol stands still.
    #[must_use]
    pub fn is_halted(&self, symbol: Symbol) -> bool {
        self.tape.is_halted(symbol)
    }

    /// `new` shares for every `old` ones, now: holdings, open orders, and the prices to come.
    ///
    /// # Errors
    /// When the symbol is unknown or the ratio is none.
    pub fn split(&mut self, symbol: Symbol, new: u32, old: u32) -> Result<(), ByHandError> {
        self.check_traded(symbol)?;
        if !(1..=RATIO_MAX).contains(&new) || !(1..=RATIO_MAX).contains(&old) || new == old {
            return Err(ByHandError::Ratio { new, old });
        }
        if !self.tape.split(symbol, self.now, new, old) {
            return Err(ByHandError::TooMany);
        }
        self.split_books(symbol, new, old);
        Ok(())
    }

    fn check_traded(&self, symbol: Symbol) -> Result<(), ByHandError> {
        self.book.line(symbol).map(|_| ()).ok_or(ByHandError::NotTraded(symbol))
    }

    /// What a split does to holdings and orders.
    pub(super) fn split_books(&mut self, symbol: Symbol, new: u32, old: u32) {
        if self.book.line(symbol).is_none() || new == 0 || old == 0 {
            return;
        }
        self.log(Event::Split { at: self.now, symbol, new, old });
        let before = self.units_held(symbol);
        self.book.split_holding(symbol, new, old);
        self.enter_split(symbol, before);
        self.split_orders(symbol, new, old);
    }
}
