//! What follows a crash, and what follows a refusal.

use contract::REFUSAL_CODES;

use crate::unit::{RestartPolicy, StartLimit};

/// systemd's own exit code for a credential that cannot be loaded.
const CREDENTIALS: u8 = 243;

/// A crash is followed by a new start, a refusal by none.
pub(crate) fn for_orders() -> RestartPolicy {
    let mut prevent: Vec<u8> = REFUSAL_CODES.iter().map(|code| code.code()).collect();
    prevent.push(CREDENTIALS);
    prevent.sort_unstable();
    RestartPolicy { restart: "on-failure", delay_seconds: 5, prevent, reason: REASON }
}

/// When to give up: a process that cannot stay up for a minute, five times over.
pub(crate) fn start_limit() -> (StartLimit, &'static str) {
    (StartLimit { interval_seconds: 300, burst: 5 }, LIMIT_REASON)
}

const REASON: &str = "A crash must not leave positions without their manager; a refusal, which no restart cures, is final \
    (243: a credential is missing). There is no SuccessExitStatus=: a refusal's code in it would let a refusing gate pass.";
const LIMIT_REASON: &str =
    "Here and not in [Service], where systemd ignores it and five starts in ten seconds would do.";
