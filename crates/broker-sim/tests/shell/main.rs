//! The shell round the venue: its own endpoints, faults as a raw connection sees them, both websockets, the clocks, the
//! program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod clocks;
mod data_stream;
mod determinism;
mod faults;
mod program;
mod sim_api;
mod socket;
mod stream_faults;
mod trade_updates;
mod wire;
