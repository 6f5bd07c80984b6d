//! The incidents of the systems we replace, each with the test that keeps it from coming back.
//!
//! | incident | proven by |
//! |---|---|
//! | stale list traded because a failed scan wrote nothing | `rehearsal::a_failed_scan_closes_the_day`, `rehearsal::yesterdays_list_is_never_traded` |
//! | gate drop-in not installed by the deploy script | `units` (rendered with the unit, systemd's own merge) |
//! | prod units differing from the repository's | `unitgen` (snapshots), invariant 10 |
//! | duplicate execution processes | `a_second_process_is_refused` |
//! | two database files | `there_is_one_database_whatever_the_working_directory` |
//! | a paginated stop order missed, then a submit loop | `a_stop_behind_a_page_of_other_orders_is_found` |
//! | enum strings that defeated order matching | `broker` (every status, side and type of the broker's schema) |
//! | the key saved after the submit | `kill_points`, `rehearsal::a_crash_with_an_order_in_flight_loses_nothing_and_repeats_nothing` |
//! | a months-old CSV overriding live positions | `an_older_list_put_back_opens_nothing_and_takes_no_stop_away` |
//! | SPY frozen for months and the regime with it | `scanner` (bars older than the session before fail the scan) |
//! | a scheduled job that crashed daily in silence | `units` (`ExecStopPost=`), `rehearsal::a_failed_scan_closes_the_day` |
//! | alerts lost with the process that queued them | `an_alert_outlives_the_process` |
//! | tests that posted to the live broker | `a_rehearsal_reaches_nothing_but_loopback` |
//! | equity counted twice | `equity_is_the_brokers_own_once` |
//! | rollback that forgot idempotency keys | `an_old_ledger_put_back_sends_nothing_twice`, `a_ledger_that_is_gone_is_not_made_anew` |
//! | half the orders outside trading hours: the server's zone | `a_host_in_berlin_has_the_same_day` |
//! | decimal commas | `a_decimal_comma_is_refused_by_name` |
//! | preflight 4/4 passed with no credentials | `a_check_without_credentials_fails_and_names_them` |
//! | a controls file whose limits nothing enforced | `limits_that_nothing_enforces_are_refused` |
//! | an emergency stop that knew only its own memory | `flatten_sells_what_the_broker_holds_with_a_fresh_ledger` |
//!
//! Needs the programs built.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

use proofs::Day;
use serde_json::Value;

#[test]
fn a_second_process_is_refused() {
    let day = Day::with_fault("two-processes", &["--until", "10:30"]);
    assert!(day.has("by-hand", "fails", "76"), "{}", day.story());
    assert_eq!(day.bought(), Day::run(&["--until", "10:30"]).bought(), "the first one trades on");
}

#[test]
fn there_is_one_database_whatever_the_working_directory() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    Day::run(&["--until", "10:00", "--keep", kept.to_str().unwrap()]).expect("TRADED", 0);
    let log = fs::read_to_string(kept.join("logs/execution.service.log")).unwrap();
    let said = log.lines().filter_map(|line| line.split("Execution DB: ").nth(1)).collect::<Vec<_>>();
    let state = kept.join("var/lib/avwap");
    let decision = json(&state.join("state/portfolio_decision_latest.json"));
    let absolute = decision["inputs"]["db_path_abs"].as_str().unwrap();
    assert!(Path::new(absolute).is_absolute() && Path::new(absolute).is_file(), "{absolute}");
    assert!(said.len() >= 2 && said.iter().all(|path| *path == absolute), "{said:?} and {absolute}");
    let databases = walk(&state).into_iter().filter(|path| path.ends_with(".sqlite")).collect::<Vec<_>>();
    assert_eq!(databases, [absolute], "one file");

    // A relative path is below the deployment's own directory, wherever the process happens to be.
    let root = folder.path().join("state");
    let expect = format!("ledger {}", root.join("data/execution_v2.sqlite").display());
    for directory in [folder.path(), Path::new("/")] {
        let relative = [("EXECUTION_V2_DB", "data/execution_v2.sqlite"), ("STATE_DIRECTORY", root.to_str().unwrap())];
        let said = text(&check(&relative, directory));
        assert!(said.contains(&expect), "in {}: {said}", directory.display());
    }
}

