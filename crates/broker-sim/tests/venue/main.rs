//! The venue, from its pure engine to our own client over HTTP.

mod client;
mod determinism;
mod engine;
mod floor;
mod http;
