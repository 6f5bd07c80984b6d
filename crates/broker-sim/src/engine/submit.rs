//! Placing, replacing and cancelling orders, with the refusals of the real venue.

use broker::{
    order::{ClientOrderId, OrderKind, Side, TimeInForce},
    report::OrderStatus,
};
use market::{Price, Qty, Symbol, Usd};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Engine, Response, book::Order, event::Event, refusal::Refusal, render};

/// The venue takes no more orders than this in its life.
const ORDERS_MAX: usize = 20_000;

/// An order as it comes in. Everything is text or absent: what is wrong with it is for the venue to say.
#[derive(Debug, Default, Deserialize)]
struct OrderBody {
    symbol: Option<String>,
    qty: Option<Value>,
    notional: Option<Value>,
    side: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    time_in_force: Option<String>,
    limit_price: Option<Value>,
    stop_price: Option<Value>,
    client_order_id: Option<String>,
    order_class: Option<String>,
    extended_hours: Option<bool>,
}

/// An order that passed validation.
struct Terms {
    symbol: Symbol,
    side: Side,
    qty: Qty,
    kind: OrderKind,
    time_in_force: TimeInForce,
}

impl Engine {
    pub(super) fn submit(&mut self, body: &str) -> Result<Response, Refusal> {
        let body: OrderBody = parse(body)?;
        let terms = body.terms()?;
        if !self.day.bars.contains_key(&terms.symbol) {
            return Err(Refusal::invalid(format!("asset \"{}\" not found", terms.symbol)));
        }
        let client_order_id = self.fresh_client_id(body.client_order_id.as_deref())?;
        self.check_conflicts(&terms, None)?;
        self.check_means(&terms, None)?;
        let at = self.place(terms, client_order_id);
        Ok(Response::ok(render::order(&self.book.orders()[at])))
    }

    /// A new order takes the place of an open one: what the body does not say stays as it was.
    pub(super) fn replace(&mut self, id: &str, body: &str) -> Result<Response, Refusal> {
        let body: OrderBody = parse(body)?;
        let at = self.find(id)?;
        let old = self.book.orders()[at].clone();
        if old.status != OrderStatus::New && old.status != OrderStatus::PartiallyFilled {
            return Err(Refusal::invalid(format!("cannot replace order in {} status", render::status(&old.status))));
        }
        let terms = body.terms_replacing(&old)?;
        let client_order_id = self.fresh_client_id(body.client_order_id.as_deref())?;
        self.check_conflicts(&terms, Some(&old))?;
        self.check_means(&terms, Some(&old))?;
        let new_at = self.place(terms, client_order_id);
        let (now, new_id) = (self.now, self.book.orders()[new_at].id.clone());
        let replaced = self.book.order_mut(at);
        replaced.status = OrderStatus::Replaced;
        replaced.replaced_by = Some(new_id.clone());
        replaced.updated_at = now;
        self.book.order_mut(new_at).replaces = Some(old.id.clone());
        self.events.push(Event::Replaced { at: now, order: old.id, by: new_id });
        Ok(Response::ok(render::order(&self.book.orders()[new_at])))
    }

    pub(super) fn cancel(&mut self, id: &str) -> Result<Response, Refusal> {
        let at = self.find(id)?;
        let order = &self.book.orders()[at];
        if !order.is_open() {
            let status = render::status(&order.status);
            return Err(Refusal::invalid(format!("order is already in \"{status}\" state")));
        }
        self.cancel_at(at);
        Ok(Response { status: 204, body: None })
    }

    pub(super) fn cancel_all(&mut self) -> Response {
        let open = self.book.open();
        let answers = open.iter().map(|at| json!({"id": self.book.orders()[*at].id, "status": 200})).collect();
        for at in open {
            self.cancel_at(at);
        }
        Response { status: 207, body: Some(Value::Array(answers)) }
    }

    fn cancel_at(&mut self, at: usize) {
        let now = self.now;
        let order = self.book.order_mut(at);
        order.status = OrderStatus::Canceled;
        order.updated_at = now;
        let event = Event::Canceled { at: now, order: order.id.clone() };
        self.events.push(event);
    }

    fn find(&self, id: &str) -> Result<usize, Refusal> {
        self.book.position_of(id).ok_or_else(|| Refusal::not_found(format!("order not found for {id}")))
    }

    fn place(&mut self, terms: Terms, client_order_id: ClientOrderId) -> usize {
        let id = self.book.new_uuid().parse().expect("a UUID is a broker order id");
        let working = self.day.session.contains(self.now);
        let order = Order {
            id,
            client_order_id,
            symbol: terms.symbol,
            side: terms.side,
            qty: terms.qty,
            kind: terms.kind,
            time_in_force: terms.time_in_force,
            status: if working { OrderStatus::New } else { OrderStatus::Accepted },
            submitted_at: self.now,
            updated_at: self.now,
            filled_qty: Qty::ZERO,
            filled_cost: Usd::ZERO,
            triggered: false,
            replaces: None,
            replaced_by: None,
        };
        self.events.push(Event::Received {
            at: self.now,
            order: order.id.clone(),
            symbol: order.symbol,
            side: order.side,
            qty: order.qty,
            terms: order.kind.to_string(),
        });
        self.book.add(order);
        self.book.orders().len() - 1
    }

