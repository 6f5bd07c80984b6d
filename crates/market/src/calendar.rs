//! The NYSE calendar: which days are sessions, and from when to when.
//!
//! From rules (the tables `HOLIDAYS` and `EARLY_CLOSES`) plus the ad hoc closures and early closes of history; the regular
//! session is 09:30 to 16:00 in New York, a half-day ends at 13:00. It knows the years 1995 to 2027; a day beyond is
//! an error that says so, never a guess. Source: NYSE rules 7.1 and 7.2 and the exchange's yearly holiday notices.

use chrono::Weekday::{self, Fri, Mon, Thu};
use thiserror::Error;

use crate::{NyDate, Timestamp};

const FIRST_YEAR: i32 = 1995;
const LAST_YEAR: i32 = 2027;
const OPEN: (u32, u32) = (9, 30);
const CLOSE: (u32, u32) = (16, 0);
const EARLY_CLOSE: (u32, u32) = (13, 0);

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

impl Session {
    /// Whether it closes before 16:00.
    #[must_use]
    pub fn is_half_day(&self) -> bool {
        self.close < self.date.at_hm(CLOSE.0, CLOSE.1)
    }

    /// Whether the exchange is open at an instant: `[open, close)`.
    #[must_use]
    pub fn contains(&self, now: Timestamp) -> bool {
        self.open <= now && now < self.close
    }
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

/// The calendar of the New York Stock Exchange. Holds nothing: every answer is computed, in about a microsecond.
#[derive(Clone, Copy, Debug, Default)]
pub struct Calendar;

impl Calendar {
    /// The calendar.
    #[must_use]
    pub fn nyse() -> Self {
        Self
    }

    /// The first day it knows.
    #[must_use]
    pub fn first_known(self) -> NyDate {
        date(FIRST_YEAR, 1, 1)
    }

    /// The last day it knows; programs warn 90 days ahead of it.
    #[must_use]
    pub fn last_known(self) -> NyDate {
        date(LAST_YEAR, 12, 31)
    }

    /// The session of a day; `None` when the exchange is closed all day.
    ///
    /// # Errors
    /// When the calendar does not know the day.
    pub fn session_on(self, day: NyDate) -> Result<Option<Session>, CalendarError> {
        if self.closed_for(day)?.is_some() {
            return Ok(None);
        }
        let (hour, minute) = if early_close(day).is_some() { EARLY_CLOSE } else { CLOSE };
        Ok(Some(Session { date: day, open: day.at_hm(OPEN.0, OPEN.1), close: day.at_hm(hour, minute) }))
    }

    /// Why the exchange is closed all day ("weekend", the holiday, the occasion); `None` on a session.
    ///
    /// # Errors
    /// When the calendar does not know the day.
    pub fn closed_for(self, day: NyDate) -> Result<Option<&'static str>, CalendarError> {
        self.check(day)?;
        if day.is_weekend() {
            return Ok(Some("weekend"));
        }
        let holiday = HOLIDAYS.iter().find(|holiday| holiday.observed_on(day)).map(|holiday| holiday.name);
        Ok(holiday.or_else(|| find(CLOSURES, day)))
    }

    /// Why a session closes early; `None` on a full session and when there is none.
    ///
    /// # Errors
    /// When the calendar does not know the day.
    pub fn half_day_for(self, day: NyDate) -> Result<Option<&'static str>, CalendarError> {
        Ok(if self.closed_for(day)?.is_some() { None } else { early_close(day) })
    }

    /// The first session strictly after a day.
    ///
    /// # Errors
    /// When the calendar ends before it.
    pub fn next_session(self, after: NyDate) -> Result<Session, CalendarError> {
        self.session_on_or_after(after.plus_days(1))
    }

    /// The session of a day, or else the first one after it.
    ///
    /// # Errors
    /// When the calendar ends before it.
    pub fn session_on_or_after(self, day: NyDate) -> Result<Session, CalendarError> {
        self.search(day, 1)
    }

    /// The last session strictly before a day.
    ///
    /// # Errors
    /// When the calendar begins after it.
    pub fn previous_session(self, before: NyDate) -> Result<Session, CalendarError> {
        self.search(before.plus_days(-1), -1)
    }

    /// Every session from `first` to `last`, both included; none when `last` is before `first`.
    ///
    /// # Errors
    /// When the calendar does not know the whole span.
    pub fn sessions(self, first: NyDate, last: NyDate) -> Result<Vec<Session>, CalendarError> {
        self.check(first)?;
        self.check(last)?;
        let days = last.days_since(first) + 1;
        let mut sessions = Vec::with_capacity(usize::try_from(days * 7 / 10).unwrap_or(0));
        let mut day = first;
        while day <= last {
            sessions.extend(self.session_on(day)?);
            day = day.plus_days(1);
        }
        Ok(sessions)
    }

    /// Ends: the exchange was never closed longer than a few days, and beyond the known range `session_on` fails.
    fn search(self, from: NyDate, step: i32) -> Result<Session, CalendarError> {
        let mut day = from;
        loop {
            if let Some(session) = self.session_on(day)? {
                return Ok(session);
            }
            day = day.plus_days(step);
        }
    }

    fn check(self, date: NyDate) -> Result<(), CalendarError> {
        let (first, last) = (self.first_known(), self.last_known());
        if first <= date && date <= last { Ok(()) } else { Err(CalendarError { date, first, last }) }
    }
}

