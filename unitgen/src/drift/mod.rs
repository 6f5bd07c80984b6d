//! Is what systemd has loaded, and what runs, what the manifest renders? Three looks: files against the manifest
//! ([`crate::verify`]), what systemd has loaded against both ([`crate::predict`]), and processes against their programs. Pure:
//! what `systemctl` printed and what lies in `/proc` come in as values.
//!
//! A drop-in that was taken away again and never reloaded, a manager whose defaults add a variable, a process older than its
//! program: no file of the deployment shows these.

mod asking;
mod finding;
mod loaded;
mod manager;
mod processes;
mod report;
mod shown;

use std::collections::{BTreeMap, BTreeSet};

pub use asking::ask;
pub use finding::{Code, Finding};
pub use processes::Process;
pub use report::{Drifted, Report};
pub use shown::{Properties, blocks};

use crate::{
    diff::{Turn, turns},
    guardrails::{Enablement, Units},
    predict::{Property, predict_at},
    verify::{self, Expected, Listing, Note},
};

/// What is asked of every unit beside what is predicted of it.
const ASKED: [&str; 10] = [
    "ActiveState",
    "DropInPaths",
    "ExecMainStartTimestamp",
    "FragmentPath",
    "Id",
    "LoadError",
    "LoadState",
    "MainPID",
    "NeedDaemonReload",
    "UnitFileState",
];

/// What is asked of a host about one deployment.
#[derive(Clone, Debug)]
pub struct Questions {
    /// The units, in the order in which their answers must come.
    pub units: Vec<String>,
    /// Their properties.
    pub properties: BTreeSet<String>,
    predicted: BTreeMap<String, Vec<Property>>,
}

/// What the host answered.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Of each unit what `systemctl show` printed.
    pub units: BTreeMap<String, Properties>,
    /// What the manager adds to the environment of all: `systemctl show-environment`.
    pub environment: String,
    /// The main processes that run, by unit.
    pub processes: BTreeMap<String, Process>,
}

/// What drifted of one deployment.
#[derive(Clone, Debug, Default)]
pub struct Outcome {
    /// Everything that is not as the manifest has it.
    pub findings: Vec<Finding>,
    /// Guardrails that the files no longer hold.
    pub lost: Vec<Turn>,
    /// What is left alone.
    pub notes: Vec<Note>,
    /// So many properties were compared.
    pub compared: usize,
}

impl Outcome {
    /// Whether nothing is otherwise than the manifest has it; a guardrail that is lost without a finding counts too.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.lost.is_empty()
    }
}

/// What to ask about a rendered tree.
#[must_use]
pub fn questions(expected: &Expected<'_>) -> Questions {
    let predicted = predict_at(expected.installation, expected.tree);
    let named = predicted.values().flatten().map(|(name, _)| name.clone());
    let properties = named.chain(ASKED.into_iter().chain(loaded::properties()).map(str::to_owned)).collect();
    Questions { units: predicted.keys().cloned().collect(), properties, predicted }
}

/// Compares. The same values give the same findings.
#[must_use]
pub fn drift(expected: &Expected<'_>, listing: &Listing, asked: &Questions, answers: &Answers) -> Outcome {
    let of_files = verify::verify(expected, listing);
    let mut outcome = Outcome { notes: of_files.notes, ..Outcome::default() };
    outcome.findings.extend(of_files.findings.into_iter().map(Finding::of_files));
    let manager = expected.installation.manager();
    let rendered = Units::of_tree(expected.tree).for_manager(manager);
    for (unit, predicted) in &asked.predicted {
        let Some(shown) = answers.units.get(unit) else {
            outcome.findings.push(Finding::new(Code::NotShown, unit, "systemctl said nothing of it"));
            continue;
        };
        outcome.compared += loaded::check(unit, &rendered, predicted, shown, listing, &mut outcome.findings);
        if let Some(process) = answers.processes.get(unit) {
            processes::check(unit, shown, process, &mut outcome.findings, &mut outcome.notes);
        }
    }
    manager::check(expected, &answers.environment, &mut outcome.findings);
    let there = Units::of_listing(listing, Enablement::AsLinked).for_manager(manager);
    outcome.lost = turns(&rendered, &there, &asked.units.iter().cloned().collect()).lost;
    outcome
}
