//! Time zones: the one a manifest's schedules are in, and New York's, which every session is in.
//!
//! Names and rules come with the program (IANA's database), not from the host. A zone knows its hours that a change of
//! daylight saving skips or repeats, and how far its clocks are from New York's, both looked up over the years
//! [`YEARS`]: daylight saving does not begin on the same day everywhere.

use std::{collections::BTreeSet, fmt, str::FromStr, sync::Arc};

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::{TZ_VARIANTS, Tz};

use crate::{
    nearest::nearest,
    problem::{Code, Refusal},
};

/// The years that a zone's habits are read off.
const YEARS: (i32, i32) = (2026, 2028);
/// Old names outside of these regions are in a package of their own on newer hosts (Debian 13: `tzdata-legacy`), and
/// systemd ignores a timer whose zone it does not find.
const REGIONS: [&str; 10] =
    ["Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific", "Arctic"];

/// A time zone with its habits.
#[derive(Clone, PartialEq, Eq)]
pub struct Zone {
    tz: Tz,
    habits: Arc<Habits>,
}

#[derive(Debug, PartialEq, Eq)]
struct Habits {
    /// Wall-clock times `[from, to)` that a change skips or repeats.
    unsure: Vec<(NaiveTime, NaiveTime)>,
    /// By how much New York's clocks are ahead of this zone's, on some day of the year.
    new_york_ahead: BTreeSet<TimeDelta>,
}

impl Zone {
    /// The zone of every session.
    #[must_use]
    pub fn new_york() -> Self {
        Self::of(Tz::America__New_York)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let region = text.split_once('/').map(|(region, _)| region);
        match Tz::from_str(text) {
            Ok(tz) if text == "UTC" || region.is_some_and(|region| REGIONS.contains(&region)) => Ok(Self::of(tz)),
            Ok(_) => {
                let message = format!("{text:?} is an old name of a time zone, which not every host has");
                Err(Refusal::bad_value(message).hint("write a region and a city, like America/Chicago, or UTC"))
            }
            Err(_) => {
                let refusal = Refusal::new(Code::BadValue, format!("there is no time zone {text:?}"));
                Err(match nearest(text, TZ_VARIANTS.iter().map(|tz| tz.name())) {
                    Some(meant) => refusal.hint(format!("did you mean {meant}?")),
                    None => refusal.hint("write a region and a city, like America/New_York, or UTC"),
                })
            }
        }
    }

    fn of(tz: Tz) -> Self {
        Self { tz, habits: Arc::new(Habits::of(tz)) }
    }

    /// The name, such as `America/New_York`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.tz.name()
    }

    /// The city, or `UTC`, as people say it.
    #[must_use]
    pub fn city(&self) -> String {
        self.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
    }

    /// The zone itself, to compute with.
    #[must_use]
    pub fn tz(&self) -> Tz {
        self.tz
    }

    /// Whether a change of daylight saving skips or repeats this wall-clock time.
    #[must_use]
    pub fn is_unsure(&self, time: NaiveTime) -> bool {
        self.habits.unsure.iter().any(|(from, to)| (*from..*to).contains(&time))
    }

    /// What New York's clocks may show when this zone's show that: one pair, or more where the two do not change on the
    /// same day.
    pub fn in_new_york(&self, day: Weekday, time: NaiveTime) -> impl Iterator<Item = (Weekday, NaiveTime)> + '_ {
        self.habits.new_york_ahead.iter().map(move |ahead| {
            let (shifted, past_midnight) = time.overflowing_add_signed(*ahead);
            let day = match past_midnight.signum() {
                1 => day.succ(),
                -1 => day.pred(),
                _ => day,
            };
            (day, shifted)
        })
    }

    /// By how much New York's clocks are ahead of this zone's, when that is the same on every day of the year.
    #[must_use]
    pub fn new_york_always_ahead(&self) -> Option<TimeDelta> {
        let ahead = &self.habits.new_york_ahead;
        ahead.first().copied().filter(|_| ahead.len() == 1)
    }
}

impl Habits {
    fn of(tz: Tz) -> Self {
        let new_york = Tz::America__New_York;
        let mut habits = Self { unsure: Vec::new(), new_york_ahead: BTreeSet::new() };
        let (mut day, end) = (first_of(YEARS.0), first_of(YEARS.1));
        while day < end {
            let next = day + TimeDelta::days(1);
            habits.new_york_ahead.insert(offset(new_york, day) - offset(tz, day));
            if offset(tz, day) != offset(tz, next) {
                habits.add_change(tz, day, next);
            }
            day = next;
        }
        habits.unsure.sort_unstable();
        habits.unsure.dedup();
        habits
    }

