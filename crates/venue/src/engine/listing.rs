//! What the trading endpoints tell: account, positions, orders, fills, clock and calendar.

use std::collections::BTreeMap;

use market::{CalendarError, NyDate, Qty, Symbol, Timestamp, Usd};
use serde_json::{Value, json};

use super::{Engine, Response, book, refusal::Refusal, render};
use crate::order::Order;

const ORDERS_DEFAULT: usize = 50;
const ORDERS_PAGE_MAX: usize = 500;
const ACTIVITIES_PAGE_MAX: usize = 100;

type Query = BTreeMap<String, String>;

impl Engine {
    /// Cash and what is held, less what is owed.
    pub fn equity(&mut self) -> Usd {
        self.book.cash() + self.market_value()
    }

    pub(super) fn account(&mut self) -> Value {
        let (long, equity, buying_power) = (self.market_value(), self.equity(), self.buying_power());
        json!({
            "id": render::asset_id(&self.config.account),
            "account_number": self.config.account,
            "status": "ACTIVE",
            "crypto_status": "INACTIVE",
            "currency": "USD",
            "cash": self.book.cash(),
            "equity": equity,
            "portfolio_value": equity,
            "last_equity": self.book.cash_at_start(),
            "buying_power": buying_power,
            "regt_buying_power": buying_power,
            "non_marginable_buying_power": buying_power,
            "effective_buying_power": buying_power,
            "options_buying_power": "0",
            "long_market_value": long,
            "position_market_value": long,
            "short_market_value": "0",
            "initial_margin": "0",
            "maintenance_margin": "0",
            "last_maintenance_margin": "0",
            "sma": "0",
            "multiplier": "1",
            "accrued_fees": "0",
            "trading_blocked": false,
            "transfers_blocked": false,
            "account_blocked": false,
            "trade_suspended_by_user": false,
            "shorting_enabled": false,
            "created_at": "2017-01-03T14:30:00Z",
        })
    }

    pub(super) fn positions(&mut self) -> Value {
        let symbols: Vec<Symbol> = self.book.holdings().keys().copied().collect();
        symbols.into_iter().filter_map(|symbol| self.position_json(symbol)).collect()
    }

    pub(super) fn position(&mut self, symbol: &str) -> Result<Response, Refusal> {
        let missing = Refusal::no_position;
        let symbol = self.symbol_of(symbol).ok_or_else(missing)?;
        self.position_json(symbol).map(Response::ok).ok_or_else(missing)
    }

    fn position_json(&mut self, symbol: Symbol) -> Option<Value> {
        let holding = *self.book.holdings().get(&symbol)?;
        let last = self.last_price(symbol)?;
        let before = self.tape.close_before(symbol, self.now).unwrap_or(last);
        let (value, value_before) = (last.notional(holding.qty), before.notional(holding.qty));
        let available = holding.qty.minus_or_zero(self.book.held_for_orders(symbol));
        Some(json!({
            "asset_id": render::asset_id(symbol.as_str()),
            "asset_class": "us_equity",
            "asset_marginable": false,
            "exchange": "NYSE",
            "symbol": symbol,
            "side": "long",
            "qty": holding.qty,
            "qty_available": available,
            "avg_entry_price": render::average(holding.cost, holding.qty),
            "cost_basis": holding.cost,
            "market_value": value,
            "current_price": last,
            "lastday_price": before,
            "change_today": render::ratio(value - value_before, value_before),
            "unrealized_pl": value - holding.cost,
            "unrealized_plpc": render::ratio(value - holding.cost, holding.cost),
            "unrealized_intraday_pl": value - value_before,
            "unrealized_intraday_plpc": render::ratio(value - value_before, value_before),
        }))
    }

    fn market_value(&mut self) -> Usd {
        let holdings: Vec<(Symbol, Qty, bool)> =
            self.book.holdings().iter().map(|(symbol, held)| (*symbol, held.qty, held.short)).collect();
        let value = |(symbol, qty, short)| {
            let value = self.last_price(symbol)?.notional(qty);
            Some(if short { -value } else { value })
        };
        holdings.into_iter().filter_map(value).sum()
    }

    pub(super) fn order(&self, id: &str) -> Result<Response, Refusal> {
        let at = self.find(id)?;
        Ok(Response::text(200, render::OrderView::nested(&self.book, at).text()))
    }

    pub(super) fn order_by_client_id(&self, query: &Query) -> Result<Response, Refusal> {
        let id = query.get("client_order_id").ok_or_else(|| Refusal::invalid("client_order_id is required"))?;
        let at = self.book.place_of_client_id(id).ok_or_else(|| Refusal::no_order(id))?;
        Ok(Response::text(200, render::OrderView::nested(&self.book, at).text()))
    }

