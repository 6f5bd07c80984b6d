//! The ledger between processes: killed at every write, and opened by users whose it is not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod child;
mod kills;
mod users;
