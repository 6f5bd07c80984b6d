//! Every variable that operators know, in a manifest's `env`: obeyed, refused with what to write instead, or ignored with a
//! warning. There is no fourth outcome, and none is forgotten. docs/environment.md is the table for readers.

use std::collections::BTreeSet;

use contract::{env::VARIABLES, foreign::FOREIGN};
use manifest::{Code, Problem, Severity};
use unitgen::source;

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// It reaches the unit, and its program obeys it.
    Obeyed,
    /// Nothing is rendered; the hint says what to write.
    Refused,
    /// It changes nothing, which is said.
    Ignored,
}
use Outcome::{Ignored, Obeyed, Refused};

/// Name, value, outcome, and for one that is not obeyed a word of what is told.
const ROWS: &[(&str, &str, Outcome, &str)] = &[
    // Ours.
    ("STATE_DIRECTORY", "/x", Refused, "systemd sets it"),
    ("RUNTIME_DIRECTORY", "/x", Refused, "systemd sets it"),
    ("CREDENTIALS_DIRECTORY", "/x", Refused, "[secrets.*]"),
    ("NOTIFY_SOCKET", "/x", Refused, "systemd sets it"),
    ("WATCHDOG_USEC", "1", Refused, "systemd sets it"),
    ("SERVICE_RESULT", "success", Refused, "systemd sets it"),
    ("EXIT_CODE", "exited", Refused, "systemd sets it"),
    ("EXIT_STATUS", "0", Refused, "systemd sets it"),
    ("TRIGGER_TIMER_REALTIME_USEC", "1", Refused, "systemd sets it"),
    ("AVWAP_STATE_DIR", "/x", Refused, "[paths]"),
    ("EXECUTION_V2_DB", "/x", Refused, "[paths]"),
    ("EXECUTION_MODE", "paper", Refused, "`mode`"),
    ("DRY_RUN", "1", Refused, "`mode"),
    ("KILL_SWITCH", "1", Refused, "`desk`"),
    ("LIVE_TRADING", "1", Refused, "`mode"),
    ("LIVE_CONFIRM_TOKEN", "x", Refused, "[secrets.*]"),
    ("APCA_API_BASE_URL", "https://paper-api.alpaca.markets", Refused, "follows from `mode`"),
    ("APCA_API_DATA_URL", "https://data.alpaca.markets", Refused, "the broker's"),
    ("APCA_API_KEY_ID", "x", Refused, "[secrets.*]"),
    ("APCA_API_SECRET_KEY", "x", Refused, "[secrets.*]"),
    ("PORTCULLIS_ACCOUNT", "PA30000000", Refused, "a key of the manifest"),
    ("PORTCULLIS_MANIFEST", "/x", Refused, "a key of the manifest"),
    ("PORTCULLIS_MANIFEST_DIGEST", "x", Refused, "a key of the manifest"),
    ("PORTCULLIS_ARMING_DIR", "/x", Refused, "a key of the manifest"),
    ("PORTCULLIS_CLOCK", "venue", Refused, "rehearsal"),
    ("RUST_LOG", "debug", Obeyed, ""),
    ("EXECUTION_POLL_SECONDS", "60", Obeyed, ""),
    ("EXECUTION_POLL_MARKET_SECONDS", "60", Obeyed, ""),
    ("EXECUTION_POLL_TIGHT_SECONDS", "15", Obeyed, ""),
    ("EXECUTION_POLL_TIGHT_START_ET", "09:30", Obeyed, ""),
    ("EXECUTION_POLL_TIGHT_END_ET", "10:05", Obeyed, ""),
    ("ENTRY_DELAY_AFTER_OPEN_MINUTES", "20", Obeyed, ""),
    ("MARKET_SETTLE_MINUTES", "0", Obeyed, ""),
    ("MIN_EXIT_ARMING_SECONDS", "120", Obeyed, ""),
    ("MAX_LIVE_ORDERS_PER_DAY", "5", Obeyed, ""),
    ("MAX_LIVE_POSITIONS", "5", Obeyed, ""),
    ("MAX_LIVE_GROSS_NOTIONAL", "5000", Obeyed, ""),
    ("MAX_LIVE_NOTIONAL_PER_SYMBOL", "1000", Obeyed, ""),
    ("ALLOWLIST_SYMBOLS", "AAPL,BRK.B", Obeyed, ""),
    ("RISK_PER_TRADE_BPS", "50", Obeyed, ""),
    // Of the systems before.
    ("ALPACA_API_KEY", "x", Refused, "[secrets.*]"),
    ("ALPACA_SECRET_KEY", "x", Refused, "[secrets.*]"),
    ("ALPACA_PAPER", "true", Refused, "`mode`"),
    ("IS_PAPER_TRADING", "true", Refused, "`mode`"),
    ("BROKER_ENDPOINT", "https://paper-api.alpaca.markets", Refused, "follows from `mode`"),
    ("EXECUTION_CONFIG_PATH", "config/execution.yaml", Refused, "nothing reads that file"),
    ("STATE_DIR", "/x", Refused, "[paths]"),
    ("DB_PATH", "/x", Refused, "[paths]"),
    ("PROJECT_ROOT", "/x", Ignored, "STATE_DIRECTORY"),
    ("BASE_DIR", "/opt/trading", Ignored, "STATE_DIRECTORY"),
    ("DATA_DIR", "/x", Refused, "[paths]"),
    ("SERVER_DIR", "/opt/trading", Ignored, "STATE_DIRECTORY"),
    ("TRADERUNNER_DIR", "/x", Ignored, "STATE_DIRECTORY"),
    ("MARKETDATA_DIR", "/x", Ignored, "STATE_DIRECTORY"),
    ("AUTOMATICTRADER_DIR", "/x", Ignored, "STATE_DIRECTORY"),
    ("LOG_DIR", "/x", Ignored, "journal"),
    ("ENV_FILE_PATH", "/opt/trading/.env", Refused, "`env` themselves"),
    ("SECRETS_PATH", "/x", Refused, "[secrets.*]"),
    ("SERVER_ENV", "prod", Refused, "`environment`"),
    ("TZ", "America/Chicago", Refused, "`timezone`"),
    ("PYTHONPATH", "/x", Ignored, "no Python"),
    ("PYTHONUNBUFFERED", "1", Ignored, "no Python"),
    ("AT_WORKER_MODE", "paper-send", Refused, "`mode`"),
    ("AT_DB_PATH", "/x", Refused, "[paths]"),
    ("AT_IB_HOST", "127.0.0.1", Refused, "follows from `mode`"),
    ("AT_IB_PORT", "4002", Refused, "follows from `mode`"),
    ("AT_BIND_HOST", "127.0.0.1", Refused, "`listen`"),
    ("AT_BIND_PORT", "8080", Refused, "`listen`"),
    ("SIGNALS_DB_PATH", "/x", Refused, "[paths]"),
    ("WATCH_SYMBOLS", "HOOD,PLTR", Ignored, "ALLOWLIST_SYMBOLS"),
    ("MARKETDATA_PROVIDER", "real", Ignored, "APCA_API_DATA_URL"),
    ("EODHD_API_KEY", "demo", Refused, "[secrets.*]"),
    ("EODHD_ENDPOINT", "us", Ignored, "APCA_API_DATA_URL"),
    ("USE_LEGACY_PIPELINE", "1", Ignored, "one pipeline"),
    ("AXIOM_BT_PORTFOLIO_REPORT", "1", Ignored, "backtest"),
    ("DASHBOARD_PORT", "9001", Refused, "`listen`"),
    ("DASHBOARD_USER", "admin", Refused, "no password"),
    ("DASHBOARD_PASS", "admin", Refused, "[secrets.*]"),
    ("DASH_UI_DEBUG", "1", Ignored, "listens nowhere"),
    ("PORTCULLIS_SHARED", "/x", Ignored, "tests read it"),
    // What documents set beside them.
    ("PATH", "/usr/bin", Refused, "reads PATH"),
    ("MAX_LIVE_POSITION", "5", Refused, "MAX_LIVE_POSITIONS"),
    ("EXECUTION_POLL_SECONDS", "soon", Refused, "EXECUTION_POLL_SECONDS"),
    ("RUST_LOG", "${RUST_LOG}", Refused, "nothing replaces"),
];

