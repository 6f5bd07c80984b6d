//! The room that is kept for the worst day.

use std::{fs, process::Command};

use super::*;

const SMALL: Opening = Opening { patience: Duration::from_secs(5), ballast_bytes: 256 * 1024 };

#[test]
fn room_is_kept_beside_the_database_and_made_again_when_it_is_gone() {
    let (_folder, path) = place();
    let ledger = Ledger::open(&path, &account()).unwrap();
    let ballast = crate::ballast::path_of(&path);
    assert_eq!(fs::metadata(&ballast).unwrap().len(), 4 * 1024 * 1024);
    assert!(!ledger.is_on_ballast());
    drop(ledger);
    fs::remove_file(&ballast).unwrap();
    assert!(!Ledger::open(&path, &account()).unwrap().is_on_ballast());
    // Its length alone is no room.
    fs::File::create(&ballast).unwrap().set_len(4 * 1024 * 1024).unwrap();
    assert!(!Ledger::open(&path, &account()).unwrap().is_on_ballast());
    use std::os::unix::fs::MetadataExt;
    assert!(fs::metadata(&ballast).unwrap().blocks() * 512 >= 4 * 1024 * 1024);
}

#[test]
fn a_full_database_uses_it_up_and_says_so() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let pages: i64 = ledger.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ledger.db.pragma_update(None, "max_page_count", pages).unwrap();
    let long = [Record::Intent(Box::new(Intent { note: "x".repeat(50_000), ..intent() }))];
    let error = ledger.record(date().at_hm(10, 0), &long).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }), "here no ballast can help: {error:?}");
    assert!(ledger.is_on_ballast() && !crate::ballast::path_of(&path).exists());
    ledger.db.pragma_update(None, "max_page_count", 1_000_000).unwrap();
    ledger.record(date().at_hm(10, 0), &long).unwrap();
    assert!(ledger.is_on_ballast(), "until it was made again");
    assert!(ledger.take_on_ballast() && !ledger.is_on_ballast());
}

#[test]
fn views_log_lines_alerts_and_refusals_do_not_use_it() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    let pages: i64 = ledger.db.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    ledger.db.pragma_update(None, "max_page_count", pages).unwrap();
    let (at, long) = (date().at_hm(10, 0), "x".repeat(50_000));
    let stop = StopChange {
        at,
        symbol: fill().symbol,
        client_order_id: intent().request.client_order_id,
        stop: "48".parse().unwrap(),
        qty: Qty::shares(10),
        why: StopWhy::Placed,
    };
    let refusal =
        Refusal { at, symbol: fill().symbol, purpose: Purpose::Open, reason: Reason::KillSwitch, detail: long.clone() };
    let done = [
        ledger.note_seen(&[], &vec![stop; 500]),
        ledger.record_event(at, "gate", "live gate", &long),
        ledger.enqueue(at, Priority::Err, "clock", &long),
        ledger.clear_time(at, "somebody", &long),
        ledger.record(at, &[Record::Refusal(refusal)]),
    ];
    for (number, done) in done.into_iter().enumerate() {
        assert!(matches!(done, Err(LedgerError::Full { .. })), "{number}: {done:?}");
    }
    assert!(!ledger.is_on_ballast());
}

#[test]
fn on_a_full_disk_what_protects_is_still_recorded() {
    let Some(disk) = Disk::mount("4m") else { return };
    let path = disk.path().join("data/execution_v2.sqlite");
    let mut ledger = Ledger::open_with(&path, &account(), &SMALL).unwrap();
    assert!(!ledger.is_on_ballast());
    disk.fill();
    // A WAL that was written before has room of its own; beyond it there is none.
    let mut records = 0;
    while !ledger.is_on_ballast() {
        records += 1;
        let stop = intent_of(Leg::Stop, records, date().at_hm(11, 0));
        ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(stop))]).unwrap();
        assert!(records < 1_000, "the disk is not full");
    }
    assert!(!ledger.take_on_ballast(), "there is no room");
    drop(ledger);

    let mut ledger = Ledger::open_with(&path, &account(), &SMALL).unwrap();
    assert!(ledger.is_on_ballast(), "a process that starts on a full disk manages what is held");
    assert_eq!(ledger.intents_since(date().at_hm(0, 0)).unwrap().len() as u32, records, "every one was kept");
    ledger.check_all().unwrap();
    disk.make_room();
    assert!(ledger.take_on_ballast() && !ledger.is_on_ballast());
}

#[test]
fn a_start_that_finds_no_room_for_its_first_read_takes_it() {
    let Some(disk) = Disk::mount("4m") else { return };
    let path = disk.path().join("data/execution_v2.sqlite");
    let mut ledger = Ledger::open_with(&path, &account(), &SMALL).unwrap();
    ledger.record(date().at_hm(11, 0), &[Record::Intent(Box::new(intent()))]).unwrap();
    drop(ledger);
    // What a copy or a cleaning leaves out; beside a WAL the first read makes it.
    fs::remove_file(disk.path().join("data/execution_v2.sqlite-shm")).unwrap();
    disk.fill();
    let mut ledger = Ledger::open_with(&path, &account(), &SMALL).unwrap();
    assert!(ledger.is_on_ballast());
    let stop = intent_of(Leg::Stop, 1, date().at_hm(11, 1));
    ledger.record(date().at_hm(11, 1), &[Record::Intent(Box::new(stop))]).unwrap();
}

#[test]
fn a_disk_that_was_always_full_is_named() {
    let Some(disk) = Disk::mount("1m") else { return };
    disk.fill();
    let error = Ledger::open_with(&disk.path().join("execution_v2.sqlite"), &account(), &SMALL).unwrap_err();
    assert!(matches!(error, LedgerError::Full { .. }), "{error:?}");
}

#[test]
fn a_database_on_a_read_only_file_system_is_named() {
    let Some(disk) = Disk::mount("8m") else { return };
    let path = disk.path().join("data/execution_v2.sqlite");
    drop(Ledger::open_with(&path, &account(), &SMALL).unwrap());
    disk.remount("ro");
    let error = Ledger::open_with(&path, &account(), &SMALL).unwrap_err();
    assert!(matches!(error, LedgerError::ReadOnly { .. }), "{error:?}");
    disk.remount("rw");
    Ledger::open_with(&path, &account(), &SMALL).unwrap();
}

/// A file system of its own, taken away with the test.
struct Disk {
    folder: TempDir,
}

impl Disk {
    fn mount(size: &str) -> Option<Self> {
        let folder = TempDir::new().unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self { folder });
        }
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI may mount, and skips nothing");
        println!("skipped: needs root (a file system of its own)");
        None
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn fill(&self) {
        let written = fs::write(self.path().join("others"), vec![1; 64 << 20]);
        assert!(written.is_err(), "it takes everything");
    }

    fn make_room(&self) {
        fs::remove_file(self.path().join("others")).unwrap();
    }

    fn remount(&self, how: &str) {
        let options = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &options]).arg(self.path()).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.path()).status();
    }
}
