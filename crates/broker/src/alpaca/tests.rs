//! Operation by answer: what every answer, and every way of not answering, is taken for.

use std::time::Duration;

use market::{Feed, Price, Qty, Symbol, Timestamp};
use trading::{
    order::{OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    report::OrderStatus,
};

use super::{
    Alpaca, Config, Environment, Expected, Limits,
    bars::{Adjustment, BarsQuery, Timeframe},
    canned::{Behaviour, Canned},
};
use crate::{Broker, CancelOutcome, Opens, OrderFilter, RejectReason, SubmitOutcome};

const KEY: &str = "PKTESTKEY";
const SECRET: &str = "do-not-print-me";
const ACCOUNT: &str = "PA30000000";

mod agreed;
mod endpoints;
mod hostile;
mod limits;
mod secrets;

#[tokio::test]
async fn submit_outcome_by_answer() {
    let refusal = |status, code: u32| Behaviour::json(status, format!(r#"{{"code":{code},"message":"no"}}"#));
    let html = |status| Behaviour::json(status, "<html>gateway</html>");
    let rejected = |reason| Some(reason);
    let words = |status| Behaviour::json(status, r#"{"message":"no"}"#);
    for (behaviour, expect) in [
        (Behaviour::json(200, order_json("id-1", "new")), "accepted"),
        (Behaviour::json(200, order_json("somebody-elses", "new")), "unknown"),
        (Behaviour::json(200, "{\"id\":"), "unknown"),
        (Behaviour::json(204, ""), "unknown"),
        (html(502), "unknown"),
        (Behaviour::json(500, r#"{"code":50010000,"message":"internal"}"#), "unknown"),
        (html(504), "unknown"),
        (html(307), "unknown"),
        (html(404), "unknown"),
        (html(408), "unknown"),
        (html(422), "unknown"),
        (html(401), "unknown"),
        (html(403), "unknown"),
        (Behaviour::json(401, "{}"), "unknown"),
        (Behaviour::json(403, "[]"), "unknown"),
        (words(422), "unknown"),
        // A code of another status is somebody else's.
        (refusal(422, 40_310_000), "unknown"),
        (refusal(400, 1), "unknown"),
        (refusal(422, 42_210), "unknown"),
        (refusal(404, 0), "unknown"),
        // What is said of the state of things is no refusal of the order, whoever says it.
        (refusal(408, 40_810_000), "unknown"),
        (refusal(409, 40_910_000), "unknown"),
        (refusal(423, 42_310_000), "unknown"),
        (refusal(425, 42_510_000), "unknown"),
        (refusal(499, 49_910_000), "unknown"),
        (refusal(409, 40_010_001), "unknown"),
        (Behaviour::Close, "unknown"),
        (Behaviour::Mute, "unknown"),
        (Behaviour::Cut, "unknown"),
        (Behaviour::Endless, "unknown"),
        (Behaviour::json(429, r#"{"code":42910000,"message":"rate limit exceeded"}"#), "retryable"),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let outcome = client_for(&server).post(&(&limit_order()).into()).await;
        assert_eq!(word(&outcome), expect, "{behaviour:?} gave {outcome:?}");
        assert_eq!(server.requests().len(), 1, "a POST is sent once: {behaviour:?}");
    }
    for (behaviour, reason) in [
        (refusal(422, 40_010_001), rejected(RejectReason::DuplicateClientOrderId)),
        (refusal(400, 40_010_001), rejected(RejectReason::DuplicateClientOrderId)),
        (refusal(405, 40_510_000), rejected(RejectReason::Other)),
        (refusal(403, 40_310_000), rejected(RejectReason::InsufficientOrConflicting)),
        (refusal(403, 40_310_100), rejected(RejectReason::Other)),
        (refusal(422, 42_210_000), rejected(RejectReason::Invalid)),
        (refusal(400, 40_010_000), rejected(RejectReason::Invalid)),
        (refusal(401, 40_110_000), rejected(RejectReason::Forbidden)),
        (Behaviour::json(403, r#"{"message":"forbidden."}"#), rejected(RejectReason::Forbidden)),
        (words(401), rejected(RejectReason::Forbidden)),
        (refusal(404, 40_410_000), rejected(RejectReason::Other)),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let outcome = client_for(&server).post(&(&limit_order()).into()).await;
        let SubmitOutcome::Rejected { reason: got, message } = outcome else { panic!("{behaviour:?}: {outcome:?}") };
        assert_eq!(Some(got), reason, "{behaviour:?}");
        assert!(message.contains("HTTP 4"), "the status is in the message: {message}");
    }
}

#[tokio::test]
async fn a_refused_connection_proves_that_nothing_was_sent() {
    let outcome = client(&closed_port().await).post(&(&limit_order()).into()).await;
    assert!(matches!(outcome, SubmitOutcome::Retryable { after: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed_and_carries_no_keys_elsewhere() {
    let elsewhere = Canned::start(vec![Behaviour::json(200, order_json("id-1", "new"))]).await;
    let location: &'static str = format!("Location: {}/v2/orders\r\n", elsewhere.base_url).leak();
    for status in [301, 302, 303, 307, 308] {
        let redirect = Behaviour::Answer { status, headers: location, body: String::new() };
        let server = Canned::start(vec![redirect]).await;
        let outcome = client(&server.base_url).post(&(&limit_order()).into()).await;
        assert!(matches!(outcome, SubmitOutcome::Unknown { .. }), "{status}: {outcome:?}");
        assert!(client(&server.base_url).account().await.is_err(), "{status}");
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_429_says_how_long() {
    for (headers, expect) in [
        ("Retry-After: 7\r\n", Some(Duration::from_secs(7))),
        ("Retry-After: 99999\r\n", Some(Duration::from_secs(120))),
        ("X-RateLimit-Reset: 1000\r\n", Some(Duration::ZERO)),
        ("Retry-After: soon\r\n", None),
        ("", None),
    ] {
        let answer = Behaviour::Answer { status: 429, headers, body: "{}".to_owned() };
        let server = Canned::start(vec![answer]).await;
        let outcome = client(&server.base_url).post(&(&limit_order()).into()).await;
        let SubmitOutcome::Retryable { after, .. } = outcome else { panic!("{headers}: {outcome:?}") };
        assert_eq!(after, expect, "{headers}");
    }
}

#[tokio::test]
async fn an_order_goes_out_in_the_brokers_words_with_the_keys() {
    let server = Canned::start(vec![Behaviour::json(200, order_json("id-1", "new"))]).await;
    let SubmitOutcome::Accepted(report) = client(&server.base_url).post(&(&limit_order()).into()).await else {
        panic!()
    };
    assert_eq!(report.status, OrderStatus::New);
    let request = &server.requests()[0];
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("POST /v2/orders HTTP/1.1"), "{head}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("apca-api-key-id: pktestkey") && head.contains("apca-api-secret-key: do-not-print-me"));
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let expect = serde_json::json!({
        "symbol": "BRK.B", "qty": "12", "side": "buy", "type": "limit", "time_in_force": "day",
        "limit_price": "101.25", "client_order_id": "id-1",
    });
    assert_eq!(body, expect);
}

#[tokio::test]
async fn cancel_outcome_by_answer() {
    let refusal = |status, code: u32| Behaviour::json(status, format!(r#"{{"code":{code},"message":"no"}}"#));
    for (behaviour, expect) in [
        (Behaviour::json(204, ""), "accepted"),
        (refusal(422, 42_210_000), "not cancelable"),
        (refusal(422, 1), "unknown"),
        (refusal(404, 40_410_000), "not found"),
        (Behaviour::json(404, "<html>"), "unknown"),
        (Behaviour::json(500, "{}"), "unknown"),
        (Behaviour::json(429, "{}"), "unknown"),
        (refusal(401, 40_110_000), "unknown"),
        (Behaviour::Close, "unknown"),
        (Behaviour::Mute, "unknown"),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let outcome = client_for(&server).cancel(&"a/b".parse().unwrap()).await;
        let word = match &outcome {
            CancelOutcome::Accepted => "accepted",
            CancelOutcome::NotCancelable(_) => "not cancelable",
            CancelOutcome::NotFound => "not found",
            CancelOutcome::Unknown(_) => "unknown",
        };
        assert_eq!(word, expect, "{behaviour:?} gave {outcome:?}");
        assert!(server.requests()[0].starts_with("DELETE /v2/orders/a%2Fb HTTP/1.1"));
    }
}

#[tokio::test]
async fn a_missing_order_is_missing_only_when_the_broker_says_so() {
    let id = "id-1".parse().unwrap();
    let server = Canned::start(vec![Behaviour::json(404, r#"{"code":40410000,"message":"order not found"}"#)]).await;
    assert_eq!(client_for(&server).order_by_client_id(&id).await, Ok(None));
    for behaviour in [
        Behaviour::json(404, "<html>no such host</html>"),
        Behaviour::json(404, r#"{"message":"endpoint not found"}"#),
        Behaviour::json(200, order_json("somebody-elses", "new")),
        Behaviour::json(500, "{}"),
        Behaviour::json(401, r#"{"code":40110000,"message":"request is not authorized"}"#),
        Behaviour::Close,
        Behaviour::Mute,
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let answer = client_for(&server).order_by_client_id(&id).await;
        assert!(answer.is_err(), "{behaviour:?} gave {answer:?}");
    }
}

#[tokio::test]
async fn reads_are_tried_three_times_while_there_is_hope() {
    let ok = || Behaviour::json(200, "[]");
    for (behaviours, requests, succeeds) in [
        (vec![Behaviour::json(500, "{}"), Behaviour::json(429, "{}"), ok()], 3, true),
        (vec![Behaviour::Close, ok()], 2, true),
        (vec![Behaviour::Mute, ok()], 2, true),
        (vec![Behaviour::json(503, "{}")], 3, false),
        (vec![Behaviour::json(403, "{}"), ok()], 1, false),
        (vec![Behaviour::json(422, "{}"), ok()], 1, false),
    ] {
        let server = Canned::start(behaviours.clone()).await;
        let answer = client_for(&server).positions().await;
        assert_eq!(answer.is_ok(), succeeds, "{behaviours:?}");
        assert_eq!(server.requests().len(), requests, "{behaviours:?}");
    }
}

#[tokio::test]
async fn a_read_error_names_endpoint_and_request_and_says_whether_repeating_helps() {
    let server = Canned::start(vec![Behaviour::json(403, r#"{"message":"forbidden."}"#)]).await;
    let error = client(&server.base_url).account().await.unwrap_err();
    assert_eq!(error.to_string(), "GET /v2/account: forbidden. (HTTP 403) (request id req-7)");
    assert!(error.forbidden);
    let error = client(&closed_port().await).clock().await.unwrap_err();
    assert!(error.why.starts_with("not sent:") && !error.forbidden, "{error}");
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let server = Canned::start(vec![Behaviour::Endless]).await;
    let mut patient = config(&server.base_url);
    patient.limits.total = Duration::from_secs(60);
    let error = Alpaca::new(&patient).unwrap().positions().await.unwrap_err();
    assert!(error.why.contains("longer than 33554432 bytes"), "{error}");
}

#[tokio::test]
async fn orders_are_paged_by_time_and_counted_once() {
    let page = |from: usize, to: usize| {
        let orders: Vec<String> =
            (from..to).map(|n| order_json_at(n, &format!("2026-11-10T14:30:00.{n:09}Z"))).collect();
        Behaviour::json(200, format!("[{}]", orders.join(",")))
    };
    let server = Canned::start(vec![page(0, 500), page(499, 700)]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders.len(), 700);
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v2/orders?status=open&limit=500&direction=asc&nested=false HTTP"));
    assert!(requests[1].contains("&after=2026-11-10T14%3A30%3A00.000000498Z "), "{}", requests[1]);
}

#[tokio::test]
async fn a_list_that_does_not_end_is_an_error() {
    let orders: Vec<String> = (0..500).map(|n| order_json_at(n, "2026-11-10T14:30:00Z")).collect();
    let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", orders.join(",")))]).await;
    let after = OrderFilter::SubmittedAfter("2026-11-10T14:00:00Z".parse().unwrap());
    let error = client(&server.base_url).orders(after).await.unwrap_err();
    assert_eq!(error.why, "the list does not end");
}

/// Whatever the pages hold: their number and their time have an end.
#[tokio::test]
async fn a_list_has_so_many_pages_and_so_much_time() {
    let page = |from: usize| {
        let at = |n: usize| format!("2026-11-10T14:{:02}:{:02}.{:09}Z", n / 30_000, n / 500 % 60, n % 500);
        let orders: Vec<String> = (from..from + 500).map(|n| order_json_at(n, &at(n))).collect();
        Behaviour::json(200, format!("[{}]", orders.join(",")))
    };
    let server = Canned::start((0..25).map(|number| page(number * 500)).collect()).await;
    let error = client(&server.base_url).orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!(error.why, "the list does not end within 20 pages");
    assert_eq!(server.requests().len(), 20);

    let server = Canned::start(vec![page(0)]).await;
    let mut config = config(&server.base_url);
    config.limits.patience = Duration::ZERO;
    let error = Alpaca::new(&config).unwrap().orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!(error.why, "the list was not whole within 0 s");

    let server = Canned::start(vec![page(0), Behaviour::Mute]).await;
    let mut config = config_for(&server);
    config.limits.total = Duration::from_secs(30);
    config.limits.patience = Duration::from_millis(150);
    let error = Alpaca::new(&config).unwrap().orders(OrderFilter::Open).await.unwrap_err();
    assert!(error.why.starts_with("no answer: no answer in time"), "{error}");
}

#[tokio::test]
async fn a_full_page_that_does_not_say_where_it_ends_is_an_error() {
    let rows = |count: usize, row: &str| Behaviour::json(200, format!("[{}]", vec![row; count].join(",")));
    let server = Canned::start(vec![rows(500, r#"{"symbol":"AAPL"}"#)]).await;
    let error = client(&server.base_url).orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!((error.why.as_str(), server.requests().len()), ("the list does not end", 1));
    let server = Canned::start(vec![rows(100, r#"{"activity_type":"FILL"}"#)]).await;
    let error = client(&server.base_url).executions("2026-11-10T14:00:00Z".parse().unwrap()).await.unwrap_err();
    assert_eq!((error.why.as_str(), server.requests().len()), ("the list does not end", 1));
}

#[tokio::test]
async fn foreign_instruments_do_not_hide_our_orders() {
    let option = order_json("option", "new").replace("BRK.B", "AAPL250620C00100000");
    let body = format!("[{option},{}]", order_json("id-1", "new"));
    let server = Canned::start(vec![Behaviour::json(200, body)]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders.iter().map(|order| order.client_order_id.as_str()).collect::<Vec<_>>(), ["id-1"]);
}

#[tokio::test]
async fn an_order_of_another_hand_counts_whatever_its_id_looks_like() {
    let long = "x".repeat(129);
    for (given, expect) in [
        ("by-hand", "by-hand"),
        ("sold by hand", "foreign-904837e3"),
        ("früh", "foreign-904837e3"),
        ("", "foreign-904837e3"),
        (long.as_str(), "foreign-904837e3"),
    ] {
        let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", order_json(given, "new")))]).await;
        let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
        assert_eq!(
            orders.iter().map(|order| order.client_order_id.as_str()).collect::<Vec<_>>(),
            [expect],
            "{given:?}"
        );
    }
}

#[tokio::test]
async fn one_strange_row_hides_no_other() {
    let fill = |id: &str, symbol: &str, qty: &str, price: &str| {
        format!(
            r#"{{"activity_type":"FILL","id":"{id}","order_id":"o-1","symbol":"{symbol}","side":"buy","qty":{qty},
            "price":{price},"transaction_time":"2026-11-10T14:30:00Z","type":"fill"}}"#
        )
    };
    let fills = [
        fill("coin", "SHIB/USD", "\"1000\"", "\"0.00000889\""),
        fill("odd", "AAPL", "null", "\"10.5\""),
        fill("option", "AAPL250620C00100000", "\"1\"", "\"2\""),
        fill("ours", "AAPL", "\"1\"", "\"10.5\""),
    ];
    let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", fills.join(",")))]).await;
    let fills = client(&server.base_url).executions("2026-11-10T14:00:00Z".parse().unwrap()).await.unwrap();
    assert_eq!(fills.iter().map(|fill| fill.id.as_str()).collect::<Vec<_>>(), ["ours"]);

    let position = |symbol: &str, qty: &str| {
        format!(r#"{{"symbol":"{symbol}","qty":"{qty}","side":"long","avg_entry_price":"0.00000889"}}"#)
    };
    let positions =
        [position("SHIBUSD", "20000000000.5"), position("AAPL250620C00100000", "1"), position("AAPL", "12")];
    let server = Canned::start(vec![Behaviour::json(200, format!("[{}]", positions.join(",")))]).await;
    let positions = client(&server.base_url).positions().await.unwrap();
    assert_eq!(positions.held.iter().map(|held| held.symbol.as_str()).collect::<Vec<_>>(), ["AAPL"]);
    assert_eq!(positions.unreadable, ["SHIBUSD"], "told, so that nothing is opened beside it");
    assert!(positions.whole().is_err());

    let strange = order_json_with("c-1", "b-1", "new", "2026-11-10T14:30:00Z").replace("\"12\"", "[]");
    let body = format!("[{},{strange}]", order_json("c-2", "new"));
    let server = Canned::start(vec![Behaviour::json(200, body)]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap();
    assert_eq!(orders.listed.iter().map(|order| order.client_order_id.as_str()).collect::<Vec<_>>(), ["c-2"]);
    assert_eq!(orders.unreadable, ["c-1"], "told: it may buy what no cap counts");
    assert_eq!(orders.whole().unwrap_err().to_string(), "orders: cannot be read: c-1");
}

#[tokio::test]
async fn words_we_do_not_know_are_kept_not_guessed() {
    let strange =
        order_json("id-1", "quantum_filled").replace("\"limit\"", "\"trailing_stop\"").replace("\"day\"", "\"fok\"");
    let server = Canned::start(vec![Behaviour::json(200, format!("[{strange}]"))]).await;
    let orders = client(&server.base_url).orders(OrderFilter::Open).await.unwrap().listed;
    assert_eq!(orders[0].status, OrderStatus::Unrecognised("quantum_filled".to_owned()));
    assert_eq!((orders[0].kind, orders[0].time_in_force), (None, None));
}

#[tokio::test]
async fn fills_are_paged_and_cut_at_the_instant() {
    let fill = |n: usize| {
        format!(
            r#"{{"activity_type":"FILL","id":"2026::{n}","order_id":"o-1","symbol":"AAPL","side":"sell","qty":"1",
            "price":"10.5","transaction_time":"2026-11-10T14:30:00.{n:03}Z","type":"fill"}}"#
        )
    };
    let page = |range: std::ops::Range<usize>| {
        Behaviour::json(200, format!("[{}]", range.map(fill).collect::<Vec<_>>().join(",")))
    };
    let server = Canned::start(vec![page(0..100), page(100..130)]).await;
    let after: Timestamp = "2026-11-10T14:30:00.009Z".parse().unwrap();
    let fills = client(&server.base_url).executions(after).await.unwrap();
    assert_eq!((fills.len(), fills[0].id.as_str()), (120, "2026::10"));
    let requests = server.requests();
    assert!(requests[0].contains("after=2026-11-10T14%3A30%3A00Z&"), "{}", requests[0]);
    assert!(requests[1].contains("page_token=2026%3A%3A99"), "{}", requests[1]);
}

#[tokio::test]
async fn candles_come_by_symbol_over_pages_and_end_before_the_end() {
    let bar =
        |t: &str| format!(r#"{{"t":"2026-11-10T{t}Z","o":10.0,"h":11,"l":9.5,"c":10.25,"v":1200,"n":3,"vw":10.1}}"#);
    let first = format!(r#"{{"bars":{{"AAPL":[{}]}},"next_page_token":"next"}}"#, bar("14:30:00"));
    let second = format!(
        r#"{{"bars":{{"AAPL":[{},{}],"MSFT":[{}]}},"next_page_token":null}}"#,
        bar("14:40:00"),
        bar("14:50:00"),
        bar("14:30:00")
    );
    let server = Canned::start(vec![Behaviour::json(200, first), Behaviour::json(200, second)]).await;
    let symbols: Vec<Symbol> = ["AAPL", "MSFT", "NONE"].iter().map(|text| text.parse().unwrap()).collect();
    let (from, to) = ("2026-11-10T14:30:00Z".parse().unwrap(), "2026-11-10T14:50:00Z".parse().unwrap());
    let candles = client(&server.base_url).candles(&symbols, 10, from, to).await.unwrap();
    assert_eq!(candles.keys().copied().collect::<Vec<_>>(), symbols[..2]);
    assert_eq!(candles[&symbols[0]].len(), 2, "the candle at the end is not in it");
    assert_eq!(candles[&symbols[1]][0].volume, Qty::shares(1200));
    let requests = server.requests();
    assert!(requests[0].starts_with("GET /v2/stocks/bars?symbols=AAPL%2CMSFT%2CNONE&timeframe=10Min&start="));
    assert!(requests[1].contains("&feed=iex&page_token=next "), "{}", requests[1]);
}

/// One spoilt bar, on whatever page, takes its own symbol and no other.
#[tokio::test]
async fn a_bar_that_is_none_takes_only_its_symbol_with_it() {
    let bar = |t: &str, open: &str| {
        format!(r#"{{"t":"2026-11-10T{t}Z","o":{open},"h":11,"l":9.5,"c":10.25,"v":1200,"n":3,"vw":10.1}}"#)
    };
    let page = |bad: &str, good: &str, next: &str| {
        let body = format!(r#"{{"bars":{{"BAD":[{bad}],"GOOD":[{good}]}},"next_page_token":{next}}}"#);
        Behaviour::json(200, body)
    };
    let symbols: Vec<Symbol> = ["BAD", "GOOD"].iter().map(|text| text.parse().unwrap()).collect();
    let (from, to) = ("2026-11-10T14:30:00Z".parse().unwrap(), "2026-11-10T14:50:00Z".parse().unwrap());
    for (first, second) in [("0", "10"), ("10", "0"), ("10", "null"), ("10", "[]"), ("12", "10")] {
        let pages = vec![
            page(&bar("14:30:00", first), &bar("14:30:00", "10"), "\"next\""),
            page(&bar("14:40:00", second), &bar("14:40:00", "10"), "null"),
        ];
        let server = Canned::start(pages).await;
        let candles = client(&server.base_url).candles(&symbols, 10, from, to).await.unwrap();
        assert_eq!(candles.keys().copied().collect::<Vec<_>>(), symbols[1..], "{first} {second}");
        assert_eq!(candles[&symbols[1]].len(), 2, "{first} {second}");
        let query =
            BarsQuery { symbols: &symbols, timeframe: Timeframe::Minutes(10), from, to, adjustment: Adjustment::Raw };
        let server = Canned::start(vec![page(&bar("14:30:00", "0"), &bar("14:30:00", "10"), "null")]).await;
        assert!(client(&server.base_url).bars(query).await.is_err(), "who asks for bars is told");
    }
}

#[tokio::test]
async fn one_sided_and_crossed_quotes_are_absent() {
    let quote = |bp: f64, ap: f64| format!(r#"{{"t":"2026-11-10T14:30:00Z","bp":{bp},"ap":{ap},"bs":1,"as":1}}"#);
    let body = format!(
        r#"{{"quotes":{{"GOOD":{},"NOBID":{},"NOASK":{},"CROSS":{}}}}}"#,
        quote(10.0, 10.02),
        quote(0.0, 10.0),
        quote(10.0, 0.0),
        quote(10.1, 10.0)
    );
    let server = Canned::start(vec![Behaviour::json(200, body)]).await;
    let quotes = client(&server.base_url).quotes(&["GOOD".parse().unwrap()]).await.unwrap();
    assert_eq!(quotes.keys().map(Symbol::as_str).collect::<Vec<_>>(), ["GOOD"]);
}

/// Keys go to Alpaca or stay on this machine, whatever the client is for.
#[test]
fn a_client_that_only_reads_connects_to_alpaca_or_this_machine() {
    let (trading, data) = ("https://paper-api.alpaca.markets", "https://data.alpaca.markets");
    let venue = "http://127.0.0.1:1";
    for (trading, data, fits) in [
        (trading, data, true),
        ("https://api.alpaca.markets", data, true),
        (trading, trading, true),
        (venue, venue, true),
        (trading, "https://data.example", false),
        ("https://alpaca.example", data, false),
        (trading, "https://data.alpaca.markets.example", false),
    ] {
        let mut config = Config { expected: None, ..config(venue) };
        (config.trading_url, config.data_url) = (trading.parse().unwrap(), data.parse().unwrap());
        assert_eq!(config.check().is_ok(), fits, "{trading} {data}");
    }
}

#[test]
fn simulated_data_never_meets_a_real_broker() {
    let real = "https://broker.example".parse().unwrap();
    for (trading, data) in [(Some(&real), None), (None, Some(&real)), (Some(&real), Some(&real))] {
        let mut config = Config { expected: None, ..config("http://127.0.0.1:1") };
        config.feed = Feed::Simulated;
        assert!(Alpaca::new(&config).is_ok());
        config.trading_url = trading.unwrap_or(&config.trading_url).clone();
        config.data_url = data.unwrap_or(&config.data_url).clone();
        assert!(Alpaca::new(&config).is_err(), "{trading:?} {data:?}");
    }
}

fn word(outcome: &SubmitOutcome) -> &'static str {
    match outcome {
        SubmitOutcome::Accepted(_) => "accepted",
        SubmitOutcome::Rejected { .. } => "rejected",
        SubmitOutcome::Retryable { .. } => "retryable",
        SubmitOutcome::Unknown { .. } => "unknown",
    }
}

fn config(base_url: &str) -> Config {
    let url: super::BaseUrl = base_url.parse().unwrap();
    let limits = Limits {
        connect: Duration::from_secs(5),
        total: Duration::from_secs(30),
        patience: Duration::from_secs(60),
        turn: Duration::from_millis(400),
        backoff: Duration::from_millis(1),
        requests_a_minute: None,
    };
    let expected = Expected { environment: Environment::Local, account: ACCOUNT.parse().unwrap() };
    let keys = (KEY.to_owned().into(), SECRET.to_owned().into());
    Config { limits, jitter_seed: 1, ..Config::new(url.clone(), url, keys.0, keys.1, Feed::Iex).trading_for(expected) }
}

/// As [`config`], in a hurry where nobody will answer.
fn config_for(server: &Canned) -> Config {
    let mut config = config(&server.base_url);
    if server.is_mute {
        config.limits.total = Duration::from_millis(400);
    }
    config
}

/// A client that has agreed on its account.
fn client(base_url: &str) -> Alpaca {
    agreed(&config(base_url))
}

/// As [`client`], in a hurry where nobody will answer.
fn client_for(server: &Canned) -> Alpaca {
    agreed(&config_for(server))
}

fn agreed(config: &Config) -> Alpaca {
    let client = Alpaca::new(config).unwrap();
    client.agreement.heard(&ACCOUNT.parse().unwrap());
    client
}

/// A port of this machine on which nobody listens.
async fn closed_port() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

fn limit_order() -> OrderRequest {
    OrderRequest {
        client_order_id: "id-1".parse().unwrap(),
        symbol: "BRK.B".parse().unwrap(),
        side: Side::Buy,
        qty: Qty::shares(12),
        kind: OrderKind::Limit { limit: Price::from_cents(10_125).unwrap() },
        time_in_force: TimeInForce::Day,
        purpose: Purpose::Open,
    }
}

fn order_json(client_order_id: &str, status: &str) -> String {
    order_json_with(client_order_id, "904837e3", status, "2026-11-10T14:30:00Z")
}

fn order_json_at(number: usize, submitted_at: &str) -> String {
    order_json_with(&format!("c-{number}"), &format!("b-{number}"), "new", submitted_at)
}

fn order_json_with(client_order_id: &str, id: &str, status: &str, submitted_at: &str) -> String {
    format!(
        r#"{{"id":"{id}","client_order_id":"{client_order_id}","created_at":"{submitted_at}",
        "submitted_at":"{submitted_at}","symbol":"BRK.B","qty":"12","filled_qty":"0","filled_avg_price":null,
        "order_class":"","type":"limit","side":"buy","time_in_force":"day","limit_price":"101.25","stop_price":null,
        "status":"{status}","legs":null}}"#
    )
}
