//! What a start finds: damage, locks, other people's files. Each has its own error, and none changes the file.

use std::{fs, os::unix::fs::FileExt};

use rusqlite::Connection;

use super::*;

#[test]
fn what_is_not_ours_is_refused_and_left_as_it_is() {
    type Spoil = fn(&Connection);
    type Expected = fn(&LedgerError) -> bool;
    let table: [(&str, Spoil, Expected); 3] = [
        (
            "newer",
            |raw| raw.pragma_update(None, "user_version", VERSION + 1).unwrap(),
            |error| matches!(error, LedgerError::Newer { found, .. } if *found == VERSION + 1),
        ),
        (
            "foreign",
            |raw| raw.pragma_update(None, "application_id", 7).unwrap(),
            |error| matches!(error, LedgerError::Foreign { found: 7, .. }),
        ),
        (
            "another account's",
            |raw| assert_eq!(raw.execute("UPDATE meta SET value = 'PA4'", []).unwrap(), 1),
            |error| matches!(error, LedgerError::OtherAccount { found, .. } if found == "PA4"),
        ),
    ];
    for (what, spoil, is_expected) in table {
        let (_folder, path) = place();
        made(&path);
        let raw = Connection::open(&path).unwrap();
        spoil(&raw);
        let schema = |raw: &Connection| {
            let query = "SELECT group_concat(sql) FROM sqlite_schema";
            let pragma = |name| raw.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
            let tables: String = raw.query_row(query, [], |row| row.get(0)).unwrap();
            (tables, pragma("user_version"), pragma("application_id"))
        };
        let before = schema(&raw);
        let error = Ledger::open(&path, &account()).unwrap_err();
        assert!(is_expected(&error), "{what}: {error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
        assert_eq!(schema(&raw), before, "{what}");
    }
}

#[test]
fn damage_is_said_to_be_damage() {
    type Spoil = fn(&Path);
    let table: [(&str, Spoil); 5] = [
        ("not a database", |path| fs::write(path, b"not a database, but long enough for a header of one").unwrap()),
        ("a header of zeros", |path| overwrite(path, 0, &[0; 100])),
        ("half of it is gone", |path| truncate(path, |length| length / 2)),
        ("all of it is gone", |path| truncate(path, |_| 0)),
        ("a page is another", |path| overwrite(path, 4096 * page_of(path, "intents") as u64, &[0xa5; 4096])),
    ];
    for (what, spoil) in table {
        let (_folder, path) = place();
        made(&path);
        written_back(&path);
        spoil(&path);
        let bytes = fs::read(&path).unwrap();
        let error = Ledger::open(&path, &account()).unwrap_err();
        assert!(matches!(error, LedgerError::Corrupt { .. }), "{what}: {error:?}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "{what}: nothing was changed");
    }
}

/// A small ledger is checked whole, of a large one what decides; where nothing is decided, damage stops neither a start nor
/// a record.
#[test]
fn damage_that_decides_nothing_stops_no_start_and_no_record() {
    let tables = ["intents", "executions", "splits", "meta", "events", "refusals", "orders", "stops", "outbox"];
    for (table, megabytes) in tables.into_iter().flat_map(|table| [(table, 0), (table, 10)]) {
        let (_folder, path) = place();
        made(&path);
        let mut ledger = Ledger::open(&path, &account()).unwrap();
        for _ in 0..megabytes {
            ledger.record_event(date().at_hm(11, 0), "note", "size", &"x".repeat(1 << 20)).unwrap();
        }
        drop(ledger);
        written_back(&path);
        overwrite(&path, 4096 * page_of(&path, table) as u64, &[0xa5; 4096]);
        let what = format!("{table}, {megabytes} MB");
        let opened = Ledger::open(&path, &account());
        if ["intents", "executions", "splits", "meta"].contains(&table) {
            assert!(matches!(opened, Err(LedgerError::Corrupt { .. })), "{what}: {opened:?}");
            continue;
        }
        let mut ledger = opened.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(ledger.damage().is_some(), megabytes == 0, "{what}: a small one is looked through at once");
        records_go_on(&mut ledger, &what);
        // Whatever was not there before has met the damage now.
        let _ = ledger.record_event(date().at_hm(12, 1), "note", "n", "t");
        let _ = ledger.enqueue(date().at_hm(12, 1), Priority::Err, "clock", "in words");
        let _ = ledger.note_seen(&[], &[gone()]);
        let meets = ["events", "refusals", "stops", "outbox"].contains(&table) || megabytes == 0;
        assert_eq!(ledger.damage().is_some(), meets, "{what}");
        assert!(matches!(ledger.check_all(), Err(LedgerError::Corrupt { .. })), "{what}");
        drop(ledger);
        let ledger = Ledger::open(&path, &account()).unwrap_or_else(|error| panic!("{what}, again: {error}"));
        let book = ledger.book(&account(), &"avwap".parse().unwrap(), date().at_hm(0, 0)).unwrap();
        assert_eq!(book.intents().next().unwrap().1.state, OrderState::Filled, "{what}");
        assert!(book.high_water() >= Some(intent().recorded_at), "{what}: time is not forgotten");
    }
}

fn records_go_on(ledger: &mut Ledger, what: &str) {
    let noon = date().at_hm(12, 0);
    let refusal = Refusal {
        at: noon,
        symbol: fill().symbol,
        purpose: Purpose::Open,
        reason: Reason::KillSwitch,
        detail: "level Entries".into(),
    };
    let stop = intent_of(Leg::Stop, 1, noon);
    let second = Execution { id: "second".into(), ..fill() };
    let changed = change(&intent(), OrderState::Filled);
    for record in
        [Record::Intent(Box::new(stop)), Record::Change(changed), Record::Execution(second), Record::Refusal(refusal)]
    {
        ledger
            .record(noon, std::slice::from_ref(&record))
            .unwrap_or_else(|error| panic!("{what}: {record:?}: {error}"));
    }
    ledger.book(&account(), &"avwap".parse().unwrap(), noon).unwrap_or_else(|error| panic!("{what}: {error}"));
}

fn gone() -> StopChange {
    StopChange {
        at: date().at_hm(12, 1),
        symbol: fill().symbol,
        client_order_id: intent().request.client_order_id,
        stop: "48".parse().unwrap(),
        qty: Qty::shares(10),
        why: StopWhy::Gone,
    }
}

#[test]
fn another_process_that_holds_it_is_waited_for_and_then_named_as_the_reason() {
    for lock in ["BEGIN IMMEDIATE", "BEGIN EXCLUSIVE", "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"] {
        let (_folder, path) = place();
        made(&path);
        let other = Connection::open(&path).unwrap();
        other.execute_batch(lock).unwrap();
        let opening = Opening { patience: Duration::from_millis(10), ..Opening::default() };
        let error = Ledger::open_with(&path, &account(), &opening).unwrap_err();
        assert!(matches!(error, LedgerError::Locked { .. }), "{lock}: {error:?}");
        let text = error.to_string();
        assert!(text.contains(path.to_str().unwrap()) && text.contains("10 ms"), "{text}");
        drop(other);
        Ledger::open(&path, &account()).unwrap();
    }
    assert_eq!(Opening::default().patience, Duration::from_secs(5));
}

#[test]
fn a_wal_that_is_gone_is_made_again() {
    for lost in ["-wal", "-shm"] {
        let (_folder, path) = place();
        made(&path);
        written_back(&path);
        fs::remove_file(beside(&path, lost)).unwrap();
        let ledger = Ledger::open(&path, &account()).unwrap();
        assert_eq!(ledger.intents_since(date().at_hm(0, 0)).unwrap().len(), 1, "{lost}");
    }
}

#[test]
fn a_wal_that_cannot_be_opened_is_said_so() {
    for (what, expect_open) in [("-wal", true), ("-shm", true)] {
        let (_folder, path) = place();
        made(&path);
        written_back(&path);
        fs::remove_file(beside(&path, what)).unwrap();
        fs::create_dir(beside(&path, what)).unwrap();
        let error = Ledger::open(&path, &account()).unwrap_err();
        let said = matches!(error, LedgerError::CannotOpen { .. } | LedgerError::ReadOnly { .. });
        assert_eq!(said, expect_open, "{what}: {error:?}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let (folder, _) = place();
    fs::write(folder.path().join("data"), "a file where a folder should be").unwrap();
    let path = folder.path().join("data/sub/execution_v2.sqlite");
    assert!(matches!(Ledger::open(&path, &account()), Err(LedgerError::Folder { .. })));
}

#[test]
fn a_reader_reads_beside_the_writer_and_after_it() {
    let (_folder, path) = place();
    let mut writer = Ledger::open(&path, &account()).unwrap();
    writer.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).unwrap();
    let count = |path: &Path| Ledger::open_read_only(path).unwrap().intents_since(date().at_hm(0, 0)).unwrap().len();
    assert_eq!(count(&path), 1);
    drop(writer);
    assert!(beside(&path, "-wal").exists(), "the WAL stays for readers without write access");
    assert_eq!(count(&path), 1);
}

#[test]
fn it_is_written_as_durably_as_sqlite_can() {
    let (_folder, path) = place();
    let ledger = Ledger::open(&path, &account()).unwrap();
    let number = |name| ledger.db.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).unwrap();
    let mode: String = ledger.db.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
    assert_eq!((mode.as_str(), number("synchronous"), number("foreign_keys")), ("wal", 2, 1));
}

/// A ledger with an intent in it.
fn made(path: &Path) {
    let mut ledger = Ledger::open(path, &account()).unwrap();
    ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).unwrap();
    ledger.record(date().at_hm(11, 1), &[Record::Execution(fill())]).unwrap();
    ledger.record_event(date().at_hm(11, 2), "start", "execution", "mode PAPER").unwrap();
}

/// Everything is in the file itself, nothing in the WAL.
fn written_back(path: &Path) {
    let raw = Connection::open(path).unwrap();
    raw.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    raw.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
}

fn page_of(path: &Path, table: &str) -> i64 {
    let raw = Connection::open(path).unwrap();
    raw.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    let query = "SELECT rootpage FROM sqlite_schema WHERE name = ?1";
    raw.query_row(query, [table], |row| row.get::<_, i64>(0)).unwrap() - 1
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    fs::OpenOptions::new().write(true).open(path).unwrap().write_all_at(bytes, at).unwrap();
}

fn truncate(path: &Path, to: fn(u64) -> u64) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(to(file.metadata().unwrap().len())).unwrap();
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
