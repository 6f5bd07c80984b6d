//! The venue of these tests: three symbols, ten in the morning, and orders through the real controls.

use std::{collections::BTreeMap, time::Duration};

use broker::{
    alpaca::{Alpaca, BaseUrl, Config, Environment, Expected, Limits},
    report::OrderReport,
};
use broker_sim::{
    MarketDay, Truth, Venue, VenueConfig, VenueServer,
    engine::Request,
    faults::{Plan, Script},
};
use market::{Calendar, DailyBar, Feed, NyDate, Price, Qty, Quote, Symbol, TimeDelta, Timestamp, Usd};
use trading::{
    control::{Approved, Authority, Facts, Used, approve, approve_replacement},
    limits,
    order::{BrokerOrderId, ClientOrderId, OrderKind, OrderRequest, Purpose, Replacement, Side, TimeInForce},
};

/// What a request waits at most: long for a venue in the same process, short for a test with many waits. A request that
/// takes longer on a slow machine has an outcome as good as any other.
pub const PATIENCE: Duration = Duration::from_millis(250);

pub const ACCOUNT: &str = "PA3TEST";

pub struct Floor {
    pub venue: Venue,
    server: VenueServer,
}

impl Floor {
    /// A venue that acts at once.
    pub async fn open(seed: u64) -> Self {
        Self::slow(seed, TimeDelta::zero()).await
    }

    /// A venue that takes so much of its time between a receipt and its effect.
    pub async fn slow(seed: u64, latency: TimeDelta) -> Self {
        let mut config = VenueConfig::new(ACCOUNT, "key", "secret", Usd::dollars(10_000), seed, date().at_hm(10, 0));
        config.latency = latency;
        let venue = Venue::new(config, day());
        let server = venue.serve().await.unwrap();
        Self { venue, server }
    }

    pub fn client(&self, patience: Duration) -> Alpaca {
        let url: BaseUrl = self.server.base_url().parse().unwrap();
        let (key, secret) = ("key".to_owned().into(), "secret".to_owned().into());
        let mut config = Config::new(url.clone(), url, key, secret, Feed::Simulated);
        config.jitter_seed = 1;
        config.limits = Limits {
            connect: patience,
            total: patience,
            patience: patience * 3,
            backoff: Duration::from_millis(1),
            pause: Duration::from_secs(5),
            ..config.limits
        };
        let expected = Expected { environment: Environment::Local, account: ACCOUNT.parse().unwrap() };
        Alpaca::new(&config.trading_for(expected)).unwrap()
    }

    pub fn truth(&self) -> Truth {
        self.venue.truth()
    }

    /// How often a request with this client order id in its body reached the venue.
    pub fn arrivals(&self, id: &ClientOrderId) -> usize {
        let wanted = format!("\"client_order_id\":\"{id}\"");
        self.venue.request_log().iter().filter(|request| request.body.contains(&wanted)).count()
    }

    /// What goes wrong from now on.
    pub fn faults(&self, script: Script) {
        self.venue.set_faults(Plan::new(script).unwrap());
    }

    /// From now on the network is bad, in a way of this seed.
    pub fn disturb(&self, seed: u64) {
        let chances = [
            ("drop_before", 0.04),
            ("drop_after", 0.04),
            ("late_arrival:5000", 0.02),
            ("late_arrival:20000", 0.02),
            ("duplicate_response", 0.03),
            ("status:429", 0.002),
            ("status:500", 0.01),
            ("status:500:acted", 0.01),
            ("status:503", 0.01),
            ("status:504:acted", 0.03),
            ("page:403", 0.004),
            ("page:403:acted", 0.004),
            ("page:404", 0.004),
            ("page:422:acted", 0.004),
            ("garbage:html", 0.01),
            ("garbage:truncated", 0.01),
            ("garbage:empty", 0.01),
            ("garbage:invalid_utf8", 0.01),
            ("garbage:not_json", 0.01),
            ("delay:2", 0.02),
            ("hang", 0.001),
        ];
        let probability = chances.into_iter().map(|(fault, chance)| (fault.to_owned(), chance)).collect();
        self.faults(Script { probability, seed, ..Script::default() });
    }

    /// From now on the network is good.
    pub fn calm(&self) {
        self.faults(Script::default());
    }

    /// How many requests reached the venue.
    pub fn requests(&self) -> u64 {
        self.venue.request_log().last().map_or(0, |request| request.number)
    }

    /// An order as the venue has it.
    pub fn order(&self, id: &BrokerOrderId) -> OrderReport {
        self.truth().orders.into_iter().find(|order| order.id == *id).unwrap()
    }

    /// The order that came last.
    pub fn latest(&self) -> OrderReport {
        self.truth().orders.pop().unwrap()
    }

    pub fn advance(&self, seconds: i64) {
        self.venue.advance_to(self.venue.now() + TimeDelta::seconds(seconds));
    }

