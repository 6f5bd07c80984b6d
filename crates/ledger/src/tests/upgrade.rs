//! Databases of older releases, made by the statements of those releases.

use rusqlite::Connection;

use super::*;

/// The first release's tables, with a row in each.
const FIRST: &str = r#"
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE intents (
        client_order_id TEXT PRIMARY KEY,
        account TEXT NOT NULL, date TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL,
        leg TEXT NOT NULL, attempt INTEGER NOT NULL,
        request TEXT NOT NULL,
        state TEXT NOT NULL,
        recorded_at INTEGER NOT NULL,
        broker_id TEXT, protective_stop TEXT, note TEXT NOT NULL,
        UNIQUE (account, date, strategy, symbol, leg, attempt)
    ) STRICT;
    CREATE INDEX intents_by_state ON intents (state);
    CREATE INDEX intents_by_time ON intents (recorded_at);
    CREATE TABLE executions (
        id TEXT PRIMARY KEY, order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
        qty TEXT NOT NULL, price TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX executions_by_time ON executions (at);
    CREATE TABLE refusals (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, symbol TEXT NOT NULL, purpose TEXT NOT NULL,
        reason TEXT NOT NULL, detail TEXT NOT NULL
    ) STRICT;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT;
    INSERT INTO meta VALUES ('account', 'PA3');
    INSERT INTO intents VALUES ('pc_PA3_20261120_avwap_AAPL_entry_1', 'PA3', '2026-11-20', 'avwap', 'AAPL', 'entry', 1,
        '{"client_order_id":"pc_PA3_20261120_avwap_AAPL_entry_1","symbol":"AAPL","side":"buy","qty":"10",
          "kind":{"type":"limit","limit":"50.53"},"time_in_force":"day","purpose":"open"}',
        'recorded', 1795190400000000000, NULL, '48', '');
    INSERT INTO executions VALUES ('f1', 'b1', 'AAPL', 'buy', '10', '50.47', 1795190400000000000);
    INSERT INTO refusals VALUES (1, 1795190400000000000, 'MSFT', 'open', 'kill_switch', 'level Entries');
    INSERT INTO events VALUES (1, 1795190400000000000, 'alert', 'AAPL/no-stop', 'no stop');
    PRAGMA application_id = 0x50434c53; PRAGMA user_version = 1; PRAGMA journal_mode = WAL;
"#;

/// What the second release made of it.
const SECOND: &str = "
    ALTER TABLE intents ADD COLUMN replaces TEXT;
    ALTER TABLE intents ADD COLUMN trade TEXT;
    CREATE TABLE splits (
        id TEXT PRIMARY KEY, symbol TEXT NOT NULL, effective INTEGER NOT NULL, new INTEGER NOT NULL, old INTEGER NOT NULL
    ) STRICT;
    INSERT INTO splits VALUES ('s1', 'AAPL', 1795100000000000000, 2, 1);
    PRAGMA user_version = 2;
";

#[test]
fn a_ledger_of_an_older_release_is_brought_up_with_nothing_lost() {
    for (release, scripts) in [("first", &[FIRST][..]), ("second", &[FIRST, SECOND][..])] {
        let (_folder, path) = place();
        make(&path, scripts);
        let before = everything(&Ledger::open_read_only(&path).unwrap());
        let ledger = Ledger::open(&path, &account()).unwrap();
        assert_eq!(everything(&ledger), before, "{release}");
        assert_eq!(ledger.check_version().unwrap(), VERSION, "{release}");
        assert_eq!(before.lines().count(), 4, "{before}");
    }
}

#[test]
fn a_reader_reads_a_ledger_that_was_not_brought_up_yet_and_leaves_it_alone() {
    for scripts in [&[FIRST][..], &[FIRST, SECOND][..]] {
        let (_folder, path) = place();
        make(&path, scripts);
        let reader = Ledger::open_read_only(&path).unwrap();
        let book = reader.book(&account(), &"avwap".parse().unwrap(), date().at_hm(0, 0)).unwrap();
        assert_eq!(book.intents().count(), 1);
        assert_eq!(reader.undelivered(10).unwrap(), []);
        assert_eq!(reader.undelivered_count().unwrap(), 0);
        assert_eq!(reader.orders_since(Timestamp::from_unix_nanos(0)).unwrap(), []);
        assert_eq!(reader.last_stops().unwrap(), []);
        assert_eq!(reader.stops_of(fill().symbol, Timestamp::from_unix_nanos(0)).unwrap(), []);
        assert_eq!(reader.check_version().unwrap(), scripts.len() as i64);
    }
}

#[test]
fn an_alert_of_an_older_release_is_not_told_again() {
    let (_folder, path) = place();
    make(&path, &[FIRST, SECOND]);
    assert_eq!(Ledger::open(&path, &account()).unwrap().undelivered(10).unwrap(), []);
}

#[test]
fn a_migration_without_room_changes_nothing_and_goes_on_when_there_is_some() {
    let (_folder, path) = place();
    make(&path, &[FIRST, SECOND]);
    let raw = Connection::open(&path).unwrap();
    let pages: i64 = raw.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let ledger = Ledger { db: raw, path: path.clone(), patience: Duration::ZERO, ballast: None };
    ledger.db.pragma_update(None, "max_page_count", pages + 2).unwrap();
    assert!(matches!(ledger.migrate(), Err(LedgerError::Full { .. })));
    assert_eq!(ledger.check_version().unwrap(), 2);
    ledger.db.pragma_update(None, "max_page_count", pages + 100).unwrap();
    ledger.migrate().unwrap();
    assert_eq!(ledger.check_version().unwrap(), VERSION);
    ledger.check_all().unwrap();
}

fn make(path: &Path, scripts: &[&str]) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let raw = Connection::open(path).unwrap();
    scripts.iter().for_each(|script| raw.execute_batch(script).unwrap());
}

/// What there is to lose, a line a table.
fn everything(ledger: &Ledger) -> String {
    let ever = Timestamp::from_unix_nanos(0);
    format!(
        "{:?}\n{:?}\n{:?}\n{:?}",
        ledger.book(&account(), &"avwap".parse().unwrap(), ever).unwrap(),
        ledger.executions_since(ever).unwrap(),
        ledger.refusals_since(ever).unwrap(),
        ledger.events_since(ever).unwrap(),
    )
}
