//! What only shows when the elements are put side by side: names that lead nowhere, circles, jobs that nothing starts.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    job::{Job, Work},
    name::Name,
    nearest::nearest,
    problem::{Code, Problems, Refusal},
    program::Task,
    service::Service,
};

/// The names that the manifest declares, also of elements that have problems of their own.
#[derive(Debug, Default)]
pub(crate) struct Declared {
    pub services: BTreeSet<String>,
    pub jobs: BTreeSet<String>,
}

/// Checks every link between services and jobs.
pub(crate) fn check(
    services: &BTreeMap<Name, Service>,
    jobs: &BTreeMap<Name, Job>,
    declared: &Declared,
    problems: &mut Problems,
) {
    for job in jobs.values() {
        check_names(job, declared, problems);
    }
    check_single(services, problems);
    check_unit_names(jobs, declared, problems);
    check_circles(jobs, problems);
    // With a job that could not be read, nobody knows whether it is the one that is missed.
    if jobs.len() == declared.jobs.len() {
        check_started(jobs, problems);
        for service in services.values() {
            check_day(service, jobs, problems);
        }
    }
}

fn check_names(job: &Job, declared: &Declared, problems: &mut Problems) {
    if let Some(service) = job.service_named()
        && !declared.services.contains(service.get_ref())
    {
        problems.error(service.span(), unknown("service", service.get_ref(), &declared.services));
    }
    for next in job.on_success_spans() {
        if !declared.jobs.contains(next.get_ref()) {
            let refusal = unknown("job", next.get_ref(), &declared.jobs);
            let refusal = if declared.services.contains(next.get_ref()) {
                refusal.hint("starting a service that still runs does nothing: name a job that restarts it")
            } else {
                refusal
            };
            problems.error(next.span(), refusal);
        }
    }
}

fn unknown(kind: &str, name: &str, declared: &BTreeSet<String>) -> Refusal {
    let refusal = Refusal::new(Code::UnknownName, format!("there is no {kind} `{name}`"));
    match nearest(name, declared.iter().map(String::as_str)) {
        Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
        None => refusal,
    }
}

/// One deployment, one process that places orders: a second would share its ledger, exposure and kill switch.
fn check_single(services: &BTreeMap<Name, Service>, problems: &mut Problems) {
    let mut in_file_order: Vec<&Service> = services.values().collect();
    in_file_order.sort_by_key(|service| service.name_span().start);
    let Some((first, others)) = in_file_order.split_first() else { return };
    for service in others {
        let message = format!("`{}` already places orders in this deployment", first.name());
        let hint = "two execution processes once traded side by side; give the second a manifest, a state directory and an account of its own";
        problems.error(service.name_span(), Refusal::new(Code::Duplicate, message).hint(hint));
    }
}

fn check_unit_names(jobs: &BTreeMap<Name, Job>, declared: &Declared, problems: &mut Problems) {
    for job in jobs.values().filter(|job| declared.services.contains(job.name().as_str())) {
        let message = format!("a service is already called `{}`", job.name());
        let hint = "both would be the same unit; rename one";
        problems.error(job.name_span(), Refusal::new(Code::Duplicate, message).hint(hint));
    }
}

fn check_circles(jobs: &BTreeMap<Name, Job>, problems: &mut Problems) {
    for (name, job) in jobs {
        let mut reached: BTreeSet<&str> = BTreeSet::new();
        let mut ahead: Vec<&str> = job.on_success().collect();
        while let Some(next) = ahead.pop() {
            if reached.insert(next) {
                ahead.extend(jobs.get(next).into_iter().flat_map(Job::on_success));
            }
        }
        if reached.contains(name.as_str()) {
            let span = job.on_success_spans().first().map_or(job.name_span(), toml::Spanned::span);
            let message = format!("`{name}` starts itself again when it succeeds");
            let hint = "follow on_success from here: it is a circle that never ends";
            problems.error(span, Refusal::new(Code::Cycle, message).hint(hint));
        }
    }
}

fn check_started(jobs: &BTreeMap<Name, Job>, problems: &mut Problems) {
    let followers: BTreeSet<&str> = jobs.values().flat_map(Job::on_success).collect();
    for job in jobs.values() {
        if !job.has_schedule() && !followers.contains(job.name().as_str()) {
            let message = format!("nothing starts `{}`", job.name());
            let hint = "write `schedule = \"Mon..Fri 08:30\"`, or name it in on_success of another job";
            problems.error(job.name_span(), Refusal::new(Code::NeverRuns, message).hint(hint));
        }
    }
}

/// A service that places orders needs a watchlist every day, and somebody who starts it afresh on it.
fn check_day(service: &Service, jobs: &BTreeMap<Name, Job>, problems: &mut Problems) {
    let scans = jobs.values().any(|job| match job.work() {
        Work::Run(run) => run.task() == Task::Scan,
        Work::Restart(_) => false,
    });
    if !scans {
        let message = format!("no job writes the watchlist that `{}` waits for", service.name());
        let hint = "its gate would refuse every day; add a job that runs `scanner scan`";
        problems.error(service.name_span(), Refusal::new(Code::NeverRuns, message).hint(hint));
    }
    let scheduled_restart = jobs.values().any(|job| match job.work() {
        Work::Restart(name) => name.get_ref() == service.name().as_str() && job.has_schedule(),
        Work::Run(_) => false,
    });
    if !scheduled_restart {
        let message = format!("no job with a schedule restarts `{}`", service.name());
        let hint = format!(
            "a service that a gate ended yesterday stays down; add a job with `restart = \"{}\"` and a schedule",
            service.name()
        );
        problems.error(service.name_span(), Refusal::new(Code::NeverRuns, message).hint(hint));
    }
}
