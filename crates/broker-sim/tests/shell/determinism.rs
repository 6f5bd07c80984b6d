//! Same seed, same requests, same steps of the clock: the same event log and the same answers, byte for byte.

use serde_json::json;

use crate::wire::{Wire, limit, order, serve};

/// A small day over HTTP, with faults in it; the answers and the log.
async fn day(chances_seed: u64) -> (Vec<String>, String) {
    let (venue, server, mut wire) = serve("09:25").await;
    let chances = json!({
        "probability": {"status:503": 0.1, "drop_after": 0.1, "late_arrival:20000": 0.1, "garbage:truncated": 0.1},
        "seed": chances_seed,
    });
    wire.json("POST", "/sim/faults", &chances).await;
    let mut answers = Vec::new();
    for step in 0..60_u32 {
        let symbol = if step % 2 == 0 { "RISE" } else { "FALL" };
        let price = format!("{}.50", 9 + step % 12);
        let body = match step % 4 {
            0 => order(symbol, "buy", 1 + step % 5),
            1 => limit(symbol, "buy", 1, &price),
            2 => limit(symbol, "sell", 1, &price),
            _ => order(symbol, "sell", 1),
        };
        match wire.ask("POST", "/v2/orders", &body.to_string()).await {
            Ok(reply) => answers.push(format!("{} {}", reply.status, reply.text())),
            Err(_) => {
                answers.push("cut".to_owned());
                wire = Wire::to(&server).await;
            }
        }
        wire.json("POST", "/sim/advance", &json!({"seconds": 7 * (step % 9)})).await;
    }
    (answers, venue.event_log())
}

#[tokio::test]
async fn two_servers_that_are_asked_the_same_do_the_same() {
    let (first, second) = tokio::join!(day(3), day(3));
    assert!(first.1.lines().count() > 60, "{}", first.1);
    for what in ["cut", "503 ", "200 "] {
        assert!(first.0.iter().any(|answer| answer.starts_with(what)), "{what}: it happens in this run");
    }
    assert_eq!(first, second);
}

#[tokio::test]
async fn other_faults_make_another_day() {
    let (first, second) = tokio::join!(day(3), day(4));
    assert_ne!(first.1, second.1);
}

#[tokio::test]
async fn a_reset_venue_does_again_what_it_did() {
    let (venue, _server, mut wire) = serve("09:31").await;
    let mut logs = Vec::new();
    for _ in 0..2 {
        wire.json("POST", "/sim/reset", &json!({"seed": 5})).await;
        wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
        wire.json("POST", "/sim/advance", &json!({"seconds": 600})).await;
        logs.push(venue.event_log());
    }
    assert_eq!(logs[0], logs[1]);
}
