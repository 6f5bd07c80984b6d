//! The two drop-ins an operator knows by name. They say again what the unit says itself: lists are cleared first, so
//! nothing runs twice, and a clear is always followed by the gate, so nothing is disarmed.

use manifest::{Gate, Service};

use crate::{
    Tree,
    systemd::restart_policy,
    unit::{Command, Lines},
};

/// `NAME.service.d/10-watchlist-gate.conf` and `20-restart-policy.conf`; `condition` is the unit's gate, and why. Only what
/// waits for a watchlist has them: the documents of others name none.
pub(crate) fn add(tree: &mut Tree, header: &str, service: &Service, condition: Option<&(Command, &'static str)>) {
    let Some(condition) = condition.filter(|_| service.task().gates().contains(&Gate::Watchlist)) else { return };
    let directory = format!("{}.service.d", service.name());
    tree.add(format!("{directory}/10-watchlist-gate.conf"), watchlist_gate(header, condition));
    tree.add(format!("{directory}/20-restart-policy.conf"), restart_policy_file(header));
}

fn watchlist_gate(header: &str, (condition, reason): &(Command, &'static str)) -> String {
    let mut lines = Lines::with_header(header);
    lines.section("Service");
    lines.reason(reason);
    lines.set("ExecCondition", "");
    lines.set("ExecCondition", condition.line());
    lines.into_text()
}

fn restart_policy_file(header: &str) -> String {
    let policy = restart_policy::for_orders();
    let (limit, limit_reason) = restart_policy::start_limit();
    let mut lines = Lines::with_header(header);
    lines.section("Unit");
    lines.reason(limit_reason);
    limit.write(&mut lines);
    lines.section("Service");
    lines.reason(policy.reason);
    lines.set("SuccessExitStatus", "");
    lines.set("RestartPreventExitStatus", "");
    policy.write(&mut lines);
    lines.into_text()
}
