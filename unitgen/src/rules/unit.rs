//! `[Unit]` and `[Install]`: what starts, stops and follows what.

use super::{Element, NIXOS, ORDERS, Rule, UNIT};

pub(super) const RULES: &[Rule] = &[
    Rule::of("description", "Unit", &["Description"], UNIT)
        .purpose("The line that systemctl and the journal show, so that deployment, job and hour are seen at a glance.")
        .from(&["services.NAME", "jobs.NAME", "name"]),
    Rule::of("part-of-the-target", "Unit", &["PartOf"], UNIT)
        .purpose(
            "Stopping or restarting the deployment's target does the same to this unit; starting it is not tied to \
                anything.",
        )
        .from(&["name"]),
    Rule::of("network-first", "Unit", &["Wants", "After"], UNIT)
        .value("network-online.target")
        .purpose(
            "The first thing this program does is to ask the broker: it waits until the host has said that its \
                network is up. Wants= starts that, After= waits for it, and neither does the other's work.",
        )
        .from(&["services.NAME.program", "jobs.NAME.program"]),
    Rule::of("one-target", "Unit", &["Wants"], UNIT)
        .only(Element::Deployment)
        .purpose("The target is the one unit to enable: it starts every service and every timer that runs by itself.")
        .measured(
            "With Requires= in its place whatever stops or fails below the target takes the target and all its \
                timers along.",
        )
        .from(&["services", "jobs"]),
    Rule::of("order-of-starts", "Unit", &["After"], UNIT)
        .only(Element::Service)
        .purpose(
            "Where both start, that one starts first. Nothing more: when it fails or is stopped, this one \
            runs on.",
        )
        .measured(
            "Requires= without After= runs the dependent although what it requires has failed, and at a \
            crash and restart of the other it bounces too; no unit here has either tie.",
        )
        .from(&["services.NAME.after"]),
    Rule::of("restart-stops-it-first", "Unit", &["Conflicts", "After"], UNIT)
        .only(Element::Restart)
        .purpose("Starting this unit stops the running service, and the order says that the stop comes first.")
        .measured(
            "Starting a service that still runs does nothing. Conflicts= and After= together with a start by \
                success restart it without root, polkit or a call over D-Bus.",
        )
        .from(&["jobs.NAME.restart"]),
    Rule::of("restart-starts-afresh", "Unit", &["OnSuccess"], UNIT)
        .only(Element::Restart)
        .purpose("When this unit has ended, its success starts the service afresh, through its gate.")
        .measured("OnSuccess= of a unit that still runs does nothing; here it was stopped before.")
        .from(&["jobs.NAME.restart"]),
    Rule::of("restart-that-fails", "Unit", &["OnFailure"], UNIT)
        .only(Element::Restart)
        .purpose(
            "The service was stopped before this unit could fail, and may hold something: it comes back all the \
                same, through its gate.",
        )
        .measured(
            "systemd 252 fires OnFailure= once, when it gives up, and 257 at every crash. A oneshot without \
                Restart= fails once, so here both fire once.",
        )
        .from(&["jobs.NAME.restart"]),
    Rule::of("followers", "Unit", &["OnSuccess"], UNIT)
        .purpose("What the manifest lets follow on this job starts when the job has succeeded, and only then.")
        .measured(
            "A skip by ExecCondition= is a success, and OnSuccess= fires on it. That is why no unit that others \
                follow has a condition: its success is never that of a skip.",
        )
        .incident("A failed scan wrote nothing, and what came after it traded the stale list.")
        .from(&["jobs.NAME.on_success"]),
    Rule::of("follow-in-any-case", "Unit", &["OnSuccessJobMode", "OnFailureJobMode"], UNIT)
        .purpose(
            "A start that follows takes the place of a stop still waiting in the queue, where another mode would \
                refuse it.",
        )
        .from(&["jobs.NAME.restart", "jobs.NAME.on_success"]),
    Rule::of("no-start-limit", "Unit", &["StartLimitIntervalSec", "StartLimitBurst"], UNIT)
        .purpose(
            "systemd never gives up on what manages positions, or on what others wait for all day. An interval of \
                zero means no limit; the burst is what an operator gets back who sets an interval again.",
        )
        .measured(
            "In [Service] the line is ignored, and the default of five starts in ten seconds holds. A service at \
                its limit also stays down when its timer or its restart job starts it.",
        )
        .policy(super::EVERY_SERVICE),
    Rule::of("kept-when-removed", "Unit", &["X-StopOnRemoval"], NIXOS)
        .only(Element::Service)
        .purpose(
            "A NixOS configuration that no longer has this unit takes away what may be opened, never the manager \
                of what is held.",
        )
        .measured("Without the line a switch stops every unit that its configuration has lost.")
        .policy(ORDERS),
    Rule::of("target-kept-when-removed", "Unit", &["X-StopOnRemoval"], NIXOS)
        .only(Element::Deployment)
        .purpose(
            "A stop of the target is a stop of the services that are PartOf= it, so a switch must not stop the \
                target either.",
        )
        .policy(super::EVERY_MANIFEST),
    Rule::of("enabled-by-login", "Install", &["WantedBy"], UNIT)
        .value("default.target")
        .purpose(
            "In a login's manager the target starts with the manager: at boot when the login lingers. Only the \
                target says so, and what it starts are services and timers.",
        )
        .measured("A job that is wanted by the default target runs at every login.")
        .from(&["scope"]),
    Rule::of("enabled-by-boot", "Install", &["WantedBy"], UNIT)
        .purpose(
            "Enabling the target ties the whole deployment to the boot. No other unit can be enabled, so none runs \
                unasked.",
        )
        .measured(
            "A job that is wanted by the default target runs at every boot or login. NixOS ignores this section; \
                its module enables the target itself.",
        )
        .policy(super::EVERY_MANIFEST),
];
