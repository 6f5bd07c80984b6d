//! The rate limit on the wire: who waits, who does not, and what the broker's headers change.

use trading::order::Purpose;

use super::*;
use crate::alpaca::ticket::Ticket;

#[tokio::test]
async fn ordinary_requests_stop_at_half_and_protection_goes_on() {
    let server = Canned::start(vec![Behaviour::json(200, "[]")]).await;
    let client = limited(&server.base_url, 4);
    let day = "2026-11-10".parse().unwrap();
    for _ in 0..2 {
        client.calendar(day, day).await.unwrap();
    }
    let error = client.calendar(day, day).await.unwrap_err();
    assert!(error.why.starts_with("not sent: the rate limit has room for it in "), "{error}");
    for _ in 0..8 {
        client.positions().await.unwrap();
        client.orders(OrderFilter::Open).await.unwrap();
    }
    assert_eq!(server.requests().len(), 18);
}

#[tokio::test]
async fn an_opening_beyond_half_is_retryable_and_a_stop_is_sent() {
    let server = Canned::start(vec![Behaviour::json(200, order_json("id-1", "new"))]).await;
    let client = limited(&server.base_url, 2);
    let order = |purpose| Ticket::from(&OrderRequest { purpose, ..limit_order() });
    assert_eq!(word(&client.post(&order(Purpose::Open)).await), "accepted");
    let outcome = client.post(&order(Purpose::Open)).await;
    let SubmitOutcome::Retryable { after: Some(after), .. } = outcome else { panic!("{outcome:?}") };
    assert!(after > Duration::from_secs(50) && after <= Duration::from_secs(60), "{after:?}");
    for purpose in [Purpose::Reduce, Purpose::Protect, Purpose::Flatten] {
        assert_eq!(word(&client.post(&order(purpose)).await), "accepted", "{purpose}");
    }
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn reads_aside_are_ordinary_and_count_with_all_others() {
    let server = Canned::start(vec![Behaviour::json(200, "[]")]).await;
    let client = limited(&server.base_url, 4);
    let beside = Config { is_aside: true, beside: client.reckoning(), ..config(&server.base_url) };
    for aside in [client.aside(), Alpaca::new(&beside).unwrap()] {
        aside.executions(Timestamp::from_unix_nanos(0)).await.unwrap();
    }
    for aside in [client.aside(), Alpaca::new(&beside).unwrap()] {
        aside.executions(Timestamp::from_unix_nanos(0)).await.unwrap_err();
        aside.orders(OrderFilter::Open).await.unwrap_err();
        aside.order_by_client_id(&"id-1".parse().unwrap()).await.unwrap_err();
    }
    assert!(client.held_back().is_some(), "and openings know of them");
    client.orders(OrderFilter::Open).await.unwrap();
    client.executions(Timestamp::from_unix_nanos(0)).await.unwrap();
    assert_eq!(server.requests().len(), 4);
}

#[tokio::test]
async fn a_429_to_one_client_is_heard_by_the_others() {
    let refusal = Behaviour::Answer { status: 429, headers: "Retry-After: 30\r\n", body: "{}".to_owned() };
    let server = Canned::start(vec![refusal]).await;
    let mut config = config(&server.base_url);
    (config.limits.requests_a_minute, config.limits.pause) = (Some(200), Duration::ZERO);
    let client = Alpaca::new(&config).unwrap();
    let aside = client.aside();
    client.orders(OrderFilter::Open).await.unwrap_err();
    assert_eq!(server.requests().len(), 3, "protection asks again");
    let error = aside.orders(OrderFilter::Open).await.unwrap_err();
    assert!(error.why.starts_with("not sent: the rate limit has room for it in "), "{error}");
    assert_eq!(server.requests().len(), 3);
}

#[tokio::test]
async fn the_two_interfaces_have_a_limit_each() {
    let server = Canned::start(vec![Behaviour::json(200, r#"{"bars":{},"trades":{}}"#)]).await;
    let client = limited(&server.base_url, 2);
    client.latest_trades(&["AAPL".parse().unwrap()]).await.unwrap();
    assert!(client.latest_trades(&["AAPL".parse().unwrap()]).await.is_err());
    let outcome = client.post(&(&limit_order()).into()).await;
    assert!(matches!(outcome, SubmitOutcome::Unknown { .. }), "sent, whatever the answer is: {outcome:?}");
    client.quotes(&["AAPL".parse().unwrap()]).await.unwrap_err();
    assert_eq!(server.requests().len(), 3, "a quote is asked for as what protection needs");
}

#[tokio::test]
async fn what_the_broker_says_is_left_holds_openings_and_lets_stops_through() {
    let reset = (now() + 30).to_string();
    let headers = format!("X-RateLimit-Limit: 200\r\nX-RateLimit-Remaining: 3\r\nX-RateLimit-Reset: {reset}\r\n");
    let answer = Behaviour::Answer { status: 200, headers: headers.leak(), body: order_json("id-1", "new") };
    let server = Canned::start(vec![answer]).await;
    let client = limited(&server.base_url, 200);
    let order = |purpose| Ticket::from(&OrderRequest { purpose, ..limit_order() });
    assert_eq!(word(&client.post(&order(Purpose::Protect)).await), "accepted");
    let outcome = client.post(&order(Purpose::Open)).await;
    let SubmitOutcome::Retryable { after: Some(after), .. } = outcome else { panic!("{outcome:?}") };
    assert!(after <= Duration::from_secs(31), "{after:?}");
    assert_eq!(word(&client.post(&order(Purpose::Protect)).await), "accepted");
}

#[tokio::test]
async fn a_venues_minutes_go_by_on_its_own_clock() {
    let now: Timestamp = "2017-11-10T14:30:00Z".parse().unwrap();
    let at = |seconds| now + market::TimeDelta::seconds(seconds);
    let reset = at(30).unix_seconds();
    let headers = format!("X-RateLimit-Limit: 200\r\nX-RateLimit-Remaining: 3\r\nX-RateLimit-Reset: {reset}\r\n");
    let answer = Behaviour::Answer { status: 200, headers: headers.leak(), body: "[]".to_owned() };
    let server = Canned::start(vec![answer]).await;
    let client = client(&server.base_url);
    client.reckoning().unwrap().tell(now);
    client.orders(OrderFilter::Open).await.unwrap();
    for (seconds, held_back) in [(0, Some(30)), (29, Some(1)), (30, None)] {
        client.reckoning().unwrap().tell(at(seconds));
        assert_eq!(client.held_back(), held_back.map(Duration::from_secs), "{seconds}");
    }
}

#[tokio::test]
async fn headers_of_nonsense_change_nothing() {
    for headers in [
        "X-RateLimit-Limit: 0\r\nX-RateLimit-Remaining: many\r\nX-RateLimit-Reset: soon\r\n",
        "X-RateLimit-Limit: -5\r\nX-RateLimit-Remaining: -1\r\nX-RateLimit-Reset: -1\r\n",
        "X-RateLimit-Limit: 200\r\nX-RateLimit-Remaining: 9999999999\r\nX-RateLimit-Reset: 99999999999999999999\r\n",
        "X-RateLimit-Limit: 200\r\nX-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1000\r\n",
    ] {
        let answer = Behaviour::Answer { status: 200, headers, body: "[]".to_owned() };
        let server = Canned::start(vec![answer]).await;
        let client = limited(&server.base_url, 200);
        let day = "2026-11-10".parse().unwrap();
        for _ in 0..5 {
            client.calendar(day, day).await.unwrap_or_else(|error| panic!("{headers}: {error}"));
        }
    }
}

#[tokio::test]
async fn patience_ends_a_read_however_many_tries_are_left() {
    let server = Canned::start(vec![Behaviour::Mute]).await;
    let mut config = config(&server.base_url);
    config.limits.total = Duration::from_millis(300);
    config.limits.patience = Duration::from_millis(200);
    let started = std::time::Instant::now();
    assert!(Alpaca::new(&config).unwrap().positions().await.is_err());
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_eq!(server.requests().len(), 1);
}

fn limited(base_url: &str, requests_a_minute: u32) -> Alpaca {
    let mut config = config(base_url);
    config.limits.requests_a_minute = Some(requests_a_minute);
    let client = Alpaca::new(&config).unwrap();
    client.agreement.heard(&ACCOUNT.parse().unwrap());
    client
}

fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// A first read of months is many pages: they must not take the room that protection needs.
#[tokio::test]
async fn after_its_first_page_a_long_history_waits_its_turn_and_orders_do_not() {
    let fill = |n: usize| {
        format!(
            r#"{{"activity_type":"FILL","id":"2026::{n:03}","order_id":"o-1","symbol":"AAPL","side":"sell","qty":"1",
            "price":"10.5","transaction_time":"2026-11-10T14:30:00.{n:03}Z","type":"fill"}}"#
        )
    };
    let page = |range: std::ops::Range<usize>| {
        Behaviour::json(200, format!("[{}]", range.map(fill).collect::<Vec<_>>().join(",")))
    };
    let server = Canned::start(vec![page(0..100), page(100..200), page(200..300)]).await;
    let client = limited(&server.base_url, 2);
    let error = client.executions("2026-11-10T14:00:00Z".parse().unwrap()).await.unwrap_err();
    assert!(error.why.starts_with("not sent: the rate limit"), "{error}");
    assert_eq!(server.requests().len(), 2, "the first as protection's, the second as the one of the other half");

    let orders = |from: usize| {
        let orders: Vec<String> =
            (from..from + 500).map(|n| order_json_at(n, &format!("2026-11-10T14:30:00.{n:09}Z"))).collect();
        Behaviour::json(200, format!("[{}]", orders.join(",")))
    };
    let server = Canned::start(vec![orders(0), orders(500), orders(1_000), Behaviour::json(200, "[]")]).await;
    assert_eq!(limited(&server.base_url, 2).orders(OrderFilter::Open).await.unwrap().listed.len(), 1_500);
}

/// A 429 that asks for no pause at all is no reason to ask again at once.
#[test]
fn what_the_broker_asks_for_never_shortens_the_pause() {
    let mut config = config("http://127.0.0.1:1");
    config.limits.backoff = Duration::from_secs(1);
    let transport = crate::alpaca::transport::Transport::new(&config).unwrap();
    for (asked, least, most) in [(None, 0.5, 1.5), (Some(0), 0.5, 1.5), (Some(3), 3.0, 3.0), (Some(99), 5.0, 5.0)] {
        let pause = transport.pause(1, asked.map(Duration::from_secs)).as_secs_f64();
        assert!((least..=most).contains(&pause), "{asked:?}: {pause}");
    }
}
