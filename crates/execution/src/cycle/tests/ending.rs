//! A process that is asked to end leaves nothing at the broker that needs it.

use std::time::Duration;

use broker_sim::Moment;
use contract::ExitCode;
use market::TimeDelta;

use super::floor::{Floor, alerts, intents, is_cancel};
use crate::patience::Patience;

#[tokio::test]
async fn a_working_entry_is_withdrawn() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!(engine.wind_down("SIGTERM").await.unwrap(), ExitCode::Ok);
    assert_eq!(floor.orders(), ["SOON_entry_1 Canceled"]);
    assert!(floor.exposure().is_flat());
}

#[tokio::test]
async fn a_fill_that_crosses_the_withdrawal_gets_its_stop() {
    for symbol in ["SOON", "THIN"] {
        let floor = Floor::with(&[symbol]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        let venue = floor.venue.clone();
        let meanwhile = venue.now() + TimeDelta::seconds(15);
        floor.at(Moment::Before, is_cancel, move || venue.advance_to(meanwhile));
        assert_eq!(engine.wind_down("SIGTERM").await.unwrap(), ExitCode::Ok);
        let entry = if symbol == "SOON" { "Filled" } else { "Canceled" };
        assert_eq!(floor.orders(), [format!("{symbol}_entry_1 {entry}"), format!("{symbol}_stop_1 New")]);
        assert!(floor.is_protected(symbol));
        assert_eq!(intents(&engine)[1], format!("{symbol}_stop_1 Working"), "it ends when the stop is seen to work");
    }
}

#[tokio::test]
async fn what_is_held_keeps_its_stop() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    assert_eq!(engine.wind_down("SIGTERM").await.unwrap(), ExitCode::Ok);
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New"]);
    assert!(!floor.exposure().is_flat());
}

#[tokio::test]
async fn a_signal_that_came_before_the_first_look_opens_nothing() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.ending = Some("SIGTERM");
    assert_eq!(engine.run().await.unwrap(), ExitCode::Ok);
    assert_eq!(floor.sends(), 0);
}

#[tokio::test]
async fn a_broker_that_says_nothing_any_more_does_not_keep_the_last_word_back() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    engine.patience = Patience { ending: Duration::from_millis(100), ..Patience::default() };
    floor.hang(|request| request.path == "/v2/orders");
    let ended = tokio::time::timeout(Duration::from_secs(10), engine.wind_down("SIGTERM")).await.unwrap();
    assert_eq!(ended.unwrap(), ExitCode::Unexpected);
    assert_eq!(alerts(&engine), ["ending"]);
}
