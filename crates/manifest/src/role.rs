//! What a role demands. `role = "orders"` may open positions, so its guardrails are mandatory and cannot be disarmed.
//!
//! Every rule names the incident it prevents; each happened at a desk that believed itself guarded.

use crate::{
    fields::{Fields, accept},
    gate::Gate,
    nearest::nearest,
    problem::{Code, Problems, Refusal},
};

/// Accepts the one role that this release renders.
pub(crate) fn check(text: &str) -> Result<(), Refusal> {
    match text {
        "orders" => Ok(()),
        "dashboard" => Err(Refusal::new(Code::NotInThisRelease, "role \"dashboard\" is not rendered by this release")
            .hint("remove the service; services of this release have role = \"orders\"")),
        _ => Err(Refusal::bad_value(format!("there is no role {text:?}")).hint("write `role = \"orders\"`")),
    }
}

/// Reads `gates` and reports every gate that an order-placing service lacks.
pub(crate) fn read_gates(fields: &mut Fields<'_>, problems: &mut Problems) {
    let span = fields.span_of("gates");
    let written = fields.texts("gates", problems);
    if fields.has("gates") && written.is_none() {
        return;
    }
    let mut present = Vec::new();
    for text in written.iter().flat_map(|texts| texts.get_ref()) {
        let gate = accept(text, problems, Gate::parse).map(toml::Spanned::into_inner);
        match gate {
            Some(gate) if present.contains(&gate) => {
                problems.error(text.span(), Refusal::new(Code::Duplicate, "this gate is named twice"));
            }
            Some(gate) => present.push(gate),
            // A mistyped gate has been reported; it is not missing on top of that.
            None => present
                .extend(nearest(text.get_ref(), Gate::ALL.map(Gate::as_str)).and_then(|meant| Gate::parse(meant).ok())),
        }
    }
    for gate in Gate::ALL.into_iter().filter(|gate| !present.contains(gate)) {
        let message = format!("{} places orders without the gate `{}`", fields.place(), gate.as_str());
        problems.error(
            span.clone(),
            Refusal::new(Code::MissingGuardrail, message).hint(format!(
                "it prevents what happened before: {}; write `{}`",
                gate.incident(),
                all_gates()
            )),
        );
    }
}

/// `gates = ["watchlist", ...]`, complete.
fn all_gates() -> String {
    let quoted: Vec<String> = Gate::ALL.iter().map(|gate| format!("\"{}\"", gate.as_str())).collect();
    format!("gates = [{}]", quoted.join(", "))
}

/// Accepts the one restart policy under which a refusal is final and a crash is not.
pub(crate) fn check_restart(text: &str) -> Result<(), Refusal> {
    let disarms = |why: &str| {
        Err(Refusal::new(
            Code::DisarmsGuardrail,
            format!("a service that places orders may not have restart = {text:?}"),
        )
        .hint(format!("{why}; remove the line, the policy is `on-failure` with refusals left alone")))
    };
    match text {
        "on-failure" => Ok(()),
        "always" | "on-success" => disarms("a start that was refused came back again and again, a restart storm"),
        "no" => disarms("a crash would leave open positions without their manager until somebody looks"),
        "on-abnormal" | "on-abort" | "on-watchdog" => disarms("it leaves some crashes without a restart"),
        _ => Err(Refusal::bad_value(format!("{text:?} is no restart policy")).hint("remove the line")),
    }
}

/// Reports `success_codes`, which is never harmless next to a gate.
pub(crate) fn refuse_success_codes(fields: &Fields<'_>, problems: &mut Problems) {
    if fields.has("success_codes") {
        let refusal = Refusal::new(Code::DisarmsGuardrail, "a service that places orders has no success code but 0").hint(
            "systemd lets a refusing gate pass when the refusal's code counts as success: the stale list would be traded; remove the line",
        );
        problems.error(fields.span_of("success_codes"), refusal);
    }
}

/// Reports a missing account: nothing would say whose orders these are.
pub(crate) fn require_account(fields: &Fields<'_>, problems: &mut Problems) {
    if !fields.has("account") {
        let message = format!("{} places orders and names no account", fields.place());
        let hint = "two processes once traded one account because nothing tied a process to it; write `account = \"PA30000000\"`";
        problems.error(fields.span(), Refusal::new(Code::MissingGuardrail, message).hint(hint));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn restart_policies() {
        assert_eq!(check_restart("on-failure"), Ok(()));
        for text in ["always", "on-success", "no", "on-abnormal", "on-abort", "on-watchdog"] {
            assert_eq!(check_restart(text).unwrap_err().code, Code::DisarmsGuardrail, "{text}");
        }
        assert_eq!(check_restart("sometimes").unwrap_err().code, Code::BadValue);
    }
}
