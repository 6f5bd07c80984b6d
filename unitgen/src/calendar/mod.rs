//! When timers fire: systemd's calendar expressions, read and followed through zones and their clock changes.
//!
//! [`Expression`] is one `OnCalendar=`, [`next_after`] its next match, [`fires`] those of many timers in order. What systemd
//! does at a clock change is followed, odd as it may be; tests hold 500 random expressions against `systemd-analyze calendar`.
//! Pure: instants come in, instants go out. Source: systemd.time(7); docs/decisions/0032.

pub mod agenda;
mod component;
mod expression;
mod firing;
mod next;
mod parsing;
mod wall;

pub use chrono_tz::Tz;
pub use expression::Expression;
pub use firing::{Fire, fires};
use market::Timestamp;
pub use parsing::ExpressionError;

/// No fire is foretold beyond this year: nobody knows a clock change there.
pub const YEAR_KNOWN_MAX: i32 = next::YEAR_KNOWN_MAX;

/// What follows an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It elapses then.
    At(Timestamp),
    /// It elapses beyond [`YEAR_KNOWN_MAX`], and when is not foretold.
    Beyond,
    /// systemd says `never`.
    Never,
}

/// What follows an instant, strictly. An expression without a zone is taken in UTC, see [`Expression::on_host_in`].
#[must_use]
pub fn next(expression: &Expression, after: Timestamp) -> Next {
    next::next(expression, after)
}

/// When an expression elapses next, strictly after an instant; `None` where nothing is foretold.
#[must_use]
pub fn next_after(expression: &Expression, after: Timestamp) -> Option<Timestamp> {
    match next(expression, after) {
        Next::At(at) => Some(at),
        Next::Beyond | Next::Never => None,
    }
}
