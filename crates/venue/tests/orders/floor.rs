//! A venue whose market stands still at 100.00 unless a test prints something else: three sessions from Tuesday,
//! 2026-11-10, on. FLAT trades a thousand shares every 15 seconds, THIN about five; the others have their quirks.

use std::collections::BTreeMap;

use market::{Calendar, DailyBar, NaiveTime, NyDate, Symbol, TimeDelta, Timestamp, Usd};
use serde_json::{Value, json};
use venue::{Config, Engine, Market, Request, traded::AssetTraits};

/// The first day.
pub const DAY: &str = "2026-11-10";
/// Invalid, or not possible now.
pub const INVALID: (u16, u64) = (422, 42_210_000);
/// Not allowed, not affordable, or a wash trade.
pub const REFUSED: (u16, u64) = (403, 40_310_000);

pub struct Floor {
    pub engine: Engine,
}

impl Floor {
    /// On the first day, with $100,000 and nothing held.
    pub fn at(time: &str) -> Self {
        Self::with(time, |_| ())
    }

    /// Otherwise configured.
    pub fn with(time: &str, configure: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("PA3TEST", "key", "secret", Usd::dollars(100_000), 1, on(DAY, time));
        configure(&mut config);
        Self { engine: Engine::new(config, market()) }
    }

    /// Every order takes a second to reach the exchange.
    pub fn slow(time: &str) -> Self {
        Self::with(time, |config| config.latency = TimeDelta::seconds(1))
    }

    /// On margin, and short sales are allowed.
    pub fn margin(time: &str) -> Self {
        Self::with(time, |config| (config.shorting, config.multiplier) = (true, 2))
    }

    /// Buys shares of FLAT with a print of their own.
    pub fn holding(mut self, qty: u32) -> Self {
        self.ok(&market_order("buy", qty));
        self.pass(1);
        self.print("100.00");
        assert_eq!(self.held("FLAT"), i64::from(qty));
        self
    }

    pub fn request(&mut self, method: &str, path: &str, query: &[(&str, &str)], body: &str) -> (u16, Value) {
        let request = Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            key_id: Some("key".to_owned()),
            secret_key: Some("secret".to_owned()),
            body: body.to_owned(),
        };
        let response = self.engine.handle(&request);
        (response.status, response.json())
    }

    pub fn post(&mut self, order: &Value) -> (u16, Value) {
        self.request("POST", "/v2/orders", &[], &order.to_string())
    }

    /// An order that must be taken; its id.
    pub fn ok(&mut self, order: &Value) -> String {
        self.taken(order)["id"].as_str().unwrap().to_owned()
    }

    /// An order that must be taken, as it is answered.
    pub fn taken(&mut self, order: &Value) -> Value {
        let (status, answer) = self.post(order);
        assert_eq!(status, 200, "{order} gave {answer}");
        answer
    }

    /// Status and code of an order that must be refused; nothing comes of it.
    pub fn refused(&mut self, order: &Value) -> (u16, u64) {
        let before = self.engine.book().orders().len();
        let (status, answer) = self.post(order);
        assert!(status >= 400, "{order} gave {answer}");
        assert_eq!(self.engine.book().orders().len(), before, "a refused order does not exist: {order}");
        (status, answer["code"].as_u64().unwrap_or(0))
    }

    pub fn patch(&mut self, id: &str, change: &Value) -> (u16, Value) {
        self.request("PATCH", &format!("/v2/orders/{id}"), &[], &change.to_string())
    }

    /// A replacement that must be taken; its id.
    pub fn replaced(&mut self, id: &str, change: &Value) -> String {
        let (status, answer) = self.patch(id, change);
        assert_eq!(status, 200, "{change} gave {answer}");
        answer["id"].as_str().unwrap().to_owned()
    }

    pub fn delete(&mut self, id: &str) -> u16 {
        self.request("DELETE", &format!("/v2/orders/{id}"), &[], "").0
    }

    pub fn order(&mut self, id: &str) -> Value {
        self.request("GET", &format!("/v2/orders/{id}"), &[], "").1
    }

    pub fn status(&mut self, id: &str) -> String {
        self.order(id)["status"].as_str().unwrap().to_owned()
    }

    /// Statuses of an order and its exits, by their ids.
    pub fn statuses(&mut self, ids: &[String]) -> Vec<String> {
        ids.iter().map(|id| self.status(id)).collect()
    }

    /// Moves to a time of the first day.
    pub fn advance(&mut self, time: &str) {
        self.engine.advance_to(on(DAY, time));
    }

    /// So many seconds pass.
    pub fn pass(&mut self, seconds: i64) {
        let to = self.engine.now() + TimeDelta::seconds(seconds);
        self.engine.advance_to(to);
    }

    /// A trade of a thousand shares of FLAT, with the quote at its price.
    pub fn print(&mut self, price: &str) {
        self.engine.print(symbol("FLAT"), price.parse().unwrap(), None, None, 1_000).unwrap();
    }

    /// A trade of FLAT with a quote of its own and so many shares.
    pub fn quoted(&mut self, price: &str, bid: &str, ask: &str, volume: u64) {
        let (bid, ask) = (bid.parse().unwrap(), ask.parse().unwrap());
        self.engine.print(symbol("FLAT"), price.parse().unwrap(), Some(bid), Some(ask), volume).unwrap();
    }

    /// Whole shares held; negative when they are owed.
    pub fn held(&self, name: &str) -> i64 {
        let held = self.engine.book().holdings().get(&symbol(name));
        held.map_or(0, |held| held.qty.units() / 1_000_000_000 * if held.short { -1 } else { 1 })
    }

    /// Price and shares of every fill.
    pub fn fills(&self) -> Vec<(String, String)> {
        self.engine.book().fills().iter().map(|fill| (fill.price.to_string(), fill.qty.to_string())).collect()
    }

    /// The words of the event log about an order.
    pub fn story(&self, id: &str) -> Vec<String> {
        let log = self.engine.event_log();
        let entries = log.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        entries.filter(|entry| entry["order"] == id).map(|entry| entry["event"].as_str().unwrap().to_owned()).collect()
    }
}