/// A yearly holiday: its name, the first year the exchange kept it, the day it falls on, and how a weekend moves it.
struct Holiday {
    name: &'static str,
    since: i32,
    falls_on: Rule,
    weekend: Weekend,
}

/// How the day of a holiday is found in a year.
enum Rule {
    /// Month and day.
    Fixed(u32, u32),
    /// The n-th weekday of a month.
    Nth(u32, Weekday, u32),
    /// The last weekday of a month.
    Last(Weekday, u32),
    /// Two days before Easter Sunday.
    GoodFriday,
}

/// What happens when a holiday falls on a weekend.
enum Weekend {
    /// It cannot.
    Never,
    /// Saturday: the Friday before. Sunday: the Monday after.
    Nearest,
    /// Sunday: the Monday after. Saturday: lost, because the Friday before ends a year and its books (rule 7.2).
    SundayOnly,
}

const EVER: i32 = FIRST_YEAR;

#[rustfmt::skip]
const HOLIDAYS: &[Holiday] = &[
    Holiday { name: "New Year's Day",             since: EVER, falls_on: Rule::Fixed(1, 1),      weekend: Weekend::SundayOnly },
    Holiday { name: "Martin Luther King Jr. Day", since: 1998, falls_on: Rule::Nth(3, Mon, 1),   weekend: Weekend::Never },
    Holiday { name: "Washington's Birthday",      since: EVER, falls_on: Rule::Nth(3, Mon, 2),   weekend: Weekend::Never },
    Holiday { name: "Good Friday",                since: EVER, falls_on: Rule::GoodFriday,       weekend: Weekend::Never },
    Holiday { name: "Memorial Day",               since: EVER, falls_on: Rule::Last(Mon, 5),     weekend: Weekend::Never },
    Holiday { name: "Juneteenth",                 since: 2022, falls_on: Rule::Fixed(6, 19),     weekend: Weekend::Nearest },
    Holiday { name: "Independence Day",           since: EVER, falls_on: Rule::Fixed(7, 4),      weekend: Weekend::Nearest },
    Holiday { name: "Labor Day",                  since: EVER, falls_on: Rule::Nth(1, Mon, 9),   weekend: Weekend::Never },
    Holiday { name: "Thanksgiving Day",           since: EVER, falls_on: Rule::Nth(4, Thu, 11),  weekend: Weekend::Never },
    Holiday { name: "Christmas Day",              since: EVER, falls_on: Rule::Fixed(12, 25),    weekend: Weekend::Nearest },
];

/// Days the exchange stayed closed for an occasion.
#[rustfmt::skip]
const CLOSURES: &[((i32, u32, u32), &str)] = &[
    ((2001, 9, 11),  "attacks of September 11"),
    ((2001, 9, 12),  "attacks of September 11"),
    ((2001, 9, 13),  "attacks of September 11"),
    ((2001, 9, 14),  "attacks of September 11"),
    ((2004, 6, 11),  "mourning for President Reagan"),
    ((2007, 1, 2),   "mourning for President Ford"),
    ((2012, 10, 29), "hurricane Sandy"),
    ((2012, 10, 30), "hurricane Sandy"),
    ((2018, 12, 5),  "mourning for President Bush"),
    ((2025, 1, 9),   "mourning for President Carter"),
];

/// A yearly half-day: its name, the years it holds, and the test of a day that is already known to be a session.
struct EarlyClose {
    name: &'static str,
    first: i32,
    last: i32,
    holds: fn(NyDate) -> bool,
}

#[rustfmt::skip]
const EARLY_CLOSES: &[EarlyClose] = &[
    EarlyClose { name: "day after Thanksgiving",           first: EVER, last: LAST_YEAR, holds: |day| Rule::Nth(4, Thu, 11).day_in(day.year()).plus_days(1) == day },
    EarlyClose { name: "Christmas Eve",                    first: EVER, last: LAST_YEAR, holds: |day| is(day, 12, 24) },
    EarlyClose { name: "eve of a Tuesday, Wednesday or Friday Independence Day",
                                                           first: EVER, last: LAST_YEAR, holds: |day| is(day, 7, 3) && day.weekday() != Weekday::Wed },
    // Until 2012 the bridge day was the short one, since 2013 the eve is.
    EarlyClose { name: "Friday after Independence Day",    first: EVER, last: 2012,      holds: |day| is(day, 7, 5) && day.weekday() == Fri },
    EarlyClose { name: "eve of a Thursday Independence Day", first: 2013, last: LAST_YEAR, holds: |day| is(day, 7, 3) && day.weekday() == Weekday::Wed },
];

