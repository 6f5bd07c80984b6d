//! From Alpaca's JSON to neutral reports. An error is the text of what could not be understood.

use std::{collections::BTreeMap, fmt::Display};

use market::{Candle, NaiveTime, Price, Qty, Quote, Session, Symbol, Timestamp};
use trading::{
    order::{OrderKind, Side, TimeInForce},
    report::{AccountReport, Execution, MarketClock, OrderReport, OrderStatus, PositionReport},
};

use super::{
    decimal::Decimal,
    wire::{Account, Bar, CalendarDay, Clock, Fill, LatestQuote, Order, Position, Quotes},
};

/// Account states in which orders are taken.
const TRADES: [&str; 2] = ["ACTIVE", "PAPER_ONLY"];

/// Decodes orders, leaving out what concerns instruments we have no words for (options, legs without a symbol): one
/// foreign order must not hide ours. Each is logged.
pub(super) fn known_orders(orders: Vec<Order>) -> Vec<OrderReport> {
    let decoded = |item| order(item).inspect_err(|why| tracing::warn!(%why, "left out of the broker's orders"));
    orders.into_iter().filter_map(|item| decoded(item).ok()).collect()
}

/// Decodes positions or executions. Instruments we have no words for are left out; one we have words for and cannot
/// read is an error: a share nobody counts is a share nobody protects.
pub(super) fn whole<W, T>(
    items: Vec<W>,
    symbol_of: fn(&W) -> &str,
    decode: fn(W) -> Result<T, String>,
) -> Result<Vec<T>, String> {
    let known = |item: &W| Symbol::new(symbol_of(item)).is_ok();
    items.into_iter().filter(known).map(decode).collect()
}

pub(super) fn order(order: Order) -> Result<OrderReport, String> {
    let kind = kind(&order);
    let filled_qty = order.filled_qty.qty()?;
    Ok(OrderReport {
        submitted_at: submitted_at(&order).unwrap_or(order.created_at),
        id: order.id.parse().map_err(text)?,
        client_order_id: order.client_order_id.parse().map_err(text)?,
        symbol: symbol(order.symbol.as_deref().unwrap_or_default())?,
        side: side(order.side.as_deref().unwrap_or_default())?,
        // An order for an amount of dollars has as many shares as it got.
        qty: order.qty.as_ref().map_or(Ok(filled_qty), Decimal::qty)?,
        filled_qty,
        filled_avg_price: order.filled_avg_price.as_ref().map(Decimal::price).transpose()?,
        kind,
        time_in_force: match order.time_in_force.as_str() {
            "day" => Some(TimeInForce::Day),
            "gtc" => Some(TimeInForce::Gtc),
            _ => None,
        },
        status: status(&order.status),
    })
}

pub(super) fn submitted_at(order: &Order) -> Option<Timestamp> {
    order.submitted_at.or(Some(order.created_at))
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
        short: position.side == "short",
        avg_entry_price: position.avg_entry_price.price().ok(),
        current_price: position.current_price.as_ref().and_then(|price| price.price().ok()),
    })
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

/// Adds a page of candles that begin in `[from, to)`.
pub(super) fn candles(
    page: Option<BTreeMap<String, Vec<Bar>>>,
    from: Timestamp,
    to: Timestamp,
    into: &mut BTreeMap<Symbol, Vec<Candle>>,
) -> Result<(), String> {
    for (name, bars) in page.unwrap_or_default() {
        let symbol = symbol(&name)?;
        for bar in bars.iter().filter(|bar| from <= bar.t && bar.t < to) {
            let candle = candle(bar).map_err(|why| format!("candle of {symbol} at {}: {why}", bar.t))?;
            into.entry(symbol).or_default().push(candle);
        }
    }
    Ok(())
}

fn candle(bar: &Bar) -> Result<Candle, String> {
    let price = |value| Price::from_f64_rounded(value).map_err(text);
    // Whole shares: a float holds them exactly, fractions of a share only nearly.
    let volume = Qty::from_units((bar.v.round() * 1e9) as i64).map_err(text)?;
    let candle = Candle {
        start: bar.t,
        open: price(bar.o)?,
        high: price(bar.h)?,
        low: price(bar.l)?,
        close: price(bar.c)?,
        volume,
    };
    let encloses = candle.low <= candle.open.min(candle.close) && candle.open.max(candle.close) <= candle.high;
    if encloses { Ok(candle) } else { Err("high and low do not enclose open and close".to_owned()) }
}

/// The usable quotes of an answer.
pub(super) fn quotes(quotes: &Quotes) -> BTreeMap<Symbol, Quote> {
    let usable = |(name, quote): (&String, &LatestQuote)| {
        let (bid, ask) = (Price::from_f64_rounded(quote.bp).ok()?, Price::from_f64_rounded(quote.ap).ok()?);
        Some((Symbol::new(name).ok()?, Quote::new(quote.t, bid, ask)?))
    };
    quotes.quotes.iter().filter_map(usable).collect()
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
