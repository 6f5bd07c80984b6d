//! The client that never guesses, against a venue and a network that do everything wrong.
//!
//! `matrix` is every operation under every fault, with the outcome that is expected of it. `seeds` is a caller who does
//! as the trading core does (asks by client order id, never resends what may have arrived) through thousands of random
//! days; after every step what it believes is compared with what the venue holds.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod caller;
mod floor;
mod matrix;
mod seeds;
