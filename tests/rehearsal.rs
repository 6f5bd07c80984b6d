//! Rehearsed days with the real programs: the normal one, one for each fault (those that were incidents are in
//! `incidents`), and a crash around every kind of request.
//!
//! Needs the programs built (`cargo build --workspace --bins`). Every day runs in a scratch directory and on a venue of
//! its own, so days do not see each other. The kill points run on real bars out of ../shared.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
    process::Command,
};

use bars::{BarTable, Selection};
use proofs::{Day, rehearse};
use serde_json::Value;

const SESSION: &str = "2017-11-10";
/// A year of bars is enough for every mean the scan takes, two for its window.
const FIRST_BAR: &str = "2015-11-01";
/// Every so many members of the universe: enough to trade, few enough for a day in seconds.
const EVERY: usize = 6;
/// With this seed even what meets one request of a thousand meets some before 10:05; that it does is checked each day.
const UNLUCKY: &str = "10";

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
    let day = Day::with_fault("scan-fails", &[]);
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
    let day = Day::with_fault("stale-watchlist", &[]);
    day.expect("REFUSED", 0);
    assert!(!day.has("scan.timer", "fires", ""), "{}", day.story());
    assert!(day.has("execution.service", "gate", "REFUSED: the watchlist is for"), "{}", day.story());
    assert!(day.has("execution.service", "skipped", ""), "{}", day.story());
    assert!(day.orders().is_empty(), "{}", day.story());
}

#[test]
fn the_kill_switch_stops_buying_and_leaves_the_stops() {
    let (clean, killed) = (Day::run(&["--seed", "7"]), Day::with_fault("kill-switch", &["--seed", "7"]));
    killed.expect("PROTECTED", 0);
    let (all, before) = (clean.bought(), killed.bought());
    assert!(!before.is_empty(), "it must strike while something is held\n{}", killed.story());
    assert!(before.is_subset(&all) && before.len() < all.len(), "{before:?} of {all:?}\n{}", killed.story());
    assert_eq!(killed.positions().len(), before.len(), "{}", killed.story());
}

#[test]
fn a_crash_with_an_order_in_flight_loses_nothing_and_repeats_nothing() {
    let (clean, crashed) = (Day::run(&[]), Day::with_fault("crash", &[]));
    crashed.expect("PROTECTED", 0);
    assert!(crashed.has("rehearsal", "fault", "POST /v2/orders, after the venue acted on it"), "{}", crashed.story());
    assert!(crashed.has("execution.service", "restarts", "signal"), "{}", crashed.story());
    assert!(crashed.has("execution.service", "starts", "Restart="), "{}", crashed.story());
    assert_eq!(crashed.bought(), clean.bought(), "{}", crashed.story());
}

/// One test for each fault: its day ends as `rehearse faults` says it must, and as the docs say it does.
macro_rules! days {
    ($($test:ident: $fault:literal $(, $more:literal)*;)+) => {
        $(
            #[test]
            fn $test() {
                drop(Day::with_fault($fault, &[$($more),*]));
            }
        )+
    };
}

days! {
    a_ledger_of_which_nothing_is_left_is_made_anew: "ledger-fresh";
    a_locked_database_delays_and_loses_nothing: "database-locked";
    twenty_minutes_at_once_leave_nothing_bare: "clock-jump", "--until", "11:00";
    two_faults_of_requests_strike_each: "venue:status:500", "--fault", "venue:drop_after", "--until", "10:05";
    a_clock_ahead_by_5_s_opens_nothing: "clock-skew-5s", "--until", "11:00";
    a_clock_ahead_by_an_hour_opens_nothing: "clock-skew-1h", "--until", "11:00";
    a_calendar_without_today_opens_nothing: "closed-today", "--until", "11:00";
    a_calendar_with_half_of_today_opens_nothing: "half-day-today", "--until", "11:00";
    keys_of_another_account_are_refused_and_stops_stay: "other-account";
    a_process_that_hangs_is_ended_by_the_watchdog: "hang", "--until", "11:00";
    a_process_that_aborts_comes_back: "abort", "--until", "11:00";
    a_process_out_of_memory_comes_back: "oom", "--until", "11:00";
    a_halted_symbol_keeps_its_stop: "halt", "--until", "11:00";
    a_split_in_session_leaves_no_share_bare: "split";
    a_rate_limit_leaves_protection_its_half: "rate-limit", "--until", "10:30";
    a_cut_stream_costs_no_fill: "stream-cut", "--until", "10:30";
    a_late_stream_costs_no_fill: "stream-late", "--until", "10:30";
    a_doubled_stream_counts_once: "stream-duplicate", "--until", "10:30";
    a_shuffled_stream_counts_once: "stream-reorder", "--until", "10:30";
}

