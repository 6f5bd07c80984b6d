//! A venue of three sessions and four symbols, and short words for asking it.

use std::collections::BTreeMap;

use market::{Calendar, DailyBar, NyDate, Price, Session, Symbol, Timestamp, Usd};
use serde_json::{Value, json};
use venue::{
    Config, Engine, Market, Request, Response,
    traded::{ActionKind, AssetTraits, CorporateAction},
};

/// Tuesday, Wednesday and Thursday.
pub const DAYS: [&str; 3] = ["2026-11-10", "2026-11-11", "2026-11-12"];

pub struct Scene {
    pub engine: Engine,
}

/// The market of a scene, to be changed before it begins.
pub fn market() -> Market {
    let calendar = Calendar::nyse();
    let days = DAYS.iter().map(|day| {
        let session = calendar.session_on(date(day)).unwrap().unwrap();
        (session, bars(session))
    });
    let history = [("RISE", 10.0), ("FALL", 40.0), ("FLAT", 25.0)];
    let history = history.map(|(name, price)| (symbol(name), past(price)));
    let traits = [
        (symbol("FALL"), AssetTraits { exchange: "NASDAQ", name: "Falling Things".to_owned(), ..Default::default() }),
        (symbol("GONE"), AssetTraits { active: false, tradable: false, ..Default::default() }),
    ];
    Market { days: days.collect(), history: history.into(), traits: traits.into(), actions: Vec::new() }
}

/// RISE doubles on the first day and stays, FALL halves, FLAT does nothing, THIN hardly trades and has no past.
fn bars(session: Session) -> BTreeMap<Symbol, DailyBar> {
    let first = session.date == date(DAYS[0]);
    let bar = |open: f64, close: f64, volume: f64| DailyBar {
        date: session.date,
        open,
        high: open.max(close),
        low: open.min(close),
        close,
        volume,
    };
    let after = |before: f64, then: f64| if first { bar(before, then, 5e6) } else { bar(then, then, 5e6) };
    let rows = [("RISE", after(10.0, 20.0)), ("FALL", after(40.0, 20.0)), ("FLAT", bar(25.0, 25.0, 1e6))];
    let thin = ("THIN", bar(5.0, 5.0, 400.0));
    rows.into_iter().chain([thin]).map(|(name, bar)| (symbol(name), bar)).collect()
}

/// Forty sessions that end the day before the first.
fn past(price: f64) -> Vec<DailyBar> {
    let mut day = date(DAYS[0]);
    let mut bars = Vec::new();
    for _ in 0..40 {
        day = Calendar::nyse().previous_session(day).unwrap().date;
        bars.push(DailyBar { date: day, open: price, high: price, low: price, close: price, volume: 1e6 });
    }
    bars.reverse();
    bars
}

pub fn split(name: &str, day: &str, new: u32, old: u32) -> CorporateAction {
    CorporateAction { symbol: symbol(name), ex_date: date(day), kind: ActionKind::Split { new, old } }
}

pub fn dividend(name: &str, day: &str, cents: i64) -> CorporateAction {
    let kind = ActionKind::CashDividend { rate: Usd::cents(cents) };
    CorporateAction { symbol: symbol(name), ex_date: date(day), kind }
}

pub fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}

pub fn date(text: &str) -> NyDate {
    text.parse().unwrap()
}

pub fn price(text: &str) -> Price {
    text.parse().unwrap()
}

/// `"HH:MM"` or `"HH:MM:SS"` on the first day, or with the number of the day before it: `"2 10:00"`.
pub fn at(text: &str) -> Timestamp {
    let (day, time) = text.split_once(' ').map_or((0, text), |(day, time)| (day.parse::<usize>().unwrap() - 1, time));
    let mut parts = time.split(':').map(|part| part.parse::<i64>().unwrap());
    let (hour, minute, second) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap_or(0));
    let midnight = date(DAYS[day]).at_hm(0, 0);
    Timestamp::from_unix_seconds(midnight.unix_seconds() + hour * 3600 + minute * 60 + second)
}

impl Scene {
    /// Begins before the first open and is moved on to an instant.
    pub fn at(text: &str) -> Self {
        Self::of(market(), text)
    }

    pub fn of(market: Market, text: &str) -> Self {
        Self::with(market, text, |_| {})
    }

    pub fn with(market: Market, text: &str, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::new("PA1", "key", "secret", Usd::dollars(100_000), 7, at("08:00"));
        change(&mut config);
        let mut scene = Self { engine: Engine::new(config, market) };
        scene.go(text);
        scene
    }

    pub fn go(&mut self, text: &str) {
        self.engine.advance_to(at(text));
    }

    pub fn response(&mut self, method: &str, target: &str, body: &Value) -> Response {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|pair| !pair.is_empty());
        let pair = |pair: &str| pair.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
        self.engine.handle(&Request {
            method: method.to_owned(),
            path: path.to_owned(),
            query: pairs.map(pair).collect(),
            key_id: Some("key".to_owned()),
            secret_key: Some("secret".to_owned()),
            body: if body.is_null() { String::new() } else { body.to_string() },
        })
    }

    pub fn get(&mut self, target: &str) -> Value {
        let response = self.response("GET", target, &Value::Null);
        assert_eq!(response.status, 200, "{target}: {}", response.body);
        response.json()
    }

    /// Status, and the body's code; zero when it has none.
    pub fn refusal(&mut self, target: &str) -> (u16, u64) {
        let response = self.response("GET", target, &Value::Null);
        assert!(!response.json()["message"].as_str().unwrap_or_default().is_empty(), "{target}: {}", response.body);
        (response.status, response.json()["code"].as_u64().unwrap_or(0))
    }

    pub fn order(&mut self, body: &Value) -> Value {
        let response = self.response("POST", "/v2/orders", body);
        assert_eq!(response.status, 200, "{body}: {}", response.body);
        response.json()
    }

    /// A market order of the day.
    pub fn market(&mut self, side: &str, qty: u32, name: &str) -> Value {
        self.order(&json!({
            "symbol": name, "qty": qty.to_string(), "side": side, "type": "market", "time_in_force": "day",
        }))
    }

    /// A limit order that is far away from any fill.
    pub fn far_limit(&mut self, name: &str, limit: &str) -> Value {
        self.order(&json!({
            "symbol": name, "qty": "1", "side": "buy", "type": "limit", "limit_price": limit, "time_in_force": "gtc",
        }))
    }

    pub fn print(&mut self, name: &str, text: &str, volume: u64) {
        self.engine.print(symbol(name), price(text), None, None, volume).unwrap();
    }
}

/// The values of one member of every row of a list.
pub fn column(rows: &Value, name: &str) -> Vec<Value> {
    rows.as_array().unwrap().iter().map(|row| row[name].clone()).collect()
}
