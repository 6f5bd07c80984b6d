//! `unitgen calendar`: the days ahead as people, programs and calendars read them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    process::{Command, Output},
};

use unitgen::{
    calendar::agenda::{self, Agenda, DAYS_MAX},
    source,
};

const AURORA: &str = include_str!("../../manifests/aurora-paper.toml");
const AVWAP: &str = include_str!("../../manifests/avwap.toml");

#[test]
fn a_weekend_on_which_the_clocks_go_forward() {
    check(
        "2026-03-06",
        4,
        "
avwap: 6 fires in 4 days from Fri 2026-03-06, days of America/New_York

Fri 2026-03-06  session 09:30 to 16:00
  08:30  13:30 UTC  scan               1h before the open; made up for until 09:15; then execution-restart
  08:40  13:40 UTC  execution-restart  50m before the open
  16:15  21:15 UTC  eod                15m after the close; made up for until 22:15

Sun 2026-03-08  weekend; clocks of America/New_York go forward 1h at 02:00, from UTC-05:00 to UTC-04:00

Mon 2026-03-09  session 09:30 to 16:00
  08:30  12:30 UTC  scan               1h before the open; made up for until 09:15; then execution-restart
  08:40  12:40 UTC  execution-restart  50m before the open
  16:15  20:15 UTC  eod                15m after the close; made up for until 22:15
",
    );
}

#[test]
fn a_holiday_and_the_half_day_behind_it() {
    check(
        "2026-11-26",
        3,
        "
avwap: 6 fires in 3 days from Thu 2026-11-26, days of America/New_York

Thu 2026-11-26  no session: Thanksgiving Day
  08:30  13:30 UTC  scan               no session: Thanksgiving Day; made up for until 09:15; then execution-restart
  08:40  13:40 UTC  execution-restart  no session: Thanksgiving Day
  16:15  21:15 UTC  eod                no session: Thanksgiving Day; made up for until 22:15

Fri 2026-11-27  half-day 09:30 to 13:00: day after Thanksgiving
  08:30  13:30 UTC  scan               1h before the open; made up for until 09:15; then execution-restart
  08:40  13:40 UTC  execution-restart  50m before the open
  16:15  21:15 UTC  eod                3h15m after the close; made up for until 22:15
",
    );
}

#[test]
fn days_beyond_the_exchanges_calendar_are_said_to_be() {
    let text = told(&manifest(AVWAP), "2027-12-31", 4);
    assert!(text.contains("Fri 2027-12-31  session 09:30 to 16:00\n"), "{text}");
    assert!(text.contains("Mon 2028-01-03  the exchange's calendar of this release ends on 2027-12-31\n"), "{text}");
    assert!(text.contains("  scan               session unknown; made up for until 09:15"), "{text}");
    let before = told(&manifest(AVWAP), "1990-01-01", 1);
    assert!(before.contains("Mon 1990-01-01  the exchange's calendar of this release begins on "), "{before}");
}

#[test]
fn the_clocks_go_back_and_odd_hours_are_marked() {
    let odd = AVWAP.replace("Mon..Fri 16:15\"", "Sat,Sun 21:00:30\"\non_success = [\"again\"]");
    let odd = odd.replace("late_start = \"6h\"", "#");
    let odd = format!("{odd}\n[jobs.again]\nprogram = \"desk\"\nargs = [\"status\"]\n");
    let text = told(&manifest(&odd), "2026-10-31", 2);
    let expect = "
Sat 2026-10-31  weekend
  21:00:30  01:00:30 UTC +1d  eod  no session: weekend; then again

Sun 2026-11-01  weekend; clocks of America/New_York go back 1h at 02:00, from UTC-04:00 to UTC-05:00
  21:00:30  02:00:30 UTC +1d  eod  no session: weekend; then again

Not by a timer:
  again: after eod has succeeded
";
    assert!(text.ends_with(expect), "{text}");
}