#[test]
fn every_variable_is_obeyed_refused_or_ignored_aloud() {
    for (name, value, outcome, told) in ROWS {
        let text = AVWAP.replacen("EXECUTION_POLL_SECONDS = \"60\"", &format!("{name} = \"{value}\""), 1);
        let line = format!("{name} = \"{value}\"");
        let (found, problems) = match source::check(text.as_bytes()) {
            Ok(checked) if checked.warnings.is_empty() => (Obeyed, Vec::new()),
            Ok(checked) => (Ignored, checked.warnings),
            Err(problems) => (Refused, problems),
        };
        assert_eq!(found, *outcome, "{line}: {problems:#?}");
        let at_line = |problem: &Problem| {
            let begin = text.find(&line).unwrap();
            (begin..=begin + line.len()).contains(&problem.span.start)
        };
        assert!(problems.iter().all(at_line), "{line}: {problems:#?}");
        let said: String = problems
            .iter()
            .map(|problem| format!("{} {}", problem.message, problem.hint.as_deref().unwrap_or("")))
            .collect();
        assert!(said.contains(told), "{line}: {said}");
        assert!(problems.iter().all(|problem| (problem.severity == Severity::Warning) == (found == Ignored)), "{line}");
        assert!(problems.iter().all(|problem| problem.code != Code::Syntax), "{line}");
    }
}

#[test]
fn no_variable_is_forgotten() {
    let rows: BTreeSet<&str> = ROWS.iter().map(|(name, ..)| *name).collect();
    for known in VARIABLES.iter().map(|ours| ours.name).chain(FOREIGN.iter().map(|foreign| foreign.name)) {
        assert!(rows.contains(known), "{known} has no row");
    }
}
