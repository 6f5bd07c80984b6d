//! Orders at the venue: one file a topic, each a table of what is asked and what becomes of it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod cancels;
mod classes;
mod closings;
mod days;
mod floor;
mod latency;
mod means;
mod rate;
mod rejects;
mod replaces;
mod splits;
mod stream;
mod tickets;
mod times;
mod types;
mod wash;
