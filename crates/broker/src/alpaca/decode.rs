//! From Alpaca's JSON to neutral reports. An error is the text of what could not be understood.

use std::fmt::Display;

use market::{NaiveTime, Session, Symbol, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::Value;
use trading::{
    order::{ClientOrderId, OrderKind, Side, TimeInForce},
    report::{AccountReport, Execution, MarketClock, OrderReport, OrderStatus, PositionReport},
};

use super::{
    censor::printable,
    decimal::Decimal,
    wire::{Account, CalendarDay, Clock, Fill, Order, Position},
};

/// Account states in which orders are taken.
const TRADES: [&str; 2] = ["ACTIVE", "PAPER_ONLY"];

/// Members that name a row, the best first.
const NAMES: [&str; 3] = ["client_order_id", "symbol", "id"];

/// A list of the broker's, row by row.
#[derive(Debug)]
pub(super) struct Rows<T> {
    /// What we can read.
    pub(super) read: Vec<T>,
    /// Client order ids, or symbols or ids where there is none, of what we have words for and cannot read.
    pub(super) unreadable: Vec<String>,
}

impl<T> Rows<T> {
    pub(super) fn none() -> Self {
        Self { read: Vec::new(), unreadable: Vec::new() }
    }
}

/// Decodes a list of orders, positions or executions. Instruments we have no words for (options) are left out; a row we
/// have words for and cannot read is left out, logged and named: one strange row of another hand must not hide ours.
pub(super) fn rows<W: DeserializeOwned, T>(of: &str, rows: Vec<Value>, decode: fn(W) -> Result<T, String>) -> Rows<T> {
    let mut found = Rows::none();
    let known = |row: &Value| member(row, "symbol").is_none_or(|symbol| Symbol::new(symbol).is_ok());
    for row in rows.into_iter().filter(known) {
        let name = NAMES.iter().find_map(|name| member(&row, name).filter(|text| !text.is_empty()));
        let name = printable(name.unwrap_or("without a name"));
        match serde_json::from_value(row).map_err(text).and_then(decode) {
            Ok(item) => found.read.push(item),
            Err(why) => {
                let why = printable(&why);
                tracing::warn!(%name, %why, "left out of the broker's {of}");
                found.unreadable.push(name);
            }
        }
    }
    found
}

/// The id of a row.
pub(super) fn id(row: &Value) -> Option<String> {
    member(row, "id").map(str::to_owned)
}

/// When the order of a row was submitted: what its list is paged by.
pub(super) fn submitted_at(row: &Value) -> Option<Timestamp> {
    member(row, "submitted_at").or_else(|| member(row, "created_at"))?.parse().ok()
}

fn member<'a>(row: &'a Value, name: &str) -> Option<&'a str> {
    row.get(name)?.as_str()
}

pub(super) fn order(order: Order) -> Result<OrderReport, String> {
    let kind = kind(&order);
    let filled_qty = order.filled_qty.qty()?;
    Ok(OrderReport {
        replaces: order.replaces.as_deref().and_then(|id| id.parse().ok()),
        submitted_at: order.submitted_at.or(order.created_at).ok_or("when it was submitted is not said")?,
        client_order_id: client_order_id(&order)?,
        id: order.id.parse().map_err(text)?,
        symbol: symbol(order.symbol.as_deref().unwrap_or_default())?,
        side: side(order.side.as_deref().unwrap_or_default())?,
        // An order for an amount of dollars has as many shares as it got.
        qty: order.qty.as_ref().map_or(Ok(filled_qty), Decimal::qty)?,
        filled_qty,
        filled_avg_price: order.filled_avg_price.as_ref().and_then(|price| price.price().ok()),
        kind,
        time_in_force: match order.time_in_force.as_deref() {
            Some("day") => Some(TimeInForce::Day),
            Some("gtc") => Some(TimeInForce::Gtc),
            Some(_) | None => None,
        },
        status: status(&order.status),
    })
}

/// Other hands may give an order an id that is none by our rules; it counts all the same, by the broker's id.
fn client_order_id(order: &Order) -> Result<ClientOrderId, String> {
    let given = order.client_order_id.as_deref().unwrap_or_default();
    given.parse().or_else(|_| format!("foreign-{}", order.id).parse().map_err(text))
}

