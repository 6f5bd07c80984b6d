//! Our own client against the venue: an entry, its stop, the day's end, and every read in between.

use broker::{
    Broker, CancelOutcome, OrderFilter, RejectReason, SubmitOutcome,
    alpaca::{Alpaca, Config, Environment, Expected},
    null::Null,
    report::{OrderReport, OrderStatus},
};
use broker_sim::{Moment, Venue, VenueServer, Verdict};
use market::{Calendar, Feed, Price, Qty, Symbol, Usd};
use trading::{
    control::{Approved, Authority, Facts, Used, approve, approve_replacement},
    limits::Limits,
    order::{OrderKind, OrderRequest, Purpose, Replacement, Side, TimeInForce},
    refusal::Refusal,
};

use crate::floor;

#[tokio::test]
async fn a_day_with_an_entry_and_its_stop() {
    let (venue, _server, client) = serve("10:00").await;
    let quote = client.quotes(&[symbol("FALL")]).await.unwrap()[&symbol("FALL")];
    assert_eq!(quote.at, floor::at("10:00"));

    let entry =
        approved(&client, request("entry", Side::Buy, OrderKind::Limit { limit: quote.ask }, Purpose::Open)).await;
    let SubmitOutcome::Accepted(order) = client.submit(&entry).await else { panic!("the entry is accepted") };
    assert_eq!((order.status, order.qty), (OrderStatus::New, Qty::shares(10)));
    venue.advance_to(floor::at("12:00"));
    let filled = by_id(&client, "entry").await.unwrap();
    assert_eq!(filled.status, OrderStatus::Filled);
    assert!(filled.filled_avg_price.unwrap() <= quote.ask);
    let position = client.positions().await.unwrap().held.remove(0);
    assert_eq!((position.qty, position.short, position.avg_entry_price), (filled.qty, false, filled.filled_avg_price));

    let stop = OrderKind::Stop { stop: Price::from_cents(1_050).unwrap() };
    let protect = approved(&client, request("stop", Side::Sell, stop, Purpose::Protect)).await;
    assert!(matches!(client.submit(&protect).await, SubmitOutcome::Accepted(_)));
    venue.advance_to(floor::at("16:00"));
    assert_eq!(by_id(&client, "stop").await.unwrap().status, OrderStatus::Filled);
    assert!(client.positions().await.unwrap().held.is_empty());

    let truth = venue.truth();
    assert_eq!(client.executions(floor::at("09:00")).await.unwrap(), truth.fills);
    assert_eq!(client.orders(OrderFilter::SubmittedAfter(floor::at("09:00"))).await.unwrap().listed, truth.orders);
    assert_eq!(client.account().await.unwrap(), truth.account);
    assert!(client.orders(OrderFilter::Open).await.unwrap().listed.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_lookup_settles_it() {
    for (moment, arrived) in [(Moment::Before, false), (Moment::After, true)] {
        let (venue, _server, client) = serve("10:00").await;
        let limit = OrderKind::Limit { limit: Price::from_cents(1_000).unwrap() };
        // Selling what is not held would be refused; hold something first.
        let buy = request("hold", Side::Buy, OrderKind::Limit { limit: ask(&client).await }, Purpose::Open);
        assert!(matches!(client.submit(&approved(&client, buy).await).await, SubmitOutcome::Accepted(_)));
        venue.advance_to(floor::at("12:00"));
        let order = approved(&client, request("entry", Side::Sell, limit, Purpose::Reduce)).await;
        venue.intercept(Box::new(move |request, now| {
            if request.method == "POST" && now == moment { Verdict::Drop } else { Verdict::Pass }
        }));
        let outcome = client.submit(&order).await;
        assert!(matches!(outcome, SubmitOutcome::Unknown { .. }), "{moment:?}: {outcome:?}");
        let posts = venue.request_log().iter().filter(|request| request.method == "POST").count();
        assert_eq!(posts, 2, "the entry, and one send of the order whose answer was lost");
        assert_eq!(by_id(&client, "entry").await.is_some(), arrived, "{moment:?}");
    }
}

#[tokio::test]
async fn refusals_come_back_as_reasons() {
    let (venue, _server, client) = serve("10:00").await;
    let limit = OrderKind::Limit { limit: ask(&client).await };
    let order = approved(&client, request("entry", Side::Buy, limit, Purpose::Open)).await;
    assert!(matches!(client.submit(&order).await, SubmitOutcome::Accepted(_)));
    assert_eq!(reason(client.submit(&order).await), RejectReason::DuplicateClientOrderId);

    let unknown = OrderRequest { symbol: symbol("NOSUCH"), ..request("other", Side::Buy, limit, Purpose::Open) };
    assert_eq!(reason(client.submit(&approved(&client, unknown).await).await), RejectReason::Invalid);

    venue.advance_to(floor::at("12:00"));
    let stop = OrderKind::Stop { stop: Price::from_cents(500).unwrap() };
    let first = approved(&client, request("stop", Side::Sell, stop, Purpose::Protect)).await;
    let second = approved(&client, request("stop2", Side::Sell, stop, Purpose::Protect)).await;
    let SubmitOutcome::Accepted(working) = client.submit(&first).await else { panic!("the first stop is accepted") };
    assert_eq!(reason(client.submit(&second).await), RejectReason::InsufficientOrConflicting);

    assert_eq!(client.cancel(&working.id).await, CancelOutcome::Accepted);
    assert!(matches!(client.cancel(&working.id).await, CancelOutcome::NotCancelable(_)));
    assert_eq!(client.cancel(&"00000000-0000-4000-a000-000000000000".parse().unwrap()).await, CancelOutcome::NotFound);
}

#[tokio::test]
async fn a_stop_is_replaced_in_place_and_a_lost_answer_is_looked_up_by_the_new_id() {
    let (venue, _server, client) = serve("10:00").await;
    let buy = request("entry", Side::Buy, OrderKind::Limit { limit: ask(&client).await }, Purpose::Open);
    assert!(matches!(client.submit(&approved(&client, buy).await).await, SubmitOutcome::Accepted(_)));
    venue.advance_to(floor::at("12:00"));
    let stop = |cents| OrderKind::Stop { stop: Price::from_cents(cents).unwrap() };
    let first = approved(&client, request("stop1", Side::Sell, stop(500), Purpose::Protect)).await;
    let SubmitOutcome::Accepted(old) = client.submit(&first).await else { panic!("the stop is accepted") };

    let raised = replacement(&client, &old, request("stop2", Side::Sell, stop(510), Purpose::Protect)).await;
    let SubmitOutcome::Accepted(new) = client.replace(&raised).await else { panic!("the replacement is accepted") };
    assert_eq!((new.kind, new.time_in_force), (Some(stop(510)), Some(TimeInForce::Gtc)));
    assert_eq!(by_id(&client, "stop1").await.unwrap().status, OrderStatus::Replaced);

    let stale = replacement(&client, &old, request("stop3", Side::Sell, stop(520), Purpose::Protect)).await;
    assert_eq!(reason(client.replace(&stale).await), RejectReason::Invalid, "the old one is no more");
    assert_eq!(by_id(&client, "stop3").await, None);

    for (moment, id, arrived) in [(Moment::Before, "stop4", false), (Moment::After, "stop5", true)] {
        let order = request(id, Side::Sell, stop(530), Purpose::Protect);
        let next = replacement(&client, &new, order).await;
        venue.intercept(Box::new(move |request, now| {
            if request.method == "PATCH" && now == moment { Verdict::Drop } else { Verdict::Pass }
        }));
        assert!(matches!(client.replace(&next).await, SubmitOutcome::Unknown { .. }), "{moment:?}");
        assert_eq!(by_id(&client, id).await.is_some(), arrived, "{moment:?}");
    }
    let patches = venue.request_log().iter().filter(|request| request.method == "PATCH").count();
    assert_eq!(patches, 4, "each was sent once");
}

#[tokio::test]
async fn wrong_keys_are_forbidden_and_not_tried_again() {
    let (venue, server, _) = serve("10:00").await;
    let client = client_with(&server, "wrong");
    let error = client.account().await.unwrap_err();
    assert!(error.forbidden, "{error}");
    assert!(error.request_id.is_some());
    assert_eq!(venue.request_log().len(), 1);
}

#[tokio::test]
async fn candles_clock_and_calendar_agree_with_the_venue() {
    let (_venue, _server, client) = serve("11:07").await;
    let symbols: Vec<Symbol> = ["RISE", "FALL", "NOSUCH"].iter().map(|text| symbol(text)).collect();
    let candles = client.candles(&symbols, 10, floor::at("10:00"), floor::at("12:00")).await.unwrap();
    assert_eq!(candles.len(), 2, "a symbol without trades is absent");
    assert_eq!(
        candles[&symbols[0]].iter().map(|candle| candle.start).collect::<Vec<_>>(),
        [
            floor::at("10:00"),
            floor::at("10:10"),
            floor::at("10:20"),
            floor::at("10:30"),
            floor::at("10:40"),
            floor::at("10:50"),
        ]
    );
    let clock = client.clock().await.unwrap();
    assert_eq!((clock.now, clock.is_open, clock.next_close), (floor::at("11:07"), true, floor::at("16:00")));
    let (first, last) = ("2026-11-20".parse().unwrap(), "2026-12-31".parse().unwrap());
    assert_eq!(client.calendar(first, last).await.unwrap(), Calendar::nyse().sessions(first, last).unwrap());
}

#[tokio::test]
async fn long_lists_come_whole() {
    let floor = floor::Floor::at("10:00");
    let (venue, _server, client) = serve("10:00").await;
    for number in 0..600_u32 {
        let body = floor::limit("RISE", "buy", 1, "0.50").to_string();
        let request = broker_sim::engine::Request { body, ..floor.request("POST", "/v2/orders") };
        assert_eq!(venue.handle(&request).status, 200, "{number}");
        if number % 100 == 0 {
            venue.advance_to(venue.now() + market::TimeDelta::seconds(1));
        }
    }
    let orders = client.orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders, venue.truth().orders);
}

#[tokio::test]
async fn a_dry_run_reads_everything_and_changes_nothing() {
    let (venue, server, client) = serve("10:00").await;
    let dry = Null::new(client_with(&server, "secret"));
    let limit = OrderKind::Limit { limit: ask(&dry).await };
    let order = approved(&client, request("entry", Side::Buy, limit, Purpose::Open)).await;
    assert_eq!(
        dry.submit(&order).await,
        SubmitOutcome::Rejected { reason: RejectReason::Other, message: broker::null::DRY_RUN.to_owned() }
    );
    let SubmitOutcome::Accepted(working) = client.submit(&order).await else { panic!("the real one accepts") };
    assert!(matches!(dry.cancel(&working.id).await, CancelOutcome::NotCancelable(_)));
    assert_eq!(venue.truth().orders[0].status, OrderStatus::New);
    assert_eq!(dry.account().await.unwrap(), client.account().await.unwrap());
    assert_eq!(dry.orders(OrderFilter::Open).await.unwrap().listed.len(), 1);
    let writes = venue.request_log().into_iter().filter(|request| request.method != "GET").count();
    assert_eq!(writes, 1, "the real one's entry");
}

async fn serve(time: &str) -> (Venue, VenueServer, Alpaca) {
    let venue = Venue::new(floor::config(1, time), floor::day());
    let server = venue.serve().await.unwrap();
    let client = client_with(&server, "secret");
    (venue, server, client)
}

fn client_with(server: &VenueServer, secret: &str) -> Alpaca {
    let url: broker::alpaca::BaseUrl = server.base_url().parse().unwrap();
    let (key, secret) = ("key".to_owned().into(), secret.to_owned().into());
    let expected = Expected { environment: Environment::Local, account: "PA3TEST".parse().unwrap() };
    let config = Config::new(url.clone(), url, key, secret, Feed::Simulated).trading_for(expected);
    Alpaca::new(&config).unwrap()
}

async fn by_id(client: &Alpaca, id: &str) -> Option<OrderReport> {
    client.order_by_client_id(&id.parse().unwrap()).await.unwrap()
}

async fn ask(client: &impl Broker) -> Price {
    client.quotes(&[symbol("FALL")]).await.unwrap()[&symbol("FALL")].ask
}

fn reason(outcome: SubmitOutcome) -> RejectReason {
    let SubmitOutcome::Rejected { reason, .. } = outcome else { panic!("expected a refusal, got {outcome:?}") };
    reason
}

fn request(id: &str, side: Side, kind: OrderKind, purpose: Purpose) -> OrderRequest {
    OrderRequest {
        client_order_id: id.parse().unwrap(),
        symbol: symbol("FALL"),
        side,
        qty: Qty::shares(10),
        kind,
        time_in_force: if purpose == Purpose::Protect { TimeInForce::Gtc } else { TimeInForce::Day },
        purpose,
    }
}

/// Through the real controls: there is no other way to an approved order.
async fn approved(client: &Alpaca, order: OrderRequest) -> Approved<OrderRequest> {
    client.learn_assets(&[order.symbol]).await.unwrap();
    judged(client, None, |facts| approve(order.clone(), facts)).await
}

/// The same for an order that takes the place of a working one.
async fn replacement(client: &Alpaca, old: &OrderReport, order: OrderRequest) -> Approved<Replacement> {
    let replacement = Replacement { replaces: old.id.clone(), replaced_id: old.client_order_id.clone(), order };
    judged(client, Some(old.qty), |facts| approve_replacement(replacement.clone(), facts)).await
}

async fn judged<T>(
    client: &Alpaca,
    replaced: Option<Qty>,
    judge: impl Fn(&Facts<'_>) -> Result<Approved<T>, Refusal>,
) -> Approved<T> {
    let (account, clock) = (client.account().await.unwrap(), client.clock().await.unwrap());
    let quotes = client.quotes(&[symbol("FALL")]).await.unwrap();
    let held = client.positions().await.unwrap().held.first().map_or(Qty::ZERO, |position| position.qty);
    let facts = Facts {
        now: clock.now,
        high_water: clock.now,
        clock_skew: Some(market::TimeDelta::zero()),
        session: Calendar::nyse().session_on(clock.now.ny_date()).unwrap(),
        authority: &Authority::Open,
        kill: None,
        account: Some(&account),
        limits: &Limits {
            gross_notional: Usd::dollars(100_000),
            symbol_notional: Usd::dollars(100_000),
            ..Limits::default()
        },
        quote: quotes.get(&symbol("FALL")).copied(),
        newest_candle: Some(clock.now),
        average_volume: Some(Qty::shares(1_000_000)),
        used: Used::default(),
        consumed_today: false,
        blocked: None,
        mismatch: None,
        stream_silent: None,
        executions_read_at: clock.now,
        held,
        held_for_orders: replaced.unwrap_or(Qty::ZERO),
        replaced,
        id_used: false,
    };
    judge(&facts).unwrap()
}

fn symbol(text: &str) -> Symbol {
    text.parse().unwrap()
}
