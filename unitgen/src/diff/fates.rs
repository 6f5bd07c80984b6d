//! What becomes of each unit when one side takes the place of the other: it starts, stops, is restarted, or nothing happens;
//! and which directives say so. `diff` tells it, and `apply` does it: what restarts is decided here alone.

use serde::Serialize;

use super::settings::{Change, changes};
use crate::guardrails::{Unit, Units, environment};

/// So many reasons are told.
const REASONS: usize = 4;
/// What systemd does not run by.
const WORDS: [(&str, &str); 3] = [("Unit", "Description"), ("Unit", "Documentation"), ("Unit", "SourcePath")];

/// What becomes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Becomes {
    /// It is no longer there, and what runs stops.
    Stops,
    /// It is no longer there, and what runs is left alone.
    LeftRunning,
    /// It can never start again.
    Masked,
    /// It is restarted, if it runs, for the change to count.
    Restarts,
    /// The same of what is started through a gate, and so may hold something: only while nothing is held.
    RestartsWhenFlat,
    /// The change counts from its next run on.
    AtNextRun,
    /// Its timer is set anew.
    SetAnew,
    /// It is new, and a boot or the deployment starts it.
    Starts,
    /// It is new, and something else starts it.
    Appears,
    /// A reload is enough.
    Reloads,
    /// Comments, descriptions, order: nothing that systemd acts on.
    TextOnly,
}

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fate {
    /// Its name.
    pub unit: String,
    /// What becomes of it.
    pub becomes: Becomes,
    /// Which directives say so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub because: Vec<String>,
}

impl Becomes {
    /// Whether a unit that runs goes on as it was until it is started afresh.
    pub(crate) fn is_noticed_at_a_start(self) -> bool {
        match self {
            Self::Restarts | Self::RestartsWhenFlat | Self::AtNextRun | Self::SetAnew => true,
            Self::Stops
            | Self::LeftRunning
            | Self::Masked
            | Self::Starts
            | Self::Appears
            | Self::Reloads
            | Self::TextOnly => false,
        }
    }

    /// As a fragment after the unit's name.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Stops => "is gone: what runs of it stops",
            Self::LeftRunning => "is gone: what runs of it is left alone, until it is stopped by hand",
            Self::Masked => "is masked: it never starts again",
            Self::Restarts => "is restarted, if it runs",
            Self::RestartsWhenFlat => {
                "is restarted, if it runs and nothing is held; else, and by a switch of NixOS, changed from its next start on"
            }
            Self::AtNextRun => "changed from its next run on",
            Self::SetAnew => "is set anew",
            Self::Starts => "is new, and starts",
            Self::Appears => "is new; something else starts it",
            Self::Reloads => "changes with a reload",
            Self::TextOnly => "says the same in other words",
        }
    }
}

/// The fate of a unit of either side; `None` when not a byte of it differs.
pub(super) fn fate(before: &Units, after: &Units, name: &str) -> Option<Fate> {
    let fate = |becomes, because: Vec<String>| Some(Fate { unit: name.to_owned(), becomes, because });
    match (before.get(name), after.get(name)) {
        (None, None) => None,
        (None, Some(_)) if after.is_of_boot(name) => fate(Becomes::Starts, Vec::new()),
        (None, Some(_)) => fate(Becomes::Appears, Vec::new()),
        (Some(old), None) if old.value("Unit", "X-StopOnRemoval") == "false" => fate(Becomes::LeftRunning, Vec::new()),
        (Some(_), None) => fate(Becomes::Stops, Vec::new()),
        (Some(old), Some(new)) if !old.is_masked() && new.is_masked() => fate(Becomes::Masked, Vec::new()),
        (Some(old), Some(new)) => {
            let changes = counting(old, new);
            if changes.is_empty() {
                let same = old.files().iter().map(|(_, text)| text).eq(new.files().iter().map(|(_, text)| text));
                return if same { None } else { fate(Becomes::TextOnly, Vec::new()) };
            }
            fate(becomes(old, new, &changes), reasons(old, new, &changes))
        }
    }
}

