//! Why a read failed; what became of an order is said in [`trading::outcome`]'s words.

use thiserror::Error;

/// Why a read gave no answer. Names endpoint and, when there was one, the broker's request id.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{endpoint}: {why}{}", request_id.as_deref().map(|id| format!(" (request id {id})")).unwrap_or_default())]
pub struct ReadError {
    /// Method and path.
    pub endpoint: String,
    /// What happened.
    pub why: String,
    /// The broker's id of the request.
    pub request_id: Option<String>,
    /// Keys or permissions: repeating it is pointless.
    pub forbidden: bool,
}
