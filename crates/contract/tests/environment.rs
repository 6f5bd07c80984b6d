//! The table of environment variables: docs/environment.md is it in print, one case a variable that is not ours, and every
//! name of the systems before this one is in it.
//!
//! To write the page anew: `UPDATE_DOCS=1 cargo test -p contract --test environment`.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

use Mode::{DryRun, Live, Paper};
use contract::{
    Env, Mode,
    env::{self, InManifest, Kind, VARIABLES},
    foreign::{FOREIGN, Finding, InEnv, judge, unknown_limits},
};

const PAPER_URL: &str = "https://paper-api.alpaca.markets";

/// What is expected of a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Is {
    Refused,
    Warned,
    Silent,
}
use Is::{Refused, Silent, Warned};

/// Name, value, mode, and what is said. Beside it the environment holds [`around`].
const CASES: &[(&str, &str, Mode, Is)] = &[
    ("ALPACA_API_KEY", "AK", Paper, Warned),
    ("ALPACA_SECRET_KEY", "hush", Paper, Warned),
    ("ALPACA_PAPER", "true", Paper, Warned),
    ("ALPACA_PAPER", "true", Live, Refused),
    ("ALPACA_PAPER", "false", Live, Warned),
    ("ALPACA_PAPER", "false", Paper, Refused),
    ("ALPACA_PAPER", "false", DryRun, Warned),
    ("IS_PAPER_TRADING", "true", Paper, Warned),
    ("IS_PAPER_TRADING", "true", Live, Refused),
    ("IS_PAPER_TRADING", "0", Paper, Refused),
    ("IS_PAPER_TRADING", "perhaps", Paper, Refused),
    ("IS_PAPER_TRADING", "perhaps", DryRun, Warned),
    ("BROKER_ENDPOINT", PAPER_URL, Paper, Warned),
    ("BROKER_ENDPOINT", "https://paper-api.alpaca.markets/", Paper, Warned),
    ("BROKER_ENDPOINT", "https://api.alpaca.markets", Paper, Refused),
    ("EXECUTION_CONFIG_PATH", "config/execution.yaml", DryRun, Refused),
    ("EXECUTION_CONFIG_PATH", "", DryRun, Silent),
    ("STATE_DIR", "/var/lib/avwap/state", Paper, Warned),
    ("STATE_DIR", "/root/avwap_r3k_scanner/state", Paper, Refused),
    ("DB_PATH", "/var/lib/avwap/data/execution_v2.sqlite", Paper, Warned),
    ("DB_PATH", "data/execution_v2.sqlite", Paper, Refused),
    ("PROJECT_ROOT", "/home/trader", Paper, Warned),
    ("BASE_DIR", "/opt/trading", Paper, Warned),
    ("DATA_DIR", "/opt/trading/data", Paper, Warned),
    ("SERVER_DIR", "/opt/trading", Paper, Warned),
    ("TRADERUNNER_DIR", "/opt/trading/traderunner", Paper, Warned),
    ("MARKETDATA_DIR", "/opt/trading/marketdata-stream", Paper, Warned),
    ("AUTOMATICTRADER_DIR", "/opt/trading/automatictrader-api", Paper, Warned),
    ("LOG_DIR", "logs", Paper, Warned),
    ("ENV_FILE_PATH", ".env", Paper, Warned),
    ("SECRETS_PATH", "/etc/secrets", Paper, Warned),
    ("SERVER_ENV", "production", Paper, Warned),
    ("TZ", "Europe/Berlin", Paper, Warned),
    ("TZ", "America/Chicago", Live, Warned),
    ("TZ", "UTC", Paper, Warned),
    ("TZ", "America/New_York", Paper, Silent),
    ("TZ", ":America/New_York", Paper, Silent),
    ("PYTHONPATH", "src:.", Paper, Warned),
    ("PYTHONUNBUFFERED", "1", Paper, Warned),
    ("AT_WORKER_MODE", "paper-send", Paper, Warned),
    ("AT_WORKER_MODE", "plan-only", Paper, Refused),
    ("AT_WORKER_MODE", "paper-send", Live, Refused),
    ("AT_WORKER_MODE", "plan-only", DryRun, Warned),
    ("AT_DB_PATH", "automatictrader.db", Paper, Warned),
    ("AT_IB_HOST", "127.0.0.1", Paper, Warned),
    ("AT_IB_PORT", "4002", Paper, Warned),
    ("AT_BIND_HOST", "127.0.0.1", Paper, Warned),
    ("AT_BIND_PORT", "8080", Paper, Warned),
    ("SIGNALS_DB_PATH", "data/signals.db", Paper, Warned),
    ("WATCH_SYMBOLS", "HOOD,PLTR", Paper, Warned),
    ("MARKETDATA_PROVIDER", "real", Paper, Warned),
    ("EODHD_API_KEY", "demo", Paper, Warned),
    ("EODHD_ENDPOINT", "us", Paper, Warned),
    ("USE_LEGACY_PIPELINE", "1", Paper, Warned),
    ("AXIOM_BT_PORTFOLIO_REPORT", "1", Paper, Warned),
    ("DASHBOARD_PORT", "9001", Paper, Warned),
    ("DASHBOARD_USER", "admin", Paper, Warned),
    ("DASHBOARD_PASS", "admin", Paper, Warned),
    ("DASH_UI_DEBUG", "1", Paper, Warned),
    ("PORTCULLIS_SHARED", "../shared", Paper, Warned),
];

