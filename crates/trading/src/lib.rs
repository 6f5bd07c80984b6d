//! Pure trading: what to order, whether it may be ordered, and how to agree with the broker about it.
//!
//! No tokio, files, environment, clock or randomness: `now` and everything gathered are arguments, effects are values.
//! [`engine::Core`] is the whole of it as events in and effects out; a cycle is [`reconcile::plan`] (agree with the
//! broker), [`decide::protect`], [`decide::manage`] and [`decide::open`].

pub mod agreement;
pub mod alert;
pub mod book;
pub mod confirm;
pub mod control;
pub mod decide;
pub mod drop_copy;
pub mod engine;
pub mod expiry;
pub mod limits;
pub mod order;
pub mod outcome;
pub mod phase;
pub mod pnl;
pub mod polling;
pub mod portfolio;
pub mod position;
pub mod reconcile;
pub mod record;
pub mod refusal;
pub mod report;
pub mod sizing;
pub mod state;
pub mod stops;
pub mod tape;
pub mod targets;
