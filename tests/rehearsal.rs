//! Rehearsed days with the real programs: the normal one, one for each fault, and a crash at every kind of request.
//!
//! Needs the programs built (`cargo build --workspace --bins`). Every day runs in a scratch directory and on a venue of
//! its own, so days do not see each other. The kill points run on real bars out of ../shared.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    path::Path,
    process::{Command, Output},
    sync::Mutex,
    thread,
};

use bars::{BarTable, Selection};
use serde_json::Value;

const SESSION: &str = "2017-11-10";
/// A year of bars is enough for every mean the scan takes, two for its window.
const FIRST_BAR: &str = "2015-11-01";
/// Every so many members of the universe: enough to trade, few enough for dozens of days a minute.
const EVERY: usize = 6;
const DAYS_AT_ONCE: usize = 2;
const KILL_POINTS_MIN: usize = 20;

#[test]
fn a_normal_day_scans_gates_trades_and_protects() {
    let day = Day::run(&[]);
    day.expect("TRADED", 0);
    for (unit, event, detail) in [
        ("scan.timer", "fires", "scan.service"),
        ("scan.service", "ends", "0 done"),
        ("execution.service", "starts", "OnSuccess= of execution-restart.service"),
        ("execution.service", "gate", "OK: Watchlist is fresh for today (NY)"),
        ("execution.service", "ready", ""),
        ("execution-restart.timer", "fires", "execution-restart.service"),
        ("execution.service", "stops", "SIGTERM"),
        ("eod.service", "ends", "0 done"),
    ] {
        assert!(day.has(unit, event, detail), "{unit} {event} {detail}\n{}", day.story());
    }
    assert!(day.bought().len() >= 3, "a day on which hardly anything is bought proves little\n{}", day.story());
    assert!(day.fills().iter().any(|fill| fill["side"] == "sell"), "the default day shows a stop at work");
}

#[test]
fn a_day_is_drawn_with_a_chart_for_each_symbol_traded() {
    let directory = tempfile::tempdir().unwrap();
    let page = directory.path().join("day.html");
    let day = Day::run(&["--report", page.to_str().unwrap()]);
    let html = std::fs::read_to_string(&page).unwrap();
    assert_eq!(html.matches("<svg").count(), day.bought().len());
    for part in day.bought().iter().map(String::as_str).chain(["TRADED", "execution-restart.timer", "class=\"stop\""]) {
        assert!(html.contains(part), "{part}");
    }
}

#[test]
fn a_failed_scan_closes_the_day() {
    let day = Day::run(&["--fault", "scan-fails"]);
    day.expect("REFUSED", 0);
    assert!(day.has("scan.service", "fails", "65 bad input data"), "{}", day.story());
    assert!(day.has("scan.service", "alert", ""), "{}", day.story());
    assert!(day.has("execution.service", "gate", "the scan for today failed"), "{}", day.story());
    assert!(day.has("execution.service", "gate", "75"), "{}", day.story());
    assert!(!day.has("execution.service", "ready", ""), "{}", day.story());
    assert!(day.orders().is_empty(), "{}", day.story());
}

#[test]
fn yesterdays_list_is_never_traded() {
    let day = Day::run(&["--fault", "stale-watchlist"]);
    day.expect("REFUSED", 0);
    assert!(!day.has("scan.timer", "fires", ""), "{}", day.story());
    assert!(day.has("execution.service", "gate", "REFUSED: the watchlist is for"), "{}", day.story());
    assert!(day.has("execution.service", "skipped", ""), "{}", day.story());
    assert!(day.orders().is_empty(), "{}", day.story());
}

#[test]
fn the_kill_switch_stops_buying_and_leaves_the_stops() {
    let (clean, killed) = (Day::run(&["--seed", "7"]), Day::run(&["--seed", "7", "--fault", "kill-switch"]));
    killed.expect("PROTECTED", 0);
    let (all, before) = (clean.bought(), killed.bought());
    assert!(!before.is_empty(), "it must strike while something is held\n{}", killed.story());
    assert!(before.is_subset(&all) && before.len() < all.len(), "{before:?} of {all:?}\n{}", killed.story());
    assert_eq!(killed.positions().len(), before.len(), "{}", killed.story());
}

#[test]
fn a_crash_with_an_order_in_flight_loses_nothing_and_repeats_nothing() {
    let (clean, crashed) = (Day::run(&[]), Day::run(&["--fault", "crash"]));
    crashed.expect("PROTECTED", 0);
    assert!(crashed.has("rehearsal", "fault", "POST /v2/orders, after the venue acted on it"), "{}", crashed.story());
    assert!(crashed.has("execution.service", "restarts", "signal"), "{}", crashed.story());
    assert!(crashed.has("execution.service", "starts", "Restart="), "{}", crashed.story());
    assert_eq!(crashed.bought(), clean.bought(), "{}", crashed.story());
}