#[test]
fn a_job_while_the_exchange_is_open_is_marked() {
    let text = told(&manifest(&AVWAP.replace("Mon..Fri 16:15", "Mon..Fri 12:00")), "2026-03-10", 1);
    assert!(text.contains("  12:00  16:00 UTC  eod                in session; made up for until 18:00\n"), "{text}");
    let half = told(&manifest(&AVWAP.replace("Mon..Fri 16:15", "Mon..Fri 13:00")), "2026-11-27", 1);
    assert!(half.contains("eod                at the close; made up for until 19:00\n"), "{half}");
}

/// In a zone of its own a deployment reads its own clock first, and services have timers too.
#[test]
fn another_zone_has_new_york_and_utc_beside_it() {
    let text = told(&planned(AURORA), "2026-03-06", 4);
    println!("{text}");
    for line in [
        "Fri 2026-03-06  session 09:30 to 16:00 New York\n",
        "  07:30  08:30 New York  13:30 UTC  paper-preflight   1h before the open",
        "  08:00  09:00 New York  14:00 UTC  paper-trading     30m before the open; runs on\n",
        "  15:15  16:15 New York  21:15 UTC  paper-eod         15m after the close",
        "; clocks of America/Chicago go forward 1h at 02:00, from UTC-06:00 to UTC-05:00; clocks of America/New_York go forward",
        "  07:30  08:30 New York  12:30 UTC  paper-preflight   1h before the open",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn every_shipped_manifest_has_an_agenda() {
    for manifest in [AVWAP, AURORA, include_str!("../../manifests/traderunner.toml")] {
        let deployment = planned(manifest);
        let agenda = Agenda::of(&deployment, "2026-01-01".parse().unwrap(), DAYS_MAX).unwrap();
        let tree = unitgen::systemd::render(&deployment, manifest.as_bytes(), "sha256:0");
        let timers: std::collections::BTreeSet<&str> =
            tree.iter().filter_map(|(path, _)| path.strip_suffix(".timer")).collect();
        let fired = agenda.days.iter().flat_map(|day| &day.fires).map(|fire| fire.name.as_str()).collect();
        assert_eq!(timers, fired, "every timer that is rendered is told");
    }
}

#[test]
fn a_year_is_told_and_no_more() {
    let agenda = Agenda::of(&manifest(AVWAP), "2026-01-01".parse().unwrap(), u16::MAX).unwrap();
    assert_eq!(agenda.days.len(), usize::from(DAYS_MAX));
    let fires: usize = agenda.days.iter().map(|day| day.fires.len()).sum();
    assert_eq!(fires, 3 * 262, "three jobs on every weekday");
    assert!(!agenda.truncated);
}

#[test]
fn json_is_one_line_of_the_same() {
    let json = run(&["--from", "2026-11-27", "--days", "1", "--json"]);
    let (0, out) = json else { panic!("{json:?}") };
    assert_eq!(out.lines().count(), 1);
    let value: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&value["schema_version"], &value["zone"]), (&1.into(), &"America/New_York".into()));
    let day = &value["days"][0];
    assert_eq!((&day["date"], &day["exchange"]["kind"]), (&"2026-11-27".into(), &"half_day".into()));
    let scan = &day["fires"][0];
    for (field, expect) in [
        ("name", "scan".into()),
        ("kind", "job".into()),
        ("utc", "2026-11-27T13:30:00Z".into()),
        ("local", "2026-11-27T08:30:00-05:00".into()),
        ("made_up_until", "2026-11-27T14:15:00Z".into()),
        ("on_success", serde_json::json!(["execution-restart"])),
        ("exchange", serde_json::json!({ "kind": "before_open", "seconds": 3600 })),
    ] {
        assert_eq!(scan[field], expect, "{field}");
    }
}

