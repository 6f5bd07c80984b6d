//! What the venue answers to reads, and what its data stream tells.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod account;
mod actions;
mod activities;
mod assets;
mod bars;
mod bulk;
mod calendar;
mod history;
mod lag;
mod latest;
mod orders;
mod positions;
mod scene;
mod schema;

mod stream;
mod ticks;
