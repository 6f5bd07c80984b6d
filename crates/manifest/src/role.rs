//! What a role demands. `orders` and `worker` may open positions, so their guardrails are mandatory and cannot be disarmed.
//!
//! Every rule names the incident it prevents; each happened at a desk that believed itself guarded.

use crate::{
    fields::{Fields, accept},
    gate::Gate,
    nearest::nearest,
    problem::{Code, Problems, Refusal},
    program::{Catalogue, Task},
};

/// What a service is for; its policy follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Decides on orders, sends them and manages what is held.
    Orders,
    /// Follows the market.
    Stream,
    /// Takes order intents, and sends none.
    Api,
    /// Sends the orders that others intend.
    Worker,
    /// Shows what is, and changes nothing.
    Dashboard,
    /// Stands between this host and a broker.
    Gateway,
}

/// Whether a service listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Listens {
    /// It must not.
    Never,
    /// It must, and others of its network may reach it if the manifest says so.
    Where,
    /// It must, and nobody but this host ever reaches it.
    OnThisHost,
}

impl Role {
    /// Every role.
    pub const ALL: [Self; 6] = [Self::Orders, Self::Stream, Self::Api, Self::Worker, Self::Dashboard, Self::Gateway];

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str);
            let refusal = Refusal::bad_value(format!("there is no role {text:?}"));
            match nearest(text, names) {
                Some(meant) => refusal.hint(format!("did you mean \"{meant}\"?")),
                None => refusal.hint(format!("there are {}", names.join(", "))),
            }
        })
    }

    /// The name in a manifest.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Stream => "stream",
            Self::Api => "api",
            Self::Worker => "worker",
            Self::Dashboard => "dashboard",
            Self::Gateway => "gateway",
        }
    }

    /// Whether it may open positions: gates, restart policy and a single instance are then mandatory.
    #[must_use]
    pub fn opens_positions(self) -> bool {
        match self {
            Self::Orders | Self::Worker => true,
            Self::Stream | Self::Api | Self::Dashboard | Self::Gateway => false,
        }
    }

    /// Whether it listens.
    #[must_use]
    pub fn listens(self) -> Listens {
        match self {
            Self::Orders | Self::Worker => Listens::Never,
            Self::Stream | Self::Dashboard => Listens::Where,
            // Whoever reaches these can have orders sent.
            Self::Api | Self::Gateway => Listens::OnThisHost,
        }
    }

    /// Whether the keys of the broker are nothing to it.
    pub(crate) fn is_kept_from_keys(self) -> bool {
        match self {
            Self::Api | Self::Dashboard => true,
            Self::Orders | Self::Stream | Self::Worker | Self::Gateway => false,
        }
    }
}

/// Reads `gates` and reports every gate that an order-placing service lacks.
pub(crate) fn read_gates(fields: &mut Fields<'_>, task: Task, catalogue: &Catalogue, problems: &mut Problems) {
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
            Some(gate) if !catalogue.contains_gate(gate) => {
                let message = format!("the gate `{}` is not in this release", gate.as_str());
                problems.error(
                    text.span(),
                    Refusal::new(Code::NotInThisRelease, message).hint("it comes with the program that asks it"),
                );
                present.push(gate);
            }
            Some(gate) if !task.gates().contains(&gate) => {
                let message = format!("`{}` has no gate `{}`", task.program(), gate.as_str());
                let hint = format!("nothing would ask it; write `{}`", all_gates(task));
                problems.error(text.span(), Refusal::bad_value(message).hint(hint));
            }
            Some(gate) => present.push(gate),
            // A mistyped gate has been reported; it is not missing on top of that.
            None => present
                .extend(nearest(text.get_ref(), Gate::ALL.map(Gate::as_str)).and_then(|meant| Gate::parse(meant).ok())),
        }
    }
    for gate in task.gates().iter().filter(|gate| !present.contains(gate)) {
        let message = format!("{} places orders without the gate `{}`", fields.place(), gate.as_str());
        problems.error(
            span.clone(),
            Refusal::new(Code::MissingGuardrail, message).hint(format!(
                "it prevents what happened before: {}; write `{}`",
                gate.incident(),
                all_gates(task)
            )),
        );
    }
}

/// `gates = ["watchlist", ...]`, complete.
fn all_gates(task: Task) -> String {
    let quoted: Vec<String> = task.gates().iter().map(|gate| format!("\"{}\"", gate.as_str())).collect();
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
pub(crate) fn refuse_success_codes(fields: &mut Fields<'_>, problems: &mut Problems) {
    if fields.has("success_codes") {
        let refusal = Refusal::new(Code::DisarmsGuardrail, "a service that places orders has no success code but 0").hint(
            "systemd lets a refusing gate pass when the refusal's code counts as success: the stale list would be traded; remove the line",
        );
        problems.error(fields.span_of("success_codes"), refusal);
        // Asked for only to be refused with its reason, instead of as an unknown key.
        let _ = fields.texts("success_codes", &mut Problems::default());
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

    #[test]
    fn what_opens_positions_listens_nowhere() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()), Ok(role));
            assert_eq!(role.opens_positions(), role.listens() == Listens::Never, "{role:?}");
        }
        assert!(Role::parse("order").unwrap_err().hint.unwrap().contains("orders"));
    }
}
