//! The gate as a table: every refusal, flat and with something to protect; and what a good day looks like.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeSet, path::Path};

use contract::{
    Attestation, Authority, Env, Evidence, ExitCode, Exposure, KillSwitch, Layout, Refusal, ScanRun, ScanStatus,
    decide,
    gate::{Found, ListFile},
};
use market::{Calendar, Feed, NyDate, Timestamp};
use proptest::prelude::*;

/// Monday after a long weekend: Friday the 3rd was the observed Independence Day.
const TODAY: &str = "2026-07-06";
const PREVIOUS: &str = "2026-07-02";

fn day(text: &str) -> NyDate {
    text.parse().unwrap()
}

fn attestation() -> Attestation {
    Attestation {
        schema: Attestation::SCHEMA,
        run_id: "run-2".into(),
        session: day(TODAY),
        as_of: day("2026-07-05"),
        newest_bar: day(PREVIOUS),
        bars_sha256: "b".into(),
        universe_sha256: "u".into(),
        feed: Feed::Sip,
        verdicts: [("candidate".into(), 42)].into(),
        candidates: 42,
        average_volumes: [].into(),
        remark: None,
        scanner_version: "0.1.0".into(),
        rules_sha256: "r".into(),
        written_at: day(TODAY).at_hm(8, 31),
        csv_sha256: "c".into(),
    }
}

fn scan_run() -> ScanRun {
    ScanRun {
        schema: ScanRun::SCHEMA,
        run_id: "run-2".into(),
        session: day(TODAY),
        as_of: day("2026-07-05"),
        started_at: day(TODAY).at_hm(8, 30),
        status: ScanStatus::Finished,
        reason: None,
    }
}

/// A Monday at 08:40, everything as it should be, nothing to protect.
fn good() -> Evidence {
    Evidence {
        now: Ok(day(TODAY).at_hm(8, 40)),
        list: Found::Read(ListFile { sha256: "c".into(), candidates: 42 }),
        attestation: Found::Read(attestation()),
        scan_run: Found::Read(scan_run()),
        broker_is_loopback: false,
        kill: KillSwitch::Clear,
        exposure: Exposure::Flat,
    }
}

fn exposed() -> Exposure {
    Exposure::Exposed { why: "1 positions (AAPL)".into() }
}

fn at(date: &str, hour: u32, minute: u32) -> Result<Timestamp, String> {
    Ok(day(date).at_hm(hour, minute))
}

fn attested(change: impl FnOnce(&mut Attestation)) -> Found<Attestation> {
    let mut attestation = attestation();
    change(&mut attestation);
    Found::Read(attestation)
}

fn scanned(status: ScanStatus, run_id: &str) -> Found<ScanRun> {
    Found::Read(ScanRun { status, run_id: run_id.into(), ..scan_run() })
}

fn latched(content: &str) -> KillSwitch {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("KILL_SWITCH"), content).unwrap();
    KillSwitch::read_file(&directory.path().join("KILL_SWITCH"))
}

