//! The clock on the wall of a zone, and the instants it shows: what mktime(3) of the C library answers to systemd.
//!
//! A wall clock that is put forward skips times, one that is put back shows them twice. For a skipped time the C library
//! answers with one an hour away, for a repeated one with whichever it finds first from the offset of the question before;
//! systemd's schedules inherit both, so both are followed here. Instants are seconds since 1970.

use chrono::{DateTime, Datelike, NaiveDate, Offset, TimeZone, Timelike};
use chrono_tz::{OffsetComponents, Tz};

/// So often the C library mends a guess before it gives up.
const GUESSES_MAX: u32 = 6;
/// It looks for the other half of the year in strides of about a week, for a little over seven years in each direction.
const STRIDE_SECONDS: i64 = 601_200;
const STRIDES_MAX: i64 = 382;

/// A date and a time of day. Fields may be out of range: [`Clock::read`] makes them a time that exists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wall {
    pub(super) year: i32,
    /// From 1.
    pub(super) month: i32,
    pub(super) day: i32,
    pub(super) hour: i32,
    pub(super) minute: i32,
    pub(super) second: i32,
    /// Whether it is daylight saving time; `None` asks the clock.
    pub(super) summer: Option<bool>,
}

/// A wall clock, which remembers how far from UTC it was when it was last read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    zone: Tz,
    /// Seconds from wall to UTC.
    offset: i64,
}

impl Wall {
    /// Seconds since 1970 were this the wall of UTC; `None` beyond the calendar.
    fn as_if_utc(&self) -> Option<i64> {
        let months = i64::from(self.year) * 12 + i64::from(self.month) - 1;
        let year = i32::try_from(months.div_euclid(12)).ok()?;
        let month = u32::try_from(months.rem_euclid(12)).ok()? + 1;
        let days = i64::from(NaiveDate::from_ymd_opt(year, month, 1)?.to_epoch_days()) + i64::from(self.day) - 1;
        let hours = days * 24 + i64::from(self.hour);
        Some((hours * 60 + i64::from(self.minute)) * 60 + i64::from(self.second))
    }

    /// Monday is 0.
    pub(super) fn weekday(&self) -> u32 {
        // The first of January 1970 was a Thursday.
        let days = self.as_if_utc().unwrap_or_default().div_euclid(24 * 60 * 60);
        u32::try_from((days + 3).rem_euclid(7)).expect("a remainder of seven")
    }

    /// The fields by size.
    pub(super) fn fields(&self) -> [i32; 6] {
        [self.year, self.month, self.day, self.hour, self.minute, self.second]
    }
}

impl Clock {
    pub(super) fn new(zone: Tz) -> Self {
        Self { zone, offset: 0 }
    }

    /// What it shows at an instant; `None` beyond the calendar.
    pub(super) fn show(&self, unix: i64) -> Option<Wall> {
        let utc = DateTime::from_timestamp(unix, 0)?.naive_utc();
        let offset = self.zone.offset_from_utc_datetime(&utc);
        let local = utc.checked_add_offset(offset.fix())?;
        let field = |value: u32| i32::try_from(value).expect("a field of a date");
        Some(Wall {
            year: local.year(),
            month: field(local.month()),
            day: field(local.day()),
            hour: field(local.hour()),
            minute: field(local.minute()),
            second: field(local.second()),
            summer: Some(!offset.dst_offset().is_zero()),
        })
    }

    /// The instant at which it shows a time, and what it shows then: the same with every field in range, or, for a time that
    /// was skipped, another. `None` before 1970 and beyond the calendar.
    pub(super) fn read(&mut self, wall: &Wall) -> Option<(i64, Wall)> {
        let wanted = wall.as_if_utc()?;
        let unix = self.find(wanted, wall.summer)?;
        self.offset = unix - wanted;
        if unix < 0 { None } else { Some((unix, self.show(unix)?)) }
    }

    fn find(&self, wanted: i64, summer: Option<bool>) -> Option<i64> {
        let mut guess = wanted + self.offset;
        let (mut before_last, mut last, mut last_was_summer) = (guess, guess, false);
        for _ in 0..GUESSES_MAX {
            let shown = self.show(guess)?;
            let error = wanted - shown.as_if_utc()?;
            let is_summer = shown.summer == Some(true);
            if error == 0 {
                return match summer {
                    Some(summer) if summer != is_summer => self.find_other_half(wanted, guess, summer),
                    Some(_) | None => Some(guess),
                };
            }
            // It swings between the two sides of a skipped hour: no instant shows this time.
            if guess == before_last && guess != last && summer.map_or(last_was_summer <= is_summer, |s| s != is_summer)
            {
                return Some(guess);
            }
            (before_last, last, last_was_summer) = (last, guess, is_summer);
            guess += error;
        }
        None
    }

    /// The instant of a time shown twice, or of one said to be summer in winter: with the offset of the nearest other half.
    fn find_other_half(&self, wanted: i64, near: i64, summer: bool) -> Option<i64> {
        for stride in 1..=STRIDES_MAX {
            for direction in [-1, 1] {
                let at = near + direction * stride * STRIDE_SECONDS;
                let shown = self.show(at)?;
                if shown.summer == Some(summer) {
                    return Some(at + wanted - shown.as_if_utc()?);
                }
            }
        }
        Some(near)
    }
}
