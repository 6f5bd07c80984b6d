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

/// When an expression elapses next, strictly after an instant; `None` when systemd says `never`, and beyond 2099, where no
/// clock change is known. An expression without a zone is taken in UTC, see [`Expression::on_host_in`].
#[must_use]
pub fn next_after(expression: &Expression, after: Timestamp) -> Option<Timestamp> {
    next::next_after(expression, after)
}
