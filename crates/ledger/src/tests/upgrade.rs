//! Databases of older releases, made by the statements of those releases.

use rusqlite::Connection;

use super::*;

/// The first release's tables, with a row in each.
const FIRST: &str = include_str!("../../tests/schemas/1.sql");
/// What the second release made of it.
const SECOND: &str = include_str!("../../tests/schemas/2.sql");

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
    let ledger =
        Ledger { db: raw, path: path.clone(), patience: Duration::ZERO, ballast: None, damage: Default::default() };
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
