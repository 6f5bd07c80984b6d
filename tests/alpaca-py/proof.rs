//! The venue against clients nobody here wrote: alpaca-py runs its scenarios against `sim-broker`, and every answer it
//! got is held against Alpaca's own OpenAPI documents.
//!
//! Needs the virtualenv that `.ci/python` makes (or `PORTCULLIS_PYTHON`) and, for the documents, `../shared`. Without
//! them the tests say so and pass, except where CI=true. `UPDATE_DOCS=1` rewrites the table in
//! docs/alpaca-conformance.md.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// At least so many scenarios pass.
const SCENARIOS_MIN: u64 = 200;

/// At least so many of each topic.
const TOPICS: [(&str, u64); 19] = [
    ("account", 12),
    ("activities", 9),
    ("assets", 5),
    ("calendar", 9),
    ("cancelling", 10),
    ("client order ids", 8),
    ("data stream", 18),
    ("days", 13),
    ("groups", 20),
    ("listing", 11),
    ("market data", 21),
    ("order types", 16),
    ("positions", 13),
    ("quantities", 11),
    ("refusals", 14),
    ("replacing", 12),
    ("retries", 7),
    ("time in force", 16),
    ("trade updates", 14),
];

const TABLE_BEGINS: &str = "<!-- scenarios: written by UPDATE_DOCS=1 cargo test -p proofs --test alpaca-py -->\n";
const TABLE_ENDS: &str = "<!-- end of scenarios -->\n";

#[test]
fn the_official_client_trades_at_the_venue() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let record = folder.path().join("answers.jsonl");
    let venue = Server::start();
    let run = script(&python, "run.py").arg("--url").arg(&venue.url).arg("--record").arg(&record).output().unwrap();
    let printed = text(&run);
    println!("{printed}");
    assert!(run.status.success(), "scenarios failed:\n{printed}");
    check_counts(&summary(&run));
    drop(venue);
    check_answers(&python, &record);
}

/// The check of the answers can fail: a clock with a time that is none, a word for a truth, a member too few and one too
/// many, and a refusal that says nothing.
#[test]
fn a_spoilt_answer_is_found() {
    let Some(python) = python() else { return };
    let Some(documents) = proofs::shared("reference/alpaca-openapi") else { return };
    let folder = TempDir::new().unwrap();
    let record = folder.path().join("answers.jsonl");
    let answer = |path: &str, status: u16, body: Value| {
        json!({"scenario": "spoilt", "method": "GET", "path": path, "sent": null, "status": status, "body": body})
            .to_string()
    };
    let clock =
        json!({"timestamp": "noon", "is_open": "yes", "next_open": "2026-03-10T09:30:00-04:00", "moon": "full"});
    let lines = [answer("/v2/clock", 200, clock), answer("/v2/orders/1", 404, json!({"code": 40_410_000}))];
    fs::write(&record, lines.join("\n")).unwrap();
    let run = script(&python, "schema.py").arg(&record).arg("--openapi").arg(documents).output().unwrap();
    assert!(!run.status.success());
    let said = text(&run);
    for found in [
        "at timestamp: 'noon' is not a 'date-time'",
        "at is_open: 'yes' is not of type 'boolean'",
        "at .: 'next_close' is a required property",
        "unknown member .moon",
        "GET 404: no message",
        "never answered with success: POST /v2/orders",
    ] {
        assert!(said.contains(found), "{found} was not found:\n{said}");
    }
}

/// `docs/alpaca-conformance.md` lists the scenarios there are.
#[test]
fn the_table_of_scenarios_is_current() {
    let Some(python) = python() else { return };
    let folder = TempDir::new().unwrap();
    let table = folder.path().join("table.md");
    let run = script(&python, "run.py").arg("--table").arg(&table).output().unwrap();
    assert!(run.status.success(), "{}", text(&run));
    let table = fs::read_to_string(&table).unwrap();
    let page = proofs::workspace_root().join("docs/alpaca-conformance.md");
    let written = fs::read_to_string(&page).unwrap();
    let (before, rest) = written.split_once(TABLE_BEGINS).expect("the page says where the table begins");
    let (current, after) = rest.split_once(TABLE_ENDS).expect("the page says where the table ends");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&page, format!("{before}{TABLE_BEGINS}\n{table}\n{TABLE_ENDS}{after}")).unwrap();
        return;
    }
    assert_eq!(current.trim(), table.trim(), "run it again with UPDATE_DOCS=1");
}

