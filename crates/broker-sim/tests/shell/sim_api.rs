//! The simulator's own endpoints.

use serde_json::{Value, json};

use crate::wire::{self, limit, order, serve, serve_with};

#[tokio::test]
async fn the_clock_is_read_and_moved_to_an_instant_or_by_seconds() {
    let (venue, _server, mut wire) = serve("10:00").await;
    assert_eq!(wire.get("/sim/clock").await, json!({"timestamp": "2026-11-10T15:00:00Z"}));
    let moved = wire.json("POST", "/sim/advance", &json!({"to": "2026-11-10T10:05:00-05:00"})).await;
    assert_eq!(moved, json!({"timestamp": "2026-11-10T15:05:00Z"}));
    let moved = wire.json("POST", "/sim/advance", &json!({"seconds": 1.5})).await;
    assert_eq!(moved, json!({"timestamp": "2026-11-10T15:05:01.500Z"}));
    wire.json("POST", "/sim/advance", &json!({"to": "2026-11-10T15:00:00Z"})).await;
    assert_eq!(venue.now(), "2026-11-10T15:05:01.5Z".parse().unwrap(), "time never goes back");
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_and_says_so() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    let table: [(&str, &str, Value, u16); 28] = [
        ("POST", "/sim/advance", json!({}), 422),
        ("POST", "/sim/advance", json!({"seconds": -1}), 422),
        ("POST", "/sim/advance", json!({"seconds": 1, "to": "2026-11-10T15:00:00Z"}), 422),
        ("POST", "/sim/advance", json!({"to": "noon"}), 422),
        ("POST", "/sim/advance", json!({"minutes": 1}), 422),
        ("POST", "/sim/reset", json!({"multiplier": 3}), 422),
        ("POST", "/sim/reset", json!({"rate_limit": 0}), 422),
        ("POST", "/sim/reset", json!({"cash": "-1"}), 422),
        ("POST", "/sim/reset", json!({"colour": "blue"}), 422),
        ("POST", "/sim/faults", json!({"script": [{"fault": "nonsense"}]}), 422),
        ("POST", "/sim/faults", json!({"probability": {"hang": 2}}), 422),
        ("POST", "/sim/stream", json!({"stream": "news", "fault": "cut"}), 422),
        ("POST", "/sim/stream", json!({"stream": "data", "fault": {"late": {"ms": 600_000}}}), 422),
        ("POST", "/sim/skew", json!({"seconds": 1e12}), 422),
        ("POST", "/sim/calendar", json!({"wrong": "always"}), 422),
        ("POST", "/sim/tick", json!({"symbol": "RISE"}), 422),
        ("POST", "/sim/tick", json!({"symbol": "RISE", "price": "-1"}), 422),
        ("POST", "/sim/split", json!({"symbol": "RISE", "numerator": 0, "denominator": 1}), 422),
        ("POST", "/sim/reset", json!({"quote_age_ms": 86_400_001}), 422),
        ("POST", "/sim/reset", json!({"split_orders": "forget"}), 422),
        ("POST", "/sim/reject", json!({}), 422),
        ("POST", "/sim/reject", json!({"next": false}), 422),
        ("POST", "/sim/reject", json!({"next": true, "client_order_id": "mine"}), 422),
        ("POST", "/sim/lag", json!({"activities": -1}), 422),
        ("POST", "/sim/lag", json!({"positions": 86_400_001}), 422),
        ("POST", "/sim/lag", json!({"orders": 5}), 422),
        ("GET", "/sim/nothing", json!({}), 404),
        ("PUT", "/sim/clock", json!({}), 405),
    ];
    for (method, path, body, status) in table {
        let reply = wire.ask(method, path, &body.to_string()).await.unwrap();
        assert_eq!(reply.status, status, "{method} {path} {body}: {}", reply.text());
        assert!(reply.json()["message"].is_string(), "{method} {path} {body}");
        assert!(reply.header("x-request-id").starts_with("own-"));
    }
}

