//! What stands in front of a start: a condition, a command that must not fail, or a unit that must have succeeded.

use super::{
    Guardrail, Unit, Units, Verdicts,
    commands::{self, Command},
    put,
};

/// Judges how late a run is; no gate of a start.
pub(super) fn is_late_start(command: &Command) -> bool {
    command.argv.iter().any(|word| word == "late-start") && !command.asks_nothing()
}

pub(super) fn judge(units: &Units, unit: &Unit, verdicts: &mut Verdicts) {
    let conditions = commands::of(unit, "ExecCondition");
    // Before work that ends by itself a command prepares it; what asks there fails the job, which is its own guardrail.
    let before = if unit.is_oneshot() { Vec::new() } else { commands::of(unit, "ExecStartPre") };
    let own: Vec<&Command> = conditions.iter().chain(&before).filter(|command| !command.asks_nothing()).collect();
    let (of_units, useless) = gate_units(units, unit);
    if own.is_empty() && of_units.is_empty() {
        if let Some(why) = why_none(&conditions, &useless, unit) {
            put(verdicts, Guardrail::Gate, Some(why), String::new);
        }
        return;
    }
    let shown = own.iter().map(|command| command.argv.join(" ")).chain(of_units);
    let lost = commands::replaced(unit).map(|how| format!("what is asked is not the gate: {how}"));
    put(verdicts, Guardrail::Gate, lost, || shown.collect::<Vec<_>>().join(", "));
    let ignored = own.iter().find(|command| command.is_ignored());
    let lost = ignored.map(|command| format!("{} ({})", command.shown(), command.file));
    put(verdicts, Guardrail::GateHeeded, lost, || "no dash before its path".to_owned());
}

/// Why there is no gate, where something says that there should be.
fn why_none(conditions: &[Command], useless: &[String], unit: &Unit) -> Option<String> {
    if let Some(nothing) = conditions.first() {
        return Some(format!("{} asks nothing ({})", nothing.shown(), nothing.file));
    }
    let cleared = unit.all("Service", "ExecCondition").next_back().filter(|said| said.value.is_empty());
    if let Some(said) = cleared {
        return Some(format!("ExecCondition= is cleared ({})", said.file));
    }
    useless.first().cloned()
}

/// Units that must have succeeded first, and why others that look so are none: `Requires=` alone starts both at once; with
/// `After=` it waits, and takes a skip for success. Source: measured on 252 and 257.
fn gate_units(units: &Units, unit: &Unit) -> (Vec<String>, Vec<String>) {
    let after = unit.dependencies("After");
    let (mut gates, mut useless) = (Vec::new(), Vec::new());
    for key in ["BindsTo", "Requisite", "Requires"] {
        for name in unit.dependencies(key) {
            let Some(other) = units.get(&name).filter(|other| other.kind() == "service" && other.is_oneshot()) else {
                continue;
            };
            if !after.contains(&name) {
                useless.push(format!("{key}={name} without After={name}: both start at once"));
            } else if key == "Requires" && !commands::of(other, "ExecCondition").is_empty() {
                useless.push(format!("{key}={name} takes a skip of {name} for success"));
            } else {
                gates.push(format!("{key}={name}"));
            }
        }
    }
    (gates, useless)
}
