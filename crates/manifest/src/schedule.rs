//! When a job runs: weekdays and one time of day in New York, `Mon..Fri 08:30`.
//!
//! Written for systemd with its time zone (`OnCalendar=Mon..Fri *-*-* 08:30:00 America/New_York`), so that the change
//! of daylight saving moves the instant and not the wall clock. Times between 01:00 and 03:00 are refused: once a year
//! systemd skips them (02:30 on 2026-03-08) and once it sees them twice.

use std::fmt;

use market::{NaiveTime, Weekday};

use crate::problem::{Code, Refusal};

/// The zone of every schedule.
pub(crate) const ZONE: &str = "America/New_York";

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// Weekdays, in the order of the week and each once, and a time of day in New York.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    weekdays: Vec<Weekday>,
    time: NaiveTime,
}

impl Schedule {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut words = text.split_ascii_whitespace();
        let (Some(days), Some(time), None) = (words.next(), words.next(), words.next()) else {
            return Err(malformed(format!("{text:?} is no schedule")));
        };
        let weekdays = parse_days(days)?;
        let time = parse_time(time)?;
        if (hour(1)..hour(3)).contains(&time) {
            let message = format!("{} is in the hours that a change of daylight saving skips or repeats", short(time));
            return Err(Refusal::new(Code::DstHour, message)
                .hint("systemd skipped 02:30 on 2026-03-08; choose a time before 01:00 or from 03:00 on"));
        }
        Ok(Self { weekdays, time })
    }

    /// The weekdays, Monday first.
    #[must_use]
    pub fn weekdays(&self) -> &[Weekday] {
        &self.weekdays
    }

    /// The time of day in New York.
    #[must_use]
    pub fn time(&self) -> NaiveTime {
        self.time
    }

    /// What systemd's `OnCalendar=` understands.
    #[must_use]
    pub fn on_calendar(&self) -> String {
        format!("{} *-*-* {} {ZONE}", self.days_text(), self.time.format("%H:%M:%S"))
    }

    fn days_text(&self) -> String {
        let mut runs: Vec<(Weekday, Weekday)> = Vec::new();
        for day in &self.weekdays {
            match runs.last_mut() {
                Some((_, last)) if last.num_days_from_monday() + 1 == day.num_days_from_monday() => *last = *day,
                Some(_) | None => runs.push((*day, *day)),
            }
        }
        let run = |(first, last): &(Weekday, Weekday)| {
            if first == last { first.to_string() } else { format!("{first}..{last}") }
        };
        runs.iter().map(run).collect::<Vec<_>>().join(",")
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.days_text(), short(self.time))
    }
}

fn parse_days(text: &str) -> Result<Vec<Weekday>, Refusal> {
    let mut wanted = [false; WEEK.len()];
    for part in text.split(',') {
        let (first, last) = part.split_once("..").unwrap_or((part, part));
        let (first, last) = (day_index(first)?, day_index(last)?);
        if first > last {
            return Err(malformed(format!("{part} runs backwards through the week")));
        }
        wanted[first..=last].fill(true);
    }
    Ok(WEEK.into_iter().zip(wanted).filter(|(_, wanted)| *wanted).map(|(day, _)| day).collect())
}

fn day_index(text: &str) -> Result<usize, Refusal> {
    WEEK.iter()
        .position(|day| day.to_string() == text)
        .ok_or_else(|| malformed(format!("{text:?} is no weekday; they are Mon Tue Wed Thu Fri Sat Sun")))
}

fn parse_time(text: &str) -> Result<NaiveTime, Refusal> {
    let refused = || malformed(format!("{text:?} is no time of day"));
    let parts: Vec<&str> = text.split(':').collect();
    let two_digits = |part: &&str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
    if !(2..=3).contains(&parts.len()) || !parts.iter().all(two_digits) {
        return Err(refused());
    }
    let numbers: Vec<u32> = parts.iter().filter_map(|part| part.parse().ok()).collect();
    NaiveTime::from_hms_opt(numbers[0], numbers[1], numbers.get(2).copied().unwrap_or(0)).ok_or_else(refused)
}

pub(crate) fn hour(hour: u32) -> NaiveTime {
    NaiveTime::from_hms_opt(hour, 0, 0).expect("a constant hour of the day")
}

pub(crate) fn short(time: NaiveTime) -> String {
    let text = time.format("%H:%M:%S").to_string();
    text.strip_suffix(":00").map(str::to_owned).unwrap_or(text)
}

fn malformed(message: String) -> Refusal {
    Refusal::bad_value(message).hint("write it like `Mon..Fri 08:30`, in New York time")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_reads() {
        for (text, expect) in [
            ("Mon..Fri 08:30", "Mon..Fri *-*-* 08:30:00 America/New_York"),
            ("Mon,Wed,Fri 16:15:30", "Mon,Wed,Fri *-*-* 16:15:30 America/New_York"),
            ("Fri,Mon..Wed 00:59", "Mon..Wed,Fri *-*-* 00:59:00 America/New_York"),
            ("Mon..Sun 03:00", "Mon..Sun *-*-* 03:00:00 America/New_York"),
            ("  Sat   10:00 ", "Sat *-*-* 10:00:00 America/New_York"),
            ("Mon,Mon..Tue,Tue 23:59", "Mon..Tue *-*-* 23:59:00 America/New_York"),
        ] {
            assert_eq!(Schedule::parse(text).unwrap().on_calendar(), expect, "{text}");
        }
    }

    #[test]
    fn what_is_no_schedule() {
        for text in [
            "",
            "08:30",
            "Mon..Fri",
            "Mon..Fri 8:30",
            "Mon..Fri 08:30 America/New_York",
            "Mon..Fri 24:00",
            "Mon..Fri 08:60",
            "Fri..Mon 08:30",
            "monday 08:30",
            "mon 08:30",
            "Mon..Fri *:0/30",
            "Mon.. 08:30",
            "Mon,,Tue 08:30",
            "*-*-* 08:30",
            "Mon..Fri 08:30:00:00",
            "Mon..Fri 0８:30",
        ] {
            assert_eq!(Schedule::parse(text).unwrap_err().code, Code::BadValue, "{text}");
        }
    }

    #[test]
    fn the_hours_of_the_change_are_refused() {
        for text in ["Sun 01:00", "Mon..Fri 01:30", "Sun 02:00", "Sun 02:30", "Mon..Sun 02:59:59"] {
            assert_eq!(Schedule::parse(text).unwrap_err().code, Code::DstHour, "{text}");
        }
    }
}
