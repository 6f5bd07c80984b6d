//! `/v2/{feed}`: who is let in, and what is told of the market.

use broker_sim::{DataPlan, QUEUE_MAX};
use futures_util::{SinkExt, StreamExt};
use market::TimeDelta;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::{
    socket::Socket,
    wire::{self, order, serve, within},
};

fn auth() -> Value {
    json!({"action": "auth", "key": "key", "secret": "secret"})
}

fn error(code: u16, message: &str) -> Value {
    json!([{"T": "error", "code": code, "msg": message}])
}

#[tokio::test]
async fn trades_quotes_and_bars_of_what_is_subscribed_are_told_as_time_goes_by() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let channels = json!({"trades": ["RISE"], "quotes": ["RISE"], "bars": ["*"]});
    let mut socket = Socket::subscribed(&server, "iex", channels).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    let told = socket.told().await;
    let told = told.as_array().unwrap();
    let kinds =
        |symbol: &str, kind: &str| told.iter().filter(|message| message["S"] == symbol && message["T"] == kind).count();
    assert_eq!((kinds("RISE", "t"), kinds("RISE", "q")), (4, 4), "a tick every quarter of a minute");
    assert_eq!((kinds("RISE", "b"), kinds("FALL", "b")), (1, 1));
    assert_eq!((kinds("FALL", "t"), told.len()), (0, 10));
    let times: Vec<&str> = told.iter().filter(|m| m["T"] == "t").map(|m| m["t"].as_str().unwrap()).collect();
    assert!(times.is_sorted() && times[0] > "2026-11-10T15:00:00Z", "{times:?}");
}

#[tokio::test]
async fn a_print_by_hand_and_a_halt_are_told_at_once() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::subscribed(&server, "sip", json!({"trades": ["RISE"], "statuses": ["*"]})).await;
    wire.json("POST", "/sim/tick", &json!({"symbol": "RISE", "price": "11.11", "volume": 7})).await;
    let told = socket.told().await;
    assert_eq!((&told[0]["T"], &told[0]["p"], &told[0]["s"]), (&json!("t"), &json!(11.11), &json!(7)));
    wire.json("POST", "/sim/halt", &json!({"symbol": "FALL", "halted": true})).await;
    let told = socket.told().await;
    assert_eq!((&told[0]["T"], &told[0]["S"]), (&json!("s"), &json!("FALL")));
}

#[tokio::test]
async fn what_is_unsubscribed_is_told_no_more() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let mut socket = Socket::subscribed(&server, "test", json!({"trades": ["RISE", "FALL"]})).await;
    socket.say(&json!({"action": "unsubscribe", "trades": ["RISE"]})).await;
    assert_eq!(socket.told().await[0]["trades"], json!(["FALL"]));
    wire.json("POST", "/sim/advance", &json!({"seconds": 15})).await;
    let told = socket.told().await;
    assert_eq!((told.as_array().unwrap().len(), &told[0]["S"]), (1, &json!("FALL")));
}

#[tokio::test]
async fn troubles_are_told_by_their_numbers() {
    let (venue, server, _) = serve("10:00").await;
    let mut socket = Socket::open(&server, "/v2/iex").await;
    socket.greeted().await;
    socket.say(&json!({"action": "subscribe", "trades": ["RISE"]})).await;
    assert_eq!(socket.told().await, error(401, "not authenticated"));
    socket.say(&json!("hello")).await;
    assert_eq!(socket.told().await, error(400, "invalid syntax"));
    socket.say(&auth()).await;
    assert_eq!(socket.told().await[0]["msg"], "authenticated");
    socket.say(&auth()).await;
    assert_eq!(socket.told().await, error(403, "already authenticated"));
    socket.say(&json!({"action": "subscribe", "quotes": ["*"]})).await;
    assert_eq!(socket.told().await, error(405, "symbol limit exceeded"));

    let mut second = Socket::open(&server, "/v2/sip").await;
    second.greeted().await;
    second.say(&auth()).await;
    assert_eq!(second.told().await, error(406, "connection limit exceeded"));
    second.ended().await;

    venue.set_plan(DataPlan::Basic);
    let mut third = Socket::open(&server, "/v2/sip").await;
    third.greeted().await;
    third.say(&auth()).await;
    assert_eq!(third.told().await, error(409, "insufficient subscription"));
    third.ended().await;
}

