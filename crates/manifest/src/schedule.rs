//! When work begins: weekdays and a time of day, or times at even distances: `Mon..Fri 08:30`, `Mon..Fri 09:00..15:00/1h`.
//!
//! In the manifest's zone, or in the one that stands behind it. Written for systemd with that zone (`OnCalendar=Mon..Fri *-*-*
//! 08:30:00 America/New_York`), so that the change of daylight saving moves the instant and not the wall clock. Times that a
//! change skips or repeats are refused: systemd skipped 02:30 on 2026-03-08, and sees 01:30 twice. Both ends of a range count,
//! as in `Mon..Fri`. Source: systemd.time(7).

use std::fmt;

use chrono::Timelike;
use market::{NaiveTime, TimeDelta, Weekday};

use crate::{
    problem::{Code, Refusal},
    zone::Zone,
};

const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];
const HOUR: u32 = 60;

/// Weekdays, in the order of the week and each once, and times of day in a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    weekdays: Vec<Weekday>,
    first: NaiveTime,
    again: Option<Again>,
    zone: Zone,
}

/// How a schedule goes on after its first time of the day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Again {
    /// Minutes from one to the next: a part of an hour, or whole hours.
    pub minutes: u32,
    /// No later than this.
    pub last: NaiveTime,
}

impl Schedule {
    /// `zone` gives the zone by its name, and the manifest's own for `None`.
    pub(crate) fn parse(text: &str, zone: impl FnOnce(Option<&str>) -> Result<Zone, Refusal>) -> Result<Self, Refusal> {
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let (days, times, named) = match words[..] {
            [days, times] => (days, times, None),
            [days, times, zone] => (days, times, Some(zone)),
            _ => return Err(malformed(format!("{text:?} is no schedule"))),
        };
        let weekdays = parse_days(days)?;
        let (first, again) = parse_times(times)?;
        let schedule = Self { weekdays, first, again, zone: zone(named)? };
        let unsure = schedule.times().find(|time| schedule.zone.is_unsure(*time));
        match unsure {
            Some(time) => {
                let message =
                    format!("{} is in the hours that a change of daylight saving skips or repeats", short(time));
                let hint = "systemd skipped 02:30 on 2026-03-08; choose a time apart from them, or write UTC behind it";
                Err(Refusal::new(Code::DstHour, message).hint(hint))
            }
            None => Ok(schedule),
        }
    }

    /// The weekdays, Monday first.
    #[must_use]
    pub fn weekdays(&self) -> &[Weekday] {
        &self.weekdays
    }

    /// The first time of a day, in the schedule's zone.
    #[must_use]
    pub fn time(&self) -> NaiveTime {
        self.first
    }

    /// How it goes on after that, if it does.
    #[must_use]
    pub fn again(&self) -> Option<Again> {
        self.again
    }

    /// Every time of a day, in the schedule's zone, the earliest first.
    pub fn times(&self) -> impl Iterator<Item = NaiveTime> + '_ {
        let step = self.again.map_or(0, |again| again.minutes);
        let last = self.again.map_or(self.first, |again| again.last);
        std::iter::successors(Some(self.first), move |time| {
            let (next, past_midnight) = time.overflowing_add_signed(TimeDelta::minutes(i64::from(step)));
            (step > 0 && past_midnight == 0).then_some(next)
        })
        .take_while(move |time| *time <= last)
    }

    /// The zone that it is in.
    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Every weekday and time that New York's clocks may show when it begins.
    pub fn in_new_york(&self) -> impl Iterator<Item = (Weekday, NaiveTime)> + '_ {
        let slots = self.weekdays.iter().flat_map(|day| self.times().map(move |time| (*day, time)));
        slots.flat_map(|(day, time)| self.zone.in_new_york(day, time))
    }

    /// The same as wall-clock time in New York, for a schedule with one time a day in a zone that is always as far from New
    /// York.
    #[must_use]
    pub fn moved_to_new_york(&self) -> Option<Self> {
        self.zone.new_york_always_ahead().filter(|_| self.again.is_none())?;
        let days: Vec<Weekday> =
            self.weekdays.iter().flat_map(|day| self.zone.in_new_york(*day, self.first)).map(|(day, _)| day).collect();
        let (_, first) = self.zone.in_new_york(Weekday::Mon, self.first).next()?;
        let weekdays = WEEK.into_iter().filter(|day| days.contains(day)).collect();
        Some(Self { weekdays, first, again: None, zone: Zone::new_york() })
    }

    /// What systemd's `OnCalendar=` understands: one line, or more for a range that begins or ends within an hour.
    #[must_use]
    pub fn on_calendar(&self) -> Vec<String> {
        let line = |times: String| format!("{} *-*-* {times} {}", self.days_text(), self.zone);
        match self.again {
            None => vec![line(self.first.format("%H:%M:%S").to_string())],
            Some(again) => self.blocks(again).into_iter().map(line).collect(),
        }
    }

    /// Neighbouring hours with the same minutes, as `HH..HH:MM:00`.
    fn blocks(&self, again: Again) -> Vec<String> {
        let mut hours: Vec<(u32, Vec<u32>)> = Vec::new();
        for time in self.times() {
            match hours.last_mut() {
                Some((hour, minutes)) if *hour == time.hour() => minutes.push(time.minute()),
                Some(_) | None => hours.push((time.hour(), vec![time.minute()])),
            }
        }
        let mut blocks: Vec<(Vec<u32>, Vec<u32>)> = Vec::new();
        for (hour, minutes) in hours {
            match blocks.last_mut() {
                Some((same, of_block)) if *of_block == minutes => same.push(hour),
                Some(_) | None => blocks.push((vec![hour], minutes)),
            }
        }
        blocks
            .iter()
            .map(|(hours, minutes)| format!("{}:{}:00", hours_text(hours), minutes_text(minutes, again)))
            .collect()
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
        write!(f, "{} {}", self.days_text(), short(self.first))?;
        match self.again {
            Some(Again { minutes, last }) if minutes % HOUR == 0 => write!(f, "..{}/{}h", short(last), minutes / HOUR),
            Some(Again { minutes, last }) => write!(f, "..{}/{minutes}m", short(last)),
            None => Ok(()),
        }
    }
}