#[test]
fn a_stop_behind_a_page_of_other_orders_is_found() {
    let day = Day::with_fault("many-orders", &["--until", "11:00"]);
    // Open orders are listed oldest first: a stop that is younger than a page of others is not on the first.
    let is_theirs = |order: &Value| order["client_order_id"].as_str().unwrap().starts_with("by-hand");
    let before = day.orders().iter().position(|order| !is_theirs(order)).expect("we ordered something");
    assert!(before > 500, "only {before} orders of somebody else lie before ours");
    assert!(
        day.orders().iter().filter(|order| is_theirs(order)).all(|order| order["status"] == "Accepted"
            || order["status"] == "New"
            || order["status"] == "accepted"
            || order["status"] == "new"),
        "they stay open: {}",
        day.orders()[0]["status"]
    );
    assert!(!day.positions().is_empty());
}

#[test]
fn an_older_list_put_back_opens_nothing_and_takes_no_stop_away() {
    let day = Day::with_fault("candidates-of-yesterday", &["--until", "11:30"]);
    assert!(!day.positions().is_empty(), "it must strike while something is held");
    assert!(buys_after_the_strike(&day, &Day::run(&["--until", "11:30"])), "a clean day buys nothing more either");
}

#[test]
fn a_list_edited_by_hand_opens_nothing_and_takes_no_stop_away() {
    let day = Day::with_fault("candidates-edited", &["--until", "11:30"]);
    assert!(!day.positions().is_empty(), "it must strike while something is held");
    assert!(buys_after_the_strike(&day, &Day::run(&["--until", "11:30"])), "a clean day buys nothing more either");
}

/// Whether the day without the fault sends a buy order after the instant at which it struck.
fn buys_after_the_strike(day: &Day, clean: &Day) -> bool {
    let (struck, _) = day.lines("rehearsal", "fault").remove(0);
    clean.lines("venue", "order").iter().any(|(at, what)| *at > struck && what.starts_with("buy "))
}

#[test]
fn shares_the_ledger_never_saw_are_told_and_nothing_is_bought_beside_them() {
    let day = Day::with_fault("stranger-position", &["--until", "10:30"]);
    let bare = |alert: &String| alert.contains("NO stop") || alert.contains("stops protect 0");
    assert!(day.alerts().iter().any(bare), "a position without a stop is told: {:?}", day.alerts());
}

#[test]
fn an_alert_outlives_the_process() {
    if !proofs::can_trace() {
        return;
    }
    // Killed at a view a little after the alert of the stranger's shares.
    let day = Day::run(&["--until", "10:30", "--fault", "stranger-position", "--fault", "kill@renameat:430"]);
    day.expect("PROTECTED", 0);
    let kills = day.document["kills"].as_array().unwrap();
    assert_eq!(kills.len(), 1, "{}", day.story());
    let killed = kills[0]["at"].as_str().unwrap();
    for list in ["alerts_at", "outbox"] {
        let rows = day.document[list].as_array().unwrap();
        let is_it = |row: &&Value| row["text"].as_str().unwrap().contains("no entry was on its way");
        let at: Vec<&str> = rows.iter().filter(is_it).map(|row| row["at"].as_str().unwrap()).collect();
        assert!(at.iter().any(|at| *at < killed), "{list}: killed at {killed}, told at {at:?}: {rows:?}");
        assert_eq!(at.len(), 1, "{list}: told once, not again by the process that came back");
    }
}

#[test]
fn a_rehearsal_reaches_nothing_but_loopback() {
    for name in ["APCA_API_BASE_URL", "APCA_API_DATA_URL"] {
        let address = std::env::var(name).unwrap_or_default();
        assert!(address.is_empty() || address.starts_with("http://127."), "tests run with {name}={address}");
    }
    for address in ["https://paper-api.alpaca.markets", "https://api.alpaca.markets", "http://10.0.0.1:80"] {
        let sim_time = [("PORTCULLIS_CLOCK", "venue"), ("APCA_API_BASE_URL", address)];
        let output = check(&sim_time, Path::new("/"));
        let said = text(&output);
        assert!(output.status.code() != Some(0), "{address}: {said}");
        assert!(said.contains("PORTCULLIS_CLOCK") || said.contains("loopback"), "refused for another reason: {said}");
    }
}

#[test]
fn equity_is_the_brokers_own_once() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let day = Day::run(&["--keep", kept.to_str().unwrap()]);
    day.expect("TRADED", 0);
    let records = kept.join("var/lib/avwap/ledger/EOD");
    let record = fs::read_dir(&records).unwrap().next().unwrap().unwrap().path();
    let number =
        |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned).parse::<f64>().unwrap();
    let equity = number(&json(&record)["equity"]);
    assert!((equity - number(&day.document["summary"]["equity"])).abs() < 0.01, "{equity}");
}

