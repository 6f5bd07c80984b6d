//! `OnCalendar=`: weekdays, a time of day and a zone. Only the forms that the manifest can express are read; any other is
//! an error, as is a schedule without a zone (it would depend on the host's). Source: systemd.time(7).

use market::{NaiveTime, NyDate, Timestamp, Weekday};
use thiserror::Error;

const DAYS: [(&str, Weekday); 7] = [
    ("Mon", Weekday::Mon),
    ("Tue", Weekday::Tue),
    ("Wed", Weekday::Wed),
    ("Thu", Weekday::Thu),
    ("Fri", Weekday::Fri),
    ("Sat", Weekday::Sat),
    ("Sun", Weekday::Sun),
];

/// The zones a schedule may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Zone {
    NewYork,
    Utc,
}

/// A recurring instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    days: Vec<Weekday>,
    time: NaiveTime,
    zone: Zone,
}

/// A schedule that the rehearsal cannot follow.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("schedule {text:?}: {problem}")]
pub struct ScheduleError {
    text: String,
    problem: &'static str,
}

impl Schedule {
    /// Reads `[WEEKDAYS] [*-*-*] HH:MM[:SS] ZONE`.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let refused = |problem| ScheduleError { text: text.to_owned(), problem };
        let mut words: Vec<&str> = text.split_whitespace().collect();
        let zone = match words.pop() {
            Some("America/New_York") => Zone::NewYork,
            Some("UTC") => Zone::Utc,
            Some(_) | None => return Err(refused("ends in no zone known here (America/New_York, UTC)")),
        };
        let time = words.pop().and_then(time_of_day).ok_or_else(|| refused("has no time of day HH:MM or HH:MM:SS"))?;
        if words.last() == Some(&"*-*-*") {
            words.pop();
        }
        let days = match words.as_slice() {
            [] => DAYS.iter().map(|(_, day)| *day).collect(),
            [days] => weekdays(days).ok_or_else(|| refused("has weekdays that are none"))?,
            _ => return Err(refused("has a form that is not rehearsed")),
        };
        Ok(Self { days, time, zone })
    }

    /// The first instant strictly after `after`; a time that a clock change skips does not happen on that day.
    pub fn next_after(&self, after: Timestamp) -> Timestamp {
        let first = after.ny_date().plus_days(-2);
        let happens = |day: NyDate| self.days.contains(&day.weekday()).then(|| self.on(day)).flatten();
        (0..30)
            .map(|days| first.plus_days(days))
            .filter_map(happens)
            .find(|instant| *instant > after)
            .expect("a weekday comes round within a month, whatever the clocks do")
    }

    fn on(&self, day: NyDate) -> Option<Timestamp> {
        match self.zone {
            Zone::NewYork => Some(day.at(self.time)).filter(|instant| instant.ny_time() == self.time),
            Zone::Utc => {
                let midnight = Timestamp::from_unix_seconds(i64::from(day.unix_days()) * 86_400);
                Some(midnight + self.time.signed_duration_since(NaiveTime::MIN))
            }
        }
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let parts: Vec<u32> =
        text.split(':').map(|part| part.parse().ok().filter(|_| part.len() == 2)).collect::<Option<_>>()?;
    match parts.as_slice() {
        [hour, minute] => NaiveTime::from_hms_opt(*hour, *minute, 0),
        [hour, minute, second] => NaiveTime::from_hms_opt(*hour, *minute, *second),
        _ => None,
    }
}

/// `Mon..Fri`, `Mon,Wed`, `Sat`; a range may not run over the end of the week.
fn weekdays(text: &str) -> Option<Vec<Weekday>> {
    let index = |name: &str| DAYS.iter().position(|(short, _)| *short == name);
    let mut days = Vec::new();
    for part in text.split(',') {
        let (from, to) = part.split_once("..").unwrap_or((part, part));
        let (from, to) = (index(from)?, index(to)?);
        if from > to {
            return None;
        }
        days.extend(DAYS[from..=to].iter().map(|(_, day)| *day));
    }
    Some(days)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn instants(schedule: &str, after: &str, count: usize) -> Vec<String> {
        let schedule = Schedule::parse(schedule).unwrap();
        let mut at: Timestamp = after.parse().unwrap();
        std::iter::repeat_with(|| {
            at = schedule.next_after(at);
            at.to_string()
        })
        .take(count)
        .collect()
    }

    #[test]
    fn weekdays_in_new_york_follow_daylight_saving() {
        assert_eq!(
            instants("Mon..Fri 08:30 America/New_York", "2026-10-30T12:29:59Z", 3),
            ["2026-10-30T12:30:00Z", "2026-11-02T13:30:00Z", "2026-11-03T13:30:00Z"]
        );
        assert_eq!(
            instants("Mon..Fri *-*-* 08:40:00 America/New_York", "2017-11-10T13:40:00Z", 1),
            ["2017-11-13T13:40:00Z"],
            "strictly after"
        );
    }

    #[test]
    fn a_skipped_hour_does_not_happen() {
        assert_eq!(instants("02:30 America/New_York", "2026-03-07T12:00:00Z", 1), ["2026-03-09T06:30:00Z"]);
    }

    #[test]
    fn utc_days_are_utc_days() {
        assert_eq!(
            instants("Mon,Wed..Thu 23:59 UTC", "2017-11-10T00:00:00Z", 3),
            ["2017-11-13T23:59:00Z", "2017-11-15T23:59:00Z", "2017-11-16T23:59:00Z"]
        );
    }

    #[test]
    fn other_forms_are_refused() {
        for text in [
            "",
            "daily",
            "Mon..Fri 08:30",
            "Mon..Fri 08:30 Europe/Berlin",
            "Fri..Mon 08:30 UTC",
            "*:0/30 America/New_York",
            "2017-11-10 08:30 UTC",
            "Mon Tue 08:30 UTC",
            "25:00 UTC",
            "8:30 UTC",
        ] {
            assert!(Schedule::parse(text).is_err(), "{text:?}");
        }
    }
}
