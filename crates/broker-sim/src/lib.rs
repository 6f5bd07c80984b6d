//! A seeded venue on Alpaca's own paths, with a clock of its own.
//!
//! Three layers: [`path`] (prices of a session, from its daily bars), [`engine`] (pure: state, request and instant make
//! a response; fills happen on ticks) and the shell ([`Venue`], [`VenueServer`]: HTTP on loopback, sleepers, interception).
//! Time stands still until [`Venue::advance_to`]; the same seed and requests make the same event log, byte for byte.
//! It trades one session, long only: market, limit and stop orders, day or good till cancelled.

pub mod engine;
mod http;
pub mod path;
mod seed;
mod severable;
mod sleepers;
pub mod synthetic;
mod truth;
mod venue;

pub use engine::{MarketDay, VenueConfig};
pub use http::VenueServer;
pub use sleepers::Sleeper;
pub use truth::Truth;
pub use venue::{Moment, RequestSeen, Venue, Verdict};
