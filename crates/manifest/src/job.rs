//! `[jobs.NAME]`: work that ends, started by a timer or by another job's success.

use std::ops::Range;

use toml::Spanned;

use crate::{
    arguments,
    duration::Seconds,
    env::{self, Env},
    fields::{Fields, Later, accept},
    hours::{self, Hours},
    name::Name,
    problem::{Code, Problems, Refusal},
    program::Task,
    schedule::Schedule,
    secrets::{self, Secret},
    wiring::Wiring,
};

pub(crate) const LATER: Later = &[];

/// How long a job may take when the manifest does not say.
const TIMEOUT: Seconds = Seconds::constant(15 * 60);
const ARGUMENTS_MAX: usize = 64;

/// A job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    name: Spanned<Name>,
    work: Work,
    schedule: Option<Spanned<Schedule>>,
    // Also true of a schedule that was refused: the job is then not reported a second time, as one that nothing starts.
    has_schedule: bool,
    on_success: Vec<Spanned<String>>,
    timeout: Seconds,
    late_start: Option<Spanned<Seconds>>,
}

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Work {
    /// Runs a program to its end.
    Run(Run),
    /// Starts a service afresh.
    Restart(Spanned<String>),
}

/// A program run to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    task: Task,
    args: Vec<String>,
    serves: Option<Spanned<String>>,
    secrets: Vec<Secret>,
    env: Env,
}

impl Run {
    /// What it runs.
    #[must_use]
    pub fn task(&self) -> Task {
        self.task
    }

    /// Every argument, the command first.
    #[must_use]
    pub fn args(&self) -> &[String] {
        &self.args
    }

    /// The service whose account, mode and secrets it works with.
    #[must_use]
    pub fn serves(&self) -> Option<&str> {
        self.serves.as_ref().map(|name| name.get_ref().as_str())
    }

    /// The credentials it gets besides those of the service it serves.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Its plain settings.
    #[must_use]
    pub fn env(&self) -> &Env {
        &self.env
    }
}

impl Job {
    /// `None` when something was reported that leaves no job to speak of.
    pub(crate) fn read(
        name: Option<Spanned<Name>>,
        mut fields: Fields<'_>,
        wiring: &mut Wiring,
        problems: &mut Problems,
    ) -> Option<Self> {
        let has_schedule = fields.has("schedule");
        let schedule = fields.parsed("schedule", problems, |text| wiring.parse_schedule(text));
        let on_success = fields.texts("on_success", problems).map(Spanned::into_inner).unwrap_or_default();
        let timeout = fields.parsed("timeout", problems, Seconds::parse);
        let late_start = read_late_start(&mut fields, schedule.as_ref(), problems);
        let work = match (fields.has("program"), fields.has("restart")) {
            (true, true) => {
                let message = format!("{} has a program and a service to restart", fields.place());
                let refusal =
                    Refusal::bad_value(message).hint("make them two jobs, the second in on_success of the first");
                problems.error(fields.span_of("restart"), refusal);
                fields.text("restart", &mut Problems::default());
                read_run(&mut fields, wiring, problems);
                None
            }
            (false, true) => fields.text("restart", problems).map(|name| Work::Restart(owned(&name))),
            (_, false) => read_run(&mut fields, wiring, problems).map(Work::Run),
        };
        fields.finish(problems);
        let job = Self {
            name: name?,
            work: work?,
            schedule,
            has_schedule,
            on_success: on_success.iter().map(owned).collect(),
            timeout: timeout.map_or(TIMEOUT, Spanned::into_inner),
            late_start,
        };
        job.check_hours(problems);
        Some(job)
    }

    /// Its name, which is its unit's.
    #[must_use]
    pub fn name(&self) -> &Name {
        self.name.get_ref()
    }

    /// What it does.
    #[must_use]
    pub fn work(&self) -> &Work {
        &self.work
    }

    /// When its timer starts it, if it has one.
    #[must_use]
    pub fn schedule(&self) -> Option<&Schedule> {
        self.schedule.as_ref().map(Spanned::get_ref)
    }

    /// The jobs that its success starts.
    pub fn on_success(&self) -> impl Iterator<Item = &str> {
        self.on_success.iter().map(|name| name.get_ref().as_str())
    }

    /// How long it may take.
    #[must_use]
    pub fn timeout(&self) -> Seconds {
        self.timeout
    }

    /// How late a run may be that its timer missed while the host was off; without it a missed run stays missed.
    #[must_use]
    pub fn late_start(&self) -> Option<Seconds> {
        self.late_start.as_ref().map(|late| *late.get_ref())
    }

    pub(crate) fn name_span(&self) -> Range<usize> {
        self.name.span()
    }

    pub(crate) fn has_schedule(&self) -> bool {
        self.has_schedule
    }

    pub(crate) fn on_success_spans(&self) -> &[Spanned<String>] {
        &self.on_success
    }

    pub(crate) fn schedule_spanned(&self) -> Option<&Spanned<Schedule>> {
        self.schedule.as_ref()
    }

    /// Whether the service it names is to lend it an account.
    pub(crate) fn serves_account(&self) -> bool {
        matches!(self.work, Work::Run(_))
    }