#[tokio::test]
async fn a_long_body_is_refused_wherever_it_goes() {
    let (_venue, server, _) = serve("10:00").await;
    let body = "x".repeat(70_000);
    for path in ["/v2/orders", "/sim/reset"] {
        let mut wire = wire::Wire::to(&server).await;
        assert_eq!(wire.ask("POST", path, &body).await.unwrap().status, 413, "{path}");
    }
}

#[tokio::test]
async fn a_reset_venue_is_a_fresh_one() {
    let (venue, _server, mut wire) = serve("10:00").await;
    let before = wire.get("/sim/truth").await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    wire.json("POST", "/sim/skew", &json!({"seconds": 60})).await;
    wire.json("POST", "/sim/faults", &json!({"script": [{"times": 9, "fault": "hang"}]})).await;
    assert_ne!(wire.get("/sim/truth").await, before);

    let reset = wire.json("POST", "/sim/reset", &json!({})).await;
    assert_eq!(reset, json!({"timestamp": "2026-11-10T15:00:00Z"}));
    assert_eq!(wire.get("/sim/truth").await, before);
    assert_eq!(venue.event_log(), "");
    assert_eq!(wire.get("/sim/requests").await, json!([]));
    assert_eq!(wire.get("/v2/clock").await["timestamp"], "2026-11-10T10:00:00-05:00");
}

#[tokio::test]
async fn a_reset_venue_has_what_it_was_asked_for_and_the_next_reset_has_not() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    let asked = json!({"seed": 9, "cash": "2500", "start": "2026-11-10T16:00:00Z", "rate_limit": 2, "multiplier": 2});
    wire.json("POST", "/sim/reset", &asked).await;
    let account = wire.get("/v2/account").await;
    assert_eq!((&account["cash"], &account["buying_power"]), (&json!("2500.00"), &json!("5000.00")));
    assert_eq!(wire.get("/sim/clock").await, json!({"timestamp": "2026-11-10T16:00:00Z"}));
    wire.get("/v2/account").await;
    assert_eq!(wire.ask("GET", "/v2/account", "").await.unwrap().status, 429);
    wire.json("POST", "/sim/reset", &json!({})).await;
    assert_eq!(wire.get("/v2/account").await["cash"], "10000.00");
    wire.get("/v2/account").await;
    wire.get("/v2/account").await;
}

#[tokio::test]
async fn the_rate_limit_is_in_the_headers_and_every_answer_has_an_id() {
    let config = broker_sim::VenueConfig { rate_limit: Some(2), ..wire::config("10:00") };
    let (_venue, _server, mut wire) = serve_with(config).await;
    let mut ids = Vec::new();
    for (status, remaining) in [(200, "1"), (200, "0"), (429, "0")] {
        let reply = wire.ask("GET", "/v2/account", "").await.unwrap();
        assert_eq!(reply.status, status);
        assert_eq!((reply.header("x-ratelimit-limit"), reply.header("x-ratelimit-remaining")), ("2", remaining));
        assert_eq!(reply.header("x-ratelimit-reset"), wire::at("10:01").unix_seconds().to_string());
        ids.push(reply.header("x-request-id").to_owned());
    }
    assert_eq!(ids, ["sim-00000001", "sim-00000002", "sim-00000003"]);
}

#[tokio::test]
async fn requests_are_listed_but_not_the_simulators_own() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    let body = limit("RISE", "buy", 1, "9.00").to_string();
    wire.ask("POST", "/v2/orders", &body).await.unwrap();
    wire.get("/sim/truth").await;
    wire.get("/v2/orders?status=all").await;
    let expect = json!([
        {"number": 1, "method": "POST", "path": "/v2/orders", "query": "", "body": body},
        {"number": 2, "method": "GET", "path": "/v2/orders", "query": "status=all", "body": ""},
    ]);
    assert_eq!(wire.get("/sim/requests").await, expect);
}

