//! Every fault as a raw connection sees it, and what the venue has made of the request.

use std::{io::ErrorKind, time::Duration};

use broker_sim::{HUGE_BYTES, Venue};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::wire::{Reply, Wire, limit, serve, within};

/// Long enough for an answer that would come; nothing is told by it but that none came.
const A_WHILE: Duration = Duration::from_millis(50);

/// A venue that does this to the first order, and a connection to it.
async fn with_fault(fault: Value) -> (Venue, broker_sim::VenueServer, Wire) {
    let (venue, server, mut wire) = serve("10:00").await;
    let script = json!({"script": [{"match": {"method": "POST", "path": "/v2/orders"}, "fault": fault}]});
    wire.json("POST", "/sim/faults", &script).await;
    (venue, server, wire)
}

async fn send_order(wire: &mut Wire) -> std::io::Result<Reply> {
    wire.ask("POST", "/v2/orders", &limit("RISE", "buy", 1, "9.00").to_string()).await
}

fn orders(venue: &Venue) -> usize {
    venue.truth().orders.len()
}

#[tokio::test]
async fn dropped_before_nothing_happened_and_after_it_did() {
    for (fault, made) in [("drop_before", 0), ("drop_after", 1)] {
        let (venue, server, mut wire) = with_fault(json!(fault)).await;
        let error = send_order(&mut wire).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::UnexpectedEof | ErrorKind::ConnectionReset), "{fault}: {error}");
        assert_eq!(orders(&venue), made, "{fault}");
        // The next one, on a new connection, is answered.
        assert_eq!(send_order(&mut Wire::to(&server).await).await.unwrap().status, 200, "{fault}");
    }
}

#[tokio::test]
async fn a_late_arrival_is_acted_on_when_the_venues_clock_has_come_to_it() {
    let (venue, server, mut wire) = with_fault(json!({"late_arrival": {"ms": 5_000}})).await;
    assert!(send_order(&mut wire).await.is_err());
    let mut wire = Wire::to(&server).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 4.999})).await;
    assert_eq!(orders(&venue), 0);
    wire.json("POST", "/sim/advance", &json!({"seconds": 600})).await;
    let order = &venue.truth().orders[0];
    assert_eq!(order.submitted_at, "2026-11-10T15:00:05Z".parse().unwrap(), "at its own instant");
}

#[tokio::test]
async fn a_duplicated_answer_is_there_twice_and_meets_the_next_request() {
    let (venue, _server, mut wire) = with_fault(json!("duplicate_response")).await;
    let first = send_order(&mut wire).await.unwrap();
    assert_eq!(orders(&venue), 1);
    let again = wire.ask("GET", "/v2/clock", "").await.unwrap();
    assert_eq!((first.status, &first.headers, &first.body), (again.status, &again.headers, &again.body));
    assert_eq!(within(wire.reply()).await.unwrap().json()["is_open"], true, "the clock's own, one answer late");
}

#[tokio::test]
async fn other_statuses_come_with_and_without_the_venue_having_acted() {
    for code in [429, 500, 502, 503, 504] {
        for acted in [false, true] {
            let (venue, _server, mut wire) = with_fault(json!({"status": {"code": code, "acted": acted}})).await;
            let reply = send_order(&mut wire).await.unwrap();
            assert_eq!((reply.status, orders(&venue)), (code, usize::from(acted)), "{code} {acted}");
            assert!(reply.json()["message"].is_string());
            assert_eq!(reply.header("x-request-id"), "sim-00000001");
        }
    }
}

#[tokio::test]
async fn garbage_of_every_kind_is_no_answer_but_the_venue_has_acted() {
    type Looks = fn(&Reply) -> bool;
    let table: [(&str, Looks); 6] = [
        ("html", |reply| reply.header("content-type").starts_with("text/html") && reply.text().contains("<html>")),
        ("truncated", |reply| reply.text().starts_with('{') && !reply.text().ends_with('}') && reply.body.len() > 100),
        ("empty", |reply| reply.body.is_empty()),
        ("invalid_utf8", |reply| std::str::from_utf8(&reply.body).is_err()),
        ("not_json", |reply| !reply.body.is_empty()),
        ("huge", |reply| reply.body.len() >= HUGE_BYTES && reply.body.starts_with(b"{\"id\":\"x")),
    ];
    for (kind, looks) in table {
        let (venue, _server, mut wire) = with_fault(json!({"garbage": kind})).await;
        let reply = send_order(&mut wire).await.unwrap();
        assert_eq!((reply.status, orders(&venue)), (200, 1), "{kind}");
        assert!(looks(&reply), "{kind}: {:?}", reply.text().chars().take(200).collect::<String>());
        assert!(serde_json::from_slice::<Value>(&reply.body).is_err(), "{kind}");
        // The connection is as good as before.
        assert_eq!(wire.get("/v2/clock").await["is_open"], true, "{kind}");
    }
}

