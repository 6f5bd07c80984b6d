//! `trade_updates`: JSON in binary frames, cuts, refusals, silence on the line.

use broker::{
    alpaca::stream::{AccountEvent, Again, Events, ExecutionKey, Gap, Lost, Start, Waits, follow_account},
    report::{Execution, OrderReport, OrderStatus},
};
use market::{Qty, TimeDelta};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::{
    SECRET, config, patient,
    rest::{self, Lists},
    server::Server,
    session, until, waits,
};

struct Running {
    events: Events<AccountEvent>,
    task: JoinHandle<()>,
}

fn follow(server: &Server, rest: &Lists, waits: Waits) -> Running {
    let start = Start { since: session().open, known: Vec::new() };
    let (run, events) = follow_account(&config(&server.base_url), rest.clone(), crate::clock(0), start, waits).unwrap();
    Running { events, task: tokio::spawn(run) }
}

/// A fill of an order for 10 shares.
fn fill(name: &str, shares: u32, filled: u32) -> Value {
    let at = "2026-11-20T15:00:01Z";
    json!({"stream": "trade_updates", "data": {
        "event": if filled == 10 { "fill" } else { "partial_fill" }, "execution_id": name, "timestamp": at,
        "qty": shares.to_string(), "price": "100", "position_qty": filled.to_string(),
        "order": {
            "id": "order-1", "client_order_id": "ours-1", "symbol": "AAPL", "side": "buy", "qty": "10",
            "filled_qty": filled.to_string(), "filled_avg_price": "100", "type": "limit", "time_in_force": "day",
            "limit_price": "100", "status": if filled == 10 { "filled" } else { "partially_filled" },
            "created_at": "2026-11-20T14:59:00Z", "submitted_at": "2026-11-20T14:59:00Z", "updated_at": at,
        },
    }})
}

fn execution(event: &AccountEvent) -> Option<ExecutionKey> {
    match event {
        AccountEvent::Execution { key, .. } => Some(key.clone()),
        AccountEvent::Live { .. }
        | AccountEvent::Order { .. }
        | AccountEvent::Disagreement { .. }
        | AccountEvent::Gap(_)
        | AccountEvent::Silent { .. }
        | AccountEvent::Lost(_)
        | AccountEvent::Unreadable(_) => None,
    }
}

fn order(event: &AccountEvent) -> Option<OrderReport> {
    if let AccountEvent::Order { report, .. } = event { Some(report.as_ref().clone()) } else { None }
}

fn is_live(event: &AccountEvent) -> Option<()> {
    matches!(event, AccountEvent::Live { .. }).then_some(())
}

fn is_filled(event: &AccountEvent) -> Option<()> {
    matches!(event, AccountEvent::Gap(Gap { filled: true, .. })).then_some(())
}

fn lost(event: &AccountEvent) -> Option<Lost> {
    if let AccountEvent::Lost(lost) = event { Some(lost.clone()) } else { None }
}

#[tokio::test]
async fn a_cut_loses_nothing_and_repeats_nothing() {
    let (server, rest) = (Server::start().await, Lists::default());
    let mut ours = follow(&server, &rest, waits());
    let mut peer = server.accept().await;
    peer.admit_account().await;
    until(&mut ours.events, "live", is_live).await;
    until(&mut ours.events, "the first gap", is_filled).await;
    peer.binary(&fill("e1", 4, 4)).await;
    let report = until(&mut ours.events, "an order", order).await;
    assert_eq!(report.status, OrderStatus::PartiallyFilled);
    assert_eq!(until(&mut ours.events, "a fill", execution).await, ExecutionKey::new("e1"));
    peer.binary(&fill("e1", 4, 4)).await;

    let at = |second| session().open + TimeDelta::minutes(30) + TimeDelta::seconds(second);
    rest.change(|told| {
        told.executions = vec![rest::execution("e1", 4, at(1)), rest::execution("e2", 5, at(2))];
        told.orders = vec![OrderReport { filled_qty: Qty::shares(9), ..report }];
    });
    peer.cut();
    until(&mut ours.events, "the loss", lost).await;
    let mut peer = server.accept().await;
    peer.admit_account().await;
    until(&mut ours.events, "live again", is_live).await;
    assert_eq!(until(&mut ours.events, "the fill in the hole", execution).await, ExecutionKey::new("e2"));
    until(&mut ours.events, "the gap", is_filled).await;
    peer.text(&fill("e2", 5, 9)).await;
    peer.text(&fill("e3", 1, 10)).await;
    let last = until(&mut ours.events, "the last fill", execution).await;
    assert_eq!(last, ExecutionKey::new("e3"), "e2 is told once");
    assert!(!ours.task.is_finished());
}

