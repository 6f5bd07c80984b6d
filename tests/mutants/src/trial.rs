//! A trial: the test programs of a copy, one after the other, until one fails.
//!
//! Tests choose their random cases by a fixed seed here, so that the same mutant meets the same tests each time. A program
//! that spins is ended by a limit of processor seconds, many times what it needs without a mutant; one that eats memory by
//! a limit of address space.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    time::Instant,
};

use anyhow::{Context, Result, ensure};
use serde::Serialize;
use serde_json::Value;

use crate::{schema::CHOICE, scratch::Scratch};

/// Processor seconds that every program may use, beside so many times what it took without a mutant.
const SECONDS_LEAST: u64 = 20;
const TIMES: u64 = 10;
/// Address space that a program may use, in KiB.
const SPACE_MAX: u64 = 6 << 20;
/// Sets both limits, then becomes the program.
const LIMITED: &str = r#"ulimit -t "$1" && ulimit -v "$2" && shift 2 && exec "$@""#;
/// The packages that test, and those of their programs that come first, fastest first.
const PACKAGES: [&str; 3] = ["trading", "simulation", "protocol"];
const FIRST: [(&str, &str); 5] = [
    ("trading", "trading"),
    ("trading", "control"),
    ("simulation", "regressions"),
    ("protocol", "mutants"),
    ("simulation", "short"),
];
/// Mutants of what lies in here are likely to be caught by this program.
const LIKELIEST: (&str, &str) = ("crates/trading/src/control", "control");

/// A test program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    package: String,
    target: String,
    path: PathBuf,
    /// The folder of its package, which it is started in.
    folder: PathBuf,
    /// Processor seconds it may use.
    seconds: u64,
}

/// What a build came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Built {
    /// The test programs, fastest first.
    Programs(Vec<Program>),
    /// The errors: file and line where there is one, and the text.
    Errors(Vec<(Option<(String, usize)>, String)>),
}

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
        /// How it ended.
        how: String,
    },
    /// Every program passed.
    Survived,
    /// It does not compile, so it says nothing.
    Invalid {
        /// The first error.
        error: String,
    },
}

impl Verdict {
    /// Whether a test noticed.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        match self {
            Self::Killed { .. } | Self::Exhausted { .. } => true,
            Self::Survived | Self::Invalid { .. } => false,
        }
    }
}

/// Builds the test programs of a copy.
///
/// # Errors
/// Cargo cannot be run, or it failed without saying where.
pub fn build(scratch: &Scratch) -> Result<Built> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let packages = PACKAGES.into_iter().filter(|package| scratch.has(package));
    let output = Command::new(cargo)
        .args(["test", "--no-run", "--lib", "--tests", "--message-format", "json", "--color", "never"])
        .args(packages.flat_map(|package| ["--package", package]))
        .current_dir(scratch.root())
        .env("CARGO_TARGET_DIR", scratch.target())
        // What a mutant leaves unused or unreachable is no error.
        .env("RUSTFLAGS", "--cap-lints=allow")
        .env("CARGO_INCREMENTAL", "1")
        .stdin(Stdio::null())
        .output()
        .context("failed to run cargo")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let messages = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    if output.status.success() {
        let mut programs: Vec<Program> = messages.filter_map(|message| program(&message)).collect();
        programs.sort_by_key(Program::rank);
        ensure!(!programs.is_empty(), "cargo built no test program");
        return Ok(Built::Programs(programs));
    }
    let errors: Vec<_> = messages.filter_map(|message| error(&message)).collect();
    ensure!(!errors.is_empty(), "cargo failed: {}", String::from_utf8_lossy(&output.stderr));
    Ok(Built::Errors(errors))
}

/// Runs all programs as they are, and learns how long they take.
///
/// # Errors
/// As [`run`].
pub fn rehearse(programs: &mut [Program], shared: &Path) -> Result<Verdict> {
    for program in programs {
        let began = Instant::now();
        program.seconds = 3_600;
        let output = program.start(shared, None)?;
        if !output.status.success() {
            return program.verdict(&output);
        }
        program.seconds = SECONDS_LEAST + TIMES * began.elapsed().as_secs();
    }
    Ok(Verdict::Survived)
}

