//! The venue without a network: state, request and instant make a response; time makes fills.
//!
//! Pure: no clock, no files, no tokio. Requests come in as text and go out as status and JSON, the way Alpaca answers.
//! Orders: `admission`, `rules`, `means`, `wash` (what is refused), `submit`, `replace`, `cancel`, `reject`, `close`, `legs`,
//! `pending` (what becomes of them), `matching`, `trading_day`, `by_hand`, `split_orders` (what time and the market do), `book` (what is kept),
//! `stream`, `event`, `render`, `refusal` (what is told).
//! Reads: `query`; `account`, `positions`, `orders_list`, `activities`, `portfolio_history`, `statement`, `assets`, `clock`,
//! `corporate_actions`; `data` with `history`, `bars`, `ticks`, `latest`; `watch` (the data stream).

mod account;
mod activities;
mod admission;
mod assets;
mod bars;
mod book;
mod by_hand;
mod cancel;
mod clock;
mod close;
mod configurations;
mod corporate_actions;
mod data;
mod event;
mod history;
mod holding;
mod index;
mod latest;
mod legs;
mod matching;
mod means;
mod order_text;
mod orders_list;
mod pending;
mod portfolio_history;
mod positions;
mod query;
mod refusal;
mod reject;
mod render;
mod replace;
mod rules;
mod split_orders;
mod statement;
mod stream;
mod submit;
mod ticks;
mod trading_day;
mod wash;
mod watch;
mod wire;

use std::collections::{BTreeMap, VecDeque};

use market::{Calendar, Price, Symbol, Timestamp};
use serde_json::Value;

use crate::{
    config::{Config, Lag},
    path::{self, Path},
    tape::Tape,
    traded::Market,
    update::Update,
};
use admission::Usage;
pub use book::{Book, Fill, Holding, average};
pub use by_hand::ByHandError;
use event::{Event, Log};
use pending::Deed;
pub use refusal::Refusal;
pub use reject::Reject;
pub use render::activity_id;
use trading_day::{Agenda, Moment, Phase};

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
    watch: watch::Watch,
    configurations: configurations::Configurations,
    events: Log,
    agenda: Agenda,
    moment: Moment,
    /// What takes the latency, in the order it was asked for.
    pending: VecDeque<(Timestamp, Deed)>,
    /// Orders that are good till cancelled, in the order they end.
    expiries: VecDeque<(Timestamp, usize)>,
    rejections: reject::Rejections,
    /// Corporate actions of the market that have taken effect.
    actions_done: usize,
    usage: Usage,
    streaming: bool,
    updates: Vec<Update>,
    outcomes: u64,
    entries: Vec<statement::Entry>,
    previous_close: Option<statement::PreviousClose>,
}

impl Engine {
    /// A venue at its start. A symbol whose bar makes no price path is not listed, and the event log says why.
    #[must_use]
    pub fn new(config: Config, market: impl Into<Market>) -> Self {
        let mut market: Market = market.into();
        let mut events = Log::new(config.orders_max);
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
        let tape = Tape::new(market, config.seed);
        let mut engine = Self {
            now: config.start,
            calendar: Calendar::nyse(),
            book: Book::new(config.seed, config.cash, tape.symbols().iter().copied().collect()),
            tape,
            watch: watch::Watch::new(config.start),
            configurations: configurations::Configurations::default(),
            moment: Moment::new(config.start, Phase::Closed),
            config,
            events,
            agenda: Agenda::default(),
            pending: VecDeque::new(),
            expiries: VecDeque::new(),
            rejections: reject::Rejections::default(),
            actions_done: 0,
            usage: Usage::default(),
            streaming: false,
            updates: Vec::new(),
            outcomes: 0,
            entries: Vec::new(),
            previous_close: None,
        };
        engine.begin();
        engine
    }

    /// The venue's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Answers one request at the venue's time.
    pub fn handle(&mut self, request: &Request) -> Response {
        let mut response = match self.admit(request).and_then(|()| self.route(request)) {
            Ok(response) => response,
            Err(refusal) => {
                if Refusal::is_about_an_order(request) {
                    self.events.push(Event::Refused {
                        at: self.now,
                        status: refusal.status(),
                        message: refusal.message().to_owned(),
                    });
                }
                refusal.into_response()
            }
        };
        response.rate = self.rate();
        response
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

    /// Whether the data plan has the sip feed's latest 15 minutes, from now on.
    pub fn set_recent_sip(&mut self, has: bool) {
        self.config.recent_sip = has;
    }

    /// How late reads tell of fills, from now on.
    pub fn set_lag(&mut self, lag: Lag) {
        self.config.lag = lag;
    }

    /// Everything that happened to orders, one JSON object a line.
    #[must_use]
    pub fn event_log(&self) -> String {
        self.events.text_after(0)
    }

    /// The part of the event log after so many events, and how many there are.
    #[must_use]
    pub fn event_log_after(&self, seen: usize) -> (usize, String) {
        (self.events.len(), self.events.text_after(seen))
    }

    fn route(&mut self, request: &Request) -> Result<Response, Refusal> {
        let parts: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        let query = &request.query;
        match (request.method.as_str(), parts.as_slice()) {
            ("GET", ["v2", "account"]) => Ok(Response::ok(self.account())),
            ("GET", ["v2", "account", "configurations"]) => Ok(self.configurations()),
            ("PATCH", ["v2", "account", "configurations"]) => self.configure(&request.body),
            ("GET", ["v2", "account", "activities"]) => self.activities(query, None),
            ("GET", ["v2", "account", "activities", kind]) => self.activities(query, Some(kind)),
            ("GET", ["v2", "account", "portfolio", "history"]) => self.portfolio_history(query),
            ("GET", ["v2", "clock"]) => self.clock(),
            ("GET", ["v2", "calendar"]) => self.sessions(query),
            ("GET", ["v2", "assets"]) => self.assets(query),
            ("GET", ["v2", "assets", name]) => self.asset(name),
            ("GET", ["v2", "corporate_actions", "announcements"]) => self.announcements(query),
            ("GET", ["v2", "corporate_actions", "announcements", id]) => self.announced(id),
            ("GET", ["v1", "corporate-actions"]) => self.corporate_actions(query),
            ("GET", ["v2", "positions"]) => Ok(Response::ok(self.positions())),
            ("GET", ["v2", "positions", name]) => self.position(name),
            ("GET", ["v2", "orders:by_client_order_id"]) => self.order_by_client_id(query),
            ("GET", ["v2", "orders"]) => self.orders(query),
            ("GET", ["v2", "orders", id]) => self.order(id, query),
            ("POST", ["v2", "orders"]) => self.post_order(&request.body),
            ("PATCH", ["v2", "orders", id]) => self.patch_order(id, &request.body),
            ("DELETE", ["v2", "orders"]) => Ok(self.delete_orders()),
            ("DELETE", ["v2", "orders", id]) => self.delete_order(id),
            ("DELETE", ["v2", "positions"]) => self.delete_positions(query),
            ("DELETE", ["v2", "positions", symbol]) => self.delete_position(symbol, query),
            ("GET", ["v2", "stocks", rest @ ..]) => self.stocks(rest, query),
            _ => Err(Refusal::no_endpoint()),
        }
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
        Self::text(status, body.to_string())
    }

    /// JSON that is text already.
    fn text(status: u16, body: String) -> Self {
        Self { status, body, rate: None }
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
