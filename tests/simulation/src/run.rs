//! Running a scenario: steps, then calm, and what came of it.

use std::fmt;

use crate::{
    breach::{Breach, Invariant},
    scenario::Scenario,
    tally::Tally,
    trace::Trace,
    world::World,
};

/// What a run came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// What was run.
    pub scenario: Scenario,
    /// Steps made, those of the calm included.
    pub steps: u64,
    /// What happened.
    pub tally: Tally,
    /// What broke, when something did.
    pub violation: Option<Violation>,
}

/// An invariant that was broken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub invariant: Invariant,
    /// What was seen.
    pub detail: String,
    /// After which step.
    pub step: u64,
    /// When.
    pub at: String,
}

/// Runs it.
#[must_use]
pub fn run(scenario: Scenario) -> Outcome {
    play(scenario, Trace::default()).0
}

/// Runs it and writes down all that happens.
#[must_use]
pub fn traced(scenario: Scenario) -> (Outcome, Vec<String>) {
    let (outcome, world) = play(scenario, Trace::on());
    (outcome, world.trace.into_lines())
}

fn play(scenario: Scenario, trace: Trace) -> (Outcome, World) {
    let mut world = World::new(scenario, trace);
    let ended = (0..scenario.steps).try_for_each(|_| world.step()).and_then(|()| world.calm());
    let violation = ended.err().map(|Breach { invariant, detail }| Violation {
        invariant,
        detail,
        step: world.step,
        at: format!("{} {}", world.venue.now.ny_date(), world.venue.now.ny_time()),
    });
    (Outcome { scenario, steps: world.step, tally: world.tally.clone(), violation }, world)
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{}] {} (step {}, {} New York)", self.invariant, self.detail, self.step, self.at)
    }
}
