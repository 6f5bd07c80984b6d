//! A service or job and its timer as unit files, and the target that starts them.

use contract::env::LIVE_CONFIRM_TOKEN;
use manifest::{Deployment, Job, Name, Role, Run, Schedule, Scope, Service, Work};

use crate::{
    Tree,
    systemd::{
        alert, gates,
        hardening::{self, Profile},
        restart_policy, surroundings,
    },
    unit::{self, Command, Install, Lifecycle, Lines, Type, Word},
};

/// The runtime of a service gives a sign of life at a third of this.
const WATCHDOG_SECONDS: u32 = 60;
/// The gate, and the first reconcile with the broker.
const START_SECONDS: u32 = 120;
/// An order in flight is waited for, never abandoned.
const STOP_SECONDS: u32 = 60;
/// Programs of the release lock accounts below this directory of `/run`.
const RUNTIME_DIRECTORY: &str = "portcullis";

/// `NAME.service` of a service.
pub(crate) fn add_service(tree: &mut Tree, header: &str, deployment: &Deployment, digest: &str, service: &Service) {
    let (unit, section) = service_sections(deployment, digest, service);
    tree.add(format!("{}.service", service.name()), write(header, &unit, &section));
}

/// The sections `[Unit]` and `[Service]` of a service.
pub(crate) fn service_sections(
    deployment: &Deployment,
    digest: &str,
    service: &Service,
) -> (unit::Unit, unit::Service) {
    let (name, task) = (service.name(), service.task());
    let opens = service.role().opens_positions();
    let before: Vec<String> = service.after().map(|other| format!("{other}.service")).collect();
    let unit = unit::Unit {
        description: Word::from(format!("{}: {name}, {}", deployment.name(), purpose(service)).as_str()),
        part_of: Some(target_name(deployment)),
        wants_network: task.needs_network() && has_network_target(deployment),
        after: (!before.is_empty()).then_some((before, AFTER_REASON)),
        start_limit: Some(if opens { restart_policy::start_limit() } else { restart_policy::start_limit_of_others() }),
        keep_on_removal: opens.then_some(REMOVAL_REASON),
        ..unit::Unit::default()
    };
    let mut environment = surroundings::common(deployment, digest);
    environment.extend(service.trading().into_iter().flat_map(surroundings::broker));
    environment.extend(surroundings::settings(service.env()));
    let section = unit::Service {
        lifecycle: Lifecycle {
            kind: Type::Notify { watchdog_seconds: WATCHDOG_SECONDS },
            timeout_start_seconds: START_SECONDS,
            condition: gates::condition(deployment, service),
            start_pre: None,
            start: program(deployment, task.program(), &arguments(service)),
            stop_post: alert::stop_post(deployment),
            timeout_stop_seconds: Some(STOP_SECONDS),
        },
        restart: Some(if opens { restart_policy::for_orders() } else { restart_policy::for_others() }),
        keep_on_switch: opens,
        runtime_directory: task.needs_broker().then_some(RUNTIME_DIRECTORY),
        credentials: surroundings::credentials(deployment, service.secrets()),
        environment,
        ..plain_service(deployment, &Profile::of_service(service))
    };
    (unit, section)
}

/// What a service is for, for `systemctl status`.
fn purpose(service: &Service) -> String {
    let at = service.listen().map(|listen| format!(" at {listen}")).unwrap_or_default();
    match (service.role(), service.trading()) {
        (Role::Orders | Role::Worker, Some(trading)) => format!("order placing for {}", trading.account()),
        (Role::Orders | Role::Worker, None) => "order placing".to_owned(),
        (Role::Stream, _) => format!("market data{at}"),
        (Role::Api, _) => format!("order intents{at}"),
        (Role::Dashboard, _) => format!("pages to look at{at}"),
        (Role::Gateway, _) => format!("a broker's gateway{at}"),
    }
}

/// The command, and for what listens where it does.
fn arguments(service: &Service) -> Vec<String> {
    let mut arguments = vec![service.task().command().to_owned()];
    if let Some(listen) = service.listen() {
        arguments.extend(["--listen".to_owned(), listen.to_string()]);
        arguments.extend(listen.health().into_iter().flat_map(|path| ["--health".to_owned(), path.to_owned()]));
    }
    arguments
}