    /// The venue's own quote, past every fault.
    pub fn quote(&self, symbol: Symbol) -> Option<Quote> {
        let request = Request {
            method: "GET".to_owned(),
            path: "/v2/stocks/quotes/latest".to_owned(),
            query: BTreeMap::from([("symbols".to_owned(), symbol.to_string())]),
            key_id: Some("key".to_owned()),
            secret_key: Some("secret".to_owned()),
            body: String::new(),
        };
        let answer = self.venue.handle(&request).json();
        let price = |side: &str| Price::from_f64_rounded(answer["quotes"][symbol.as_str()][side].as_f64()?).ok();
        Quote::new(self.venue.now(), price("bp")?, price("ap")?)
    }

    /// The order, if the controls let it pass: there is no other way to an approved one.
    pub fn approved(&self, order: OrderRequest) -> Option<Approved<OrderRequest>> {
        self.judged(order.symbol, None, |facts| approve(order.clone(), facts).ok())
    }

    /// The same for an order that takes the place of a working one.
    pub fn replacement(&self, old: &OrderReport, order: OrderRequest) -> Option<Approved<Replacement>> {
        let symbol = order.symbol;
        let replacement = Replacement { replaces: old.id.clone(), replaced_id: old.client_order_id.clone(), order };
        self.judged(symbol, Some(old.qty), |facts| approve_replacement(replacement.clone(), facts).ok())
    }

    fn judged<T>(
        &self,
        symbol: Symbol,
        replaced: Option<Qty>,
        judge: impl Fn(&Facts<'_>) -> Option<Approved<T>>,
    ) -> Option<Approved<T>> {
        let (truth, quote) = (self.truth(), self.quote(symbol)?);
        let held = truth.positions.iter().find(|position| position.symbol == symbol);
        let wide = Usd::dollars(1_000_000);
        let facts = Facts {
            now: truth.now,
            high_water: truth.now,
            clock_skew: Some(TimeDelta::zero()),
            session: Calendar::nyse().session_on(truth.now.ny_date()).unwrap(),
            authority: &Authority::Open,
            kill: None,
            account: Some(&truth.account),
            limits: &limits::Limits { gross_notional: wide, symbol_notional: wide, ..limits::Limits::default() },
            quote: Some(quote),
            newest_candle: Some(truth.now),
            average_volume: Some(Qty::shares(1_000_000)),
            used: Used::default(),
            consumed_today: false,
            blocked: None,
            mismatch: None,
            stream_silent: None,
            executions_read_at: truth.now,
            held: held.map_or(Qty::ZERO, |position| position.qty),
            held_for_orders: replaced.unwrap_or(Qty::ZERO),
            replaced,
            id_used: false,
        };
        judge(&facts)
    }
}

/// A buy at the ask, or a protective stop a tenth below the bid.
pub fn request(id: &str, symbol: Symbol, purpose: Purpose, qty: u32, quote: &Quote) -> OrderRequest {
    let below = Price::from_units(quote.bid.units() / 10 * 9).unwrap().floor_to_tick();
    let (side, kind, time_in_force) = match purpose {
        Purpose::Open => (Side::Buy, OrderKind::Limit { limit: quote.ask }, TimeInForce::Day),
        Purpose::Protect => (Side::Sell, OrderKind::Stop { stop: below }, TimeInForce::Gtc),
        Purpose::Reduce | Purpose::Flatten => (Side::Sell, OrderKind::Limit { limit: quote.bid }, TimeInForce::Day),
    };
    let qty = Qty::shares(qty);
    OrderRequest { client_order_id: id.parse().unwrap(), symbol, side, qty, kind, time_in_force, purpose }
}

pub fn symbols() -> [Symbol; 3] {
    ["RISE", "FALL", "THIN"].map(|text| text.parse().unwrap())
}

pub fn opening() -> Timestamp {
    date().at_hm(9, 30)
}

fn day() -> MarketDay {
    let rows = [
        ("RISE", [10.0, 20.0, 10.0, 20.0], 5e6, 9.9),
        ("FALL", [20.0, 20.0, 10.0, 10.0], 5e6, 20.1),
        ("THIN", [50.0, 50.5, 49.5, 50.1], 6_000.0, 50.0),
    ];
    let calendar = Calendar::nyse();
    let before = calendar.previous_session(date()).unwrap().date;
    let bar = |date, [open, high, low, close]: [f64; 4], volume| DailyBar { date, open, high, low, close, volume };
    let (mut bars, mut history) = (BTreeMap::new(), BTreeMap::new());
    for (symbol, prices, volume, previous) in rows {
        let symbol: Symbol = symbol.parse().unwrap();
        bars.insert(symbol, bar(date(), prices, volume));
        history.insert(symbol, vec![bar(before, [previous; 4], volume)]);
    }
    MarketDay { session: calendar.session_on(date()).unwrap().unwrap(), bars, history }
}

fn date() -> NyDate {
    "2026-11-10".parse().unwrap()
}
