//! Program `sim-broker`: the simulated venue for whoever connects, in whatever language.
//!
//! Listens on loopback, says where, and runs until it is told to end (SIGTERM, ctrl-c).

mod arguments;
mod ending;
mod events;
mod greeting;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use broker_sim::pace;
use clap::{CommandFactory, Parser};
use market::Timestamp;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};

use crate::{
    arguments::{Arguments, Command},
    ending::Failure,
    events::EventsFile,
};

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // A closed pipe is nobody's error: there is nobody left to tell.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(64) } else { ExitCode::SUCCESS };
        }
    };
    if let Some(Command::Completions { shell }) = arguments.command {
        let mut script = Vec::new();
        clap_complete::generate(shell, &mut Arguments::command(), "sim-broker", &mut script);
        let _ = io::stdout().write_all(&script);
        return ExitCode::SUCCESS;
    }
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("sim-broker: {failure}");
            failure.code()
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    arguments.check()?;
    let unexpected = |error: io::Error| Failure::Unexpected(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unexpected)?;
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: &Arguments) -> Result<(), Failure> {
    let unexpected = |error: io::Error| Failure::Unexpected(error.to_string());
    let venue = arguments.venue(world())?;
    let mut events = match &arguments.events {
        Some(path) => Some(EventsFile::open(path).map_err(|error| cannot_write(arguments, &error))?),
        None => None,
    };
    let mut terminate = signal(SignalKind::terminate()).map_err(unexpected)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(unexpected)?;
    let listener = TcpListener::bind(arguments.listen).await;
    let listener = listener
        .map_err(|error| Failure::CannotListen(format!("failed to listen on {}: {error}", arguments.listen)))?;
    let server = venue.serve_on(listener).map_err(unexpected)?;
    let keeper = tokio::spawn(pace::keep(venue.clone(), world));
    // Whoever started it may not read on: that is no reason to end.
    let _ = io::stdout().write_all(greeting::greeting(arguments, &venue, server.base_url()).as_bytes());
    let _ = io::stdout().flush();
    let writing = async {
        match &mut events {
            Some(file) => file.follow(&venue).await,
            None => std::future::pending().await,
        }
    };
    let failed = tokio::select! {
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        error = writing => Some(cannot_write(arguments, &error)),
    };
    keeper.abort();
    drop(server);
    if let (None, Some(file)) = (&failed, &mut events) {
        file.catch_up(&venue).map_err(|error| cannot_write(arguments, &error))?;
    }
    failed.map_or(Ok(()), Err)
}

fn cannot_write(arguments: &Arguments, error: &io::Error) -> Failure {
    let path = arguments.events.as_deref().unwrap_or_else(|| std::path::Path::new("")).display();
    Failure::CannotWrite(format!("failed to write {path}: {error}"))
}

/// The world's time: the one place that reads it.
fn world() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_nanos(i64::try_from(since.as_nanos()).unwrap_or(i64::MAX))
}
