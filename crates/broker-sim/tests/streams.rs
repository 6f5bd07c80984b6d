//! Our own client's streams against the venue's: whatever is wrong with a stream, what is told in the end is the truth.
//!
//! The venue's clock is moved by hand; the streams' own pauses are short. Nothing sleeps: every wait is for an event, with
//! one bound for all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use broker::{
    Broker,
    alpaca::{
        Alpaca, Config,
        stream::{
            AccountEvent, Codec, DataEvent, Events, ExecutionKey, Gap, Market, Start, Subscription, Waits,
            follow_account, follow_data,
        },
    },
    report::{Execution, OrderReport, OrderStatus},
};
use broker_sim::{MarketDay, StreamFault, StreamName, Venue, VenueConfig, VenueServer, engine::Request};
use market::{Calendar, Candle, DailyBar, Feed, NyDate, Symbol, TimeDelta, Timestamp, Usd};

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn whatever_is_wrong_with_the_stream_every_fill_is_told_once() {
    let faults = [
        StreamFault::None,
        StreamFault::Cut,
        StreamFault::Late { ms: 5 },
        StreamFault::Duplicate,
        StreamFault::Reorder,
        StreamFault::Silent,
    ];
    for fault in faults {
        let (venue, server) = serve().await;
        let silent = fault == StreamFault::Silent;
        // Only a mute stream is to be found out; elsewhere a machine that stands still for a while is no fault.
        let grace = if silent { Duration::from_millis(500) } else { PATIENCE * 10 };
        let mut ours = Account::follow(&venue, &server, Waits { grace, ..waits() });
        ours.until("the first gap", |ours| ours.gaps == 1).await;
        for number in 0..6 {
            if number == 1 || fault == StreamFault::Cut {
                venue.set_stream_fault(StreamName::TradeUpdates, fault);
            }
            buy(&venue, number);
            venue.advance_to(venue.now() + TimeDelta::minutes(1));
        }
        ours.until("silence, where there is some", |ours| !silent || (ours.silences > 0 && ours.lost > 0)).await;
        venue.set_stream_fault(StreamName::TradeUpdates, StreamFault::None);

        let truth = venue.truth();
        assert_eq!(truth.fills.len(), 6, "{fault:?}");
        ours.until("every fill and every order", |ours| ours.has_all(&truth.fills, &truth.orders)).await;
        assert_eq!(ours.fills.len(), truth.fills.len(), "{fault:?}: each once");
        assert_eq!(ours.disagreements, 0, "{fault:?}");
        assert!(ours.lost > 0 || !matches!(fault, StreamFault::Cut | StreamFault::Silent), "{fault:?}");
    }
}

#[tokio::test]
async fn orders_that_end_without_a_fill_are_told_too() {
    let (venue, server) = serve().await;
    let mut ours = Account::follow(&venue, &server, waits());
    ours.until("the first gap", |ours| ours.gaps == 1).await;
    let waiting = r#"{"symbol":"RISE","side":"buy","qty":"1","type":"limit","limit_price":"5.00","time_in_force":"day","client_order_id":"waits"}"#;
    post(&venue, waiting);
    ours.until("a new order", |ours| ours.status("waits") == Some(&OrderStatus::New)).await;
    venue.set_stream_fault(StreamName::TradeUpdates, StreamFault::Cut);
    let id = venue.truth().orders[0].id.to_string();
    assert_eq!(venue.handle(&request("DELETE", &format!("/v2/orders/{id}"), "")).status, 204);
    ours.until("its end", |ours| ours.status("waits") == Some(&OrderStatus::Canceled)).await;
}

#[tokio::test]
async fn every_minute_is_told_once_through_cuts_in_both_codecs() {
    for codec in [Codec::Json, Codec::Msgpack] {
        let (venue, server) = serve().await;
        let since = venue.now() - TimeDelta::minutes(15);
        let config = config(&server);
        let broker = Alpaca::new(&config).unwrap();
        let clock = clock(&venue);
        let asked = (Subscription::bars([rise()]), since);
        let (run, _subscriber, mut events) = follow_data(&config, codec, broker, clock, asked, waits()).unwrap();
        tokio::spawn(run);
        let (mut bars, mut gaps) = (Vec::<Candle>::new(), 0);
        until_filled(&mut events, &mut bars, &mut gaps).await;
        for minute in 0..12 {
            venue.advance_to(venue.now() + TimeDelta::minutes(1));
            if minute % 5 == 2 {
                venue.set_stream_fault(StreamName::Data, StreamFault::Cut);
                until_filled(&mut events, &mut bars, &mut gaps).await;
            }
        }
        let end = venue.now();
        let truth =
            Alpaca::new(&config).unwrap().candles(&[rise()], 1, since, end).await.unwrap().remove(&rise()).unwrap();
        while bars.len() < truth.len() {
            next_bar(&mut events, &mut bars, &mut gaps).await;
        }
        bars.sort_by_key(|candle| candle.start);
        assert_eq!(bars, truth, "{codec:?}");
        assert_eq!(truth.len(), 27, "{codec:?}: a quarter of an hour by REST, then twelve minutes");
    }
}

/// What the account's stream has told so far.
struct Account {
    events: Events<AccountEvent>,
    fills: Vec<Execution>,
    orders: BTreeMap<String, OrderReport>,
    gaps: u32,
    silences: u32,
    lost: u32,
    disagreements: u32,
}

