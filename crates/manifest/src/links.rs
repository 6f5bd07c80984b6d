//! What only shows when the elements are put side by side: names that lead nowhere, circles, what nothing starts, two of
//! what there can be one of.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use crate::{
    circles, days,
    job::Job,
    name::Name,
    nearest::nearest,
    problem::{Code, Problems, Refusal},
    restarts,
    service::Service,
};

/// So many names are looked at for the one that was meant: thousands of them for each of thousands would take minutes.
const LIKELY_MAX: usize = 200;
/// A second one is refused, so the days of more are of no use to anybody.
const TRADERS_MAX: usize = 4;

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
        check_names(job, services, declared, problems);
    }
    check_single(services, problems);
    check_ports(services, problems);
    check_order_of_starts(services, declared, problems);
    check_unit_names(jobs, declared, problems);
    check_circles(jobs, problems);
    restarts::check(services, jobs, problems);
    // With a job that could not be read, nobody knows whether it is the one that is missed.
    if jobs.len() == declared.jobs.len() {
        check_started(jobs, problems);
        let traders = services.values().filter(|service| service.role().opens_positions());
        for service in traders.take(TRADERS_MAX) {
            days::check(service, jobs, problems);
        }
    }
}

fn check_names(job: &Job, services: &BTreeMap<Name, Service>, declared: &Declared, problems: &mut Problems) {
    if let Some(service) = job.service_named() {
        if !declared.services.contains(service.get_ref()) {
            problems.error(service.span(), unknown("service", service.get_ref(), &declared.services));
        } else if job.serves_account()
            && services.get(service.get_ref().as_str()).is_some_and(|service| service.trading().is_none())
        {
            let message = format!("`{}` acts for no account", service.get_ref());
            let hint = "name the service whose account, mode and secrets the job works with";
            problems.error(service.span(), Refusal::bad_value(message).hint(hint));
        }
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
    match nearest(name, declared.iter().map(String::as_str).take(LIKELY_MAX)) {
        Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
        None => refusal,
    }
}

fn in_file_order(services: &BTreeMap<Name, Service>) -> Vec<&Service> {
    let mut services: Vec<&Service> = services.values().collect();
    services.sort_by_key(|service| service.name_span().start);
    services
}

/// One deployment, one process that places orders: a second would share its ledger, exposure and kill switch.
fn check_single(services: &BTreeMap<Name, Service>, problems: &mut Problems) {
    let mut traders = in_file_order(services).into_iter().filter(|service| service.role().opens_positions());
    let Some(first) = traders.next() else { return };
    for service in traders {
        let message = format!("`{}` already places orders in this deployment", first.name());
        let hint = "two execution processes once traded side by side; give the second a manifest, and so a name, a state directory, an account and a folder of keys of its own";
        problems.error(service.name_span(), Refusal::new(Code::Duplicate, message).hint(hint));
    }
}

fn check_ports(services: &BTreeMap<Name, Service>, problems: &mut Problems) {
    let mut taken: BTreeMap<u16, Vec<(&Name, &Spanned<crate::listen::Listen>)>> = BTreeMap::new();
    for service in in_file_order(services) {
        let Some(listen) = service.listen_spanned() else { continue };
        let of_port = taken.entry(listen.get_ref().address().port()).or_default();
        if let Some((first, _)) = of_port.iter().find(|(_, other)| other.get_ref().is_in_the_way_of(listen.get_ref())) {
            let message = format!("`{first}` listens at {} already", listen.get_ref());
            let hint = "the second of them would never start; choose another port";
            problems.error(listen.span(), Refusal::new(Code::Duplicate, message).hint(hint));
        }
        of_port.push((service.name(), listen));
    }
}

/// `after` orders starts and nothing else, so a circle of it could never be obeyed: systemd would drop one at random.
fn check_order_of_starts(services: &BTreeMap<Name, Service>, declared: &Declared, problems: &mut Problems) {
    let before = services.iter().map(|(name, service)| (name.as_str(), service.after().collect())).collect();
    let circling = circles::on_circles(&before);
    for (name, service) in services {
        for before in service.after_spans().iter().filter(|before| !declared.services.contains(before.get_ref())) {
            problems.error(before.span(), unknown("service", before.get_ref(), &declared.services));
        }
        if circling.contains(name.as_str()) {
            let span = service.after_spans().first().map_or(service.name_span(), Spanned::span);
            let message = format!("`{name}` would start after itself");
            let hint = "follow `after` from here: it is a circle, of which systemd drops one link at random";
            problems.error(span, Refusal::new(Code::Cycle, message).hint(hint));
        }
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
    let followers = jobs.iter().map(|(name, job)| (name.as_str(), job.on_success().collect())).collect();
    let circling = circles::on_circles(&followers);
    for (name, job) in jobs.iter().filter(|(name, _)| circling.contains(name.as_str())) {
        let span = job.on_success_spans().first().map_or(job.name_span(), Spanned::span);
        let message = format!("`{name}` starts itself again when it succeeds");
        let hint = "follow on_success from here: it is a circle that never ends";
        problems.error(span, Refusal::new(Code::Cycle, message).hint(hint));
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
