//! What follows a crash, and what follows a refusal.

use contract::REFUSAL_CODES;

use crate::unit::{RestartPolicy, StartLimit};

/// systemd's own exit code for a credential that cannot be loaded.
const CREDENTIALS: u8 = 243;

/// A crash is followed by a new start, a refusal by none.
pub(crate) fn for_orders() -> RestartPolicy {
    on_failure(REASON)
}

/// The same for what holds no positions.
pub(crate) fn for_others() -> RestartPolicy {
    on_failure(OTHERS_REASON)
}

fn on_failure(reason: &'static str) -> RestartPolicy {
    let mut prevent: Vec<u8> = REFUSAL_CODES.iter().map(|code| code.code()).collect();
    prevent.push(CREDENTIALS);
    prevent.sort_unstable();
    RestartPolicy { restart: "on-failure", delay_seconds: 10, prevent, reason }
}

/// Never: five quick crashes would leave positions without their manager until the next day, and lock out the backstop
/// that should bring it back. Each end alerts by itself.
pub(crate) fn start_limit() -> (StartLimit, &'static str) {
    (StartLimit { interval_seconds: 0, burst: 5 }, LIMIT_REASON)
}

/// Never for what holds no positions either: others wait for it all day.
pub(crate) fn start_limit_of_others() -> (StartLimit, &'static str) {
    (StartLimit { interval_seconds: 0, burst: 5 }, OTHERS_LIMIT_REASON)
}

const OTHERS_REASON: &str = "A crash is followed by a new start; a refusal, which no restart cures, is final (243: a credential is \
    missing).";
const OTHERS_LIMIT_REASON: &str = "No limit: systemd would give up in silence after five quick crashes, and what needs it would wait \
    all day. In [Unit], because in [Service] it is ignored and five starts in ten seconds would be the limit.";

const REASON: &str = "A crash must not leave positions without their manager; a refusal, which no restart cures, is final \
    (243: a credential is missing). There is no SuccessExitStatus=: a refusal's code in it would let a refusing gate pass.";
const LIMIT_REASON: &str = "No limit: systemd would give up in silence after five quick crashes, and positions would have no \
    manager. In [Unit], because in [Service] it is ignored and five starts in ten seconds would be the limit.";
