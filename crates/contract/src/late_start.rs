//! Whether a run that its timer missed may still be made up for.
//!
//! systemd catches up on a missed slot the instant the timer starts: at boot, at a deploy, whatever the hour. A run that is
//! too late is refused, and its job fails where people see it. Only the slot decides, in New York and by the schedule: not
//! whether its day has a session, for a scan on a holiday or a weekend makes the list of the next session, as it should.
//!
//! A start by hand is no run of a slot and is never late. systemd says when a timer fired (`$TRIGGER_TIMER_REALTIME_USEC`),
//! but says it of every later start too (measured on 252 and 257): a start is the timer's while that is [`TRIGGERED`] ago.

use std::{fmt, str::FromStr};

use market::{NaiveTime, TimeDelta, Timestamp, Weekday};
use serde_json::json;

/// How long after its timer fired a start is the timer's; systemd starts a unit at once, a boot may take its time.
pub const TRIGGERED: TimeDelta = TimeDelta::minutes(5);
/// How far a clock that was set back meanwhile may stand before the slot that it is the run of.
const BEFORE_SLOT: TimeDelta = TimeDelta::minutes(1);
/// Every weekday comes round within this many days.
const WEEK_DAYS: i32 = 7;

/// When a job is to run: weekdays and a time of day in New York.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slots {
    weekdays: Vec<Weekday>,
    time: NaiveTime,
}

/// What a start is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Somebody's own, or another job's: no timer fired just now.
    ByHand,
    /// The run of this slot.
    InTime {
        /// The slot.
        slot: Timestamp,
        /// How much later it is now.
        late: TimeDelta,
    },
    /// The run of this slot, and too late.
    Late {
        /// The slot.
        slot: Timestamp,
        /// How much later it is now.
        late: TimeDelta,
        /// How late it may be.
        at_most: TimeDelta,
    },
}

impl Slots {
    /// Reads weekdays such as `Mon,Tue,Fri` and a time such as `08:30:00`.
    ///
    /// # Errors
    /// Says what cannot be read.
    pub fn parse(weekdays: &str, time: &str) -> Result<Self, String> {
        let day = |text: &str| Weekday::from_str(text).map_err(|_| format!("{text:?} is no weekday"));
        let weekdays = weekdays.split(',').map(day).collect::<Result<Vec<_>, _>>()?;
        let time = NaiveTime::parse_from_str(time, "%H:%M:%S").map_err(|_| format!("{time:?} is no time of day"))?;
        Ok(Self { weekdays, time })
    }

    /// The last slot that has come.
    fn last(&self, now: Timestamp) -> Timestamp {
        let today = (now + BEFORE_SLOT).ny_date();
        let slots = (0..=WEEK_DAYS).map(|days| today.plus_days(-days));
        let mut past = slots
            .filter(|day| self.weekdays.contains(&day.weekday()))
            .map(|day| day.at(self.time))
            .filter(|slot| *slot <= now + BEFORE_SLOT);
        past.next().expect("every weekday came within the last seven days")
    }
}

/// Judges a start at `now`; `fired` is when systemd says that a timer started the unit, if it ever did.
#[must_use]
pub fn judge(now: Timestamp, fired: Option<Timestamp>, slots: &Slots, at_most: TimeDelta) -> Start {
    // A timer that fired in the future is a clock that was set back: nobody knows, so it is judged.
    if fired.is_none_or(|fired| now.since(fired) > TRIGGERED) {
        return Start::ByHand;
    }
    let slot = slots.last(now);
    let late = now.since(slot).max(TimeDelta::zero());
    if late > at_most { Start::Late { slot, late, at_most } } else { Start::InTime { slot, late } }
}

impl Start {
    /// Whether the run is to be.
    #[must_use]
    pub fn may_run(self) -> bool {
        match self {
            Self::ByHand | Self::InTime { .. } => true,
            Self::Late { .. } => false,
        }
    }

    /// One line for machines.
    #[must_use]
    pub fn to_json(self) -> String {
        let (word, slot, late, at_most) = match self {
            Self::ByHand => ("by_hand", None, None, None),
            Self::InTime { slot, late } => ("in_time", Some(slot), Some(late), None),
            Self::Late { slot, late, at_most } => ("late", Some(slot), Some(late), Some(at_most)),
        };
        let seconds = |span: Option<TimeDelta>| span.map(|span| span.num_seconds());
        let (late_s, late_max_s) = (seconds(late), seconds(at_most));
        json!({ "schema": 1, "gate": "late-start", "start": word, "slot": slot, "late_s": late_s, "late_max_s": late_max_s })
            .to_string()
    }
}

/// The line for people.
impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |slot: &Timestamp| format!("{} of {}", slot.ny_time().format("%H:%M"), slot.ny_date());
        match self {
            Self::ByHand => f.write_str("started by hand, not by its timer: no slot to be late for"),
            Self::InTime { slot, late } => write!(f, "in time: the run of {} is {} late", of(slot), Span(*late)),
            Self::Late { slot, late, at_most } => {
                write!(f, "late: the run of {} is {} late, at most {}", of(slot), Span(*late), Span(*at_most))
            }
        }
    }
}

