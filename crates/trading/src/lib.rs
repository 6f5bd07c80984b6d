//! Pure trading: what to order, whether it may be ordered, and how to agree with the broker about it.
//!
//! No tokio, files, environment, clock or randomness: `now` and everything gathered are arguments, effects are values.

pub mod control;
pub mod order;
pub mod report;
