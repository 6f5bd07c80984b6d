//! `/stream`: who is let in, and what is told.

use serde_json::{Value, json};

use crate::{
    socket::Socket,
    wire::{limit, order, serve},
};

fn authorization(status: &str) -> Value {
    json!({"stream": "authorization", "data": {"status": status, "action": "authenticate"}})
}

#[tokio::test]
async fn both_forms_of_keys_are_let_in_and_answers_are_json_in_binary_frames() {
    let (_venue, server, _) = serve("10:00").await;
    for keys in [
        json!({"action": "auth", "key": "key", "secret": "secret"}),
        json!({"action": "authenticate", "data": {"key_id": "key", "secret_key": "secret"}}),
    ] {
        let mut socket = Socket::open(&server, "/stream").await;
        socket.say(&keys).await;
        let frame = socket.frame().await;
        assert!(frame.is_binary());
        assert_eq!(serde_json::from_slice::<Value>(&frame.into_data()).unwrap(), authorization("authorized"));
    }
}

#[tokio::test]
async fn wrong_keys_are_not_let_in() {
    let (_venue, server, _) = serve("10:00").await;
    let mut socket = Socket::open(&server, "/stream").await;
    socket.say(&json!({"action": "auth", "key": "key", "secret": "wrong"})).await;
    assert_eq!(socket.told().await, authorization("unauthorized"));
    socket.ended().await;
}

#[tokio::test]
async fn an_order_is_told_from_its_beginning_to_its_end() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::listening(&server).await;
    let id = wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await["id"].clone();
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    let waiting = wire.json("POST", "/v2/orders", &limit("RISE", "buy", 1, "5.00")).await["id"].clone();
    wire.ask("DELETE", &format!("/v2/orders/{}", waiting.as_str().unwrap()), "").await.unwrap();
    let mut told = Vec::new();
    for _ in 0..4 {
        let message = socket.told().await;
        assert_eq!(message["stream"], "trade_updates");
        let data = &message["data"];
        told.push((data["event"].as_str().unwrap().to_owned(), data["order"]["id"].clone()));
        if data["event"] == "fill" {
            assert_eq!((&data["qty"], &data["position_qty"]), (&json!("5"), &json!("5")));
            let activity = wire.get("/v2/account/activities/FILL").await;
            let execution = data["execution_id"].as_str().unwrap();
            assert!(activity[0]["id"].as_str().unwrap().ends_with(&format!("::{execution}")));
        }
    }
    let expect = [("new", &id), ("fill", &id), ("new", &waiting), ("canceled", &waiting)];
    assert_eq!(told, expect.map(|(event, id)| (event.to_owned(), id.clone())));
}

#[tokio::test]
async fn everybody_who_listens_is_told_and_nobody_else() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let (mut first, mut second) = (Socket::listening(&server).await, Socket::listening(&server).await);
    first.say(&json!({"action": "listen", "data": {"streams": []}})).await;
    assert_eq!(first.told().await["data"]["streams"], json!([]));
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    assert_eq!(second.told().await["data"]["event"], "new");
    // Had it been told, this answer would not be the next thing it hears.
    first.say(&json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
    assert_eq!(first.told().await["stream"], "listening");
}

#[tokio::test]
async fn a_reset_and_the_end_of_the_server_end_the_stream() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::listening(&server).await;
    wire.json("POST", "/sim/reset", &json!({})).await;
    socket.ended().await;
    let mut socket = Socket::listening(&server).await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    assert_eq!(socket.told().await["data"]["event"], "new", "of the fresh venue");
    drop(server);
    socket.ended().await;
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_come_within_ten_seconds_come_too_late() {
    let (_venue, server, _) = serve("10:00").await;
    let mut socket = Socket::open(&server, "/stream").await;
    assert_eq!(socket.told().await, authorization("unauthorized"));
    socket.ended().await;
}

#[tokio::test]
async fn one_that_asks_without_a_websocket_is_told_what_is_wrong() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    for path in ["/stream", "/v2/iex"] {
        let reply = wire.ask("GET", path, "").await.unwrap();
        assert_eq!(reply.status, 400, "{path}");
        assert!(reply.json()["message"].is_string());
    }
}
