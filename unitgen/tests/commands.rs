//! The program as its users meet it: exit codes, streams, texts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

#[test]
fn a_sound_manifest_is_checked_and_rendered() {
    let place = Place::with(AVWAP);
    let checked = place.unitgen(&["check", "m.toml"]);
    assert_eq!((code(&checked), out(&checked).as_str()), (0, "m.toml: avwap is sound; services: 1, jobs: 3\n"));
    let rendered = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "units"]);
    assert_eq!((code(&rendered), err(&rendered).as_str()), (0, ""));
    assert!(place.path("units/execution.service").exists());
    let again = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "units", "--check"]);
    assert_eq!((code(&again), out(&again).as_str()), (0, "units: 11 of 11 files as rendered already\n"));
}

#[test]
fn programs_can_be_said_to_lie_elsewhere() {
    let place = Place::with(AVWAP);
    let render = |programs| ["render", "m.toml", "--target", "systemd", "--out", "units", "--programs", programs];
    assert_eq!(code(&place.unitgen(&render("/nix/store/0-p/bin"))), 0);
    let unit = fs::read_to_string(place.path("units/execution-restart.service")).unwrap();
    assert!(unit.contains("\nExecStart=/nix/store/0-p/bin/gate --version\n"), "{unit}");
    let refused = place.unitgen(&render("bin"));
    assert_eq!(code(&refused), 64);
    assert!(err(&refused).contains("an absolute path of plain characters"), "{}", err(&refused));
}

#[test]
fn a_check_of_the_output_changes_nothing_and_tells_differences_by_its_code() {
    let place = Place::with(AVWAP);
    let checked = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "units", "--check"]);
    assert_eq!(code(&checked), 1);
    assert!(out(&checked).contains("differs execution.service\n"));
    assert!(!place.path("units").exists());
}

/// The heart of the matter: every guardrail is taken away in turn, and nothing is rendered.
#[test]
fn an_order_placing_service_without_its_guardrails_cannot_be_rendered() {
    for (with, without) in [
        ("\"watchlist\", ", ""),
        ("\"session-window\", ", ""),
        (", \"kill-switch\"", ""),
        ("gates = [\"watchlist\", \"session-window\", \"kill-switch\"]", ""),
        ("gates = [\"watchlist\", \"session-window\", \"kill-switch\"]", "gates = []"),
        ("account = \"PA30000000\"", ""),
        ("live = \"never\"", "restart = \"always\""),
        ("live = \"never\"", "success_codes = [75]"),
        ("mode = \"paper\"", "mode = \"live\""),
        ("user = \"trading\"", "user = \"root\""),
        ("role = \"orders\"", ""),
        ("role = \"orders\"", "role = \"dashboard\""),
        ("secrets = [\"alpaca\"]", "secrets = []"),
        ("EXECUTION_POLL_SECONDS = \"60\"", "PORTCULLIS_CLOCK = \"venue\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "EXECUTION_MODE = \"LIVE\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "APCA_API_BASE_URL = \"http://127.0.0.1:9\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "EXECUTION_V2_DB = \"/tmp/second.sqlite\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "STATE_DIRECTORY = \"/tmp\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "MAX_LIVE_POSITONS = \"3\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "MAX_LIVE_GROSS_NOTIONAL = \"5.000,00\""),
        ("EXECUTION_POLL_SECONDS = \"60\"", "APCA_API_SECRET_KEY = \"x\""),
    ] {
        assert!(AVWAP.contains(with), "{with}");
        let place = Place::with(&AVWAP.replacen(with, without, 1));
        let rendered = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "units"]);
        assert_eq!(code(&rendered), 78, "{with} -> {without}: {}", out(&rendered));
        assert!(err(&rendered).contains("error["), "{without}");
        assert!(!place.path("units").exists(), "{without}");
    }
}

#[test]
fn problems_are_shown_where_they_stand_all_at_once() {
    let text = AVWAP
        .replacen("timezone = \"America/New_York\"", "timezone = \"Europe/Berlin\"", 1)
        .replacen("group = \"trading\"", "gruop = \"trading\"", 1)
        .replacen("\"watchlist\", ", "", 1)
        .replacen("live = \"never\"", "restart = \"always\"", 1)
        .replacen(
            "EXECUTION_POLL_SECONDS = \"60\"",
            "EXECUTION_POL_SECONDS = \"60\"\nENTRY_DELAY_AFTER_OPEN_MINUTES = \"soon\"\nSLACK_TOKEN = \"x\"",
            1,
        )
        .replacen("Mon..Fri 08:30", "Mon..Fri 02:30", 1)
        .replacen("[\"execution-restart\"]", "[\"execution\"]", 1)
        .replacen("Mon..Fri 16:15", "Mon..Fri 12:15", 1);
    let place = Place::with(&text);
    let checked = place.unitgen(&["check", "m.toml"]);
    assert_eq!(code(&checked), 78);
    insta::assert_snapshot!("problems", err(&checked));
}