impl Account {
    fn follow(venue: &Venue, server: &VenueServer, waits: Waits) -> Self {
        let config = config(server);
        let start = Start { since: venue.now() - TimeDelta::minutes(1), known: Vec::new() };
        let (run, events) = follow_account(&config, Alpaca::new(&config).unwrap(), clock(venue), start, waits).unwrap();
        tokio::spawn(run);
        let orders = BTreeMap::new();
        Self { events, fills: Vec::new(), orders, gaps: 0, silences: 0, lost: 0, disagreements: 0 }
    }

    async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            let event = tokio::time::timeout(PATIENCE, self.events.next()).await;
            match event.unwrap_or_else(|_| panic!("waited in vain for {what}")).unwrap() {
                AccountEvent::Execution { execution, .. } => self.fills.push(execution),
                AccountEvent::Order { report, .. } => {
                    self.orders.insert(report.client_order_id.to_string(), *report);
                }
                AccountEvent::Gap(Gap { filled, .. }) => self.gaps += u32::from(filled),
                AccountEvent::Silent { .. } => self.silences += 1,
                AccountEvent::Lost(_) => self.lost += 1,
                AccountEvent::Disagreement { .. } => self.disagreements += 1,
                AccountEvent::Live { .. } => {}
                AccountEvent::Unreadable(unreadable) => panic!("{unreadable:?}"),
            }
        }
    }

    fn has_all(&self, fills: &[Execution], orders: &[OrderReport]) -> bool {
        let keys = |fills: &[Execution]| fills.iter().map(ExecutionKey::of).collect::<BTreeSet<_>>();
        let same = |order: &OrderReport| self.status(order.client_order_id.as_str()) == Some(&order.status);
        keys(&self.fills) == keys(fills) && orders.iter().all(same)
    }

    fn status(&self, client_order_id: &str) -> Option<&OrderStatus> {
        self.orders.get(client_order_id).map(|order| &order.status)
    }
}

async fn next_bar(events: &mut Events<DataEvent>, bars: &mut Vec<Candle>, gaps: &mut u32) {
    let event = tokio::time::timeout(PATIENCE, events.next()).await.expect("an event in time").unwrap();
    match event {
        DataEvent::Market { market: Market::Bar(candle), .. } => bars.push(candle),
        DataEvent::Gap(Gap { filled, .. }) => *gaps += u32::from(filled),
        DataEvent::Live { .. } | DataEvent::Subscribed(_) | DataEvent::Lost(_) => {}
        DataEvent::Market { .. } | DataEvent::Silent { .. } | DataEvent::Refused(_) | DataEvent::Unreadable(_) => {
            panic!("{event:?}")
        }
    }
}

async fn until_filled(events: &mut Events<DataEvent>, bars: &mut Vec<Candle>, gaps: &mut u32) {
    let before = *gaps;
    while *gaps == before {
        next_bar(events, bars, gaps).await;
    }
}

/// Short pauses.
fn waits() -> Waits {
    let millis = Duration::from_millis;
    Waits {
        tick: millis(2),
        pause_first: millis(2),
        pause_most: millis(20),
        slow_first: millis(2),
        slow_most: millis(20),
        refill_again: millis(20),
        compare_in_session: millis(100),
        ..Waits::default()
    }
}

async fn serve() -> (Venue, VenueServer) {
    let date: NyDate = "2026-11-10".parse().unwrap();
    let session = Calendar::nyse().session_on(date).unwrap().unwrap();
    let bar = |date, open, close| DailyBar { date, open, high: 20.0, low: 10.0, close, volume: 5e6 };
    let before = Calendar::nyse().previous_session(date).unwrap().date;
    let bars = BTreeMap::from([(rise(), bar(date, 10.0, 20.0))]);
    let history = BTreeMap::from([(rise(), vec![bar(before, 10.0, 10.0)])]);
    let config = VenueConfig::new("PA3TEST", "key", "secret", Usd::dollars(10_000), 1, date.at_hm(10, 0));
    let venue = Venue::new(config, MarketDay { session, bars, history });
    let server = venue.serve().await.unwrap();
    (venue, server)
}

fn config(server: &VenueServer) -> Config {
    let url = || server.base_url().parse().unwrap();
    Config::new(url(), url(), "key".into(), "secret".into(), Feed::Iex)
}

fn clock(venue: &Venue) -> impl Fn() -> Timestamp + Send + use<> {
    let venue = venue.clone();
    move || venue.now()
}

fn rise() -> Symbol {
    "RISE".parse().unwrap()
}

fn buy(venue: &Venue, number: u32) {
    post(
        venue,
        &format!(
            r#"{{"symbol":"RISE","side":"buy","qty":"5","type":"market","time_in_force":"day","client_order_id":"buy-{number}"}}"#
        ),
    );
}

fn post(venue: &Venue, order: &str) {
    let response = venue.handle(&request("POST", "/v2/orders", order));
    assert_eq!(response.status, 200, "{}", response.body);
}

fn request(method: &str, path: &str, body: &str) -> Request {
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        key_id: Some("key".to_owned()),
        secret_key: Some("secret".to_owned()),
        body: body.to_owned(),
        ..Request::default()
    }
}