#[tokio::test]
async fn the_event_log_is_text_an_object_a_line() {
    let (venue, _server, mut wire) = serve("10:00").await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    let log = wire.ask("GET", "/sim/events", "").await.unwrap();
    assert_eq!(log.text(), venue.event_log());
    for line in log.text().lines() {
        assert!(serde_json::from_str::<Value>(line).unwrap()["event"].is_string(), "{line}");
    }
}

#[tokio::test]
async fn a_print_by_hand_meets_the_open_orders_at_once() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    let id = wire.json("POST", "/v2/orders", &limit("RISE", "buy", 5, "9.00")).await["id"].clone();
    let path = format!("/v2/orders/{}", id.as_str().unwrap());
    let tick = json!({"symbol": "RISE", "price": "8.98", "bid": "8.97", "ask": "8.99", "volume": 3});
    assert_eq!(wire.json("POST", "/sim/tick", &tick).await, json!({"timestamp": "2026-11-10T15:00:00Z"}));
    let met = wire.get(&path).await;
    assert_eq!((&met["status"], &met["filled_qty"]), (&json!("partially_filled"), &json!("3")));
    assert_eq!(met["filled_avg_price"].as_str().unwrap().parse::<f64>().unwrap(), 8.99);
    wire.json("POST", "/sim/tick", &json!({"symbol": "RISE", "price": 8.5})).await;
    assert_eq!(wire.get(&path).await["status"], "filled");
}

#[tokio::test]
async fn nothing_fills_while_a_symbol_is_halted() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    wire.json("POST", "/sim/halt", &json!({"symbol": "RISE", "halted": true})).await;
    let id = wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await["id"].clone();
    let path = format!("/v2/orders/{}", id.as_str().unwrap());
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    assert_eq!(wire.get(&path).await["filled_qty"], "0");
    wire.json("POST", "/sim/halt", &json!({"symbol": "RISE", "halted": false})).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    assert_eq!(wire.get(&path).await["status"], "filled");
}

#[tokio::test]
async fn a_split_by_hand_makes_more_shares_of_the_same_cost() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 60})).await;
    let before = wire.get("/v2/positions/RISE").await;
    wire.json("POST", "/sim/split", &json!({"symbol": "RISE", "numerator": 2, "denominator": 1})).await;
    let after = wire.get("/v2/positions/RISE").await;
    assert_eq!((&before["qty"], &after["qty"]), (&json!("5"), &json!("10")));
    assert_eq!(before["cost_basis"], after["cost_basis"]);
}

#[tokio::test]
async fn clock_and_calendar_lie_and_trading_does_not() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    wire.json("POST", "/sim/skew", &json!({"seconds": -90})).await;
    wire.json("POST", "/sim/calendar", &json!({"wrong": "closed_today"})).await;
    let clock = wire.get("/v2/clock").await;
    assert_eq!((&clock["timestamp"], &clock["is_open"]), (&json!("2026-11-10T09:58:30-05:00"), &json!(false)));
    assert_eq!(wire.get("/v2/calendar?start=2026-11-10&end=2026-11-10").await, json!([]));
    assert_eq!(wire.json("POST", "/v2/orders", &order("RISE", "buy", 1)).await["status"], "new");
    wire.json("POST", "/sim/calendar", &json!({"wrong": "half_day_today"})).await;
    assert_eq!(wire.get("/v2/calendar?start=2026-11-10&end=2026-11-10").await[0]["close"], "13:00");
    wire.json("POST", "/sim/calendar", &json!({"wrong": "none"})).await;
    wire.json("POST", "/sim/skew", &json!({"seconds": 0})).await;
    let clock = wire.get("/v2/clock").await;
    assert_eq!((&clock["timestamp"], &clock["is_open"]), (&json!("2026-11-10T10:00:00-05:00"), &json!(true)));
}