#[test]
fn a_full_disk_opens_nothing_and_stops_stay() {
    if proofs::can_mount() {
        let (clean, full) = (Day::run(&["--until", "11:00"]), Day::with_fault("disk-full", &["--until", "11:00"]));
        let instant = |event, detail: &str| {
            let mut lines = full.lines("rehearsal", event).into_iter();
            lines.find(|(_, said)| said.contains(detail)).map(|(at, _)| at).unwrap()
        };
        let (from, to) = (instant("fault", "the disk"), instant("note", "disk-full is over"));
        let (wanted, made) = (entries(&clean), entries(&full));
        let kept_back: Vec<_> = wanted.iter().filter(|(_, at)| (&from..&to).contains(at)).collect();
        assert!(!kept_back.is_empty(), "the clean day buys something meanwhile\n{}", clean.story());
        for (symbol, _) in kept_back {
            assert!(made.get(symbol).is_none_or(|at| *at >= to), "{symbol}\n{}", full.story());
        }
        assert!(made.values().any(|at| *at >= to), "it buys again when there is room\n{}", full.story());
    }
}

#[test]
fn a_silent_stream_is_found_mute_twice_and_costs_no_stop() {
    let day = Day::with_fault("stream-silent", &["--until", "10:30"]);
    let noticed = day.lines("rehearsal", "note").into_iter().filter(|(_, said)| said.contains("stream is mute"));
    assert_eq!(noticed.count(), 2, "{}", day.story());
}

#[test]
fn state_that_is_read_only_keeps_the_service_down_and_stops_stay() {
    if proofs::can_mount() {
        drop(Day::with_fault("read-only-state", &["--until", "11:00"]));
    }
}

#[test]
fn a_slow_disk_changes_nothing() {
    if proofs::can_trace() {
        let (slow, clean) = (Day::with_fault("slow-fsync", &["--until", "10:00"]), Day::run(&["--until", "10:00"]));
        assert_eq!(slow.bought(), clean.bought());
    }
}

#[test]
fn whatever_meets_the_first_order_its_fill_gets_its_stop() {
    let faults = faults_of_requests(|name| !name.contains('%'));
    assert!(faults.len() >= 20, "{faults:?}");
    drop(proofs::a_few_at_once(&faults, |fault| drop(Day::with_fault(fault, &["--until", "10:05"]))));
}

#[test]
fn whatever_meets_requests_by_chance_nothing_is_lost() {
    let faults = faults_of_requests(|name| name.contains('%'));
    assert!(faults.len() >= 20, "{faults:?}");
    drop(proofs::a_few_at_once(&faults, |fault| {
        drop(Day::with_fault(fault, &["--until", "10:05", "--seed", UNLUCKY]))
    }));
}

