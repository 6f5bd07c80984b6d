//! What each guardrail is: a stable id, what is lost without it, what happened once, and the directives that make it.

use super::Guardrail;

/// What is known of one guardrail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Stable text, for tools.
    pub id: &'static str,
    /// One sentence without a full stop: what is so when it is lost.
    pub without: &'static str,
    /// What happened where it was not held, or was measured of systemd.
    pub incident: Option<&'static str>,
    /// Section and key of everything that makes or unmakes it.
    pub directives: &'static [(&'static str, &'static str)],
}

const fn entry(
    id: &'static str,
    without: &'static str,
    incident: Option<&'static str>,
    directives: &'static [(&'static str, &'static str)],
) -> Entry {
    Entry { id, without, incident, directives }
}

/// In the order of the enum.
pub(super) const TABLE: [(Guardrail, Entry); 34] = [
    (
        Guardrail::CanStart,
        entry(
            "can-start",
            "it does not start at all: no manager of what is held, no watchlist, no record of the day",
            None,
            &[("Service", "ExecStart"), ("Unit", "RefuseManualStart")],
        ),
    ),
    (
        Guardrail::Gate,
        entry(
            "gate",
            "it starts without asking whether it may: on a stale watchlist, outside its window, with the kill switch pulled",
            Some("a scan failed, yesterday's list lay there still, and was traded"),
            &[
                ("Service", "ExecCondition"),
                ("Service", "ExecStartPre"),
                ("Service", "BindPaths"),
                ("Service", "BindReadOnlyPaths"),
                ("Service", "TemporaryFileSystem"),
                ("Service", "RootDirectory"),
                ("Service", "RootImage"),
                ("Service", "MountImages"),
                ("Service", "ExtensionImages"),
                ("Service", "ExtensionDirectories"),
            ],
        ),
    ),
    (
        Guardrail::GateHeeded,
        entry(
            "gate-heeded",
            "the gate is run and its answer thrown away: a refusal starts the service",
            Some("measured: with a dash before its path a refusing gate passes"),
            &[("Service", "ExecCondition"), ("Service", "ExecStartPre")],
        ),
    ),
    (
        Guardrail::RefusalSeen,
        entry(
            "refusal-seen",
            "an exit code that says no is taken for success: the gate passes, what follows on success starts, nobody is told",
            Some("measured: a gate whose code is in SuccessExitStatus= passes"),
            &[("Service", "SuccessExitStatus")],
        ),
    ),
    (
        Guardrail::RefusalFinal,
        entry(
            "refusal-final",
            "what no restart can cure is started again and again",
            Some(
                "a gate in ExecStartPre= under Restart=on-failure ran five times in a second: its code is not the main process's",
            ),
            &[
                ("Service", "RestartPreventExitStatus"),
                ("Service", "RestartForceExitStatus"),
                ("Service", "Restart"),
                ("Service", "ExecStartPre"),
            ],
        ),
    ),
    (
        Guardrail::ComesBack,
        entry(
            "comes-back",
            "after a crash nothing starts it again: open positions have no manager",
            Some(
                "measured: a crash while the gate refuses ends inactive, with Result=success, and OnFailure= does not fire",
            ),
            &[
                ("Service", "Restart"),
                ("Service", "SuccessExitStatus"),
                ("Service", "RestartPreventExitStatus"),
                ("Service", "RestartSec"),
                ("Service", "RestartSteps"),
                ("Service", "RestartMaxDelaySec"),
                ("Service", "Type"),
            ],
        ),
    ),
    (
        Guardrail::NoStartLimit,
        entry(
            "no-start-limit",
            "after a few quick crashes systemd gives up, and no timer or operator starts it until the count is reset",
            Some(
                "measured: StartLimitIntervalSec= in [Service] is ignored, and five starts in ten seconds are the limit",
            ),
            &[
                ("Unit", "StartLimitIntervalSec"),
                ("Unit", "StartLimitInterval"),
                ("Unit", "StartLimitBurst"),
                ("Service", "StartLimitIntervalSec"),
                ("Service", "StartLimitInterval"),
                ("Service", "StartLimitBurst"),
            ],
        ),
    ),
    (
        Guardrail::StandsAlone,
        entry(
            "stands-alone",
            "it is stopped along when another unit stops, crashes or starts, when memory is short, or with the whole host",
            Some("a crash of an API restarted the worker that sent the orders"),
            &[
                ("Unit", "Requires"),
                ("Unit", "Requisite"),
                ("Unit", "BindsTo"),
                ("Unit", "PartOf"),
                ("Unit", "StopPropagatedFrom"),
                ("Unit", "Conflicts"),
                ("Unit", "StopWhenUnneeded"),
                ("Unit", "FailureAction"),
                ("Unit", "SuccessAction"),
                ("Unit", "StartLimitAction"),
                ("Unit", "JobTimeoutAction"),
                ("Service", "RuntimeMaxSec"),
                ("Service", "MemoryMax"),
                ("Service", "MemoryLimit"),
                ("Service", "OOMScoreAdjust"),
                ("Service", "ManagedOOMSwap"),
                ("Service", "ManagedOOMMemoryPressure"),
            ],
        ),
    ),
    (
        Guardrail::Readiness,
        entry(
            "readiness",
            "it counts as started before it is ready: a start that fails looks like one that succeeded",
            Some("measured: with Type=simple systemctl start succeeds for a program that ends with an error"),
            &[("Service", "Type"), ("Service", "NotifyAccess")],
        ),
    ),
    (
        Guardrail::Watchdog,
        entry(
            "watchdog",
            "a process that hangs is never ended, and never replaced",
            None,
            &[("Service", "WatchdogSec"), ("Service", "WatchdogSignal"), ("Service", "NotifyAccess")],
        ),
    ),
    (
        Guardrail::TimeToEnd,
        entry(
            "time-to-end",
            "it is killed before entries are withdrawn and fills have their stops",
            None,
            &[
                ("Service", "TimeoutStopSec"),
                ("Service", "TimeoutSec"),
                ("Service", "KillSignal"),
                ("Service", "KillMode"),
                ("Service", "ExecStop"),
            ],
        ),
    ),
    (
        Guardrail::Alert,
        entry(
            "alert",
            "it ends badly, or is refused, and nobody is told",
            Some(
                "a scheduled job crashed every day in silence; measured: OnFailure= does not fire when a condition skips",
            ),
            &[
                ("Service", "ExecStopPost"),
                ("Service", "StandardOutput"),
                ("Service", "StandardError"),
                ("Service", "LogLevelMax"),
            ],
        ),
    ),
    (
        Guardrail::KeptOverSwitches,
        entry(
            "kept-over-switches",
            "a switch of the system's configuration restarts or stops it while it holds positions",
            Some("a NixOS switch restarts what changed and stops what is gone"),
            &[("Service", "X-RestartIfChanged"), ("Service", "X-StopIfChanged"), ("Unit", "X-StopOnRemoval")],
        ),
    ),
    (
        Guardrail::AccountLock,
        entry(
            "account-lock",
            "two processes may act for one broker account",
            None,
            &[("Service", "RuntimeDirectory"), ("Service", "RuntimeDirectoryPreserve")],
        ),
    ),
    (
        Guardrail::ManifestDigest,
        entry(
            "manifest-digest",
            "the process cannot tell that its unit belongs to another manifest than the one installed",
            None,
            &[("Service", "Environment"), ("Service", "UnsetEnvironment")],
        ),
    ),
    (
        Guardrail::NoSecretInEnvironment,
        entry(
            "no-secret-in-environment",
            "every user of the host can read a secret, with systemctl show or ps",
            Some("a token and a password stood in Environment= of a unit"),
            &[
                ("Service", "Environment"),
                ("Service", "EnvironmentFile"),
                ("Service", "PassEnvironment"),
                ("Service", "ExecStart"),
            ],
        ),
    ),
    (
        Guardrail::CredentialsAsFiles,
        entry(
            "credentials-as-files",
            "a key that is missing is no error: the program starts without it",
            Some("measured: LoadCredential= without a path is passed over when there is no such credential"),
            &[
                ("Service", "LoadCredential"),
                ("Service", "LoadCredentialEncrypted"),
                ("Service", "SetCredential"),
                ("Service", "ImportCredential"),
            ],
        ),
    ),
    (
        Guardrail::Unprivileged,
        entry(
            "unprivileged",
            "it runs with rights that it does not need: a fault in it is a fault in the whole host",
            Some("an execution loop ran as root, out of root's home"),
            &[
                ("Service", "User"),
                ("Service", "NoNewPrivileges"),
                ("Service", "CapabilityBoundingSet"),
                ("Service", "AmbientCapabilities"),
                ("Service", "RestrictSUIDSGID"),
                ("Service", "PermissionsStartOnly"),
            ],
        ),
    ),
    (
        Guardrail::ReadOnlySystem,
        entry(
            "read-only-system",
            "it can change programs, units and configuration of the host",
            Some("a runbook asked for a service that may write to its own programs' directory"),
            &[
                ("Service", "ProtectSystem"),
                ("Service", "ProtectHome"),
                ("Service", "PrivateTmp"),
                ("Service", "ReadWritePaths"),
                ("Service", "ReadOnlyPaths"),
            ],
        ),
    ),
    (
        Guardrail::KernelShielded,
        entry(
            "kernel-shielded",
            "it reaches the kernel's switches, its modules, its clock and devices",
            None,
            super::sandbox::KERNEL,
        ),
    ),
    (
        Guardrail::ProcessesApart,
        entry(
            "processes-apart",
            "it sees other processes, their keys and what they leave behind",
            None,
            super::sandbox::PROCESSES,
        ),
    ),
    (
        Guardrail::CallsFiltered,
        entry("calls-filtered", "every system call is open to whatever gets into it", None, super::sandbox::CALLS),
    ),
    (
        Guardrail::OwnPrograms,
        entry(
            "own-programs",
            "it can run any program of the host: a shell, an interpreter, what was just downloaded",
            Some("units ran a login shell that read whatever lay in the home directory"),
            &[
                ("Service", "NoExecPaths"),
                ("Service", "ExecPaths"),
                ("Service", "BindPaths"),
                ("Service", "BindReadOnlyPaths"),
                ("Service", "TemporaryFileSystem"),
                ("Service", "RootDirectory"),
                ("Service", "RootImage"),
                ("Service", "MountImages"),
                ("Service", "ExtensionImages"),
                ("Service", "ExtensionDirectories"),
                ("Service", "Environment"),
                ("Service", "PassEnvironment"),
            ],
        ),
    ),
    (
        Guardrail::NetworkBounded,
        entry(
            "network-bounded",
            "it may listen, or talk to what it has nothing to do with",
            Some("a dashboard was served with the password admin"),
            &[
                ("Service", "RestrictAddressFamilies"),
                ("Service", "PrivateNetwork"),
                ("Service", "SocketBindDeny"),
                ("Service", "SocketBindAllow"),
                ("Service", "IPAddressDeny"),
                ("Service", "IPAddressAllow"),
            ],
        ),
    ),
    (
        Guardrail::PrivateFiles,
        entry(
            "private-files",
            "ledger and state are readable by others of the host, or keys end in a core file",
            None,
            &[("Service", "UMask"), ("Service", "StateDirectoryMode"), ("Service", "LimitCORE")],
        ),
    ),
    (
        Guardrail::StartsAtBoot,
        entry(
            "starts-at-boot",
            "after a boot it does not run: no scan, no manager of what is held",
            Some("four units had to be enabled, and a timer that was not was a day without a scan"),
            &[("Install", "WantedBy"), ("Unit", "Wants")],
        ),
    ),
    (
        Guardrail::SingleStart,
        entry(
            "single-start",
            "something else than its own schedule starts it: at a boot, at a login, at any hour",
            Some("jobs wanted by default.target ran at every login, and a report that required trading started it"),
            &[("Install", "WantedBy"), ("Install", "RequiredBy"), ("Unit", "Requires"), ("Unit", "Upholds")],
        ),
    ),
    (
        Guardrail::Zone,
        entry(
            "zone",
            "it fires by the host's own zone: an hour off after a change of the clocks, or for ever",
            Some("measured: with a zone 09:25 in New York moved from 14:25 to 13:25 UTC with the clocks"),
            &[("Timer", "OnCalendar")],
        ),
    ),
    (
        Guardrail::Punctual,
        entry(
            "punctual",
            "it fires up to a minute or more after its time, or at other times as well",
            Some("measured: AccuracySec= is a minute unless it is said"),
            &[
                ("Timer", "AccuracySec"),
                ("Timer", "RandomizedDelaySec"),
                ("Timer", "RandomizedOffsetSec"),
                ("Timer", "OnActiveSec"),
                ("Timer", "OnBootSec"),
                ("Timer", "OnStartupSec"),
                ("Timer", "OnUnitActiveSec"),
                ("Timer", "OnUnitInactiveSec"),
                ("Timer", "OnClockChange"),
                ("Timer", "OnTimezoneChange"),
            ],
        ),
    ),
    (
        Guardrail::LateStart,
        entry(
            "late-start",
            "a slot that was missed is made up for at once, at whatever hour the host or the deploy comes up",
            Some("measured: Persistent=true with an old stamp fires the instant the timer starts"),
            &[("Timer", "Persistent"), ("Service", "ExecStartPre")],
        ),
    ),
    (
        Guardrail::FollowsSuccess,
        entry(
            "follows-success",
            "what follows on its success starts after a skip as well",
            Some("measured: a skip by ExecCondition= is a success, and OnSuccess= fires"),
            &[("Unit", "OnSuccess"), ("Service", "ExecCondition"), ("Service", "RemainAfterExit")],
        ),
    ),
    (
        Guardrail::BoundedRun,
        entry(
            "bounded-run",
            "one run that hangs is activating for ever, and its timer never fires again",
            Some("measured: Type=oneshot has no timeout of its own"),
            &[("Service", "TimeoutStartSec"), ("Service", "TimeoutSec"), ("Service", "Type")],
        ),
    ),
    (
        Guardrail::RunsEachTime,
        entry(
            "runs-each-time",
            "its timer runs it once and never again, or starts something else",
            Some("measured: RemainAfterExit=yes under a timer runs once"),
            &[("Service", "RemainAfterExit"), ("Timer", "Unit")],
        ),
    ),
    (
        Guardrail::RestartBringsBack,
        entry(
            "restart-brings-back",
            "the service that it stops stays stopped when its own start fails, or is never stopped at all",
            Some("a fresh list started what still ran: nothing happened, and the old list was traded on"),
            &[
                ("Unit", "Conflicts"),
                ("Unit", "After"),
                ("Unit", "OnSuccess"),
                ("Unit", "OnFailure"),
                ("Unit", "OnSuccessJobMode"),
                ("Unit", "OnFailureJobMode"),
            ],
        ),
    ),
];
