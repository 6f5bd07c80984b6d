//! What a cycle leaves behind for people and tools: made from the ledger, after protection, and never in its way.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::{FileExt, MetadataExt},
    path::{Path, PathBuf},
};

use broker_sim::Moment;
use contract::{ConsumedEntries, ExitCode, Mode, OrdersToday, Standing, SymbolStates, View, env};
use ledger::{Ledger, LedgerError, StopWhy};
use market::{NyDate, Timestamp};
use serde_json::Value;

use super::floor::{Floor, date};
use crate::engine::code_of;

#[tokio::test]
async fn views_that_are_deleted_come_back_with_the_next_process() {
    let floor = Floor::with(&["SOON", "LATE", "SINK"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.until_entry_of("SINK");
    engine.cycle().await.unwrap();
    floor.seconds(20);
    engine.cycle().await.unwrap();
    floor.venue.advance_to(date().at_hm(11, 50));
    for _ in 0..3 {
        engine.cycle().await.unwrap();
    }
    drop(engine);
    let before = contents(&floor);
    assert_eq!(before.len(), 3);
    before.keys().for_each(|path| fs::remove_file(path).unwrap());

    floor.start().await.cycle().await.unwrap();
    assert_eq!(contents(&floor), before);
    let states = SymbolStates::read(&floor.layout.symbol_execution_state(date(), Mode::Paper)).unwrap();
    let standing: Vec<_> = states.symbols.iter().map(|(symbol, of)| (symbol.as_str(), of.state)).collect();
    assert!(
        standing.contains(&("SOON", Standing::Open)) && standing.contains(&("SINK", Standing::Flat)),
        "{standing:?}"
    );
    assert!(states.symbols.values().all(|of| of.since.is_some()), "{states:?}");
    let soon = &states.symbols[&"SOON".parse().unwrap()];
    assert_eq!(soon.qty, floor.held_and_protected("SOON").0);
    assert_eq!(soon.stop.as_ref().unwrap().qty, soon.qty);
    let consumed = ConsumedEntries::read(&floor.layout.consumed_entries(date(), Mode::Paper)).unwrap();
    let orders = OrdersToday::read(&floor.layout.live_orders_today()).unwrap();
    assert_eq!(consumed.entries.len(), orders.orders.len());
    assert!(orders.orders.iter().all(|order| order.notional > market::Usd::ZERO));
}

#[tokio::test]
async fn views_that_are_deleted_or_replaced_come_back_with_the_next_cycle() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    engine.cycle().await.unwrap();
    let before = contents(&floor);
    before.keys().for_each(|path| fs::remove_file(path).unwrap());
    engine.cycle().await.unwrap();
    assert_eq!(contents(&floor), before);
    // As arming does it a second time in a day: another file, without the openings there were.
    let path = floor.layout.live_orders_today();
    let empty = OrdersToday::empty(date(), engine.config.account.as_str());
    contract::write_atomically(&path, &empty.to_json()).unwrap();
    engine.cycle().await.unwrap();
    assert_eq!(OrdersToday::read(&path).unwrap().orders.len(), 1);
    // Written into, with its length as it was.
    let spoilt = before[&path].replace("SOON", "NOOS");
    fs::OpenOptions::new().write(true).open(&path).unwrap().write_all_at(spoilt.as_bytes(), 0).unwrap();
    engine.cycle().await.unwrap();
    assert_eq!(contents(&floor), before);
}

#[tokio::test]
async fn a_symbol_that_is_being_entered_says_since_when() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    engine.cycle().await.unwrap();
    let states = SymbolStates::read(&floor.layout.symbol_execution_state(date(), Mode::Paper)).unwrap();
    let soon = &states.symbols[&"SOON".parse().unwrap()];
    assert_eq!((soon.state, soon.since), (Standing::Entering, Some(floor.venue.now())));
}

