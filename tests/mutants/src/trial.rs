//! A trial: the suites over a copy, one after the other, until one fails.
//!
//! Tests choose their random cases by a fixed seed here, so that the same mutant meets the same tests each time. A test
//! that spins is ended by a limit of processor seconds, one that eats memory by a limit of address space: the runner sets
//! both on itself, and what it starts inherits them.

use std::{
    path::Path,
    process::{Command, Output, Stdio},
};

use anyhow::{Context, Result, ensure};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde::Serialize;

use crate::{list::Mutant, scratch::Scratch};

/// Processor seconds that one process of a trial may use.
const SECONDS_MAX: u64 = 60;
/// Bytes of address space of the same.
const SPACE_MAX: u64 = 6 << 30;

/// A suite: the member it is of, and how cargo runs it.
#[derive(Clone, Copy, Debug)]
struct Suite {
    member: &'static str,
    arguments: &'static [&'static str],
}

const UNIT: Suite = Suite { member: "crates/trading", arguments: &["--package", "trading", "--lib"] };
const CONTROLS: Suite = Suite { member: "crates/trading", arguments: &["--package", "trading", "--test", "control"] };
/// The suites, fastest first.
const SUITES: [Suite; 4] = [
    UNIT,
    Suite { member: "crates/trading", arguments: &["--package", "trading", "--test", "*"] },
    Suite { member: "tests/simulation", arguments: &["--package", "simulation", "--lib", "--tests"] },
    Suite { member: "tests/protocol", arguments: &["--package", "protocol", "--lib", "--tests"] },
];
/// The file or folder whose mutants the suite of the controls is likely to catch.
const OF_CONTROLS: &str = "crates/trading/src/control";

/// What became of a mutant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A test failed.
    Killed {
        /// The first that did.
        by: String,
        /// How many more of its program.
        more: usize,
    },
    /// A test program used up its time or its memory.
    Exhausted {
        /// What cargo said of it.
        how: String,
    },
    /// Every suite passed.
    Survived,
    /// It does not compile, so it says nothing.
    Invalid {
        /// The first error.
        error: String,
    },
}

impl Verdict {
    /// Whether the suites noticed.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        match self {
            Self::Killed { .. } | Self::Exhausted { .. } => true,
            Self::Survived | Self::Invalid { .. } => false,
        }
    }
}

/// Sets the limits for everything that is started from here on.
///
/// # Errors
/// The system refuses.
pub fn limit() -> Result<()> {
    for (resource, most) in [(Resource::Cpu, SECONDS_MAX), (Resource::As, SPACE_MAX)] {
        let Rlimit { maximum, .. } = getrlimit(resource);
        let current = Some(maximum.map_or(most, |maximum| maximum.min(most)));
        setrlimit(resource, Rlimit { current, maximum }).context("failed to limit what a trial may use")?;
    }
    Ok(())
}

/// Runs the suites until one fails; for a mutant, the likeliest first.
///
/// # Errors
/// Cargo cannot be run, or it failed in a way that says nothing about the mutant.
pub fn run(scratch: &Scratch, shared: &Path, mutant: Option<&Mutant>) -> Result<Verdict> {
    let likeliest = mutant.filter(|mutant| mutant.file.starts_with(OF_CONTROLS)).map(|_| &CONTROLS);
    let suites = likeliest.into_iter().chain(&SUITES);
    for suite in suites.filter(|suite| scratch.members.contains(&suite.member)) {
        let output = cargo(scratch, shared, suite)?;
        if !output.status.success() {
            return verdict(suite, &output);
        }
    }
    Ok(Verdict::Survived)
}

fn cargo(scratch: &Scratch, shared: &Path, suite: &Suite) -> Result<Output> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    Command::new(cargo)
        .args(["test", "--color", "never"])
        .args(suite.arguments)
        .current_dir(scratch.root())
        .env("CARGO_TARGET_DIR", scratch.target())
        // What a mutant leaves unused or unreachable is no error.
        .env("RUSTFLAGS", "--cap-lints=allow")
        .env("CARGO_INCREMENTAL", "1")
        .env("PORTCULLIS_SHARED", shared)
        .env("PROPTEST_RNG_SEED", "1")
        .env("PROPTEST_MAX_SHRINK_ITERS", "0")
        .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
        .env_remove("UPDATE_DOCS")
        .stdin(Stdio::null())
        .output()
        .context("failed to run cargo")
}

fn verdict(suite: &Suite, output: &Output) -> Result<Verdict> {
    let (told, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if errors.contains("error: could not compile") {
        let error = errors.lines().find(|line| line.starts_with("error")).unwrap_or_default().to_owned();
        return Ok(Verdict::Invalid { error });
    }
    let mut failed: Vec<&str> = told
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.split_once(" ... FAILED").map(|(name, _)| name))
        .map(|name| name.split(" - ").next().unwrap_or(name))
        .collect();
    failed.sort_unstable();
    if let Some(first) = failed.first() {
        let program = program(&errors).unwrap_or(suite.member);
        return Ok(Verdict::Killed { by: format!("{program}: {first}"), more: failed.len() - 1 });
    }
    let how = errors.lines().find(|line| line.contains("(signal: ")).map(str::trim);
    ensure!(how.is_some(), "{}: cargo failed and no test did:\n{told}\n{errors}", suite.member);
    let signal = how.and_then(|line| line.rsplit_once("(signal: ")).map_or("", |(_, signal)| signal);
    Ok(Verdict::Exhausted { how: format!("signal {}", signal.trim_end_matches(')')) })
}

/// The test program that failed, as cargo says how to run it again.
fn program(errors: &str) -> Option<&str> {
    let (_, rest) = errors.split_once("to rerun pass `")?;
    rest.split_once('`').map(|(arguments, _)| arguments.trim_start_matches("-p ").trim())
}
