//! The NYSE calendar: which days are sessions, and from when to when.
//!
//! From rules (weekends, holidays, early closes) plus a list of ad hoc closures and early closes. It knows the years
//! 1995 to 2027; a day beyond is an error that says so, never a guess.

use thiserror::Error;

use crate::{NyDate, Timestamp};

/// One trading session: the regular hours of one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// The day in New York.
    pub date: NyDate,
    /// The opening, 09:30 in New York.
    pub open: Timestamp,
    /// The close: 16:00 in New York, earlier on a half-day.
    pub close: Timestamp,
}

/// The calendar does not know the day asked for.
#[derive(Debug, Clone, Copy, Error, PartialEq, Eq)]
#[error("the exchange calendar knows {first} to {last}, not {date}; a newer release is needed")]
pub struct CalendarError {
    /// The day asked for.
    pub date: NyDate,
    /// The first day known.
    pub first: NyDate,
    /// The last day known.
    pub last: NyDate,
}

/// The calendar of the New York Stock Exchange.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calendar;