#[test]
fn icalendar_has_an_event_a_fire() {
    let (0, out) = run(&["--from", "2026-11-26", "--days", "5", "--ics"]) else { panic!("it fails") };
    assert!(out.starts_with("BEGIN:VCALENDAR\r\nVERSION:2.0\r\n") && out.ends_with("END:VCALENDAR\r\n"));
    assert_eq!(out.matches("BEGIN:VEVENT\r\n").count(), 9);
    assert!(out.split("\r\n").all(|line| line.len() <= 75 && !line.contains('\n')));
    for event in [
        "DTSTART:20261126T133000Z\nSUMMARY:avwap: scan (no session)\nDESCRIPTION:no session: Thanksgiving Day\\; made up for \
         until 09:15\\; then execution-restart\n",
        "DTSTART:20261127T211500Z\nSUMMARY:avwap: eod\nDESCRIPTION:3h15m after the close\\; made up for until 22:15\\; half-day \
         09:30 to 13:00: day after Thanksgiving\n",
        "DTSTART:20261130T211500Z\nSUMMARY:avwap: eod\nDESCRIPTION:15m after the close\\; made up for until 22:15\n",
    ] {
        assert!(unfolded(&out).contains(event), "{event}\n{out}");
    }
    let (0, unknown) = run(&["--from", "2028-01-03", "--days", "1", "--ics"]) else { panic!("it fails") };
    let told = "SUMMARY:avwap: eod (session unknown)\nDESCRIPTION:session unknown\\; made up for until 22:15\\; the exchange's calendar of this release ends";
    assert!(unfolded(&unknown).contains(told), "{unknown}");
}

/// As a reader of the format puts its lines together again.
fn unfolded(ics: &str) -> String {
    ics.replace("\r\n ", "").replace("\r\n", "\n")
}

#[test]
fn an_agenda_that_is_not_whole_says_so_everywhere() {
    let mut agenda = Agenda::of(&manifest(AVWAP), "2026-11-27".parse().unwrap(), 1).unwrap();
    assert!(!agenda::ics(&agenda).contains("fewer days") && !agenda::text(&agenda, false).contains("fewer days"));
    agenda.truncated = true;
    let told = "The first 100000 fires; ask for fewer days to see the rest";
    assert!(agenda::text(&agenda, false).ends_with(&format!("\n{told}.\n")));
    let head = unfolded(&agenda::ics(&agenda));
    assert!(head.split_once("BEGIN:VEVENT").unwrap().0.contains(&told.replace(';', "\\;")), "{head}");
    // Every minute of seventy days.
    let manifest = AVWAP.replace("schedule = \"Mon..Fri 16:15\"", "schedule = \"Mon..Sun 00:00..23:59/1m UTC\"");
    let manifest = manifest.replace("late_start = \"6h\"", "#");
    let output = run_with(&manifest, &["--from", "2026-11-26", "--days", "70", "--ics"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("warning: these are the first 100000 fires\n"), "{said}");
}

#[test]
fn wrong_command_lines_are_64() {
    for arguments in [
        ["--days", "0"].as_slice(),
        &["--days", "367"],
        &["--from", "2026-02-30"],
        &["--from", "tomorrow"],
        &["--json", "--ics"],
        &["--from", "2099-12-31"],
    ] {
        assert_eq!(run(arguments).0, 64, "{arguments:?}");
    }
    assert_eq!(run(&[]).0, 0);
}

fn check(from: &str, days: u16, expect: &str) {
    assert_eq!(format!("\n{}", told(&manifest(AVWAP), from, days)), expect);
}

fn told(deployment: &manifest::Deployment, from: &str, days: u16) -> String {
    agenda::text(&Agenda::of(deployment, from.parse().unwrap(), days).unwrap(), false)
}

fn manifest(text: &str) -> manifest::Deployment {
    source::check(text.as_bytes()).unwrap().deployment
}

/// With the programs of later releases.
fn planned(text: &str) -> manifest::Deployment {
    source::check_with(text.as_bytes(), &manifest::Catalogue::planned()).unwrap().deployment
}

fn run(arguments: &[&str]) -> (i32, String) {
    let output = run_with(AVWAP, arguments);
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

fn run_with(manifest: &str, arguments: &[&str]) -> Output {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("m.toml"), manifest).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
    command.args(["calendar", "m.toml"]).args(arguments).current_dir(place.path()).output().unwrap()
}
