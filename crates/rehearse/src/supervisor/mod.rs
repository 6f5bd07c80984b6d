//! A little systemd: which process runs next, decided without running any.
//!
//! Pure: `(event, now) -> effects`. It models what rendered units use, and that as systemd does it: conditions that
//! skip quietly, `OnSuccess=` after a skip, stops before starts under `Conflicts=`, restarts, start limits, all on the
//! venue's time. Sources: systemd.service(5), systemd.unit(5), and measurements on versions 252 and 257. `OnFailure=` fires
//! when systemd gives up, as 252 has it and 257 with `RestartMode=direct`.

mod result;
mod state;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use market::Timestamp;

pub use result::ServiceResult;
use result::shall_restart;
pub use state::{Effect, Event, Note, Phase, Signal, Trigger};
use state::{Run, State};

use crate::units::{
    service::{Kind, Service},
    status::Exit,
    tree::UnitTree,
};

/// The units and where they stand.
pub struct Supervisor {
    tree: UnitTree,
    slots: BTreeMap<String, Timestamp>,
    states: BTreeMap<String, State>,
    /// Start of the current start-limit window and the starts in it.
    starts: BTreeMap<String, (Timestamp, usize)>,
    effects: Vec<Effect>,
}

impl Supervisor {
    /// Every service down, every timer waiting for its first slot after `now`.
    pub fn new(tree: UnitTree, now: Timestamp) -> Self {
        let started = tree.timers.values().filter(|timer| tree.wanted.contains(&timer.name));
        let slots = started.map(|timer| (timer.name.clone(), timer.next_after(now))).collect();
        let states = tree.services.keys().map(|name| (name.clone(), State::Inactive)).collect();
        Self { tree, slots, states, starts: BTreeMap::new(), effects: Vec::new() }
    }

    /// The units.
    pub fn tree(&self) -> &UnitTree {
        &self.tree
    }

    /// A timer never fires again, as after `systemctl disable --now`.
    pub fn disable_timer(&mut self, name: &str) {
        self.slots.remove(name);
    }

    /// The next timer slot, wherever it lies.
    pub fn next_slot(&self) -> Option<Timestamp> {
        self.slots.values().min().copied()
    }