#[test]
fn json_holds_every_problem_with_line_and_column() {
    let place = Place::with(&AVWAP.replacen("\"watchlist\", ", "", 1).replacen("Mon..Fri 16:15", "Mon..Fri 12:15", 1));
    let checked = place.unitgen(&["check", "--json", "m.toml"]);
    assert_eq!((code(&checked), err(&checked).as_str()), (78, ""));
    let report: serde_json::Value = serde_json::from_str(&out(&checked)).unwrap();
    assert_eq!((&report["schema_version"], &report["ok"]), (&1.into(), &false.into()));
    let line = AVWAP[..AVWAP.find("gates =").unwrap()].matches('\n').count() + 1;
    let problems: Vec<_> = report["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|problem| (problem["severity"].as_str().unwrap(), problem["code"].as_str().unwrap()))
        .collect();
    assert_eq!(problems, [("error", "missing-guardrail"), ("warning", "outside-session")]);
    assert_eq!((&report["problems"][0]["line"], &report["problems"][0]["column"]), (&line.into(), &1.into()));
}

#[test]
fn json_of_a_render_names_the_files() {
    let place = Place::with(AVWAP);
    let rendered = place.unitgen(&["render", "--json", "m.toml", "--target", "systemd", "--out", "units"]);
    let report: serde_json::Value = serde_json::from_str(&out(&rendered)).unwrap();
    assert_eq!((code(&rendered), &report["ok"]), (0, &true.into()));
    assert_eq!(report["output"]["written"].as_array().unwrap().len(), 11);
}

#[test]
fn warnings_do_not_stop_a_render() {
    let place = Place::with(&AVWAP.replacen("Mon..Fri 16:15", "Mon..Fri 12:15", 1));
    let rendered = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "units"]);
    assert_eq!(code(&rendered), 0);
    assert!(err(&rendered).contains("warning[outside-session]"), "{}", err(&rendered));
    assert!(place.path("units/eod.timer").exists());
}

#[test]
fn bytes_that_are_no_manifest_are_told_and_never_panic() {
    let large = "#".repeat(5 << 20).into_bytes();
    let half = AVWAP.as_bytes()[..AVWAP.find("[jobs.scan]").unwrap()].to_vec();
    let cut = AVWAP.as_bytes()[..AVWAP.find("kill-switch").unwrap()].to_vec();
    for (bytes, says) in [
        (b"schema = 1\nname = \"\xff\"\n".to_vec(), "error[syntax]: byte 19 is not UTF-8"),
        (large, "error[syntax]: 1048577 bytes are no manifest"),
        (b"schema = 2\nwhatever = true\n".to_vec(), "error[schema]: schema 2 is another version"),
        (half, "no job writes the watchlist"),
        (cut, "error[syntax]"),
        (Vec::new(), "error[syntax]: the manifest is empty"),
    ] {
        let place = Place::with("");
        fs::write(place.path("m.toml"), bytes).unwrap();
        for args in [&["check", "m.toml"][..], &["check", "--json", "m.toml"]] {
            assert_eq!(code(&place.unitgen(args)), 78, "{says}");
        }
        let told = err(&place.unitgen(&["check", "m.toml"]));
        assert!(told.contains(says), "{told}");
    }
}

#[test]
fn wrong_command_lines_are_64_and_name_the_manifests_found() {
    let place = Place::with(AVWAP);
    for args in
        [&[][..], &["frobnicate"], &["render", "m.toml"], &["render", "m.toml", "--target", "k8s", "--out", "x"]]
    {
        let output = place.unitgen(args);
        assert_eq!((code(&output), out(&output).as_str()), (64, ""), "{args:?}");
    }
}

