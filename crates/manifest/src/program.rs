//! What programs can run: a program with its first argument. A manifest names nothing else, and no shell.
//!
//! [`Task`] lists everything the language knows; a [`Catalogue`] says what of it a release contains. A manifest that names
//! more is refused where it does, so nothing is rendered that cannot run.

use std::collections::BTreeSet;

use crate::{
    gate::Gate,
    nearest::nearest,
    problem::{Code, Refusal},
    role::Role,
};

/// A piece of work that a program does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Task {
    /// `execution run`: the order and position loop over a day's watchlist.
    Trade,
    /// `session run`: the order and position loop over a model's signals, from a preflight to the close.
    Session,
    /// `marketdata stream`: ticks, candles and signals.
    Stream,
    /// `intents serve`: takes order intents.
    TakeIntents,
    /// `intents work`: sends them.
    WorkIntents,
    /// `analytics serve`: pages to look at.
    ShowPages,
    /// `ibgateway run`: a broker's gateway on this host.
    Gateway,
    /// `scanner scan`: writes the watchlist from files, offline.
    Scan,
    /// `desk eod`: the end-of-day record, from the ledger and the broker.
    EndOfDay,
    /// `desk status`: what may be done now and what is held, from files.
    Status,
    /// `desk reconcile`: the ledger held against the broker.
    Reconcile,
    /// `session preflight`: whether today's session may open positions.
    Preflight,
    /// `marketdata fetch`: bars up to the last session.
    Fetch,
    /// `unitgen drift`: whether files, what systemd has loaded and what runs are still those of the manifest.
    Drift,
}

/// How a task is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For long, as a service of that role.
    Service(Role),
    /// To its end, as a job.
    Job,
}

/// Whom a task talks to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// The broker: it needs an account, a mode, keys and the network.
    Broker,
    /// Others outside: it needs the network.
    Outside,
    /// This host alone.
    Host,
    /// Nobody: it works on files.
    Nobody,
}

struct Facts {
    program: &'static str,
    command: &'static str,
    kind: Kind,
    reach: Reach,
    gates: &'static [Gate],
}

const OF_LISTS: &[Gate] = &[Gate::Watchlist, Gate::SessionWindow, Gate::KillSwitch];
const OF_SIGNALS: &[Gate] = &[Gate::Preflight, Gate::SessionWindow, Gate::KillSwitch];
const OF_INTENTS: &[Gate] = &[Gate::SessionWindow, Gate::KillSwitch];

impl Task {
    /// Everything the language knows.
    pub const ALL: [Self; 14] = [
        Self::Trade,
        Self::Session,
        Self::Stream,
        Self::TakeIntents,
        Self::WorkIntents,
        Self::ShowPages,
        Self::Gateway,
        Self::Scan,
        Self::EndOfDay,
        Self::Status,
        Self::Reconcile,
        Self::Preflight,
        Self::Fetch,
        Self::Drift,
    ];

    fn facts(self) -> Facts {
        let service =
            |program, command, role, reach, gates| Facts { program, command, kind: Kind::Service(role), reach, gates };
        let job = |program, command, reach| Facts { program, command, kind: Kind::Job, reach, gates: &[] };
        match self {
            Self::Trade => service("execution", "run", Role::Orders, Reach::Broker, OF_LISTS),
            Self::Session => service("session", "run", Role::Orders, Reach::Broker, OF_SIGNALS),
            Self::Stream => service("marketdata", "stream", Role::Stream, Reach::Outside, &[]),
            Self::TakeIntents => service("intents", "serve", Role::Api, Reach::Host, &[]),
            Self::WorkIntents => service("intents", "work", Role::Worker, Reach::Broker, OF_INTENTS),
            Self::ShowPages => service("analytics", "serve", Role::Dashboard, Reach::Host, &[]),
            Self::Gateway => service("ibgateway", "run", Role::Gateway, Reach::Outside, &[]),
            Self::Scan => job("scanner", "scan", Reach::Nobody),
            Self::EndOfDay => job("desk", "eod", Reach::Broker),
            Self::Status => job("desk", "status", Reach::Nobody),
            Self::Reconcile => job("desk", "reconcile", Reach::Broker),
            Self::Preflight => job("session", "preflight", Reach::Broker),
            Self::Fetch => job("marketdata", "fetch", Reach::Outside),
            Self::Drift => job("unitgen", "drift", Reach::Host),
        }
    }

