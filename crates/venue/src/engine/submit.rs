//! Placing, replacing and cancelling orders, with the refusals of the real venue.

use market::{Price, Qty, Symbol, Usd};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Engine, Response, event::Event, refusal::Refusal, render};
use crate::{
    order::{Order, Role, Size},
    words::{OrderClass, OrderType, Side, Status, TimeInForce},
};

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
    order_type: OrderType,
    limit: Option<Price>,
    stop: Option<Price>,
    time_in_force: TimeInForce,
}

impl Engine {
    pub(super) fn submit(&mut self, body: &str) -> Result<Response, Refusal> {
        let body: OrderBody = parse(body)?;
        let terms = body.terms()?;
        if !self.tape.is_listed(terms.symbol) {
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
        if old.status != Status::New && old.status != Status::PartiallyFilled {
            return Err(Refusal::invalid(format!("cannot replace order in {} status", old.status)));
        }
        let terms = body.terms_replacing(&old)?;
        let client_order_id = self.fresh_client_id(body.client_order_id.as_deref())?;
        self.check_conflicts(&terms, Some(&old))?;
        self.check_means(&terms, Some(&old))?;
        let new_at = self.place(terms, client_order_id);
        let (now, new_id) = (self.now, self.book.orders()[new_at].id);
        let replaced = self.book.order_mut(at);
        replaced.status = Status::Replaced;
        replaced.replaced_by = Some(new_id);
        replaced.updated_at = now;
        replaced.ended_at = Some(now);
        self.book.order_mut(new_at).replaces = Some(old.id);
        self.events.push(Event::Replaced { at: now, order: old.id, by: new_id });
        Ok(Response::ok(render::order(&self.book.orders()[new_at])))
    }

    pub(super) fn cancel(&mut self, id: &str) -> Result<Response, Refusal> {
        let at = self.find(id)?;
        let order = &self.book.orders()[at];
        if !order.is_open() {
            return Err(Refusal::invalid(format!("order is already in \"{}\" state", order.status)));
        }
        self.cancel_at(at);
        Ok(Response::empty(204))
    }

    pub(super) fn cancel_all(&mut self) -> Response {
        let open = self.book.open();
        let answers = open.iter().map(|at| json!({"id": self.book.orders()[*at].id, "status": 200})).collect();
        for at in open {
            self.cancel_at(at);
        }
        Response::of(207, &Value::Array(answers))
    }

    fn cancel_at(&mut self, at: usize) {
        let now = self.now;
        let order = self.book.order_mut(at);
        order.status = Status::Canceled;
        order.updated_at = now;
        order.ended_at = Some(now);
        let event = Event::Canceled { at: now, order: order.id };
        self.events.push(event);
    }

    fn find(&self, id: &str) -> Result<usize, Refusal> {
        self.book.position_of(id).ok_or_else(|| Refusal::not_found(format!("order not found for {id}")))
    }

    fn place(&mut self, terms: Terms, client_order_id: String) -> usize {
        let id = self.book.new_uuid();
        let working = self.is_open();
        let order = Order {
            id,
            client_order_id,
            symbol: terms.symbol,
            side: terms.side,
            size: Size::Shares(terms.qty),
            order_type: terms.order_type,
            time_in_force: terms.time_in_force,
            limit_price: terms.limit,
            stop_price: terms.stop,
            trail: None,
            high_water_mark: None,
            extended_hours: false,
            class: OrderClass::Simple,
            role: Role::Parent,
            legs: Vec::new(),
            submitted_at: self.now,
            expires_at: None,
            replaces: None,
            status: if working { Status::New } else { Status::Accepted },
            updated_at: self.now,
            ended_at: None,
            replaced_by: None,
            filled_qty: Qty::ZERO,
            filled_cost: Usd::ZERO,
            triggered: false,
        };
        self.events.push(Event::Received {
            at: self.now,
            order: order.id,
            symbol: order.symbol,
            side: order.side,
            qty: order.qty(),
            terms: order.terms(),
        });
        self.book.add(order);
        self.book.orders().len() - 1
    }

    fn fresh_client_id(&mut self, given: Option<&str>) -> Result<String, Refusal> {
        let most = self.config.orders_max;
        if self.book.orders().len() >= most {
            return Err(Refusal::invalid(format!("this venue takes at most {most} orders")));
        }
        let text = match given {
            Some(text) if !text.is_empty() => text.to_owned(),
            _ => self.book.new_uuid().to_string(),
        };
        if self.book.by_client_id(&text).is_some() {
            return Err(Refusal::duplicate());
        }
        if text.len() > 128 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(Refusal::invalid("client_order_id must be 1 to 128 visible characters"));
        }
        Ok(text)
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
            .with("existing_order_id", order.id.to_string())
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
        let cost = self.price_to_reserve(terms.symbol, terms.limit, terms.stop).notional(terms.qty);
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
        let order_type = order_type(self.kind.as_deref(), limit, stop)?;
        let time_in_force = time_in_force(self.time_in_force.as_deref())?;
        checked(Terms { symbol, side, qty, order_type, limit, stop, time_in_force })
    }

    fn terms_replacing(&self, old: &Order) -> Result<Terms, Refusal> {
        let qty = quantity(self.qty.as_ref())?.unwrap_or(old.qty());
        let limit = price("limit_price", self.limit_price.as_ref())?;
        let stop = price("stop_price", self.stop_price.as_ref())?;
        if limit.is_some() && old.limit_price.is_none() || stop.is_some() && old.stop_price.is_none() {
            return Err(Refusal::invalid(format!("a price given does not belong to a {} order", old.order_type)));
        }
        let (order_type, limit, stop) = (old.order_type, limit.or(old.limit_price), stop.or(old.stop_price));
        let time_in_force = match self.time_in_force.as_deref() {
            Some(text) => time_in_force(Some(text))?,
            None => old.time_in_force,
        };
        // The new order is for what the old one has not filled.
        let qty = qty.minus_or_zero(old.filled_qty);
        if qty.is_zero() {
            return Err(Refusal::invalid("qty must be more than what is filled"));
        }
        checked(Terms { symbol: old.symbol, side: old.side, qty, order_type, limit, stop, time_in_force })
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
    let simple = terms.order_type == OrderType::Market && terms.time_in_force == TimeInForce::Day;
    if fractional && !simple {
        return Err(Refusal::invalid("fractional orders must be market day orders"));
    }
    Ok(terms)
}

/// Two limits that do not cross cannot meet; anything with a market or a stop order in it can.
fn may_meet(order: &Order, terms: &Terms) -> bool {
    match (order.order_type, terms.order_type) {
        (OrderType::Limit, OrderType::Limit) => match terms.side {
            Side::Buy => terms.limit >= order.limit_price,
            Side::Sell => terms.limit <= order.limit_price,
        },
        (
            OrderType::Market | OrderType::Limit | OrderType::Stop | OrderType::StopLimit | OrderType::TrailingStop,
            _,
        ) => true,
    }
}

fn order_type(text: Option<&str>, limit: Option<Price>, stop: Option<Price>) -> Result<OrderType, Refusal> {
    match (text, limit, stop) {
        (Some("market"), None, None) => Ok(OrderType::Market),
        (Some("market"), _, _) => Err(Refusal::invalid("market orders carry no price")),
        (Some("limit"), Some(_), None) => Ok(OrderType::Limit),
        (Some("limit"), None, _) => Err(Refusal::invalid("limit orders require limit_price")),
        (Some("limit"), _, Some(_)) => Err(Refusal::invalid("limit orders carry no stop_price")),
        (Some("stop"), None, Some(_)) => Ok(OrderType::Stop),
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
