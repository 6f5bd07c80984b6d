//! The program from outside: what it says of a configuration, what it refuses, and that a refused start writes nothing.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeMap,
    fs,
    io::ErrorKind,
    net::TcpListener,
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;
use tempfile::TempDir;

/// A deployment's directory, and the variables of a dry run in it.
struct Place {
    root: TempDir,
    env: BTreeMap<String, String>,
}

impl Place {
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let set = [
            ("PORTCULLIS_ACCOUNT", "PA30000000"),
            ("APCA_API_BASE_URL", "https://paper-api.alpaca.markets"),
            ("APCA_API_DATA_URL", "https://data.alpaca.markets"),
            ("APCA_API_KEY_ID", "key"),
            ("APCA_API_SECRET_KEY", "hush-hush"),
            ("STATE_DIRECTORY", root.path().to_str().unwrap()),
        ];
        let env = set.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        Self { root, env }
    }

    fn with(mut self, name: &str, value: &str) -> Self {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.env.remove(name);
        self
    }

    fn execution(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_execution")).args(args).env_clear().envs(&self.env).output().unwrap()
    }

    fn check(&self) -> (i32, Value) {
        let output = self.execution(&["run", "--config-check", "--json"]);
        (code(&output), serde_json::from_slice(&output.stdout).unwrap())
    }

    /// Every file and directory with its content.
    fn tree(&self) -> BTreeMap<String, Vec<u8>> {
        let mut tree = BTreeMap::new();
        collect(self.root.path(), &mut tree);
        tree
    }
}

fn collect(folder: &Path, tree: &mut BTreeMap<String, Vec<u8>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        if path.is_dir() {
            tree.insert(name, Vec::new());
            collect(&path, tree);
        } else {
            tree.insert(name, fs::read(&path).unwrap());
        }
    }
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn a_start_without_a_key_or_an_address_writes_nothing() {
    for name in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "APCA_API_BASE_URL", "PORTCULLIS_ACCOUNT"] {
        let place = Place::new().without(name);
        let output = place.execution(&["run"]);
        assert_eq!(code(&output), 78, "{name}");
        assert!(said(&output).contains(name) && !said(&output).contains("hush-hush"), "{}", said(&output));
        assert_eq!(place.tree(), BTreeMap::new(), "{name}");
    }
}

#[test]
fn a_refused_start_writes_nothing_whatever_refuses_it() {
    for (name, value, expect) in [
        ("EXECUTION_MODE", "DRY_RUN", 75),
        ("EXECUTION_MODE", "PAPER", 75),
        ("EXECUTION_CONFIG_PATH", "execution.yaml", 78),
        ("MAX_LIVE_ORDERS", "1", 78),
        ("MAX_LIVE_GROSS_NOTIONAL", "5.000,00", 78),
        ("APCA_API_DATA_URL", "http://127.0.0.1:1", 75),
    ] {
        let place = Place::new().with(name, value);
        let output = place.execution(&["run"]);
        assert_eq!(code(&output), expect, "{name}={value}: {}", said(&output));
        assert_eq!(place.tree(), BTreeMap::new(), "{name}={value}");
    }
    let live = Place::new().with("EXECUTION_MODE", "LIVE").with("PORTCULLIS_ACCOUNT", "123456789");
    let live = live.with("APCA_API_BASE_URL", "https://api.alpaca.markets");
    let output = live.execution(&["run"]);
    assert_eq!(code(&output), 78, "{}", said(&output));
    assert!(said(&output).contains("there is no installed manifest"), "{}", said(&output));
    assert!(said(&output).contains("Gate mode=DRY_RUN status=FAIL reason=LIVE_TRADING is not 1"), "{}", said(&output));
    assert_eq!(live.tree(), BTreeMap::new());
}

#[test]
fn real_and_play_money_are_never_mixed() {
    let (trading, live, paper) =
        ("APCA_API_BASE_URL", "https://api.alpaca.markets", "https://paper-api.alpaca.markets");
    for (mode, account, url) in [
        ("LIVE", "PA30000000", live),
        ("LIVE", "123456789", paper),
        ("PAPER", "123456789", paper),
        ("PAPER", "PA30000000", live),
    ] {
        let place = Place::new().with("EXECUTION_MODE", mode).with("PORTCULLIS_ACCOUNT", account).with(trading, url);
        let output = place.execution(&["run"]);
        assert_eq!(code(&output), 78, "{mode} {account} {url}: {}", said(&output));
        assert!(said(&output).contains(&format!("EXECUTION_MODE={mode}: ")), "{}", said(&output));
        assert_eq!(place.tree(), BTreeMap::new());
    }
}

