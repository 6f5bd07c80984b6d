//! The data stream: both codecs, subscriptions that change and come back, minutes from REST, silence.

use broker::alpaca::stream::{
    Again, Codec, DataEvent, Events, Gap, Lost, Market, Subscriber, Subscription, Waits, follow_data,
};
use market::{Candle, Price, Qty, Symbol, TimeDelta, Timestamp};
use serde_json::{Value, json};

use crate::{
    clock, config,
    rest::Lists,
    server::{Peer, Server},
    session, until, waits,
};

fn aapl() -> Symbol {
    "AAPL".parse().unwrap()
}

fn follow(
    server: &Server,
    codec: Codec,
    rest: &Lists,
    asked: Subscription,
    seconds: i64,
    waits: Waits,
) -> (Subscriber, Events<DataEvent>) {
    let from = (asked, session().open);
    let (run, subscriber, events) =
        follow_data(&config(&server.base_url), codec, rest.clone(), clock(seconds), from, waits).unwrap();
    tokio::spawn(run);
    (subscriber, events)
}

fn candle(minute: i64) -> Candle {
    let price = Price::from_cents(1_000).unwrap();
    let start = session().open + TimeDelta::minutes(minute);
    Candle { start, open: price, high: price, low: price, close: price, volume: Qty::shares(100) }
}

fn bar(minute: i64) -> Value {
    let start = candle(minute).start.to_string();
    json!({"T": "b", "S": "AAPL", "t": start, "o": 10.0, "h": 10.0, "l": 10.0, "c": 10.0, "v": 100, "n": 3, "vw": 10.0})
}

fn market(event: &DataEvent) -> Option<Market> {
    if let DataEvent::Market { market, .. } = event { Some(market.clone()) } else { None }
}

fn minute(event: &DataEvent) -> Option<i64> {
    let market = market(event)?;
    let Market::Bar(candle) = market else { panic!("{market:?}") };
    Some(candle.start.since(session().open).num_minutes())
}

fn is_live(event: &DataEvent) -> Option<()> {
    matches!(event, DataEvent::Live { .. }).then_some(())
}

fn lost(event: &DataEvent) -> Option<Lost> {
    if let DataEvent::Lost(lost) = event { Some(lost.clone()) } else { None }
}

#[tokio::test]
async fn json_and_msgpack_tell_the_same() {
    // A msgpack timestamp (extension -1) of 2021-02-22T15:51:44.208Z in place of the text.
    let word = (208_000_000_u64 << 34) | 1_614_009_104;
    let quote = [
        &[0x91, 0x85, 0xa1, b'T', 0xa1, b'q', 0xa1, b'S', 0xa4][..],
        b"AAPL",
        &[0xa2, b'b', b'p', 0xcb],
        &10.0_f64.to_be_bytes(),
        &[0xa2, b'a', b'p', 0x0b, 0xa1, b't', 0xd7, 0xff],
        &word.to_be_bytes(),
    ]
    .concat();
    for codec in [Codec::Json, Codec::Msgpack] {
        let (server, rest) = (Server::start().await, Lists::default());
        let asked = Subscription { quotes: [aapl()].into(), ..Subscription::default() };
        let (_subscriber, mut events) = follow(&server, codec, &rest, asked, 0, waits());
        let mut peer = server.accept().await;
        let expect = (codec == Codec::Msgpack).then(|| "application/msgpack".to_owned());
        assert_eq!(peer.content_type, expect);
        assert_eq!(peer.admit_data().await, json!({"action": "subscribe", "quotes": ["AAPL"]}));
        match codec {
            Codec::Json => {
                let at = "2021-02-22T15:51:44.208Z";
                peer.text(&json!([{"T": "q", "S": "AAPL", "bp": 10.0, "ap": 11, "t": at}])).await;
            }
            Codec::Msgpack => peer.bytes(quote.clone()).await,
        }
        let Market::Quote(quote) = until(&mut events, "a quote", market).await else { panic!("no quote") };
        let at: Timestamp = "2021-02-22T15:51:44.208Z".parse().unwrap();
        assert_eq!((quote.at, quote.quote().unwrap().mid().to_string()), (at, "10.50".to_owned()), "{codec:?}");
    }
}

