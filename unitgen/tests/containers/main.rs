//! Targets that run containers on a host: what lies there and what podman's generator made of it, held against the manifest.
//!
//! What needs the generator itself (`tests/quadlet/generator`) says so.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod deploying;
mod drifting;
mod generated;
mod hosts;
mod place;
mod verifying;
