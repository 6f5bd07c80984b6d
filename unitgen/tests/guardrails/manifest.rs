//! A manifest that tries to do without a guardrail is refused.

use unitgen::{guardrails::Guardrail, source};

use crate::host::AVWAP;

/// By guardrail: what of the shipped manifest is replaced, and by what.
pub const TRIES: [(&str, &str, &str); 34] = [
    ("can-start", "program = \"scanner\"", "program = \"scaner\""),
    ("gate", "gates = [\"watchlist\", \"session-window\", \"kill-switch\"]", "gates = []"),
    ("gate-heeded", "gates = [\"watchlist\"", "gates = [\"-watchlist\""),
    ("refusal-seen", "live = \"never\"", "success_codes = [75]"),
    ("refusal-final", "live = \"never\"", "restart = \"always\""),
    ("comes-back", "live = \"never\"", "restart = \"no\""),
    ("no-start-limit", "live = \"never\"", "start_limit = 5"),
    ("stands-alone", "live = \"never\"", "requires = [\"scan\"]"),
    ("readiness", "live = \"never\"", "type = \"simple\""),
    ("watchdog", "live = \"never\"", "watchdog = \"0s\""),
    ("time-to-end", "live = \"never\"", "stop_timeout = \"1s\""),
    ("alert", "live = \"never\"", "alert = false"),
    ("kept-over-switches", "live = \"never\"", "restart_if_changed = true"),
    ("account-lock", "account = \"PA30000000\"", ""),
    ("manifest-digest", "EXECUTION_POLL_SECONDS = \"60\"", "PORTCULLIS_MANIFEST_DIGEST = \"x\""),
    ("no-secret-in-environment", "EXECUTION_POLL_SECONDS = \"60\"", "APCA_API_SECRET_KEY = \"x\""),
    ("credentials-as-files", "secrets = [\"alpaca\"]", "secrets = []"),
    ("unprivileged", "user = \"trading\"", "user = \"root\""),
    ("read-only-system", "live = \"never\"", "protect_system = false"),
    ("kernel-shielded", "live = \"never\"", "private_devices = false"),
    ("processes-apart", "live = \"never\"", "protect_proc = false"),
    ("calls-filtered", "live = \"never\"", "system_call_filter = \"\""),
    ("own-programs", "program = \"execution\"", "program = \"/bin/sh\""),
    ("network-bounded", "live = \"never\"", "listen = \"0.0.0.0:80\""),
    ("private-files", "live = \"never\"", "umask = \"0022\""),
    ("starts-at-boot", "live = \"never\"", "enabled = false"),
    ("single-start", "schedule = \"Mon..Fri 08:30\"", "wanted_by = \"default.target\""),
    ("zone", "timezone = \"America/New_York\"", "timezone = \"America/New_Yrok\""),
    ("punctual", "schedule = \"Mon..Fri 16:15\"", "schedule = \"Mon..Fri 16:15\"\naccuracy = \"1m\""),
    ("late-start", "late_start = \"45m\"", "persistent = true"),
    ("follows-success", "on_success = [\"execution-restart\"]", "on_success = [\"execution\"]"),
    ("bounded-run", "timeout = \"9m\"", "timeout = \"infinity\""),
    ("runs-each-time", "timeout = \"9m\"", "remain_after_exit = true"),
    ("restart-brings-back", "restart = \"execution\"", "restart = \"nobody\""),
];

#[test]
fn a_manifest_without_a_guardrail_is_refused() {
    assert!(source::check(AVWAP.as_bytes()).is_ok());
    for guardrail in Guardrail::ALL {
        let (id, with, without) = TRIES.iter().find(|(id, ..)| *id == guardrail.id()).unwrap();
        assert!(AVWAP.contains(with), "{id}: {with}");
        let tried = AVWAP.replacen(with, without, 1);
        assert!(source::check(tried.as_bytes()).is_err(), "{id}: {without} is accepted");
    }
}