    pub(super) fn orders(&self, query: &Query) -> Result<Response, Refusal> {
        let wants_open = match query.get("status").map_or("open", String::as_str) {
            "open" => Some(true),
            "closed" => Some(false),
            "all" => None,
            other => return Err(Refusal::invalid(format!("invalid status {other}"))),
        };
        let limit = page_size(query.get("limit"), ORDERS_DEFAULT, ORDERS_PAGE_MAX)?;
        let (after, until) = (instant(query.get("after"))?, instant(query.get("until"))?);
        let symbols: Option<Vec<&str>> = query.get("symbols").map(|list| list.split(',').collect());
        let mut orders: Vec<&Order> = self
            .book
            .orders()
            .iter()
            .filter(|order| wants_open.is_none_or(|open| order.is_open() == open))
            .filter(|order| after.is_none_or(|after| order.submitted_at > after))
            .filter(|order| until.is_none_or(|until| order.submitted_at < until))
            .filter(|order| symbols.as_ref().is_none_or(|symbols| symbols.contains(&order.symbol.as_str())))
            .filter(|order| query.get("side").is_none_or(|side| side == order.side.as_str()))
            .collect();
        if is_descending(query)? {
            orders.reverse();
        }
        let views = orders.into_iter().take(limit).map(render::OrderView::new).collect();
        Ok(Response::ok(json!(render::OrderList(views))))
    }

    pub(super) fn activities(&self, query: &Query, kinds: Option<&String>) -> Result<Response, Refusal> {
        // Fills are the only activity of this venue.
        if kinds.is_some_and(|kinds| !kinds.split(',').any(|kind| kind == "FILL")) {
            return Ok(Response::ok(json!([])));
        }
        let page = page_size(query.get("page_size"), ACTIVITIES_PAGE_MAX, ACTIVITIES_PAGE_MAX)?;
        let (after, until) = (instant(query.get("after"))?, instant(query.get("until"))?);
        let mut fills: Vec<&book::Fill> = self
            .book
            .fills()
            .iter()
            .filter(|fill| after.is_none_or(|after| fill.at > after))
            .filter(|fill| until.is_none_or(|until| fill.at < until))
            .filter(|fill| query.get("order_id").is_none_or(|id| *id == self.book.orders()[fill.order].id.to_string()))
            .collect();
        if is_descending(query)? {
            fills.reverse();
        }
        let start = match query.get("page_token") {
            Some(token) => {
                fills.iter().position(|fill| render::activity_id(fill) == *token).map_or(fills.len(), |at| at + 1)
            }
            None => 0,
        };
        Ok(Response::ok(fills.into_iter().skip(start).take(page).map(|fill| render::fill(&self.book, fill)).collect()))
    }

    pub(super) fn clock(&self) -> Result<Response, Refusal> {
        let today = self.now.ny_date();
        let next = |passed: fn(&market::Session, Timestamp) -> bool| {
            let session = self.calendar.session_on_or_after(today)?;
            if passed(&session, self.now) { self.calendar.next_session(session.date) } else { Ok(session) }
        };
        let next_open = next(|session, now| session.open <= now).map_err(unknown_day)?.open;
        let next_close = next(|session, now| session.close <= now).map_err(unknown_day)?.close;
        Ok(Response::ok(json!({
            "timestamp": self.now.to_ny_rfc3339(),
            "is_open": self.is_open(),
            "next_open": next_open.to_ny_rfc3339(),
            "next_close": next_close.to_ny_rfc3339(),
        })))
    }

    pub(super) fn sessions(&self, query: &Query) -> Result<Response, Refusal> {
        let first = day(query.get("start"))?.unwrap_or_else(|| self.calendar.first_known());
        let last = day(query.get("end"))?.unwrap_or_else(|| self.calendar.last_known());
        let mut days = Vec::new();
        for session in self.calendar.sessions(first, last).map_err(unknown_day)? {
            let settlement = self.calendar.next_session(session.date).map_or(session.date, |next| next.date);
            days.push(json!({
                "date": session.date,
                "open": session.open.ny_time().format("%H:%M").to_string(),
                "close": session.close.ny_time().format("%H:%M").to_string(),
                "session_open": "0400",
                "session_close": if session.is_half_day() { "1700" } else { "2000" },
                "settlement_date": settlement,
            }));
        }
        Ok(Response::ok(Value::Array(days)))
    }
}

fn unknown_day(error: CalendarError) -> Refusal {
    Refusal::invalid(error.to_string())
}

fn page_size(text: Option<&String>, default: usize, max: usize) -> Result<usize, Refusal> {
    let Some(text) = text else { return Ok(default) };
    match text.parse() {
        Ok(size) if (1..=max).contains(&size) => Ok(size),
        _ => Err(Refusal::invalid(format!("invalid page size {text}: 1 to {max}"))),
    }
}

fn is_descending(query: &Query) -> Result<bool, Refusal> {
    match query.get("direction").map_or("desc", String::as_str) {
        "desc" => Ok(true),
        "asc" => Ok(false),
        other => Err(Refusal::invalid(format!("invalid direction {other}"))),
    }
}

/// An instant, or a day, which means its first instant.
fn instant(text: Option<&String>) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let day = || text.parse::<NyDate>().map(|day| day.at_hm(0, 0));
    text.parse().or_else(|_| day()).map(Some).map_err(|_| Refusal::invalid(format!("invalid time {text}")))
}

/// A day, or an instant, which means its day.
fn day(text: Option<&String>) -> Result<Option<NyDate>, Refusal> {
    Ok(instant(text)?.map(Timestamp::ny_date))
}
