//! The days of what places orders: on each it needs what its gates wait for, and then somebody who starts it afresh.
//!
//! A list or preflight that comes after the start permits nothing, and one without a start is read by nobody. Weekdays are New
//! York's. Times of one zone are compared as they are written; those of two as New York's clocks may show them at worst.

use std::collections::{BTreeMap, BTreeSet};

use market::{NaiveTime, TimeDelta, Weekday};
use toml::Spanned;

use crate::{
    gate::Gate,
    job::{Job, Work},
    name::Name,
    problem::{Code, Problems, Refusal},
    program::Task,
    schedule::Schedule,
    service::Service,
    zone::Zone,
};

/// The days on which the exchange may have a session.
const SESSIONS: [Weekday; 5] = [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri];

/// Checks that a service which may open positions can do so on each of its days. Every job was read.
pub(crate) fn check<'m>(service: &'m Service, jobs: &'m BTreeMap<Name, Job>, problems: &mut Problems) {
    let mut causes: BTreeMap<&'m str, Vec<&'m Job>> = BTreeMap::new();
    for job in jobs.values() {
        job.on_success().for_each(|next| causes.entry(next).or_default().push(job));
    }
    let day = Day { service, jobs, causes };
    let name = service.name();
    let mut never = |message: String, hint: String| {
        problems.error(service.name_span(), Refusal::new(Code::NeverRuns, message).hint(hint));
    };
    let has_list = day.runs(Task::Scan).next().is_some();
    if service.task().gates().contains(&Gate::Watchlist) && !has_list {
        let hint = "its gate would refuse every day; add a job that runs `scanner scan`";
        never(format!("no job writes the watchlist that `{name}` waits for"), hint.to_owned());
    }
    if service.task().gates().contains(&Gate::Preflight) && day.runs(Task::Preflight).next().is_none() {
        let hint = "its gate would refuse every day; add a job that runs `session preflight`";
        never(format!("no job makes the preflight that `{name}` waits for"), hint.to_owned());
    }
    let scheduled_restart = day.restarts().any(Job::has_schedule);
    if !service.task().ends_with_session() && !scheduled_restart {
        let hint = format!(
            "a service that a gate ended yesterday stays down; add a job with `restart = \"{name}\"` and a schedule"
        );
        never(format!("no job with a schedule restarts `{name}`"), hint);
    }
    if day.runs(Task::EndOfDay).next().is_none() {
        let message = format!("nobody looks at the end of the day whether what `{name}` holds has its stop");
        let hint = format!(
            "add a job with `program = \"desk\"`, `args = [\"eod\"]`, `serves = \"{name}\"` and `schedule = \"Mon..Fri 16:15 \
             America/New_York\"`"
        );
        problems.warning(service.name_span(), Refusal::new(Code::MissingGuardrail, message).hint(hint));
    }
    // A schedule that was refused is not known, and neither are its days.
    if jobs.values().any(|job| job.has_schedule() && job.schedule().is_none()) {
        return;
    }
    if service.task().ends_with_session() {
        day.check_preflights(problems);
    } else if scheduled_restart {
        day.check_starts(has_list, problems);
    }
}

struct Day<'m> {
    service: &'m Service,
    jobs: &'m BTreeMap<Name, Job>,
    /// Whose success starts a job.
    causes: BTreeMap<&'m str, Vec<&'m Job>>,
}

impl<'m> Day<'m> {
    fn runs(&self, task: Task) -> impl Iterator<Item = &'m Job> + use<'m> {
        self.jobs.values().filter(move |job| match job.work() {
            Work::Run(run) => run.task() == task,
            Work::Restart(_) => false,
        })
    }

    fn restarts(&self) -> impl Iterator<Item = &'m Job> + use<'m> {
        let name = self.service.name().as_str();
        self.jobs.values().filter(move |job| match job.work() {
            Work::Restart(restarted) => restarted.get_ref() == name,
            Work::Run(_) => false,
        })
    }

