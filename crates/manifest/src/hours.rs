//! Hours at which work is of use, in New York: what starts outside of them is warned of, whatever zone it was written in, and what
//! could be made up for outside of them is refused.

use market::{NaiveTime, TimeDelta};
use toml::Spanned;

use crate::{
    duration::Seconds,
    problem::{Code, Problems, Refusal},
    program::Task,
    schedule::Schedule,
};

/// When something may begin, both ends included, and why.
pub(crate) struct Hours {
    /// `HH:MM` in New York.
    windows: &'static [(&'static str, &'static str)],
    /// A run that was missed may begin until the end of this one, which may lie on the next day; `None` when it is the window.
    made_up: Option<(&'static str, &'static str)>,
    why: &'static str,
}

pub(crate) const OF_RESTART: Hours =
    Hours { windows: &[("04:00", "09:25")], made_up: None, why: "the service is to stand before the open at 09:30" };
pub(crate) const OF_SESSION: Hours =
    Hours { windows: &[("08:00", "09:30")], made_up: None, why: "the gate opens 90 minutes before the open at 09:30" };
const OF_SCAN: Hours =
    Hours { windows: &[("04:00", "09:15")], made_up: None, why: "the watchlist is for the open at 09:30" };
/// Its record is that of the session before, until the next begins.
const OF_END: Hours =
    Hours { windows: &[("16:05", "20:00")], made_up: Some(("16:05", "09:15")), why: "the session closes at 16:00" };
const OF_PREFLIGHT: Hours =
    Hours { windows: &[("04:00", "09:25")], made_up: None, why: "the session it permits opens at 09:30" };
const OF_FETCH: Hours = Hours {
    windows: &[("00:00", "09:15"), ("16:05", "23:59")],
    made_up: Some(("16:05", "09:15")),
    why: "the bars of a session are complete after its close at 16:00",
};
const OF_LOOK: Hours =
    Hours { windows: &[("04:00", "20:00")], made_up: None, why: "nothing happens outside of these hours" };

/// The hours of a job.
pub(crate) fn of_job(task: Task) -> Option<&'static Hours> {
    match task {
        Task::Scan => Some(&OF_SCAN),
        Task::EndOfDay => Some(&OF_END),
        Task::Preflight => Some(&OF_PREFLIGHT),
        Task::Fetch => Some(&OF_FETCH),
        Task::Status | Task::Reconcile => Some(&OF_LOOK),
        Task::Trade
        | Task::Session
        | Task::Stream
        | Task::TakeIntents
        | Task::WorkIntents
        | Task::ShowPages
        | Task::Gateway
        | Task::Drift => None,
    }
}

/// Warns of days without a session, and of hours at which the work comes too late or too early to be of use.
pub(crate) fn warn(schedule: &Spanned<Schedule>, hours: &Hours, problems: &mut Problems) {
    let mut tell = |message: String, hint: &str| {
        problems.warning(schedule.span(), Refusal::new(Code::OutsideSession, message).hint(hint));
    };
    let slots = schedule.get_ref();
    if slots.in_new_york().any(|(day, _)| day.num_days_from_monday() >= 5) {
        tell("the exchange has no sessions on weekends".to_owned(), "write Mon..Fri");
    }
    let is_odd = |at: &String| !hours.windows.iter().any(|(first, last)| *first <= at.as_str() && at.as_str() <= *last);
    let odd = slots.in_new_york().map(|(_, time)| time.format("%H:%M").to_string()).find(is_odd);
    if let Some(at) = odd {
        let windows: Vec<String> = hours.windows.iter().map(|(first, last)| format!("{first} to {last}")).collect();
        let elsewhere = slots.zone().name() != "America/New_York";
        let at = if elsewhere { format!("{at} in New York") } else { at };
        let there = if elsewhere { " in New York" } else { "" };
        let hint = format!("{}; choose {}{there}", hours.why, windows.join(" or "));
        tell(format!("{at} is a strange time for this job"), &hint);
    }
}

/// Whether a run of this schedule that was missed could be made up for when the work is of no use any more.
pub(crate) fn is_too_late(schedule: &Schedule, late: Seconds, hours: &Hours) -> bool {
    latest_start(schedule, late).is_some_and(|(_, latest)| !hours.is_made_up_at(latest))
}

/// Refuses a late start that reaches out of the hours.
pub(crate) fn check_late(schedule: &Schedule, late: &Spanned<Seconds>, hours: &Hours, problems: &mut Problems) {
    let Some((slot, latest)) = latest_start(schedule, *late.get_ref()) else { return };
    if hours.is_made_up_at(latest) {
        return;
    }
    let (_, last) = hours.made_up();
    let show = |time: NaiveTime| time.format("%H:%M");
    let room = (parse(last) - slot).num_minutes();
    let advice = match room {
        1.. if hours.is_made_up_at(slot) => format!("write `late_start = \"{room}m\"` or less"),
        _ => "remove the line".to_owned(),
    };
    let message = format!("a run made up for at {} in New York comes too late to be of use", show(latest));
    let hint = format!("{}, and the slot is {}: it may begin until {last}; {advice}", hours.why, show(slot));
    problems.error(late.span(), Refusal::new(Code::OutsideSession, message).hint(hint));
}

/// The slot and the last moment to make up for it, in New York; a schedule that cannot be told in it has no late start.
fn latest_start(schedule: &Schedule, late: Seconds) -> Option<(NaiveTime, NaiveTime)> {
    let slot = schedule.moved_to_new_york()?.time();
    Some((slot, slot.overflowing_add_signed(TimeDelta::seconds(i64::from(late.get()))).0))
}

impl Hours {
    fn made_up(&self) -> (&'static str, &'static str) {
        self.made_up.unwrap_or(self.windows[0])
    }

    fn is_made_up_at(&self, time: NaiveTime) -> bool {
        let (first, last) = self.made_up();
        let (first, last) = (parse(first), parse(last));
        if first <= last { (first..=last).contains(&time) } else { time >= first || time <= last }
    }
}

fn parse(time: &str) -> NaiveTime {
    NaiveTime::parse_from_str(time, "%H:%M").expect("a constant time of day")
}
