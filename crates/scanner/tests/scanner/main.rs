//! The program as its users meet it: scans of a generated market, bad inputs, and real days against independent lists.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod bad_inputs;
mod golden;
mod indicators;
mod rig;
mod scan;
