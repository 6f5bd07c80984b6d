//! What the ledger is told: everything a process must know again after it died. [`crate::book::Book::apply`] reads it.
//!
//! A record is durable before anything that follows from it is done. A crash loses exactly what was not recorded.

use crate::{book::Intent, order::ClientOrderId, reconcile::Change, refusal::Refusal, report::Execution, tape::Split};

/// One fact for the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// An order we are about to send.
    Intent(Box<Intent>),
    /// What became of one.
    Change(Change),
    /// Why it is where it is, in words.
    Note {
        /// The intent.
        id: ClientOrderId,
        /// The words.
        note: String,
    },
    /// A fill.
    Execution(Execution),
    /// A split of something held or traded.
    Split(Split),
    /// An order that was not made.
    Refusal(Refusal),
}
