//! `[services.NAME]`: a long-running process. What it must have, and may, follows from its role.

use std::ops::Range;

use toml::Spanned;

use crate::{
    env::{self, Env},
    fields::{Fields, Later, accept},
    hours,
    listen::Listen,
    mode::Mode,
    name::Name,
    problem::{Code, Problems, Refusal},
    program::{ServiceRefusal, Task},
    role::{self, Role},
    schedule::Schedule,
    secrets::{self, Secret},
    trading::Trading,
    wiring::Wiring,
};

pub(crate) const LATER: Later =
    &[("args", "a service's arguments follow from its role; settings go into [services.NAME.env]")];

/// The ports of the gateway whose orders are play and whose are real.
const GATEWAY_PORTS: [(Mode, u16); 2] = [(Mode::Paper, 4002), (Mode::Live, 4001)];

/// A service, with all the guardrails of its role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    name: Spanned<Name>,
    task: Task,
    role: Role,
    trading: Option<Trading>,
    listen: Option<Spanned<Listen>>,
    after: Vec<Spanned<String>>,
    schedule: Option<Spanned<Schedule>>,
    secrets: Vec<Secret>,
    env: Env,
}

impl Service {
    /// `None` when something was reported that leaves no service to speak of.
    pub(crate) fn read(
        name: Option<Spanned<Name>>,
        mut fields: Fields<'_>,
        wiring: &mut Wiring,
        problems: &mut Problems,
    ) -> Option<Self> {
        let (task, role) = read_task(&mut fields, wiring, problems);
        // What is wrong besides is told of the role it was to have; of none of these, of the strictest.
        let role = role.unwrap_or(Role::Orders);
        let mut trading = None;
        let secrets = if role.opens_positions() {
            let scope = wiring.scope;
            let resolve = |fields: &mut Fields<'_>, problems: &mut Problems| secrets::resolve(fields, wiring, problems);
            let (read, secrets) = Trading::read(&mut fields, resolve, scope, problems);
            trading = read;
            fields.parsed("restart", problems, role::check_restart);
            role::read_gates(&mut fields, task.unwrap_or(Task::Trade), &wiring.catalogue, problems);
            role::refuse_success_codes(&mut fields, problems);
            secrets
        } else {
            read_other_secrets(&mut fields, role, wiring, problems)
        };
        let listen = Listen::read(&mut fields, role, problems);
        if role == Role::Gateway {
            check_gateway(&mut fields, listen.as_ref(), problems);
        }
        let after = fields.texts("after", problems).map(Spanned::into_inner).unwrap_or_default();
        let schedule = read_schedule(&mut fields, task, wiring, problems);
        let env = env::read(fields.table("env", &[], problems), problems);
        let program = fields.text("program", &mut Problems::default()).map_or("execution", Spanned::into_inner);
        wiring.add_settings(program, &env);
        fields.finish(problems);
        if role.opens_positions() && trading.is_none() {
            return None;
        }
        let after = after.iter().map(|name| Spanned::new(name.span(), (*name.get_ref()).to_owned())).collect();
        Some(Self { name: name?, task: task?, role, trading, listen, after, schedule, secrets, env })
    }

    /// Its name, which is its unit's.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.name.get_ref()
    }

    /// What it runs.
    #[must_use]
    pub fn task(&self) -> Task {
        self.task
    }

    /// What it is for.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Account and mode of what may open positions; `None` exactly for every other role.
    #[must_use]
    pub fn trading(&self) -> Option<&Trading> {
        self.trading.as_ref()
    }

    /// Where it listens, if its role does.
    #[must_use]
    pub fn listen(&self) -> Option<&Listen> {
        self.listen.as_ref().map(Spanned::get_ref)
    }

    /// The services that start before it. It starts without them all the same.
    pub fn after(&self) -> impl Iterator<Item = &str> {
        self.after.iter().map(|name| name.get_ref().as_str())
    }

    /// When its timer starts it, if its work is a session's.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref().map(Spanned::get_ref)
    }

    /// The credentials it gets, in the order of their names.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Its plain settings.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }

    pub(crate) fn name_span(&self) -> Range<usize> {
        self.name.span()
    }

    pub(crate) fn listen_spanned(&self) -> Option<&Spanned<Listen>> {
        self.listen.as_ref()
    }

    pub(crate) fn after_spans(&self) -> &[Spanned<String>] {
        &self.after
    }

    pub(crate) fn schedule_spanned(&self) -> Option<&Spanned<Schedule>> {
        self.schedule.as_ref()
    }
}

