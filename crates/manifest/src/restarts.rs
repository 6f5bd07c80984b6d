//! Restarts of what places orders: what may start one, and until when.
//!
//! A restart ends the manager of what is held and starts it afresh through its gate, with its stops at the broker meanwhile. Meant,
//! that is harmless at any hour; by a job it happens before the open, once, and by the success of what it is to read and of
//! nothing else. Times are New York's.

use std::{collections::BTreeMap, ops::Range};

use market::{NaiveTime, Weekday};

use crate::{
    gate::Gate,
    hours,
    job::{Job, Work},
    name::Name,
    problem::{Code, Problems, Refusal},
    program::Task,
    schedule::Schedule,
    service::Service,
};

const DAY: u32 = 24 * 3600;
/// From the open to the close, in seconds of a day.
const SESSION: Range<u32> = 9 * 3600 + 30 * 60..16 * 3600;

/// Checks whatever restarts a service.
pub(crate) fn check(services: &BTreeMap<Name, Service>, jobs: &BTreeMap<Name, Job>, problems: &mut Problems) {
    let mut traders = BTreeMap::new();
    for (name, job) in jobs {
        let Work::Restart(restarted) = job.work() else { continue };
        match services.get(restarted.get_ref().as_str()).filter(|service| service.role().opens_positions()) {
            Some(service) => {
                traders.insert(name.as_str(), service);
                check_slots(job, service, problems);
            }
            None => job.warn_of_hours(&hours::OF_RESTART, problems),
        }
    }
    for job in jobs.values() {
        check_causes(job, &traders, problems);
    }
    for (name, takes) in until_restart(jobs, &traders) {
        check_end(&jobs[name], takes, problems);
    }
}

/// A restart's own schedule.
fn check_slots(job: &Job, service: &Service, problems: &mut Problems) {
    let Some(schedule) = job.schedule_spanned() else { return };
    let name = service.name();
    let refused = if schedule.get_ref().again().is_some() {
        Some(Refusal::new(Code::DisarmsGuardrail, format!("`{name}` would be restarted again and again")))
    } else {
        let slot = slots(schedule.get_ref()).find(|(day, at)| is_in_session(*day, *at, *at));
        slot.map(|(_, at)| {
            let message = format!("{} in New York is in the session, and this restarts `{name}`", clock(at));
            Refusal::new(Code::OutsideSession, message)
        })
    };
    match refused {
        Some(refusal) => {
            let hint = "each restart leaves what is held without its manager for a while: write one time before the open at 09:30, like \
                 `Mon..Fri 08:40 America/New_York`; within a session it is a decision of yours, `systemctl restart`";
            problems.error(schedule.span(), refusal.hint(hint));
        }
        None => job.warn_of_hours(&hours::OF_RESTART, problems),
    }
}

/// What restarts what places orders by its success: what writes the list or the preflight that it then reads.
fn check_causes(job: &Job, traders: &BTreeMap<&str, &Service>, problems: &mut Problems) {
    for next in job.on_success_spans() {
        let Some(service) = traders.get(next.get_ref().as_str()) else { continue };
        let gates = service.task().gates();
        let is_cause = match job.work() {
            Work::Run(run) if run.task() == Task::Scan => gates.contains(&Gate::Watchlist),
            Work::Run(run) if run.task() == Task::Preflight => {
                gates.contains(&Gate::Preflight) && run.serves() == Some(service.name().as_str())
            }
            Work::Run(_) => false,
            Work::Restart(_) => false,
        };
        if !is_cause {
            let message = format!("whenever `{}` succeeds it would restart `{}`", job.name(), service.name());
            let hint = format!(
                "an end-of-day job once started trading; only {} may: remove it here, and give `{}` a schedule before the open",
                allowed(gates),
                next.get_ref()
            );
            problems.error(next.span(), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
        }
    }
}

fn allowed(gates: &[Gate]) -> &'static str {
    match (gates.contains(&Gate::Watchlist), gates.contains(&Gate::Preflight)) {
        (true, _) => "the scan that writes its watchlist",
        (false, true) => "the preflight that serves it",
        (false, false) => "its own timer",
    }
}

