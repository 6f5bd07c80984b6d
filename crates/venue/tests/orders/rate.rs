//! The rate limit, by the venue's clock.

use serde_json::Value;
use venue::Request;

use crate::floor::{Floor, on};

fn ask(floor: &mut Floor, key: &str) -> (u16, Option<(u32, u32, i64)>, Value) {
    let request = Request {
        method: "GET".to_owned(),
        path: "/v2/clock".to_owned(),
        key_id: Some(key.to_owned()),
        secret_key: Some("secret".to_owned()),
        ..Request::default()
    };
    let response = floor.engine.handle(&request);
    let rate = response.rate.map(|rate| (rate.limit, rate.remaining, rate.reset));
    (response.status, rate, response.json())
}

#[test]
fn a_minute_has_so_many_requests() {
    let mut floor = Floor::with("10:00:30", |config| config.rate_limit = Some(3));
    let reset = on("2026-11-10", "10:01").unix_seconds();
    for remaining in [2, 1, 0] {
        let (status, rate, _) = ask(&mut floor, "key");
        assert_eq!((status, rate), (200, Some((3, remaining, reset))));
    }
    let (status, rate, body) = ask(&mut floor, "key");
    assert_eq!((status, rate), (429, Some((3, 0, reset))));
    assert_eq!(body, serde_json::json!({"code": 42_910_000, "message": "rate limit exceeded"}));
    assert_eq!(ask(&mut floor, "wrong").0, 403, "strangers are told so");
    floor.advance("10:00:59");
    assert_eq!(ask(&mut floor, "key").0, 429);
    floor.advance("10:01");
    assert_eq!(ask(&mut floor, "key").1, Some((3, 2, reset + 60)));
}

#[test]
fn without_a_limit_nothing_is_said_of_it() {
    let mut floor = Floor::at("10:00");
    assert_eq!(ask(&mut floor, "key").1, None);
}
