//! The supervisor against what was measured on real systemd. Each case: units, a script of events, the notes expected.

use market::TimeDelta;

use super::*;
use crate::units::specifier::Directories;

const EXECUTION: (&str, &str) = (
    "execution.service",
    "[Unit]\nStartLimitIntervalSec=3600\nStartLimitBurst=4\n[Service]\nType=notify\nExecCondition=/p/gate execution\nExecStart=/p/execution\n\
     ExecStopPost=/p/desk alert\nRestart=on-failure\nRestartSec=5s\nRestartPreventExitStatus=75 78\n",
);
const RESTART: (&str, &str) = (
    "execution-restart.service",
    "[Unit]\nConflicts=execution.service\nAfter=execution.service\nOnSuccess=execution.service\n\
     OnFailure=execution.service\nOnFailureJobMode=replace\n[Service]\nType=oneshot\nExecStart=/bin/true\n",
);
const RESTART_TIMER: (&str, &str) =
    ("execution-restart.timer", "[Timer]\nOnCalendar=Mon..Fri 08:40 America/New_York\n");

/// Drives a supervisor and keeps what it says as lines of text.
struct Bench {
    supervisor: Supervisor,
    now: Timestamp,
    lines: Vec<String>,
    variables: Vec<(&'static str, String)>,
}

impl Bench {
    fn new(units: &[(&str, &str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in units {
            std::fs::write(directory.path().join(name), text).unwrap();
        }
        let by_itself = |name: &str, text: &str| name.ends_with(".timer") || !text.contains("Type=oneshot");
        let wanted =
            units.iter().filter(|(name, text)| by_itself(name, text)).map(|(name, _)| format!("Wants={name}\n"));
        let target = format!("[Unit]\n{}", wanted.collect::<String>());
        std::fs::write(directory.path().join("bench.target"), target).unwrap();
        let directories = Directories { state: "/s".into(), config: "/e".into(), runtime: "/t".into() };
        let tree = UnitTree::read(directory.path(), &directories).unwrap();
        let now = "2017-11-10T13:00:00Z".parse().unwrap();
        Self { supervisor: Supervisor::new(tree, now), now, lines: Vec::new(), variables: Vec::new() }
    }

    fn take(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            self.lines.push(match effect {
                Effect::Run { unit, phase, variables } => {
                    self.variables = variables;
                    format!("{unit} run {phase:?}")
                }
                Effect::Send { unit, signal } => format!("{unit} send {signal:?}"),
                Effect::Note { unit, what: Note::Down { result, restart_at } } => {
                    let back = restart_at.map(|at| format!(", back in {} s", at.since(self.now).num_seconds()));
                    format!("{unit} down {result}{}", back.unwrap_or_default())
                }
                Effect::Note { unit, what: Note::AlreadyUp(_) } => format!("{unit} already up"),
                Effect::Note { unit, what: Note::Waits { on } } => format!("{unit} waits on {}", on.join(" ")),
                Effect::Note { unit, what: Note::Up } => format!("{unit} up"),
                Effect::Note {
                    what: Note::Fired { .. } | Note::Begins(_) | Note::Ended { .. } | Note::ToldToEnd,
                    ..
                } => continue,
            });
        }
    }

    fn start(&mut self, unit: &str) -> &mut Self {
        self.supervisor.start(unit, Trigger::Restart, self.now);
        let effects = std::mem::take(&mut self.supervisor.effects);
        self.take(effects);
        self
    }

    fn event(&mut self, unit: &str, event: Event) -> &mut Self {
        let effects = self.supervisor.handle(unit, event, self.now);
        self.take(effects);
        self
    }

    fn exit(&mut self, unit: &str, status: u8) -> &mut Self {
        self.event(unit, Event::Exited(Exit::Exited(status)))
    }

    /// Moves the clock to the next thing due and does it.
    fn next(&mut self) -> &mut Self {
        self.now = self.supervisor.next_due().unwrap();
        let effects = self.supervisor.fire_due(self.now);
        self.take(effects);
        self
    }

    fn expect(&mut self, lines: &[&str]) -> &mut Self {
        assert_eq!(std::mem::take(&mut self.lines), lines);
        self
    }

    fn up(&mut self) -> &mut Self {
        self.start("execution.service").exit("execution.service", 0).event("execution.service", Event::Ready);
        self.lines.clear();
        self
    }
}

#[test]
fn a_condition_skips_on_1_to_254_and_fails_on_255_and_signals() {
    for (exit, expect) in [
        (Exit::Exited(1), "exec-condition"),
        (Exit::Exited(75), "exec-condition"),
        (Exit::Exited(254), "exec-condition"),
        (Exit::Exited(255), "exit-code"),
        (Exit::Killed(9), "signal"),
    ] {
        let mut bench = Bench::new(&[EXECUTION]);
        bench.start("execution.service").event("execution.service", Event::Exited(exit));
        assert_eq!(bench.lines, ["execution.service run Condition(0)", "execution.service run Post(0)"], "{exit}");
        assert_eq!(bench.variables, [("SERVICE_RESULT", expect.to_owned())], "{exit}: no main process, no $EXIT_CODE");
    }
}

#[test]
fn a_skip_is_quiet_no_restart_and_on_success_fires() {
    let skipped = (
        "a.service",
        "[Unit]\nOnSuccess=b.service\nOnFailure=c.service\n[Service]\nType=oneshot\nRestart=on-failure\nExecCondition=/p/gate\nExecStart=/x\n",
    );
    let one = |name| (name, "[Service]\nType=oneshot\nExecStart=/x\n");
    let mut bench = Bench::new(&[skipped, one("b.service"), one("c.service")]);
    bench.start("a.service").exit("a.service", 75);
    bench.expect(&["a.service run Condition(0)", "a.service down exec-condition", "b.service run Main(0)"]);
}

#[test]
fn a_success_status_that_holds_the_gates_code_lets_the_gate_pass() {
    let unit = ("a.service", "[Service]\nType=oneshot\nSuccessExitStatus=75\nExecCondition=/p/gate\nExecStart=/x\n");
    Bench::new(&[unit])
        .start("a.service")
        .exit("a.service", 75)
        .expect(&["a.service run Condition(0)", "a.service run Main(0)"]);
    let unit = ("a.service", "[Service]\nType=oneshot\nExecCondition=-/p/gate\nExecStart=/x\n");
    Bench::new(&[unit])
        .start("a.service")
        .exit("a.service", 75)
        .expect(&["a.service run Condition(0)", "a.service run Main(0)"]);
}

#[test]
fn notify_is_up_when_it_says_so_and_a_clean_end_before_is_a_protocol_failure() {
    let mut bench = Bench::new(&[EXECUTION]);
    bench.start("execution.service").exit("execution.service", 0).event("execution.service", Event::Ready);
    bench.expect(&["execution.service run Condition(0)", "execution.service run Main(0)", "execution.service up"]);

    let mut bench = Bench::new(&[EXECUTION]);
    bench
        .start("execution.service")
        .exit("execution.service", 0)
        .exit("execution.service", 0)
        .exit("execution.service", 0);
    assert_eq!(bench.lines.last().unwrap(), "execution.service down protocol, back in 5 s");
}

#[test]
fn a_crash_comes_back_through_the_gate_and_a_refusing_gate_ends_it_quietly() {
    let mut bench = Bench::new(&[EXECUTION]);
    bench.up().event("execution.service", Event::Exited(Exit::Killed(9)));
    assert_eq!(
        bench.variables,
        [
            ("SERVICE_RESULT", "signal".to_owned()),
            ("EXIT_CODE", "killed".to_owned()),
            ("EXIT_STATUS", "KILL".to_owned())
        ]
    );
    bench.exit("execution.service", 0);
    bench.expect(&["execution.service run Post(0)", "execution.service down signal, back in 5 s"]);
    bench.next().exit("execution.service", 75).exit("execution.service", 0);
    bench.expect(&[
        "execution.service run Condition(0)",
        "execution.service run Post(0)",
        "execution.service down exec-condition",
    ]);
    assert_eq!(bench.supervisor.next_due(), None, "no further restart");
}

#[test]
fn restart_policy_looks_at_the_main_process_only() {
    for (what, code, expect) in [
        ("listed", 75, "execution.service down exit-code"),
        ("not listed", 1, "execution.service down exit-code, back in 5 s"),
        ("clean", 0, "execution.service down success"),
    ] {
        let mut bench = Bench::new(&[EXECUTION]);
        bench.up().exit("execution.service", code).exit("execution.service", 0);
        assert_eq!(bench.lines.last().unwrap(), expect, "{what}");
    }
    let pre =
        ("a.service", "[Service]\nExecStartPre=/x\nExecStart=/y\nRestart=on-failure\nRestartPreventExitStatus=75\n");
    let mut bench = Bench::new(&[pre]);
    bench.start("a.service").exit("a.service", 75);
    assert_eq!(
        bench.lines.last().unwrap(),
        "a.service down exit-code, back in 0 s",
        "ExecStartPre= is not the main process"
    );
}

#[test]
fn too_many_starts_hit_the_limit_on_venue_time() {
    let mut bench = Bench::new(&[EXECUTION]);
    bench.start("execution.service");
    for _ in 0..4 {
        bench.exit("execution.service", 255).exit("execution.service", 0).next();
    }
    assert_eq!(bench.lines.last().unwrap(), "execution.service down start-limit-hit");
    assert_eq!(bench.supervisor.next_due(), None);

    let mut bench = Bench::new(&[EXECUTION]);
    bench.start("execution.service");
    for _ in 0..8 {
        bench.exit("execution.service", 255).exit("execution.service", 0);
        bench.now = bench.now + TimeDelta::minutes(20);
        let effects = bench.supervisor.fire_due(bench.now);
        bench.take(effects);
    }
    assert_eq!(bench.lines.last().unwrap(), "execution.service run Condition(0)", "spread out, they are not too many");
}

#[test]
fn the_restart_unit_stops_first_then_starts_afresh() {
    let mut bench = Bench::new(&[EXECUTION, RESTART, RESTART_TIMER]);
    bench.up().next();
    bench.expect(&["execution.service send Term", "execution-restart.service waits on execution.service"]);
    bench.exit("execution.service", 0).exit("execution.service", 0);
    bench.expect(&[
        "execution.service run Post(0)",
        "execution.service down success",
        "execution-restart.service run Main(0)",
    ]);
    bench.exit("execution-restart.service", 0);
    bench.expect(&["execution-restart.service down success", "execution.service run Condition(0)"]);
    assert_eq!(bench.supervisor.next_due().unwrap().to_string(), "2017-11-10T13:41:30Z", "the 90 s to come up");
}

#[test]
fn a_restart_that_fails_brings_the_service_back_all_the_same() {
    for exit in [Exit::Exited(203), Exit::Exited(226), Exit::Killed(9)] {
        let mut bench = Bench::new(&[EXECUTION, RESTART, RESTART_TIMER]);
        bench.up().next().exit("execution.service", 0).exit("execution.service", 0);
        bench.lines.clear();
        bench.event("execution-restart.service", Event::Exited(exit));
        assert_eq!(bench.lines.last().unwrap(), "execution.service run Condition(0)", "{exit}: {:?}", bench.lines);
    }
}

#[test]
fn a_stop_on_request_is_no_crash_and_an_overdue_one_is_killed() {
    let mut bench = Bench::new(&[EXECUTION, RESTART, RESTART_TIMER]);
    bench.up().next().event("execution.service", Event::StopOverdue);
    bench.event("execution.service", Event::Exited(Exit::Killed(9))).exit("execution.service", 0);
    bench.expect(&[
        "execution.service send Term",
        "execution-restart.service waits on execution.service",
        "execution.service send Kill",
        "execution.service run Post(0)",
        "execution.service down timeout",
        "execution-restart.service run Main(0)",
    ]);
}

#[test]
fn on_success_of_a_running_unit_does_nothing() {
    let scan = ("scan.service", "[Unit]\nOnSuccess=execution.service\n[Service]\nType=oneshot\nExecStart=/x\n");
    let mut bench = Bench::new(&[EXECUTION, scan]);
    bench.up().start("scan.service").exit("scan.service", 0);
    bench.expect(&["scan.service run Main(0)", "scan.service down success", "execution.service already up"]);
}

#[test]
fn a_start_that_takes_too_long_is_a_timeout() {
    let mut bench = Bench::new(&[EXECUTION]);
    bench.start("execution.service").exit("execution.service", 0).next();
    assert_eq!(bench.lines.last().unwrap(), "execution.service send Term");
    bench.event("execution.service", Event::Exited(Exit::Killed(15))).exit("execution.service", 0);
    assert_eq!(bench.lines.last().unwrap(), "execution.service down timeout, back in 5 s");
}

#[test]
fn a_silent_watchdog_aborts_and_restarts() {
    let mut bench = Bench::new(&[EXECUTION]);
    bench.up().event("execution.service", Event::WatchdogMissed);
    bench.event("execution.service", Event::Exited(Exit::Killed(6))).exit("execution.service", 0);
    bench.expect(&[
        "execution.service send Abort",
        "execution.service run Post(0)",
        "execution.service down watchdog, back in 5 s",
    ]);
}

#[test]
fn the_end_of_the_day_stops_what_runs_and_cancels_restarts() {
    let mut bench = Bench::new(&[EXECUTION, RESTART, RESTART_TIMER]);
    bench.up();
    let effects = bench.supervisor.stop_all(bench.now);
    bench.take(effects);
    bench.exit("execution.service", 0).exit("execution.service", 0);
    bench.expect(&["execution.service send Term", "execution.service run Post(0)", "execution.service down success"]);
    assert_eq!(bench.supervisor.next_due(), None, "the timers are off");
}

#[test]
fn the_phases_that_run_know_the_timer_that_fired() {
    let mut bench = Bench::new(&[EXECUTION, RESTART, RESTART_TIMER]);
    bench.next();
    assert_eq!(
        bench.variables,
        [
            ("TRIGGER_UNIT", "execution-restart.timer".to_owned()),
            ("TRIGGER_TIMER_REALTIME_USEC", "1510321200000000".to_owned()),
        ]
    );
}