fn kind(order: &Order) -> Option<OrderKind> {
    let price = |decimal: &Option<Decimal>| decimal.as_ref()?.price().ok();
    match (order.kind.as_str(), price(&order.limit_price), price(&order.stop_price)) {
        ("market", None, None) => Some(OrderKind::Market),
        ("limit", Some(limit), None) => Some(OrderKind::Limit { limit }),
        ("stop", None, Some(stop)) => Some(OrderKind::Stop { stop }),
        _ => None,
    }
}

fn status(text: &str) -> OrderStatus {
    match text {
        "new" => OrderStatus::New,
        "partially_filled" => OrderStatus::PartiallyFilled,
        "filled" => OrderStatus::Filled,
        "done_for_day" => OrderStatus::DoneForDay,
        "canceled" => OrderStatus::Canceled,
        "expired" => OrderStatus::Expired,
        "replaced" => OrderStatus::Replaced,
        "pending_cancel" => OrderStatus::PendingCancel,
        "pending_replace" => OrderStatus::PendingReplace,
        "accepted" => OrderStatus::Accepted,
        "pending_new" => OrderStatus::PendingNew,
        "accepted_for_bidding" => OrderStatus::AcceptedForBidding,
        "stopped" => OrderStatus::Stopped,
        "rejected" => OrderStatus::Rejected,
        "suspended" => OrderStatus::Suspended,
        "calculated" => OrderStatus::Calculated,
        "held" => OrderStatus::Held,
        "pending_review" => OrderStatus::PendingReview,
        other => OrderStatus::Unrecognised(other.to_owned()),
    }
}

pub(super) fn account(account: Account) -> Result<AccountReport, String> {
    Ok(AccountReport {
        number: account.account_number.parse().map_err(text)?,
        equity: account.equity.usd()?,
        last_equity: account.last_equity.usd()?,
        cash: account.cash.usd()?,
        buying_power: account.buying_power.usd()?,
        trading_blocked: account.trading_blocked
            || account.account_blocked
            || account.trade_suspended_by_user
            || !TRADES.contains(&account.status.as_str()),
    })
}

pub(super) fn position(position: Position) -> Result<PositionReport, String> {
    Ok(PositionReport {
        symbol: symbol(&position.symbol)?,
        qty: position.qty.qty()?,
        short: is_short(&position)?,
        avg_entry_price: position.avg_entry_price.price().ok(),
        current_price: position.current_price.as_ref().and_then(|price| price.price().ok()),
    })
}

/// What is short must never be taken for shares to sell, and what is held never for a debt.
fn is_short(position: &Position) -> Result<bool, String> {
    match (position.side.as_str(), position.qty.is_negative()) {
        ("long", false) => Ok(false),
        ("short", _) => Ok(true),
        ("long", true) => Err("long with a quantity below zero".to_owned()),
        (other, _) => Err(format!("{other:?} is neither long nor short")),
    }
}

pub(super) fn execution(fill: Fill) -> Result<Execution, String> {
    Ok(Execution {
        order_id: fill.order_id.parse().map_err(text)?,
        symbol: symbol(&fill.symbol)?,
        side: side(&fill.side)?,
        qty: fill.qty.qty()?,
        price: fill.price.price()?,
        at: fill.transaction_time,
        id: fill.id,
    })
}

pub(super) fn clock(clock: &Clock) -> MarketClock {
    MarketClock {
        now: clock.timestamp,
        is_open: clock.is_open,
        next_open: clock.next_open,
        next_close: clock.next_close,
    }
}

pub(super) fn session(day: &CalendarDay) -> Result<Session, String> {
    let time = |text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| format!("{text:?} is no time of day on {}", day.date))
    };
    Ok(Session { date: day.date, open: day.date.at(time(&day.open)?), close: day.date.at(time(&day.close)?) })
}

fn symbol(text: &str) -> Result<Symbol, String> {
    Symbol::new(text).map_err(|error| error.to_string())
}

fn side(text: &str) -> Result<Side, String> {
    match text {
        "buy" => Ok(Side::Buy),
        "sell" | "sell_short" => Ok(Side::Sell),
        other => Err(format!("{other:?} is neither buy nor sell")),
    }
}

fn text(error: impl Display) -> String {
    error.to_string()
}
