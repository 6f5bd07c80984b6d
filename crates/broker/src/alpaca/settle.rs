//! What became of a request, read off status and code; the text is never looked at.
//!
//! When in doubt the outcome is unknown: an order declared rejected and working after all is the one mistake that costs
//! money twice.

use std::time::Duration;

use trading::{order::ClientOrderId, report::OrderReport};

use super::{
    answer::{Answer, Silence, refusal_text},
    decode,
    wire::{self, Refusal},
};
use crate::{CancelOutcome, RejectReason, SubmitOutcome};

/// The broker's "no such thing".
pub(super) const NOT_FOUND: u32 = 40_410_000;
const DUPLICATE_CLIENT_ORDER_ID: u32 = 40_010_001;
const INSUFFICIENT_OR_CONFLICTING: u32 = 40_310_000;
const CODES_A_STATUS: u32 = 100_000;

/// Why a request was not sent, or certainly not acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Stopped {
    /// It will not be.
    Rejected { reason: RejectReason, message: String },
    /// It may be sent again.
    Retryable { after: Option<Duration>, why: String },
    /// Nobody here can tell whether it was.
    Unknown { why: String },
}

impl From<Stopped> for SubmitOutcome {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Rejected { reason, message } => Self::Rejected { reason, message },
            Stopped::Retryable { after, why } => Self::Retryable { after, why },
            Stopped::Unknown { why } => Self::Unknown { why },
        }
    }
}

impl From<Stopped> for CancelOutcome {
    /// A cancel that was not sent says nothing about the order: look at it.
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Rejected { message: why, .. } | Stopped::Retryable { why, .. } | Stopped::Unknown { why } => {
                Self::Unknown(why)
            }
        }
    }
}

/// The order's own answer, which has to be about that order.
pub(super) fn submit(id: &ClientOrderId, outcome: Result<Answer, Silence>) -> SubmitOutcome {
    match settle(outcome, |answer| about(id, answer)) {
        Ok(report) => SubmitOutcome::Accepted(Box::new(report)),
        Err(stopped) => stopped.into(),
    }
}

/// What an answer says when it is a success and understood; else what became of the request.
pub(super) fn settle<T>(
    outcome: Result<Answer, Silence>,
    read: impl FnOnce(&Answer) -> Result<T, String>,
) -> Result<T, Stopped> {
    let answer = outcome.map_err(silence)?;
    if answer.is_success() {
        return read(&answer).map_err(|why| Stopped::Unknown { why: answer.identify(answer.censor.pass(&why)) });
    }
    let text = answer.identify(refusal_text(&answer));
    if answer.status == 429 {
        return Err(Stopped::Retryable { after: answer.after, why: text });
    }
    Err(match reject_reason(answer.status, &answer.refusal()) {
        Some(reason) => Stopped::Rejected { reason, message: text },
        None => Stopped::Unknown { why: text },
    })
}

pub(super) fn cancel(outcome: Result<Answer, Silence>) -> CancelOutcome {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(silence) => return CancelOutcome::Unknown(silence.to_string()),
    };
    match (answer.status, believed(answer.status, answer.refusal().code)) {
        // The broker's yes has no body; a page with a good status is somebody else's.
        (200..300, _) if answer.body().is_empty() => CancelOutcome::Accepted,
        (200..300, _) => {
            CancelOutcome::Unknown(answer.identify("a cancel's answer has no body, and this one has".to_owned()))
        }
        (404, Some(NOT_FOUND)) => CancelOutcome::NotFound,
        (422, Some(_)) => CancelOutcome::NotCancelable(answer.identify(refusal_text(&answer))),
        _ => CancelOutcome::Unknown(answer.identify(refusal_text(&answer))),
    }
}

fn silence(silence: Silence) -> Stopped {
    let why = silence.to_string();
    match silence {
        Silence::HeldBack(wait) => Stopped::Retryable { after: Some(wait), why },
        Silence::NotSent(why) => Stopped::Retryable { after: None, why },
        Silence::Lost(why) => Stopped::Unknown { why },
        Silence::TooLong(_) => Stopped::Unknown { why },
    }
}

/// `None` when the answer does not prove that the order was refused: a gateway can answer 4xx too, but not in the broker's
/// words.
fn reject_reason(status: u16, refusal: &Refusal) -> Option<RejectReason> {
    match (status, believed(status, refusal.code)) {
        // Said of the wait, of the state of things or of the connection, and not of the order.
        (408 | 409 | 423 | 425 | 499, _) => None,
        (400..500, Some(DUPLICATE_CLIENT_ORDER_ID)) => Some(RejectReason::DuplicateClientOrderId),
        (403, Some(INSUFFICIENT_OR_CONFLICTING)) => Some(RejectReason::InsufficientOrConflicting),
        (401, Some(_)) => Some(RejectReason::Forbidden),
        (401 | 403, None) => refusal.message.is_some().then_some(RejectReason::Forbidden),
        (400 | 422, Some(_)) => Some(RejectReason::Invalid),
        (400..500, Some(_)) => Some(RejectReason::Other),
        _ => None,
    }
}

/// A code of the broker's begins with the status it comes with; one that does not is somebody else's. That an id was used
/// is said with 400 and with 422.
fn believed(status: u16, code: Option<u32>) -> Option<u32> {
    code.filter(|code| code / CODES_A_STATUS == u32::from(status) || *code == DUPLICATE_CLIENT_ORDER_ID)
}

fn about(id: &ClientOrderId, answer: &Answer) -> Result<OrderReport, String> {
    let report = decode::order(answer.parse::<wire::Order>()?)?;
    if report.client_order_id == *id {
        return Ok(report);
    }
    Err(format!("the answer is about order {}", report.client_order_id))
}