/// A login's manager knows no `network-online.target`, and would not start what requires it.
fn has_network_target(deployment: &Deployment) -> bool {
    match deployment.scope() {
        Scope::System => true,
        Scope::User => false,
    }
}

/// `NAME.service` of a job: its timer and other jobs start it, never a boot.
pub(crate) fn add_job(tree: &mut Tree, header: &str, deployment: &Deployment, digest: &str, job: &Job) {
    let (unit, section) = job_sections(deployment, digest, job);
    tree.add(format!("{}.service", job.name()), write(header, &unit, &section));
}

/// The sections `[Unit]` and `[Service]` of a job.
pub(crate) fn job_sections(deployment: &Deployment, digest: &str, job: &Job) -> (unit::Unit, unit::Service) {
    let (mut unit, mut section) = match job.work() {
        Work::Run(run) => run_units(deployment, digest, job, run),
        Work::Restart(service) => restart_units(deployment, digest, service.get_ref()),
    };
    unit.description = Word::from(format!("{}: {}", deployment.name(), job.name()).as_str());
    unit.part_of = Some(target_name(deployment));
    let followers: Vec<String> = job.on_success().map(|next| format!("{next}.service")).collect();
    if !followers.is_empty() {
        unit.on_success = Some((followers, FOLLOWERS_REASON));
    }
    section.lifecycle.timeout_start_seconds = job.timeout().get();
    (unit, section)
}

/// `NAME.timer` of every service and job with a schedule.
pub(crate) fn add_timers(tree: &mut Tree, header: &str, deployment: &Deployment) {
    for service in deployment.services() {
        if let Some(schedule) = service.schedule() {
            add_timer(tree, header, deployment, service.name(), schedule, false);
        }
    }
    for job in deployment.jobs() {
        if let Some(schedule) = job.schedule() {
            add_timer(tree, header, deployment, job.name(), schedule, job.late_start().is_some());
        }
    }
}

fn add_timer(
    tree: &mut Tree,
    header: &str,
    deployment: &Deployment,
    name: &Name,
    schedule: &Schedule,
    catches_up: bool,
) {
    let mut lines = Lines::with_header(header);
    let description = format!("{}: {name} at {schedule} {}", deployment.name(), schedule.zone().city());
    let description = Word::from(description.as_str());
    unit::Unit { description, part_of: Some(target_name(deployment)), ..unit::Unit::default() }.write(&mut lines);
    let unit = format!("{name}.service");
    unit::Timer { on_calendar: schedule.on_calendar(), catches_up, unit }.write(&mut lines);
    tree.add(format!("{name}.timer"), lines.into_text());
}

/// `NAME.target` of the deployment: the one unit that is enabled, and everything that runs by itself.
pub(crate) fn add_target(tree: &mut Tree, header: &str, deployment: &Deployment) {
    let services = deployment.services().map(|service| format!("{}.service", service.name()));
    let of_services = deployment.services().filter(|service| service.schedule().is_some()).map(Service::name);
    let of_jobs = deployment.jobs().filter(|job| job.schedule().is_some()).map(Job::name);
    let timers = of_services.chain(of_jobs).map(|name| format!("{name}.timer"));
    let unit = unit::Unit {
        description: Word::from(format!("{}: everything of it that runs by itself", deployment.name()).as_str()),
        wants: Some((services.chain(timers).collect(), TARGET_REASON)),
        keep_on_removal: Some(TARGET_REMOVAL_REASON),
        ..unit::Unit::default()
    };
    let mut lines = Lines::with_header(header);
    unit.write(&mut lines);
    let wanted_by = match deployment.scope() {
        Scope::System => "multi-user.target",
        Scope::User => "default.target",
    };
    Install { wanted_by }.write(&mut lines);
    tree.add(target_name(deployment), lines.into_text());
}

/// The name of the deployment's target.
pub(crate) fn target_name(deployment: &Deployment) -> String {
    format!("{}.target", deployment.name())
}

