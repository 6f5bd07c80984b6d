//! How the program ends: a code for what scripts may want to tell apart, and why. The codes are those of every program
//! of the project.

use std::{fmt, process::ExitCode};

/// The exit codes, for `--help`.
pub const EXIT_CODES: &str = "Exit codes:
  0   ended as asked, by a signal
  1   unexpected error
  64  wrong command line
  65  the faults file cannot be used
  69  cannot listen there
  73  the events file cannot be written
  78  there is no market or account like that";

/// Why the program ended badly.
#[derive(Debug)]
pub enum Failure {
    /// An error nobody planned for.
    Unexpected(String),
    /// The command line, as a whole.
    Usage(String),
    /// The faults file.
    BadFaults(String),
    /// The address.
    CannotListen(String),
    /// The events file.
    CannotWrite(String),
    /// The market, the account.
    BadConfig(String),
}

impl Failure {
    /// What the process ends with.
    pub fn code(&self) -> ExitCode {
        ExitCode::from(match self {
            Self::Unexpected(_) => 1,
            Self::Usage(_) => 64,
            Self::BadFaults(_) => 65,
            Self::CannotListen(_) => 69,
            Self::CannotWrite(_) => 73,
            Self::BadConfig(_) => 78,
        })
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unexpected(why)
            | Self::Usage(why)
            | Self::BadFaults(why)
            | Self::CannotListen(why)
            | Self::CannotWrite(why)
            | Self::BadConfig(why) => f.write_str(why),
        }
    }
}
