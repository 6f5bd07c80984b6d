//! The door through which time comes in.

use crate::Timestamp;

/// Tells the time. Programs hold one; pure code takes `now` as an argument instead.
pub trait Clock {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

impl<F: Fn() -> Timestamp> Clock for F {
    fn now(&self) -> Timestamp {
        self()
    }
}
