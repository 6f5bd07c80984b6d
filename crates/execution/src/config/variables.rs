//! Every variable of this program is obeyed: one row each, with what a value of it changes.
//!
//! That each limit is enforced is shown where limits are (`cargo test -p trading --test control limits`), what becomes of
//! names that are not ours in `contract/tests/environment.rs`.

use contract::{Env, Mode, env};
use trading::{limits::Limits, polling::Pace};

use super::{Config, Problems};

/// What setting a variable does.
enum Effect {
    /// It changes this field of the limits and no other.
    Limit(&'static str, &'static str),
    /// It changes the pace of the loop.
    Pace(&'static str),
    /// It shows in the configuration, or in the refusal of it.
    Shows(&'static str, fn(&Result<Config, Problems>) -> bool),
    /// It is read elsewhere, and tested there.
    Elsewhere(&'static str),
}

fn is_refused(read: &Result<Config, Problems>) -> bool {
    read.is_err()
}

fn is_reserved(read: &Result<Config, Problems>) -> bool {
    is(read, |config| config.reservations.len() == 1)
}

/// A variable that is added to the contract has no row here, and the test says so.
fn effect(name: &str) -> Option<Effect> {
    use Effect::{Elsewhere, Limit, Pace, Shows};
    Some(match name {
        "MAX_LIVE_ORDERS_PER_DAY" => Limit("4", "orders_per_day"),
        "MAX_LIVE_POSITIONS" => Limit("4", "positions"),
        "MAX_LIVE_GROSS_NOTIONAL" => Limit("4000", "gross_notional"),
        "MAX_LIVE_NOTIONAL_PER_SYMBOL" => Limit("400", "symbol_notional"),
        "ALLOWLIST_SYMBOLS" => Limit("AAPL", "allowlist"),
        "RISK_PER_TRADE_BPS" => Limit("10", "risk_per_trade"),
        "ENTRY_DELAY_AFTER_OPEN_MINUTES" | "MARKET_SETTLE_MINUTES" => Limit("45", "entry_delay"),
        "MIN_EXIT_ARMING_SECONDS" => Limit("300", "exit_arming"),
        "EXECUTION_POLL_SECONDS" | "EXECUTION_POLL_MARKET_SECONDS" | "EXECUTION_POLL_TIGHT_SECONDS" => Pace("20"),
        "EXECUTION_POLL_TIGHT_START_ET" | "EXECUTION_POLL_TIGHT_END_ET" => Pace("09:40"),
        "STATE_DIRECTORY" => Shows("/var/lib/other:/x", |read| is(read, |c| c.layout.root().ends_with("other"))),
        "RUNTIME_DIRECTORY" => Shows("/run/x", |read| is(read, |c| c.layout.account_locks("1").len() == 2)),
        "CREDENTIALS_DIRECTORY" => Shows("/run/../etc", is_refused),
        "AVWAP_STATE_DIR" => Shows("s2", |read| is(read, |c| c.layout.state_dir().ends_with("avwap/s2"))),
        "EXECUTION_V2_DB" => Shows("/db.sqlite", |read| is(read, |c| c.database.ends_with("/db.sqlite"))),
        "EXECUTION_MODE" => Shows("paper", |read| is(read, |c| c.mode == Mode::DryRun && c.warnings.len() == 1)),
        "DRY_RUN" => Shows("1", |read| is(read, |c| c.mode == Mode::DryRun)),
        "APCA_API_BASE_URL" => Shows("https://api.alpaca.markets", is_refused),
        "APCA_API_DATA_URL" => Shows("http://data.alpaca.markets", is_reserved),
        "APCA_API_KEY_ID" | "APCA_API_SECRET_KEY" => Shows("", is_refused),
        "PORTCULLIS_ACCOUNT" => Shows("PA7", |read| is(read, |c| c.account.as_str() == "PA7")),
        "PORTCULLIS_MANIFEST" | "PORTCULLIS_MANIFEST_DIGEST" => Shows("half", is_reserved),
        "PORTCULLIS_CLOCK" => Shows("venue", is_refused),
        "PORTCULLIS_ARMING_DIR" => Shows("/etc/arming", |read| is(read, |c| c.layout.arming_dir().is_some())),
        "LIVE_TRADING" | "LIVE_CONFIRM_TOKEN" => Elsewhere("cycle/tests/live.rs"),
        "KILL_SWITCH" => Elsewhere("contract::kill"),
        "NOTIFY_SOCKET" | "WATCHDOG_USEC" => Elsewhere("service::notify"),
        "RUST_LOG" => Elsewhere("service::log"),
        _ => return None,
    })
}

fn is(read: &Result<Config, Problems>, holds: impl Fn(&Config) -> bool) -> bool {
    read.as_ref().is_ok_and(holds)
}

#[test]
fn every_variable_is_obeyed() {
    let ours = |variable: &&env::Variable| {
        ["execution", "services", "all"].iter().any(|word| variable.read_by.split(", ").any(|reader| reader == *word))
    };
    let defaults = Limits::default().fields();
    for variable in env::VARIABLES.iter().filter(ours) {
        let name = variable.name;
        match effect(name).unwrap_or_else(|| panic!("{name}: what does it do?")) {
            Effect::Limit(value, field) => {
                let changed = with(name, value).limits.fields();
                let differs = changed.iter().zip(&defaults).filter(|(now, before)| now != before);
                assert_eq!(differs.map(|(now, _)| now.0).collect::<Vec<_>>(), [field], "{name}");
            }
            Effect::Pace(value) => assert_ne!(with(name, value).pace, Pace::default(), "{name}"),
            Effect::Shows(value, shows) => {
                let before = Config::from_env(&Env::from_pairs(super::tests::complete()));
                assert!(shows(&read(name, value)) && !shows(&before), "{name}={value}");
            }
            Effect::Elsewhere(place) => assert!(!place.is_empty()),
        }
    }
}

fn read(name: &'static str, value: &'static str) -> Result<Config, Problems> {
    let complete = super::tests::complete().into_iter().chain([(name, value)]);
    Config::from_env(&Env::from_pairs(complete))
}

fn with(name: &'static str, value: &'static str) -> Config {
    read(name, value).unwrap_or_else(|error| panic!("{name}={value}: {error}"))
}