    /// When a job begins: by its own schedule, or by that of what its start follows on.
    fn begins(&self, job: &'m Job) -> Vec<&'m Spanned<Schedule>> {
        let (mut found, mut met, mut open) = (Vec::new(), BTreeSet::new(), vec![job]);
        while let Some(job) = open.pop() {
            if met.insert(job.name()) {
                found.extend(job.schedule_spanned());
                open.extend(self.causes.get(job.name().as_str()).into_iter().flatten().copied());
            }
        }
        found
    }

    /// Of a service that runs on from day to day: on each day a list, where it reads one, and a start with it or after it.
    fn check_starts(&self, reads_list: bool, problems: &mut Problems) {
        let name = self.service.name();
        let restarts: Vec<&Spanned<Schedule>> = self.restarts().filter_map(Job::schedule_spanned).collect();
        let restarted: BTreeSet<&str> = self.restarts().map(|job| job.name().as_str()).collect();
        let scans = if reads_list { self.runs(Task::Scan).collect() } else { Vec::new() };
        let slots: Vec<(&Job, &Spanned<Schedule>)> =
            scans.iter().flat_map(|scan| self.begins(scan).into_iter().map(|slot| (*scan, slot))).collect();
        let missing = |is_fine: &dyn Fn(Weekday) -> bool| -> Vec<String> {
            SESSIONS.into_iter().filter(|day| !is_fine(*day)).map(|day| day.to_string()).collect()
        };
        let without_list = missing(&|day| !reads_list || slots.iter().any(|(_, slot)| has(slot, day)));
        if let Some((_, slot)) = slots.first().filter(|_| !without_list.is_empty()) {
            let message = format!("`{name}` finds no watchlist on {}", without_list.join(", "));
            let hint =
                "its gate would refuse on these days; let a scan run on each day with a session, like `Mon..Fri 08:30`";
            problems.error(slot.span(), Refusal::new(Code::NeverRuns, message).hint(hint));
        }
        let starts_on = |day: Weekday| {
            if !reads_list {
                return restarts.iter().any(|restart| has(restart, day));
            }
            // A day without a list is told already.
            let mut of_day = slots.iter().filter(|(_, slot)| has(slot, day)).peekable();
            of_day.peek().is_none()
                || of_day.any(|(scan, slot)| {
                    scan.on_success().any(|next| restarted.contains(next))
                        || restarts.iter().any(|restart| {
                            has(restart, day) && is_before(first(slot.get_ref()), 0, last(restart.get_ref()))
                        })
                })
        };
        let without_start = missing(&starts_on);
        if let Some(restart) = restarts.first().filter(|_| !without_start.is_empty()) {
            let (message, hint) = if reads_list {
                (
                    format!("nobody starts `{name}` with the watchlist of {}", without_start.join(", ")),
                    "a list is read by what starts after it: let the restart come after the scan, on the same days, and name it in \
                     on_success of the scan",
                )
            } else {
                (
                    format!("nobody starts `{name}` on {}", without_start.join(", ")),
                    "what a gate ended yesterday stays down; let the restart come on each day with a session, like `Mon..Fri 08:40`",
                )
            };
            problems.error(restart.span(), Refusal::new(Code::NeverRuns, message).hint(hint));
        }
    }

    /// Of a service with a session of its own: on each of its days a preflight that has begun before it, however late.
    fn check_preflights(&self, problems: &mut Problems) {
        let Some(session) = self.service.schedule_spanned() else { return };
        let (name, starts) = (self.service.name(), first(session.get_ref()));
        let preflights: Vec<&Job> = self.runs(Task::Preflight).collect();
        let begins: Vec<&Spanned<Schedule>> = preflights.iter().flat_map(|job| self.begins(job)).collect();
        for begin in begins.iter().filter(|begin| !is_before(last(begin.get_ref()), 0, starts)) {
            let message = format!("the preflight does not come before `{name}`");
            let hint = "the gate would not find today's; let it begin, and end, before the session does";
            problems.error(begin.span(), Refusal::new(Code::NeverRuns, message).hint(hint));
        }
        for job in &preflights {
            let (Some(begin), Some(late), Some(span)) = (job.schedule(), job.late_start(), job.late_start_span())
            else {
                continue;
            };
            if is_before(last(begin), 0, starts) && !is_before(last(begin), late.get(), starts) {
                let message = format!("a preflight that is made up for so late comes after the start of `{name}`");
                let hint =
                    "the gate asks at that start, and nobody starts it again; write less, so that it can end before";
                problems.error(span, Refusal::new(Code::NeverRuns, message).hint(hint));
            }
        }
        let days: BTreeSet<u32> =
            session.get_ref().in_new_york().map(|(day, _)| day.num_days_from_monday()).filter(|day| *day < 5).collect();
        let without = SESSIONS
            .into_iter()
            .filter(|day| days.contains(&day.num_days_from_monday()) && !begins.iter().any(|begin| has(begin, *day)));
        let without: Vec<String> = without.map(|day| day.to_string()).collect();
        if let Some(begin) = begins.first().filter(|_| !without.is_empty()) {
            let message = format!("`{name}` finds no preflight on {}", without.join(", "));
            let hint = "its gate would refuse on these days; let the preflight run on each day of the session";
            problems.error(begin.span(), Refusal::new(Code::NeverRuns, message).hint(hint));
        }
    }
}

fn has(schedule: &Spanned<Schedule>, day: Weekday) -> bool {
    schedule.get_ref().in_new_york().any(|(its, _)| its == day)
}

/// A time of day where it was written.
type Time<'z> = (NaiveTime, &'z Zone);

fn first(schedule: &Schedule) -> Time<'_> {
    (schedule.time(), schedule.zone())
}

fn last(schedule: &Schedule) -> Time<'_> {
    (schedule.again().map_or(schedule.time(), |again| again.last), schedule.zone())
}

/// Whether one time of a day, and so many seconds, lies before another.
fn is_before((one, of_one): Time<'_>, seconds: u32, (other, of_other): Time<'_>) -> bool {
    let seconds = TimeDelta::seconds(i64::from(seconds));
    let is_before = |one: NaiveTime, other: NaiveTime| {
        let (one, past_midnight) = one.overflowing_add_signed(seconds);
        past_midnight == 0 && one < other
    };
    if of_one == of_other {
        return is_before(one, other);
    }
    let shown =
        |time, zone: &Zone| -> Vec<NaiveTime> { zone.in_new_york(Weekday::Mon, time).map(|(_, time)| time).collect() };
    let (ones, others) = (shown(one, of_one), shown(other, of_other));
    ones.iter().all(|one| others.iter().all(|other| is_before(*one, *other)))
}
