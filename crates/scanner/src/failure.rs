//! How a failed scan ends: its text, its exit code and a hint.

use std::fmt::{Display, Write};

use anyhow::Error;
use contract::ExitCode;

/// An error with its exit code.
pub fn with_code(code: ExitCode, error: impl Into<Error>) -> Error {
    error.into().context(code)
}

/// An error that is only a text, with its exit code.
pub fn refuse(code: ExitCode, text: impl Display) -> Error {
    with_code(code, anyhow::anyhow!("{text}"))
}

/// The exit code an error carries.
pub fn code(error: &Error) -> ExitCode {
    error.downcast_ref::<ExitCode>().copied().unwrap_or(ExitCode::Unexpected)
}

/// The chain of causes; a cause its parent already quotes is not said twice.
pub fn text(error: &Error) -> String {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            let separator = if text.is_empty() { "" } else { ": " };
            // Writing to a String cannot fail.
            let _ = write!(text, "{separator}{cause}");
        }
    }
    text
}

/// What to do about it.
pub fn hint(error: &Error) -> Option<&'static str> {
    match code(error) {
        ExitCode::BadData => Some("the previous watchlist is untouched; correct the input and scan again"),
        ExitCode::CannotWrite => Some("give --out a directory this user may write, on a disk with room"),
        ExitCode::BadConfig => Some("set STATE_DIRECTORY, or give --bars, --universe and --out"),
        ExitCode::BrokerUnavailable => Some("PORTCULLIS_CLOCK=venue needs the simulated venue at APCA_API_BASE_URL"),
        ExitCode::Ok
        | ExitCode::Unexpected
        | ExitCode::Warn
        | ExitCode::Usage
        | ExitCode::Halfway
        | ExitCode::GateRefused
        | ExitCode::LockHeld
        | ExitCode::LiveRefused => None,
    }
}