/// A span as people say it.
struct Span(TimeDelta);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, minutes, hours) = (self.0.num_seconds(), self.0.num_minutes(), self.0.num_hours());
        match (hours, minutes) {
            (0, 0) => write!(f, "{seconds} s"),
            (0, _) => write!(f, "{minutes} min"),
            (_, _) if minutes % 60 == 0 => write!(f, "{hours} h"),
            (_, _) => write!(f, "{hours} h {} min", minutes % 60),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKDAYS: &str = "Mon,Tue,Wed,Thu,Fri";

    fn judged(now: &str, fired_before_s: i64) -> String {
        let now: Timestamp = now.parse().unwrap();
        let slots = Slots::parse(WORKDAYS, "08:30:00").unwrap();
        judge(now, Some(now - TimeDelta::seconds(fired_before_s)), &slots, TimeDelta::minutes(90)).to_string()
    }

    #[test]
    fn a_run_is_judged_by_the_slot_it_missed() {
        for (now, expect) in [
            // Friday: on the slot, at the last minute, past it.
            ("2017-11-10T08:30:00-05:00", "in time: the run of 08:30 of 2017-11-10 is 0 s late"),
            ("2017-11-10T08:30:01-05:00", "in time: the run of 08:30 of 2017-11-10 is 1 s late"),
            ("2017-11-10T10:00:00-05:00", "in time: the run of 08:30 of 2017-11-10 is 1 h 30 min late"),
            (
                "2017-11-10T10:00:01-05:00",
                "late: the run of 08:30 of 2017-11-10 is 1 h 30 min late, at most 1 h 30 min",
            ),
            (
                "2017-11-10T11:40:00-05:00",
                "late: the run of 08:30 of 2017-11-10 is 3 h 10 min late, at most 1 h 30 min",
            ),
            // A moment before its own slot, as when the clock was set back since.
            ("2017-11-10T08:29:59-05:00", "in time: the run of 08:30 of 2017-11-10 is 0 s late"),
            (
                "2017-11-10T08:28:00-05:00",
                "late: the run of 08:30 of 2017-11-09 is 23 h 58 min late, at most 1 h 30 min",
            ),
            // A boot at the weekend, and on Monday morning before the slot.
            (
                "2017-11-11T09:00:00-05:00",
                "late: the run of 08:30 of 2017-11-10 is 24 h 30 min late, at most 1 h 30 min",
            ),
            (
                "2017-11-13T08:00:00-05:00",
                "late: the run of 08:30 of 2017-11-10 is 71 h 30 min late, at most 1 h 30 min",
            ),
            // A holiday has its slot like any other day: the list is for the next session.
            ("2017-11-23T09:00:00-05:00", "in time: the run of 08:30 of 2017-11-23 is 30 min late"),
            // Both changes of daylight saving, on a Sunday: the slot is 08:30 on the wall.
            ("2017-03-13T09:00:00-04:00", "in time: the run of 08:30 of 2017-03-13 is 30 min late"),
            ("2017-11-06T09:00:00-05:00", "in time: the run of 08:30 of 2017-11-06 is 30 min late"),
            (
                "2017-03-12T12:00:00-04:00",
                "late: the run of 08:30 of 2017-03-10 is 50 h 30 min late, at most 1 h 30 min",
            ),
        ] {
            assert_eq!(judged(now, 0), expect, "{now}");
        }
    }

    #[test]
    fn a_start_by_hand_is_never_late() {
        let noon = "2017-11-10T12:00:00-05:00";
        for (fired_before_s, by_hand) in [(0, false), (300, false), (301, true), (12_600, true), (-3600, false)] {
            assert_eq!(judged(noon, fired_before_s).starts_with("started by hand"), by_hand, "{fired_before_s}");
        }
        let slots = Slots::parse(WORKDAYS, "08:30:00").unwrap();
        assert_eq!(judge(noon.parse().unwrap(), None, &slots, TimeDelta::minutes(90)), Start::ByHand);
    }

    #[test]
    fn a_day_of_the_week_comes_round() {
        let slots = Slots::parse("Sat", "10:00:00").unwrap();
        let friday = "2017-11-10T12:00:00-05:00".parse().unwrap();
        let Start::Late { slot, .. } = judge(friday, Some(friday), &slots, TimeDelta::minutes(1)) else { panic!() };
        assert_eq!(slot.ny_date().to_string(), "2017-11-04");
        let before_ten = "2017-11-11T09:00:00-05:00".parse().unwrap();
        let Start::Late { slot, .. } = judge(before_ten, Some(before_ten), &slots, TimeDelta::minutes(1)) else {
            panic!()
        };
        assert_eq!(slot.ny_date().to_string(), "2017-11-04", "a whole week ago");
    }

    #[test]
    fn what_is_no_schedule() {
        for (weekdays, time) in
            [("", "08:30:00"), ("Mon,", "08:30:00"), ("Mun", "08:30:00"), ("Mon", "8.30"), ("Mon", "24:00:00")]
        {
            assert!(Slots::parse(weekdays, time).is_err(), "{weekdays} {time}");
        }
    }
}