    /// The change between two instants, and the wall-clock times that it skips or repeats.
    fn add_change(&mut self, tz: Tz, mut before: NaiveDateTime, mut after: NaiveDateTime) {
        let (old, new) = (offset(tz, before), offset(tz, after));
        while after - before > TimeDelta::minutes(1) {
            let middle = before + (after - before) / 2;
            if offset(tz, middle) == old { before = middle } else { after = middle }
        }
        // Searched in seconds of a day by halves, the minute after the last of the old is the change.
        let change = after.and_utc().timestamp().div_euclid(60) * 60;
        let change = DateTime::from_timestamp(change, 0).map_or(after, |instant| instant.naive_utc());
        let (from, to) = ((change + old.min(new)).time(), (change + old.max(new)).time());
        if from < to {
            self.unsure.push((from, to));
        } else {
            // Over midnight: two pieces, of which the day's last moment belongs to the first.
            let last = NaiveTime::from_hms_nano_opt(23, 59, 59, 999_999_999).expect("a constant time of day");
            self.unsure.extend([(from, last), (NaiveTime::MIN, to)]);
        }
    }
}

fn offset(tz: Tz, utc: NaiveDateTime) -> TimeDelta {
    TimeDelta::seconds(i64::from(tz.offset_from_utc_datetime(&utc).fix().local_minus_utc()))
}

fn first_of(year: i32) -> NaiveDateTime {
    NaiveDate::from_ymd_opt(year, 1, 1)
        .map_or(DateTime::<Utc>::UNIX_EPOCH.naive_utc(), |day| day.and_time(NaiveTime::MIN))
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> NaiveTime {
        NaiveTime::parse_from_str(text, "%H:%M").unwrap()
    }

    #[test]
    fn names_that_every_host_has() {
        for text in ["America/New_York", "America/Chicago", "Europe/Berlin", "America/Indiana/Knox", "UTC"] {
            assert_eq!(Zone::parse(text).unwrap().name(), text);
        }
        for (text, hint) in [
            ("America/New_Yrok", "America/New_York"),
            ("Berlin", "a city"),
            ("US/Eastern", "a city"),
            ("EST5EDT", "a city"),
            ("Etc/GMT+5", "a city"),
            ("america/chicago", "America/Chicago"),
            ("", "a city"),
            ("../etc/passwd", "a city"),
        ] {
            let refusal = Zone::parse(text).unwrap_err();
            assert_eq!(refusal.code, Code::BadValue, "{text}");
            assert!(refusal.hint.as_deref().unwrap_or_default().contains(hint), "{text}: {refusal:?}");
        }
    }

    #[test]
    fn the_hours_of_a_change() {
        for (zone, unsure, sure) in [
            ("America/New_York", vec!["01:00", "01:59", "02:00", "02:59"], vec!["00:59", "03:00"]),
            ("America/Chicago", vec!["01:30", "02:30"], vec!["00:59", "03:00"]),
            ("Europe/London", vec!["01:00", "01:59"], vec!["00:59", "02:00"]),
            ("Europe/Berlin", vec!["02:00", "02:59"], vec!["01:59", "03:00"]),
            ("America/Santiago", vec!["23:30", "00:30"], vec!["22:59", "01:00"]),
            ("Australia/Lord_Howe", vec!["01:30", "02:29"], vec!["01:29", "02:30"]),
            ("America/Phoenix", vec![], vec!["01:30", "02:30"]),
            ("UTC", vec![], vec!["01:30", "02:30"]),
        ] {
            let zone = Zone::parse(zone).unwrap();
            assert!(unsure.iter().all(|text| zone.is_unsure(at(text))), "{zone}: {:?}", zone.habits);
            assert!(!sure.iter().any(|text| zone.is_unsure(at(text))), "{zone}: {:?}", zone.habits);
        }
    }

    #[test]
    fn new_york_as_seen_from_elsewhere() {
        let seen = |zone: &str, day, time| {
            let zone = Zone::parse(zone).unwrap();
            let pairs = zone.in_new_york(day, at(time)).map(|(day, time)| format!("{day} {}", time.format("%H:%M")));
            pairs.collect::<Vec<_>>().join(", ")
        };
        assert_eq!(seen("America/New_York", Weekday::Mon, "08:30"), "Mon 08:30");
        assert_eq!(seen("America/Chicago", Weekday::Mon, "08:30"), "Mon 09:30");
        assert_eq!(seen("Europe/Berlin", Weekday::Mon, "15:30"), "Mon 09:30, Mon 10:30");
        assert_eq!(seen("Asia/Tokyo", Weekday::Tue, "00:30"), "Mon 10:30, Mon 11:30");
        assert_eq!(seen("America/Los_Angeles", Weekday::Sun, "23:30"), "Mon 02:30");
        assert_eq!(Zone::parse("America/Chicago").unwrap().new_york_always_ahead(), Some(TimeDelta::hours(1)));
        assert_eq!(Zone::parse("Europe/Berlin").unwrap().new_york_always_ahead(), None);
    }
}
