//! The real `gate execution` over prepared state directories, with the time of a stub venue on loopback.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpListener,
    path::Path,
    process::{Command, Output},
    thread,
};

use contract::{
    Attestation, ExposureView, Held, KillLevel, KillSwitch, Layout, ScanRun, ScanStatus, sha256_hex,
    write_all_atomically,
};
use market::{Feed, NyDate, Qty, Symbol, Timestamp};
use serde_json::Value;

const CSV: &str = "SchemaVersion,ScanDate,Symbol,Direction,TrendTier,Price,Entry_Level,Entry_DistPct,Stop_Loss,Target_R1,\
    Target_R2,TrendScore,Sector\n\
    1,2026-07-05,ANAB,Long,A,66.5,66.06,0.66,63.26,67.76,69.01,72.676538,\"Health Care\"\n\
    1,2026-07-05,BRK.B,Long,A,39.8,39.09,1.82,36.86,40.65,41.5,67.142878,Unknown\n";
const MORNING: &str = "2026-07-06T08:40:00-04:00";

fn day(text: &str) -> NyDate {
    text.parse().unwrap()
}

/// A root as a good scan for Monday 2026-07-06 leaves it.
fn scanned(layout: &Layout) {
    let (session, as_of) = (day("2026-07-06"), day("2026-07-05"));
    let attestation = Attestation {
        schema: Attestation::SCHEMA,
        run_id: "run-1".into(),
        session,
        as_of,
        newest_bar: day("2026-07-02"),
        bars_sha256: sha256_hex(b"bars"),
        universe_sha256: sha256_hex(b"universe"),
        feed: Feed::Simulated,
        verdicts: [("candidate".into(), 2)].into(),
        candidates: 2,
        average_volumes: [].into(),
        remark: None,
        scanner_version: "0.1.0".into(),
        rules_sha256: sha256_hex(b"rules"),
        written_at: session.at_hm(8, 31),
        csv_sha256: sha256_hex(CSV.as_bytes()),
    };
    let files = [(layout.candidates(), CSV.as_bytes().to_vec()), (layout.attestation(), attestation.to_json())];
    let files: Vec<(&Path, &[u8])> = files.iter().map(|(path, bytes)| (path.as_path(), bytes.as_slice())).collect();
    write_all_atomically(&files).unwrap();
    scan_run(layout, ScanStatus::Finished, None);
}

fn scan_run(layout: &Layout, status: ScanStatus, reason: Option<&str>) {
    let run = ScanRun {
        schema: ScanRun::SCHEMA,
        run_id: "run-1".into(),
        session: day("2026-07-06"),
        as_of: day("2026-07-05"),
        started_at: day("2026-07-06").at_hm(8, 30),
        status,
        reason: reason.map(str::to_owned),
    };
    run.write(&layout.scan_run()).unwrap();
}

fn exposure(layout: &Layout, shares: u32) {
    let view = ExposureView {
        schema: ExposureView::SCHEMA,
        account: "PA3X".into(),
        written_at: day("2026-07-02").at_hm(15, 0),
        session: day("2026-07-02"),
        positions: vec![Held { symbol: Symbol::new("AAPL").unwrap(), qty: Qty::shares(shares) }],
        working_orders: 0,
        unknown_outcomes: 0,
    };
    view.write(&layout.exposure()).unwrap();
}

fn ledger(layout: &Layout) {
    fs::create_dir_all(layout.database().parent().unwrap()).unwrap();
    fs::write(layout.database(), "").unwrap();
}

/// Answers one `GET /sim/clock` with the given time and returns the address to ask.
fn venue(time: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.read(&mut [0; 1024]).unwrap();
        let body = format!("{{\"timestamp\":\"{time}\"}}");
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    url
}

fn gate() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gate"));
    command.env_clear().arg("execution");
    command
}

