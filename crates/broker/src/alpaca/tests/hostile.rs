//! Answers that no broker should give: an error that says where, nothing lost, no panic, bounded memory.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use reqwest::Certificate;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use super::*;
use crate::{
    ReadError,
    alpaca::{
        account::HistoryQuery, activities::ActivityQuery, assets::AssetFilter, corporate_actions::CorporateActionQuery,
        decode, transport::Transport,
    },
};

/// The parts of all bodies that are no answer to anything.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("empty", Vec::new()),
        ("white space", b"  \n".to_vec()),
        ("a page of a gateway", b"<html><body>502 Bad Gateway</body></html>".to_vec()),
        ("cut off", br#"{"id":"904837e3","client_order_id":"id-"#.to_vec()),
        ("no UTF-8", b"{\"account_number\":\"\xff\xfe\"}".to_vec()),
        ("a word", b"true".to_vec()),
        ("a text", b"\"ok\"".to_vec()),
        ("a number beyond all numbers", b"1e99999".to_vec()),
        ("two documents", b"{} {}".to_vec()),
        ("nested without end", b"[".repeat(100_000)),
        ("zero bytes", vec![0; 64]),
    ]
}

#[tokio::test]
async fn every_read_says_where_it_failed() {
    for (what, body) in bodies() {
        let raw = format!(
            "HTTP/1.1 200 OK\r\nConnection: close\r\nX-Request-ID: req-7\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let raw = [raw.into_bytes(), body].concat();
        let server = Canned::start(vec![Behaviour::Raw(raw)]).await;
        for (endpoint, error) in every_read(&client(&server.base_url)).await {
            let error = error.unwrap_or_else(|| panic!("{what} was taken for an answer of {endpoint}"));
            assert_eq!(error.endpoint, endpoint, "{what}");
            assert_eq!(error.request_id.as_deref(), Some("req-7"), "{what}: {error}");
            assert!(!error.forbidden, "{what}: {error}");
        }
    }
}

#[tokio::test]
async fn a_refusal_in_any_form_is_an_error_with_its_status() {
    for status in [400, 401, 403, 404, 405, 418, 422, 500, 502, 503, 504] {
        for body in ["", "<html>", "{\"code\":\"x\"}", "{\"code\":40010000,\"message\":\"no\"}", "null"] {
            let server = Canned::start(vec![Behaviour::json(status, body)]).await;
            let error = client(&server.base_url).account().await.unwrap_err();
            assert!(error.why.contains(&format!("HTTP {status}")), "{status} {body}: {error}");
            assert_eq!(error.request_id.as_deref(), Some("req-7"));
            assert_eq!(error.forbidden, matches!(status, 401 | 403));
        }
    }
}

/// One row of a list with one member spoilt: the good row beside it is always there.
#[test]
fn no_spoilt_member_hides_another_row() {
    let order = json!({"id": "b-1", "client_order_id": "c-1", "created_at": "2026-11-10T14:30:00Z",
        "submitted_at": "2026-11-10T14:30:00Z", "symbol": "AAPL", "qty": "12", "filled_qty": "0",
        "filled_avg_price": null, "order_class": "", "type": "limit", "side": "buy", "time_in_force": "day",
        "limit_price": "101.25", "stop_price": null, "status": "new", "legs": null, "notional": null, "hwm": null,
        "extended_hours": false, "expires_at": "2026-11-10T21:00:00Z"});
    let position = json!({"symbol": "AAPL", "qty": "5", "side": "long", "avg_entry_price": "100.0",
        "current_price": "120.0"});
    let fill = json!({"activity_type": "FILL", "id": "2026::1", "order_id": "o-1", "symbol": "AAPL", "side": "buy",
        "qty": "1", "price": "10.5", "transaction_time": "2026-11-10T14:30:00Z"});
    let mut cases = 0;
    for spoilt in every_spoilt(&order) {
        let found = decode::rows("orders", vec![spoilt.clone(), order.clone()], decode::order);
        assert_eq!(found.read.last().map(|order| order.client_order_id.as_str()), Some("c-1"), "{spoilt}");
        cases += 1;
    }
    for spoilt in every_spoilt(&position) {
        let found = decode::rows("positions", vec![spoilt.clone(), position.clone()], decode::position);
        assert_eq!(found.read.last().map(|held| held.qty), Some(Qty::shares(5)), "{spoilt}");
        // Whatever is read of a spoilt row says long or short as the broker did, with no sign against it.
        for held in found.read.iter().take(found.read.len() - 1) {
            assert!(!held.short && spoilt["side"] == "long", "{spoilt}");
            assert!(!spoilt["qty"].to_string().contains('-'), "{spoilt}");
        }
        cases += 1;
    }
    for spoilt in every_spoilt(&fill) {
        let found = decode::rows("executions", vec![spoilt.clone(), fill.clone()], decode::execution);
        assert_eq!(found.read.last().map(|fill| fill.id.as_str()), Some("2026::1"), "{spoilt}");
        cases += 1;
    }
    assert!(cases > 300, "{cases} cases");
}

#[test]
fn what_a_spoilt_member_means_for_an_order() {
    let order = json!({"id": "b-1", "client_order_id": "c-1", "created_at": "2026-11-10T14:30:00Z", "symbol": "AAPL",
        "qty": "12", "filled_qty": "0", "type": "limit", "side": "buy", "time_in_force": "day",
        "limit_price": "101.25", "status": "new"});
    let with = |name: &str, value: Value| {
        let mut order = order.clone();
        order[name] = value;
        decode::rows("orders", vec![order], decode::order)
    };
    // Numbers and their texts are the same; a word nobody knows is kept as it came.
    assert_eq!(with("qty", json!(12)).read[0].qty, Qty::shares(12));
    assert_eq!(with("limit_price", json!(101.25)).read[0].kind, with("limit_price", json!("101.25")).read[0].kind);
    assert_eq!(with("status", json!("sold")).read[0].status, OrderStatus::Unrecognised("sold".to_owned()));
    assert_eq!(with("type", json!("iceberg")).read[0].kind, None);
    assert_eq!(with("time_in_force", json!("gtd")).read[0].time_in_force, None);
    // What an order can be counted without may be of any form.
    for name in ["filled_avg_price", "stop_price", "time_in_force", "client_order_id", "submitted_at", "legs", "hwm"] {
        for value in [json!([]), json!(true), json!("NaN"), json!(-1), json!({"a": 1})] {
            let found = with(name, value.clone());
            assert_eq!((found.read.len(), found.unreadable.len()), (1, 0), "{name} {value}");
            assert_eq!(found.read[0].filled_avg_price, None);
        }
    }
    // What an order cannot be without makes it unreadable, and it is named.
    for name in ["id", "filled_qty", "side", "status", "type", "created_at"] {
        let found = with(name, Value::Null);
        assert!(found.read.is_empty(), "{name}");
        assert_eq!(found.unreadable.len(), 1, "{name}");
    }
}

#[test]
fn which_side_a_position_is_on_is_said_or_it_is_unreadable() {
    for (side, qty, short) in [
        ("long", "5", Some(false)),
        ("short", "-5", Some(true)),
        ("short", "5", Some(true)),
        ("long", "-5", None),
        ("Short", "-5", None),
        ("sell", "5", None),
        ("", "5", None),
    ] {
        let row = json!({"symbol": "AAPL", "qty": qty, "side": side, "avg_entry_price": "100.0"});
        let found = decode::rows("positions", vec![row], decode::position);
        assert_eq!(found.read.first().map(|held| held.short), short, "{side} {qty}");
        assert_eq!(found.unreadable.is_empty(), short.is_some(), "{side} {qty}");
    }
}

#[tokio::test]
async fn a_body_is_read_up_to_its_bound_and_no_further() {
    const READ: usize = 32 << 20;
    let slack = 16 << 20;
    let server = Canned::start(vec![Behaviour::Endless]).await;
    let mut patient = config(&server.base_url);
    patient.limits.total = Duration::from_secs(60);
    let client = Alpaca::new(&patient).unwrap();
    client.agreement.heard(&ACCOUNT.parse().unwrap());
    let error = client.positions().await.unwrap_err();
    assert_eq!(error.why, "the answer is longer than 33554432 bytes (HTTP 200, request id req-7)");
    assert!(server.written() <= READ + slack, "{} bytes", server.written());
    assert_eq!(server.requests().len(), 1, "not asked for again");

    let server = Canned::start(vec![Behaviour::Endless]).await;
    let mut patient = config(&server.base_url);
    patient.limits.total = Duration::from_secs(60);
    let client = Alpaca::new(&patient).unwrap();
    let outcome = client.post(&(&limit_order()).into()).await;
    let SubmitOutcome::Unknown { why } = outcome else { panic!("{outcome:?}") };
    assert_eq!(why, "the answer is longer than 1048576 bytes (HTTP 200, request id req-7)");
    assert!(server.written() <= slack, "{} bytes", server.written());
}

#[tokio::test]
async fn an_announced_length_is_believed_only_as_a_reason_to_refuse() {
    let answer = |length: usize, body: &str| {
        let head = format!("HTTP/1.1 200 OK\r\nX-Request-ID: req-7\r\nContent-Length: {length}\r\n\r\n{body}");
        Behaviour::Raw(head.into_bytes())
    };
    for (behaviour, expect) in [
        (answer(100 << 20, ""), "longer than 33554432 bytes"),
        (answer(1, "[]"), "the answer is not understood"),
        (answer(99, "[]"), "no answer: "),
        (Behaviour::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n[]".to_vec()), "no answer: "),
        (
            Behaviour::Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n[]".to_vec()),
            "no answer: ",
        ),
        (Behaviour::Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]".to_vec()), "no answer: "),
        (Behaviour::Raw(b"\x16\x03\x01\x00\x00".to_vec()), "no answer: "),
    ] {
        let server = Canned::start(vec![behaviour.clone()]).await;
        let error = client(&server.base_url).positions().await.unwrap_err();
        assert!(error.why.contains(expect), "{behaviour:?}: {error}");
        assert_eq!(error.endpoint, "GET /v2/positions");
    }
}

#[tokio::test]
async fn a_certificate_nobody_vouches_for_stops_everything_before_a_key_is_sent() {
    let (authority, _) = self_signed();
    let (url, _, served) = secure_server().await;
    let client = trusting(&url, authority);
    let error = client.positions().await.unwrap_err();
    assert_eq!(error.endpoint, "GET /v2/positions");
    assert!(error.why.starts_with("not sent: ") && error.why.contains("certificate"), "{error}");
    assert!(!format!("{error:?}").contains(SECRET));
    let outcome = client.post(&(&limit_order()).into()).await;
    assert!(matches!(outcome, SubmitOutcome::Retryable { .. }), "certainly not sent: {outcome:?}");
    assert_eq!(served.load(Ordering::SeqCst), 0, "the server saw a finished handshake");
}

/// Without it the test above would pass with a client that can do no TLS at all.
#[tokio::test]
async fn a_certificate_that_is_vouched_for_is_taken() {
    let (url, authority, served) = secure_server().await;
    assert_eq!(trusting(&url, authority).positions().await.unwrap(), crate::Positions::default());
    assert_eq!(served.load(Ordering::SeqCst), 1);
}

/// A client that trusts nobody but this authority, whatever the machine trusts.
fn trusting(url: &str, authority: Certificate) -> Alpaca {
    let config = config(url);
    let client = Alpaca::over(&config, |config| Transport::trusting(config, Some(vec![authority]))).unwrap();
    client.agreement.heard(&ACCOUNT.parse().unwrap());
    client
}

/// Answers with an empty list; its address, its certificate, and how many handshakes were finished.
async fn secure_server() -> (String, Certificate, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}", listener.local_addr().unwrap());
    let (certificate, acceptor) = self_signed();
    let served = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&served);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]").await;
            let _ = stream.shutdown().await;
        }
    });
    (url, certificate, served)
}

