//! A small venue for tests: RISE goes from 10 to 20, FALL from 20 to 10, THIN trades a few shares a minute.

use std::collections::BTreeMap;

use broker::report::OrderStatus;
use broker_sim::{
    MarketDay, Truth, VenueConfig,
    engine::{Engine, Request, Response},
};
use market::{Calendar, DailyBar, NaiveTime, NyDate, Timestamp, Usd};
use serde_json::{Value, json};

pub struct Floor {
    pub engine: Engine,
}

impl Floor {
    /// The venue at a time of its day, nothing having happened.
    pub fn at(time: &str) -> Self {
        Self::seeded(1, time)
    }

    pub fn seeded(seed: u64, time: &str) -> Self {
        Self { engine: Engine::new(config(seed, time), day()) }
    }

    /// Buys shares and waits for them; a minute passes.
    pub fn holding(mut self, symbol: &str, qty: u32) -> Self {
        self.post_ok(&market(symbol, "buy", qty));
        let now = self.engine.now();
        self.engine.advance_to(now + market::TimeDelta::minutes(1));
        assert_eq!(self.truth().positions[0].qty, market::Qty::shares(qty));
        self
    }

    pub fn advance(&mut self, time: &str) {
        self.engine.advance_to(at(time));
    }

    pub fn truth(&mut self) -> Truth {
        Truth::of(&mut self.engine)
    }

    pub fn request(&self, method: &str, path: &str) -> Request {
        Request {
            method: method.to_owned(),
            path: path.to_owned(),
            key_id: Some("key".to_owned()),
            secret_key: Some("secret".to_owned()),
            ..Request::default()
        }
    }

    pub fn post(&mut self, body: &Value) -> Response {
        let request = Request { body: body.to_string(), ..self.request("POST", "/v2/orders") };
        self.engine.handle(&request)
    }

    /// Posts an order that must be taken; its id.
    pub fn post_ok(&mut self, body: &Value) -> String {
        let response = self.post(body);
        assert_eq!(response.status, 200, "{body} gave {:?}", response.body);
        response.json()["id"].as_str().unwrap().to_owned()
    }

    /// Posts an order that must be refused; status and code.
    pub fn code(&mut self, body: &Value) -> (u16, u64) {
        let response = self.post(body);
        (response.status, response.json()["code"].as_u64().unwrap_or(0))
    }

    pub fn patch(&mut self, id: &str, body: &Value) -> Response {
        let request = Request { body: body.to_string(), ..self.request("PATCH", &format!("/v2/orders/{id}")) };
        self.engine.handle(&request)
    }

    pub fn delete(&mut self, id: &str) -> u16 {
        let request = self.request("DELETE", &format!("/v2/orders/{id}"));
        self.engine.handle(&request).status
    }

    pub fn response(&mut self, path: &str, query: &[(&str, &str)]) -> Response {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let request = Request { query, ..self.request("GET", path) };
        self.engine.handle(&request)
    }

    pub fn get(&mut self, path: &str, query: &[(&str, &str)]) -> Value {
        self.response(path, query).json()
    }

    pub fn status(&mut self, id: &str) -> OrderStatus {
        self.truth().orders.into_iter().find(|order| order.id.as_str() == id).unwrap().status
    }
}

pub fn market(symbol: &str, side: &str, qty: u32) -> Value {
    json!({"symbol": symbol, "side": side, "qty": qty.to_string(), "type": "market", "time_in_force": "day"})
}

pub fn limit(symbol: &str, side: &str, qty: u32, price: &str) -> Value {
    let mut order = market(symbol, side, qty);
    order["type"] = json!("limit");
    order["limit_price"] = json!(price);
    order
}

pub fn stop(symbol: &str, side: &str, qty: u32, price: &str, time_in_force: &str) -> Value {
    let mut order = market(symbol, side, qty);
    order["type"] = json!("stop");
    order["stop_price"] = json!(price);
    order["time_in_force"] = json!(time_in_force);
    order
}

/// A time of day of the venue's session.
pub fn at(time: &str) -> Timestamp {
    date().at(time.parse::<NaiveTime>().or_else(|_| format!("{time}:00").parse()).unwrap())
}

pub fn config(seed: u64, time: &str) -> VenueConfig {
    VenueConfig::new("PA3TEST", "key", "secret", Usd::dollars(10_000), seed, at(time))
}

pub fn day() -> MarketDay {
    let bar = |date: NyDate, open: f64, high: f64, low: f64, close: f64, volume: f64| DailyBar {
        date,
        open,
        high,
        low,
        close,
        volume,
    };
    let before = Calendar::nyse().previous_session(date()).unwrap().date;
    let rows = [
        ("RISE", [10.0, 20.0, 10.0, 20.0, 5e6], 9.9),
        ("FALL", [20.0, 20.0, 10.0, 10.0, 5e6], 20.1),
        ("THIN", [50.0, 50.5, 49.5, 50.1, 6_000.0], 50.0),
    ];
    let (mut bars, mut history) = (BTreeMap::new(), BTreeMap::new());
    for (symbol, [open, high, low, close, volume], previous) in rows {
        let symbol = symbol.parse().unwrap();
        bars.insert(symbol, bar(date(), open, high, low, close, volume));
        history.insert(symbol, vec![bar(before, previous, previous, previous, previous, volume)]);
    }
    MarketDay { session: Calendar::nyse().session_on(date()).unwrap().unwrap(), bars, history }
}

fn date() -> NyDate {
    "2026-11-10".parse().unwrap()
}
