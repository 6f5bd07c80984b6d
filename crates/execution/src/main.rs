//! The order and position loop: gather, agree with the broker, decide (crate `trading`), record, act.
//!
//! Exit codes are the shared ones (`contract::ExitCode`). SIGTERM ends it cleanly and leaves protective stops where they
//! are: at the broker.

mod act;
mod artifacts;
mod config;
mod cycle;
mod engine;
mod gather;
mod lock;
mod manifest;
mod market;
mod patience;
mod signals;

use std::process;

use anyhow::Context;
use broker::{
    Broker,
    alpaca::{self, Alpaca},
    null::Null,
};
use clap::{Parser, Subcommand};
use contract::{Env, ExitCode, Mode};
use service::log::LogClock;

use crate::{
    config::Config,
    engine::{Engine, Start},
};

/// Trades today's watchlist and manages what is held.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Settings come from the unit's environment and credentials; see --config-check."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the loop until SIGTERM.
    Run {
        /// Check the configuration, offline, and end: 0 when it holds together, 1 when not.
        #[arg(long)]
        config_check: bool,
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
    let Command::Run { config_check } = cli.command;
    let result = if config_check { check() } else { run() };
    match result {
        Ok(code) => code.into(),
        Err(error) => {
            let code = error.downcast_ref::<ExitCode>().copied().unwrap_or(ExitCode::Unexpected);
            tracing::error!(code = code.code(), "{error:#}");
            code.into()
        }
    }
}

fn check() -> anyhow::Result<ExitCode> {
    match Config::from_env(&Env::from_process()) {
        Ok(config) => {
            println!("configuration holds together: {config}");
            println!("{}", config::SCOPE_NOTE);
            Ok(ExitCode::Ok)
        }
        Err(problems) => {
            for problem in &problems.0 {
                eprintln!("{problem}");
            }
            eprintln!("{} problems\n{}", problems.0.len(), config::SCOPE_NOTE);
            Ok(ExitCode::Unexpected)
        }
    }
}

fn run() -> anyhow::Result<ExitCode> {
    let log_clock = service::log::start();
    let env = Env::from_process();
    if Mode::from_env(&env, &mut Vec::new()) == Mode::Live {
        tracing::error!("EXECUTION_MODE=LIVE is refused: LIVE is not part of this release");
        return Ok(ExitCode::LiveRefused);
    }
    let config = Config::from_env(&env).context(ExitCode::BadConfig)?;
    for warning in &config.warnings {
        tracing::warn!("{warning}");
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
    Alpaca::new(&connection).context(ExitCode::BadConfig)
}
