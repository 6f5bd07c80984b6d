//! Whether a unit can start, whether a boot starts it, and who else does.

use super::{Guardrail, Unit, Units, Verdicts, commands, put};

pub(super) fn judge(units: &Units, unit: &Unit, verdicts: &mut Verdicts) {
    put(verdicts, Guardrail::CanStart, why_it_cannot(unit), || "loaded, without a condition".to_owned());
    if let Some(how) = how_it_starts(units, unit) {
        put(verdicts, Guardrail::StartsAtBoot, None, || how);
    } else if !unit.is_masked() && is_wanted_by_itself(units, unit) {
        put(verdicts, Guardrail::StartsAtBoot, Some("no boot reaches it".to_owned()), String::new);
    }
    if unit.kind() == "service" {
        put(verdicts, Guardrail::SingleStart, other_starter(units, unit), || expected_starter(units, unit));
    }
}

fn why_it_cannot(unit: &Unit) -> Option<String> {
    if unit.is_masked() {
        return Some(format!("it is masked ({})", unit.file()));
    }
    if unit.kind() == "service" && commands::of(unit, "ExecStart").is_empty() {
        return Some("it has nothing to run: ExecStart= is empty".to_owned());
    }
    let calendar =
        unit.kind() == "timer" && !unit.text().iter().any(|said| said.key.starts_with("On") && !said.value.is_empty());
    if calendar {
        return Some("it has no time to fire at".to_owned());
    }
    let by_hand = unit.last("Unit", "RefuseManualStart").filter(|_| unit.is_on("Unit", "RefuseManualStart"));
    by_hand.map(|said| format!("{}: no operator starts it ({})", said.shown(), said.file)).or_else(|| condition(unit))
}

/// A condition or assertion that is not met skips or fails every start. One that is cleared behind it counts for nothing;
/// conditions and assertions are two lists. Source: systemd.unit(5).
fn condition(unit: &Unit) -> Option<String> {
    let of_kind = |kind: &str| {
        let mut found = None;
        for said in unit.text().iter().filter(|said| said.section == "Unit" && said.key.starts_with(kind)) {
            found = (!said.value.is_empty()).then(|| format!("{} ({})", said.shown(), said.file));
        }
        found
    };
    of_kind("Condition").or_else(|| of_kind("Assert"))
}

fn how_it_starts(units: &Units, unit: &Unit) -> Option<String> {
    let mut starters = units.starters(unit.name()).filter(|(from, _)| units.is_of_boot(from));
    (!unit.is_masked()).then(|| starters.next().map(|(from, _)| format!("{from} starts it"))).flatten()
}

/// Timers, and services and targets that nothing triggers: somebody has to start these.
fn is_wanted_by_itself(units: &Units, unit: &Unit) -> bool {
    match unit.kind() {
        "timer" | "target" => true,
        "service" => !unit.is_oneshot() && units.triggers(unit.name()).next().is_none(),
        _ => false,
    }
}

/// Who starts a service that should not: a boot or a login a job, a timer what it triggers anyway, anything a service that it
/// only wants to read of, `Upholds=` whatever refused.
fn other_starter(units: &Units, unit: &Unit) -> Option<String> {
    for (from, how) in units.starters(unit.name()) {
        let kind = from.rsplit_once('.').map_or("", |(_, kind)| kind);
        let at_boot = unit.is_oneshot() && kind == "target" && units.is_of_boot(from);
        let by_service = kind == "service" && !unit.is_oneshot();
        if how.contains("phold") || at_boot || by_service || ["timer", "path", "socket"].contains(&kind) {
            return Some(format!("{from} starts it ({how})"));
        }
    }
    let triggers: Vec<&str> = units.triggers(unit.name()).collect();
    (triggers.len() > 1).then(|| format!("{} all start it", triggers.join(", ")))
}

fn expected_starter(units: &Units, unit: &Unit) -> String {
    units.triggers(unit.name()).next().map_or_else(|| "its deployment".to_owned(), str::to_owned)
}
