//! One message of `trade_updates`: what happened to an order, the order as it is now, and the fill if there was one.
//!
//! What cannot be read is said with its symbol, so that somebody asks REST about it; an order that can be read with a
//! fill that cannot is both. Quantities are shares, prices dollars. Source: Alpaca's page on websocket streaming.

use std::fmt::Display;

use market::{Qty, Symbol, Timestamp};
use serde_json::Value;
use trading::report::{Execution, OrderReport};

use super::{
    super::{decimal::Decimal, decode, wire},
    execution_key::ExecutionKey,
};

/// What happened to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Routed and working.
    New,
    /// Wholly filled.
    Fill,
    /// Some of it filled.
    PartialFill,
    /// Cancelled.
    Canceled,
    /// Ended by its time in force.
    Expired,
    /// Done until tomorrow.
    DoneForDay,
    /// Replaced by another order.
    Replaced,
    /// Refused.
    Rejected,
    /// Received and routed, not yet accepted.
    PendingNew,
    /// A trade is guaranteed and has not happened yet.
    Stopped,
    /// A cancel is under way.
    PendingCancel,
    /// A replace is under way.
    PendingReplace,
    /// Done for the day, settlement being reckoned.
    Calculated,
    /// Not eligible for trading.
    Suspended,
    /// The replace was refused; the order works on.
    OrderReplaceRejected,
    /// The cancel was refused; the order works on.
    OrderCancelRejected,
    /// Received, not yet routed.
    Accepted,
    /// A leg that waits for its parent.
    Held,
    /// Changed by the venue.
    Restated,
    /// One this release does not know.
    Other(String),
}

impl Happening {
    fn of(text: &str) -> Self {
        match text {
            "new" => Self::New,
            "fill" => Self::Fill,
            "partial_fill" => Self::PartialFill,
            "canceled" => Self::Canceled,
            "expired" => Self::Expired,
            "done_for_day" => Self::DoneForDay,
            "replaced" => Self::Replaced,
            "rejected" => Self::Rejected,
            "pending_new" => Self::PendingNew,
            "stopped" => Self::Stopped,
            "pending_cancel" => Self::PendingCancel,
            "pending_replace" => Self::PendingReplace,
            "calculated" => Self::Calculated,
            "suspended" => Self::Suspended,
            "order_replace_rejected" => Self::OrderReplaceRejected,
            "order_cancel_rejected" => Self::OrderCancelRejected,
            "accepted" => Self::Accepted,
            "held" => Self::Held,
            "restated" => Self::Restated,
            other => Self::Other(other.chars().take(64).collect()),
        }
    }

    /// Whether a fill must come with it.
    fn fills(&self) -> bool {
        matches!(self, Self::Fill | Self::PartialFill)
    }
}

/// What the account holds after a fill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionSize {
    /// Shares held, or owed.
    pub qty: Qty,
    /// Whether they are owed.
    pub short: bool,
}

/// A message of `trade_updates`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TradeUpdate {
    /// What happened.
    pub event: Happening,
    /// The order after it.
    pub order: OrderReport,
    /// When the broker last changed the order.
    pub updated_at: Option<Timestamp>,
    /// The fill, its id in the form of [`ExecutionKey`].
    pub execution: Option<Execution>,
    /// Why a fill that should be there is not.
    pub flaw: Option<String>,
    /// The position after a fill.
    pub position: Option<PositionSize>,
    /// When it happened, by the broker's clock.
    pub at: Timestamp,
}

/// A message that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Undecodable {
    /// Its symbol, if that much can be read.
    pub(super) symbol: Option<Symbol>,
    pub(super) why: String,
}

/// Reads a message `{"stream": "trade_updates", "data": {...}}`.
pub(super) fn decode(mut message: Value) -> Result<TradeUpdate, Undecodable> {
    let mut data = taken(&mut message, "data");
    let order = taken(&mut data, "order");
    let symbol = order["symbol"].as_str().and_then(|text| Symbol::new(text).ok());
    let undecodable = |why: String| Undecodable { symbol, why };
    let updated_at = instant(&order["updated_at"]);
    let happening = data["event"].as_str().ok_or_else(|| undecodable("no event".to_owned()))?;
    let event = Happening::of(happening);
    let order = report(order).map_err(&undecodable)?;
    let at = [&data["timestamp"], &data["at"]].into_iter().find_map(instant).or(updated_at);
    let at = at.unwrap_or(order.submitted_at);
    let (execution, flaw) = match event.fills().then(|| execution(&data, &order, at)) {
        None => (None, None),
        Some(Ok(execution)) => (Some(execution), None),
        Some(Err(why)) => (None, Some(why)),
    };
    Ok(TradeUpdate { event, order, updated_at, execution, flaw, position: position(&data["position_qty"]), at })
}

/// A member, or null: indexing for writing would panic on what is no object.
fn taken(value: &mut Value, name: &str) -> Value {
    value.get_mut(name).map(Value::take).unwrap_or_default()
}

/// The one place where a message meets the REST client's orders.
fn report(order: Value) -> Result<OrderReport, String> {
    let order: wire::Order = serde_json::from_value(order).map_err(text)?;
    decode::order(order)
}

fn execution(data: &Value, order: &OrderReport, at: Timestamp) -> Result<Execution, String> {
    let id = data["execution_id"].as_str().filter(|id| !id.is_empty()).ok_or("a fill without an execution id")?;
    let qty = decimal(&data["qty"])?.qty()?;
    if qty.is_zero() {
        return Err("a fill of no shares".to_owned());
    }
    Ok(Execution {
        id: ExecutionKey::new(id).as_str().to_owned(),
        order_id: order.id.clone(),
        symbol: order.symbol,
        side: order.side,
        qty,
        price: decimal(&data["price"])?.price()?,
        at,
    })
}