    /// The service it names, to restart or to serve.
    pub(crate) fn service_named(&self) -> Option<&Spanned<String>> {
        match &self.work {
            Work::Run(run) => run.serves.as_ref(),
            Work::Restart(service) => Some(service),
        }
    }

    /// Where to point when it may start too late.
    pub(crate) fn late_start_span(&self) -> Option<Range<usize>> {
        self.late_start.as_ref().map(Spanned::span)
    }

    /// Warns of a schedule outside of these hours.
    pub(crate) fn warn_of_hours(&self, hours: &Hours, problems: &mut Problems) {
        if let Some(schedule) = &self.schedule {
            hours::warn(schedule, hours, problems);
        }
    }

    /// Whether it could be made up for when it is of no use any more, which is told.
    pub(crate) fn is_too_late(&self) -> bool {
        match (self.hours(), &self.schedule, &self.late_start) {
            (Some(hours), Some(schedule), Some(late)) => hours::is_too_late(schedule.get_ref(), *late.get_ref(), hours),
            _ => false,
        }
    }

    /// The hours at which a program's work is of use; a restart's depend on what is restarted.
    fn hours(&self) -> Option<&'static Hours> {
        match &self.work {
            Work::Run(run) => hours::of_job(run.task),
            Work::Restart(_) => None,
        }
    }

    fn check_hours(&self, problems: &mut Problems) {
        let Some(hours) = self.hours() else { return };
        self.warn_of_hours(hours, problems);
        if let (Some(schedule), Some(late)) = (&self.schedule, &self.late_start) {
            hours::check_late(schedule.get_ref(), late, hours, problems);
        }
    }
}

/// A restart is never made up for: what starts it has stopped the service by the time it is refused.
fn read_late_start(
    fields: &mut Fields<'_>,
    schedule: Option<&Spanned<Schedule>>,
    problems: &mut Problems,
) -> Option<Spanned<Seconds>> {
    let late_start = fields.parsed("late_start", problems, Seconds::parse)?;
    if fields.has("restart") {
        let message = format!("{} restarts a service and has a late_start", fields.place());
        let hint = "a run that is too late is refused when the service is stopped already: its positions would have no manager";
        problems.error(fields.span_of("late_start"), Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
    } else if !fields.has("schedule") {
        let message = format!("{} has a late_start and no schedule to be late for", fields.place());
        problems.error(fields.span_of("late_start"), Refusal::bad_value(message).hint("remove the line"));
    } else if let Some(schedule) = schedule.map(Spanned::get_ref).filter(|slot| slot.moved_to_new_york().is_none()) {
        let (message, hint) = match schedule.again() {
            Some(_) => ("what runs again soon is not made up for".to_owned(), "remove the line".to_owned()),
            None => (
                format!(
                    "how late a run is, is judged in New York, and {} is not always as far from it",
                    schedule.zone()
                ),
                format!("write the schedule in New York's time: `{} America/New_York`", "Mon..Fri 08:30"),
            ),
        };
        problems.error(fields.span_of("late_start"), Refusal::bad_value(message).hint(hint));
    }
    Some(late_start)
}

fn read_run(fields: &mut Fields<'_>, wiring: &mut Wiring, problems: &mut Problems) -> Option<Run> {
    fields.require("program", "\"scanner\"", problems);
    let program = fields.text("program", problems);
    let args = read_args(fields, problems);
    let serves = fields.text("serves", problems).map(|name| owned(&name));
    let has_serves = fields.has("serves");
    let secrets = secrets::resolve(fields, wiring, problems);
    let env = env::read(fields.table("env", &[], problems), problems);
    let program = program?;
    wiring.add_settings(program.get_ref(), &env);
    let args = args?;
    let task = match wiring.catalogue.job(program.get_ref(), args.first().map(|command| command.get_ref().as_str())) {
        Ok(task) => task,
        Err(refusal) => {
            let known = Task::ALL.iter().any(|task| task.program() == *program.get_ref());
            problems.error(if known && !args.is_empty() { fields.span_of("args") } else { program.span() }, refusal);
            return None;
        }
    };
    arguments::check(task, args.get(1..).unwrap_or_default(), problems);
    if task.needs_broker() && !has_serves {
        let message = format!("{} talks to the broker and serves no service", fields.place());
        problems.error(
            fields.span(),
            Refusal::new(Code::MissingKey, message)
                .hint("write `serves = \"execution\"`: it takes that service's account, mode and secrets"),
        );
    }
    let args = args.into_iter().map(Spanned::into_inner).collect();
    Some(Run { task, args, serves, secrets, env })
}

fn read_args(fields: &mut Fields<'_>, problems: &mut Problems) -> Option<Vec<Spanned<String>>> {
    if !fields.has("args") {
        return Some(Vec::new());
    }
    let texts = fields.texts("args", problems)?;
    if texts.get_ref().len() > ARGUMENTS_MAX {
        problems.error(texts.span(), Refusal::bad_value(format!("a job has at most {ARGUMENTS_MAX} arguments")));
    }
    let args: Vec<Spanned<String>> =
        texts.get_ref().iter().filter_map(|text| accept(text, problems, env::check_value)).collect();
    (args.len() == texts.get_ref().len()).then_some(args)
}

fn owned(text: &Spanned<&str>) -> Spanned<String> {
    Spanned::new(text.span(), (*text.get_ref()).to_owned())
}