    /// The next instant at which something is to be done: a slot, a restart, a start that took too long.
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = |state: &State| match state {
            State::AutoRestart(at) => Some(*at),
            State::Running(run) => run.start_deadline,
            State::Inactive | State::Failed | State::Queued(_) => None,
        };
        self.states.values().filter_map(due).chain(self.next_slot()).min()
    }

    /// Does the first thing that is due: one only, so that its processes have ended before the next begins.
    pub fn fire_due(&mut self, now: Timestamp) -> Vec<Effect> {
        if let Some(unit) = self
            .first_state(|state| matches!(state, State::Running(run) if run.start_deadline.is_some_and(|at| at <= now)))
        {
            if let Some(run) = self.run_mut(&unit) {
                run.result.note(ServiceResult::Timeout);
            }
            self.signal_end(&unit, Signal::Term);
        } else if let Some(unit) = self.first_state(|state| matches!(state, State::AutoRestart(at) if *at <= now)) {
            self.set(&unit, State::Inactive);
            self.start(&unit, Trigger::Restart, now);
        } else if let Some((name, slot)) =
            self.slots.iter().find(|(_, slot)| **slot <= now).map(|(n, s)| (n.clone(), *s))
        {
            self.fire_timer(&name, slot, now);
        }
        std::mem::take(&mut self.effects)
    }

    /// Takes in what happened to a unit's process.
    pub fn handle(&mut self, unit: &str, event: Event, now: Timestamp) -> Vec<Effect> {
        match event {
            Event::Exited(exit) => self.exited(unit, exit, now),
            Event::Ready => {
                if let Some(run) = self.run_mut(unit).filter(|run| !run.ready && !run.ending) {
                    run.ready = true;
                    run.start_deadline = None;
                    self.note(unit, Note::Up);
                }
            }
            Event::StopOverdue => {
                if let Some(run) = self.run_mut(unit) {
                    run.result.note(ServiceResult::Timeout);
                    self.send(unit, Signal::Kill);
                }
            }
            Event::OomKilled => {
                if let Some(run) = self.run_mut(unit) {
                    run.result.note(ServiceResult::OomKill);
                }
            }
            Event::WatchdogMissed => {
                if let Some(run) = self.run_mut(unit) {
                    run.result.note(ServiceResult::Watchdog);
                    self.signal_end(unit, Signal::Abort);
                }
            }
        }
        std::mem::take(&mut self.effects)
    }

    /// `systemctl stop`: of every unit, for the end of the day.
    pub fn stop_all(&mut self, now: Timestamp) -> Vec<Effect> {
        self.slots.clear();
        for unit in self.states.keys().cloned().collect::<Vec<_>>() {
            self.stop(&unit, now);
        }
        std::mem::take(&mut self.effects)
    }

    fn fire_timer(&mut self, name: &str, slot: Timestamp, now: Timestamp) {
        let timer = &self.tree.timers[name];
        let (starts, next) = (timer.unit.clone(), timer.next_after(now));
        self.slots.insert(name.to_owned(), next);
        self.note(name, Note::Fired { starts: starts.clone() });
        self.start(&starts, Trigger::Timer { name: name.to_owned(), slot }, now);
    }

    /// A start job. Units in conflict are stopped; where an order between the two is declared, the start waits for it.
    fn start(&mut self, unit: &str, trigger: Trigger, now: Timestamp) {
        match self.states.get_mut(unit) {
            None => return, // a unit of the host: not ours to run
            Some(State::Running(run)) if run.ending || matches!(run.phase, Phase::Post(_)) => {
                run.start_again = Some(trigger);
                return;
            }
            Some(State::Running(_)) => return self.note(unit, Note::AlreadyUp(trigger)),
            Some(State::Queued(_) | State::AutoRestart(_)) => return,
            Some(State::Inactive | State::Failed) => {}
        }
        for other in self.in_conflict(unit) {
            self.stop(&other, now);
        }
        let on = self.holding_up(unit);
        if on.is_empty() {
            self.begin(unit, trigger, now);
        } else {
            self.set(unit, State::Queued(trigger));
            self.note(unit, Note::Waits { on });
        }
    }

    fn begin(&mut self, unit: &str, trigger: Trigger, now: Timestamp) {
        if !self.within_start_limit(unit, now) {
            self.set(unit, State::Failed);
            self.note(unit, Note::Down { result: ServiceResult::StartLimitHit, restart_at: None });
            let next = self.service(unit).on_failure.clone();
            return self.start_each(&next, &Trigger::OnFailure(unit.to_owned()), now);
        }
        self.note(unit, Note::Begins(trigger.clone()));
        let run = Run {
            phase: Phase::Condition(0),
            trigger,
            ready: false,
            ending: false,
            by_request: false,
            result: ServiceResult::Success,
            main: None,
            start_deadline: None,
            start_again: None,
        };
        self.set(unit, State::Running(run));
        self.enter(unit, Phase::Condition(0), now);
    }

    /// Runs the command of a phase, or goes on to the next phase when it has none left.
    fn enter(&mut self, unit: &str, phase: Phase, now: Timestamp) {
        let service = self.service(unit);
        let (commands, next) = match phase {
            Phase::Condition(_) => (&service.condition, Some(Phase::Pre(0))),
            Phase::Pre(_) => (&service.start_pre, Some(Phase::Main(0))),
            Phase::Main(_) => (&service.start, Some(Phase::Post(0))),
            Phase::Post(_) => (&service.stop_post, None),
        };
        let (Phase::Condition(index) | Phase::Pre(index) | Phase::Main(index) | Phase::Post(index)) = phase;
        if index >= commands.len() {
            return match next {
                Some(next) => self.enter(unit, next, now),
                None => self.down(unit, now),
            };
        }
        let starting = !matches!(phase, Phase::Post(_));
        let deadline = service.start_timeout.filter(|_| starting).map(|timeout| now + timeout);
        let up_at_once = service.kind == Kind::Simple && matches!(phase, Phase::Main(_));
        let Some(run) = self.run_mut(unit) else { return };
        run.phase = phase;
        run.start_deadline = deadline.filter(|_| !up_at_once);
        let variables = variables(run);
        self.effects.push(Effect::Run { unit: unit.to_owned(), phase, variables });
        if up_at_once {
            if let Some(run) = self.run_mut(unit) {
                run.ready = true;
            }
            self.note(unit, Note::Up);
        }
    }

    fn exited(&mut self, unit: &str, exit: Exit, now: Timestamp) {
        let Some((phase, ready, ending)) = self.run_mut(unit).map(|run| (run.phase, run.ready, run.ending)) else {
            return;
        };
        self.note(unit, Note::Ended { phase, exit });
        let service = self.service(unit);
        let (command, following) = match phase {
            Phase::Condition(i) => (&service.condition[i], Phase::Condition(i + 1)),
            Phase::Pre(i) => (&service.start_pre[i], Phase::Pre(i + 1)),
            Phase::Main(i) => (&service.start[i], Phase::Main(i + 1)),
            Phase::Post(i) => (&service.stop_post[i], Phase::Post(i + 1)),
        };
        let mut result = if command.may_fail { ServiceResult::Success } else { ServiceResult::of(exit, service) };
        if let (Phase::Condition(_), ServiceResult::ExitCode, true) = (phase, result, exit != Exit::Exited(255)) {
            result = ServiceResult::ExecCondition;
        }
        // A clean end before READY=1 means that the service has never been up.
        if (service.kind, phase, ready, ending, result) == (Kind::Notify, phase, false, false, ServiceResult::Success)
            && matches!(phase, Phase::Main(_))
        {
            result = ServiceResult::Protocol;
        }
        if let Some(run) = self.run_mut(unit) {
            run.result.note(result);
            run.start_deadline = None;
            if matches!(phase, Phase::Main(_)) {
                run.main = Some(exit);
            }
        }
        match phase {
            Phase::Post(_) if result.is_failure() => self.down(unit, now),
            Phase::Post(_) => self.enter(unit, following, now),
            Phase::Condition(_) | Phase::Pre(_) | Phase::Main(_) if ending || result != ServiceResult::Success => {
                self.enter(unit, Phase::Post(0), now);
            }
            Phase::Condition(_) | Phase::Pre(_) | Phase::Main(_) => self.enter(unit, following, now),
        }
    }

    fn down(&mut self, unit: &str, now: Timestamp) {
        let State::Running(run) = self.set(unit, State::Inactive) else { return };
        let service = self.service(unit);
        let restart_at =
            (!run.by_request && shall_restart(service, run.result, run.main)).then(|| now + service.restart_delay);
        let (on_success, on_failure) = (service.on_success.clone(), service.on_failure.clone());
        match restart_at {
            Some(at) => self.set(unit, State::AutoRestart(at)),
            None if run.result.is_failure() => self.set(unit, State::Failed),
            None => State::Inactive,
        };
        self.note(unit, Note::Down { result: run.result, restart_at });
        self.release_queued(now);
        if restart_at.is_none() && run.result.is_failure() {
            self.start_each(&on_failure, &Trigger::OnFailure(unit.to_owned()), now);
        } else if restart_at.is_none() {
            self.start_each(&on_success, &Trigger::OnSuccess(unit.to_owned()), now);
        }
        if let Some(trigger) = run.start_again {
            self.start(unit, trigger, now);
        }
    }

    fn stop(&mut self, unit: &str, now: Timestamp) {
        match self.states.get_mut(unit) {
            Some(State::Running(run)) => {
                run.by_request = true;
                run.start_again = None;
                let running = !run.ending && !matches!(run.phase, Phase::Post(_));
                if running {
                    self.note(unit, Note::ToldToEnd);
                    self.signal_end(unit, Signal::Term);
                }
            }
            Some(State::AutoRestart(_) | State::Queued(_)) => {
                self.set(unit, State::Inactive);
                self.release_queued(now);
            }
            Some(State::Inactive | State::Failed) | None => {}
        }
    }

    fn signal_end(&mut self, unit: &str, signal: Signal) {
        if let Some(run) = self.run_mut(unit) {
            run.ending = true;
            run.start_deadline = None;
            self.send(unit, signal);
        }
    }

    fn release_queued(&mut self, now: Timestamp) {
        let waiting = |(unit, state): (&String, &State)| match state {
            State::Queued(trigger) => Some((unit.clone(), trigger.clone())),
            State::Inactive | State::Failed | State::Running(_) | State::AutoRestart(_) => None,
        };
        for (unit, trigger) in self.states.iter().filter_map(waiting).collect::<Vec<_>>() {
            if self.holding_up(&unit).is_empty() {
                self.begin(&unit, trigger, now);
            }
        }
    }

    fn start_each(&mut self, units: &[String], trigger: &Trigger, now: Timestamp) {
        for unit in units {
            self.start(unit, trigger.clone(), now);
        }
    }

    /// `Conflicts=` works in both directions.
    fn in_conflict(&self, unit: &str) -> Vec<String> {
        let conflict = |other: &&Service| {
            other.name != unit
                && (other.conflicts.iter().any(|name| name == unit)
                    || self.service(unit).conflicts.contains(&other.name))
        };
        self.tree.services.values().filter(conflict).map(|service| service.name.clone()).collect()
    }

    /// The units in conflict that are still running and ordered against `unit`.
    fn holding_up(&self, unit: &str) -> Vec<String> {
        let service = self.service(unit);
        let still_up = |name: &String| matches!(self.states[name], State::Running(_));
        let ordered = |name: &String| service.is_ordered_with(self.service(name));
        self.in_conflict(unit).into_iter().filter(|name| still_up(name) && ordered(name)).collect()
    }

    /// systemd's own rate limit: a window that begins with its first start.
    fn within_start_limit(&mut self, unit: &str, now: Timestamp) -> bool {
        let limit = self.service(unit).start_limit;
        if limit.interval.is_zero() || limit.burst == 0 {
            return true;
        }
        let (since, count) = self.starts.entry(unit.to_owned()).or_insert((now, 0));
        if now.since(*since) > limit.interval {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count <= limit.burst
    }

    fn service(&self, unit: &str) -> &Service {
        &self.tree.services[unit]
    }

    fn run_mut(&mut self, unit: &str) -> Option<&mut Run> {
        match self.states.get_mut(unit) {
            Some(State::Running(run)) => Some(run),
            Some(State::Inactive | State::Failed | State::Queued(_) | State::AutoRestart(_)) | None => None,
        }
    }

    fn first_state(&self, wanted: impl Fn(&State) -> bool) -> Option<String> {
        self.states.iter().find(|(_, state)| wanted(state)).map(|(unit, _)| unit.clone())
    }

    fn set(&mut self, unit: &str, state: State) -> State {
        self.states.insert(unit.to_owned(), state).unwrap_or(State::Inactive)
    }

    fn send(&mut self, unit: &str, signal: Signal) {
        self.effects.push(Effect::Send { unit: unit.to_owned(), signal });
    }

    fn note(&mut self, unit: &str, what: Note) {
        self.effects.push(Effect::Note { unit: unit.to_owned(), what });
    }
}

/// `$SERVICE_RESULT` and its like for `ExecStopPost=`; the trigger for everything else.
fn variables(run: &Run) -> Vec<(&'static str, String)> {
    let mut variables = Vec::new();
    if let Trigger::Timer { name, slot } = &run.trigger {
        variables.push(("TRIGGER_UNIT", name.clone()));
        variables.push(("TRIGGER_TIMER_REALTIME_USEC", (slot.unix_nanos() / 1_000).to_string()));
    }
    if matches!(run.phase, Phase::Post(_)) {
        variables.push(("SERVICE_RESULT", run.result.to_string()));
        if let Some(exit) = run.main {
            variables.push(("EXIT_CODE", exit.code().to_owned()));
            variables.push(("EXIT_STATUS", exit.status()));
        }
    }
    variables
}