fn self_signed() -> (Certificate, TlsAcceptor) {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    (Certificate::from_der(made.cert.der()).unwrap(), TlsAcceptor::from(Arc::new(config)))
}

async fn every_read(client: &Alpaca) -> Vec<(&'static str, Option<ReadError>)> {
    let symbol: Symbol = "AAPL".parse().unwrap();
    let (from, to) = ("2026-11-10T14:30:00Z".parse().unwrap(), "2026-11-10T14:50:00Z".parse().unwrap());
    let day = "2026-11-10".parse().unwrap();
    let actions = CorporateActionQuery { symbols: vec![symbol], kinds: Vec::new(), first: day, last: day };
    vec![
        ("GET /v2/account", client.account().await.err()),
        ("GET /v2/account/portfolio/history", client.portfolio_history(&HistoryQuery::default()).await.err()),
        ("GET /v2/account/activities", client.activities(&ActivityQuery::default()).await.err()),
        ("GET /v2/account/activities/FILL", client.executions(from).await.err()),
        ("GET /v2/clock", client.clock().await.err()),
        ("GET /v2/calendar", client.calendar(day, day).await.err()),
        ("GET /v2/assets", client.assets(&AssetFilter::default()).await.err()),
        ("GET /v2/assets/AAPL", client.asset(symbol).await.err()),
        ("GET /v2/orders", client.orders(OrderFilter::Open).await.err()),
        ("GET /v2/orders/o-1", client.order(&"o-1".parse().unwrap()).await.err()),
        ("GET /v2/orders:by_client_order_id", client.order_by_client_id(&"id-1".parse().unwrap()).await.err()),
        ("GET /v2/positions", client.positions().await.err()),
        ("GET /v2/positions/AAPL", client.position(symbol).await.err()),
        ("GET /v2/stocks/bars", client.candles(&[symbol], 10, from, to).await.err()),
        ("GET /v2/stocks/quotes/latest", client.quotes(&[symbol]).await.err()),
        ("GET /v2/stocks/trades/latest", client.latest_trades(&[symbol]).await.err()),
        ("GET /v2/stocks/bars/latest", client.latest_bars(&[symbol]).await.err()),
        ("GET /v2/stocks/snapshots", client.snapshots(&[symbol]).await.err()),
        ("GET /v1/corporate-actions", client.corporate_actions(&actions).await.err()),
    ]
}

/// The row with each member in turn missing, or of another kind.
fn every_spoilt(row: &Value) -> Vec<Value> {
    let object = row.as_object().unwrap();
    let mut all = Vec::new();
    for name in object.keys() {
        let mut without = object.clone();
        without.remove(name);
        all.push(Value::Object(without));
        for value in [
            Value::Null,
            json!(""),
            json!("quantum"),
            json!("NaN"),
            json!("-1"),
            json!(7),
            json!(1e300),
            json!(-0.5),
            json!(true),
            json!([]),
            json!({}),
            json!("9".repeat(400)),
        ] {
            let mut spoilt = object.clone();
            spoilt.insert(name.clone(), value);
            all.push(Value::Object(spoilt));
        }
    }
    all
}