    fn fresh_client_id(&mut self, given: Option<&str>) -> Result<ClientOrderId, Refusal> {
        if self.book.orders().len() >= ORDERS_MAX {
            return Err(Refusal::invalid(format!("this venue takes at most {ORDERS_MAX} orders")));
        }
        let text = match given {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => self.book.new_uuid(),
        };
        if self.book.by_client_id(&text).is_some() {
            return Err(Refusal::duplicate());
        }
        text.parse().map_err(|_| Refusal::invalid("client_order_id must be 1 to 128 visible characters"))
    }

    /// Refuses an order that might trade with one of our own on the other side.
    fn check_conflicts(&self, terms: &Terms, replaced: Option<&Order>) -> Result<(), Refusal> {
        let conflict = self.book.orders().iter().find(|order| {
            order.is_open()
                && order.symbol == terms.symbol
                && order.side != terms.side
                && replaced.is_none_or(|replaced| replaced.id != order.id)
                && may_meet(order, terms)
        });
        let Some(order) = conflict else { return Ok(()) };
        Err(Refusal::insufficient("potential wash trade detected. use complex orders")
            .with("existing_order_id", order.id.as_str())
            .with("reject_reason", "opposite side order exists"))
    }

    fn check_means(&mut self, terms: &Terms, replaced: Option<&Order>) -> Result<(), Refusal> {
        match terms.side {
            Side::Buy => self.check_buying_power(terms, replaced),
            Side::Sell => self.check_shares(terms, replaced),
        }
    }

    fn check_buying_power(&mut self, terms: &Terms, replaced: Option<&Order>) -> Result<(), Refusal> {
        let given_back = match replaced {
            Some(order) => self.reserved_by(order),
            None => Usd::ZERO,
        };
        let available = self.buying_power() + given_back;
        let cost = self.price_to_reserve(terms.symbol, terms.kind).notional(terms.qty);
        if cost <= available {
            return Ok(());
        }
        Err(Refusal::insufficient("insufficient buying power")
            .with("buying_power", available.to_string())
            .with("cost_basis", cost.to_string()))
    }

    /// Long only: nothing is sold that is not held and free.
    fn check_shares(&self, terms: &Terms, replaced: Option<&Order>) -> Result<(), Refusal> {
        let symbol = terms.symbol;
        let given_back = replaced.map_or(Qty::ZERO, Order::remaining);
        let (held, claimed) = (self.book.held(symbol), self.book.held_for_orders(symbol).minus_or_zero(given_back));
        let available = held.minus_or_zero(claimed);
        if terms.qty <= available {
            return Ok(());
        }
        let message =
            format!("insufficient qty available for order (requested: {}, available: {available})", terms.qty);
        Err(Refusal::insufficient(message)
            .with("symbol", symbol.as_str())
            .with("available", available.to_string())
            .with("existing_qty", held.to_string())
            .with("held_for_orders", claimed.to_string()))
    }
}

impl OrderBody {
    fn terms(&self) -> Result<Terms, Refusal> {
        let symbol = self.symbol.as_deref().ok_or_else(|| Refusal::invalid("symbol is required"))?;
        let symbol = Symbol::new(symbol).map_err(|_| Refusal::invalid(format!("asset \"{symbol}\" not found")))?;
        self.refuse_what_is_not_offered()?;
        let side = match self.side.as_deref() {
            Some("buy") => Side::Buy,
            Some("sell") => Side::Sell,
            other => return Err(Refusal::invalid(format!("invalid side {}", other.unwrap_or("(missing)")))),
        };
        let qty = quantity(self.qty.as_ref())?.ok_or_else(|| Refusal::invalid("qty is required"))?;
        let limit = price("limit_price", self.limit_price.as_ref())?;
        let stop = price("stop_price", self.stop_price.as_ref())?;
        let kind = kind(self.kind.as_deref(), limit, stop)?;
        let time_in_force = time_in_force(self.time_in_force.as_deref())?;
        checked(Terms { symbol, side, qty, kind, time_in_force })
    }

    fn terms_replacing(&self, old: &Order) -> Result<Terms, Refusal> {
        let qty = quantity(self.qty.as_ref())?.unwrap_or(old.qty);
        let limit = price("limit_price", self.limit_price.as_ref())?;
        let stop = price("stop_price", self.stop_price.as_ref())?;
        let kind = match (old.kind, limit, stop) {
            (OrderKind::Market, None, None) => OrderKind::Market,
            (OrderKind::Limit { limit: before }, after, None) => OrderKind::Limit { limit: after.unwrap_or(before) },
            (OrderKind::Stop { stop: before }, None, after) => OrderKind::Stop { stop: after.unwrap_or(before) },
            (kind, _, _) => return Err(Refusal::invalid(format!("a price given does not belong to a {kind} order"))),
        };
        let time_in_force = match self.time_in_force.as_deref() {
            Some(text) => time_in_force(Some(text))?,
            None => old.time_in_force,
        };
        // The new order is for what the old one has not filled.
        let qty = qty.minus_or_zero(old.filled_qty);
        if qty.is_zero() {
            return Err(Refusal::invalid("qty must be more than what is filled"));
        }
        checked(Terms { symbol: old.symbol, side: old.side, qty, kind, time_in_force })
    }

