//! The order and position loop: gather, agree with the broker, decide (crate `trading`), record, act.
//!
//! Exit codes are the shared ones (`contract::ExitCode`). SIGTERM ends it cleanly and leaves protective stops where they
//! are: at the broker.

mod act;
mod actions;
mod artifacts;
mod config;
mod cycle;
mod day;
mod drop_copy;
mod engine;
mod gather;
mod manifest;
mod market;
mod patience;
mod permission;
mod place;
mod room;
mod seen;
mod signals;
mod stream;
mod wakeup;
mod words;

use std::{process, time::Duration};

use anyhow::Context;
use broker::{
    Broker,
    alpaca::{self, Alpaca},
    null::Null,
};
use clap::{CommandFactory, Parser, Subcommand};
use clap_complete::Shell;
use contract::{Env, ExitCode, Mode};
use service::log::LogClock;

use crate::{
    config::{Check, Config},
    engine::{Engine, Start},
};

/// Trades today's watchlist and manages what is held
#[derive(Parser)]
#[command(name = "execution", version, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "Settings come from the unit's environment and credentials; docs/environment.md lists them.

Exit codes:
  0   asked to end, and ended well; or the configuration holds together
  1   unexpected error, or the checked configuration does not hold together
  64  wrong command line
  65  the ledger is damaged
  69  the broker does not answer
  73  state cannot be written
  75  the gate refused: no attested watchlist for today, out of hours, or the kill switch; nothing is held
  76  another process acts for this account
  77  the live gate refused, nothing is held; the log names every key that fails
  78  the configuration cannot be used
systemd restarts it after 1, 69 and 73 only.";

#[derive(Subcommand)]
enum Command {
    /// Run the loop until SIGTERM
    #[command(after_help = EXIT_CODES)]
    Run(Run),
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

#[derive(clap::Args)]
struct Run {
    /// Check the configuration, offline, and end: 0 when it holds together, 1 when not
    ///
    /// Tells every problem at once. Writes nothing and talks to nobody.
    #[arg(long)]
    config_check: bool,
    /// With --config-check: one JSON document
    #[arg(long, requires = "config_check")]
    json: bool,
    /// In a dry run, treat now as inside a session
    ///
    /// Waives calendar, window and close, and nothing else: watchlist, kill switch and clocks are asked as ever. PAPER and
    /// LIVE refuse it (64).
    #[arg(long, conflicts_with = "config_check")]
    ignore_market_hours: bool,
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
        Command::Run(run) if run.config_check => Ok(Check::of(&Env::from_process()).print(run.json)),
        Command::Run(args) => run(&args),
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "execution", &mut std::io::stdout());
            Ok(ExitCode::Ok)
        }
    };
    match result {
        Ok(code) => code.into(),
        Err(error) => {
            let code = error.downcast_ref::<ExitCode>().copied().unwrap_or(ExitCode::Unexpected);
            tracing::error!(code = code.code(), "{error:#}");
            code.into()
        }
    }
}

fn run(args: &Run) -> anyhow::Result<ExitCode> {
    let log_clock = service::log::start();
    let env = Env::from_process();
    let mut config = Config::for_start(&env).context(ExitCode::BadConfig)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
    }
    if args.ignore_market_hours {
        if config.mode != Mode::DryRun {
            let text = format!("--ignore-market-hours is for dry runs, this is {}", config.mode);
            return Err(anyhow::anyhow!(text).context(ExitCode::Usage));
        }
        tracing::warn!("--ignore-market-hours: this dry run decides as if a session were under way");
        config.ignore_hours = true;
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().context("failed to start the runtime")?;
    let alpaca = connect(&config)?;
    match config.mode {
        // A dry run holds a broker that accepts nothing, so that no mistake further down can send an order.
        Mode::DryRun => runtime.block_on(trade(config, env, log_clock, Null::new(alpaca))),
        Mode::Paper | Mode::Live => runtime.block_on(trade(config, env, log_clock, alpaca)),
    }
}

async fn trade<B: Broker>(config: Config, env: Env, log_clock: LogClock, broker: B) -> anyhow::Result<ExitCode> {
    match Engine::start(config, env, log_clock, broker).await? {
        Start::Engine(mut engine) => engine.run().await,
        Start::Refused(code) => Ok(code),
    }
}

fn connect(config: &Config) -> anyhow::Result<Alpaca> {
    let (trading, data) = (config.base_url.clone(), config.data_url.clone());
    let (key_id, secret_key) = (config.key_id.clone(), config.secret_key.clone());
    let mut connection = alpaca::Config::new(trading, data, key_id, secret_key, config.feed());
    connection.expected = config.expected();
    if config.venue.is_some() {
        // A venue's minute does not pass while a request waits for it: the loop does that, between two looks.
        (connection.limits.turn, connection.limits.pause) = (Duration::ZERO, Duration::ZERO);
    }
    Alpaca::new(&connection).context(ExitCode::BadConfig)
}
