//! Clocks that go by themselves. The runtime's time is paused: it goes on when everybody waits.

use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use broker_sim::{Pace, Source, Venue, pace};
use market::{TimeDelta, Timestamp};
use serde_json::json;
use tokio::time::sleep;

use crate::wire::{Wire, at, config, day, limit};

fn venue(pace: Pace) -> Venue {
    Venue::of(config("10:00"), Source::given(day()), pace).unwrap()
}

/// The world's time, where it is nobody's business.
fn nobody() -> Timestamp {
    panic!("nobody asks for the world's time")
}

#[tokio::test(start_paused = true)]
async fn at_a_fixed_speed_the_venues_time_goes_by_so_much_faster() {
    let venue = venue(Pace::Speed(60.0));
    tokio::spawn(pace::keep(venue.clone(), nobody));
    sleep(Duration::from_secs(10)).await;
    let passed = venue.now().since(at("10:00"));
    assert!((TimeDelta::seconds(598)..=TimeDelta::seconds(600)).contains(&passed), "{passed}");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_goes_may_be_moved_on_as_well() {
    let venue = venue(Pace::Speed(1.0));
    tokio::spawn(pace::keep(venue.clone(), nobody));
    sleep(Duration::from_secs(5)).await;
    venue.advance_to(at("11:00"));
    sleep(Duration::from_secs(5)).await;
    let passed = venue.now().since(at("11:00"));
    assert!((TimeDelta::milliseconds(4_980)..=TimeDelta::milliseconds(5_020)).contains(&passed), "{passed}");
}

#[tokio::test(start_paused = true)]
async fn orders_fill_while_time_goes_by() {
    let venue = venue(Pace::Speed(100.0));
    tokio::spawn(pace::keep(venue.clone(), nobody));
    let order = broker_sim::engine::Request {
        method: "POST".to_owned(),
        path: "/v2/orders".to_owned(),
        key_id: Some("key".to_owned()),
        secret_key: Some("secret".to_owned()),
        body: limit("FALL", "buy", 1, "15.00").to_string(),
        ..Default::default()
    };
    assert_eq!(venue.handle(&order).status, 200);
    assert!(venue.truth().fills.is_empty());
    sleep(Duration::from_secs(6 * 36)).await;
    assert_eq!(venue.truth().fills.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_stepped_clock_stands_still() {
    let venue = venue(Pace::Stepped);
    pace::keep(venue.clone(), nobody).await;
    sleep(Duration::from_secs(100)).await;
    assert_eq!(venue.now(), at("10:00"));
}

#[tokio::test(start_paused = true)]
async fn a_real_clock_is_the_worlds() {
    static WORLD: AtomicI64 = AtomicI64::new(0);
    WORLD.store(at("10:00").unix_nanos(), Ordering::SeqCst);
    let venue = venue(Pace::Real);
    tokio::spawn(pace::keep(venue.clone(), || Timestamp::from_unix_nanos(WORLD.load(Ordering::SeqCst))));
    for time in ["10:00", "10:07", "12:00"] {
        WORLD.store(at(time).unix_nanos(), Ordering::SeqCst);
        sleep(Duration::from_millis(21)).await;
        assert_eq!(venue.now(), at(time));
    }
}

#[tokio::test]
async fn nobody_moves_a_real_clock_nor_begins_at_another_instant() {
    let venue = venue(Pace::Real);
    let server = venue.serve().await.unwrap();
    let mut wire = Wire::to(&server).await;
    for (path, body, status) in [
        ("/sim/advance", json!({"seconds": 1}), 409),
        ("/sim/reset", json!({"start": "2026-11-10T15:00:00Z"}), 409),
        ("/sim/reset", json!({"seed": 4}), 200),
    ] {
        assert_eq!(wire.ask("POST", path, &body.to_string()).await.unwrap().status, status, "{path} {body}");
    }
}
