//! Pure trading: what to order, whether it may be ordered, and how to agree with the broker about it.
//!
//! No tokio, files, environment, clock or randomness: `now` and everything gathered are arguments, effects are values.
//! A cycle is [`reconcile::plan`] (agree with the broker), then [`decide::decide`] (protect, then open).

pub mod book;
pub mod confirm;
pub mod control;
pub mod decide;
pub mod limits;
pub mod order;
pub mod phase;
pub mod pnl;
pub mod polling;
pub mod reconcile;
pub mod refusal;
pub mod report;
pub mod sizing;
pub mod state;