/// Reads the name that the author gave to a service or job.
pub(crate) fn read_name(name: &Spanned<&str>, problems: &mut Problems) -> Option<Spanned<Name>> {
    accept(name, problems, Name::parse_unit)
}

/// The task, and the role it has or was to have.
fn read_task(fields: &mut Fields<'_>, wiring: &Wiring, problems: &mut Problems) -> (Option<Task>, Option<Role>) {
    fields.require("program", "\"execution\"", problems);
    let program = fields.text("program", problems);
    let role = fields.required("role", "\"orders\"", problems, Role::parse);
    let Some(program) = program else { return (None, role.map(Spanned::into_inner)) };
    let wanted = role.as_ref().map(|role| *role.get_ref());
    match wiring.catalogue.service(program.get_ref(), wanted) {
        Ok(task) => (wanted.map(|_| task), wanted),
        Err(ServiceRefusal::Program(task, refusal)) => {
            problems.error(program.span(), refusal);
            (task, wanted)
        }
        Err(ServiceRefusal::Role(refusal)) => {
            problems.error(role.map_or(program.span(), |role| role.span()), refusal);
            (None, wanted)
        }
    }
}

fn read_other_secrets(
    fields: &mut Fields<'_>,
    role: Role,
    wiring: &mut Wiring,
    problems: &mut Problems,
) -> Vec<Secret> {
    if role == Role::Stream {
        fields.require("secrets", "[\"marketdata\"]", problems);
    }
    let secrets = secrets::resolve(fields, wiring, problems);
    if role.is_kept_from_keys()
        && let Some(key) = secrets.iter().find(|secret| secret.name().starts_with("APCA_"))
    {
        let message = format!("{} gets {}, and sends no order", fields.place(), key.name());
        let hint = "who has the broker's keys can trade past every gate; remove the group";
        problems.error(fields.span_of("secrets"), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
    }
    secrets
}

/// A gateway's port says whose money moves; the manifest says it in words too.
fn check_gateway(fields: &mut Fields<'_>, listen: Option<&Spanned<Listen>>, problems: &mut Problems) {
    let mode = fields.required("mode", "\"paper\"", problems, Mode::parse);
    let (Some(mode), Some(listen)) = (mode, listen) else { return };
    let port = listen.get_ref().address().port();
    match GATEWAY_PORTS.iter().find(|(known, _)| known == mode.get_ref()) {
        Some((_, wanted)) if *wanted != port => {
            let message = format!("port {port} is not that of a gateway with this mode");
            let refusal = Refusal::new(Code::DisarmsGuardrail, message);
            problems.error(listen.span(), refusal.hint("a paper gateway is at 4002, and one for real money at 4001"));
        }
        Some((Mode::Live, _)) => {
            let refusal = Refusal::new(Code::NotInThisRelease, "a gateway for real money is not in this release");
            problems.error(mode.span(), refusal.hint("write `mode = \"paper\"`"));
        }
        Some(_) => {}
        None => {
            problems.error(mode.span(), Refusal::bad_value("a gateway has no dry run").hint("write `mode = \"paper\"`"))
        }
    }
}

fn read_schedule(
    fields: &mut Fields<'_>,
    task: Option<Task>,
    wiring: &mut Wiring,
    problems: &mut Problems,
) -> Option<Spanned<Schedule>> {
    let schedule = fields.parsed("schedule", problems, |text| wiring.parse_schedule(text));
    let Some(task) = task else { return schedule };
    if !task.ends_with_session() {
        if fields.has("schedule") {
            let message = format!("`{}` runs from day to day, and its timer would find it running", task.program());
            let hint = "starting what still runs does nothing: give the schedule to a job with `restart`";
            problems.error(fields.span_of("schedule"), Refusal::bad_value(message).hint(hint));
        }
        return None;
    }
    fields.require("schedule", "\"Mon..Fri 09:00\"", problems);
    let schedule = schedule?;
    if schedule.get_ref().again().is_some() {
        let refusal = Refusal::bad_value("a session begins once a day");
        problems.error(schedule.span(), refusal.hint("write one time, like `Mon..Fri 09:00`"));
    }
    hours::warn(&schedule, &hours::OF_SESSION, problems);
    Some(schedule)
}
