//! `[Timer]`: when jobs start.

use super::{EVERY_JOB, Rule, TIMER};

pub(super) const RULES: &[Rule] = &[
    Rule::of("schedule", "Timer", &["OnCalendar"], "systemd.time(7)")
        .purpose(
            "When the job starts: weekdays and a time of day, with the zone, so that a change of daylight saving \
                moves the instant and not the wall clock.",
        )
        .measured(
            "With its zone 09:25 in New York moved from 14:25 to 13:25 UTC. A mistyped zone makes systemd ignore \
                the timer, and its own check calls that fine. 02:30 was skipped on 2026-03-08: times in those \
                hours are refused.",
        )
        .incident("Half the orders went out outside trading hours, because a server's zone was Berlin's.")
        .from(&["jobs.NAME.schedule", "services.NAME.schedule", "timezone"]),
    Rule::of("to-the-second", "Timer", &["AccuracySec"], TIMER)
        .purpose("The job starts in the second that is written, not somewhere in the minute after it.")
        .measured("systemd's own slack is one minute.")
        .policy(EVERY_JOB),
    Rule::of("late-start-made-up-for", "Timer", &["Persistent"], TIMER)
        .among(&["true", "yes"])
        .purpose(
            "A slot that was missed while the host was off is made up for; how late that may be is judged before \
                the program starts.",
        )
        .measured(
            "With an old stamp the job fires the instant its timer starts, at boot or at deploy. The time it is \
                told is when it fired, not the slot it was meant for.",
        )
        .from(&["jobs.NAME.late_start"]),
    Rule::of("missed-stays-missed", "Timer", &["Persistent"], TIMER)
        .purpose("A slot that was missed stays missed: nothing starts at boot or at deploy, at whatever hour that is.")
        .measured("With Persistent=true and an old stamp the job fires the instant its timer starts.")
        .from(&["jobs.NAME.late_start", "jobs.NAME.schedule"]),
    Rule::of("what-a-timer-starts", "Timer", &["Unit"], TIMER)
        .purpose("The timer starts its own job and nothing else.")
        .measured(
            "Requires= on a service in a timer starts that service as soon as the timer starts: an end-of-day \
                timer started trading. It is never rendered.",
        )
        .from(&["jobs.NAME", "services.NAME"]),
];