fn around() -> Env {
    Env::default()
        .with(&env::APCA_API_KEY_ID, "PK")
        .with(&env::APCA_API_SECRET_KEY, "hush")
        .with(&env::APCA_API_BASE_URL, PAPER_URL)
        .with(&env::AVWAP_STATE_DIR, "/var/lib/avwap/state")
        .with(&env::EXECUTION_V2_DB, "/var/lib/avwap/data/execution_v2.sqlite")
}

#[test]
fn every_variable_that_is_not_ours_is_refused_or_warned_of() {
    for (name, value, mode, expect) in CASES {
        let findings = judge(&around().with_named(name, *value), *mode);
        let text = |finding: &Finding| match finding {
            Finding::Warning(text) => (Warned, text.clone()),
            Finding::Refusal(text) => (Refused, text.clone()),
        };
        let (said, text) = findings.first().map_or((Silent, String::new()), text);
        assert_eq!((said, findings.len() <= 1), (*expect, true), "{name}={value} in {mode}: {findings:?}");
        assert!(said == Silent || text.starts_with(&format!("{name} ")), "{text}");
        assert!(!text.contains("hush"), "{text}");
    }
    let tested: BTreeSet<&str> = CASES.iter().map(|(name, ..)| *name).collect();
    let known: BTreeSet<&str> = FOREIGN.iter().map(|foreign| foreign.name).collect();
    assert_eq!(tested, known, "one case a row at least");
}

#[test]
fn a_key_under_another_name_is_refused_when_it_is_the_only_one() {
    for (name, ours) in [("ALPACA_API_KEY", "APCA_API_KEY_ID"), ("ALPACA_SECRET_KEY", "APCA_API_SECRET_KEY")] {
        let found = judge(&Env::default().with_named(name, "hush"), Paper);
        let [Finding::Refusal(text)] = found.as_slice() else { panic!("{found:?}") };
        assert!(text.contains(&format!("{ours} is not")) && !text.contains("hush"), "{text}");
    }
}

#[test]
fn names_that_look_like_limits_and_are_nobodys_are_found() {
    for (name, unknown) in [
        ("MAX_LIVE_ORDERS", true),
        ("MAX_LIVE_POSITONS", true),
        ("max_live_positions", true),
        ("MAX_POSITIONS", true),
        ("MAX_DAILY_LOSS", true),
        ("EXECUTION_MAX_SPREAD", true),
        ("PORTCULLIS_LIMIT", true),
        ("AVWAP_STATEDIR", true),
        ("KILL_SWITCH_FILE", true),
        ("LIVE_MODE", true),
        ("ALLOWLIST", true),
        ("APCA_API_KEY", true),
        ("dry_run", true),
        ("MAX_LIVE_POSITIONS", false),
        ("EXECUTION_CONFIG_PATH", false),
        ("PORTCULLIS_SHARED", false),
        ("PATH", false),
        ("HOME", false),
        ("LANG", false),
        ("INVOCATION_ID", false),
        ("MAXIMA", false),
    ] {
        let env = Env::from_pairs([(name, "1")]);
        assert_eq!(unknown_limits(&env), if unknown { vec![name] } else { vec![] }, "{name}");
    }
    assert!(unknown_limits(&Env::from_pairs([("MAX_LIVE_ORDERS", " ")])).is_empty(), "empty is unset");
}

/// Words of the seeds in capitals that name no variable of a program, or one of a host's or a deployment's concern.
const NO_VARIABLES_OF_EXECUTION: &[&str] = &[
    "APP_ENTRYPOINT_MODULE",
    "APP_NAME",
    "ARTIFACT_NAME",
    "ARTIFACT_SHA256",
    "CLI_LIVE_SMOKE_RUNBOOK",
    "DEPLOYMENT_QUICK_START",
    "ETC_DIR",
    "FIX_EODHD_CONNECTION",
    "HEALTHCHECK_MODULE",
    "HEALTHCHECK_URL",
    "IB_GATEWAY_HEADLESS",
    "KEEP_RELEASES",
    "MANUAL_DEPLOYMENT_STEPS",
    "NOT_DEFINED_IN_REPO",
    "PAPER_TRADING_CHECKLIST",
    "PAPER_TRADING_QUICKSTART",
    "PORTFOLIO_DECISIONS",
    "PORTFOLIO_HARDENING_STATUS",
    "PRE_PAPERTRADE_SETUP",
    "PYTHON_BIN",
    "RELEASE_MANIFEST_REPO",
    "REPOS_LOCK_PATH",
    "RUNBOOK_ANALYTICS_PLATFORM",
    "RUNBOOK_SYSTEMD_VERIFY",
    "SERVER_HOST",
    "SERVICE_GROUP",
    "SERVICE_NAME",
    "SERVICE_USER",
    "SSH_PORT",
    "SSH_USER",
    "TESTING_AND_DEPLOYMENT",
];

