//! What became of a request, read off status and code; the text is never looked at.
//!
//! When in doubt the outcome is unknown: an order declared rejected and working after all is the one mistake that costs
//! money twice.

use trading::{order::OrderRequest, report::OrderReport};

use super::{
    decode,
    transport::{Answer, Silence, refusal_text},
    wire,
};
use crate::{CancelOutcome, RejectReason, SubmitOutcome};

/// The broker's "no such thing".
pub(super) const NOT_FOUND: u32 = 40_410_000;
const DUPLICATE_CLIENT_ORDER_ID: u32 = 40_010_001;
const INSUFFICIENT_OR_CONFLICTING: u32 = 40_310_000;

pub(super) fn submit(order: &OrderRequest, outcome: Result<Answer, Silence>) -> SubmitOutcome {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(Silence::NotSent(why)) => return SubmitOutcome::Retryable { after: None, why },
        Err(Silence::Lost(why)) => return SubmitOutcome::Unknown { why },
    };
    if answer.is_success() {
        return match accepted(order, &answer) {
            Ok(report) => SubmitOutcome::Accepted(Box::new(report)),
            Err(why) => SubmitOutcome::Unknown { why: identified(&answer, why) },
        };
    }
    if answer.status == 429 {
        return SubmitOutcome::Retryable { after: answer.after, why: refusal_text(&answer) };
    }
    match reject_reason(answer.status, answer.refusal().code) {
        Some(reason) => SubmitOutcome::Rejected { reason, message: refusal_text(&answer) },
        None => SubmitOutcome::Unknown { why: identified(&answer, refusal_text(&answer)) },
    }
}

pub(super) fn cancel(outcome: Result<Answer, Silence>) -> CancelOutcome {
    let answer = match outcome {
        Ok(answer) => answer,
        Err(silence) => return CancelOutcome::Unknown(silence.to_string()),
    };
    match (answer.status, answer.refusal().code) {
        (200..300, _) => CancelOutcome::Accepted,
        (404, Some(NOT_FOUND)) => CancelOutcome::NotFound,
        (422, Some(_)) => CancelOutcome::NotCancelable(refusal_text(&answer)),
        _ => CancelOutcome::Unknown(identified(&answer, refusal_text(&answer))),
    }
}

/// `None` when the answer does not prove that the order was refused: a gateway can answer 4xx too, but not with a code.
fn reject_reason(status: u16, code: Option<u32>) -> Option<RejectReason> {
    match (status, code) {
        (422, Some(DUPLICATE_CLIENT_ORDER_ID)) => Some(RejectReason::DuplicateClientOrderId),
        (403, Some(INSUFFICIENT_OR_CONFLICTING)) => Some(RejectReason::InsufficientOrConflicting),
        (401, _) | (403, None) => Some(RejectReason::Forbidden),
        (400 | 422, Some(_)) => Some(RejectReason::Invalid),
        (400..500, Some(_)) => Some(RejectReason::Other),
        _ => None,
    }
}

fn accepted(order: &OrderRequest, answer: &Answer) -> Result<OrderReport, String> {
    let report = decode::order(answer.parse::<wire::Order>()?)?;
    if report.client_order_id == order.client_order_id {
        return Ok(report);
    }
    Err(format!("the answer is about order {}", report.client_order_id))
}

fn identified(answer: &Answer, why: String) -> String {
    match &answer.request_id {
        Some(id) => format!("{why} (request id {id})"),
        None => why,
    }
}
