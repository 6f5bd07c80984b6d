//! A seeded venue that can be connected to: Alpaca's own paths over HTTP and websockets, with a clock of its own.
//!
//! The venue itself is the pure crate `venue`; here is the shell round it: [`Venue`] (a handle, sleepers, interception),
//! [`VenueServer`] (HTTP and both streams), [`pace`] (how time goes), [`faults`] (what goes wrong, by plan). The same
//! seed, requests and steps of the clock make the same event log, byte for byte.

mod answer;
mod control;
mod exchange;
pub mod faults;
mod handle;
mod http;
mod lies;
mod mischief;
pub mod pace;
mod requests;
mod reset;
mod severable;
mod sleepers;
mod source;
mod spoilt;
mod streams;
mod truth;

pub use ::venue::{Config as VenueConfig, Market, MarketDay, config::SplitOrders, engine, path, synthetic};
pub use handle::{Moment, Seen, Venue, Verdict};
pub use http::VenueServer;
pub use lies::WrongCalendar;
pub use pace::Pace;
pub use requests::{REQUEST_LOG_MAX, RequestSeen};
pub use reset::{Reset, ResetError, check};
pub use sleepers::{Sleeper, WokenBy};
pub use source::{Source, SourceError};
pub use spoilt::HUGE_BYTES;
pub use streams::{CONNECTIONS_MAX, DataPlan, QUEUE_MAX, StreamFault, StreamName};
pub use truth::Truth;
