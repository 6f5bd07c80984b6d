//! Refusals with Alpaca's statuses and codes. Status and code are the contract, the text is not.

use serde_json::{Value, json};

use super::{Request, Response};

/// An answer that is not yes.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    code: Option<u32>,
    pub(crate) message: String,
    /// Further members of the body.
    more: Vec<(&'static str, Value)>,
}

impl Refusal {
    fn new(status: u16, code: u32, message: impl Into<String>) -> Self {
        Self { status, code: Some(code), message: message.into(), more: Vec::new() }
    }

    /// A parameter of an order is missing, malformed or against a rule.
    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(422, 42_210_000, message)
    }

    /// The body is no JSON object of the expected form.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(400, 40_010_000, message)
    }

    /// The client order id was used before, by whatever became of its order.
    pub(crate) fn duplicate() -> Self {
        Self::new(422, 40_010_001, "client_order_id must be unique")
    }

    /// Buying power, shares, or a trade with oneself.
    pub(crate) fn insufficient(message: impl Into<String>) -> Self {
        Self::new(403, 40_310_000, message)
    }

    pub(crate) fn not_found(what: impl Into<String>) -> Self {
        Self::new(404, 40_410_000, what)
    }

    pub(crate) fn no_endpoint() -> Self {
        Self { status: 404, code: None, message: "endpoint not found".to_owned(), more: Vec::new() }
    }

    pub(crate) fn unauthorized() -> Self {
        Self::new(401, 40_110_000, "request is not authorized")
    }

    pub(crate) fn forbidden() -> Self {
        Self { status: 403, code: None, message: "forbidden.".to_owned(), more: Vec::new() }
    }

    /// A bad parameter of a data request; these carry no code.
    pub(crate) fn bad_query(message: impl Into<String>) -> Self {
        Self { status: 400, code: None, message: message.into(), more: Vec::new() }
    }

    pub(crate) fn with(mut self, name: &'static str, value: impl Into<Value>) -> Self {
        self.more.push((name, value.into()));
        self
    }

    pub(crate) fn is_about_an_order(&self, request: &Request) -> bool {
        request.method != "GET" && request.path.starts_with("/v2/orders")
    }

    pub(crate) fn into_response(self) -> Response {
        let mut body = json!({"message": self.message});
        if let Some(code) = self.code {
            body["code"] = code.into();
        }
        for (name, value) in self.more {
            body[name] = value;
        }
        Response::of(self.status, &body)
    }
}