/// What becomes of a unit that is there before and after, by the texts of its file and drop-ins.
pub(crate) fn of_texts(name: &str, before: &[&str], after: &[&str]) -> Becomes {
    let (old, new) = (Unit::of_texts(name, before), Unit::of_texts(name, after));
    let changes = counting(&old, &new);
    if changes.is_empty() { Becomes::TextOnly } else { becomes(&old, &new, &changes) }
}

fn counting(old: &Unit, new: &Unit) -> Vec<Change> {
    changes(old, new).into_iter().filter(counts).collect()
}

fn counts(change: &Change) -> bool {
    !WORDS.iter().any(|(section, key)| change.is(section, key)) && change.section != "Install"
}

fn becomes(before: &Unit, after: &Unit, changes: &[Change]) -> Becomes {
    // Of `[Unit]` a reload is enough. What a service says of itself stands in `[Service]`, in `[Container]` as well.
    let runs_by = |change: &Change| change.section != "Unit" && !change.key.starts_with("X-");
    let is_gated = |unit: &Unit| !unit.list("Service", "ExecCondition").is_empty();
    match after.kind() {
        "timer" | "service" if !changes.iter().any(runs_by) => Becomes::Reloads,
        "timer" => Becomes::SetAnew,
        "service" if after.is_oneshot() => Becomes::AtNextRun,
        "service" if is_gated(before) || is_gated(after) => Becomes::RestartsWhenFlat,
        "service" => Becomes::Restarts,
        _ => Becomes::Reloads,
    }
}

/// The directives, the most telling first; of the environment the variables.
fn reasons(before: &Unit, after: &Unit, changes: &[Change]) -> Vec<String> {
    let mut reasons = Vec::new();
    for change in changes {
        if change.is("Service", "Environment") {
            let (old, new) = (environment(before), environment(after));
            let names: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
            let differing = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
            reasons.extend(differing.map(|name| format!("Environment={name}")));
        } else {
            reasons.push(format!("{}=", change.key));
        }
    }
    reasons.sort_by_key(|reason| (!reason.starts_with("Exec"), reason.contains("MANIFEST_DIGEST")));
    if reasons.len() > REASONS {
        let more = reasons.len() - REASONS;
        reasons.truncate(REASONS);
        reasons.push(format!("{more} more"));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_answer_to_what_restarts() {
        let gated = "[Service]\nExecCondition=/g\nExecStart=/p\nX-RestartIfChanged=false\n";
        for (unit, before, after, expect) in [
            ("a.service", "[Service]\nExecStart=/p\n", "# other\n[Service]\nExecStart=/p\n", Becomes::TextOnly),
            ("a.service", "[Unit]\nDescription=a\n", "[Unit]\nDescription=b\n", Becomes::TextOnly),
            ("a.service", "[Unit]\nWants=b.service\n", "[Unit]\nWants=c.service\n", Becomes::Reloads),
            ("a.service", "[Service]\nX-StopIfChanged=false\n", "[Service]\n", Becomes::Reloads),
            ("a.service", "[Service]\nExecStart=/p\n", "[Service]\nExecStart=/q\n", Becomes::Restarts),
            ("a.service", "[Container]\nVolume=/a\nVolume=/b\n", "[Container]\nVolume=/b\n", Becomes::Restarts),
            ("a.service", gated, "[Service]\nExecStart=/p\n", Becomes::RestartsWhenFlat),
            ("a.service", "[Service]\nExecStart=/p\n", gated, Becomes::RestartsWhenFlat),
            ("a.service", "[Service]\nType=oneshot\n", "[Service]\nType=oneshot\nNice=1\n", Becomes::AtNextRun),
            ("a.timer", "[Timer]\nOnCalendar=daily\n", "[Timer]\nOnCalendar=weekly\n", Becomes::SetAnew),
            ("a.timer", "[Unit]\nAfter=b.target\n", "[Unit]\nAfter=c.target\n", Becomes::Reloads),
            ("a.target", "[Unit]\nWants=b.service\n", "[Unit]\nWants=c.service\n", Becomes::Reloads),
        ] {
            assert_eq!(of_texts(unit, &[before], &[after]), expect, "{unit}: {before:?} -> {after:?}");
        }
    }
}
