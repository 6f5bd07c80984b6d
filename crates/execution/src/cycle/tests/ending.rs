//! A process that is asked to end leaves nothing at the broker that needs it.

use std::time::Duration;

use broker_sim::{Moment, RequestSeen};
use contract::ExitCode;
use market::TimeDelta;

use super::floor::{Floor, alerts, intents, is_cancel, is_for_executions, tellable};
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

/// Longer than any test: what waits for it fails.
const AGES: Duration = Duration::from_secs(600);

#[tokio::test]
async fn asked_to_end_it_waits_for_no_answer() {
    // What is silent, and whether an entry works by then.
    let table = [
        ("/v2/orders", true),
        ("/v2/positions", true),
        ("/v2/account/activities/FILL", true),
        ("/v2/clock", true),
        ("/v2/calendar", false),
        ("/v2/account", false),
        ("/v2/stocks/bars", false),
        ("/v2/assets/SOON", false),
        ("/v2/stocks/quotes/latest", false),
    ];
    for (path, works) in table {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        if works {
            engine.cycle().await.unwrap();
        }
        engine.patience = Patience { aside: AGES, market: AGES, executions: AGES, ..Patience::default() };
        let tell = tellable(&mut engine);
        let mut reached = floor.hang_first(move |request| request.method == "GET" && request.path == path);
        let ask = async {
            reached.recv().await.unwrap();
            tell.send("SIGTERM").unwrap();
        };
        let ended = tokio::time::timeout(Duration::from_secs(10), async { tokio::join!(engine.run(), ask).0 }).await;
        assert_eq!(ended.expect(path).unwrap(), ExitCode::Ok, "{path}");
        let withdrawn: &[&str] = if works { &["SOON_entry_1 Canceled"] } else { &[] };
        assert_eq!(floor.orders(), withdrawn, "{path}");
        assert_eq!(alerts(&engine), Vec::<String>::new(), "{path}: a look that is given up did not fail");
    }
}

#[tokio::test]
async fn executions_that_nobody_tells_keep_no_withdrawal_back() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    engine.memory.unread_looks = 4;
    engine.patience = Patience { aside: Duration::from_millis(100), executions: AGES, ..Patience::default() };
    floor.hang(is_for_executions);
    assert_eq!(engine.wind_down("SIGTERM").await.unwrap(), ExitCode::Ok);
    assert_eq!(floor.orders(), ["SOON_entry_1 Canceled"]);
}

/// Each by itself may take all the time there is: together they leave some for what protects.
#[tokio::test]
async fn silence_about_all_that_protection_can_do_without_leaves_an_ending_its_time() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    let ending = Duration::from_secs(4);
    engine.patience = Patience { aside: AGES, market: AGES, executions: AGES, ending, ..Patience::default() };
    engine.memory.calendar_agreed_on = None;
    let silent = |request: &RequestSeen| {
        is_for_executions(request) || ["/v2/clock", "/v2/calendar"].contains(&request.path.as_str())
    };
    floor.hang(silent);
    engine.wind_down("SIGTERM").await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Canceled"]);
}
