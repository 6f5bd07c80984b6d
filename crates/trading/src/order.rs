//! What we ask a broker for: an order request, why it is made, and the client order id that makes it unique for ever.
//!
//! The id is derived from the intent, never invented: the same intent can be looked up after any crash, and a broker
//! that refuses duplicate ids refuses a duplicate order.

use std::{fmt, str::FromStr, sync::Arc};

use market::{NyDate, Price, Qty, Symbol};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Buy or sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Adds shares.
    Buy,
    /// Gives shares away.
    Sell,
}

/// Why an order is made. Controls bind by purpose: what limits an opening never stops a protection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Opens or adds to a position.
    Open,
    /// Takes part of a position off.
    Reduce,
    /// The protective stop of a position.
    Protect,
    /// Takes all of a position off.
    Flatten,
}

/// How long an order works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeInForce {
    /// Until the close of the session.
    Day,
    /// Until cancelled (the broker ends it after its own limit, 90 days at Alpaca).
    Gtc,
}

/// The order's type and prices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum OrderKind {
    /// At the best price there is.
    Market,
    /// At the limit or better.
    Limit {
        /// Worst price accepted.
        limit: Price,
    },
    /// A market order once the price trades at or through the stop.
    Stop {
        /// The trigger.
        stop: Price,
    },
}

/// The part an order plays in a trade of one symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leg {
    /// The order that opens.
    Entry,
    /// The protective stop.
    Stop,
    /// The part sold at the first target.
    Trim1,
    /// The part sold at the second target.
    Trim2,
    /// The order that closes.
    Exit,
}

impl Leg {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Entry, Self::Stop, Self::Trim1, Self::Trim2, Self::Exit];
}

/// Everything that makes an intent what it is; two intents with equal keys are the same intent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IntentKey {
    /// The broker account.
    pub account: AccountId,
    /// The session it was decided in.
    pub date: NyDate,
    /// The strategy, as the manifest names the deployment.
    pub strategy: Strategy,
    /// The symbol.
    pub symbol: Symbol,
    /// Its part in the trade.
    pub leg: Leg,
    /// 1 for the first; the next only after the one before is durably dead.
    pub attempt: u32,
}

/// The id we give an order: at most 128 visible ASCII characters, unique for ever at the broker.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientOrderId(Arc<str>);

/// The id the broker gives an order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BrokerOrderId(Arc<str>);

/// The broker's account number: letters and digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountId(Arc<str>);

/// A strategy's name: lower-case letters, digits and `-`, at most 24.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Strategy(Arc<str>);

/// Why a text is not the id it should be.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{text:?} is no {what}: {rule}")]
pub struct IdError {
    text: String,
    what: &'static str,
    rule: &'static str,
}

/// One order as we would send it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderRequest {
    /// Derived from the intent.
    pub client_order_id: ClientOrderId,
    /// The symbol.
    pub symbol: Symbol,
    /// Buy or sell.
    pub side: Side,
    /// Shares.
    pub qty: Qty,
    /// Type and prices.
    pub kind: OrderKind,
    /// How long it works.
    pub time_in_force: TimeInForce,
    /// Why it is made.
    pub purpose: Purpose,
}

/// An order that takes the place of one at the broker, which swaps them in one step: at most one of the two ever works.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replacement {
    /// The order to replace, by the broker's id.
    pub replaces: BrokerOrderId,
    /// The same order, by ours.
    pub replaced_id: ClientOrderId,
    /// The new order, with a client order id of its own. Only quantity, price and time in force may differ.
    pub order: OrderRequest,
}

impl OrderRequest {
    /// The price its notional is reckoned with: its limit or its stop; `None` for a market order.
    #[must_use]
    pub fn price(&self) -> Option<Price> {
        match self.kind {
            OrderKind::Market => None,
            OrderKind::Limit { limit } => Some(limit),
            OrderKind::Stop { stop } => Some(stop),
        }
    }
}

const PREFIX: &str = "pc";

impl IntentKey {
    /// `pc_ACCOUNT_YYYYMMDD_STRATEGY_SYMBOL_LEG_ATTEMPT`, the same for the same intent on every day and machine.
    #[must_use]
    pub fn client_order_id(&self) -> ClientOrderId {
        let date = self.date.to_string().replace('-', "");
        let Self { account, strategy, symbol, leg, attempt, .. } = self;
        ClientOrderId(format!("{PREFIX}_{account}_{date}_{strategy}_{symbol}_{leg}_{attempt}").into())
    }

