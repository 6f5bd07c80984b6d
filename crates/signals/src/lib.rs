//! Signals, pure: from one symbol's daily bars to a verdict, and from minute bars to candles.
//!
//! Arithmetic is `f64` and nothing is rounded here; prices are dollars, volumes shares, percentages percent. "Bar n ago"
//! counts bars, not days. An indicator that is not defined yet is `None`, and a rule about an undefined indicator fails.
//! The formulas are those of the scan's specification; every constant sits in [`Rules`] or beside the formula it is of.

pub mod anchor;
pub mod average;
pub mod avwap;
pub mod candidate;
pub mod candles;
pub mod choice;
pub mod directional;
pub mod history;
pub mod levels;
pub mod quality;
pub mod rules;
pub mod setup;
pub mod trend;
pub mod volatility;
pub mod weekly;

pub use anchor::{Anchor, AnchorKind};
pub use candidate::{Candidate, Verdict, evaluate};
pub use history::History;
pub use quality::{QualityRefusal, Tier};
pub use rules::Rules;

#[cfg(test)]
mod sample;
