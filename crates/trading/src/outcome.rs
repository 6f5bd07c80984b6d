//! What became of a request to the broker, where "we do not know" is a value of its own.

use std::time::Duration;

use crate::report::OrderReport;

/// What became of an order we sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubmitOutcome {
    /// The broker has it.
    Accepted(Box<OrderReport>),
    /// The broker refused it; it does not exist.
    Rejected {
        /// Which kind of refusal.
        reason: RejectReason,
        /// The broker's own words.
        message: String,
    },
    /// The broker certainly did not act on it (for example it never left this machine); the same id may be sent again.
    Retryable {
        /// Not before so long, when the broker said so.
        after: Option<Duration>,
        /// What happened.
        why: String,
    },
    /// Nobody here can tell. Ask by client order id; never resend.
    Unknown {
        /// What happened.
        why: String,
    },
}

/// Why a broker refuses an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RejectReason {
    /// The client order id was used before: the order may exist, so look it up.
    DuplicateClientOrderId,
    /// Buying power, held quantity or wash trade.
    InsufficientOrConflicting,
    /// Malformed or against a rule.
    Invalid,
    /// Keys or permissions.
    Forbidden,
    /// Something else, with the HTTP status in the message.
    Other,
}

/// What became of a cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelOutcome {
    /// The broker works on it.
    Accepted,
    /// The order is not (or no longer) cancelable.
    NotCancelable(String),
    /// The broker knows no such order.
    NotFound,
    /// Nobody here can tell; look at the order.
    Unknown(String),
}