/// What is wrong, and the refusals it must cause, no more and no less.
type Case = (&'static str, &'static [&'static str], fn(&mut Evidence));

#[rustfmt::skip]
const CASES: &[Case] = &[
    ("no clock",              &["clock_unavailable"],      |e| e.now = Err("the venue does not answer".into())),
    ("calendar at its end",   &["calendar_ends"],          |e| e.now = at("2028-01-03", 9, 0)),
    ("holiday",               &["no_session", "watchlist_ahead"], |e| e.now = at("2026-07-03", 9, 0)),
    ("weekend",               &["no_session", "watchlist_ahead"], |e| e.now = at("2026-07-05", 9, 0)),
    ("07:59",                 &["before_window"],          |e| e.now = at(TODAY, 7, 59)),
    ("16:00",                 &["after_close"],            |e| e.now = at(TODAY, 16, 0)),
    ("no list",               &["watchlist_missing"],      |e| e.list = Found::Missing),
    ("broken list",           &["watchlist_unreadable"],   |e| e.list = Found::Unreadable("row 3".into())),
    ("no attestation",        &["attestation_missing"],    |e| e.attestation = Found::Missing),
    ("broken attestation",    &["attestation_unreadable"], |e| e.attestation = Found::Unreadable("schema 9".into())),
    ("list edited",           &["watchlist_altered"],      |e| e.list = Found::Read(ListFile { sha256: "x".into(), candidates: 42 })),
    ("count off",             &["watchlist_altered"],      |e| e.list = Found::Read(ListFile { sha256: "c".into(), candidates: 41 })),
    ("the next day",          &["watchlist_stale"],        |e| e.now = at("2026-07-07", 9, 0)),
    ("list for tomorrow",     &["watchlist_ahead"],        |e| e.attestation = attested(|a| a.session = day("2026-07-07"))),
    ("frozen bars",           &["bars_wrong"],             |e| e.attestation = attested(|a| a.newest_bar = day("2026-07-01"))),
    ("bars of today",         &["bars_wrong"],             |e| e.attestation = attested(|a| a.newest_bar = day(TODAY))),
    ("as of its own session", &["looks_ahead"],            |e| e.attestation = attested(|a| a.as_of = day(TODAY))),
    ("scan running",          &["scan_running"],           |e| e.scan_run = scanned(ScanStatus::Running, "run-3")),
    ("scan failed",           &["scan_failed"],            |e| e.scan_run = scanned(ScanStatus::Failed, "run-3")),
    ("another scan",          &["scan_differs"],           |e| e.scan_run = scanned(ScanStatus::Finished, "run-3")),
    ("no scan record",        &["scan_missing"],           |e| e.scan_run = Found::Missing),
    ("broken scan record",    &["scan_unreadable"],        |e| e.scan_run = Found::Unreadable("EOF".into())),
    ("simulated data",        &["simulated_feed"],         |e| e.attestation = attested(|a| a.feed = Feed::Simulated)),
    ("touched kill switch",   &["kill_switch"],            |e| e.kill = latched("")),
    ("kill switch: entries",  &["kill_switch"],            |e| e.kill = latched("entries")),
    ("kill switch: flatten",  &["kill_switch"],            |e| e.kill = latched("flatten")),
    ("nothing there at all",  &["watchlist_missing", "attestation_missing"], |e| {
        (e.list, e.attestation, e.scan_run) = (Found::Missing, Found::Missing, Found::Missing);
    }),
];

fn codes(evidence: &Evidence) -> Vec<&'static str> {
    decide(evidence, Calendar::nyse()).reasons.iter().map(Refusal::code).collect()
}

#[test]
fn every_refusal_refuses_when_flat_and_manages_when_exposed() {
    for (name, expect, spoil) in CASES {
        let mut evidence = good();
        spoil(&mut evidence);
        assert_eq!(codes(&evidence), *expect, "{name}");
        for (exposure, authority, exit, word) in [
            (Exposure::Flat, Authority::Refused, ExitCode::GateRefused, "REFUSED: "),
            (exposed(), Authority::ManageOnly, ExitCode::Ok, "MANAGE-ONLY: "),
        ] {
            let verdict = decide(&Evidence { exposure, ..evidence.clone() }, Calendar::nyse());
            assert_eq!((verdict.authority, verdict.exit_code()), (authority, exit), "{name}");
            assert!(!verdict.authority.may_open(), "{name}");
            let line = verdict.to_string();
            assert!(line.starts_with(word) && !line.contains('\n'), "{name}: {line}");
            assert!(verdict.reasons.iter().all(|reason| !reason.hint().is_empty() && !reason.to_string().is_empty()));
        }
    }
}

#[test]
fn the_table_holds_every_refusal_there_is() {
    let covered: BTreeSet<_> = CASES.iter().flat_map(|(_, codes, _)| *codes).copied().collect();
    assert_eq!(covered, BTreeSet::from(Refusal::CODES));
}

#[test]
fn a_good_day_opens_and_says_so() {
    let verdict = decide(&good(), Calendar::nyse());
    assert_eq!((verdict.authority, verdict.exit_code()), (Authority::Open, ExitCode::Ok));
    assert_eq!(
        verdict.to_string(),
        "OK: Watchlist is fresh for today (NY): session 2026-07-06, data up to 2026-07-05, 42 candidates, run run-2"
    );
    let json = verdict.report().to_json();
    for part in [r#""authority":"open""#, r#""session":"2026-07-06""#, r#""candidates":42"#, r#""reasons":[]"#] {
        assert!(json.contains(part), "{json}");
    }
}

#[test]
fn what_does_not_refuse() {
    let cases: &[Case] = &[
        ("08:00", &[], |e| e.now = at(TODAY, 8, 0)),
        ("15:59", &[], |e| e.now = at(TODAY, 15, 59)),
        ("exposure alone", &[], |e| e.exposure = exposed()),
        ("a failed scan for tomorrow", &[], |e| {
            e.scan_run = Found::Read(ScanRun { session: day("2026-07-07"), status: ScanStatus::Failed, ..scan_run() });
        }),
        ("an empty list", &[], |e| {
            e.list = Found::Read(ListFile { sha256: "c".into(), candidates: 0 });
            e.attestation = attested(|a| a.candidates = 0);
        }),
        ("simulated data on a loopback venue", &[], |e| {
            e.attestation = attested(|a| a.feed = Feed::Simulated);
            e.broker_is_loopback = true;
        }),
    ];
    for (name, expect, change) in cases {
        let mut evidence = good();
        change(&mut evidence);
        assert_eq!(codes(&evidence), *expect, "{name}");
    }
}

#[test]
fn a_half_day_ends_the_window_at_its_own_close() {
    // The day after Thanksgiving 2026 closes at 13:00; the session before it is Wednesday's.
    let today = |minute| Evidence {
        now: at("2026-11-27", 12, minute),
        attestation: attested(|a| {
            (a.session, a.as_of, a.newest_bar) = (day("2026-11-27"), day("2026-11-26"), day("2026-11-25"));
        }),
        scan_run: Found::Read(ScanRun { session: day("2026-11-27"), ..scan_run() }),
        ..good()
    };
    assert_eq!(codes(&today(59)), [""; 0]);
    assert_eq!(codes(&Evidence { now: at("2026-11-27", 13, 0), ..today(0) }), ["after_close"]);
}

#[test]
fn an_empty_root_is_flat_and_refused() {
    let root = tempfile::tempdir().unwrap();
    let evidence = Evidence::gather(&Layout::new(root.path()), &Env::default(), at(TODAY, 8, 40));
    assert_eq!(codes(&evidence), ["watchlist_missing", "attestation_missing"]);
    assert_eq!(decide(&evidence, Calendar::nyse()).authority, Authority::Refused);
}

#[test]
fn evidence_is_what_the_files_say() {
    let root = tempfile::tempdir().unwrap();
    let layout = Layout::new(root.path());
    let csv = b"SchemaVersion,ScanDate,Symbol,Direction,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,Target_R2,TrendScore\n";
    let attestation =
        Attestation { csv_sha256: contract::sha256_hex(csv), candidates: 0, feed: Feed::Simulated, ..attestation() };
    let (list, attest): (&Path, &Path) = (&layout.candidates(), &layout.attestation());
    contract::write_all_atomically(&[(list, csv), (attest, &attestation.to_json())]).unwrap();
    scan_run().write(&layout.scan_run()).unwrap();
    let gather = |broker: &str| {
        let env = Env::from_pairs([("APCA_API_BASE_URL", broker)]);
        codes(&Evidence::gather(&layout, &env, at(TODAY, 8, 40)))
    };
    assert_eq!(gather("http://127.0.0.1:4000"), [""; 0]);
    assert_eq!(gather("https://paper-api.alpaca.markets"), ["simulated_feed"]);
    std::fs::write(layout.state_dir().parent().unwrap().join("daily_candidates.csv"), "x").unwrap();
    assert_eq!(gather("http://127.0.0.1:4000"), ["watchlist_unreadable"]);
}

proptest! {
    /// Any combination of faults: open exactly without a reason, and never refused with something to protect.
    #[test]
    fn protection_outranks_permission(spoilt in prop::collection::vec(0..CASES.len(), 0..5), flat in any::<bool>()) {
        let mut evidence = good();
        for case in &spoilt {
            CASES[*case].2(&mut evidence);
        }
        evidence.exposure = if flat { Exposure::Flat } else { exposed() };
        let verdict = decide(&evidence, Calendar::nyse());
        prop_assert_eq!(verdict.authority.may_open(), verdict.reasons.is_empty());
        prop_assert_eq!(verdict.authority.may_open(), spoilt.is_empty());
        prop_assert!(flat || verdict.exit_code() == ExitCode::Ok);
        prop_assert!(!flat || verdict.authority != Authority::ManageOnly);
    }
}
