//! The schema's number as bytes, and what the Debian package makes of them before it replaces a release.

use std::{fs, process::Command};

use rusqlite::{Connection, config::DbConfig};

use super::*;

const FIRST: &str = include_str!("../../tests/schemas/1.sql");

#[test]
fn the_file_itself_says_the_schema_once_it_is_open() {
    let (_fresh_folder, fresh) = place();
    let (_old_folder, old) = place();
    fs::create_dir_all(old.parent().unwrap()).unwrap();
    Connection::open(&old).unwrap().execute_batch(FIRST).unwrap();
    let (_killed_folder, killed) = place();
    drop(Ledger::open(&killed, &account()).unwrap());
    // Killed between a migration and its writing back.
    unwritten(&killed, VERSION - 1, VERSION);
    assert_eq!(header(&killed), (VERSION - 1, *b"PCLS"));
    for (what, path) in [("fresh", fresh), ("of an older release", old), ("killed", killed)] {
        drop(Ledger::open(&path, &account()).unwrap());
        assert_eq!(header(&path), (VERSION, *b"PCLS"), "{what}");
    }
}

#[test]
fn a_reader_that_never_ends_stops_no_start() {
    let (_folder, path) = place();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch(FIRST).unwrap();
    reader.execute_batch("PRAGMA journal_mode = WAL; BEGIN; SELECT * FROM intents;").unwrap();
    let opening = Opening { patience: Duration::from_millis(10), ..Opening::default() };
    drop(Ledger::open_with(&path, &account(), &opening).unwrap());
    drop(reader);
    drop(Ledger::open(&path, &account()).unwrap());
    assert_eq!(header(&path).0, VERSION);
}

/// Highest number of what the file and the WAL say; what says nothing is refused.
#[test]
fn the_package_refuses_what_the_older_release_cannot_read() {
    type Lay = fn(&Path);
    let table: [(&str, Lay, Option<&str>); 7] = [
        ("as it is", |_| (), None),
        ("in the file", |path| unwritten(path, VERSION + 1, VERSION + 1), Some("has schema 4;")),
        ("in the WAL alone", |path| unwritten(path, VERSION, VERSION + 1), Some("has schema 4;")),
        ("of a new file, in the WAL alone", |path| fresh(path, VERSION + 1), Some("has schema 4;")),
        ("new and readable", |path| fresh(path, VERSION), None),
        ("a WAL that is none", |path| fs::write(wal(path), [7; 64]).unwrap(), Some("cannot be read")),
        ("cut short", |path| fs::write(path, [7; 40]).unwrap(), Some("cannot be read")),
    ];
    for (what, lay, refusal) in table {
        let (folder, path) = place();
        drop(Ledger::open(&path, &account()).unwrap());
        lay(&path);
        let said = preinst(folder.path());
        match refusal {
            None => assert_eq!(said, Ok(()), "{what}"),
            Some(words) => assert!(said.as_ref().is_err_and(|said| said.contains(words)), "{what}: {said:?}"),
        }
    }
}

/// The number and the mark in the file's own header.
fn header(path: &Path) -> (i64, [u8; 4]) {
    let bytes = fs::read(path).unwrap();
    (u32::from_be_bytes(bytes[60..64].try_into().unwrap()).into(), bytes[68..72].try_into().unwrap())
}

/// One number in the file, the other in the WAL.
fn unwritten(path: &Path, in_file: i64, in_wal: i64) {
    let raw = kept(path);
    raw.pragma_update(None, "user_version", in_file).unwrap();
    raw.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    if in_wal != in_file {
        raw.pragma_update(None, "user_version", in_wal).unwrap();
    }
}

/// A ledger made anew of which nothing is written back.
fn fresh(path: &Path, schema: i64) {
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let raw = kept(path);
    raw.execute_batch(&format!(
        "BEGIN; CREATE TABLE t (x); PRAGMA application_id = 0x50434c53; PRAGMA user_version = {schema}; COMMIT;"
    ))
    .unwrap();
    assert_eq!(header(path), (0, [0; 4]));
}

fn kept(path: &Path) -> Connection {
    let raw = Connection::open(path).unwrap();
    raw.pragma_update(None, "journal_mode", "WAL").unwrap();
    raw.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
    raw
}

fn wal(path: &Path) -> PathBuf {
    path.with_extension("sqlite-wal")
}

/// The package's look at the ledgers of a state directory.
fn preinst(state: &Path) -> Result<(), String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../packaging/deb/preinst");
    let state = state.to_str().unwrap();
    let script = fs::read_to_string(script).unwrap().replace("/var/lib/avwap", state).replace("/etc/portcullis", state);
    let script = script.replace("@LEDGER@", &VERSION.to_string()) + "\nledgers\n";
    let output = Command::new("sh").args(["-c", &script]).output().unwrap();
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8(output.stderr).unwrap())
}
