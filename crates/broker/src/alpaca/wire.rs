//! Alpaca's JSON, with the members we read; others are ignored, because the broker adds some every year.

use std::collections::BTreeMap;

use market::Timestamp;
use serde::{Deserialize, Serialize};
use trading::order::{OrderKind, OrderRequest, Side, TimeInForce};

use super::decimal::Decimal;

/// An order as we send it.
#[derive(Serialize)]
pub(super) struct NewOrder<'a> {
    symbol: &'a str,
    qty: String,
    side: Side,
    #[serde(rename = "type")]
    kind: &'static str,
    time_in_force: TimeInForce,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<String>,
    client_order_id: &'a str,
}

impl<'a> From<&'a OrderRequest> for NewOrder<'a> {
    fn from(order: &'a OrderRequest) -> Self {
        let (kind, limit_price, stop_price) = match order.kind {
            OrderKind::Market => ("market", None, None),
            OrderKind::Limit { limit } => ("limit", Some(limit.to_string()), None),
            OrderKind::Stop { stop } => ("stop", None, Some(stop.to_string())),
        };
        Self {
            symbol: order.symbol.as_str(),
            qty: order.qty.to_string(),
            side: order.side,
            kind,
            time_in_force: order.time_in_force,
            limit_price,
            stop_price,
            client_order_id: order.client_order_id.as_str(),
        }
    }
}

/// What a replacement changes; the rest stays as it was.
#[derive(Serialize)]
pub(super) struct Replace<'a> {
    qty: String,
    time_in_force: TimeInForce,
    #[serde(skip_serializing_if = "Option::is_none")]
    limit_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_price: Option<String>,
    client_order_id: &'a str,
}

impl<'a> From<&'a OrderRequest> for Replace<'a> {
    fn from(order: &'a OrderRequest) -> Self {
        let NewOrder { qty, time_in_force, limit_price, stop_price, client_order_id, .. } = NewOrder::from(order);
        Self { qty, time_in_force, limit_price, stop_price, client_order_id }
    }
}

/// An order as it comes. Side and symbol are absent or empty on the parent of a multi-leg option order.
#[derive(Debug, Deserialize)]
pub(super) struct Order {
    pub(super) id: String,
    #[serde(default)]
    pub(super) client_order_id: Option<String>,
    #[serde(default)]
    pub(super) symbol: Option<String>,
    #[serde(default)]
    pub(super) side: Option<String>,
    /// Null on an order for an amount of dollars.
    #[serde(default)]
    pub(super) qty: Option<Decimal>,
    pub(super) filled_qty: Decimal,
    #[serde(default)]
    pub(super) filled_avg_price: Option<Decimal>,
    #[serde(rename = "type")]
    pub(super) kind: String,
    pub(super) time_in_force: String,
    #[serde(default)]
    pub(super) limit_price: Option<Decimal>,
    #[serde(default)]
    pub(super) stop_price: Option<Decimal>,
    pub(super) status: String,
    #[serde(default)]
    pub(super) submitted_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
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

#[derive(Debug, Deserialize)]
pub(super) struct Bars {
    #[serde(default)]
    pub(super) bars: Option<BTreeMap<String, Vec<Bar>>>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Bar {
    pub(super) t: Timestamp,
    pub(super) o: f64,
    pub(super) h: f64,
    pub(super) l: f64,
    pub(super) c: f64,
    pub(super) v: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Quotes {
    #[serde(default)]
    pub(super) quotes: BTreeMap<String, LatestQuote>,
}

/// A price of 0 means that nobody is on that side.
#[derive(Debug, Deserialize)]
pub(super) struct LatestQuote {
    pub(super) t: Timestamp,
    pub(super) bp: f64,
    pub(super) ap: f64,
}

/// The body of a refusal; data endpoints send no code.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    pub(super) code: Option<u32>,
    #[serde(default)]
    pub(super) message: String,
}