    /// Reads an id back; `None` for an order that is not ours.
    #[must_use]
    pub fn parse(id: &ClientOrderId) -> Option<Self> {
        let parts: Vec<&str> = id.0.split('_').collect();
        let [PREFIX, account, date, strategy, symbol, leg, attempt] = parts.as_slice() else { return None };
        let date = format!("{}-{}-{}", date.get(0..4)?, date.get(4..6)?, date.get(6..)?);
        let key = Self {
            account: account.parse().ok()?,
            date: date.parse().ok()?,
            strategy: strategy.parse().ok()?,
            symbol: symbol.parse().ok()?,
            leg: leg.parse().ok()?,
            attempt: attempt.parse().ok()?,
        };
        (key.client_order_id() == *id).then_some(key)
    }
}

impl fmt::Display for Leg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Entry => "entry",
            Self::Stop => "stop",
            Self::Trim1 => "trim1",
            Self::Trim2 => "trim2",
            Self::Exit => "exit",
        })
    }
}

impl FromStr for Leg {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        Self::ALL.into_iter().find(|leg| leg.to_string() == text).ok_or_else(|| IdError {
            text: text.chars().take(40).collect(),
            what: "leg",
            rule: "entry, stop, trim1, trim2 or exit",
        })
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Buy => "buy",
            Self::Sell => "sell",
        })
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Open => "open",
            Self::Reduce => "reduce",
            Self::Protect => "protect",
            Self::Flatten => "flatten",
        })
    }
}

impl fmt::Display for OrderKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Market => f.pad("market"),
            Self::Limit { limit } => f.pad(&format!("limit {limit}")),
            Self::Stop { stop } => f.pad(&format!("stop {stop}")),
        }
    }
}

/// A checked text id: constructor, text and serde through the same rule.
macro_rules! text_id {
    ($name:ident, $what:literal, $rule:literal, $check:expr) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                let check: fn(&str) -> bool = $check;
                if check(text) {
                    return Ok(Self(text.into()));
                }
                Err(IdError { text: text.chars().take(160).collect(), what: $what, rule: $rule })
            }
        }
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

fn is_visible(text: &str) -> bool {
    (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

text_id!(ClientOrderId, "client order id", "1 to 128 visible ASCII characters", is_visible);
text_id!(BrokerOrderId, "broker order id", "1 to 128 visible ASCII characters", is_visible);
text_id!(AccountId, "account number", "1 to 32 letters and digits", |text| {
    (1..=32).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
});
text_id!(Strategy, "strategy", "1 to 24 lower-case letters, digits and -", |text| {
    (1..=24).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
});

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> IntentKey {
        IntentKey {
            account: "PA30000000".parse().unwrap(),
            date: "2017-11-10".parse().unwrap(),
            strategy: "avwap".parse().unwrap(),
            symbol: "BRK.B".parse().unwrap(),
            leg: Leg::Entry,
            attempt: 1,
        }
    }

    #[test]
    fn the_id_is_the_intent_and_reads_back() {
        let id = key().client_order_id();
        assert_eq!(id.as_str(), "pc_PA30000000_20171110_avwap_BRK.B_entry_1");
        assert_eq!(IntentKey::parse(&id), Some(key()));
    }

    #[test]
    fn every_part_of_the_key_makes_another_id() {
        let base = key();
        let others = [
            IntentKey { account: "PA4".parse().unwrap(), ..base.clone() },
            IntentKey { date: "2017-11-13".parse().unwrap(), ..base.clone() },
            IntentKey { strategy: "s2".parse().unwrap(), ..base.clone() },
            IntentKey { symbol: "BRK.A".parse().unwrap(), ..base.clone() },
            IntentKey { leg: Leg::Stop, ..base.clone() },
            IntentKey { attempt: 2, ..base.clone() },
        ];
        for other in others {
            assert_ne!(other.client_order_id(), base.client_order_id(), "{other:?}");
        }
    }

    #[test]
    fn foreign_ids_are_not_ours() {
        for text in ["manual-1", "pc_X", "pc_PA3_20171110_avwap_AAPL_entry_01", "pc_PA3_20171310_avwap_AAPL_entry_1"] {
            assert_eq!(IntentKey::parse(&text.parse().unwrap()), None, "{text}");
        }
    }
}
