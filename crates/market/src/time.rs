//! Instants and New York trading days. The only module that converts between the two.

use std::{
    fmt,
    ops::{Add, Sub},
    str::FromStr,
};

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, SecondsFormat, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::America::New_York;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// An instant, to the nanosecond, between 1677 and 2262. JSON and text are RFC 3339.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(i64);

/// A calendar day in New York; not every one is a session. Text is `YYYY-MM-DD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NyDate(NaiveDate);

/// Why a text is no instant or day.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum TimeError {
    /// Not an RFC 3339 instant with an offset.
    #[error("{0:?} is not an RFC 3339 instant")]
    Instant(String),
    /// Not `YYYY-MM-DD`, or no such day.
    #[error("{0:?} is not a date of the form YYYY-MM-DD")]
    Date(String),
}

impl Timestamp {
    /// Seconds since 1970-01-01 UTC; saturates at the ends of the range.
    #[must_use]
    pub fn from_unix_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    /// Nanoseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn from_unix_nanos(nanos: i64) -> Self {
        Self(nanos)
    }

    /// Nanoseconds since 1970-01-01 UTC.
    #[must_use]
    pub fn unix_nanos(self) -> i64 {
        self.0
    }

    /// Whole seconds since 1970-01-01 UTC, rounded down.
    #[must_use]
    pub fn unix_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000_000)
    }

    /// The signed time from `earlier` to here.
    #[must_use]
    pub fn since(self, earlier: Self) -> TimeDelta {
        TimeDelta::nanoseconds(self.0.saturating_sub(earlier.0))
    }

    /// The day it is in New York.
    #[must_use]
    pub fn ny_date(self) -> NyDate {
        NyDate(self.utc().with_timezone(&New_York).date_naive())
    }

    /// The wall clock in New York.
    #[must_use]
    pub fn ny_time(self) -> NaiveTime {
        self.utc().with_timezone(&New_York).time()
    }

    /// RFC 3339 with New York's offset, as Alpaca's clock writes it.
    #[must_use]
    pub fn to_ny_rfc3339(self) -> String {
        self.utc().with_timezone(&New_York).to_rfc3339_opts(SecondsFormat::AutoSi, false)
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_nanos(self.0)
    }
}

impl Add<TimeDelta> for Timestamp {
    type Output = Self;
    fn add(self, span: TimeDelta) -> Self {
        Self(self.0.saturating_add(span.num_nanoseconds().unwrap_or(i64::MAX)))
    }
}

impl Sub<TimeDelta> for Timestamp {
    type Output = Self;
    fn sub(self, span: TimeDelta) -> Self {
        Self(self.0.saturating_sub(span.num_nanoseconds().unwrap_or(i64::MAX)))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .and_then(|instant| instant.timestamp_nanos_opt())
            .map(Self)
            .ok_or_else(|| TimeError::Instant(text.chars().take(60).collect()))
    }
}

impl NyDate {
    /// The given day, if there is one.
    #[must_use]
    pub fn new(year: i32, month: u32, day: u32) -> Option<Self> {
        NaiveDate::from_ymd_opt(year, month, day).map(Self)
    }

    /// From days since 1970-01-01, as Parquet stores dates.
    #[must_use]
    pub fn from_unix_days(days: i32) -> Option<Self> {
        let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
        epoch.checked_add_signed(TimeDelta::try_days(i64::from(days))?).map(Self)
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn unix_days(self) -> i32 {
        self.0.to_epoch_days()
    }

    /// The year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.0.year()
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(self) -> u32 {
        self.0.month()
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(self) -> u32 {
        self.0.day()
    }

    /// The day of the week.
    #[must_use]
    pub fn weekday(self) -> Weekday {
        self.0.weekday()
    }

    /// Saturday or Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        matches!(self.weekday(), Weekday::Sat | Weekday::Sun)
    }

    /// So many calendar days later (earlier when negative); saturates at the ends of the calendar.
    #[must_use]
    pub fn plus_days(self, days: i32) -> Self {
        let span = Days::new(u64::from(days.unsigned_abs()));
        let moved = if days < 0 { self.0.checked_sub_days(span) } else { self.0.checked_add_days(span) };
        Self(moved.unwrap_or(if days < 0 { NaiveDate::MIN } else { NaiveDate::MAX }))
    }

    /// Calendar days from `earlier` to here.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        self.0.signed_duration_since(earlier.0).num_days()
    }