/// Runs the programs until one fails, as the mutant of this number, or as none; the likeliest to catch it first.
///
/// # Errors
/// A program cannot be run, or it failed and no test of it did.
pub fn run(programs: &[Program], shared: &Path, number: Option<usize>, file: &str) -> Result<Verdict> {
    let is_likeliest = |program: &&Program| file.starts_with(LIKELIEST.0) && program.target == LIKELIEST.1;
    let others = programs.iter().filter(|program| !is_likeliest(program));
    for program in programs.iter().filter(is_likeliest).chain(others) {
        let output = program.start(shared, number)?;
        if !output.status.success() {
            return program.verdict(&output);
        }
    }
    Ok(Verdict::Survived)
}

impl Program {
    /// Takes over what was learned of the same program in another build.
    pub fn take_limit(&mut self, known: &[Self]) {
        let same = known.iter().find(|other| other.package == self.package && other.target == self.target);
        self.seconds = same.map_or(self.seconds, |other| other.seconds);
    }

    fn rank(&self) -> (usize, usize, String) {
        let at = FIRST.iter().position(|(package, target)| *package == self.package && *target == self.target);
        let package = PACKAGES.iter().position(|package| *package == self.package);
        // What is not named runs with its package: after the first programs of it, and before the next one's.
        (package.unwrap_or(PACKAGES.len()), at.unwrap_or(FIRST.len()), self.target.clone())
    }

    fn start(&self, shared: &Path, number: Option<usize>) -> Result<Output> {
        let mut command = Command::new("sh");
        command
            .args(["-c", LIMITED, "sh", &self.seconds.to_string(), &SPACE_MAX.to_string()])
            .arg(&self.path)
            .args(["--format", "pretty", "--color", "never"])
            .current_dir(&self.folder)
            .env("CARGO_MANIFEST_DIR", &self.folder)
            .env("PORTCULLIS_SHARED", shared)
            .env("PROPTEST_RNG_SEED", "1")
            .env("PROPTEST_MAX_SHRINK_ITERS", "0")
            .env("PROPTEST_DISABLE_FAILURE_PERSISTENCE", "true")
            .env("RUST_BACKTRACE", "0")
            .env_remove("UPDATE_DOCS")
            .env_remove(CHOICE)
            .stdin(Stdio::null());
        if let Some(number) = number {
            command.env(CHOICE, number.to_string());
        }
        command.output().with_context(|| format!("failed to run {}", self.path.display()))
    }

    fn verdict(&self, output: &Output) -> Result<Verdict> {
        let told = String::from_utf8_lossy(&output.stdout);
        let failed = |line: &'_ str| -> Option<String> {
            let (name, _) = line.strip_prefix("test ")?.split_once(" ... FAILED")?;
            Some(name.split(" - ").next().unwrap_or(name).to_owned())
        };
        let mut failed: Vec<String> = told.lines().filter_map(failed).collect();
        failed.sort_unstable();
        let Self { package, target, .. } = self;
        if let Some(first) = failed.first() {
            let program = if package == target { package.clone() } else { format!("{package}/{target}") };
            return Ok(Verdict::Killed { by: format!("{program}: {first}"), more: failed.len() - 1 });
        }
        let errors = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.code().is_none(), "{package}/{target} failed and no test did:\n{told}\n{errors}");
        Ok(Verdict::Exhausted { how: format!("{package}/{target}: {}", output.status) })
    }
}

/// Of an artifact; programs that no test is in are built for those that start them.
fn program(message: &Value) -> Option<Program> {
    message["profile"]["test"].as_bool().filter(|is_test| *is_test)?;
    let path = PathBuf::from(message["executable"].as_str()?);
    let folder = Path::new(message["manifest_path"].as_str()?).parent()?.to_owned();
    let target = message["target"]["name"].as_str()?.to_owned();
    let package = PACKAGES.into_iter().find(|package| folder.ends_with(package))?.to_owned();
    Some(Program { package, target, path, folder, seconds: SECONDS_LEAST })
}

fn error(message: &Value) -> Option<(Option<(String, usize)>, String)> {
    let message = message.get("message").filter(|message| message["level"] == "error")?;
    let spans = message["spans"].as_array()?;
    let place = spans.iter().find(|span| span["is_primary"] == true).and_then(|span| {
        let line = usize::try_from(span["line_start"].as_u64()?).ok()?;
        Some((span["file_name"].as_str()?.to_owned(), line))
    });
    let text = message["message"].as_str()?.to_owned();
    // The last one only counts the others.
    (!text.starts_with("aborting due to") && !text.starts_with("could not compile")).then_some((place, text))
}