    fn refuse_what_is_not_offered(&self) -> Result<(), Refusal> {
        match self.order_class.as_deref() {
            None | Some("" | "simple") => {}
            Some(other) => return Err(Refusal::invalid(format!("order_class {other} is not offered by this venue"))),
        }
        if self.notional.as_ref().is_some_and(|value| !value.is_null()) {
            return Err(Refusal::invalid("notional orders are not offered by this venue"));
        }
        if self.extended_hours == Some(true) {
            return Err(Refusal::invalid("extended hours are not offered by this venue"));
        }
        Ok(())
    }
}

/// Rules that need more than one member.
fn checked(terms: Terms) -> Result<Terms, Refusal> {
    let fractional = terms.qty != crate::path::shares(terms.qty.whole_shares());
    let simple = match (terms.kind, terms.time_in_force) {
        (OrderKind::Market, TimeInForce::Day) => true,
        (OrderKind::Market | OrderKind::Limit { .. } | OrderKind::Stop { .. }, _) => false,
    };
    if fractional && !simple {
        return Err(Refusal::invalid("fractional orders must be market day orders"));
    }
    Ok(terms)
}

/// Two limits that do not cross cannot meet; anything with a market or a stop order in it can.
fn may_meet(order: &Order, terms: &Terms) -> bool {
    match (order.kind, terms.kind) {
        (OrderKind::Limit { limit: theirs }, OrderKind::Limit { limit: ours }) => match terms.side {
            Side::Buy => ours >= theirs,
            Side::Sell => ours <= theirs,
        },
        (OrderKind::Market | OrderKind::Limit { .. } | OrderKind::Stop { .. }, _) => true,
    }
}

fn kind(text: Option<&str>, limit: Option<Price>, stop: Option<Price>) -> Result<OrderKind, Refusal> {
    match (text, limit, stop) {
        (Some("market"), None, None) => Ok(OrderKind::Market),
        (Some("market"), _, _) => Err(Refusal::invalid("market orders carry no price")),
        (Some("limit"), Some(limit), None) => Ok(OrderKind::Limit { limit }),
        (Some("limit"), None, _) => Err(Refusal::invalid("limit orders require limit_price")),
        (Some("limit"), _, Some(_)) => Err(Refusal::invalid("limit orders carry no stop_price")),
        (Some("stop"), None, Some(stop)) => Ok(OrderKind::Stop { stop }),
        (Some("stop"), _, None) => Err(Refusal::invalid("stop orders require stop_price")),
        (Some("stop"), Some(_), _) => Err(Refusal::invalid("stop orders carry no limit_price")),
        (other, _, _) => Err(Refusal::invalid(format!("invalid order type {}", other.unwrap_or("(missing)")))),
    }
}

fn time_in_force(text: Option<&str>) -> Result<TimeInForce, Refusal> {
    match text {
        Some("day") => Ok(TimeInForce::Day),
        Some("gtc") => Ok(TimeInForce::Gtc),
        other => Err(Refusal::invalid(format!("invalid time_in_force {}", other.unwrap_or("(missing)")))),
    }
}

fn quantity(value: Option<&Value>) -> Result<Option<Qty>, Refusal> {
    let Some(value) = present(value) else { return Ok(None) };
    match decimal_text(value).parse::<Qty>() {
        Ok(qty) if !qty.is_zero() => Ok(Some(qty)),
        _ => Err(Refusal::invalid("qty must be > 0")),
    }
}

fn price(name: &str, value: Option<&Value>) -> Result<Option<Price>, Refusal> {
    let Some(value) = present(value) else { return Ok(None) };
    let text = decimal_text(value);
    let sub_penny = || {
        Refusal::invalid(format!(
            "invalid {name} {text}. sub-penny increment does not fulfill minimum pricing criteria"
        ))
    };
    match text.parse::<Price>() {
        Ok(price) if price.is_on_tick() => Ok(Some(price)),
        Ok(_) | Err(market::DecimalError::TooPrecise { .. }) => Err(sub_penny()),
        Err(_) => Err(Refusal::invalid(format!("{name} must be > 0"))),
    }
}

fn present(value: Option<&Value>) -> Option<&Value> {
    value.filter(|value| !value.is_null())
}

/// Clients send decimals as strings or as numbers.
fn decimal_text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn parse(body: &str) -> Result<OrderBody, Refusal> {
    serde_json::from_str(body).map_err(|error| Refusal::malformed(format!("request body format is invalid: {error}")))
}
