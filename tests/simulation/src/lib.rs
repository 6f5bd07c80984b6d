//! Deterministic simulation of the trading core: one seed makes a market, a venue, a ledger, an operator, a clock and
//! everything that goes wrong; [`trading::engine::Core`] trades in it; invariants are checked after every step against what
//! the venue truly holds. A seed that breaks one is the same run on every machine, and can be shrunk.
//!
//! No runtime, no files, no clock, no threads: [`run`] is a function of its [`Scenario`].

mod breach;
mod check;
mod dice;
mod fault;
mod ledger;
mod prices;
mod run;
mod scenario;
mod shrink;
mod tally;
mod trace;
mod venue;
mod world;

pub use breach::{Breach, Invariant};
pub use dice::Dice;
pub use fault::{Fault, Faults};
pub use run::{Outcome, Violation, run, traced};
pub use scenario::Scenario;
pub use shrink::shrink;
pub use tally::{Count, Tally};