    /// The program's name.
    #[must_use]
    pub fn program(self) -> &'static str {
        self.facts().program
    }

    /// Its first argument.
    #[must_use]
    pub fn command(self) -> &'static str {
        self.facts().command
    }

    /// How it is run.
    #[must_use]
    pub fn kind(self) -> Kind {
        self.facts().kind
    }

    /// Whom it talks to.
    #[must_use]
    pub fn reach(self) -> Reach {
        self.facts().reach
    }

    /// The gates that it must pass before it starts; none for what opens no positions.
    #[must_use]
    pub fn gates(self) -> &'static [Gate] {
        self.facts().gates
    }

    /// Whether it talks to the broker, and so needs an account, a mode, credentials and the network.
    #[must_use]
    pub fn needs_broker(self) -> bool {
        self.reach() == Reach::Broker
    }

    /// Whether it calls out of this host.
    #[must_use]
    pub fn needs_network(self) -> bool {
        match self.reach() {
            Reach::Broker | Reach::Outside => true,
            Reach::Host | Reach::Nobody => false,
        }
    }

    /// Whether its work is a session's, from a start of its own every day to the close. What runs on from day to day is
    /// started afresh by a job instead.
    #[must_use]
    pub fn ends_with_session(self) -> bool {
        self.gates().contains(&Gate::Preflight)
    }

    fn role(self) -> Option<Role> {
        match self.kind() {
            Kind::Service(role) => Some(role),
            Kind::Job => None,
        }
    }

    fn written(self) -> String {
        format!("{} {}", self.program(), self.command())
    }
}

/// What a release contains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue(BTreeSet<Task>);

impl Catalogue {
    /// What this release contains: all that a manifest may name.
    #[must_use]
    pub fn released() -> Self {
        Self([Task::Trade, Task::Scan, Task::EndOfDay, Task::Status, Task::Drift].into())
    }

    /// Everything the language knows, of releases to come too. For proofs of what will be rendered then; no program offers
    /// it.
    #[must_use]
    pub fn planned() -> Self {
        Self(Task::ALL.into())
    }

    /// Whether a task is in it.
    #[must_use]
    pub fn contains(&self, task: Task) -> bool {
        self.0.contains(&task)
    }

    /// Whether a gate asks for something that only it contains.
    pub(crate) fn contains_gate(&self, gate: Gate) -> bool {
        self.0.iter().any(|task| task.gates().contains(&gate))
    }

    /// The task of a service's `program` in that role.
    pub(crate) fn service(&self, program: &str, role: Option<Role>) -> Result<Task, ServiceRefusal> {
        let of_program = || Task::ALL.into_iter().filter(|task| task.program() == program && task.role().is_some());
        let Some(first) = of_program().next() else {
            return Err(ServiceRefusal::Program(None, self.unknown_service(program)));
        };
        let in_role = of_program().find(|task| role.is_none() || task.role() == role);
        if !of_program().any(|task| self.contains(task)) {
            return Err(absent(program, in_role));
        }
        let Some(role) = role else { return Ok(first) };
        match of_program().find(|task| task.role() == Some(role)) {
            Some(task) if self.contains(task) => Ok(task),
            Some(_) => Err(absent(program, in_role)),
            None => {
                let roles: Vec<&str> = of_program().filter_map(Task::role).map(Role::as_str).collect();
                let message = format!("`{program}` does not work as {role}", role = role.as_str());
                let hint = format!("its role is \"{}\"", roles.join("\" or \""));
                Err(ServiceRefusal::Role(Refusal::bad_value(message).hint(hint)))
            }
        }
    }

    fn unknown_service(&self, program: &str) -> Refusal {
        let known: BTreeSet<&str> =
            self.0.iter().filter(|task| task.role().is_some()).map(|task| task.program()).collect();
        let refusal = Refusal::new(Code::UnknownName, format!("the release contains no service `{program}`"));
        if is_shell(program) {
            return refusal.hint(SHELL);
        }
        match nearest(program, known.iter().copied()) {
            Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
            None => refusal.hint(format!("it contains `{}`", known.into_iter().collect::<Vec<_>>().join("`, `"))),
        }
    }