#[tokio::test]
async fn after_a_cut_it_asks_for_exactly_what_was_confirmed_and_fills_the_minutes() {
    let (server, rest) = (Server::start().await, Lists::default());
    rest.change(|told| {
        told.symbol = Some(aapl());
        told.candles = (0..30).map(candle).collect();
    });
    let (subscriber, mut events) = follow(&server, Codec::Json, &rest, Subscription::bars([aapl()]), 0, waits());
    let mut peer = server.accept().await;
    peer.admit_data().await;
    for expect in 0..30 {
        assert_eq!(until(&mut events, "a minute before the connection", minute).await, expect);
    }
    peer.text(&json!([bar(30), bar(30)])).await;
    assert_eq!(until(&mut events, "a minute", minute).await, 30);

    let mut wanted = Subscription::bars([aapl(), "MSFT".parse().unwrap()]);
    wanted.updated_bars.clear();
    subscriber.subscribe(wanted);
    let removed = peer.hear().await;
    assert_eq!(removed, json!({"action": "unsubscribe", "updatedBars": ["AAPL"]}));
    peer.text(&json!([{"T": "subscription", "bars": ["AAPL"], "statuses": ["AAPL"]}])).await;
    assert_eq!(peer.hear().await, json!({"action": "subscribe", "bars": ["MSFT"], "statuses": ["MSFT"]}));
    peer.text(&json!([{"T": "error", "code": 405, "msg": "symbol limit exceeded"}])).await;
    until(&mut events, "the refusal", |event| matches!(event, DataEvent::Refused(_)).then_some(())).await;

    peer.cut();
    until(&mut events, "the loss", lost).await;
    let mut peer = server.accept().await;
    let asked = peer.admit_data().await;
    assert_eq!(asked, json!({"action": "subscribe", "bars": ["AAPL"], "statuses": ["AAPL"]}), "what was confirmed");
    until(&mut events, "live", is_live).await;
    peer.text(&json!([bar(30), bar(31)])).await;
    assert_eq!(until(&mut events, "a new minute", minute).await, 31, "and no old one");
}

#[tokio::test]
async fn too_many_connections_are_waited_for_and_a_plan_without_the_feed_is_not() {
    let greet = async |peer: &mut Peer, code: u64| {
        peer.text(&json!([{"T": "success", "msg": "connected"}])).await;
        peer.expect_keys().await;
        peer.text(&json!([{"T": "error", "code": code, "msg": "no"}])).await;
    };
    let (server, rest) = (Server::start().await, Lists::default());
    let (_subscriber, mut events) = follow(&server, Codec::Json, &rest, Subscription::bars([aapl()]), 0, waits());
    greet(&mut server.accept().await, 406).await;
    assert_eq!(until(&mut events, "the refusal", lost).await.again, Again::Slowly);
    greet(&mut server.accept().await, 409).await;
    assert_eq!(until(&mut events, "the second refusal", lost).await.again, Again::Never);
    assert_eq!(events.next().await, None);
}

#[tokio::test]
async fn a_mute_stream_is_left_for_another() {
    let (server, rest) = (Server::start().await, Lists::default());
    let asked = Subscription { quotes: [aapl()].into(), ..Subscription::default() };
    // Each look at the clock is five seconds later than the one before.
    let (_subscriber, mut events) = follow(&server, Codec::Json, &rest, asked, 5, waits());
    let mut peer = server.accept().await;
    peer.admit_data().await;
    until(&mut events, "live", is_live).await;
    let since = until(&mut events, "silence", |event| match event {
        DataEvent::Silent { since } => Some(*since),
        DataEvent::Live { .. }
        | DataEvent::Subscribed(_)
        | DataEvent::Market { .. }
        | DataEvent::Gap(Gap { .. })
        | DataEvent::Lost(_)
        | DataEvent::Refused(_)
        | DataEvent::Unreadable(_) => None,
    })
    .await;
    assert!(since >= session().open);
    let why = until(&mut events, "the loss", lost).await;
    assert_eq!(why.again, Again::Soon);
    peer.closed().await;
    server.accept().await.admit_data().await;
    until(&mut events, "live again", is_live).await;
}