#[test]
fn the_same_seed_is_the_same_day_and_another_is_another() {
    let (one, two, other) = (Day::run(&["--seed", "3"]), Day::run(&["--seed", "3"]), Day::run(&["--seed", "4"]));
    assert_eq!(one.document["summary"], two.document["summary"]);
    assert_eq!(one.document["requests"], two.document["requests"]);
    assert_eq!(one.document["timeline"], two.document["timeline"]);
    assert_ne!(one.document["summary"]["fills"], other.document["summary"]["fills"]);
}

#[test]
fn a_day_that_did_not_go_as_it_should_ends_with_1_and_says_why() {
    let day = Day::run(&["--fault", "crash@1000000"]);
    day.expect("BROKEN", 1);
    let failed: Vec<&str> = day.checks(false);
    assert!(failed.contains(&"the fault struck"), "{failed:?}");
}

#[test]
fn what_keeps_a_day_from_running_has_its_own_exit_code() {
    for (arguments, code, said) in [
        (vec!["--session", "2017-11-23"], 65, "no session of the exchange (Thanksgiving"),
        (vec!["--session", "2017-13-01"], 64, "2017-13-01"),
        (vec!["--fault", "fire"], 64, "known faults"),
        (vec!["no-such-manifest.toml"], 64, "no-such-manifest.toml"),
        (vec!["--programs", "/usr/bin"], 78, "unitgen"),
        (vec!["--bars", "/dev/null"], 64, "--universe"),
    ] {
        let output = rehearse(&arguments);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {text}");
        assert!(text.contains(said), "{arguments:?}: {text}");
    }
}

#[test]
fn a_crash_at_any_request_of_a_real_day_loses_nothing_and_repeats_nothing() {
    let (Some(bars), Some(universe)) =
        (proofs::shared("data/us-daily-2014-2017.parquet"), proofs::shared("data/universe-2017-11.csv"))
    else {
        return;
    };
    let inputs = RealInputs::extract(&bars, &universe);
    let clean = Day::run(&inputs.arguments());
    clean.expect("TRADED", 0);
    let points = kill_points(&clean.requests());
    assert!(points.len() >= KILL_POINTS_MIN, "only {} kill points in {points:?}", points.len());

    let (open, days) = (Mutex::new(points.clone()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..DAYS_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(point) = open.lock().unwrap().pop() else { return };
                    let fault = ["--fault", point.as_str()];
                    let day = Day::run(&[inputs.arguments(), fault.to_vec()].concat());
                    days.lock().unwrap().push((point, day));
                }
            });
        }
    });
    let days = days.into_inner().unwrap();
    assert_eq!(days.len(), points.len());
    let mut explained = 0;
    for (point, day) in &days {
        assert_eq!(day.verdict(), "PROTECTED", "{point}: {:?}\n{}", day.checks(false), day.story());
        assert_eq!(day.code, Some(0), "{point}");
        explained += explain(point, day, &clean);
    }
    println!("{} kill points, {explained} days that differ from the clean one and why is known", days.len());
}

/// A killed day holds what the clean day holds, but for symbols that the crash kept from being entered: the ledger says
/// that the order never arrived, or the process was down when their time came. The next candidate may take the place.
fn explain(point: &str, day: &Day, clean: &Day) -> usize {
    let (held, wanted) = (day.bought(), clean.bought());
    if held == wanted {
        return 0;
    }
    let never_arrived = day.entries_in("never_arrived");
    for symbol in wanted.difference(&held) {
        let known = never_arrived.contains(symbol) || !day.entries_in("").contains(symbol);
        assert!(known, "{point}: {symbol} was entered and is not held\n{}", day.story());
    }
    assert!(held.len() <= wanted.len(), "{point}: more was bought than on the clean day\n{}", day.story());
    1
}

/// Before and after every order; at one request of every other kind in the thick of it (they change nothing at the venue,
/// so before and after are one); and some spread over the day.
fn kill_points(requests: &[String]) -> Vec<String> {
    let is_order = |number: usize| requests[number - 1] == "POST /v2/orders";
    let all = || 1..=requests.len();
    let first_order = all().find(|number| is_order(*number)).expect("the clean day orders");
    let mut numbers: BTreeSet<usize> = all().filter(|number| is_order(*number)).collect();
    for kind in requests.iter().collect::<BTreeSet<_>>() {
        let late = all().find(|number| *number > first_order && requests[number - 1] == *kind);
        numbers.extend(late.or_else(|| all().find(|number| requests[number - 1] == *kind)));
    }
    numbers.extend((1..=4).map(|part| requests.len() * part / 5));
    let points = |number: usize| {
        let before = format!("crash@{number}");
        if is_order(number) { vec![format!("{before}a"), before] } else { vec![before] }
    };
    numbers.into_iter().flat_map(points).collect()
}

/// A sixth of the real universe with two years of its real bars, small enough for dozens of days.
struct RealInputs {
    bars: String,
    universe: String,
    /// Goes away with the inputs.
    _directory: tempfile::TempDir,
}