#[test]
fn a_kept_day_is_the_same_again() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let day = Day::run(&["--seed", "5", "--until", "10:00", "--fault", "crash", "--keep", kept.to_str().unwrap()]);
    day.expect("PROTECTED", 0);
    let again = Command::new(proofs::program("rehearse")).arg("replay").arg(&kept).output().unwrap();
    let said = String::from_utf8_lossy(&again.stdout);
    assert_eq!(again.status.code(), Some(0), "{said}");
    assert!(said.contains("the same day") && said.contains("--fault=crash --until=10:00 --seed=5"), "{said}");

    let path = kept.join("day.json");
    let other = std::fs::read_to_string(&path).unwrap().replacen("GET /v2/positions", "GET /v2/elsewhere", 1);
    std::fs::write(&path, other).unwrap();
    let again = Command::new(proofs::program("rehearse")).arg("replay").arg(&path).output().unwrap();
    assert_eq!(again.status.code(), Some(1), "{}", String::from_utf8_lossy(&again.stdout));
}

/// The table in the docs is the program's own, row by row; what each fault's day came to is compared where it runs.
#[test]
fn the_table_of_faults_is_in_the_docs() {
    let rows = |text: &str| -> Vec<String> {
        let columns = |line: &str| line.split(" | ").take(3).collect::<Vec<_>>().join(" | ");
        text.lines().filter(|line| line.starts_with("| `")).map(columns).collect()
    };
    let mut page = String::from(PAGE);
    for fault in faults() {
        let text = |key: &str| fault[key].as_str().unwrap().to_owned();
        writeln!(page, "| `{}` | {} | {} |  |", text("name"), text("strikes"), text("holds")).unwrap();
    }
    let path = proofs::faults_page();
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    if proofs::updates_docs() && rows(&found) != rows(&page) {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(rows(&found), rows(&page), "UPDATE_DOCS=1");
}

const PAGE: &str = "# What goes wrong on a rehearsed day\n
Made by `UPDATE_DOCS=1` and the tests `rehearsal`, `incidents` and `kill_points` of package `proofs`; they fail when it is
stale. `rehearse day --fault NAME` runs a row. Every row ends with what is held under stops, no order lost, no order twice,
but where it says otherwise; the last column is how its day ended.\n
| fault | strikes | must hold | outcome |\n|---|---|---|---|\n";

fn faults() -> Vec<Value> {
    let output = Command::new(proofs::program("rehearse")).args(["faults", "--json"]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn faults_of_requests(wanted: impl Fn(&str) -> bool) -> Vec<String> {
    let requests = faults().into_iter().filter(|fault| fault["group"] == "request");
    requests.filter_map(|fault| fault["name"].as_str().map(str::to_owned)).filter(|name| wanted(name)).collect()
}

#[test]
fn the_same_seed_is_the_same_day_and_another_is_another() {
    let (one, two, other) = (Day::run(&["--seed", "3"]), Day::run(&["--seed", "3"]), Day::run(&["--seed", "4"]));
    assert_eq!(one.document["summary"], two.document["summary"]);
    // What is read at once comes to the venue in any order.
    let requests = |day: &Day| {
        let mut requests = day.requests();
        requests.sort();
        requests
    };
    assert_eq!(requests(&one), requests(&two));
    assert_eq!(one.document["timeline"], two.document["timeline"]);
    assert_ne!(one.document["summary"]["fills"], other.document["summary"]["fills"]);
}

#[test]
fn a_day_that_did_not_go_as_it_should_ends_with_1_and_says_why() {
    let day = Day::run(&["--fault", "crash@1000000"]);
    day.expect("BROKEN", 1);
    let failed = day.checks(false);
    assert!(failed.iter().any(|check| check.starts_with("the fault struck")), "{failed:?}");
}

#[test]
fn what_keeps_a_day_from_running_has_its_own_exit_code() {
    for (arguments, code, said) in [
        (vec!["--session", "2017-11-23"], 65, "no session of the exchange (Thanksgiving"),
        (vec!["--session", "2017-13-01"], 64, "2017-13-01"),
        (vec!["--fault", "fire"], 64, "known faults"),
        (vec!["--fault", "kill@fsync:0"], 64, "no kill point"),
        (vec!["--until", "noon"], 64, "a time of day"),
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

/// Before and after each system call is what `kill_points` does; here the venue has acted and nobody was told, on real bars.
#[test]
fn a_crash_after_the_venue_acted_on_a_real_day_loses_nothing_and_repeats_nothing() {
    let (Some(bars), Some(universe)) =
        (proofs::shared("data/us-daily-2014-2017.parquet"), proofs::shared("data/universe-2017-11.csv"))
    else {
        return;
    };
    let inputs = RealInputs::extract(&bars, &universe);
    let clean = Day::run(&inputs.arguments());
    clean.expect("TRADED", 0);
    let points = kill_points(&clean.requests());
    let days = proofs::a_few_at_once(&points, |point| {
        Day::run(&[inputs.arguments(), vec!["--fault", point.as_str()]].concat())
    });
    for (point, day) in points.iter().zip(&days) {
        assert_eq!(day.verdict(), "PROTECTED", "{point}: {:?}\n{}", day.checks(false), day.story());
        assert_eq!(day.code, Some(0), "{point}");
        explain(point, day, &clean);
    }
    proofs::document_outcome("crash@Na", "PROTECTED");
}

#[test]
fn a_crash_before_the_venue_saw_an_order_loses_nothing_and_repeats_nothing() {
    let clean = Day::run(&["--until", "10:30"]);
    let number = clean.requests().iter().position(|request| request == "POST /v2/orders").expect("it orders") + 1;
    let day = Day::run(&["--until", "10:30", "--fault", &format!("crash@{number}")]);
    day.expect("PROTECTED", 0);
    assert!(day.has("rehearsal", "fault", "POST /v2/orders, before the venue acted on it"), "{}", day.story());
    explain("before the first order", &day, &clean);
    proofs::document_outcome("crash@N", "PROTECTED");
}

/// When each symbol's first entry reached the venue.
fn entries(day: &Day) -> BTreeMap<String, String> {
    let mut first = BTreeMap::new();
    for (at, detail) in day.lines("venue", "order") {
        let mut words = detail.split(' ');
        if words.next() == Some("buy") {
            first.entry(words.nth(1).expect("an order has a symbol").to_owned()).or_insert(at);
        }
    }
    first
}

/// A killed day holds what the clean day holds. Only a symbol whose entry on the clean day falls between the strike and the
/// service's return may be missing: the order never arrived, or nobody was there to send it. Whatever is bought instead is
/// no more than what is missing.
fn explain(point: &str, day: &Day, clean: &Day) {
    let (struck, _) = day.lines("rehearsal", "fault").remove(0);
    let mut ready = day.lines("execution.service", "ready").into_iter().map(|(at, _)| at);
    let back = ready.find(|at| *at >= struck).expect("it came back");
    let (held, wanted, due) = (day.bought(), clean.bought(), entries(clean));
    for symbol in wanted.difference(&held) {
        let at = &due[symbol];
        assert!(
            (&struck..=&back).contains(&at),
            "{point}: {symbol} was due at {at}, it was down from {struck} to {back}\n{}",
            day.story()
        );
    }
    assert!(held.len() <= wanted.len(), "{point}: more was bought than on the clean day\n{}", day.story());
}

/// One after the venue acted on each kind of sending: the first and the last new order, replacement and cancel.
fn kill_points(requests: &[String]) -> Vec<String> {
    let mut numbers: BTreeSet<usize> = BTreeSet::new();
    for (kind, least) in [("POST /v2/orders", 2), ("PATCH /v2/orders/", 1), ("DELETE /v2/orders/", 0)] {
        let of_kind = |number: &usize| requests[number - 1].starts_with(kind);
        let found: Vec<usize> = (1..=requests.len()).filter(of_kind).collect();
        assert!(found.len() >= least, "the clean day sends {} {kind}", found.len());
        numbers.extend(found.iter().take(1).chain(found.last()));
    }
    numbers.into_iter().map(|number| format!("crash@{number}a")).collect()
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