#[tokio::test]
async fn an_order_is_rejected_after_it_was_taken() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    wire.json("POST", "/sim/reject", &json!({"next": true})).await;
    let first = wire.json("POST", "/v2/orders", &limit("RISE", "buy", 5, "9.00")).await;
    assert_eq!((&first["status"], &first["failed_at"]), (&json!("rejected"), &json!("2026-11-10T15:00:00Z")));
    let second = wire.json("POST", "/v2/orders", &limit("RISE", "buy", 5, "9.00")).await;
    assert_eq!(second["status"], "new");
    let by_id = json!({"client_order_id": second["client_order_id"]});
    assert_eq!(wire.json("POST", "/sim/reject", &by_id).await, json!({"timestamp": "2026-11-10T15:00:00Z"}));
    let path = format!("/v2/orders/{}", second["id"].as_str().unwrap());
    assert_eq!(wire.get(&path).await["status"], "rejected");
    assert_eq!(wire.ask("POST", "/sim/reject", &by_id.to_string()).await.unwrap().status, 422, "it is over");
    assert_eq!(wire.get("/v2/account").await["buying_power"], "10000.00");
}

#[tokio::test]
async fn reads_are_late_by_what_was_asked_and_a_reset_makes_them_prompt() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    let count = |list: Value| list.as_array().unwrap().len();
    wire.json("POST", "/sim/lag", &json!({"activities": 60_000})).await;
    wire.json("POST", "/sim/lag", &json!({"positions": 30_000})).await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    for (seconds, activities, positions) in [(15, 0, 0), (29, 0, 0), (1, 0, 1), (29, 0, 1), (1, 1, 1)] {
        wire.json("POST", "/sim/advance", &json!({"seconds": seconds})).await;
        let counts = (count(wire.get("/v2/account/activities").await), count(wire.get("/v2/positions").await));
        assert_eq!(counts, (activities, positions), "{seconds} seconds on");
    }
    wire.json("POST", "/sim/reset", &json!({})).await;
    wire.json("POST", "/v2/orders", &order("RISE", "buy", 5)).await;
    wire.json("POST", "/sim/advance", &json!({"seconds": 15})).await;
    let counts = (count(wire.get("/v2/account/activities").await), count(wire.get("/v2/positions").await));
    assert_eq!(counts, (1, 1));
}

#[tokio::test]
async fn a_reset_says_how_old_quotes_are_and_what_splits_do() {
    let (_venue, _server, mut wire) = serve("10:00").await;
    wire.json("POST", "/sim/reset", &json!({"quote_age_ms": 90_000})).await;
    assert_eq!(wire.get("/v2/stocks/RISE/quotes/latest").await["quote"]["t"], "2026-11-10T14:58:30Z");
    for (way, status) in [("restate", "new"), ("replace", "replaced"), ("untouched", "new"), ("cancel", "canceled")] {
        wire.json("POST", "/sim/reset", &json!({"split_orders": way})).await;
        let id = wire.json("POST", "/v2/orders", &limit("RISE", "buy", 5, "9.00")).await["id"].clone();
        wire.json("POST", "/sim/split", &json!({"symbol": "RISE", "numerator": 2, "denominator": 1})).await;
        let order = wire.get(&format!("/v2/orders/{}", id.as_str().unwrap())).await;
        assert_eq!(order["status"], status, "{way}");
        assert_eq!(order["qty"] == "10", way == "restate", "{way}: {order}");
    }
}

#[tokio::test]
async fn the_basic_plan_has_no_recent_sip_data_and_a_reset_does_not_change_that() {
    let (venue, _server, mut wire) = serve("10:00").await;
    let recent = "/v2/stocks/quotes/latest?symbols=RISE&feed=sip";
    wire.get(recent).await;
    venue.set_plan(broker_sim::DataPlan::Basic);
    for _ in 0..2 {
        let reply = wire.ask("GET", recent, "").await.unwrap();
        let message = json!({"message": "subscription does not permit querying recent SIP data"});
        assert_eq!((reply.status, reply.json()), (403, message));
        wire.get("/v2/stocks/quotes/latest?symbols=RISE").await;
        wire.json("POST", "/sim/reset", &json!({})).await;
    }
    venue.set_plan(broker_sim::DataPlan::Plus);
    wire.get(recent).await;
}
