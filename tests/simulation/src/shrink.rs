//! Making a failing run small: fewer steps, fewer kinds of faults, fewer symbols, while the same invariant breaks.

use crate::{
    fault::Fault,
    run::{Outcome, run},
    scenario::Scenario,
};

/// The smallest run found in which the same invariant breaks; `None` when nothing breaks.
#[must_use]
pub fn shrink(scenario: Scenario) -> Option<Outcome> {
    let mut best = cut(run(scenario))?;
    let mut smaller = true;
    while smaller {
        let candidates = fewer_faults(best.scenario).chain(fewer_symbols(best.scenario));
        let found = candidates.into_iter().find_map(|scenario| same(scenario, &best));
        smaller = found.is_some();
        best = found.unwrap_or(best);
    }
    Some(best)
}

fn fewer_faults(scenario: Scenario) -> impl Iterator<Item = Scenario> {
    let present = Fault::ALL.iter().copied().filter(move |fault| scenario.faults.has(*fault));
    present.map(move |fault| Scenario { faults: scenario.faults.without(fault), ..scenario })
}

fn fewer_symbols(scenario: Scenario) -> impl Iterator<Item = Scenario> {
    let now = scenario.symbols.unwrap_or(8);
    (1..now).map(move |symbols| Scenario { symbols: Some(symbols), ..scenario })
}

fn same(scenario: Scenario, as_in: &Outcome) -> Option<Outcome> {
    let found = cut(run(scenario))?;
    let invariant = |outcome: &Outcome| outcome.violation.as_ref().map(|violation| violation.invariant);
    (invariant(&found) == invariant(as_in)).then_some(found)
}

/// Ends right after the violation, unless it is one of the calm after the last step.
fn cut(outcome: Outcome) -> Option<Outcome> {
    let step = outcome.violation.as_ref()?.step;
    let steps = step.min(outcome.scenario.steps);
    Some(Outcome { scenario: Scenario { steps, ..outcome.scenario }, ..outcome })
}