fn hours_text(hours: &[u32]) -> String {
    let texts: Vec<String> = hours.iter().map(|hour| format!("{hour:02}")).collect();
    match (&texts[..], hours) {
        ([first, .., last], [from, .., to]) if (to - from) as usize + 1 == hours.len() => format!("{first}..{last}"),
        _ => texts.join(","),
    }
}

/// `30/5` when it goes on to the end of the hour.
fn minutes_text(minutes: &[u32], again: Again) -> String {
    match minutes {
        [first, .., last] if last + again.minutes >= HOUR => format!("{first:02}/{}", again.minutes),
        _ => minutes.iter().map(|minute| format!("{minute:02}")).collect::<Vec<_>>().join(","),
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

/// `08:30`, `08:30..15:00/5m`, or systemd's own `09..15:00` for the same minute of several hours.
fn parse_times(text: &str) -> Result<(NaiveTime, Option<Again>), Refusal> {
    let Some((first, rest)) = text.split_once("..") else { return Ok((parse_time(text)?, None)) };
    if let (2, None) = (first.len(), rest.split_once('/')) {
        let last = parse_time(rest)?;
        let first = parse_time(&format!("{first}:{}", last.format("%M:%S")))?;
        return again(text, first, last, HOUR);
    }
    let Some((last, step)) = rest.split_once('/') else {
        return Err(malformed(format!("{text} does not say how often")));
    };
    again(text, parse_time(first)?, parse_time(last)?, parse_step(step)?)
}

fn again(text: &str, first: NaiveTime, last: NaiveTime, minutes: u32) -> Result<(NaiveTime, Option<Again>), Refusal> {
    if first.second() != 0 || last.second() != 0 {
        return Err(malformed(format!("{text} repeats at whole minutes only")));
    }
    if first >= last {
        return Err(malformed(format!("{text} ends before it goes on")));
    }
    Ok((first, Some(Again { minutes, last })))
}

fn parse_step(text: &str) -> Result<u32, Refusal> {
    let refused = || {
        Refusal::bad_value(format!("{text:?} is no distance between times"))
            .hint("write a part of an hour or whole hours: 1m 2m 3m 4m 5m 6m 10m 12m 15m 20m 30m, 1h to 12h")
    };
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(refused)?;
    if digits.is_empty() || digits.len() > 2 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(refused());
    }
    let number: u32 = digits.parse().map_err(|_| refused())?;
    match unit {
        "m" if (1..HOUR).contains(&number) && HOUR.is_multiple_of(number) => Ok(number),
        "h" if (1..=12).contains(&number) => Ok(number * HOUR),
        _ => Err(refused()),
    }
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

fn short(time: NaiveTime) -> String {
    let text = time.format("%H:%M:%S").to_string();
    text.strip_suffix(":00").map(str::to_owned).unwrap_or(text)
}

fn malformed(message: String) -> Refusal {
    Refusal::bad_value(message).hint("write it like `Mon..Fri 08:30` or `Mon..Fri 09:30..16:00/5m`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Schedule, Refusal> {
        Schedule::parse(text, |zone| Zone::parse(zone.unwrap_or("America/New_York")))
    }

    #[test]
    fn what_systemd_reads() {
        for (text, expect) in [
            ("Mon..Fri 08:30", "Mon..Fri *-*-* 08:30:00 America/New_York"),
            ("Mon,Wed,Fri 16:15:30", "Mon,Wed,Fri *-*-* 16:15:30 America/New_York"),
            ("Fri,Mon..Wed 00:59", "Mon..Wed,Fri *-*-* 00:59:00 America/New_York"),
            ("Mon..Sun 03:00", "Mon..Sun *-*-* 03:00:00 America/New_York"),
            ("  Sat   10:00 ", "Sat *-*-* 10:00:00 America/New_York"),
            ("Mon,Mon..Tue,Tue 23:59", "Mon..Tue *-*-* 23:59:00 America/New_York"),
            ("Fri 16:30 America/Chicago", "Fri *-*-* 16:30:00 America/Chicago"),
            ("Mon..Fri 02:30 UTC", "Mon..Fri *-*-* 02:30:00 UTC"),
        ] {
            assert_eq!(parse(text).unwrap().on_calendar(), [expect], "{text}");
        }
    }

    #[test]
    fn what_systemd_reads_of_times_that_repeat() {
        for (text, shown, expect, count) in [
            ("Mon..Fri 09..15:00", "09:00..15:00/1h", vec!["09..15:00:00"], 7),
            ("Mon..Fri 09:30..15:30/1h", "09:30..15:30/1h", vec!["09..15:30:00"], 7),
            ("Mon..Fri 08:00..16:00/2h", "08:00..16:00/2h", vec!["08,10,12,14,16:00:00"], 5),
            ("Mon..Fri 08:30..15:00/5m", "08:30..15:00/5m", vec!["08:30/5:00", "09..14:00/5:00", "15:00:00"], 79),
            ("Mon..Fri 09:00..10:20/10m", "09:00..10:20/10m", vec!["09:00/10:00", "10:00,10,20:00"], 9),
            ("Mon..Fri 09:02..09:58/30m", "09:02..09:58/30m", vec!["09:02/30:00"], 2),
            ("Mon..Fri 09:45..11:00/30m", "09:45..11:00/30m", vec!["09:45:00", "10:15/30:00"], 3),
            ("Mon..Fri 03:00..23:59/1m", "03:00..23:59/1m", vec!["03..23:00/1:00"], 21 * 60),
        ] {
            let schedule = parse(text).unwrap();
            assert_eq!(schedule.to_string(), format!("Mon..Fri {shown}"));
            let expect: Vec<String> =
                expect.iter().map(|times| format!("Mon..Fri *-*-* {times} America/New_York")).collect();
            assert_eq!(schedule.on_calendar(), expect, "{text}");
            assert_eq!(schedule.times().count(), count, "{text}");
        }
    }

    #[test]
    fn what_is_no_schedule() {
        for text in [
            "",
            "08:30",
            "Mon..Fri",
            "Mon..Fri 8:30",
            "Mon..Fri 08:30 America/New_Yrok",
            "Mon..Fri 08:30 UTC UTC",
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
            "Mon..Fri 08:30..15:00",
            "Mon..Fri 08:30..15:00/7m",
            "Mon..Fri 08:30..15:00/60m",
            "Mon..Fri 08:30..15:00/0m",
            "Mon..Fri 08:30..15:00/5",
            "Mon..Fri 08:30..15:00/",
            "Mon..Fri 08:30..15:00/€",
            "Mon..Fri 15:00..08:30/5m",
            "Mon..Fri 09:30..09:30/5m",
            "Mon..Fri 09:30:10..10:30/5m",
            "Mon..Fri 9..15:00",
            "Mon..Fri 15..09:00",
        ] {
            assert_eq!(parse(text).unwrap_err().code, Code::BadValue, "{text}");
        }
    }

    #[test]
    fn the_hours_of_the_change_are_refused() {
        for text in [
            "Sun 01:00",
            "Mon..Fri 01:30",
            "Sun 02:00",
            "Sun 02:30",
            "Mon..Sun 02:59:59",
            "Mon..Fri 00:30..04:30/1h",
            "Mon..Fri 02:30 Europe/Berlin",
            "Mon..Fri 01:30 Europe/London",
        ] {
            assert_eq!(parse(text).unwrap_err().code, Code::DstHour, "{text}");
        }
        assert!(parse("Mon..Fri 01:30 Europe/Berlin").is_ok(), "Berlin changes its clocks an hour later");
    }

    #[test]
    fn a_slot_elsewhere_is_a_slot_of_new_york() {
        for (text, expect) in [
            ("Mon..Fri 07:30 America/Chicago", Some("Mon..Fri 08:30")),
            ("Mon..Fri 23:30 America/Chicago", Some("Tue..Sat 00:30")),
            ("Sun 23:30 America/Los_Angeles", None),
            ("Mon..Fri 08:30", Some("Mon..Fri 08:30")),
            ("Mon..Fri 14:30 Europe/Berlin", None),
            ("Mon..Fri 09:00..15:00/1h America/Chicago", None),
        ] {
            let moved = parse(text).unwrap().moved_to_new_york().map(|schedule| schedule.to_string());
            if text.starts_with("Sun") {
                assert_eq!(moved.as_deref(), Some("Mon 02:30"), "{text}");
            } else {
                assert_eq!(moved.as_deref(), expect, "{text}");
            }
        }
    }
}
