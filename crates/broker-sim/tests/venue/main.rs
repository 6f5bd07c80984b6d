//! The venue, from its pure engine to our own client over HTTP.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod client;
mod determinism;
mod engine;
mod floor;
mod http;