fn position(value: &Value) -> Option<PositionSize> {
    let short = match value {
        Value::String(text) => text.starts_with('-'),
        Value::Number(number) => number.as_f64().is_some_and(|number| number < 0.0),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => false,
    };
    Some(PositionSize { qty: decimal(value).ok()?.qty().ok()?, short })
}

fn decimal(value: &Value) -> Result<Decimal, String> {
    serde_json::from_value(value.clone()).map_err(text)
}

fn instant(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}

fn text(error: impl Display) -> String {
    error.to_string()
}

#[cfg(test)]
pub(super) mod tests {
    use serde_json::json;
    use trading::report::OrderStatus;

    use super::*;

    /// A message about an order for 10 shares of AAPL.
    pub(in super::super) fn message(event: &str, status: &str, filled: u32) -> Value {
        json!({"stream": "trade_updates", "data": {
            "event": event,
            "timestamp": "2026-11-20T15:00:01.5Z",
            "order": {
                "id": "order-1", "client_order_id": "ours-1", "symbol": "AAPL", "side": "buy", "qty": "10",
                "filled_qty": filled.to_string(), "filled_avg_price": null, "type": "limit", "time_in_force": "day",
                "limit_price": "100.00", "stop_price": null, "status": status,
                "created_at": "2026-11-20T15:00:00Z", "submitted_at": "2026-11-20T15:00:00Z",
                "updated_at": "2026-11-20T10:00:01.6-05:00",
            },
        }})
    }

    fn fill() -> Value {
        let mut message = message("partial_fill", "partially_filled", 4);
        for (name, value) in
            [("execution_id", "2F63EA93-423d"), ("price", "99.995"), ("qty", "4"), ("position_qty", "-4")]
        {
            message["data"][name] = value.into();
        }
        message
    }

    #[test]
    fn a_fill_is_an_order_and_an_execution() {
        let update = decode(fill()).unwrap();
        let execution = update.execution.unwrap();
        assert_eq!(
            (execution.id.as_str(), execution.qty, execution.price.to_string().as_str()),
            ("2f63ea93-423d", Qty::shares(4), "99.995")
        );
        assert_eq!(execution.at.to_string(), "2026-11-20T15:00:01.500Z");
        assert_eq!(update.order.status, OrderStatus::PartiallyFilled);
        assert_eq!(update.updated_at.unwrap().to_string(), "2026-11-20T15:00:01.600Z");
        assert_eq!(update.position, Some(PositionSize { qty: Qty::shares(4), short: true }));
        assert_eq!(update.flaw, None);
    }

    #[test]
    fn every_event_is_known_or_kept_as_text() {
        for event in [
            "new",
            "fill",
            "partial_fill",
            "canceled",
            "expired",
            "done_for_day",
            "replaced",
            "rejected",
            "pending_new",
            "stopped",
            "pending_cancel",
            "pending_replace",
            "calculated",
            "suspended",
            "order_replace_rejected",
            "order_cancel_rejected",
            "accepted",
            "held",
            "restated",
        ] {
            let update = decode(message(event, "new", 0)).unwrap();
            assert!(!matches!(update.event, Happening::Other(_)), "{event}");
            assert_eq!(update.flaw.is_some(), update.event.fills(), "{event}: a fill without its numbers is flawed");
        }
        let update = decode(message("trade_bust", "status of tomorrow", 0)).unwrap();
        assert_eq!(update.event, Happening::Other("trade_bust".to_owned()));
        assert_eq!(update.order.status, OrderStatus::Unrecognised("status of tomorrow".to_owned()));
    }

    #[test]
    fn a_fill_that_cannot_be_counted_is_said_to_be_flawed() {
        for (name, value) in [
            ("execution_id", json!(null)),
            ("execution_id", json!("")),
            ("qty", json!("x")),
            ("qty", json!("0")),
            ("price", json!("-1")),
            ("price", json!(null)),
        ] {
            let mut message = fill();
            message["data"][name] = value;
            let update = decode(message).unwrap();
            assert!(update.execution.is_none() && update.flaw.is_some(), "{name}: {update:?}");
            assert_eq!(update.order.filled_qty, Qty::shares(4), "{name}: the order is read all the same");
        }
        let mut message = fill();
        message["data"]["qty"] = json!(4);
        message["data"]["price"] = json!(99.995);
        assert!(decode(message).unwrap().execution.is_some(), "numbers are as good as text");
    }

    #[test]
    fn what_cannot_be_read_names_its_symbol() {
        let aapl = Symbol::new("AAPL").ok();
        for (path, value, symbol) in [
            ("/data/event", json!(null), aapl),
            ("/data/order/filled_qty", json!("many"), aapl),
            ("/data/order/id", json!(null), aapl),
            ("/data/order/side", json!("hold"), aapl),
            ("/data/order/symbol", json!("AAPL250321P00200000"), None),
            ("/data/order/symbol", json!(""), None),
            ("/data/order", json!([]), None),
            ("/data", json!("text"), None),
        ] {
            let mut message = fill();
            *message.pointer_mut(path).unwrap() = value;
            assert_eq!(decode(message).unwrap_err().symbol, symbol, "{path}");
        }
    }
}
