//! Environment variables and settings of one value that differ. The value of nothing secret is shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::settings::changes;
use crate::guardrails::{Guardrail, Unit, environment, is_secret, redacted};

/// What decides what follows an end.
const POLICY: [&str; 12] = [
    "Restart",
    "RestartSec",
    "RestartMode",
    "RestartPreventExitStatus",
    "RestartForceExitStatus",
    "SuccessExitStatus",
    "StartLimitIntervalSec",
    "StartLimitInterval",
    "StartLimitBurst",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "WatchdogSec",
];
const COMMANDS: [&str; 7] =
    ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"];
const HIDDEN: &str = "(not shown)";

/// Something of a unit that has another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Value {
    /// The unit.
    pub unit: String,
    /// The variable or directive.
    pub name: String,
    /// Before; `None` when it was not there.
    pub before: Option<String>,
    /// Afterwards; `None` when it is not there.
    pub after: Option<String>,
}

impl Value {
    /// The line for people.
    #[must_use]
    pub fn to_text(&self) -> String {
        let shown = |value: &Option<String>| match value.as_deref() {
            None => "not set".to_owned(),
            Some("") => "empty".to_owned(),
            Some(value) => value.to_owned(),
        };
        format!("  {} {}: {} -> {}\n", self.unit, self.name, shown(&self.before), shown(&self.after))
    }
}

/// Variables of the environment.
pub(super) fn variables(before: &Unit, after: &Unit) -> Vec<Value> {
    let (old, new) = (environment(before), environment(after));
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    let shown = |name: &str, value: &String| if is_secret(name, value) { HIDDEN.to_owned() } else { value.clone() };
    differing
        .map(|name| Value {
            unit: after.name().to_owned(),
            name: name.clone(),
            before: old.get(name).map(|value| shown(name, value)),
            after: new.get(name).map(|value| shown(name, value)),
        })
        .collect()
}

/// The restart policy, and how long things may take.
pub(super) fn policy(before: &Unit, after: &Unit) -> Vec<Value> {
    directives(before, after, &POLICY)
}

/// What is run.
pub(super) fn commands(before: &Unit, after: &Unit) -> Vec<Value> {
    directives(before, after, &COMMANDS)
}

/// Every other setting that differs. `told` are the guardrails of this unit that turned: what makes those is said there.
pub(super) fn others(before: &Unit, after: &Unit, told: &BTreeSet<&str>) -> Vec<Value> {
    let elsewhere = ["Environment", "UnsetEnvironment", "OnCalendar", "Description"];
    let of_a_turn = |key: &str| Guardrail::of_directive(key).iter().any(|guardrail| told.contains(guardrail.id()));
    let is_other =
        |key: &str| !POLICY.contains(&key) && !COMMANDS.contains(&key) && !elsewhere.contains(&key) && !of_a_turn(key);
    those(before, after, is_other)
}

fn directives(before: &Unit, after: &Unit, keys: &[&str]) -> Vec<Value> {
    those(before, after, |key| keys.contains(&key))
}

fn those(before: &Unit, after: &Unit, which: impl Fn(&str) -> bool) -> Vec<Value> {
    let of_keys = changes(before, after).into_iter().filter(|change| which(&change.key));
    // Through the line with its key, because what may be shown of a value is judged on the line.
    let shown = |key: &str, values: Vec<String>| {
        let one = |value: &String| redacted(&format!("{key}={value}"))[key.len() + 1..].to_owned();
        (!values.is_empty()).then(|| values.iter().map(one).collect::<Vec<_>>().join(" ; "))
    };
    let value = |change: super::settings::Change| Value {
        unit: after.name().to_owned(),
        before: shown(&change.key, change.before),
        after: shown(&change.key, change.after),
        name: change.key,
    };
    of_keys.map(value).collect()
}
