//! Killed at every call that changes the file: what was there is there, and what was made is made whole or not at all.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use ledger::{Ledger, VERSION};
use market::Timestamp;
use rusqlite::Connection;

use super::child::{Task, alone, below, said, skipped};

/// The calls by which SQLite, and we, change files.
const CALLS: &str = "pwrite64,write,fdatasync,fsync,ftruncate,fallocate,unlink,rename";
const FIRST: &str = include_str!("../schemas/1.sql");
const SECOND: &str = include_str!("../schemas/2.sql");

#[test]
fn a_migration_killed_anywhere_leaves_the_old_schema_or_the_new_and_every_row() {
    let found = Command::new("strace").arg("-V").output().ok();
    if found.or_else(|| skipped("strace")).is_none() {
        return;
    }
    for (before, scripts) in [(0, &[][..]), (1, &[FIRST][..]), (2, &[FIRST, SECOND][..])] {
        let template = tempfile::tempdir().unwrap();
        make(&template.path().join("l.sqlite"), scripts);
        let calls = calls_of_a_whole_run(template.path());
        let total: usize = calls.values().sum();
        assert!(total >= 5, "schema {before}: {calls:?}");
        let (mut killed, mut versions) = (0, BTreeMap::new());
        for (call, count) in calls {
            for number in 1..=count {
                let folder = copy_of(template.path());
                let path = folder.path().join("l.sqlite");
                let inject = format!("inject={call}:signal=SIGKILL:when={number}");
                let log = folder.path().join("log");
                let arguments = ["-f", "-o", log.to_str().unwrap(), "-e", &format!("trace={CALLS}"), "-e", &inject];
                let mut child = below("strace", &arguments, Task::Write, &path).spawn().unwrap();
                let _ = said(&mut child);
                killed += usize::from(!child.wait().unwrap().success());
                let at = format!("schema {before}, {call} {number}");
                *versions.entry(version(&path)).or_insert(0) += 1;
                is_whole(&path, before, &at);
            }
        }
        println!("schema {before}: {total} calls, {killed} kills, left schemas {versions:?}");
        assert!(killed >= 5 && versions.keys().all(|version| (before..=VERSION).contains(version)), "{versions:?}");
    }
}

#[test]
fn what_was_written_before_a_kill_is_read_after_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("l.sqlite");
    let mut child = alone(&std::env::current_exe().unwrap(), Task::Hold, &path).spawn().unwrap();
    assert_eq!(said(&mut child).as_deref(), Some("written"));
    child.kill().unwrap();
    child.wait().unwrap();
    let reader = Ledger::open_read_only(&path).unwrap();
    assert_eq!(reader.undelivered(10).unwrap()[0].subject, "child");
    drop(reader);
    let ledger = Ledger::open(&path, &"PA3".parse().unwrap()).unwrap();
    assert_eq!(ledger.undelivered_count().unwrap(), 1);
    ledger.check_all().unwrap();
}

fn make(path: &Path, scripts: &[&str]) {
    if !scripts.is_empty() {
        let raw = Connection::open(path).unwrap();
        scripts.iter().for_each(|script| raw.execute_batch(script).unwrap());
    }
}

/// How often each call is made from start to end.
fn calls_of_a_whole_run(template: &Path) -> BTreeMap<String, usize> {
    let folder = copy_of(template);
    let log = folder.path().join("log");
    let arguments = ["-f", "-o", log.to_str().unwrap(), "-e", &format!("trace={CALLS}")];
    let mut child = below("strace", &arguments, Task::Write, &folder.path().join("l.sqlite")).spawn().unwrap();
    assert_eq!(said(&mut child).as_deref(), Some("written"), "strace runs it");
    child.wait().unwrap();
    let mut calls = BTreeMap::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        // `PID call(...) = ...`; what the test program writes itself is not the ledger's.
        let name = line.split_whitespace().nth(1).and_then(|rest| rest.split_once('(')).map(|(name, _)| name);
        if let Some(name) = name.filter(|name| CALLS.split(',').any(|call| call == *name) && *name != "write") {
            *calls.entry(name.to_owned()).or_insert(0) += 1;
        }
    }
    calls
}

fn version(path: &Path) -> i64 {
    if !path.exists() {
        return 0;
    }
    let raw = Connection::open(path).unwrap();
    raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

fn is_whole(path: &Path, before: i64, at: &str) {
    let ever = Timestamp::from_unix_nanos(0);
    let ledger = Ledger::open(path, &"PA3".parse().unwrap()).unwrap_or_else(|error| panic!("{at}: {error}"));
    ledger.check_all().unwrap_or_else(|error| panic!("{at}: {error}"));
    let rows = [
        ledger.intents_since(ever).unwrap().len(),
        ledger.executions_since(ever).unwrap().len(),
        ledger.refusals_since(ever).unwrap().len(),
    ];
    assert_eq!(rows, [usize::from(before > 0); 3], "{at}");
    let events = ledger.events_since(ever).unwrap().iter().filter(|event| event.subject == "child").count();
    assert_eq!(events as u32, ledger.undelivered_count().unwrap(), "{at}: the event and its alert, or neither");
}

fn copy_of(template: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(template).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
    }
    folder
}
