//! A broker and its exchange as pure code: a request and an instant make a response; time makes fills.
//!
//! No clock, no files, no network: requests come in as text and go out as status and JSON, the way Alpaca answers, and
//! time stands still until [`Engine::advance_to`]. The same seed and requests make the same event log, byte for byte.
//! [`traded`] says what is traded, [`tape`] makes prices of it, [`engine`] holds the account and its orders.

pub mod config;
pub mod engine;
pub mod feed;
pub mod order;
pub mod path;
mod seed;
pub mod synthetic;
pub mod tape;
pub mod text;
pub mod ticket;
pub mod traded;
pub mod update;
pub mod words;

pub use config::Config;
pub use engine::{Engine, Request, Response};
pub use traded::{Market, MarketDay};
