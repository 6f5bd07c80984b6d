//! A ledger that is not as it should be: what decides nothing keeps no stop waiting and ends nothing.

use std::{
    fs,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use broker_sim::{Moment, RequestSeen};
use contract::KillLevel;
use ledger::Ledger;
use market::Timestamp;
use rusqlite::Connection;
use serde_json::Value;

use super::floor::{Floor, alerts, refusals};

/// Nothing can be added to a table any more.
const MUTE: &str = "CREATE TRIGGER mute BEFORE INSERT ON % BEGIN SELECT raise(ABORT, 'mute'); END";

#[tokio::test]
async fn an_alert_that_cannot_be_written_keeps_no_stop_back_and_is_written_later() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    mute(&floor, "outbox");
    floor.sim("/sim/calendar", r#"{"wrong":"closed_today"}"#);
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    assert_eq!(alerts(&engine), [""; 0]);
    let before = floor.venue.now();
    floor.sim("/sim/calendar", r#"{"wrong":"none"}"#);
    floor.seconds(5);
    engine.cycle().await.unwrap();
    raw(&floor).execute_batch("DROP TRIGGER mute").unwrap();
    engine.cycle().await.unwrap();
    assert_eq!(alerts(&engine), ["clock"]);
    let told = engine.ledger.undelivered(10).unwrap();
    assert_eq!((told.len(), told[0].at), (1, before), "of when it was said");
}

#[tokio::test]
async fn the_disk_is_not_waited_for_before_a_stop() {
    let floor = Floor::with(&["SOON"]);
    let ballast = ballast(&floor);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    drop(engine);
    floor.tick();
    fs::remove_file(&ballast).unwrap();
    fs::create_dir(&ballast).unwrap();
    let mut engine = floor.start().await;
    // Everything there is to write that is no record: an alert, and the room that can be kept again.
    fs::remove_dir(&ballast).unwrap();
    floor.sim("/sim/calendar", r#"{"wrong":"closed_today"}"#);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let (database, room, list) = (floor.layout.database().to_owned(), ballast.clone(), seen.clone());
    let is_stop = |request: &RequestSeen| request.method == "POST" && request.path == "/v2/orders";
    floor.at(Moment::Before, is_stop, move || list.lock().unwrap().push((alerts_in(&database), room.exists())));
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    assert_eq!(*seen.lock().unwrap(), [(0, false)], "when the stop went out");
    assert_eq!((alerts_in(floor.layout.database()), ballast.exists()), (1, true), "after it");
}

#[tokio::test]
async fn a_refusal_that_cannot_be_recorded_ends_nothing() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    mute(&floor, "refusals");
    floor.kill(KillLevel::Entries);
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), refusals(&engine)), (0, vec![]));
}

#[tokio::test]
async fn events_that_cannot_be_written_end_neither_a_start_nor_an_end() {
    let floor = Floor::with(&["SOON"]);
    drop(floor.start().await);
    let words = "CREATE TRIGGER mute BEFORE INSERT ON events WHEN new.kind <> 'transition'
        BEGIN SELECT raise(ABORT, 'mute'); END";
    raw(&floor).execute_batch(words).unwrap();
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New"]);
    engine.end("a test");
}

#[tokio::test]
async fn beside_damage_that_decides_nothing_what_is_held_is_managed_and_nothing_is_opened() {
    for table in ["events", "refusals", "orders", "stops"] {
        let floor = Floor::with(&["SOON", "LATE"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        drop(engine);
        floor.tick();
        spoil(&floor, table);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        assert!(floor.is_protected("SOON"), "{table}");
        floor.until_entry_of("LATE");
        engine.cycle().await.unwrap();
        assert_eq!(floor.sends(), 2, "{table}: an entry and its stop");
        let told = engine.ledger.undelivered(10).unwrap();
        assert_eq!(told.iter().map(|alert| alert.subject.as_str()).collect::<Vec<_>>(), ["ledger/damaged"], "{table}");
    }
}

#[tokio::test]
async fn without_room_on_the_disk_nothing_is_opened_and_what_is_held_is_protected() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    drop(engine);
    floor.tick();
    let ballast = ballast(&floor);
    fs::remove_file(&ballast).unwrap();
    fs::create_dir(&ballast).unwrap();

    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), refusals(&engine)), (2, vec!["gate".to_owned()]));
    assert_eq!(alerts(&engine), ["ledger/no-room"], "told once");
    assert_eq!(engine.ledger.undelivered(10).unwrap()[0].subject, "ledger/no-room");
    let heartbeat: Value = serde_json::from_slice(&fs::read(floor.layout.heartbeat()).unwrap()).unwrap();
    assert_eq!(heartbeat["room_on_disk"], false);

    fs::remove_dir(&ballast).unwrap();
    // The room comes back after protection acted, and with it what the next cycle may do.
    engine.cycle().await.unwrap();
    assert_eq!(floor.sends(), 2);
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "LATE_entry_1 New");
}

fn ballast(floor: &Floor) -> PathBuf {
    PathBuf::from(format!("{}.ballast", floor.layout.database().display()))
}

fn raw(floor: &Floor) -> Connection {
    Connection::open(floor.layout.database()).unwrap()
}

fn mute(floor: &Floor, table: &str) {
    raw(floor).execute_batch(&MUTE.replace('%', table)).unwrap();
}

/// Overwrites the first page of a table in the file itself.
fn spoil(floor: &Floor, table: &str) {
    let raw = raw(floor);
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let query = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    let page: i64 = raw.query_row(query, [table], |row| row.get(0)).unwrap();
    let file = fs::OpenOptions::new().write(true).open(floor.layout.database()).unwrap();
    file.write_all_at(&[0xa5; 4096], (page as u64 - 1) * 4096).unwrap();
}

fn alerts_in(database: &Path) -> usize {
    let ledger = Ledger::open_read_only(database).unwrap();
    let events = ledger.events_since(Timestamp::from_unix_nanos(0)).unwrap();
    events.iter().filter(|event| event.kind == "alert").count()
}
