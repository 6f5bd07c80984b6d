//! `rehearse replay`: the same again.
//!
//! Of a day's document that day (`again`). Of a seed one simulated run, step by step the same: what it broke, what led to
//! it, and the smallest run that breaks the same.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
};

use anyhow::Context;
use clap::Args;
use contract::ExitCode;
use serde_json::json;
use simulation::{Fault, Faults, Outcome, Scenario, Violation, run, shrink, traced};

/// Trace lines shown before a violation.
const LINES: usize = 30;

/// What to run again.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 the same day, or nothing violated; 1 another day, or an invariant violated; 64 usage, 65 bad data."
)]
pub struct ReplayArguments {
    /// A seed; or a day's document, as `day --json` prints it and `day --keep` keeps it (the directory will do)
    #[arg(value_name = "SEED|FILE|DIR")]
    what: String,
    /// Steps to run
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    steps: u64,
    /// Kinds of faults to leave out, with commas between
    #[arg(long, value_name = "KINDS", value_delimiter = ',')]
    without: Vec<Fault>,
    /// At most so many symbols
    #[arg(long, value_name = "N")]
    symbols: Option<usize>,
    /// Print every line of the run
    #[arg(long)]
    trace: bool,
    /// Look for a smaller run that violates the same
    #[arg(long)]
    shrink: bool,
    /// One JSON document at the end
    #[arg(long)]
    json: bool,
    /// Said by the program to itself: it has its own mounts
    #[arg(long, hide = true)]
    own_mounts: bool,
}

impl ReplayArguments {
    /// The document of a day, when that is what is named.
    pub fn day(&self) -> Option<PathBuf> {
        let path = PathBuf::from(&self.what);
        (self.what.parse::<u64>().is_err() || path.is_file()).then_some(path)
    }
}

/// Whether nothing was violated.
pub fn replay(arguments: &ReplayArguments) -> anyhow::Result<bool> {
    let seed = arguments.what.parse().context(ExitCode::Usage)?;
    let faults = arguments.without.iter().fold(Faults::ALL, |faults, fault| faults.without(*fault));
    let scenario = Scenario { faults, symbols: arguments.symbols, ..Scenario::new(seed, arguments.steps) };
    let (outcome, lines) = if arguments.trace { traced(scenario) } else { (run(scenario), Vec::new()) };
    let smaller = if arguments.shrink && outcome.violation.is_some() { hunt(scenario) } else { None };
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&document(&outcome, smaller.as_ref()))?)?;
        return Ok(outcome.violation.is_none());
    }
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    match &outcome.violation {
        None => writeln!(out, "seed {}: {} steps, nothing violated", scenario.seed, outcome.steps)?,
        Some(violation) => {
            tell(&mut out, &outcome, violation, !arguments.trace)?;
            if let Some(smaller) = smaller {
                writeln!(out, "smaller: {}", smaller.scenario.command())?;
            }
        }
    }
    Ok(outcome.violation.is_none())
}

/// The violation, the last lines before it, and how to see it again.
pub fn tell(out: &mut impl Write, outcome: &Outcome, violation: &Violation, with_trace: bool) -> io::Result<()> {
    if with_trace {
        let (_, lines) = traced(outcome.scenario);
        lines[lines.len().saturating_sub(LINES)..].iter().try_for_each(|line| writeln!(out, "{line}"))?;
    }
    writeln!(out, "VIOLATED {violation}")?;
    writeln!(out, "again: {}", outcome.scenario.command())
}

fn hunt(scenario: Scenario) -> Option<Outcome> {
    if io::stderr().is_terminal() {
        eprintln!("looking for a smaller run ...");
    }
    shrink(scenario)
}

/// A run as a document.
pub fn document(outcome: &Outcome, smaller: Option<&Outcome>) -> serde_json::Value {
    let violation = outcome.violation.as_ref().map(|violation| {
        json!({
            "invariant": violation.invariant.to_string(),
            "detail": violation.detail,
            "step": violation.step,
            "at": violation.at,
            "again": outcome.scenario.command(),
            "smaller": smaller.map(|smaller| smaller.scenario.command()),
        })
    });
    json!({
        "seed": outcome.scenario.seed,
        "steps": outcome.steps,
        "violation": violation,
        "counts": outcome.tally.lines().collect::<std::collections::BTreeMap<_, _>>(),
    })
}