fn check_counts(summary: &Value) {
    let mut passed = 0;
    for (topic, least) in TOPICS {
        let count = summary[topic]["passed"].as_u64().unwrap_or(0);
        assert!(count >= least, "{topic}: {count} scenarios passed, at least {least} are wanted");
        passed += count;
    }
    for (topic, counts) in summary.as_object().unwrap() {
        println!("{topic:<18} {:>3} passed {:>3} failed", counts["passed"], counts["failed"]);
        assert_eq!(counts["failed"], 0, "{topic}");
    }
    println!("{:<18} {passed:>3} passed", "all");
    assert!(passed >= SCENARIOS_MIN, "only {passed} scenarios passed");
}

fn check_answers(python: &Path, record: &Path) {
    let Some(documents) = proofs::shared("reference/alpaca-openapi") else { return };
    let run = script(python, "schema.py").arg(record).arg("--openapi").arg(documents).output().unwrap();
    println!("{}", text(&run));
    assert!(run.status.success(), "answers are not what Alpaca documents:\n{}", text(&run));
    let counts = summary(&run);
    assert!(counts["answers"].as_u64().unwrap() > 800, "{counts}");
    assert!(counts["refusals"].as_u64().unwrap() > 50, "{counts}");
}

/// A running `sim-broker`, ended with the test whatever becomes of it.
struct Server {
    process: Child,
    url: String,
}

impl Server {
    fn start() -> Self {
        let program = proofs::programs(&["sim-broker"]).join("sim-broker");
        let mut process =
            Command::new(program).args(["--listen", "127.0.0.1:0"]).stdout(Stdio::piped()).spawn().unwrap();
        let printed = process.stdout.take().unwrap();
        let mut server = Self { process, url: String::new() };
        let mut line = String::new();
        BufReader::new(printed).read_line(&mut line).unwrap();
        let at = line.find("http://").unwrap_or_else(|| panic!("sim-broker says no address: {line:?}"));
        server.url = line[at..].chars().take_while(|&c| !c.is_whitespace() && c != '"').collect();
        server
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The python that has alpaca-py.
fn python() -> Option<PathBuf> {
    let named = std::env::var_os("PORTCULLIS_PYTHON").map(PathBuf::from).or_else(|| {
        let asked = Command::new(proofs::workspace_root().join(".ci/python")).arg("--path").output().ok()?;
        Some(PathBuf::from(String::from_utf8(asked.stdout).ok()?.trim()))
    });
    let found = named.filter(|path| path.is_file());
    if found.is_none() {
        let in_ci = std::env::var("CI").is_ok_and(|value| value == "true" || value == "1");
        assert!(!in_ci, "alpaca-py is missing, and CI skips nothing: run .ci/python");
        println!("skipped: needs alpaca-py (.ci/python makes it)");
    }
    found
}

fn script(python: &Path, name: &str) -> Command {
    let mut command = Command::new(python);
    // The sources stay free of compiled files, and no proxy stands between client and venue.
    command.args(["-B", "-W", "ignore"]).env("NO_PROXY", "*");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("alpaca-py").join(name));
    command
}

/// The last line printed.
fn summary(run: &Output) -> Value {
    let printed = String::from_utf8_lossy(&run.stdout);
    let last = printed.lines().last().unwrap_or_default();
    serde_json::from_str(last).unwrap_or_else(|error| panic!("the last line is no summary ({error}): {last}"))
}

fn text(run: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&run.stdout), String::from_utf8_lossy(&run.stderr))
}