#[tokio::test]
async fn a_page_has_its_status_and_the_venue_has_acted_only_as_said() {
    for code in [200, 400, 403, 404, 408, 422] {
        for acted in [false, true] {
            let (venue, _server, mut wire) = with_fault(json!({"page": {"code": code, "acted": acted}})).await;
            let reply = send_order(&mut wire).await.unwrap();
            assert_eq!((reply.status, orders(&venue)), (code, usize::from(acted)), "{code} {acted}");
            assert!(reply.header("content-type").starts_with("text/html"), "{code}");
            assert!(reply.text().contains(&format!("<h1>{code} ")), "{}", reply.text());
        }
    }
    let (venue, _server, mut wire) = with_fault(json!("page:403")).await;
    assert_eq!((send_order(&mut wire).await.unwrap().status, orders(&venue)), (403, 0));
}

#[tokio::test]
async fn a_delayed_request_reaches_the_venue_later() {
    let (venue, server, mut wire) = with_fault(json!({"delay": {"ms": 30}})).await;
    let before = tokio::time::Instant::now();
    wire.send("POST", "/v2/orders", &limit("RISE", "buy", 1, "9.00").to_string()).await;
    // Another connection overtakes it.
    Wire::to(&server).await.get("/v2/clock").await;
    assert_eq!(within(wire.reply()).await.unwrap().status, 200);
    assert!(before.elapsed() >= Duration::from_millis(30));
    assert_eq!(orders(&venue), 1);
}

#[tokio::test]
async fn a_hanging_request_is_never_answered_nor_acted_on() {
    let (venue, server, mut wire) = with_fault(json!("hang")).await;
    wire.send("POST", "/v2/orders", &limit("RISE", "buy", 1, "9.00").to_string()).await;
    assert!(timeout(A_WHILE, wire.reply()).await.is_err(), "neither an answer nor an end");
    assert_eq!(orders(&venue), 0);
    drop(server);
    assert!(within(wire.reply()).await.is_err(), "the end of the server is the end of it");
}

#[tokio::test]
async fn rules_skip_strike_and_are_taken_back() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let unavailable = json!({"status": {"code": 503, "acted": false}});
    let rule = json!({"match": {"method": "GET", "path": "/v2/account"}, "skip": 1, "times": 2, "fault": unavailable});
    wire.json("POST", "/sim/faults", &json!({"script": [rule]})).await;
    let mut statuses = Vec::new();
    for _ in 0..3 {
        statuses.push(wire.ask("GET", "/v2/account", "").await.unwrap().status);
        assert_eq!(wire.ask("GET", "/v2/clock", "").await.unwrap().status, 200, "another path");
    }
    assert_eq!(statuses, [200, 503, 503]);
    assert_eq!(wire.ask("GET", "/v2/account", "").await.unwrap().status, 200, "struck as often as it should");

    wire.json("POST", "/sim/faults", &json!({"script": [{"times": 99, "fault": "drop_before"}]})).await;
    assert!(wire.ask("GET", "/v2/account", "").await.is_err());
    let mut wire = Wire::to(&server).await;
    wire.ask("DELETE", "/sim/faults", "").await.unwrap();
    assert_eq!(wire.ask("GET", "/v2/account", "").await.unwrap().status, 200);
}

#[tokio::test]
async fn chances_fall_alike_for_a_seed() {
    let mut runs = Vec::new();
    for seed in [7, 7, 8] {
        let (_venue, _server, mut wire) = serve("10:00").await;
        let chances = json!({"probability": {"status:503": 0.3, "status:500:acted": 0.2}, "seed": seed});
        wire.json("POST", "/sim/faults", &chances).await;
        let mut statuses = Vec::new();
        for _ in 0..100 {
            statuses.push(wire.ask("GET", "/v2/account", "").await.unwrap().status);
        }
        runs.push(statuses);
    }
    assert_eq!(runs[0], runs[1]);
    assert_ne!(runs[0], runs[2]);
    assert!((15..=45).contains(&runs[0].iter().filter(|status| **status == 503).count()));
}
