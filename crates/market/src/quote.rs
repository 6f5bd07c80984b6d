//! A best bid and offer.

use serde::{Deserialize, Serialize};

use crate::{Price, Timestamp};

/// The best bid and ask of a symbol at an instant; both sides present and not crossed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// When it was made.
    pub at: Timestamp,
    /// Highest price somebody pays.
    pub bid: Price,
    /// Lowest price somebody sells at.
    pub ask: Price,
}

impl Quote {
    /// A quote, unless it is crossed (bid above ask): a crossed quote is no price to trade on.
    #[must_use]
    pub fn new(at: Timestamp, bid: Price, ask: Price) -> Option<Self> {
        (bid <= ask).then_some(Self { at, bid, ask })
    }

    /// Halfway between bid and ask, rounded down to 1/10,000 dollar.
    #[must_use]
    pub fn mid(&self) -> Price {
        Price::from_units((self.bid.units() + self.ask.units()) / 2).expect("the middle of two prices is a price")
    }
}
