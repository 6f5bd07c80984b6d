//! What an operator writes into a ledger by hand: only while nobody else acts on it, once, and never without a trace.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    path::PathBuf,
    process::{Command, Output},
};

use contract::{AccountLock, Layout, Mode};
use ledger::Ledger;
use market::{Qty, Symbol, TimeDelta, Timestamp};
use tempfile::TempDir;
use trading::{order::Side, record::Record, report::Execution};

const ACCOUNT: &str = "PA3TEST";

/// A deployment's directory with a ledger that knows one fill.
struct Desk {
    root: TempDir,
}

impl Desk {
    fn new() -> Self {
        let desk = Self { root: tempfile::tempdir().unwrap() };
        let mut ledger = Ledger::open(&desk.path(), &ACCOUNT.parse().unwrap()).unwrap();
        let fill = Execution {
            id: "f1".into(),
            order_id: "b1".parse().unwrap(),
            symbol: symbol(),
            side: Side::Buy,
            qty: Qty::shares(15),
            price: "50".parse().unwrap(),
            at: "2026-07-06T14:00:00Z".parse().unwrap(),
        };
        ledger.record(fill.at, &[Record::Execution(fill)]).unwrap();
        desk
    }

    fn layout(&self) -> Layout {
        Layout::new(self.root.path())
    }

    fn path(&self) -> PathBuf {
        self.layout().ledger(Mode::DryRun)
    }

    fn ledger(&self) -> Ledger {
        Ledger::open_read_only(&self.path()).unwrap()
    }

    fn writer(&self) -> Ledger {
        Ledger::open(&self.path(), &ACCOUNT.parse().unwrap()).unwrap()
    }

    /// As a process that acts for the account holds it.
    fn running(&self) -> Vec<AccountLock> {
        self.layout().account_locks(ACCOUNT).iter().map(|path| AccountLock::take(path).unwrap()).collect()
    }

    fn run(&self, arguments: &[&str]) -> Output {
        let root = self.root.path().to_str().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_desk"));
        command.env_clear().args(arguments).args(["--root", root]).output().unwrap()
    }

    fn code(&self, arguments: &[&str]) -> i32 {
        self.run(arguments).status.code().unwrap()
    }
}

#[test]
fn time_that_ran_ahead_is_lifted_on_the_record() {
    let clear = ["clear", "--time", "--by", "ops", "--reason", "the host woke up in 2099"];
    let desk = Desk::new();
    assert_eq!(desk.code(&clear), 0);
    assert_eq!(events(&desk, "time-cleared"), [""; 0], "there is nothing to lift");

    let ahead: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
    desk.writer().record_event(ahead, "start", "execution", "").unwrap();
    let lock = desk.running();
    assert_eq!(desk.code(&clear), 76, "a running process would go on with its own");
    assert_eq!(desk.ledger().high_water().unwrap(), Some(ahead));
    drop(lock);
    assert_eq!(desk.code(&["clear", "--time", "--by", "ops"]), 64, "not without a reason");
    assert_eq!(desk.code(&["clear", "--time", "--by", " ", "--reason", "x"]), 1);
    assert_eq!(desk.code(&["clear"]), 0, "the kill switch is another matter");
    assert_eq!(desk.ledger().high_water().unwrap(), Some(ahead));

    assert_eq!(desk.code(&clear), 0);
    let mark = desk.ledger().high_water().unwrap().unwrap();
    assert!(mark < ahead - TimeDelta::days(1_000), "{mark}");
    assert_eq!(events(&desk, "time-cleared"), ["ops: the host woke up in 2099"]);
    assert_eq!(desk.code(&clear), 0);
    assert_eq!(events(&desk, "time-cleared").len(), 1, "once");
}

#[test]
fn a_clock_that_is_behind_the_brokers_lifts_nothing() {
    let desk = Desk::new();
    let later: Timestamp = "2099-01-01T00:00:00Z".parse().unwrap();
    let fill = Execution {
        id: "f2".into(),
        order_id: "b1".parse().unwrap(),
        symbol: symbol(),
        side: Side::Sell,
        qty: Qty::shares(1),
        price: "50".parse().unwrap(),
        at: later,
    };
    let mut ledger = desk.writer();
    ledger.record(later, &[Record::Execution(fill)]).unwrap();
    ledger.record_event(later, "start", "execution", "").unwrap();
    drop(ledger);
    assert_eq!(desk.code(&["clear", "--time", "--by", "ops", "--reason", "x"]), 75);
    assert_eq!(desk.ledger().high_water().unwrap(), Some(later));
}

#[test]
fn a_split_is_recorded_once_and_only_of_what_was_traded() {
    let desk = Desk::new();
    let split = |ratio: &str, date: &str| desk.code(&["split", "AAPL", ratio, "--effective", date, "--by", "ops"]);
    let lock = desk.running();
    assert_eq!(split("2:1", "2026-07-08"), 76);
    drop(lock);
    assert_eq!(desk.code(&["split", "MSFT", "2:1", "--effective", "2026-07-08", "--by", "ops"]), 1, "never traded");
    assert_eq!(split("2:2", "2026-07-08"), 64);
    assert_eq!(split("2:1", "2026-13-08"), 64);
    assert_eq!(split("2:1", "2099-07-08"), 1, "a day to come");
    assert_eq!(desk.ledger().splits().unwrap(), []);

    assert_eq!(split("2:1", "2026-07-08"), 0);
    let [recorded] = desk.ledger().splits().unwrap().try_into().unwrap();
    assert_eq!((recorded.symbol, recorded.new, recorded.old), (symbol(), 2, 1));
    assert_eq!(recorded.effective, "2026-07-08T04:00:00Z".parse().unwrap(), "the begin of the day in New York");
    assert_eq!(events(&desk, "split-by-hand"), ["2:1 since 2026-07-08, recorded by ops: 15 shares become 30"]);
    for again in ["2026-07-08", "2026-07-10"] {
        assert_eq!(split("4:2", again), 65, "{again}: the same ratio within a week is the same split");
    }
    assert_eq!(split("1:2", "2026-07-08"), 0, "its opposite takes it back");
    assert_eq!(desk.ledger().splits().unwrap().len(), 2);
}

fn events(desk: &Desk, kind: &str) -> Vec<String> {
    let events = desk.ledger().events_since(Timestamp::from_unix_nanos(0)).unwrap();
    events.into_iter().filter(|event| event.kind == kind).map(|event| event.text).collect()
}

fn symbol() -> Symbol {
    Symbol::new("AAPL").unwrap()
}
