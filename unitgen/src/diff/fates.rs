//! What becomes of each unit when one side takes the place of the other: it starts, stops, must be restarted, or nothing
//! happens; and which directives say so.

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
    /// It must be restarted for the change to count.
    Restarts,
    /// It runs on as it is; the change counts from its next start on.
    AtNextStart,
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
    /// As a fragment after the unit's name.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Stops => "is gone: what runs of it stops",
            Self::LeftRunning => "is gone: what runs of it is left alone, until it is stopped by hand",
            Self::Masked => "is masked: it never starts again",
            Self::Restarts => "must be restarted",
            Self::AtNextStart => "runs on as it is; changed from its next start on",
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
            let changes: Vec<Change> = changes(old, new).into_iter().filter(counts).collect();
            if changes.is_empty() {
                let same = old.files().iter().map(|(_, text)| text).eq(new.files().iter().map(|(_, text)| text));
                return if same { None } else { fate(Becomes::TextOnly, Vec::new()) };
            }
            fate(becomes(new, &changes), reasons(old, new, &changes))
        }
    }
}

fn counts(change: &Change) -> bool {
    !WORDS.iter().any(|(section, key)| change.is(section, key)) && change.section != "Install"
}

fn becomes(after: &Unit, changes: &[Change]) -> Becomes {
    let in_section =
        |section: &str| changes.iter().any(|change| change.section == section && !change.key.starts_with("X-"));
    match after.kind() {
        "timer" if in_section("Timer") => Becomes::SetAnew,
        "service" if in_section("Service") && after.is_oneshot() => Becomes::AtNextRun,
        "service" if in_section("Service") && after.value("Service", "X-RestartIfChanged") == "false" => {
            Becomes::AtNextStart
        }
        "service" if in_section("Service") => Becomes::Restarts,
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
