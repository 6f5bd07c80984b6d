//! `unitgen completions`: what a shell needs to complete its command lines.

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use contract::ExitCode;

use super::{Cli, say};

/// Print completions for a shell
#[derive(Debug, Args)]
pub(super) struct Completions {
    /// The shell
    shell: Shell,
}

impl Completions {
    pub(super) fn run(&self) -> ExitCode {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut Cli::command(), "unitgen", &mut script);
        say(&String::from_utf8_lossy(&script));
        ExitCode::Ok
    }
}