#[tokio::test]
async fn what_did_not_change_is_not_written_again() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    for _ in 0..2 {
        engine.cycle().await.unwrap();
        floor.tick();
    }
    engine.cycle().await.unwrap();
    let inodes = || -> Vec<u64> {
        let views = views(&floor).into_iter().chain([floor.layout.heartbeat()]);
        views.map(|path| fs::metadata(path).unwrap().ino()).collect()
    };
    let before = inodes();
    floor.seconds(1);
    engine.cycle().await.unwrap();
    let after = inodes();
    assert_eq!(before[..3], after[..3]);
    assert_ne!(before[3], after[3], "the heartbeat beats");
}

#[tokio::test]
async fn a_view_that_cannot_be_written_is_told_of_and_written_with_the_next_cycle() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let path = floor.layout.consumed_entries(date(), Mode::Paper);
    fs::create_dir_all(&path).unwrap();
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New"], "nothing depends on it");
    fs::remove_dir(&path).unwrap();
    engine.cycle().await.unwrap();
    assert_eq!(ConsumedEntries::read(&path).unwrap().entries.len(), 1);
    let errors = decisions(&floor).last().unwrap()["errors"].to_string();
    assert!(errors.contains("consumed_entries"), "{errors}");
    engine.cycle().await.unwrap();
    assert_eq!(decisions(&floor).last().unwrap()["errors"].as_array().unwrap().len(), 0, "said once");
}

#[tokio::test]
async fn a_decision_says_which_ledger_it_was_made_with() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    let decisions = decisions(&floor);
    let latest: Value = serde_json::from_slice(&fs::read(floor.layout.portfolio_decision_latest()).unwrap()).unwrap();
    assert_eq!(decisions.last(), Some(&latest));
    let inputs = &latest["inputs"];
    assert_eq!(inputs["db_path"].as_str(), floor.layout.database().to_str());
    assert_eq!((inputs["db_exists"].as_bool(), inputs["db_path_abs"] == inputs["db_path"]), (Some(true), true));
    assert!(inputs["db_size_bytes"].as_u64() > Some(0) && inputs["db_mtime_utc"].is_string(), "{inputs}");
}

#[tokio::test]
async fn the_heart_beats_in_a_cycle_that_could_not_look_and_says_so() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!(heartbeat(&floor)["ok"], true);
    floor.cut(Moment::Before, |request| request.path == "/v2/positions");
    floor.seconds(1);
    let error = engine.cycle().await.err().unwrap();
    engine.bear(error).unwrap();
    let beat = heartbeat(&floor);
    assert_eq!((beat["ok"].clone(), beat["failed_cycles"].clone()), (false.into(), 1.into()));
    assert_eq!(beat["at"], serde_json::to_value(floor.venue.now()).unwrap());
    floor.calm();
    engine.cycle().await.unwrap();
    let errors = decisions(&floor).last().unwrap()["errors"].to_string();
    assert!(errors.contains("a cycle failed"), "{errors}");
}

#[tokio::test]
async fn views_of_days_long_gone_are_removed_and_nothing_else_is() {
    let floor = Floor::with(&["SOON"]);
    let state = floor.layout.state_dir();
    fs::create_dir_all(state).unwrap();
    let day = |days: i32| -> NyDate { date().plus_days(-days) };
    let ours =
        |date, mode| [floor.layout.symbol_execution_state(date, mode), floor.layout.consumed_entries(date, mode)];
    let gone: Vec<PathBuf> =
        [(15, Mode::Paper), (400, Mode::DryRun)].into_iter().flat_map(|(days, mode)| ours(day(days), mode)).collect();
    let others = ["symbol_execution_state_2020-01-01.json.bak", "consumed_entries_2020.json", "2020-01-01.json"];
    let kept: Vec<PathBuf> =
        ours(day(14), Mode::Paper).into_iter().chain(others.map(|name| state.join(name))).collect();
    gone.iter().chain(&kept).for_each(|path| fs::write(path, "{}").unwrap());
    floor.start().await.cycle().await.unwrap();
    assert!(gone.iter().all(|path| !path.exists()));
    assert!(kept.iter().all(|path| path.exists()));
}

