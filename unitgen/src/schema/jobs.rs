//! `[jobs.NAME]`: work that ends.

use super::{Key, Kind, NAME, SCHEDULE, SPAN, Table, VALUE, top};

pub(super) const JOBS: Table = Table {
    path: "jobs.NAME",
    about: "Work that ends: a program run to its end, or a service started afresh. NAME.service is its unit, \
        NAME.timer its schedule. It has `program` or `restart`, never both.",
    keys: &[
        Key::optional(
            "program",
            Kind::Choice(&["scanner", "desk", "session", "marketdata", "unitgen"]),
            "\"scanner\"",
            "The program that it runs. The language knows those of releases to come too; what this release does \
                not contain is refused.",
        ),
        Key::optional(
            "args",
            Kind::Texts(VALUE, 0),
            "[\"scan\"]",
            "Its arguments: the command, then options that a job may say to it. Each stays one argument, whatever \
                stands in it.",
        )
        .or("[]"),
        Key::optional(
            "restart",
            Kind::Text(NAME),
            "\"execution\"",
            "The service that it stops and starts afresh, through its gate. Starting a service that still runs \
                does nothing.",
        ),
        Key::optional(
            "schedule",
            Kind::Text(SCHEDULE),
            "\"Mon..Fri 08:30\"",
            "When its timer starts it: weekdays and a time of day, as `Mon..Fri 08:30`, or times at even \
                distances, as `Mon..Fri 09:30..16:00/5m`; in the manifest's zone, or in the one written behind. \
                Without it only another job's success does.",
        ),
        Key::optional(
            "late_start",
            Kind::Text(SPAN),
            "\"90m\"",
            "How late it may still start when the host was off at its time. Later the run fails, for people to \
                see. No later than its work is of use, and before the open where a restart follows.",
        )
        .or("a missed run stays missed"),
        Key::optional(
            "timeout",
            Kind::Text(SPAN),
            "\"10m\"",
            "The longest that it may run, at most six hours; past that it has failed.",
        )
        .or("\"15m\""),
        Key::optional(
            "on_success",
            Kind::Texts(NAME, 0),
            "[\"execution-restart\"]",
            "The jobs that start when this one has succeeded. A service cannot be named: name a job that restarts \
                it. What places orders is restarted by the success of what writes its list or preflight, and of \
                nothing else.",
        )
        .or("[]"),
        Key::optional(
            "serves",
            Kind::Text(NAME),
            "\"execution\"",
            "The service whose account, mode and credentials it works with. Needed by what talks to the broker.",
        ),
        Key::optional(
            "secrets",
            Kind::Texts(NAME, 0),
            "[\"alpaca\"]",
            "Groups of [secrets] that it gets besides those of the service it serves.",
        )
        .or("[]"),
        Key::optional("env", Kind::Variables, "{ SCAN_TOP = \"40\" }", "Plain settings of its program."),
    ],
};

pub(super) const ENV: Table = top::env("jobs.NAME.env");
