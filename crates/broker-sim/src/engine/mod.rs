//! The venue without a network: state, request and instant make a response; time makes fills.
//!
//! Pure: no clock, no files, no tokio. Requests come in as text and go out as status and JSON, the way Alpaca answers.
//! Modules: `book` (orders, fills, positions, cash), `submit` (validation and placing), `matching` (what time does),
//! `listing` (account, orders, fills, calendar), `data` (candles and quotes), `refusal` (codes), `render` (JSON).

mod book;
mod data;
mod event;
mod listing;
mod matching;
mod refusal;
mod render;
mod submit;

use std::collections::BTreeMap;

use broker::order::AccountId;
use market::{Calendar, DailyBar, Price, Session, Symbol, Timestamp, Usd};
use serde_json::Value;

use crate::{
    path::{self, Path},
    truth::Truth,
};
use book::Book;
use event::Event;
use refusal::Refusal;

/// Who trades at the venue, with what, and from when on.
#[derive(Clone, Debug)]
pub struct VenueConfig {
    /// The account number.
    pub account: AccountId,
    /// The key id that is let in.
    pub key_id: String,
    /// Its secret.
    pub secret_key: String,
    /// The cash to begin with.
    pub cash: Usd,
    /// Everything random comes from it.
    pub seed: u64,
    /// The venue's time to begin with.
    pub start: Timestamp,
}

/// The session that is traded and what is known of it.
#[derive(Clone, Debug)]
pub struct MarketDay {
    /// The session.
    pub session: Session,
    /// Its daily bars: known to the venue only, until the close.
    pub bars: BTreeMap<Symbol, DailyBar>,
    /// The bars of earlier days, oldest first.
    pub history: BTreeMap<Symbol, Vec<DailyBar>>,
}

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
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// JSON, or nothing.
    pub body: Option<Value>,
}

/// The state of the venue.
pub struct Engine {
    config: VenueConfig,
    day: MarketDay,
    calendar: Calendar,
    now: Timestamp,
    paths: BTreeMap<Symbol, Path>,
    book: Book,
    events: Vec<Event>,
}

impl Engine {
    /// A venue at its start. A symbol whose bar makes no price path is not listed, and the event log says why.
    #[must_use]
    pub fn new(config: VenueConfig, mut day: MarketDay) -> Self {
        let mut events = Vec::new();
        let ticks = path::ticks_in(&day.session);
        day.bars.retain(|symbol, bar| match Path::new(config.seed, *symbol, bar, ticks) {
            Ok(_) => true,
            Err(error) => {
                events.push(Event::Unlisted { at: config.start, symbol: *symbol, why: error.to_string() });
                false
            }
        });
        let book = Book::new(config.seed, config.cash);
        Self { now: config.start, calendar: Calendar::nyse(), paths: BTreeMap::new(), config, day, book, events }
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

    /// What the venue really holds.
    #[must_use]
    pub fn truth(&mut self) -> Truth {
        Truth {
            now: self.now,
            account: self.account_report(),
            positions: self.position_reports(),
            orders: self.book.orders().iter().map(book::Order::report).collect(),
            fills: self.book.fills().iter().map(|fill| fill.execution.clone()).collect(),
        }
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

    /// The path of a listed symbol, made when first asked for.
    fn path(&mut self, symbol: Symbol) -> Option<&Path> {
        let bar = self.day.bars.get(&symbol)?;
        if !self.paths.contains_key(&symbol) {
            let path = Path::new(self.config.seed, symbol, bar, path::ticks_in(&self.day.session)).ok()?;
            self.paths.insert(symbol, path);
        }
        self.paths.get(&symbol)
    }

    /// The latest tick that has happened.
    fn tick_now(&self) -> Option<usize> {
        let elapsed = self.now.since(self.day.session.open).num_seconds();
        let index = usize::try_from(elapsed.div_euclid(path::TICK_SECONDS)).ok()?;
        Some(index.min(path::ticks_in(&self.day.session).checked_sub(1)?))
    }

    /// The latest price: today's, or else the close of the session before.
    fn last_price(&mut self, symbol: Symbol) -> Option<Price> {
        let today = self.tick_now();
        match today {
            Some(index) => self.path(symbol).map(|path| path.ticks()[index].price),
            None => self.previous_close(symbol),
        }
    }

    fn previous_close(&self, symbol: Symbol) -> Option<Price> {
        let date = self.day.session.date;
        let bar = self.day.history.get(&symbol)?.iter().rev().find(|bar| bar.date < date)?;
        Price::from_f64_rounded(bar.close).ok()
    }
}

impl Response {
    fn ok(body: Value) -> Self {
        Self { status: 200, body: Some(body) }
    }
}
