//! `rehearse soak`: many simulated runs on all cores, and what they add up to. `--bench` measures one core instead: whether
//! a step costs the same in short runs and in long ones.

use std::{
    io::{self, IsTerminal, Write},
    num::NonZero,
    ops::Range,
    sync::{
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::json;
use simulation::{Outcome, Scenario, Tally, run};

use crate::replay;

/// Violations told in full.
const TOLD: usize = 5;
const PROGRESS: Duration = Duration::from_millis(500);
/// Steps of each line of `--bench`.
const BENCH_STEPS: u64 = 3_000_000;

/// What to run.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 nothing was violated, 1 an invariant was, 64 usage.")]
pub struct SoakArguments {
    /// Seeds, the last one not included
    #[arg(long, value_name = "FROM..TO", default_value = "0..10000", value_parser = parse_range)]
    seeds: Range<u64>,
    /// Steps of each
    #[arg(long, value_name = "N", default_value_t = 2_000)]
    steps: u64,
    /// Runs at a time [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    jobs: Option<NonZero<usize>>,
    /// Measure one core: steps a second in runs of 2,000, 10,000 and 50,000 steps
    #[arg(long)]
    bench: bool,
    /// One JSON document at the end
    #[arg(long)]
    json: bool,
}

/// What the runs add up to.
struct Sum {
    runs: u64,
    steps: u64,
    tally: Tally,
    violated: Vec<Outcome>,
    took: Duration,
}

/// Whether nothing was violated.
pub fn soak(arguments: &SoakArguments) -> anyhow::Result<bool> {
    if arguments.bench {
        return bench(arguments);
    }
    let sum = gather(arguments)?;
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&sum.document())?)?;
    } else {
        sum.print(&mut out)?;
    }
    Ok(sum.violated.is_empty())
}

fn gather(arguments: &SoakArguments) -> anyhow::Result<Sum> {
    let jobs = arguments.jobs.or_else(|| thread::available_parallelism().ok()).map_or(1, NonZero::get);
    let (next, end) = (AtomicU64::new(arguments.seeds.start), arguments.seeds.end);
    let (sender, receiver) = mpsc::channel();
    let began = Instant::now();
    let mut sum = Sum { runs: 0, steps: 0, tally: Tally::new(), violated: Vec::new(), took: Duration::ZERO };
    let mut progress = Progress::new(&arguments.seeds);
    thread::scope(|scope| {
        for _ in 0..jobs {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end || sender.send(run(Scenario::new(seed, arguments.steps))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        for outcome in receiver {
            sum.add(outcome);
            progress.show(&sum, began);
        }
    });
    sum.took = began.elapsed();
    // Which run ends first is a matter of luck; what is told is not.
    sum.violated.sort_by_key(|outcome| outcome.scenario.seed);
    Ok(sum)
}

impl Sum {
    fn add(&mut self, outcome: Outcome) {
        self.runs += 1;
        self.steps += outcome.steps;
        self.tally.merge(&outcome.tally);
        if outcome.violation.is_some() {
            self.violated.push(outcome);
        }
    }

    fn a_second(&self, count: u64) -> f64 {
        count as f64 / self.took.as_secs_f64().max(1e-9)
    }

    fn print(&self, out: &mut impl Write) -> anyhow::Result<()> {
        for (name, times) in self.tally.lines() {
            writeln!(out, "{times:>12}  {name}")?;
        }
        for outcome in self.violated.iter().take(TOLD) {
            if let Some(violation) = &outcome.violation {
                replay::tell(out, outcome, violation, false)?;
            }
        }
        let Self { runs, steps, violated, took, .. } = self;
        writeln!(
            out,
            "{runs} seeds, {steps} steps in {:.1} s ({:.0} seeds/s, {:.0} steps/s), {} violations",
            took.as_secs_f64(),
            self.a_second(*runs),
            self.a_second(*steps),
            violated.len()
        )?;
        Ok(())
    }

    fn document(&self) -> serde_json::Value {
        json!({
            "seeds": self.runs,
            "steps": self.steps,
            "seconds": self.took.as_secs_f64(),
            "seeds_per_second": self.a_second(self.runs),
            "steps_per_second": self.a_second(self.steps),
            "violations": self.violated.iter().map(|outcome| replay::document(outcome, None)).collect::<Vec<_>>(),
            "counts": self.tally.lines().collect::<std::collections::BTreeMap<_, _>>(),
        })
    }
}

/// One line that writes over itself, on a terminal only.
struct Progress {
    seeds: u64,
    shown: Option<Instant>,
    terminal: bool,
}

impl Progress {
    fn new(seeds: &Range<u64>) -> Self {
        Self { seeds: seeds.end.saturating_sub(seeds.start), shown: None, terminal: io::stderr().is_terminal() }
    }

    fn show(&mut self, sum: &Sum, began: Instant) {
        let done = sum.runs >= self.seeds;
        if !self.terminal || !done && self.shown.is_some_and(|shown| shown.elapsed() < PROGRESS) {
            return;
        }
        self.shown = Some(Instant::now());
        let rate = sum.steps as f64 / began.elapsed().as_secs_f64().max(1e-9);
        let end = if done { "\n" } else { "" };
        eprint!("\r{} of {} seeds, {rate:.0} steps/s, {} violations{end}", sum.runs, self.seeds, sum.violated.len());
    }
}

fn bench(arguments: &SoakArguments) -> anyhow::Result<bool> {
    let mut measured = Vec::new();
    for steps in [2_000, 10_000, 50_000] {
        let began = Instant::now();
        let runs = (BENCH_STEPS / steps).max(1);
        let outcomes = (0..runs).map(|seed| run(Scenario::new(arguments.seeds.start + seed, steps)));
        let done: u64 = outcomes.map(|outcome| outcome.steps).sum();
        measured.push((steps, runs, done as f64 / began.elapsed().as_secs_f64()));
    }
    let mut out = io::stdout().lock();
    if arguments.json {
        let line =
            |(steps, runs, rate): &(u64, u64, f64)| json!({"steps": steps, "runs": runs, "steps_per_second": rate});
        writeln!(out, "{}", serde_json::to_string_pretty(&measured.iter().map(line).collect::<Vec<_>>())?)?;
    } else {
        for (steps, runs, rate) in measured {
            writeln!(out, "{runs:>6} runs of {steps:>6} steps: {rate:>9.0} steps/s on one core")?;
        }
    }
    Ok(true)
}

fn parse_range(text: &str) -> Result<Range<u64>, String> {
    let parsed = text.split_once("..").and_then(|(from, to)| Some(from.parse().ok()?..to.parse().ok()?));
    parsed.filter(|range| range.start < range.end).ok_or_else(|| "FROM..TO, two numbers, the second greater".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_a_range_with_something_in_it() {
        assert_eq!(parse_range("3..7"), Ok(3..7));
        for text in ["", "7", "7..7", "7..3", "a..b", "-1..4", "0..=4"] {
            assert!(parse_range(text).is_err(), "{text:?}");
        }
    }
}
