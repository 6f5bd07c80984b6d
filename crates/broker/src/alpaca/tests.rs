//! Operation by answer: what every answer, and every way of not answering, is taken for.

use std::time::Duration;

use market::{Feed, Price, Qty, Symbol, Timestamp};
use trading::{
    order::{OrderKind, OrderRequest, Purpose, Side, TimeInForce},
    report::OrderStatus,
};

use super::{
    Alpaca, Config, Environment, Expected, Limits,
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
mod lists;
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
        pause: Duration::from_secs(5),
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
