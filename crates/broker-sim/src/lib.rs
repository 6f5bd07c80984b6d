//! A seeded venue that can be connected to: Alpaca's own paths over HTTP on loopback, with a clock of its own.
//!
//! The venue itself is the pure crate `venue`; here is the shell round it: [`Venue`] (a handle, sleepers, interception)
//! and [`VenueServer`] (HTTP). Time stands still until [`Venue::advance_to`]; the same seed and requests make the same
//! event log, byte for byte.

mod handle;
mod http;
mod severable;
mod sleepers;
mod truth;

pub use ::venue::{Config as VenueConfig, Market, MarketDay, engine, path, synthetic};
pub use handle::{Moment, RequestSeen, Venue, Verdict};
pub use http::VenueServer;
pub use sleepers::Sleeper;
pub use truth::Truth;
