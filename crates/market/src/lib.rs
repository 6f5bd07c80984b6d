//! Words and time, shared by every crate: checked newtypes and the exchange calendar.
//!
//! Pure: no files, no environment, no clock. `now` is always an argument; [`Clock`] is the one door through which a
//! program hands time in. Money is fixed-point ([`Price`], [`Usd`], [`Qty`]); `f64` appears only in [`DailyBar`], where
//! indicators need it, and is rounded once, by name.

mod bar;
mod bps;
mod calendar;
mod clock;
mod feed;
mod fixed;
mod money;
mod quote;
mod symbol;
mod time;

pub use bar::{BarError, Candle, DailyBar};
pub use bps::Bps;
pub use calendar::{Calendar, CalendarError, Session};
pub use clock::Clock;
pub use feed::Feed;
pub use fixed::DecimalError;
pub use money::{Price, Qty, Usd};
pub use quote::Quote;
pub use symbol::{Symbol, SymbolError};
pub use time::{NyDate, TimeError, Timestamp};

/// A wall-clock time of day, always meant in New York unless a name says otherwise.
pub use chrono::NaiveTime;
/// A signed span of time; arithmetic between two [`Timestamp`]s.
pub use chrono::TimeDelta;
/// Day of the week of a [`NyDate`].
pub use chrono::Weekday;