fn at(root: &Path, time: &'static str) -> Command {
    let mut command = gate();
    command.env("STATE_DIRECTORY", root).env("PORTCULLIS_CLOCK", "venue").env("APCA_API_BASE_URL", venue(time));
    command
}

fn lines(output: &Output) -> Vec<String> {
    String::from_utf8(output.stdout.clone()).unwrap().lines().map(str::to_owned).collect()
}

fn codes(json: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(json).unwrap();
    let reasons = report["reasons"].as_array().unwrap();
    reasons.iter().map(|reason| reason["code"].as_str().unwrap().to_owned()).collect()
}

type Prepare = fn(&Layout);

#[test]
fn the_verdict_follows_from_the_files() {
    let ok = "OK: Watchlist is fresh for today (NY)";
    let cases: &[(&str, &'static str, Prepare, i32, &str, &[&str])] = &[
        ("a good scan", MORNING, scanned, 0, ok, &[]),
        ("the close", "2026-07-06T16:00:00-04:00", scanned, 75, "REFUSED: ", &["after_close"]),
        ("the next day", "2026-07-07T08:40:00-04:00", scanned, 75, "REFUSED: ", &["watchlist_stale"]),
        ("nothing there", MORNING, |_| {}, 75, "REFUSED: ", &["watchlist_missing", "attestation_missing"]),
        (
            "edited list",
            MORNING,
            |layout| {
                scanned(layout);
                fs::write(layout.candidates(), CSV.replace("66.06", "66.07")).unwrap();
            },
            75,
            "REFUSED: ",
            &["watchlist_altered"],
        ),
        (
            "a scan that crashed",
            MORNING,
            |layout| {
                scanned(layout);
                scan_run(layout, ScanStatus::Running, None);
            },
            75,
            "REFUSED: ",
            &["scan_running"],
        ),
        (
            "a scan that failed",
            MORNING,
            |layout| {
                scanned(layout);
                scan_run(layout, ScanStatus::Failed, Some("no bars for SPY"));
            },
            75,
            "REFUSED: the scan for today failed: no bars for SPY",
            &["scan_failed"],
        ),
        (
            "touch KILL_SWITCH",
            MORNING,
            |layout| {
                scanned(layout);
                fs::create_dir_all(layout.state_dir()).unwrap();
                File::create(layout.kill_switch()).unwrap();
            },
            75,
            "REFUSED: ",
            &["kill_switch"],
        ),
        (
            "a scan, and a position",
            MORNING,
            |layout| {
                scanned(layout);
                exposure(layout, 5);
            },
            0,
            ok,
            &[],
        ),
        (
            "no scan, and a position",
            MORNING,
            |layout| exposure(layout, 5),
            0,
            "MANAGE-ONLY: ",
            &["watchlist_missing", "attestation_missing"],
        ),
        (
            "the kill switch, and a position",
            MORNING,
            |layout| {
                scanned(layout);
                exposure(layout, 5);
                let now = Timestamp::from_unix_seconds(0);
                KillSwitch::latch(&layout.kill_switch(), KillLevel::Flatten, "drill", "test", now).unwrap();
            },
            0,
            "MANAGE-ONLY: the kill switch is latched at flatten: drill (by test)",
            &["kill_switch"],
        ),
        (
            "no scan, and a ledger without a view",
            MORNING,
            ledger,
            0,
            "MANAGE-ONLY: ",
            &["watchlist_missing", "attestation_missing"],
        ),
        (
            "no scan, and a view that is flat",
            MORNING,
            |layout| {
                ledger(layout);
                exposure(layout, 0);
            },
            75,
            "REFUSED: ",
            &["watchlist_missing", "attestation_missing"],
        ),
    ];
    for (name, time, prepare, exit, line, expect) in cases {
        let root = tempfile::tempdir().unwrap();
        prepare(&Layout::new(root.path()));
        let output = at(root.path(), time).output().unwrap();
        let printed = lines(&output);
        assert_eq!(output.status.code(), Some(*exit), "{name}: {printed:?}");
        assert_eq!(printed.len(), 2, "{name}: {printed:?}");
        assert!(printed[0].starts_with(line), "{name}: {}", printed[0]);
        assert_eq!(codes(&printed[1]), *expect, "{name}");
        let hints = String::from_utf8(output.stderr).unwrap();
        assert_eq!(hints.is_empty(), expect.is_empty(), "{name}: {hints}");
        assert!(hints.lines().all(|hint| hint.starts_with("hint: ")), "{name}: {hints}");
    }
}

#[test]
fn json_alone_is_one_line() {
    let root = tempfile::tempdir().unwrap();
    scanned(&Layout::new(root.path()));
    let output = at(root.path(), MORNING).arg("--json").output().unwrap();
    let printed = lines(&output);
    assert_eq!(printed.len(), 1);
    let report: Value = serde_json::from_str(&printed[0]).unwrap();
    for (key, expect) in [
        ("schema", Value::from(1)),
        ("gate", "execution".into()),
        ("authority", "open".into()),
        ("session", "2026-07-06".into()),
        ("at", "2026-07-06T12:40:00Z".into()),
        ("candidates", 2.into()),
        ("exposure", Value::Null),
    ] {
        assert_eq!(report[key], expect, "{key}");
    }
}

#[test]
fn a_wrong_configuration_is_78_when_flat_and_does_not_stop_protection() {
    let root = tempfile::tempdir().unwrap();
    let moved = |root: &Path| {
        let mut command = gate();
        command.env("STATE_DIRECTORY", root).env("PORTCULLIS_CLOCK", "venue");
        command.env("APCA_API_BASE_URL", "https://paper-api.alpaca.markets").output().unwrap()
    };
    let output = moved(root.path());
    assert_eq!(output.status.code(), Some(78), "{output:?}");
    assert!(lines(&output)[0].contains("needs a broker on a loopback address"), "{output:?}");
    exposure(&Layout::new(root.path()), 5);
    assert_eq!(moved(root.path()).status.code(), Some(0));

    let nowhere = gate().output().unwrap();
    assert_eq!(nowhere.status.code(), Some(78));
    assert_eq!(codes(&lines(&nowhere)[1]), ["no_root"]);
}

#[test]
fn a_venue_that_does_not_answer_closes_the_gate() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let root = tempfile::tempdir().unwrap();
    scanned(&Layout::new(root.path()));
    let mut command = gate();
    command.env("STATE_DIRECTORY", root.path()).env("PORTCULLIS_CLOCK", "venue");
    let output = command.env("APCA_API_BASE_URL", format!("http://{free}")).output().unwrap();
    assert_eq!(output.status.code(), Some(75));
    assert_eq!(codes(&lines(&output)[1]), ["clock_unavailable"]);
}

#[test]
fn a_wrong_command_line_is_64() {
    for arguments in [&["execution", "--rot", "/x"][..], &["scan"], &[]] {
        let output = Command::new(env!("CARGO_BIN_EXE_gate")).env_clear().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(64), "{arguments:?}");
    }
    let help = Command::new(env!("CARGO_BIN_EXE_gate")).env_clear().arg("--help").output().unwrap();
    assert_eq!(help.status.code(), Some(0));
}

#[test]
fn output_that_cannot_be_written_does_not_change_the_verdict() {
    let root = tempfile::tempdir().unwrap();
    let full = || File::options().write(true).open("/dev/full").unwrap();
    let run = || at(root.path(), MORNING).stdout(full()).stderr(full()).status().unwrap();
    assert_eq!(run().code(), Some(75));
    scanned(&Layout::new(root.path()));
    assert_eq!(run().code(), Some(0));
}

#[test]
fn the_root_by_hand_is_the_root_of_the_unit() {
    let root = tempfile::tempdir().unwrap();
    scanned(&Layout::new(root.path()));
    let mut command = at(Path::new("/nonexistent"), MORNING);
    let output = command.arg("--root").arg(root.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}
