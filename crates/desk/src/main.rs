//! The operator's tool: end of day, status, kill switch, arming, alerts. A command a file; exit codes are the shared ones.

mod account;
mod arming;
mod commands;
mod handover;
mod installed;

use std::{io::Write, process};

use clap::{CommandFactory, Parser, Subcommand};
use contract::ExitCode;

/// Looks at a deployment, ends its day, stops it.
#[derive(Parser)]
#[command(version, about, after_help = "Commands read the unit's environment: STATE_DIRECTORY names the deployment.")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Report on the day: fills, profit and loss, positions and whether each has its stop.
    Eod(commands::eod::Args),
    /// What the deployment may do now, and what it holds.
    Status(commands::status::Args),
    /// Latch the kill switch.
    Kill(commands::kill::Args),
    /// Lift the kill switch; with --time, the mark that a clock left which was ahead.
    Clear(commands::clear::Args),
    /// Let LIVE open for one session; root only.
    Arm(commands::arm::Args),
    /// Take that away; root only.
    Disarm(commands::disarm::Args),
    /// Record a split that the broker does not tell.
    Split(commands::split::Args),
    /// Is now a time to replace units or programs? 75 while the market is open and something is held.
    Quiet(commands::quiet::Args),
    /// Report how a unit ended; for ExecStopPost=.
    Alert(commands::alert::Args),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

fn main() -> process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { ExitCode::Usage.into() } else { ExitCode::Ok.into() };
        }
    };
    let result = match cli.command {
        Command::Eod(args) => commands::eod::run(&args),
        Command::Status(args) => commands::status::run(&args),
        Command::Kill(args) => commands::kill::run(&args),
        Command::Clear(args) => commands::clear::run(&args),
        Command::Arm(args) => commands::arm::run(&args),
        Command::Disarm(args) => commands::disarm::run(&args),
        Command::Split(args) => commands::split::run(&args),
        Command::Quiet(args) => commands::quiet::run(&args),
        Command::Alert(args) => commands::alert::run(&args),
        Command::Completions { shell } => completions(shell),
    };
    match result {
        Ok(code) => code.into(),
        Err(error) => {
            eprintln!("desk: {error:#}");
            error.downcast_ref::<ExitCode>().copied().unwrap_or(ExitCode::Unexpected).into()
        }
    }
}

fn completions(shell: clap_complete::Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "desk", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::Ok)
}
