//! Refusals with Alpaca's statuses and codes. Status and code are the contract, the text is not.
//!
//! Source: the OpenAPI document, Alpaca's page of error responses, and bodies that clients have published.

use market::{Price, Qty, Symbol, Usd};
use serde_json::{Value, json};

use super::{Request, Response};
use crate::order::Uuid;

/// An answer that is not yes.
#[derive(Clone, Debug, PartialEq)]
pub struct Refusal {
    pub(super) status: u16,
    code: Option<u32>,
    pub(super) message: String,
    /// Further members of the body.
    more: Vec<(&'static str, Value)>,
}

impl Refusal {
    /// The HTTP status.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Alpaca's code; the data endpoints have none.
    #[must_use]
    pub fn code(&self) -> Option<u32> {
        self.code
    }

    /// The text.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code: Some(code), message: message.into(), more: Vec::new() }
    }

    /// A parameter of an order is missing, malformed or against a rule; or the order cannot do that now.
    pub(super) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, 42_210_000, message)
    }

    /// The body is no JSON object of the expected form.
    pub(super) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, 40_010_000, message)
    }

    /// The client order id was used before, by whatever became of its order.
    pub(super) fn duplicate() -> Self {
        Self::new(422, 40_010_001, "client_order_id must be unique")
    }

    /// The account or the asset does not allow it.
    pub(super) fn not_allowed(message: impl Into<String>) -> Self {
        Self::new(403, 40_310_000, message)
    }

    pub(super) fn buying_power(available: Usd, cost: Usd) -> Self {
        Self::not_allowed("insufficient buying power")
            .with("buying_power", available.to_string())
            .with("cost_basis", cost.to_string())
    }

    /// More shares than are free. `related`: the open orders that hold the rest.
    pub(super) fn shares(symbol: Symbol, requested: Qty, existing: Qty, held: Qty, related: &[Uuid]) -> Self {
        let available = existing.minus_or_zero(held);
        let text = format!("insufficient qty available for order (requested: {requested}, available: {available})");
        let refusal = Self::not_allowed(text)
            .with("symbol", symbol.as_str())
            .with("available", available.to_string())
            .with("existing_qty", existing.to_string())
            .with("held_for_orders", held.to_string());
        if related.is_empty() {
            return refusal;
        }
        refusal.with("related_orders", related.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    /// Two orders of one account might trade with each other.
    pub(super) fn wash_trade(existing: Uuid, reason: &'static str) -> Self {
        Self::not_allowed("potential wash trade detected. use complex orders")
            .with("existing_order_id", existing.to_string())
            .with("reject_reason", reason)
    }

    /// The prices of an order of a class do not fit together.
    pub(super) fn geometry(message: &'static str, base: Price) -> Self {
        Self::invalid(message).with("base_price", base.to_string())
    }

    pub(super) fn not_found(what: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, what)
    }

    pub(super) fn no_order(id: &str) -> Self {
        Self::not_found(format!("order not found for {id}"))
    }

    pub(super) fn no_position() -> Self {
        Self::not_found("position does not exist")
    }

    pub(super) fn no_endpoint() -> Self {
        Self { status: 404, code: None, message: "endpoint not found".to_owned(), more: Vec::new() }
    }

    /// A data request about one symbol that has none; these carry no code.
    pub(super) fn no_data(message: impl Into<String>) -> Self {
        Self { status: 404, code: None, message: message.into(), more: Vec::new() }
    }

    pub(super) fn unauthorized() -> Self {
        Self::new(401, 40_110_000, "request is not authorized")
    }

    pub(super) fn forbidden() -> Self {
        Self { status: 403, code: None, message: "forbidden.".to_owned(), more: Vec::new() }
    }

    pub(super) fn rate_limit() -> Self {
        Self::new(429, 42_910_000, "rate limit exceeded")
    }

    /// The data plan lacks the sip feed's latest minutes.
    pub(super) fn no_recent_sip() -> Self {
        let message = "subscription does not permit querying recent SIP data".to_owned();
        Self { status: 403, code: None, message, more: Vec::new() }
    }

    /// A bad parameter of a data request; these carry no code.
    pub(super) fn bad_query(message: impl Into<String>) -> Self {
        Self { status: 400, code: None, message: message.into(), more: Vec::new() }
    }

    fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    /// Whether the request would have changed an order.
    pub(super) fn is_about_an_order(request: &Request) -> bool {
        request.method != "GET" && ["/v2/orders", "/v2/positions"].iter().any(|path| request.path.starts_with(path))
    }

    /// The body.
    pub(super) fn body(self) -> Value {
        let mut body = json!({"message": self.message});
        if let Some(code) = self.code {
            body["code"] = code.into();
        }
        for (name, value) in self.more {
            body[name] = value;
        }
        body
    }

    pub(super) fn into_response(self) -> Response {
        let status = self.status;
        Response::of(status, &self.body())
    }
}