/// An order for FLAT that is good for the day.
pub fn order(kind: &str, side: &str, qty: u32) -> Value {
    json!({"symbol": "FLAT", "side": side, "qty": qty.to_string(), "type": kind, "time_in_force": "day"})
}

pub fn market_order(side: &str, qty: u32) -> Value {
    order("market", side, qty)
}

pub fn limit(side: &str, qty: u32, price: &str) -> Value {
    with(&order("limit", side, qty), &json!({"limit_price": price}))
}

pub fn stop(side: &str, qty: u32, price: &str) -> Value {
    with(&order("stop", side, qty), &json!({"stop_price": price}))
}

pub fn gtc(order: &Value) -> Value {
    with(order, &json!({"time_in_force": "gtc"}))
}

/// An order with other members; null takes one away.
pub fn with(order: &Value, members: &Value) -> Value {
    let mut order = order.clone();
    for (name, value) in members.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

/// A bracket round an entry: its exits at these prices.
pub fn bracket(entry: &Value, profit: &str, loss: &str) -> Value {
    let exits = json!({
        "order_class": "bracket",
        "take_profit": {"limit_price": profit},
        "stop_loss": {"stop_price": loss},
    });
    with(entry, &exits)
}

/// The ids of an answer: the order's own, then its exits'.
pub fn ids(answer: &Value) -> Vec<String> {
    let legs = answer["legs"].as_array().cloned().unwrap_or_default();
    std::iter::once(answer).chain(&legs).map(|order| order["id"].as_str().unwrap().to_owned()).collect()
}

pub fn symbol(name: &str) -> Symbol {
    name.parse().unwrap()
}

pub fn on(date: &str, time: &str) -> Timestamp {
    let date: NyDate = date.parse().unwrap();
    date.at(time.parse::<NaiveTime>().or_else(|_| format!("{time}:00").parse()).unwrap())
}

fn market() -> Market {
    let calendar = Calendar::nyse();
    let mut market = Market::default();
    let mut session = calendar.session_on(DAY.parse().unwrap()).unwrap().unwrap();
    for _ in 0..3 {
        let flat = |volume: f64| bar(session.date, volume);
        let bars =
            [("FLAT", 1_560_000.0), ("THIN", 7_800.0), ("DEAD", 1e6), ("DUMB", 1e6), ("WHOL", 1e6), ("HARD", 1e6)];
        market.days.push((session, bars.iter().map(|(name, volume)| (symbol(name), flat(*volume))).collect()));
        session = calendar.next_session(session.date).unwrap();
    }
    let before = calendar.previous_session(DAY.parse().unwrap()).unwrap().date;
    market.history = market.days[0].1.keys().map(|symbol| (*symbol, vec![bar(before, 1e6)])).collect();
    market.traits = BTreeMap::from([
        (symbol("DEAD"), AssetTraits { active: false, ..AssetTraits::default() }),
        (symbol("DUMB"), AssetTraits { tradable: false, ..AssetTraits::default() }),
        (symbol("WHOL"), AssetTraits { fractionable: false, ..AssetTraits::default() }),
        (symbol("HARD"), AssetTraits { shortable: false, ..AssetTraits::default() }),
    ]);
    market
}

fn bar(date: NyDate, volume: f64) -> DailyBar {
    DailyBar { date, open: 100.0, high: 100.0, low: 100.0, close: 100.0, volume }
}