impl RealInputs {
    fn extract(bars: &Path, universe: &Path) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let members = bars::read_universe(universe).unwrap().members;
        let kept: Vec<_> = members.iter().step_by(EVERY).collect();
        let symbols: BTreeSet<_> = kept.iter().map(|member| member.symbol).collect();
        let whole: BTreeSet<_> = members.iter().map(|member| member.symbol).collect();
        let selection = Selection { from: Some(FIRST_BAR.parse().unwrap()), to: Some(SESSION.parse().unwrap()) };
        let table = bars::read(bars, &selection).unwrap();
        // The funds (SPY for the regime, the sectors) are not in the universe; they stay.
        let wanted = table.iter().filter(|(symbol, _)| symbols.contains(symbol) || !whole.contains(symbol));
        let rows = wanted.flat_map(|(symbol, series)| series.bars().map(move |bar| (symbol, bar)));
        let small = BarTable::from_bars(table.feed(), rows).unwrap();
        let path = |name: &str| directory.path().join(name).to_str().expect("a temporary path is UTF-8").to_owned();
        let (bars, universe) = (path("bars.parquet"), path("universe.csv"));
        bars::write_parquet(Path::new(&bars), &small).unwrap();
        let lines: String = kept.iter().map(|member| format!("{},,{},\n", member.symbol, member.sector)).collect();
        std::fs::write(&universe, format!("Ticker,Name,Sector,WeightPct\n{lines}")).unwrap();
        Self { bars, universe, _directory: directory }
    }

    fn arguments(&self) -> Vec<&str> {
        vec!["--bars", &self.bars, "--universe", &self.universe, "--session", SESSION]
    }
}

/// A day that ran to its end.
struct Day {
    document: Value,
    code: Option<i32>,
}

impl Day {
    fn run(arguments: &[&str]) -> Self {
        let output = rehearse(arguments);
        let document = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
            panic!("rehearse {arguments:?}: {error}\n{}", String::from_utf8_lossy(&output.stderr));
        });
        Self { document, code: output.status.code() }
    }

    fn expect(&self, verdict: &str, code: i32) {
        assert_eq!(self.verdict(), verdict, "{:?}\n{}", self.checks(false), self.story());
        assert_eq!(self.code, Some(code));
        assert_eq!(self.document["schema_version"], 1);
    }

    fn verdict(&self) -> &str {
        self.document["summary"]["verdict"].as_str().unwrap()
    }

    fn list(&self, name: &str) -> &[Value] {
        self.document["summary"][name].as_array().unwrap()
    }

    fn orders(&self) -> &[Value] {
        self.list("orders")
    }

    fn fills(&self) -> &[Value] {
        self.list("fills")
    }

    fn positions(&self) -> &[Value] {
        self.list("positions")
    }

    /// The symbols of everything bought; prices may differ when a crash moved an order by seconds.
    fn bought(&self) -> BTreeSet<String> {
        let buys = self.fills().iter().filter(|fill| fill["side"] == "buy");
        buys.map(|fill| fill["symbol"].as_str().unwrap().to_owned()).collect()
    }

    /// Symbols with an entry in that state of the ledger; in any state when it is empty.
    fn entries_in(&self, state: &str) -> BTreeSet<String> {
        let entries = self.list("intents").iter().filter(|intent| intent["leg"] == "entry");
        let wanted = entries.filter(|intent| state.is_empty() || intent["state"] == state);
        wanted.map(|intent| intent["symbol"].as_str().unwrap().to_owned()).collect()
    }

    fn checks(&self, ok: bool) -> Vec<&str> {
        let checks = self.list("checks").iter().filter(|check| check["ok"] == ok);
        checks.map(|check| check["name"].as_str().unwrap()).collect()
    }

    fn requests(&self) -> Vec<String> {
        let requests = self.document["requests"].as_array().unwrap();
        requests.iter().map(|request| request.as_str().unwrap().to_owned()).collect()
    }

    fn has(&self, unit: &str, event: &str, detail: &str) -> bool {
        self.document["timeline"].as_array().unwrap().iter().any(|line| {
            line["unit"] == unit && line["event"] == event && line["detail"].as_str().unwrap().contains(detail)
        })
    }

    /// The day as a reader of a failed test wants it.
    fn story(&self) -> String {
        let line = |line: &Value| {
            ["at", "unit", "event", "detail"].map(|key| line[key].as_str().unwrap_or_default().to_owned()).join("  ")
        };
        self.document["timeline"].as_array().unwrap().iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

fn rehearse(arguments: &[&str]) -> Output {
    let programs = proofs::programs(&["rehearse", "unitgen", "scanner", "gate", "execution", "desk"]);
    Command::new(programs.join("rehearse"))
        .args(["day", "--json"])
        .args(arguments)
        .current_dir(proofs::workspace_root())
        .output()
        .expect("rehearse runs")
}
