//! Program `scanner`: the scan before the open, from daily bars and a universe to an attested watchlist.
//!
//! `scan` reads files, judges every symbol of the universe and writes the watchlist with the attestation that vouches for
//! it, or leaves the previous ones untouched and says why. Exit codes are the shared ones (`contract::ExitCode`).

mod cli;
mod failure;
mod inputs;
mod moment;
mod output;
mod progress;
mod ranking;
mod run;
mod sector;
mod stages;
mod summary;

use std::process;

use clap::Parser;
use contract::{Env, ExitCode};

fn main() -> process::ExitCode {
    let arguments = match cli::Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked_for = !error.use_stderr();
            // Nowhere is left to report a closed terminal to.
            let _ = error.print();
            return if asked_for { ExitCode::Ok } else { ExitCode::Usage }.into();
        }
    };
    let cli::Command::Scan(scan) = arguments.command;
    match run::scan(&scan, &Env::from_process()) {
        Ok(report) => {
            summary::print(&report, scan.shape());
            ExitCode::Ok.into()
        }
        Err(error) => {
            eprintln!("scanner: {}", failure::text(&error));
            if let Some(hint) = failure::hint(&error) {
                eprintln!("hint: {hint}");
            }
            failure::code(&error).into()
        }
    }
}
