//! What goes wrong with the streams.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::{
    socket::Socket,
    wire::{Wire, limit, serve},
};

async fn wrong(wire: &mut Wire, stream: &str, fault: Value) {
    wire.json("POST", "/sim/stream", &json!({"stream": stream, "fault": fault})).await;
}

/// So many orders, each of which is told once.
async fn orders(wire: &mut Wire, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(wire.json("POST", "/v2/orders", &limit("RISE", "buy", 1, "5.00")).await["id"].clone());
    }
    ids
}

async fn told(socket: &mut Socket, count: usize) -> Vec<Value> {
    let mut ids = Vec::new();
    for _ in 0..count {
        ids.push(socket.told().await["data"]["order"]["id"].clone());
    }
    ids
}

#[tokio::test]
async fn a_silent_stream_is_connected_and_mute_and_what_was_not_told_is_lost() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::listening(&server).await;
    wrong(&mut wire, "trade_updates", json!("silent")).await;
    orders(&mut wire, 2).await;
    // One that comes now is let in as ever.
    let mut other = Socket::listening(&server).await;
    wrong(&mut wire, "trade_updates", json!("none")).await;
    let ids = orders(&mut wire, 1).await;
    assert_eq!(told(&mut socket, 1).await, ids, "the first thing it hears");
    assert_eq!(told(&mut other, 1).await, ids);
}

#[tokio::test]
async fn a_cut_stream_ends_without_a_word_and_the_next_is_well() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let (mut updates, mut data) =
        (Socket::listening(&server).await, Socket::subscribed(&server, "sip", json!({"trades": ["RISE"]})).await);
    wrong(&mut wire, "trade_updates", json!("cut")).await;
    updates.ended().await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 15})).await;
    assert_eq!(data.told().await[0]["T"], "t", "the other stream goes on");
    wrong(&mut wire, "data", json!("cut")).await;
    data.ended().await;
    let mut updates = Socket::listening(&server).await;
    let ids = orders(&mut wire, 1).await;
    assert_eq!(told(&mut updates, 1).await, ids);
    Socket::subscribed(&server, "sip", json!({"trades": ["RISE"]})).await;
}

#[tokio::test]
async fn a_late_stream_tells_everything_in_order_only_later() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::listening(&server).await;
    wrong(&mut wire, "trade_updates", json!({"late": {"ms": 40}})).await;
    let before = Instant::now();
    let ids = orders(&mut wire, 3).await;
    assert_eq!(told(&mut socket, 3).await, ids);
    assert!(before.elapsed() >= Duration::from_millis(40));
}

#[tokio::test]
async fn a_duplicating_stream_tells_everything_twice() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::listening(&server).await;
    wrong(&mut wire, "trade_updates", json!("duplicate")).await;
    let ids = orders(&mut wire, 2).await;
    assert_eq!(told(&mut socket, 4).await, [&ids[0], &ids[0], &ids[1], &ids[1]].map(Clone::clone));
}

#[tokio::test]
async fn a_reordering_stream_tells_the_second_of_two_first() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::listening(&server).await;
    wrong(&mut wire, "trade_updates", json!("reorder")).await;
    let ids = orders(&mut wire, 3).await;
    wrong(&mut wire, "trade_updates", json!("none")).await;
    assert_eq!(told(&mut socket, 3).await, [&ids[1], &ids[0], &ids[2]].map(Clone::clone));
}