    /// The task of a job's `program` and first argument.
    pub(crate) fn job(&self, program: &str, command: Option<&str>) -> Result<Task, Refusal> {
        let is_job = |task: &Task| task.kind() == Kind::Job;
        let mut jobs = Task::ALL.into_iter().filter(is_job);
        if let Some(task) = jobs.find(|task| task.program() == program && Some(task.command()) == command) {
            let absent = || {
                Refusal::new(Code::NotInThisRelease, format!("this release does not contain `{}`", task.written()))
                    .hint("remove the job: nothing is rendered that cannot run")
            };
            return if self.contains(task) { Ok(task) } else { Err(absent()) };
        }
        let services = || Task::ALL.into_iter().filter(|task| task.program() == program);
        if services()
            .any(|task| task.role().is_some_and(Role::opens_positions) && command.is_none_or(|is| is == task.command()))
        {
            return Err(Refusal::new(Code::DisarmsGuardrail, format!("a job may not run `{program}`")).hint(
                "one process acts for an account, and it manages what it holds until it is closed: make it a service with \
                 role = \"orders\", and a job restart it",
            ));
        }
        let as_written = command.map_or_else(|| program.to_owned(), |command| format!("{program} {command}"));
        let known: Vec<String> = self.0.iter().filter(|task| is_job(task)).map(|task| task.written()).collect();
        let refusal = Refusal::new(Code::UnknownName, format!("the release cannot run `{as_written}` as a job"));
        if is_shell(program) {
            return Err(refusal.hint(SHELL));
        }
        Err(match nearest(&as_written, known.iter().map(String::as_str)) {
            Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
            None => refusal.hint(format!("it can run {}", known.join(", "))),
        })
    }
}

/// What of a service cannot be, and so where to point.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ServiceRefusal {
    /// With what it would be in a release that has it.
    Program(Option<Task>, Refusal),
    Role(Refusal),
}

const SHELL: &str = "a unit runs the release's own programs and nothing else: a login shell once sourced a file of secrets before \
    it traded, and whatever else that file held";

fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    name.ends_with("sh") || name.starts_with("python") || matches!(name, "env" | "sudo" | "perl" | "node" | "java")
}

fn absent(program: &str, task: Option<Task>) -> ServiceRefusal {
    let refusal = Refusal::new(Code::NotInThisRelease, format!("this release does not contain `{program}`"));
    ServiceRefusal::Program(task, refusal.hint("remove the service: nothing is rendered that cannot run"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_job_can_run() {
        let released = Catalogue::released();
        assert_eq!(released.job("scanner", Some("scan")), Ok(Task::Scan));
        assert_eq!(released.job("desk", Some("eod")), Ok(Task::EndOfDay));
        for (program, command) in
            [("execution", Some("run")), ("execution", None), ("session", Some("run")), ("intents", None)]
        {
            let refusal = released.job(program, command).unwrap_err();
            assert_eq!(refusal.code, Code::DisarmsGuardrail, "{program}");
        }
        for (program, command) in
            [("scanner", None), ("scanner", Some("fetch")), ("rm", Some("-rf")), ("", None), ("/bin/bash", Some("-lc"))]
        {
            assert_eq!(released.job(program, command).unwrap_err().code, Code::UnknownName, "{program} {command:?}");
        }
    }

    #[test]
    fn what_is_planned_is_refused_until_it_is_released() {
        for task in Task::ALL {
            let released = Catalogue::released();
            let (of_release, of_plan) = match task.kind() {
                Kind::Job => (
                    released.job(task.program(), Some(task.command())).map_err(|refusal| refusal.code),
                    Catalogue::planned().job(task.program(), Some(task.command())).map_err(|refusal| refusal.code),
                ),
                Kind::Service(role) => {
                    let code = |refusal| match refusal {
                        ServiceRefusal::Program(_, refusal) | ServiceRefusal::Role(refusal) => refusal.code,
                    };
                    (
                        released.service(task.program(), Some(role)).map_err(code),
                        Catalogue::planned().service(task.program(), Some(role)).map_err(code),
                    )
                }
            };
            assert_eq!(of_plan, Ok(task));
            let expect = if released.contains(task) { Ok(task) } else { Err(Code::NotInThisRelease) };
            assert_eq!(of_release, expect, "{task:?}");
        }
    }

    #[test]
    fn what_may_open_positions_has_gates_and_nothing_else_has() {
        for task in Task::ALL {
            let opens = task.role().is_some_and(Role::opens_positions);
            assert_eq!(opens, !task.gates().is_empty(), "{task:?}");
            assert_eq!(opens, task.gates().contains(&Gate::KillSwitch), "{task:?}");
            assert!(!opens || task.needs_broker(), "{task:?}");
        }
    }
}
