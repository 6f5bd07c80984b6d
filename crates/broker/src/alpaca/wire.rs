//! Alpaca's JSON, with the members we read; others are ignored, because the broker adds some every year.

use market::Timestamp;
use serde::{Deserialize, Deserializer, de::DeserializeOwned};
use serde_json::Value;

use super::decimal::Decimal;

/// Of an order what the core reads. Side and symbol are absent or empty on the parent of a multi-leg option order. What an
/// order can be counted without may be of any form.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) client_order_id: Option<String>,
    #[serde(default)]
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) side: Option<String>,
    /// Null on an order for an amount of dollars.
    #[serde(default)]
    pub(super) qty: Option<Decimal>,
    pub(super) filled_qty: Decimal,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) filled_avg_price: Option<Decimal>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) time_in_force: Option<String>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) limit_price: Option<Decimal>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) stop_price: Option<Decimal>,
    pub(super) status: String,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) submitted_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) created_at: Option<Timestamp>,
    #[serde(default, deserialize_with = "if_readable")]
    pub(super) replaces: Option<String>,
}

/// Of an order what only a detailed report has.
#[derive(Debug, Deserialize)]
pub(super) struct Details {
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) time_in_force: String,
    #[serde(default)]
    pub(super) limit_price: Option<Decimal>,
    #[serde(default)]
    pub(super) stop_price: Option<Decimal>,
    #[serde(default)]
    pub(super) order_class: Option<String>,
    #[serde(default)]
    pub(super) notional: Option<Decimal>,
    #[serde(default)]
    pub(super) extended_hours: Option<bool>,
    #[serde(default)]
    pub(super) trail_price: Option<Decimal>,
    #[serde(default)]
    pub(super) trail_percent: Option<Decimal>,
    #[serde(default)]
    pub(super) hwm: Option<Decimal>,
    #[serde(default)]
    pub(super) replaces: Option<String>,
    #[serde(default)]
    pub(super) replaced_by: Option<String>,
    #[serde(default)]
    pub(super) group_id: Option<String>,
    #[serde(default)]
    pub(super) group_role: Option<String>,
    #[serde(default)]
    pub(super) expires_at: Option<String>,
    #[serde(default)]
    pub(super) updated_at: Option<String>,
    #[serde(default)]
    pub(super) legs: Option<Vec<Value>>,
}

/// A member that may be of any form; `None` when it is not of this one.
fn if_readable<'de, D: Deserializer<'de>, T: DeserializeOwned>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(serde_json::from_value(Value::deserialize(deserializer)?).ok())
}

#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub(super) account_number: String,
    pub(super) status: String,
    pub(super) equity: Decimal,
    pub(super) last_equity: Decimal,
    pub(super) cash: Decimal,
    pub(super) buying_power: Decimal,
    #[serde(default)]
    pub(super) trading_blocked: bool,
    #[serde(default)]
    pub(super) account_blocked: bool,
    #[serde(default)]
    pub(super) trade_suspended_by_user: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Position {
    pub(super) symbol: String,
    pub(super) qty: Decimal,
    pub(super) side: String,
    pub(super) avg_entry_price: Decimal,
    #[serde(default)]
    pub(super) current_price: Option<Decimal>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fill {
    pub(super) id: String,
    pub(super) order_id: String,
    pub(super) symbol: String,
    pub(super) side: String,
    pub(super) qty: Decimal,
    pub(super) price: Decimal,
    pub(super) transaction_time: Timestamp,
}

#[derive(Debug, Deserialize)]
pub(super) struct Clock {
    pub(super) timestamp: Timestamp,
    pub(super) is_open: bool,
    pub(super) next_open: Timestamp,
    pub(super) next_close: Timestamp,
}

/// Hours are `HH:MM` in New York.
#[derive(Debug, Deserialize)]
pub(super) struct CalendarDay {
    pub(super) date: market::NyDate,
    pub(super) open: String,
    pub(super) close: String,
}

/// The body of a refusal; data endpoints send no code.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) code: Option<u32>,
    /// `None` when the answer is not the broker's.
    #[serde(default)]
    pub(super) message: Option<String>,
}
