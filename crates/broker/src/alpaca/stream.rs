//! Alpaca's streams, told truthfully: `trade_updates` and market data over websockets, every hole filled by REST.
//!
//! Pure parts say what a frame means ([`session`], [`trade_updates`], [`data`]), what is told once ([`account`],
//! [`market_data`]) and when silence is a fault ([`staleness`]); a thin driver moves frames. What is unsure is said: a gap,
//! a silence, a disagreement, something unreadable. Who gets one of these believes REST. Source: Alpaca's pages on
//! websocket streaming and real-time data.

mod account;
mod backoff;
mod core;
mod data;
mod driver;
mod execution_key;
mod follower;
mod frame;
mod holes;
mod keys;
mod market_data;
mod outbox;
mod refusal;
mod session;
mod socket;
mod staleness;
mod subscription;
mod tally;
mod target;
mod trade_updates;
mod waits;

pub use account::{AccountEvent, EVENTS_WAITING, EXECUTIONS_REMEMBERED, ORDERS_REMEMBERED, Start};
pub use core::{Gap, Lost, Unreadable};
pub use data::{Bands, Canceled, Correction, Market, QuoteTick, Status, Trade, Trading};
pub use execution_key::ExecutionKey;
pub use follower::{Events, Subscriber, follow_account, follow_data};
pub use frame::Codec;
pub use market_data::{DataEvent, MINUTES_REMEMBERED, ROWS_WAITING};
pub use refusal::{Again, Refusal};
pub use subscription::{FREE_CHANNELS_MAX, Plan, Subscription, TooMany};
pub use trade_updates::{Happening, PositionSize};
pub use waits::Waits;