fn run_units(deployment: &Deployment, digest: &str, job: &Job, run: &Run) -> (unit::Unit, unit::Service) {
    let task = run.task();
    let profile = Profile::of_job(task);
    let served = run.serves().and_then(|name| deployment.service(name));
    let mut environment = surroundings::common(deployment, digest);
    environment.extend(served.and_then(Service::trading).into_iter().flat_map(surroundings::broker));
    environment.extend(surroundings::settings(run.env()));
    // The token confirms orders, and a job of these sends none.
    let of_served =
        served.into_iter().flat_map(Service::secrets).filter(|secret| secret.name() != LIVE_CONFIRM_TOKEN.name);
    let secrets = run.secrets().iter().chain(of_served);
    let unit =
        unit::Unit { wants_network: task.needs_network() && has_network_target(deployment), ..unit::Unit::default() };
    let section = unit::Service {
        lifecycle: Lifecycle {
            kind: Type::Oneshot,
            timeout_start_seconds: job.timeout().get(),
            condition: None,
            start_pre: job
                .schedule()
                .zip(job.late_start())
                .and_then(|(slot, late)| gates::late_start(deployment, slot, late)),
            start: program(deployment, task.program(), run.args()),
            stop_post: alert::stop_post(deployment),
            timeout_stop_seconds: None,
        },
        runtime_directory: task.needs_broker().then_some(RUNTIME_DIRECTORY),
        credentials: surroundings::credentials(deployment, secrets),
        environment,
        ..plain_service(deployment, &profile)
    };
    (unit, section)
}

fn restart_units(deployment: &Deployment, digest: &str, service: &str) -> (unit::Unit, unit::Service) {
    let unit = unit::Unit { restarts: Some((format!("{service}.service"), RESTART_REASON)), ..unit::Unit::default() };
    let section = unit::Service {
        environment: surroundings::common(deployment, digest),
        ..plain_service(deployment, &Profile::OfflineJob)
    };
    (unit, section)
}

/// A oneshot that does nothing yet, as the deployment's user, in the sandbox of its kind.
fn plain_service(deployment: &Deployment, profile: &Profile) -> unit::Service {
    let state = deployment.paths().state_directory();
    unit::Service {
        lifecycle: Lifecycle {
            kind: Type::Oneshot,
            timeout_start_seconds: START_SECONDS,
            condition: None,
            start_pre: None,
            start: nothing(deployment),
            stop_post: alert::stop_post(deployment),
            timeout_stop_seconds: None,
        },
        restart: None,
        keep_on_switch: false,
        identity: match deployment.scope() {
            Scope::System => Some((deployment.identity().user().to_owned(), deployment.identity().group().to_owned())),
            Scope::User => None,
        },
        state_directory: state.to_owned(),
        runtime_directory: None,
        credentials: Vec::new(),
        environment: Vec::new(),
        sandbox: hardening::sandbox(profile, deployment),
    }
}

/// Ends well at once. A program of the release, because no other lies at the same place on every host.
fn nothing(deployment: &Deployment) -> Command {
    program(deployment, "gate", &["--version".to_owned()])
}

fn program(deployment: &Deployment, name: &str, args: &[String]) -> Command {
    let path = format!("{}/{name}", deployment.release().programs());
    Command { path, args: args.iter().map(|arg| Word::from(arg.as_str())).collect() }
}

fn write(header: &str, unit: &unit::Unit, service: &unit::Service) -> String {
    let mut lines = Lines::with_header(header);
    unit.write(&mut lines);
    service.write(&mut lines);
    lines.into_text()
}

const TARGET_REASON: &str = "The one unit to enable. Wants= and never Requires=: with that, whatever stops or fails here would \
    take the target and its timers along.";
const AFTER_REASON: &str =
    "The order of starts, and nothing more: without Requires= a failure there stops nothing here.";
const REMOVAL_REASON: &str = "A NixOS configuration without this unit takes away what may be opened, since the manifest goes too, and \
    never the manager of what is held: stop it by hand.";
const TARGET_REMOVAL_REASON: &str = "Its stop would be that of the services that are PartOf= it.";
const FOLLOWERS_REASON: &str = "Safe to rely on: this unit has no condition, so its success is never that of a skip.";
const RESTART_REASON: &str = "Starting a service that still runs does nothing. This unit stops it, ends, and by its success \
    starts it afresh, through its gate; no privilege is needed for that.";
