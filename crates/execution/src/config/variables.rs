//! Every variable of this program that sets a limit or a pace sets one that is there.
//!
//! That each limit is enforced is shown where limits are (`cargo test -p trading --test control limits`).

use contract::{Env, env};
use trading::{limits::Limits, polling::Pace};

use super::Config;

/// What setting a variable does.
enum Effect {
    /// It changes this field of the limits and no other.
    Limit(&'static str, &'static str),
    /// It changes the pace of the loop.
    Pace(&'static str),
    /// It is no limit: an address, a key, a place, a mode, a switch.
    NoLimit,
}

/// A variable that is added to the contract has no effect here, and the test says so.
fn effect(name: &str) -> Option<Effect> {
    use Effect::{Limit, NoLimit, Pace};
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
        "STATE_DIRECTORY"
        | "RUNTIME_DIRECTORY"
        | "CREDENTIALS_DIRECTORY"
        | "AVWAP_STATE_DIR"
        | "EXECUTION_V2_DB"
        | "NOTIFY_SOCKET"
        | "WATCHDOG_USEC"
        | "EXECUTION_MODE"
        | "DRY_RUN"
        | "KILL_SWITCH"
        | "RUST_LOG"
        | "APCA_API_BASE_URL"
        | "APCA_API_DATA_URL"
        | "APCA_API_KEY_ID"
        | "APCA_API_SECRET_KEY"
        | "PORTCULLIS_ACCOUNT"
        | "PORTCULLIS_MANIFEST"
        | "PORTCULLIS_MANIFEST_DIGEST"
        | "PORTCULLIS_CLOCK" => NoLimit,
        // Keys of the live gate (`contract::live`).
        "LIVE_TRADING" | "LIVE_CONFIRM_TOKEN" | "PORTCULLIS_ARMING_DIR" => NoLimit,
        _ => return None,
    })
}

#[test]
fn no_variable_is_read_and_dropped() {
    let ours = |variable: &&env::Variable| {
        ["execution", "services", "all"].iter().any(|word| variable.read_by.split(", ").any(|reader| reader == *word))
    };
    let defaults = Limits::default().fields();
    for variable in env::VARIABLES.iter().filter(ours) {
        let name = variable.name;
        match effect(name).unwrap_or_else(|| panic!("{name}: which limit does it set?")) {
            Effect::Limit(value, field) => {
                let changed = with(name, value).limits.fields();
                let differs = changed.iter().zip(&defaults).filter(|(now, before)| now != before);
                assert_eq!(differs.map(|(now, _)| now.0).collect::<Vec<_>>(), [field], "{name}");
            }
            Effect::Pace(value) => assert_ne!(with(name, value).pace, Pace::default(), "{name}"),
            Effect::NoLimit => {}
        }
    }
}

fn with(name: &'static str, value: &'static str) -> Config {
    let complete = super::tests::complete().into_iter().chain([(name, value)]);
    Config::from_env(&Env::from_pairs(complete)).unwrap_or_else(|error| panic!("{name}={value}: {error}"))
}
