//! What a change of units means: guardrails lost and gained, what becomes of each unit, when timers fire, what follows an
//! end, what is in the environment, how exposed a service is; the text comes last. Pure: two sides and what answers
//! questions about them in, a [`Difference`] out. Nothing secret is in it.

pub(crate) mod fates;
mod losses;
mod report;
mod schedules;
mod settings;
mod texts;
mod variables;

use std::collections::BTreeSet;

use market::Timestamp;
use serde::Serialize;

pub use fates::{Becomes, Fate};
pub use losses::{Turn, Turns, turns};
pub use report::Style;
pub use schedules::Schedule;
pub(crate) use schedules::schedules;
pub use texts::Text;
pub use variables::Value;

use crate::guardrails::{Unit, UnitName, Units};

/// One of the two things that are compared.
#[derive(Clone, Debug)]
pub struct Side {
    /// As people call it.
    pub label: String,
    /// Its units.
    pub units: Units,
    /// Those that it is about: all of them, or on a host the deployment's.
    pub names: BTreeSet<UnitName>,
}

/// How exposed a service is, in tenths of systemd's score from 0 (best) to 100.
pub trait Scores {
    /// The score of a unit with this text, its drop-ins after it; `None` where nobody can tell.
    fn score(&self, unit: &str, text: &str) -> Option<u32>;
}

/// What [`compare`] asks, and how much it tells.
pub struct Questions<'a> {
    /// From when on timers fire.
    pub now: Timestamp,
    /// How exposed services are.
    pub scores: &'a dyn Scores,
    /// Lines of context in the unified text; `None` for no text.
    pub context: Option<usize>,
}

/// The exposure of a service whose sandbox differs, in tenths; `None` where nobody can tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Exposure {
    /// The service.
    pub unit: UnitName,
    /// Before.
    pub before_tenths: Option<u32>,
    /// Afterwards.
    pub after_tenths: Option<u32>,
}

/// Everything that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// What the first side is called.
    pub from: String,
    /// And the second.
    pub to: String,
    /// So many units were compared.
    pub compared: usize,
    /// Guardrails.
    pub guardrails: Turns,
    /// What becomes of units.
    pub units: Vec<Fate>,
    /// When timers fire.
    pub schedules: Vec<Schedule>,
    /// What services run.
    pub commands: Vec<Value>,
    /// What follows an end.
    pub policy: Vec<Value>,
    /// Variables.
    pub environment: Vec<Value>,
    /// Every other setting.
    pub settings: Vec<Value>,
    /// How exposed services are.
    pub exposure: Vec<Exposure>,
    /// Files.
    pub files: Vec<Text>,
}

impl Difference {
    /// Whether nothing differs, not even a comment.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.files.is_empty() && self.units.is_empty() && self.guardrails == Turns::default()
    }
}

/// Compares the units that either side is about.
#[must_use]
pub fn compare(from: &Side, to: &Side, questions: &Questions<'_>) -> Difference {
    let names: BTreeSet<UnitName> = from.names.union(&to.names).cloned().collect();
    let order: Vec<&str> = names.iter().map(String::as_str).collect();
    let units: Vec<Fate> = order.iter().filter_map(|name| fates::fate(&from.units, &to.units, name)).collect();
    let changed: Vec<&str> = units.iter().map(|fate| fate.unit.as_str()).collect();
    let both = both(&from.units, &to.units, &changed);
    let of_both =
        |values: fn(&Unit, &Unit) -> Vec<Value>| both.iter().flat_map(|(old, new)| values(old, new)).collect();
    let guardrails = turns(&from.units, &to.units, &names);
    let settings = both.iter().flat_map(|(old, new)| {
        let turned = guardrails.lost.iter().chain(&guardrails.gained).chain(&guardrails.changed);
        let of_unit = turned.filter(|turn| turn.unit == new.name()).map(|turn| turn.guardrail).collect();
        variables::others(old, new, &of_unit)
    });
    let settings = settings.collect();
    Difference {
        from: from.label.clone(),
        to: to.label.clone(),
        compared: names.len(),
        guardrails,
        settings,
        schedules: schedules(&from.units, &to.units, &order, Some(questions.now)),
        commands: of_both(variables::commands),
        policy: of_both(variables::policy),
        environment: of_both(variables::variables),
        exposure: both.iter().filter_map(|(old, new)| exposure(old, new, questions.scores)).collect(),
        files: texts::texts(&from.units, &to.units, &order, questions.context),
        units,
    }
}

/// What some units run and have in their environment otherwise: commands, then variables.
pub(crate) fn values(from: &Units, to: &Units, names: &[&str]) -> (Vec<Value>, Vec<Value>) {
    let both = both(from, to, names);
    let of_both = |of: fn(&Unit, &Unit) -> Vec<Value>| both.iter().flat_map(|(old, new)| of(old, new)).collect();
    (of_both(variables::commands), of_both(variables::variables))
}

/// The units that can start before and after.
fn both<'u>(from: &'u Units, to: &'u Units, names: &[&str]) -> Vec<(&'u Unit, &'u Unit)> {
    let there = names.iter().filter_map(|name| Some((from.get(name)?, to.get(name)?)));
    there.filter(|(old, new)| !old.is_masked() && !new.is_masked()).collect()
}

fn exposure(old: &Unit, new: &Unit, scores: &dyn Scores) -> Option<Exposure> {
    let plain = ["Environment", "Restart", "RestartSec", "Type", "X-RestartIfChanged"];
    let changes = settings::changes(old, new);
    let counts = |change: &settings::Change| {
        change.section == "Service"
            && !change.key.starts_with("Exec")
            && !change.key.starts_with("Timeout")
            && !plain.contains(&change.key.as_str())
    };
    if new.kind() != "service" || !changes.iter().any(counts) {
        return None;
    }
    let score = |unit: &Unit| {
        let text: Vec<String> =
            unit.files().iter().map(|(_, text)| String::from_utf8_lossy(text).into_owned()).collect();
        scores.score(unit.name(), &text.join("\n"))
    };
    Some(Exposure { unit: new.name().to_owned(), before_tenths: score(old), after_tenths: score(new) })
}