#[test]
fn the_check_is_offline_and_writes_nothing() {
    let venue = TcpListener::bind("127.0.0.1:0").unwrap();
    venue.set_nonblocking(true).unwrap();
    let url = format!("http://{}", venue.local_addr().unwrap());
    let place = Place::new().with("APCA_API_BASE_URL", &url).with("APCA_API_DATA_URL", &url);
    let place = place.with("PORTCULLIS_CLOCK", "venue").with("EXECUTION_MODE", "PAPER");
    let (code, report) = place.check();
    assert_eq!((code, &report["ok"], &report["mode"]), (0, &true.into(), &"PAPER".into()), "{report:#}");
    assert!(report["scope"].as_str().unwrap().contains("not a safe day"));
    assert_eq!(venue.accept().unwrap_err().kind(), ErrorKind::WouldBlock, "it talked to somebody");
    assert_eq!(place.tree(), BTreeMap::new());

    let account = "PA30000000".parse().unwrap();
    let database = place.root.path().join("data/execution_v2.sqlite");
    drop(ledger::Ledger::open(&database, &account).unwrap());
    let before = place.tree();
    assert_eq!(place.check().0, 0);
    assert_eq!(place.tree().keys().collect::<Vec<_>>(), before.keys().collect::<Vec<_>>(), "no file comes or goes");
    let (code, report) = place.with("PORTCULLIS_ACCOUNT", "PA40000000").check();
    assert_eq!(code, 1);
    assert!(report["problems"][0].as_str().unwrap().contains("the ledger of account PA30000000"), "{report:#}");
}

#[test]
fn the_check_tells_every_problem_at_once() {
    let place = Place::new().without("APCA_API_SECRET_KEY").without("APCA_API_BASE_URL");
    let place = place.with("MAX_LIVE_POSITONS", "1").with("RISK_PER_TRADE_BPS", "half").with("TZ", "Europe/Berlin");
    let (code, report) = place.check();
    let problems = report["problems"].to_string();
    assert_eq!((code, &report["ok"]), (1, &false.into()));
    for name in ["APCA_API_SECRET_KEY", "APCA_API_BASE_URL", "did you mean MAX_LIVE_POSITIONS?", "RISK_PER_TRADE_BPS"] {
        assert!(problems.contains(name), "{name}: {problems}");
    }
    let output = place.execution(&["run", "--config-check"]);
    assert_eq!(code, self::code(&output));
    assert!(said(&output).contains("4 problems") && said(&output).contains("not a safe day"), "{}", said(&output));
    let gone = Place::new().with("STATE_DIRECTORY", "/nowhere/at/all");
    assert!(gone.check().1["problems"].to_string().contains("STATE_DIRECTORY=/nowhere/at/all is not a directory"));
}

#[test]
fn the_command_line_is_refused_when_it_contradicts_itself_or_the_mode() {
    for (mode, args, expect) in [
        ("PAPER", &["run", "--ignore-market-hours"][..], 64),
        ("DRY_RUN", &["run", "--ignore-market-hours"], 75),
        ("DRY_RUN", &["run", "--ignore-market-hours", "--config-check"], 64),
        ("DRY_RUN", &["run", "--json"], 64),
        ("DRY_RUN", &["run", "--db-path", "x"], 64),
        ("DRY_RUN", &[], 64),
        ("DRY_RUN", &["--help"], 0),
        ("DRY_RUN", &["completions", "bash"], 0),
    ] {
        let output = Place::new().with("EXECUTION_MODE", mode).execution(args);
        assert_eq!(code(&output), expect, "{mode} {args:?}: {}", said(&output));
    }
    let help = said(&Place::new().execution(&["run", "--help"]));
    let codes = contract::ExitCode::ALL.map(contract::ExitCode::code);
    // A preflight warns with 2, what deploys stops half way with 70.
    for code in codes.into_iter().filter(|code| ![2, 70].contains(code)) {
        assert!(help.contains(&format!("\n  {code} ")), "{code}: {help}");
    }
}
