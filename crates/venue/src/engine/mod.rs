//! The venue without a network: state, request and instant make a response; time makes fills.
//!
//! Pure: no clock, no files, no tokio. Requests come in as text and go out as status and JSON, the way Alpaca answers.
//! Modules: `book` (orders, fills, positions, cash), `submit` (validation and placing), `matching` (what time does),
//! `listing` (account, orders, fills, calendar), `data` (candles and quotes), `refusal` (codes), `render` (JSON).

mod book;
mod configurations;
mod data;
mod event;
mod listing;
mod matching;
mod refusal;
mod render;
mod submit;
mod watch;

use std::collections::BTreeMap;

use market::{Calendar, Price, Symbol, Timestamp};
use serde_json::Value;

use crate::{
    config::Config,
    path::{self, Path},
    tape::Tape,
    traded::Market,
};
pub use book::{Book, Fill, Holding, average};
use event::Event;
use refusal::Refusal;
pub use render::activity_id;

/// A request, taken out of its HTTP.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query, decoded.
    pub query: BTreeMap<String, String>,
    /// The header `APCA-API-KEY-ID`.
    pub key_id: Option<String>,
    /// The header `APCA-API-SECRET-KEY`.
    pub secret_key: Option<String>,
    /// The body.
    pub body: String,
}

/// An answer, to be put into HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// JSON; empty when there is no body.
    pub body: String,
    /// What is left of the minute's requests, for the headers `X-RateLimit-*`; `None` when the venue has no limit.
    pub rate: Option<Rate>,
}

/// The rate limit as an answer tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Requests a minute.
    pub limit: u32,
    /// Those left.
    pub remaining: u32,
    /// When the count begins anew: seconds since 1970 of the venue's clock.
    pub reset: i64,
}

/// The state of the venue.
pub struct Engine {
    config: Config,
    calendar: Calendar,
    now: Timestamp,
    tape: Tape,
    book: Book,
    events: Vec<Event>,
    watch: watch::Watch,
    configurations: configurations::Configurations,
}

impl Engine {
    /// A venue at its start. A symbol whose bar makes no price path is not listed, and the event log says why.
    #[must_use]
    pub fn new(config: Config, market: impl Into<Market>) -> Self {
        let mut market: Market = market.into();
        let mut events = Vec::new();
        for (session, bars) in &mut market.days {
            let ticks = path::ticks_in(session);
            bars.retain(|symbol, bar| match Path::check(*symbol, bar, ticks) {
                Ok(()) => true,
                Err(error) => {
                    events.push(Event::Unlisted { at: config.start, symbol: *symbol, why: error.to_string() });
                    false
                }
            });
        }
        let book = Book::new(config.seed, config.cash);
        let tape = Tape::new(market, config.seed);
        let watch = watch::Watch::new(config.start);
        let (now, calendar, configurations) =
            (config.start, Calendar::nyse(), configurations::Configurations::default());
        Self { config, calendar, now, tape, book, events, watch, configurations }
    }

    /// The venue's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Answers one request at the venue's time.
    pub fn handle(&mut self, request: &Request) -> Response {
        match self.admit(request).and_then(|()| self.route(request)) {
            Ok(response) => response,
            Err(refusal) => {
                if refusal.is_about_an_order(request) {
                    self.events.push(Event::Refused {
                        at: self.now,
                        status: refusal.status,
                        message: refusal.message.clone(),
                    });
                }
                refusal.into_response()
            }
        }
    }

    /// Orders, fills, holdings and cash.
    #[must_use]
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The configuration.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// Everything that happened to orders, one JSON object a line.
    #[must_use]
    pub fn event_log(&self) -> String {
        let mut log = String::new();
        for event in &self.events {
            log.push_str(&serde_json::to_string(event).expect("events hold only text and numbers"));
            log.push('\n');
        }
        log
    }

    fn admit(&self, request: &Request) -> Result<(), Refusal> {
        match (&request.key_id, &request.secret_key) {
            (Some(key), Some(secret)) if *key == self.config.key_id && *secret == self.config.secret_key => Ok(()),
            (Some(_), Some(_)) => Err(Refusal::forbidden()),
            _ => Err(Refusal::unauthorized()),
        }
    }

    fn route(&mut self, request: &Request) -> Result<Response, Refusal> {
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let query = &request.query;
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["v2", "account"]) => Ok(Response::ok(self.account())),
            ("GET", ["v2", "account", "configurations"]) => Ok(self.configurations()),
            ("PATCH", ["v2", "account", "configurations"]) => self.configure(&request.body),
            ("GET", ["v2", "account", "activities"]) => self.activities(query, query.get("activity_types")),
            ("GET", ["v2", "account", "activities", kind]) => self.activities(query, Some(&(*kind).to_owned())),
            ("GET", ["v2", "clock"]) => self.clock(),
            ("GET", ["v2", "calendar"]) => self.sessions(query),
            ("GET", ["v2", "positions"]) => Ok(Response::ok(self.positions())),
            ("GET", ["v2", "positions", symbol]) => self.position(symbol),
            ("GET", ["v2", "orders:by_client_order_id"]) => self.order_by_client_id(query),
            ("GET", ["v2", "orders"]) => self.orders(query),
            ("GET", ["v2", "orders", id]) => self.order(id),
            ("POST", ["v2", "orders"]) => self.submit(&request.body),
            ("PATCH", ["v2", "orders", id]) => self.replace(id, &request.body),
            ("DELETE", ["v2", "orders"]) => Ok(self.cancel_all()),
            ("DELETE", ["v2", "orders", id]) => self.cancel(id),
            ("GET", ["v2", "stocks", "bars"]) => self.bars(query),
            ("GET", ["v2", "stocks", "quotes", "latest"]) => self.latest_quotes(query),
            _ => Err(Refusal::no_endpoint()),
        }
    }

    /// Whether a session is under way.
    fn is_open(&self) -> bool {
        self.tape.day_of(self.now).is_some_and(|day| self.tape.session(day).contains(self.now))
    }

    /// The latest price: of the tape, or else the close of the session before.
    pub fn last_price(&mut self, symbol: Symbol) -> Option<Price> {
        self.tape.last_price(symbol, self.now)
    }
}

impl Response {
    fn ok(body: Value) -> Self {
        Self::of(200, &body)
    }

    fn of(status: u16, body: &Value) -> Self {
        Self { status, body: body.to_string(), rate: None }
    }

    fn empty(status: u16) -> Self {
        Self { status, body: String::new(), rate: None }
    }

    /// The body, read again; null when there is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }
}
