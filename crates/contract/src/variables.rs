//! The table of environment variables; [`crate::env`] holds the readers.

use crate::env::{
    InManifest::{self, Allowed, Refused},
    Kind, Variable,
};

const BY_SYSTEMD: InManifest = Refused("systemd sets it");
const RENDERED: InManifest = Refused("rendered from a key of the manifest");
const SECRET: InManifest = Refused("a secret is a credential, never in a manifest");

/// One constant a variable, and the list of all, from one table:
/// `NAME: type, default, manifest, read by, meaning`.
macro_rules! variables {
    ($($name:ident: $kind:expr, $default:expr, $manifest:expr, $read_by:literal, $meaning:literal;)*) => {
        $(
            #[doc = $meaning]
            pub const $name: Variable = Variable {
                name: stringify!($name),
                kind: $kind,
                default: $default,
                read_by: $read_by,
                manifest: $manifest,
                meaning: $meaning,
            };
        )*

        /// Every variable.
        pub const VARIABLES: &[Variable] = &[$($name),*];
    };
}

variables! {
    STATE_DIRECTORY: Kind::Paths, None, BY_SYSTEMD, "all", "The root of the deployment's files; the first entry counts.";
    RUNTIME_DIRECTORY: Kind::Paths, None, BY_SYSTEMD, "execution, desk", "Where account locks lie, shared by all deployments of the host.";
    CREDENTIALS_DIRECTORY: Kind::Path, None, BY_SYSTEMD, "execution, scanner, desk", "Where systemd puts credential files; unset in ExecCondition.";
    NOTIFY_SOCKET: Kind::Text, None, BY_SYSTEMD, "services", "The socket that hears READY=1 and WATCHDOG=1.";
    WATCHDOG_USEC: Kind::Text, None, BY_SYSTEMD, "services", "How long systemd waits for a sign of life, in microseconds.";
    SERVICE_RESULT: Kind::Text, None, BY_SYSTEMD, "desk", "How a unit ended; set for ExecStopPost.";
    EXIT_CODE: Kind::Text, None, BY_SYSTEMD, "desk", "Whether a unit's process exited or was killed; set for ExecStopPost.";
    EXIT_STATUS: Kind::Text, None, BY_SYSTEMD, "desk", "A unit's exit code or signal; set for ExecStopPost.";
    TRIGGER_TIMER_REALTIME_USEC: Kind::Text, None, BY_SYSTEMD, "gate", "When a timer last started this unit, in microseconds since 1970.";

    AVWAP_STATE_DIR: Kind::Path, None, Allowed, "gate, execution, desk", "Moves the state directory; relative to the root.";
    EXECUTION_V2_DB: Kind::Path, None, Allowed, "gate, execution, desk", "Moves the ledger database; relative to the root.";

    EXECUTION_MODE: Kind::Choice(&["DRY_RUN", "PAPER", "LIVE"]), Some("DRY_RUN"), Allowed, "execution", "Where orders go; unset or unknown means DRY_RUN.";
    DRY_RUN: Kind::Flag, Some("0"), Allowed, "execution", "1 forces DRY_RUN whatever the mode says.";
    KILL_SWITCH: Kind::Text, None, Allowed, "gate, execution", "Anything but 0 holds the kill switch as if its file were there.";
    LIVE_TRADING: Kind::Flag, Some("0"), RENDERED, "execution", "1: one of the keys of the live gate.";
    LIVE_CONFIRM_TOKEN: Kind::Secret, None, SECRET, "execution", "Equal to state/live_confirm_token.txt: one of the keys of the live gate.";

    APCA_API_BASE_URL: Kind::Url, None, Allowed, "gate, execution, desk", "The broker's trading address.";
    APCA_API_DATA_URL: Kind::Url, None, Allowed, "scanner, execution", "The broker's market data address.";
    APCA_API_KEY_ID: Kind::Secret, None, SECRET, "scanner, execution, desk", "The broker key's id.";
    APCA_API_SECRET_KEY: Kind::Secret, None, SECRET, "scanner, execution, desk", "The broker key's secret.";

    PORTCULLIS_ACCOUNT: Kind::Text, None, RENDERED, "execution, desk", "The broker account this deployment may act for.";
    PORTCULLIS_MANIFEST: Kind::Path, None, RENDERED, "execution, desk", "The installed manifest.";
    PORTCULLIS_MANIFEST_DIGEST: Kind::Text, None, RENDERED, "execution, desk", "The installed manifest's sha256 when the units were rendered.";
    PORTCULLIS_ARMING_DIR: Kind::Path, None, RENDERED, "execution, desk", "The root-owned directory that arms LIVE.";
    PORTCULLIS_CLOCK: Kind::Choice(&["system", "venue"]), Some("system"), Refused("only a rehearsal on a loopback venue may move the clock"), "all", "Whose time counts.";

    RUST_LOG: Kind::Text, Some("info"), Allowed, "execution", "Which lines are logged; the gate's are at level info.";

    EXECUTION_POLL_SECONDS: Kind::Seconds, Some("300"), Allowed, "execution", "Between cycles, outside a session.";
    EXECUTION_POLL_MARKET_SECONDS: Kind::Seconds, Some("60"), Allowed, "execution", "Between cycles in a session, at most.";
    EXECUTION_POLL_TIGHT_SECONDS: Kind::Seconds, Some("15"), Allowed, "execution", "Between cycles in the tight window.";
    EXECUTION_POLL_TIGHT_START_ET: Kind::TimeOfDay, Some("09:30"), Allowed, "execution", "The tight window's begin.";
    EXECUTION_POLL_TIGHT_END_ET: Kind::TimeOfDay, Some("10:05"), Allowed, "execution", "The tight window's end.";
    ENTRY_DELAY_AFTER_OPEN_MINUTES: Kind::Minutes, Some("20"), Allowed, "execution", "No entries so long after the open.";
    MARKET_SETTLE_MINUTES: Kind::Minutes, Some("0"), Allowed, "execution", "No entries so long after the open, whatever the entry delay.";
    MIN_EXIT_ARMING_SECONDS: Kind::Seconds, Some("120"), Allowed, "execution", "No discretionary exit so long after a fill; stops are not delayed.";

    MAX_LIVE_ORDERS_PER_DAY: Kind::Count, Some("5"), Allowed, "execution", "Cap on opening orders a day.";
    MAX_LIVE_POSITIONS: Kind::Count, Some("5"), Allowed, "execution", "Cap on open positions.";
    MAX_LIVE_GROSS_NOTIONAL: Kind::Dollars, Some("5000"), Allowed, "execution", "Cap on the sum of positions and opening orders.";
    MAX_LIVE_NOTIONAL_PER_SYMBOL: Kind::Dollars, Some("1000"), Allowed, "execution", "Cap on one symbol.";
    ALLOWLIST_SYMBOLS: Kind::Symbols, None, Allowed, "execution", "The only symbols that may be opened; empty means all.";
    RISK_PER_TRADE_BPS: Kind::BasisPoints, Some("50"), Allowed, "execution", "Equity at risk between entry and stop of one trade.";
}
