//! Hours at which work is of use, in New York: what starts outside of them is warned of, whatever zone it was written in.

use toml::Spanned;

use crate::{
    problem::{Code, Problems, Refusal},
    program::Task,
    schedule::Schedule,
};

/// When something may begin, both ends included, and why.
pub(crate) struct Hours {
    /// `HH:MM` in New York.
    windows: &'static [(&'static str, &'static str)],
    why: &'static str,
}

pub(crate) const OF_RESTART: Hours =
    Hours { windows: &[("04:00", "09:25")], why: "the service is to stand before the open at 09:30" };
pub(crate) const OF_SESSION: Hours =
    Hours { windows: &[("08:00", "09:30")], why: "the gate opens 90 minutes before the open at 09:30" };
const OF_SCAN: Hours = Hours { windows: &[("04:00", "09:15")], why: "the watchlist is for the open at 09:30" };
const OF_END: Hours = Hours { windows: &[("16:05", "20:00")], why: "the session closes at 16:00" };
const OF_PREFLIGHT: Hours = Hours { windows: &[("04:00", "09:25")], why: "the session it permits opens at 09:30" };
const OF_FETCH: Hours = Hours {
    windows: &[("00:00", "09:15"), ("16:05", "23:59")],
    why: "the bars of a session are complete after its close at 16:00",
};
const OF_LOOK: Hours = Hours { windows: &[("04:00", "20:00")], why: "nothing happens outside of these hours" };

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
