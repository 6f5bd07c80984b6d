//! Answers that are not the venue's: other statuses, and garbage.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    body::{Body, Bytes},
    http::{Response as HttpResponse, StatusCode},
};
use futures_util::Stream;
use serde_json::json;

use crate::{
    faults::Garbage,
    http::{empty_response, json_response, text_response},
};

/// The bytes of a huge answer.
pub const HUGE_BYTES: usize = 100 * 1024 * 1024;
/// They come in pieces of so many.
const PIECE_BYTES: usize = 64 * 1024;

const PAGE: &str = "<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title></head>\
                    <body><h1>502 Bad Gateway</h1></body></html>\n";

/// An answer of something between the client and the venue.
pub(crate) fn status(code: u16) -> HttpResponse<Body> {
    let message = match code {
        429 => "rate limit exceeded",
        500 => "internal server error occurred",
        502 => "bad gateway",
        503 => "service unavailable",
        _ => "gateway timeout",
    };
    json_response(code, &json!({"code": u32::from(code) * 100_000 + 10_000, "message": message}))
}

/// A page of something between the client and the venue.
pub(crate) fn page(code: u16) -> HttpResponse<Body> {
    let reason = StatusCode::from_u16(code).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
    let title = format!("{code} {reason}");
    let page =
        format!("<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n");
    text_response(code, "text/html; charset=utf-8", Body::from(page))
}

/// What comes back instead of an answer.
pub(crate) fn garbage(kind: Garbage, answer: &str) -> HttpResponse<Body> {
    let json = |body: Vec<u8>| text_response(200, "application/json", Body::from(body));
    match kind {
        Garbage::Html => text_response(200, "text/html; charset=utf-8", Body::from(PAGE)),
        Garbage::Truncated => json(truncated(answer)),
        Garbage::Empty => empty_response(200),
        Garbage::InvalidUtf8 => json([b"{\"message\":\"\xff\xfe\xc3\x28\",", answer.as_bytes()].concat()),
        Garbage::NotJson => json(b"upstream says hello\n".to_vec()),
        Garbage::Huge => text_response(200, "application/json", Body::from_stream(Huge::new())),
    }
}

/// The first half; of an answer without a body, what could be the beginning of one.
fn truncated(answer: &str) -> Vec<u8> {
    match answer.len() {
        0 | 1 => b"{\"id\":\"".to_vec(),
        whole => answer.as_bytes()[..whole / 2].to_vec(),
    }
}

/// One long text in a JSON object that never ends; every piece is the same memory.
struct Huge {
    piece: Bytes,
    left: usize,
}

impl Huge {
    fn new() -> Self {
        Self { piece: Bytes::from(vec![b'x'; PIECE_BYTES]), left: HUGE_BYTES }
    }
}

impl Stream for Huge {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let first = self.left == HUGE_BYTES;
        self.left = self.left.saturating_sub(PIECE_BYTES);
        let piece = self.piece.clone();
        Poll::Ready(Some(Ok(if first { opened(&piece) } else { piece })))
    }
}

fn opened(piece: &Bytes) -> Bytes {
    let mut first = piece.to_vec();
    first[..6].copy_from_slice(b"{\"id\":");
    first[6] = b'"';
    first.into()
}
