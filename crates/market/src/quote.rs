//! A best bid and offer.

use serde::{Deserialize, Serialize};

use crate::{Price, Timestamp};

/// The best bid and ask of a symbol at an instant; both sides present and not crossed. Made by [`Quote::new`] only, and
/// read through the same rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Sides")]
#[non_exhaustive]
pub struct Quote {
    /// When it was made.
    pub at: Timestamp,
    /// Highest price somebody pays.
    pub bid: Price,
    /// Lowest price somebody sells at.
    pub ask: Price,
}

#[derive(Deserialize)]
struct Sides {
    at: Timestamp,
    bid: Price,
    ask: Price,
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

impl TryFrom<Sides> for Quote {
    type Error = String;
    fn try_from(Sides { at, bid, ask }: Sides) -> Result<Self, String> {
        Self::new(at, bid, ask).ok_or_else(|| format!("a bid of {bid} above an ask of {ask} is no quote"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_way_leads_to_a_crossed_negative_or_missing_price() {
        let read = |bid: &str, ask: &str| {
            serde_json::from_str::<Quote>(&format!(r#"{{"at":"2026-11-20T15:00:00Z","bid":{bid},"ask":{ask}}}"#))
        };
        assert!(read("\"10.00\"", "\"10.01\"").is_ok() && read("\"10.00\"", "\"10.00\"").is_ok());
        for (bid, ask) in [
            ("\"10.02\"", "\"10.01\""),
            ("\"-1\"", "\"10\""),
            ("null", "\"10\""),
            ("\"NaN\"", "\"10\""),
            ("\"0\"", "\"10\""),
        ] {
            assert!(read(bid, ask).is_err(), "{bid} {ask}");
        }
    }
}