#[test]
fn without_a_name_the_only_manifest_is_meant() {
    let place = Place::with(AVWAP);
    fs::create_dir_all(place.path("host/etc/portcullis")).unwrap();
    fs::create_dir(place.path("manifests")).unwrap();
    let commands: [&[&str]; 5] = [
        &["check", "--root", "host"],
        &["graph"],
        &["calendar", "--from", "2026-11-25"],
        &["render", "--target", "systemd", "--out", "units", "--root", "host"],
        &["explain", "scan.timer", "--root", "host"],
    ];
    let said = |args: &[&str]| {
        let output = place.unitgen(args);
        (code(&output), err(&output))
    };
    for args in commands {
        assert_eq!(said(args), (0, "manifest: m.toml\n".to_owned()), "{args:?}");
    }
    // Several are never chosen from, wherever they lie.
    fs::write(place.path("manifests/n.toml"), AVWAP).unwrap();
    let (exit, says) = said(&["check", "--root", "host"]);
    assert_eq!(exit, 64);
    assert!(says.contains("hint: name one of manifests/n.toml m.toml"), "{says}");
    // What is installed comes before what lies here, and a render's copy is no manifest.
    fs::write(place.path("host/etc/portcullis/avwap.toml"), AVWAP).unwrap();
    fs::write(place.path("host/etc/portcullis/avwap.manifest.toml"), AVWAP).unwrap();
    for args in [&["check", "--root", "host"][..], &["explain", "scan.timer", "--root", "host"]] {
        assert_eq!(said(args), (0, "manifest: host/etc/portcullis/avwap.toml\n".to_owned()), "{args:?}");
    }
    let json = place.unitgen(&["check", "--root", "host", "--json"]);
    assert_eq!((code(&json), err(&json).as_str()), (0, ""));
    fs::remove_file(place.path("manifests/n.toml")).unwrap();
    fs::remove_file(place.path("m.toml")).unwrap();
    let (exit, says) = said(&["graph"]);
    assert_eq!(exit, 64);
    assert!(says.contains("there is none in /etc/portcullis, ./manifests and here"), "{says}");
    let told = out(&place.unitgen(&["--help"]));
    assert!(
        told.contains("Without a manifest:\n  the one that is installed in /etc/portcullis, or by a login"),
        "{told}"
    );
}

#[test]
fn a_manifest_that_is_not_there_is_78() {
    let place = Place::with(AVWAP);
    let output = place.unitgen(&["check", "n.toml"]);
    assert_eq!(code(&output), 78);
    assert!(err(&output).contains("cannot read n.toml") && err(&output).contains("found: m.toml"));
}

#[test]
fn an_output_that_cannot_be_written_is_73() {
    let place = Place::with(AVWAP);
    fs::create_dir(place.path("units")).unwrap();
    fs::write(place.path("units/scan.service"), "[Service]\n").unwrap();
    let output = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "units"]);
    assert_eq!(code(&output), 73);
    assert!(err(&output).contains("hint: a hand-written or masked unit is never replaced"), "{}", err(&output));
    let output = place.unitgen(&["render", "m.toml", "--target", "systemd", "--out", "m.toml"]);
    assert_eq!(code(&output), 73);
}

#[test]
fn help_documents_the_exit_codes_and_completions_complete() {
    let place = Place::with(AVWAP);
    let help = place.unitgen(&["--help"]);
    assert_eq!(code(&help), 0);
    for exit_code in ["0 ", "1 ", "64", "73", "78"] {
        assert!(out(&help).lines().any(|line| line.trim_start().starts_with(exit_code)), "{exit_code}");
    }
    for shell in ["bash", "zsh", "fish"] {
        let completions = place.unitgen(&["completions", shell]);
        assert_eq!(code(&completions), 0);
        assert!(out(&completions).contains("render"), "{shell}");
    }
}

/// A full disk is told; a pipe that nobody reads any more is nobody's error.
#[test]
fn what_could_not_be_written_is_told_by_the_exit_code() {
    let place = tempfile::tempdir().unwrap();
    fs::write(place.path().join("a.toml"), AVWAP).unwrap();
    fs::write(place.path().join("b.toml"), AVWAP.replace("08:30", "08:29")).unwrap();
    let ended = |args: &[&str], to: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
        let output = command.args(args).current_dir(place.path()).stdout(to).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    for (args, code) in [
        (&["schema"][..], 73),
        (&["--help"], 73),
        (&["--version"], 73),
        (&["check", "a.toml"], 73),
        (&["calendar", "a.toml", "--ics"], 73),
        (&["completions", "bash"], 73),
        (&["diff", "a.toml", "b.toml"], 2),
        (&["diff", "a.toml", "b.toml", "--json"], 2),
    ] {
        let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let (ended_with, said) = ended(args, full.into());
        assert_eq!(ended_with, code, "{args:?}: {said}");
        assert_eq!(said.matches("error: cannot write the output: ").count(), 1, "{args:?}: {said}");
    }
    for args in [&["schema"][..], &["--help"], &["completions", "bash"]] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(ended(args, writer.into()), (0, String::new()), "{args:?}");
    }
}

#[test]
fn no_colour_goes_into_a_pipe() {
    let place = Place::with("schema = 2\n");
    assert!(!err(&place.unitgen(&["check", "m.toml"])).contains('\u{1b}'));
}

/// A directory of its own with the manifest `m.toml`.
struct Place(tempfile::TempDir);

impl Place {
    fn with(manifest: &str) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::write(place.path("m.toml"), manifest).unwrap();
        place
    }

    fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        self.0.path().join(path)
    }

    fn unitgen(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_unitgen")).args(args).current_dir(self.0.path()).output().unwrap()
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().expect("it ended by itself")
}

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn err(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
