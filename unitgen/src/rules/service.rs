//! `[Service]`: what runs, what must pass before it, what follows its end, and as whom.

use super::{EVERY_MANIFEST, EVERY_SERVICE, EXEC, Element, KILL, NIXOS, ORDERS, Rule, SERVICE};

pub(super) const RULES: &[Rule] = &[
    Rule::of("ready-when-it-says-so", "Service", &["Type"], SERVICE)
        .value("notify")
        .purpose(
            "The service counts as started when its program says that it is ready, not when its process \
            exists.",
        )
        .policy(EVERY_SERVICE),
    Rule::of("work-that-ends", "Service", &["Type"], SERVICE)
        .value("oneshot")
        .purpose(
            "The unit is done when its program has ended, so what follows on it starts after the work and not \
                beside it.",
        )
        .measured(
            "A oneshot refuses Restart=always, and with RemainAfterExit=yes its timer starts it once and never \
                again.",
        )
        .policy("every job"),
    Rule::of("own-signs-only", "Service", &["NotifyAccess"], SERVICE)
        .purpose("Only the main process may say that the service is ready or alive.")
        .policy(EVERY_SERVICE),
    Rule::of("watchdog", "Service", &["WatchdogSec"], SERVICE)
        .purpose(
            "A process that hangs is killed and started again: it must give a sign of life within this many \
                seconds.",
        )
        .policy(EVERY_SERVICE),
    Rule::of("start-timeout", "Service", &["TimeoutStartSec"], SERVICE)
        .only(Element::Service)
        .purpose("The longest that gate and first look at the broker may take until the program is ready.")
        .policy(EVERY_SERVICE),
    Rule::of("job-timeout", "Service", &["TimeoutStartSec"], SERVICE)
        .purpose(
            "The longest that the job may run; past that it is ended and has failed. systemd by itself sets no \
                limit to a oneshot.",
        )
        .from(&["jobs.NAME.timeout"]),
    Rule::of("gate-before-start", "Service", &["ExecCondition"], SERVICE)
        .purpose(
            "No start unless the gate lets it: what the manifest names, such as today's attested watchlist, the \
                session's window and the kill switch. With a position to protect the gate lets the process in to \
                manage it, and it opens nothing.",
        )
        .measured(
            "Exit codes 1 to 254 skip the start quietly; a code listed in SuccessExitStatus= or a `-` before the \
                path would let a refusing gate pass. A gate unit of its own gates nothing: what requires it runs \
                when it is skipped. The empty line in the drop-in clears the list, so that the gate runs once.",
        )
        .incident(
            "A failed scan wrote nothing, and the stale list was traded. Elsewhere the drop-in with the gate was \
                never installed.",
        )
        .from(&["services.NAME.gates"]),
    Rule::of("not-too-late", "Service", &["ExecStartPre"], SERVICE)
        .purpose(
            "A run that its timer makes up for too late fails, where people see it, instead of working on a day \
                that is over.",
        )
        .measured(
            "ExecCondition= would skip it, a skip is a success, and what follows on the job would start. The time \
                that systemd tells is when the timer fired, so the slot is written here.",
        )
        .from(&["jobs.NAME.late_start"]),
    Rule::of("restart-does-nothing", "Service", &["ExecStart"], SERVICE)
        .only(Element::Restart)
        .purpose(
            "A restart needs a unit that ends well at once: stopping and starting is done by what is written in \
                [Unit]. It is a program of the release, since no other lies at the same place on every host.",
        )
        .from(&["jobs.NAME.restart"]),
    Rule::of("program", "Service", &["ExecStart"], SERVICE)
        .purpose(
            "What runs: a program of the release by its full path, with arguments quoted so that none can become a \
                second one.",
        )
        .measured(
            "systemd splits at blanks, and expands %x and $; a trailing backslash would take the next line along. \
                All of it is escaped.",
        )
        .from(&[
            "services.NAME.program",
            "jobs.NAME.program",
            "jobs.NAME.args",
            "services.NAME.listen",
            "services.NAME.health",
            "release.programs",
        ]),
    Rule::of("alert-at-every-end", "Service", &["ExecStopPost"], SERVICE)
        .purpose("However the unit ended, this runs and tells when that was no success, a gate's skip included.")
        .measured(
            "A skip is quiet: systemctl exits 0, the result is success and OnFailure= does not fire; a gate that \
                is missing looks the same. Only ExecStopPost= sees the result exec-condition.",
        )
        .incident("A scheduled job crashed every day, and nobody was told.")
        .policy(EVERY_MANIFEST),
    Rule::of("asked-to-end", "Service", &["KillSignal"], KILL)
        .purpose("The process is asked to end: it withdraws entries that wait, protects what was filled, and goes.")
        .policy(EVERY_SERVICE),
    Rule::of("time-to-wind-down", "Service", &["TimeoutStopSec"], SERVICE)
        .purpose("An order in flight is waited for, not abandoned; only past this the process is killed.")
        .policy(EVERY_SERVICE),
    Rule::of("comes-back-after-a-crash", "Service", &["Restart", "RestartSec"], SERVICE)
        .purpose(
            "A crash is followed by a new start after a pause: positions must not be left without their manager, \
                nor others without what they need.",
        )
        .measured(
            "After a crash the condition is asked again. If it refuses then, the unit ends inactive with success, \
                and nothing fires: so the gate answers manage-only while something is held.",
        )
        .policy(EVERY_SERVICE),
    Rule::of("refusals-are-final", "Service", &["RestartPreventExitStatus"], SERVICE)
        .purpose(
            "What no restart can cure is not tried again: wrong configuration, a refusing gate, a lock that is \
                held, a missing credential (243).",
        )
        .measured(
            "It looks at the main process only. A failing ExecStartPre= with a listed code was started four times: \
                so the gate is a condition.",
        )
        .incident("A start that was refused came back again and again.")
        .policy(EVERY_SERVICE),
    Rule::of("no-success-but-zero", "Service", &["SuccessExitStatus"], SERVICE)
        .purpose(
            "No code but 0 is a success. The empty line clears what another drop-in may have added before this \
                one.",
        )
        .measured(
            "A gate's refusal code in this list lets the refusing gate pass, for ExecCondition= and ExecStartPre= \
                alike.",
        )
        .policy(ORDERS),
    Rule::of("kept-over-switches", "Service", &["X-RestartIfChanged"], NIXOS)
        .purpose(
            "A switch of the system's configuration never restarts what holds positions; the restart job does, \
                through the gate.",
        )
        .measured(
            "A switch looks at the unit and at its own .d directory, and at no drop-in that other units \
            share.",
        )
        .policy(ORDERS),
    Rule::of("never-root", "Service", &["User", "Group"], EXEC)
        .purpose(
            "Everything runs as a user who cannot arm live orders, clear what root laid down, or change \
            units.",
        )
        .from(&["identity.user", "identity.group"]),
    Rule::of("own-state", "Service", &["StateDirectory", "StateDirectoryMode"], EXEC)
        .purpose(
            "systemd makes the state directory with the right owner, and opens this one place to a process that \
                may write nowhere else.",
        )
        .from(&["paths.state"]),
    Rule::of(
        "account-locks",
        "Service",
        &["RuntimeDirectory", "RuntimeDirectoryMode", "RuntimeDirectoryPreserve"],
        EXEC,
    )
    .purpose(
        "Account locks lie here: one process acts for an account, whichever unit it belongs to. The directory \
            outlives each process, or a second would see no lock.",
    )
    .incident("Two execution processes traded side by side.")
    .policy("everything that talks to the broker"),
];
