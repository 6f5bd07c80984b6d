//! The protocol intent, record, submit, outcome, reconcile: every interleaving of a tiny world, with the real
//! [`trading::engine::Core`].
//!
//! A [`world::World`] is the core (none while crashed), what was recorded durably, a tiny [`venue`], requests under way
//! and budgets of things that go wrong. [`protocol::Protocol`] says what can happen next and what must hold;
//! [`explorer`] visits every state once, breadth first, so that a counterexample is as short as there is one.
//! docs/decisions/0012 says what is assumed and what is left out.

pub mod action;
mod calm;
mod choice;
mod driver;
pub mod explorer;
mod fingerprint;
pub mod invariant;
mod life;
pub mod market_data;
mod outcome;
mod perform;
pub mod protocol;
pub mod scenario;
pub mod venue;
pub mod world;

pub use explorer::{Report, explore};
pub use protocol::{Protocol, Variant};
pub use scenario::{Bounds, Scenario};