/// Half-days outside the rules.
#[rustfmt::skip]
const AD_HOC_EARLY_CLOSES: &[((i32, u32, u32), &str)] = &[
    ((1997, 12, 26), "Friday after Christmas"),
    ((1999, 12, 31), "eve of the year 2000"),
    ((2003, 12, 26), "Friday after Christmas"),
];

impl Holiday {
    fn observed_on(&self, day: NyDate) -> bool {
        if day.year() < self.since {
            return false;
        }
        let falls = self.falls_on.day_in(day.year());
        let observed = match (&self.weekend, falls.weekday()) {
            (Weekend::Nearest, Weekday::Sat) => falls.plus_days(-1),
            (Weekend::Nearest | Weekend::SundayOnly, Weekday::Sun) => falls.plus_days(1),
            (Weekend::Never | Weekend::Nearest | Weekend::SundayOnly, _) => falls,
        };
        observed == day
    }
}

impl EarlyClose {
    fn shortens(&self, session: NyDate) -> bool {
        self.first <= session.year() && session.year() <= self.last && (self.holds)(session)
    }
}

impl Rule {
    fn day_in(&self, year: i32) -> NyDate {
        match *self {
            Self::Fixed(month, day) => date(year, month, day),
            Self::Nth(n, weekday, month) => {
                let first = date(year, month, 1);
                first.plus_days(days_until(first.weekday(), weekday) + 7 * (n as i32 - 1))
            }
            Self::Last(weekday, month) => {
                let last_week = date(year, month + 1, 1).plus_days(-7);
                last_week.plus_days(days_until(last_week.weekday(), weekday))
            }
            Self::GoodFriday => easter_sunday(year).plus_days(-2),
        }
    }
}

fn early_close(session: NyDate) -> Option<&'static str> {
    let by_rule = EARLY_CLOSES.iter().find(|rule| rule.shortens(session)).map(|rule| rule.name);
    by_rule.or_else(|| find(AD_HOC_EARLY_CLOSES, session))
}

/// Easter in the Gregorian calendar (the anonymous computus, valid for every year from 1583).
fn easter_sunday(year: i32) -> NyDate {
    let (golden, century, of_century) = (year % 19, year / 100, year % 100);
    let skipped_leaps = century - century / 4 - (century - (century + 8) / 25 + 1) / 3;
    let epact = (19 * golden + skipped_leaps + 15) % 30;
    let to_sunday = (32 + 2 * (century % 4) + 2 * (of_century / 4) - epact - of_century % 4) % 7;
    let correction = (golden + 11 * epact + 22 * to_sunday) / 451;
    let from_march = epact + to_sunday - 7 * correction + 114;
    date(year, (from_march / 31) as u32, (from_march % 31 + 1) as u32)
}

fn days_until(from: Weekday, to: Weekday) -> i32 {
    (to.num_days_from_monday() as i32 - from.num_days_from_monday() as i32).rem_euclid(7)
}

fn is(day: NyDate, month: u32, day_of_month: u32) -> bool {
    day.month() == month && day.day() == day_of_month
}

fn find(list: &[((i32, u32, u32), &'static str)], day: NyDate) -> Option<&'static str> {
    let wanted = (day.year(), day.month(), day.day());
    list.iter().find(|(date, _)| *date == wanted).map(|(_, reason)| *reason)
}

fn date(year: i32, month: u32, day: u32) -> NyDate {
    NyDate::new(year, month, day).expect("the rules name days that every year has")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_ad_hoc_entry_changes_what_the_rules_say() {
        let calendar = Calendar::nyse();
        for ((year, month, day), reason) in CLOSURES {
            let closed = date(*year, *month, *day);
            assert!(!closed.is_weekend() && !HOLIDAYS.iter().any(|h| h.observed_on(closed)), "{closed} {reason}");
            assert_eq!(calendar.closed_for(closed), Ok(Some(*reason)));
        }
        for ((year, month, day), reason) in AD_HOC_EARLY_CLOSES {
            let short = date(*year, *month, *day);
            assert!(!EARLY_CLOSES.iter().any(|rule| rule.shortens(short)), "{short} {reason}");
            assert_eq!(calendar.half_day_for(short), Ok(Some(*reason)));
        }
    }

    #[test]
    fn every_early_close_rule_is_used() {
        let sessions = Calendar::nyse().sessions(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31)).unwrap();
        for rule in EARLY_CLOSES {
            assert!(sessions.iter().any(|session| rule.shortens(session.date)), "{}", rule.name);
        }
    }
}