#[test]
fn every_variable_of_the_systems_before_is_in_the_table() {
    let Some(seeds) = shared("seeds") else { return };
    let mut missing = BTreeSet::new();
    for entry in fs::read_dir(seeds).unwrap() {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        let words = text.split(|c: char| !(is_part(c) || c.is_ascii_lowercase()));
        let variables = words.filter(|word| word.contains('_') && word.chars().all(is_part) && !word.starts_with('_'));
        missing.extend(
            variables
                .filter(|word| {
                    env::variable(word).is_none()
                        && !FOREIGN.iter().any(|foreign| foreign.name == *word)
                        && !NO_VARIABLES_OF_EXECUTION.contains(word)
                        && !word.ends_with('_')
                })
                .map(str::to_owned),
        );
    }
    assert_eq!(missing, BTreeSet::new());
}

#[test]
fn the_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/environment.md");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, page()).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap_or_default(), page(), "UPDATE_DOCS=1 makes the page anew");
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    page += "| name | type | default | read by | in a manifest's `env` | meaning |\n|---|---|---|---|---|---|\n";
    for variable in VARIABLES {
        let default = variable.default.map_or("-".to_owned(), |text| format!("`{text}`"));
        let manifest = match variable.manifest {
            InManifest::Allowed => "yes".to_owned(),
            InManifest::Refused(why) => format!("no: {why}"),
        };
        let (name, kind, by, meaning) = (variable.name, kind(variable.kind), variable.read_by, variable.meaning);
        writeln!(page, "| `{name}` | {kind} | {default} | {by} | {manifest} | {meaning} |").unwrap();
    }
    page += NOT_OURS;
    for foreign in FOREIGN {
        let manifest = match foreign.in_env() {
            InEnv::Refused(instead) => format!("refused: {instead}"),
            InEnv::Ignored => "ignored, with a warning".to_owned(),
        };
        let (name, rule, instead) = (foreign.name, foreign.rule.describe(), foreign.instead);
        writeln!(page, "| `{name}` | {rule} | {manifest} | {instead} |").unwrap();
    }
    page
}

fn kind(kind: Kind) -> String {
    match kind {
        Kind::Text => "text".to_owned(),
        Kind::Flag => "`1` or `0`".to_owned(),
        Kind::Choice(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(", "),
        Kind::Count => "whole number".to_owned(),
        Kind::Seconds => "seconds".to_owned(),
        Kind::Minutes => "minutes".to_owned(),
        Kind::BasisPoints => "basis points".to_owned(),
        Kind::Dollars => "dollars, like `5000.00`".to_owned(),
        Kind::TimeOfDay => "`HH:MM` in New York".to_owned(),
        Kind::Symbols => "symbols, like `AAPL,BRK.B`".to_owned(),
        Kind::Path => "path".to_owned(),
        Kind::Paths => "paths".to_owned(),
        Kind::Url => "address".to_owned(),
        Kind::Secret => "secret".to_owned(),
    }
}

const INTRODUCTION: &str = "# Environment

Made by `UPDATE_DOCS=1 cargo test -p contract --test environment` from `contract::variables` and `contract::foreign`; a test
fails when it is stale.

A value is never dropped in silence. Unset and empty mean the default. A limit, a switch or a path that cannot be read
refuses the start, with its name (with something to protect the process starts to manage it, and opens nothing); a pace that
cannot be read is warned of and its default holds; an unknown `EXECUTION_MODE` is DRY_RUN, with a warning. A secret is a
systemd credential of its name, or the variable for want of one.

`execution run --config-check` says all of it, offline.

## Ours: obeyed

";

const NOT_OURS: &str = "
## Of the systems before this one: refused, or ignored with a warning

A name that begins like a limit, a switch or a key of ours (`MAX_LIVE_`, `EXECUTION_`, `PORTCULLIS_`, `AVWAP_`, `KILL_`, `LIVE_`,
`APCA_` and their like) and stands in neither table refuses the start, with the nearest name there is: a configured limit that
nothing enforces is worse than none.

| name | what becomes of it | in a manifest's `env` | what counts here |
|---|---|---|---|
";

/// A file of the shared data; `None` where there is none.
fn shared(path: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let root = std::env::var_os("PORTCULLIS_SHARED").map_or_else(|| workspace.join("../shared"), PathBuf::from);
    let found = root.join(path);
    if !found.exists() {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
        println!("skipped: needs ../shared ({})", found.display());
        return None;
    }
    Some(found)
}
