//! When a process starts, and when one that is flat has nothing to wait for.

use std::time::{Duration, Instant};

use broker::alpaca;
use contract::{Authority as GateAuthority, ExitCode, Exposure, Refusal as GateRefusal, Verdict, env};
use market::TimeDelta;
use trading::reconcile;

use super::{
    super::is_refused_for_good,
    floor::{Floor, date, session},
};
use crate::{config::Config, engine::bind_account};

#[tokio::test]
async fn flat_with_a_stale_list_it_does_not_start_and_sends_nothing() {
    let floor = Floor::with(&["SOON"]);
    floor.make_list_stale();
    assert_eq!(floor.refusal().await, ExitCode::GateRefused);
    assert_eq!(floor.venue.request_log(), []);
    assert!(!floor.layout.database().exists());
}

#[tokio::test]
async fn holding_with_a_stale_list_it_manages_and_ends_with_the_refusal_once_flat() {
    let floor = Floor::with(&["SINK"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    drop(engine);
    floor.make_list_stale();

    let mut engine = floor.start().await;
    assert!(engine.started_manage_only);
    let end = engine.cycle().await.unwrap();
    assert!(engine.is_over(&end).is_none() && floor.is_protected("SINK"));
    floor.venue.advance_to(date().at_hm(11, 50));
    assert_eq!(floor.orders(), ["SINK_entry_1 Filled", "SINK_stop_1 Filled"]);
    assert_eq!(engine.run().await.unwrap(), ExitCode::GateRefused);
    assert!(floor.exposure().is_flat());
    assert_eq!(floor.sends(), 2);
    drop(engine);
    assert_eq!(floor.refusal().await, ExitCode::GateRefused, "there is nothing to come back for");
}

#[tokio::test]
async fn keys_of_another_account_are_a_configuration_error() {
    let floor = Floor::with(&["SOON"]).and(&env::PORTCULLIS_ACCOUNT, "PA3OTHER");
    assert_eq!(floor.refusal().await, ExitCode::BadConfig);
    assert_eq!(floor.venue.request_log().len(), 1, "the account was asked for, and nothing else");
}

#[tokio::test]
async fn an_account_has_one_process() {
    let floor = Floor::with(&["SOON"]);
    let engine = floor.start().await;
    assert_eq!(floor.refusal().await, ExitCode::LockHeld);
    drop(engine);
    drop(floor.start().await);
}

#[tokio::test]
async fn an_account_has_one_process_a_host_whatever_its_state_directory() {
    let runtime = tempfile::tempdir().unwrap();
    let one = Floor::with(&["SOON"]).and(&env::RUNTIME_DIRECTORY, runtime.path());
    let other = Floor::with(&["SOON"]).and(&env::RUNTIME_DIRECTORY, runtime.path());
    let engine = one.start().await;
    assert_eq!(other.refusal().await, ExitCode::LockHeld);
    assert_eq!(other.venue.request_log(), []);
    drop(engine);
    drop(other.start().await);
}

#[test]
fn flat_and_refused_for_good() {
    let session = session();
    let (before, during) = (session.open - TimeDelta::minutes(60), session.open + TimeDelta::minutes(60));
    let stale = || GateRefusal::ListStale { session: date(), today: date() };
    let killed = || GateRefusal::KillSwitch("drill".to_owned());
    let running = || GateRefusal::ScanRunning { since: before };
    let failed = || GateRefusal::ScanFailed("no bars".to_owned());
    // reasons; when the process started with permission: before and during the session; when it started to manage only
    let table = [
        (vec![], [false, false], false),
        (vec![killed()], [false, false], true),
        (vec![running()], [false, false], true),
        (vec![stale()], [false, true], true),
        (vec![failed()], [false, true], true),
        (vec![GateRefusal::ListMissing], [false, true], true),
        (vec![killed(), stale()], [false, true], true),
    ];
    for (reasons, with_permission, manage_only) in table {
        let authority = if reasons.is_empty() { GateAuthority::Open } else { GateAuthority::Refused };
        let verdict = Verdict {
            authority,
            reasons,
            at: None,
            session: Some(session),
            attestation: None,
            candidates: None,
            exposure: Exposure::Flat,
        };
        let over = |manage_only| [before, during].map(|now| is_refused_for_good(&verdict, manage_only, now));
        assert_eq!(over(false), with_permission, "{:?}", verdict.reasons);
        assert_eq!(over(true), [manage_only; 2], "{:?}", verdict.reasons);
    }
}

#[tokio::test]
async fn a_flat_process_ends_with_a_stale_list_and_one_that_holds_does_not() {
    for holding in [false, true] {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        if holding {
            engine.cycle().await.unwrap();
            floor.tick();
        }
        floor.make_list_stale();
        engine.cycle().await.unwrap();
        let end = engine.cycle().await.unwrap();
        assert_eq!(end.flat, !holding);
        assert_eq!(engine.is_over(&end), (!holding).then_some(ExitCode::GateRefused));
    }
}

#[tokio::test]
async fn a_broker_that_does_not_answer_ends_a_start_in_time_with_the_code_that_says_so() {
    let floor = Floor::with(&["SOON"]);
    let config = Config::from_env(floor.env()).unwrap();
    let broker = floor.connect();
    floor.hang(|_| true);
    let deadline = Instant::now() + Duration::from_millis(100);
    let bound = tokio::time::timeout(Duration::from_secs(10), bind_account(&config, &broker, deadline)).await;
    let error = bound.unwrap().unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&ExitCode::BrokerUnavailable), "{error:#}");

    floor.calm();
    let mut engine = floor.start().await;
    engine.patience.start = engine.started.elapsed() + Duration::from_millis(100);
    floor.hang(|request| request.path == "/v2/positions");
    let ended = tokio::time::timeout(Duration::from_secs(10), engine.run()).await;
    let error = ended.unwrap().unwrap_err();
    assert_eq!(error.downcast_ref(), Some(&ExitCode::BrokerUnavailable), "{error:#}");
}

#[test]
fn an_order_of_ours_has_left_or_never_will_when_it_is_given_up() {
    let longest = TimeDelta::from_std(alpaca::Limits::default().total * 2).unwrap();
    assert!(longest <= reconcile::ARRIVAL_LIMIT, "{longest}");
}