#[tokio::test]
async fn a_dry_run_leaves_the_views_of_the_real_thing_alone() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    drop(engine);
    let before = contents(&floor);
    let floor = floor.and(&env::DRY_RUN, "1");
    let mut engine = floor.start_dry().await;
    floor.tick();
    engine.cycle().await.unwrap();
    assert_eq!(contents(&floor), before);
    assert!(floor.layout.symbol_execution_state(date(), Mode::DryRun).exists());
}

#[tokio::test]
async fn orders_and_stops_are_in_the_ledger_as_they_were_seen() {
    let floor = Floor::with(&["SINK"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.venue.advance_to(date().at_hm(11, 50));
    engine.cycle().await.unwrap();
    let ever = Timestamp::from_unix_nanos(0);
    let seen = engine.ledger.orders_since(ever).unwrap();
    let seen: Vec<String> = seen.iter().map(|seen| format!("{:?} {}", seen.order.status, seen.listed)).collect();
    assert_eq!(seen, ["Filled false", "Filled false"]);
    let story = engine.ledger.stops_of("SINK".parse().unwrap(), ever).unwrap();
    assert_eq!(story.iter().map(|change| change.why).collect::<Vec<_>>(), [StopWhy::Placed, StopWhy::Gone]);
}

#[tokio::test]
async fn a_ledger_that_cannot_be_used_ends_the_start_with_the_code_that_says_what_helps() {
    let floor = Floor::with(&["SOON"]);
    let database = floor.layout.database();
    drop(Ledger::open(database, &"PA3ELSE".parse().unwrap()).unwrap());
    // Beside a ledger and without a view of what is held the gate lets a process manage, so it gets that far.
    assert_eq!(floor.refusal().await, ExitCode::BadConfig);
    // With its WAL, which has every page.
    fs::remove_dir_all(database.parent().unwrap()).unwrap();
    fs::create_dir(database.parent().unwrap()).unwrap();
    fs::write(database, "not a database, but long enough to be taken for a header of one, perhaps").unwrap();
    assert_eq!(floor.refusal().await, ExitCode::BadData);
    fs::remove_file(database).unwrap();
    fs::create_dir(database).unwrap();
    assert_eq!(floor.refusal().await, ExitCode::CannotWrite);
    assert_eq!(floor.venue.request_log(), [], "the broker is not asked before the ledger is there");

    let path = || database.to_owned();
    let table = [
        (LedgerError::Locked { path: path(), waited: std::time::Duration::from_secs(5) }, ExitCode::CannotWrite),
        (LedgerError::ReadOnly { path: path() }, ExitCode::CannotWrite),
        (LedgerError::Folder { path: path(), source: std::io::ErrorKind::StorageFull.into() }, ExitCode::CannotWrite),
        (LedgerError::Newer { path: path(), found: 99 }, ExitCode::BadConfig),
        (LedgerError::OtherOwner { path: path(), owner: 997, user: 0 }, ExitCode::BadConfig),
        (LedgerError::Row { path: path(), table: "intents", why: "odd".into() }, ExitCode::BadData),
    ];
    for (error, expect) in table {
        assert_eq!(code_of(&error), expect, "{error}");
    }
}

/// The views whose content comes from the ledger and the broker alone.
fn views(floor: &Floor) -> [PathBuf; 3] {
    [
        floor.layout.symbol_execution_state(date(), Mode::Paper),
        floor.layout.consumed_entries(date(), Mode::Paper),
        floor.layout.live_orders_today(),
    ]
}

fn contents(floor: &Floor) -> BTreeMap<PathBuf, String> {
    views(floor).into_iter().map(|path| (path.clone(), text(&path))).collect()
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn heartbeat(floor: &Floor) -> Value {
    serde_json::from_str(&text(&floor.layout.heartbeat())).unwrap()
}

fn decisions(floor: &Floor) -> Vec<Value> {
    text(&floor.layout.portfolio_decisions(date())).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