#[test]
fn an_old_ledger_put_back_sends_nothing_twice() {
    let day = Day::with_fault("ledger-restored", &["--until", "11:00"]);
    assert!(day.positions().len() >= 2, "{}", day.story());
}

#[test]
fn a_ledger_that_is_gone_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let kept = folder.path().join("kept");
    let day = Day::with_fault("ledger-lost", &["--keep", kept.to_str().unwrap()]);
    assert!(day.has("execution.service", "fails", "65"), "{}", day.story());
    assert!(!day.positions().is_empty(), "stops stay");
    let database = kept.join("var/lib/avwap/data/execution_v2.sqlite");
    assert!(!database.exists(), "a refusal makes nothing: {:?}", fs::metadata(&database));
}

#[test]
fn a_damaged_ledger_is_refused_with_its_reason_and_stops_stay() {
    let day = Day::with_fault("ledger-corrupt", &[]);
    assert!(day.has("execution.service", "fails", "execution_v2.sqlite"), "{}", day.story());
    assert!(!day.positions().is_empty(), "stops stay");
}

#[test]
fn a_host_in_berlin_has_the_same_day() {
    let (berlin, clean) = (Day::with_fault("zone-berlin", &[]), Day::run(&[]));
    // How often fills are asked for depends on the stream, and a stream is real time.
    let asked =
        |day: &Day| -> Vec<String> { day.requests().into_iter().filter(|path| !path.ends_with("/FILL")).collect() };
    assert_eq!(asked(&berlin), asked(&clean));
    assert_eq!(berlin.document["summary"]["orders"], clean.document["summary"]["orders"]);
}

#[test]
fn a_decimal_comma_is_refused_by_name() {
    for (name, value) in [
        ("MAX_LIVE_GROSS_NOTIONAL", "5000,00"),
        ("MAX_LIVE_NOTIONAL_PER_SYMBOL", "1.000,00"),
        ("RISK_PER_TRADE_BPS", "0,5"),
    ] {
        let output = check(&[("LC_ALL", "de_DE.UTF-8"), (name, value)], Path::new("/"));
        assert_eq!(output.status.code(), Some(1), "{name}={value}");
        assert!(text(&output).contains(name), "{name}={value}: {}", text(&output));
    }
}

#[test]
fn a_check_without_credentials_fails_and_names_them() {
    for missing in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"] {
        let output = check(&[(missing, "")], Path::new("/"));
        assert_eq!(output.status.code(), Some(1), "{}", text(&output));
        assert!(text(&output).contains(missing), "{}", text(&output));
    }
}

#[test]
fn limits_that_nothing_enforces_are_refused() {
    for (name, value) in [("EXECUTION_CONFIG_PATH", "/etc/controls.json"), ("MAX_LIVE_LOSS", "100")] {
        let output = check(&[(name, value)], Path::new("/"));
        assert!(output.status.code() != Some(0), "{name}: {}", text(&output));
        assert!(text(&output).contains(name), "{}", text(&output));
    }
    assert_eq!(check(&[], Path::new("/")).status.code(), Some(0), "the rest of it is good");
}

#[test]
fn flatten_sells_what_the_broker_holds_with_a_fresh_ledger() {
    let day = Day::with_fault("flatten-fresh-ledger", &[]);
    assert!(day.positions().is_empty() && day.bought().len() >= 2, "{}", day.story());
}

/// `execution run --config-check` with a complete environment and these changes; an empty value takes a variable away.
fn check(changes: &[(&str, &str)], directory: &Path) -> Output {
    let state = tempfile::tempdir().unwrap();
    let mut command = Command::new(proofs::program("execution"));
    command.args(["run", "--config-check"]).env_clear().current_dir(directory);
    command.envs([
        ("PORTCULLIS_ACCOUNT", "PA30000000"),
        ("APCA_API_BASE_URL", "https://paper-api.alpaca.markets"),
        ("APCA_API_DATA_URL", "https://data.alpaca.markets"),
        ("APCA_API_KEY_ID", "key"),
        ("APCA_API_SECRET_KEY", "hush"),
        ("EXECUTION_MODE", "PAPER"),
    ]);
    command.env("STATE_DIRECTORY", state.path());
    for (name, value) in changes {
        if value.is_empty() {
            command.env_remove(name)
        } else {
            command.env(name, value)
        };
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// Every file below, as text.
fn walk(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path.to_str().unwrap().to_owned()) }
    }
    found
}