#[tokio::test]
async fn what_was_read_is_told_though_orders_cannot_be_looked_up() {
    let (server, rest) = (Server::start().await, Lists::default());
    let mut ours = follow(&server, &rest, waits());
    let mut peer = server.accept().await;
    peer.admit_account().await;
    until(&mut ours.events, "the first gap", is_filled).await;
    // More orders than one answer looks up, all of them open.
    for number in 0..12 {
        let mut message = fill(&format!("e{number}"), 4, 4);
        message["data"]["order"]["id"] = json!(format!("order-{number}"));
        message["data"]["order"]["client_order_id"] = json!(format!("ours-{number}"));
        peer.binary(&message).await;
        until(&mut ours.events, "a fill", execution).await;
    }
    let swallowed = rest::execution("e12", 5, session().open + TimeDelta::minutes(31));
    rest.change(|told| {
        told.executions = vec![Execution { order_id: "order-12".parse().unwrap(), ..swallowed }];
        (told.unlisted, told.unreadable, told.lookups) = (true, true, 0);
    });
    peer.cut();
    let mut peer = server.accept().await;
    peer.admit_account().await;
    assert_eq!(until(&mut ours.events, "the fill in the hole", execution).await, ExecutionKey::new("e12"));
    until(&mut ours.events, "the gap, not filled", |event| {
        matches!(event, AccountEvent::Gap(Gap { filled: false, .. })).then_some(())
    })
    .await;
    // REST answers again, and knows none of them: that fills the hole too, in more than one answer.
    let lookups = rest.change(|told| {
        told.unreadable = false;
        std::mem::take(&mut told.lookups)
    });
    assert!(lookups > 0);
    until(&mut ours.events, "the gap", is_filled).await;
    assert!(rest.change(|told| told.lookups) >= 12);
}

#[tokio::test]
async fn keys_that_are_refused_end_the_stream_and_are_not_tried_again() {
    let (server, rest) = (Server::start().await, Lists::default());
    let mut ours = follow(&server, &rest, waits());
    let mut peer = server.accept().await;
    peer.expect_keys().await;
    peer.binary(&json!({"stream": "authorization", "data": {"action": "authenticate", "status": "unauthorized"}}))
        .await;
    let why = until(&mut ours.events, "the refusal", lost).await;
    assert_eq!(why.again, Again::Never);
    assert!(!why.why.contains(SECRET));
    assert_eq!(patient("the end", ours.events.next()).await, None);
    patient("the driver's end", ours.task).await.unwrap();
}

#[tokio::test]
async fn an_upgrade_that_is_refused_is_typed_by_its_status() {
    for (status, again) in [(401, Again::Slowly), (404, Again::Slowly), (429, Again::Slowly), (503, Again::Soon)] {
        let (server, rest) = (Server::start().await, Lists::default());
        let mut ours = follow(&server, &rest, waits());
        server.refuse(status).await;
        assert_eq!(until(&mut ours.events, "the refusal", lost).await.again, again, "{status}");
        server.accept().await.admit_account().await;
        until(&mut ours.events, "live", is_live).await;
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_given_up() {
    let (server, rest) = (Server::start().await, Lists::default());
    let short = std::time::Duration::from_millis(20);
    let mut ours = follow(&server, &rest, Waits { handshake: short, ping_every: short, pong_within: short, ..waits() });
    let mute = server.accept().await;
    assert!(until(&mut ours.events, "the first loss", lost).await.why.contains("too long"));
    mute.closed().await;
    let mut peer = server.accept().await;
    peer.admit_account().await;
    until(&mut ours.events, "live", is_live).await;
    // Nobody reads here any more, so nobody answers pings.
    assert!(until(&mut ours.events, "the second loss", lost).await.why.contains("ping"));
}

#[tokio::test]
async fn nonsense_is_said_and_survived() {
    let (server, rest) = (Server::start().await, Lists::default());
    let mut ours = follow(&server, &rest, waits());
    let mut peer = server.accept().await;
    peer.admit_account().await;
    for bytes in [&b""[..], b"<html>", b"{\"stream\":", b"\xff\xfe\x00", b"[]", b"[1,2]"] {
        peer.bytes(bytes.to_vec()).await;
    }
    let mut flawed = fill("e1", 4, 4);
    flawed["data"]["order"]["qty"] = json!("ten");
    peer.binary(&flawed).await;
    let symbol = until(&mut ours.events, "the flawed message", |event| match event {
        AccountEvent::Unreadable(unreadable) if unreadable.count == 7 => Some(unreadable.symbol),
        AccountEvent::Unreadable(_)
        | AccountEvent::Live { .. }
        | AccountEvent::Order { .. }
        | AccountEvent::Execution { .. }
        | AccountEvent::Disagreement { .. }
        | AccountEvent::Gap(_)
        | AccountEvent::Silent { .. }
        | AccountEvent::Lost(_) => None,
    })
    .await;
    assert_eq!(symbol, "AAPL".parse().ok());
    peer.binary(&fill("e1", 4, 4)).await;
    until(&mut ours.events, "a fill", execution).await;
    peer.endless().await;
    assert!(until(&mut ours.events, "the end of patience", lost).await.why.contains("too long"));
}

#[tokio::test]
async fn who_drops_the_events_ends_the_stream() {
    let (server, rest) = (Server::start().await, Lists::default());
    let ours = follow(&server, &rest, waits());
    let mut peer = server.accept().await;
    peer.admit_account().await;
    drop(ours.events);
    patient("the driver's end", ours.task).await.unwrap();
    peer.closed().await;
}