#[tokio::test]
async fn wrong_keys_are_not_let_in_and_a_place_that_is_given_up_is_free() {
    let (_venue, server, _) = serve("10:00").await;
    let mut socket = Socket::open(&server, "/v2/iex").await;
    socket.greeted().await;
    socket.say(&json!({"action": "auth", "key": "key", "secret": "wrong"})).await;
    assert_eq!(socket.told().await, error(402, "auth failed"));
    socket.ended().await;
    for _ in 0..3 {
        let mut socket = Socket::subscribed(&server, "iex", json!({"bars": ["*"]})).await;
        socket.0.close(None).await.unwrap();
        socket.ended().await;
        while within(socket.0.next()).await.is_some() {}
    }
}

#[tokio::test(start_paused = true)]
async fn keys_that_do_not_come_within_ten_seconds_come_too_late() {
    let (_venue, server, _) = serve("10:00").await;
    let mut socket = Socket::open(&server, "/v2/iex").await;
    socket.greeted().await;
    assert_eq!(socket.told().await, error(404, "auth timeout"));
    socket.ended().await;
}

#[tokio::test]
async fn one_that_speaks_messagepack_is_told_in_it() {
    let (_venue, server, mut wire) = serve("10:00").await;
    let headers = [("content-type", "application/msgpack")];
    let mut socket = Socket::with_headers(&server, "/v2/sip", &headers).await;
    let unpacked = |message: Message| rmp_serde::from_slice::<Value>(&message.into_data()).unwrap();
    assert_eq!(unpacked(socket.frame().await)[0]["msg"], "connected");
    for said in [auth(), json!({"action": "subscribe", "trades": ["RISE"]})] {
        socket.0.send(Message::binary(rmp_serde::to_vec(&said).unwrap())).await.unwrap();
        let answer = socket.frame().await;
        assert!(answer.is_binary());
        assert!(unpacked(answer)[0]["T"].is_string());
    }
    wire.json("POST", "/sim/tick", &json!({"symbol": "RISE", "price": "11.11"})).await;
    let bytes = socket.frame().await.into_data();
    let stamp = [b't', 0xd7, 0xff];
    assert!(bytes.windows(3).any(|window| window == stamp), "an instant is a timestamp of eight bytes: {bytes:?}");
    assert!(bytes.windows(8).any(|window| window == 11.11_f64.to_be_bytes()), "a price is a number");
}

#[tokio::test]
async fn one_that_does_not_read_is_cut_and_the_others_are_not() {
    let (venue, server, mut wire) = serve("10:00").await;
    let mut slow = Socket::subscribed(&server, "sip", json!({"trades": ["RISE"]})).await;
    let mut other = Socket::listening(&server).await;
    // Nothing can be read while this goes on: a frame each time, one more than the queue holds.
    for _ in 0..=QUEUE_MAX {
        venue.advance_to(venue.now() + TimeDelta::seconds(15));
    }
    assert_eq!(slow.told().await, error(407, "slow client"));
    slow.ended().await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 1)).await;
    assert_eq!(other.told().await["data"]["event"], "new");
    Socket::subscribed(&server, "sip", json!({"trades": ["RISE"]})).await;
}

#[tokio::test]
async fn a_clock_that_is_moved_far_waits_for_who_listens() {
    let (_venue, server, mut wire) = serve("09:30").await;
    let mut socket = Socket::subscribed(&server, "sip", json!({"trades": ["*"], "quotes": ["*"]})).await;
    let to = json!({"to": wire::at("16:00")});
    let advance = wire.json("POST", "/sim/advance", &to);
    let hear = async {
        let (mut heard, mut latest) = (0, String::new());
        while !latest.starts_with("2026-11-10T20:59:45") {
            let told = socket.told().await;
            let told = told.as_array().unwrap();
            heard += told.len();
            latest = told.last().unwrap()["t"].as_str().unwrap().to_owned();
        }
        heard
    };
    let (_, heard) = tokio::join!(advance, hear);
    assert!(heard >= 4 * 1_559, "every tick of both symbols, trade and quote: {heard}");
}

#[tokio::test]
async fn a_season_goes_by_while_somebody_listens() {
    let (venue, server, mut wire) = serve("15:59").await;
    let mut socket = Socket::subscribed(&server, "sip", json!({"bars": ["RISE"]})).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 90 * 86_400})).await;
    assert_eq!(socket.told().await[0]["t"], "2026-11-10T20:59:00Z", "the last minute there is");
    assert_eq!(venue.now(), wire::at("15:59") + TimeDelta::days(90));
}
