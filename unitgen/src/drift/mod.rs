//! Is what systemd has loaded, and what runs, what the manifest renders? Looks at files against the manifest
//! ([`crate::verify`]), at what systemd has loaded against both ([`crate::predict`]), at processes and at programs. Pure:
//! what `systemctl` printed and what lies in `/proc` come in as values.
//!
//! A drop-in that was taken away again and never reloaded, a manager whose defaults add a variable, a process older than its
//! program: no file of the deployment shows these.

mod asking;
mod finding;
mod loaded;
mod manager;
mod processes;
mod programs;
mod report;
mod shown;
mod states;

use std::collections::{BTreeMap, BTreeSet};

pub use asking::ask;
pub use finding::{Code, Finding};
use loaded::Known;
pub use processes::Process;
pub use programs::Program;
pub use report::{Drifted, Report};
pub use shown::{Properties, blocks};

use crate::{
    diff::{Turn, turns},
    guardrails::{Enablement, Units},
    predict::{Expectation, Property, predict_at},
    verify::{self, Expected, Listing, Note},
};

/// What is asked of every unit beside what is predicted of it.
const ASKED: [&str; 13] = [
    "ActiveState",
    "DropInPaths",
    "ExecMainStartTimestamp",
    "FragmentPath",
    "FreezerState",
    "Id",
    "Job",
    "LoadError",
    "LoadState",
    "MainPID",
    "NeedDaemonReload",
    "Result",
    "StateChangeTimestamp",
];
/// What is asked of the manager beside its defaults.
const OF_THE_MANAGER: &str = "UserspaceTimestamp";

/// What is asked of a host about one deployment.
#[derive(Clone, Debug, Default)]
pub struct Questions {
    /// The deployment's units.
    pub units: Vec<String>,
    /// The slices that its services live in.
    pub slices: Vec<String>,
    /// Their properties.
    pub properties: BTreeSet<String>,
    /// Properties of the manager itself.
    pub of_manager: BTreeSet<&'static str>,
    predicted: BTreeMap<String, Vec<Property>>,
}

/// What the host answered.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// Of each unit what `systemctl show` printed.
    pub units: BTreeMap<String, Properties>,
    /// What the manager adds to the environment of all: `systemctl show-environment`.
    pub environment: String,
    /// What the manager says of itself.
    pub manager: Properties,
    /// The main processes that run, by unit.
    pub processes: BTreeMap<String, Process>,
    /// The programs that units run, by path.
    pub programs: BTreeMap<String, Program>,
    /// When it was asked, in seconds since 1970.
    pub now: Option<i64>,
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
    /// Why nothing but files was looked at: systemd did not answer.
    pub unanswered: Option<String>,
}

impl Outcome {
    /// Whether nothing is otherwise than the manifest has it; a guardrail that is lost without a finding counts too.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty() && self.lost.is_empty() && self.unanswered.is_none()
    }
}

/// What to ask about a rendered tree.
#[must_use]
pub fn questions(expected: &Expected<'_>) -> Questions {
    let predicted = predict_at(expected.installation, expected.tree);
    let named = predicted.values().flatten().map(|(name, _)| name.clone());
    let properties = named.chain(ASKED.into_iter().chain(loaded::properties()).map(str::to_owned)).collect();
    let defaults = predicted.values().flatten().filter_map(|(_, expect)| match expect {
        Expectation::OfManager { property, .. } => Some(*property),
        Expectation::Text(_)
        | Expectation::Words(_)
        | Expectation::Units { .. }
        | Expectation::Among { .. }
        | Expectation::Commands(_)
        | Expectation::Container(_)
        | Expectation::Variables(_)
        | Expectation::Calendar(_)
        | Expectation::AtLeast(_) => None,
    });
    let of_manager = defaults.chain([OF_THE_MANAGER]).collect();
    let slices = verify::slices(expected.installation.manager()).map(str::to_owned).to_vec();
    Questions { units: predicted.keys().cloned().collect(), slices, properties, of_manager, predicted }
}

/// What the files alone show.
#[must_use]
pub fn of_files(expected: &Expected<'_>, listing: &Listing, asked: &Questions) -> Outcome {
    let verified = verify::verify(expected, listing);
    let findings = verified.findings.into_iter().map(Finding::of_files).collect();
    let manager = expected.installation.manager();
    let rendered = Units::of_tree(expected.tree).for_manager(manager);
    let there = Units::of_listing(listing, Enablement::AsLinked).for_manager(manager);
    let lost = turns(&rendered, &there, &asked.units.iter().cloned().collect()).lost;
    Outcome { findings, lost, notes: verified.notes, ..Outcome::default() }
}

/// Whether the start of a unit waits longer than anything excuses. It is worth a second look: the job may have begun this moment.
#[must_use]
pub fn start_waits(asked: &Questions, answers: &Answers) -> bool {
    let mut units = asked.units.iter().filter_map(|unit| answers.units.get(unit));
    units.any(|shown| states::is_overdue(shown, &answers.manager, answers.now))
}

/// Compares. The same values give the same findings.
#[must_use]
pub fn drift(expected: &Expected<'_>, listing: &Listing, asked: &Questions, answers: &Answers) -> Outcome {
    let mut outcome = of_files(expected, listing, asked);
    let rendered = Units::of_tree(expected.tree).for_manager(expected.installation.manager());
    let known = Known { rendered: &rendered, listing, answers };
    for (unit, predicted) in &asked.predicted {
        let Some(shown) = answers.units.get(unit) else {
            outcome.findings.push(Finding::new(Code::NotShown, unit, "systemctl said nothing of it"));
            continue;
        };
        let compared = loaded::check(unit, predicted, shown, &known, &mut outcome);
        outcome.compared += compared;
        if let Some(process) = answers.processes.get(unit) {
            processes::check(unit, shown, process, &mut outcome.findings, &mut outcome.notes);
        }
    }
    for slice in &asked.slices {
        if let Some(shown) = answers.units.get(slice) {
            loaded::check_slice(slice, shown, listing, &mut outcome.findings);
        }
    }
    let Outcome { findings, notes, .. } = &mut outcome;
    programs::check(expected.installation, asked, &answers.programs, findings, notes);
    manager::check(expected, &answers.environment, findings);
    outcome
}
