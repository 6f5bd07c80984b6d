//! `gate`: what ExecCondition= and ExecStartPre= run. May this unit start now?
//!
//! Prints one line for people and one of JSON, and ends with 0 (go ahead, perhaps manage-only) or a code between 1 and
//! 78, which systemd takes for "skip". Never 255, never a signal: systemd would take those for a failed unit. No tokio,
//! no SQLite, no credentials (systemd sets `$CREDENTIALS_DIRECTORY` only for the main process).

mod execution;
mod late_start;

use std::{
    io::{self, Write},
    path::PathBuf,
    process,
};

use clap::{Parser, Subcommand};
use contract::{Env, ExitCode, Layout};

use execution::Outcome;

/// May this unit start now? Run by systemd before a unit starts, and by hand to see why it would not.
#[derive(Parser)]
#[command(
    name = "gate",
    version,
    after_help = "Exit codes: 0 may start, 64 usage, 75 refused, 78 bad configuration, 1 unexpected."
)]
struct Cli {
    #[command(subcommand)]
    gate: Gate,
}

#[derive(Subcommand)]
enum Gate {
    /// May `execution` start: is there a watchlist for today, or something to protect?
    Execution {
        /// The deployment's files [default: the first entry of $STATE_DIRECTORY]
        #[arg(long, value_name = "DIR")]
        root: Option<PathBuf>,
        /// Print only the line of JSON
        #[arg(long)]
        json: bool,
    },
    /// May a job start that catches up on a slot its timer missed? 75 is too late; for ExecStartPre=, where it fails the job
    LateStart(late_start::Args),
}

fn main() -> process::ExitCode {
    match Cli::try_parse() {
        Ok(Cli { gate: Gate::Execution { root, json } }) => run_execution(root, json).into(),
        Ok(Cli { gate: Gate::LateStart(args) }) => run_late_start(&args).into(),
        Err(error) => usage(&error).into(),
    }
}

fn run_execution(root: Option<PathBuf>, json: bool) -> ExitCode {
    let env = Env::from_process();
    let layout = match root {
        Some(root) => Layout::below(root, &env),
        None => Layout::from_env(&env),
    };
    let outcome = match layout {
        Ok(layout) => execution::guarded(&layout, || execution::decide_now(&layout, &env)),
        Err(error) => Outcome::without_layout(&error),
    };
    print(&outcome, json);
    outcome.exit
}

fn run_late_start(args: &late_start::Args) -> ExitCode {
    let outcome = late_start::judge(args, &Env::from_process());
    let mut out = io::stdout().lock();
    let _ = writeln!(out, "{}", outcome.line);
    if let Some(json) = &outcome.json {
        let _ = writeln!(out, "{json}");
    }
    if let Some(hint) = outcome.hint {
        let _ = writeln!(io::stderr().lock(), "hint: {hint}");
    }
    outcome.exit
}

/// Output that nobody can receive changes nothing about the verdict, so errors of writing are left alone.
fn print(outcome: &Outcome, json: bool) {
    let mut out = io::stdout().lock();
    if !json {
        let _ = writeln!(out, "{}", outcome.line);
    }
    let _ = writeln!(out, "{}", outcome.report.to_json());
    if !json {
        let mut err = io::stderr().lock();
        for hint in outcome.hints() {
            let _ = writeln!(err, "hint: {hint}");
        }
    }
}

/// clap ends with 2, which is taken (WARN of a preflight).
fn usage(error: &clap::Error) -> ExitCode {
    let _ = error.print();
    if error.use_stderr() { ExitCode::Usage } else { ExitCode::Ok }
}