/// The jobs with a schedule whose success leads to a restart, with the longest that may take, in seconds. Jobs that lead in a circle
/// lead nowhere here.
fn until_restart<'j>(jobs: &'j BTreeMap<Name, Job>, traders: &BTreeMap<&str, &Service>) -> Vec<(&'j str, u32)> {
    let mut causes: BTreeMap<&str, Vec<&Job>> = BTreeMap::new();
    let mut open: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, job) in jobs {
        open.insert(name.as_str(), job.on_success().filter(|next| jobs.contains_key(*next)).count());
        job.on_success().for_each(|next| causes.entry(next).or_default().push(job));
    }
    let mut takes: BTreeMap<&str, u32> = traders.keys().map(|name| (*name, 0)).collect();
    let mut ready: Vec<&str> = open.iter().filter(|(_, followers)| **followers == 0).map(|(name, _)| *name).collect();
    while let Some(name) = ready.pop() {
        let after = takes.get(name).copied();
        for cause in causes.get(name).into_iter().flatten() {
            let cause_name = cause.name().as_str();
            if let Some(after) = after {
                let longest = takes.entry(cause_name).or_default();
                *longest = (*longest).max(after.saturating_add(cause.timeout().get()));
            }
            let left = open.get_mut(cause_name).expect("every job was counted");
            *left -= 1;
            if *left == 0 {
                ready.push(cause_name);
            }
        }
    }
    let runs = |job: &&Job| matches!(job.work(), Work::Run(_)) && job.schedule().is_some();
    jobs.values().filter(runs).filter_map(|job| Some((job.name().as_str(), *takes.get(job.name().as_str())?))).collect()
}

/// What leads to a restart has led there before the open, started as late and taking as long as it may.
fn check_end(job: &Job, takes: u32, problems: &mut Problems) {
    let Some(schedule) = job.schedule_spanned() else { return };
    if job.is_too_late() {
        return;
    }
    let late = job.late_start().map_or(0, |late| late.get());
    let end = |at: u32| at.saturating_add(late).saturating_add(takes);
    let Some((_, at)) = slots(schedule.get_ref()).find(|(day, at)| is_in_session(*day, *at, end(*at))) else { return };
    let message = format!("the restart that follows could come as late as {} in New York", clock(end(at)));
    let room = SESSION.start.checked_sub(at.saturating_add(takes)).map_or(0, |room| room.saturating_sub(1) / 60);
    let advice = match (late, room) {
        (0, _) | (_, 0) => "let it begin earlier, or shorten its timeout".to_owned(),
        (_, room) => format!("write `late_start = \"{room}m\"` or less"),
    };
    let hint = format!(
        "it may begin until {}, and until the restart it may take {} minutes; the market opens at 09:30: {advice}",
        clock(at.saturating_add(late)),
        takes.div_ceil(60)
    );
    let span = job.late_start_span().filter(|_| room > 0).unwrap_or(schedule.span());
    problems.error(span, Refusal::new(Code::OutsideSession, message).hint(hint));
}

/// Weekdays and seconds of the day in New York.
fn slots(schedule: &Schedule) -> impl Iterator<Item = (Weekday, u32)> + '_ {
    schedule.in_new_york().map(|(day, time)| (day, seconds(time)))
}

fn seconds(time: NaiveTime) -> u32 {
    (time - NaiveTime::MIN).num_seconds().try_into().expect("a time of day is not negative")
}

/// Whether a session lies between two instants, counted in seconds from the midnight before that day.
fn is_in_session(day: Weekday, from: u32, until: u32) -> bool {
    let days = std::iter::successors(Some((day, 0)), |(day, midnight)| Some((day.succ(), midnight + DAY)));
    let mut days = days.take_while(|(_, midnight)| *midnight <= until);
    days.any(|(day, midnight)| {
        day.num_days_from_monday() < 5 && from < midnight + SESSION.end && until >= midnight + SESSION.start
    })
}

fn clock(seconds: u32) -> String {
    format!("{:02}:{:02}", seconds / 3600 % 24, seconds / 60 % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn between_two_instants() {
        let at = |hours: u32, minutes: u32| hours * 3600 + minutes * 60;
        for (day, from, until, expect) in [
            (Weekday::Mon, at(8, 40), at(8, 40), false),
            (Weekday::Mon, at(8, 40), at(9, 29), false),
            (Weekday::Mon, at(8, 40), at(9, 30), true),
            (Weekday::Mon, at(12, 0), at(12, 0), true),
            (Weekday::Mon, at(16, 0), at(16, 0), false),
            (Weekday::Mon, at(15, 59), at(23, 0), true),
            (Weekday::Mon, at(20, 0), at(24 + 9, 29), false),
            (Weekday::Mon, at(20, 0), at(24 + 9, 30), true),
            (Weekday::Fri, at(20, 0), at(24 + 12, 0), false),
            (Weekday::Sun, at(20, 0), at(24 + 12, 0), true),
            (Weekday::Sat, at(10, 0), at(12, 0), false),
        ] {
            assert_eq!(is_in_session(day, from, until), expect, "{day} {} {}", clock(from), clock(until));
        }
    }
}