    /// The instant of a wall-clock time in New York on this day. A time that a DST change skips means the first instant
    /// after the gap; one that it repeats means the first of the two.
    #[must_use]
    pub fn at(self, time: NaiveTime) -> Timestamp {
        let local = self.0.and_time(time);
        let instant = New_York
            .from_local_datetime(&local)
            .earliest()
            .or_else(|| New_York.from_local_datetime(&(local + TimeDelta::hours(1))).earliest());
        let nanos = instant.and_then(|instant| instant.timestamp_nanos_opt());
        Timestamp(nanos.unwrap_or(if self.0.year() < 1970 { i64::MIN } else { i64::MAX }))
    }

    /// [`NyDate::at`] with hours and minutes.
    ///
    /// # Panics
    /// When there is no such time of day; the arguments are constants.
    #[must_use]
    pub fn at_hm(self, hour: u32, minute: u32) -> Timestamp {
        self.at(NaiveTime::from_hms_opt(hour, minute, 0).expect("a constant time of day"))
    }
}

impl FromStr for NyDate {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let refused = || TimeError::Date(text.chars().take(40).collect());
        // chrono's %Y-%m-%d also reads "2017-1-2" and "+2017-01-2"; a date has four, two and two digits here.
        let shaped = |(at, byte): (usize, u8)| if at == 4 || at == 7 { byte == b'-' } else { byte.is_ascii_digit() };
        if text.len() != 10 || !text.bytes().enumerate().all(shaped) {
            return Err(refused());
        }
        NaiveDate::parse_from_str(text, "%Y-%m-%d").map(Self).map_err(|_| refused())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.utc().to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for NyDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0.format("%Y-%m-%d").to_string())
    }
}

impl fmt::Debug for NyDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// serde goes through the same text as everything else.
macro_rules! as_text {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = TimeError;
            fn try_from(text: String) -> Result<Self, TimeError> {
                text.parse()
            }
        }
        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.to_string()
            }
        }
    };
}
as_text!(Timestamp);
as_text!(NyDate);

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NyDate {
        text.parse().unwrap()
    }

    #[test]
    fn new_york_offsets_follow_daylight_saving() {
        for (date, expect) in [
            ("2026-03-06", "2026-03-06T14:30:00Z"),
            ("2026-03-09", "2026-03-09T13:30:00Z"),
            ("2026-10-30", "2026-10-30T13:30:00Z"),
            ("2026-11-02", "2026-11-02T14:30:00Z"),
        ] {
            assert_eq!(day(date).at_hm(9, 30).to_string(), expect);
            assert_eq!(day(date).at_hm(9, 30).ny_date(), day(date));
        }
    }

    #[test]
    fn a_skipped_hour_is_the_instant_after_the_gap_and_a_repeated_one_its_first() {
        assert_eq!(day("2026-03-08").at_hm(2, 30).to_string(), "2026-03-08T07:30:00Z");
        assert_eq!(day("2026-11-01").at_hm(1, 30).to_string(), "2026-11-01T05:30:00Z");
    }

    #[test]
    fn midnight_belongs_to_new_york() {
        let late: Timestamp = "2026-01-15T04:59:59Z".parse().unwrap();
        assert_eq!(late.ny_date(), day("2026-01-14"));
        assert_eq!((late + TimeDelta::seconds(1)).ny_date(), day("2026-01-15"));
    }

    #[test]
    fn dates_are_strict() {
        for text in ["2017-1-2", "2017-02-30", "20170102", "2017-01-02 ", "+2017-01-2", ""] {
            assert!(text.parse::<NyDate>().is_err(), "{text:?}");
        }
        assert_eq!(NyDate::from_unix_days(day("2017-11-10").unix_days()), Some(day("2017-11-10")));
    }
}
