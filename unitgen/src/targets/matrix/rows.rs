//! The rows of the matrix. Versions are those of the manual pages' "Added in version" (systemd 257) and of podman's release
//! notes and manual pages (4.3.1 and 5.4.2); where a page counts only from 183 on, or names the line's first of several
//! directives, NEWS decides.

use manifest::Podman;

use super::{Row, Since};

const UNIT: &str = "systemd.unit(5)";
const SERVICE: &str = "systemd.service(5)";
const EXEC: &str = "systemd.exec(5)";
const KILL: &str = "systemd.kill(5)";
const RESOURCES: &str = "systemd.resource-control(5)";
const TIMER: &str = "systemd.timer(5)";
const QUADLET: &str = "podman-systemd.unit(5)";
const NOTES: &str = "podman's release notes";
const RUN: &str = "podman-run(1)";

const fn row(section: &'static str, name: &'static str, since: u16, source: &'static str) -> Row {
    Row { section, name, since: Since::Systemd(since), source, remark: "" }
}

const fn remarked(row: Row, remark: &'static str) -> Row {
    Row { remark, ..row }
}

const fn key(name: &'static str, (major, minor): (u16, u16), source: &'static str) -> Row {
    Row { section: "Container", name, since: Since::Podman(Podman { major, minor }), source, remark: "" }
}

const fn option(name: &'static str) -> Row {
    Row { section: "podman run", name, since: Since::Podman(Podman::MIN), source: RUN, remark: "" }
}

/// Every directive, key and option that any target renders.
pub(super) const ROWS: &[Row] = &[
    row("Unit", "After", 183, UNIT),
    row("Unit", "Conflicts", 183, UNIT),
    row("Unit", "Description", 183, UNIT),
    remarked(
        row("Unit", "OnFailure", 183, UNIT),
        "257 fires it at every crash, 252 when systemd gives up; only a oneshot has it",
    ),
    row("Unit", "OnFailureJobMode", 209, UNIT),
    row("Unit", "OnSuccess", 249, UNIT),
    row("Unit", "OnSuccessJobMode", 249, UNIT),
    row("Unit", "PartOf", 183, UNIT),
    row("Unit", "RequiresMountsFor", 201, UNIT),
    row("Unit", "StartLimitBurst", 229, UNIT),
    remarked(row("Unit", "StartLimitIntervalSec", 229, UNIT), "in [Service] it is ignored"),
    row("Unit", "Wants", 183, UNIT),
    remarked(row("Unit", "X-StopOnRemoval", 183, "NixOS"), "systemd passes over it"),
    row("Install", "WantedBy", 183, UNIT),
    row("Timer", "AccuracySec", 209, TIMER),
    row("Timer", "OnCalendar", 197, TIMER),
    row("Timer", "Persistent", 212, TIMER),
    row("Timer", "Unit", 183, TIMER),
    row("Service", "AmbientCapabilities", 229, EXEC),
    row("Service", "BindPaths", 233, EXEC),
    row("Service", "BindReadOnlyPaths", 233, EXEC),
    row("Service", "CapabilityBoundingSet", 183, EXEC),
    row("Service", "Delegate", 218, RESOURCES),
    row("Service", "DevicePolicy", 208, RESOURCES),
    row("Service", "Environment", 183, EXEC),
    row("Service", "ExecCondition", 243, SERVICE),
    row("Service", "ExecStart", 183, SERVICE),
    row("Service", "ExecStartPre", 183, SERVICE),
    row("Service", "ExecStop", 183, SERVICE),
    row("Service", "ExecStopPost", 183, SERVICE),
    row("Service", "Group", 183, EXEC),
    row("Service", "IPAddressAllow", 235, RESOURCES),
    row("Service", "IPAddressDeny", 235, RESOURCES),
    row("Service", "KeyringMode", 235, EXEC),
    row("Service", "KillMode", 187, KILL),
    row("Service", "KillSignal", 187, KILL),
    row("Service", "LimitCORE", 183, EXEC),
    row("Service", "LoadCredential", 247, EXEC),
    row("Service", "LoadCredentialEncrypted", 250, EXEC),
    row("Service", "LockPersonality", 235, EXEC),
    row("Service", "MemoryDenyWriteExecute", 231, EXEC),
    row("Service", "NoExecPaths", 248, EXEC),
    row("Service", "NoNewPrivileges", 187, EXEC),
    row("Service", "NotifyAccess", 183, SERVICE),
    row("Service", "PrivateDevices", 209, EXEC),
    row("Service", "PrivateMounts", 239, EXEC),
    row("Service", "PrivateNetwork", 183, EXEC),
    row("Service", "PrivateTmp", 183, EXEC),
    row("Service", "PrivateUsers", 232, EXEC),
    row("Service", "ProcSubset", 247, EXEC),
    row("Service", "ProtectClock", 245, EXEC),
    row("Service", "ProtectControlGroups", 232, EXEC),
    row("Service", "ProtectHome", 214, EXEC),
    row("Service", "ProtectHostname", 242, EXEC),
    row("Service", "ProtectKernelLogs", 244, EXEC),
    row("Service", "ProtectKernelModules", 232, EXEC),
    row("Service", "ProtectKernelTunables", 232, EXEC),
    row("Service", "ProtectProc", 247, EXEC),
    remarked(row("Service", "ProtectSystem", 214, EXEC), "strict came with 232"),
    row("Service", "ReadOnlyPaths", 231, EXEC),
    row("Service", "RemoveIPC", 232, EXEC),
    row("Service", "Restart", 183, SERVICE),
    row("Service", "RestartPreventExitStatus", 189, SERVICE),
    row("Service", "RestartSec", 183, SERVICE),
    row("Service", "RestrictAddressFamilies", 211, EXEC),
    row("Service", "RestrictNamespaces", 233, EXEC),
    row("Service", "RestrictRealtime", 231, EXEC),
    row("Service", "RestrictSUIDSGID", 242, EXEC),
    row("Service", "RuntimeDirectory", 211, EXEC),
    row("Service", "RuntimeDirectoryMode", 211, EXEC),
    row("Service", "RuntimeDirectoryPreserve", 235, EXEC),
    row("Service", "SetCredential", 247, EXEC),
    remarked(
        row("Service", "SocketBindDeny", 249, RESOURCES),
        "Debian 12 builds systemd without it; target systemd refuses `listen` besides",
    ),
    row("Service", "SocketBindAllow", 249, RESOURCES),
    row("Service", "StateDirectory", 235, EXEC),
    row("Service", "StateDirectoryMode", 235, EXEC),
    row("Service", "SuccessExitStatus", 189, SERVICE),
    row("Service", "SyslogIdentifier", 183, EXEC),
    row("Service", "SystemCallArchitectures", 209, EXEC),
    row("Service", "SystemCallErrorNumber", 209, EXEC),
    row("Service", "SystemCallFilter", 187, EXEC),
    row("Service", "TimeoutStartSec", 188, SERVICE),
    row("Service", "TimeoutStopSec", 188, SERVICE),
    row("Service", "Type", 183, SERVICE),
    row("Service", "UMask", 183, EXEC),
    row("Service", "User", 183, EXEC),
    row("Service", "WatchdogSec", 183, SERVICE),
    remarked(row("Service", "X-RestartIfChanged", 183, "NixOS"), "systemd passes over it"),
    key("ContainerName", (4, 4), QUADLET),
    key("DropCapability", (4, 4), QUADLET),
    key("Entrypoint", (5, 0), NOTES),
    remarked(
        key("Exec", (4, 4), QUADLET),
        "an empty argument and all behind it are dropped, a lone `;` ends the command: both are refused",
    ),
    key("Group", (4, 4), QUADLET),
    key("Image", (4, 4), QUADLET),
    key("LogDriver", (4, 5), NOTES),
    key("Mask", (4, 6), NOTES),
    key("Network", (4, 4), QUADLET),
    key("NoNewPrivileges", (4, 4), QUADLET),
    key("Notify", (4, 4), QUADLET),
    remarked(key("PodmanArgs", (4, 6), NOTES), "stands in for a key that came later"),
    key("Pull", (4, 6), NOTES),
    key("ReadOnly", (4, 4), QUADLET),
    key("ReadOnlyTmpfs", (4, 8), NOTES),
    key("StopSignal", (5, 2), NOTES),
    key("StopTimeout", (5, 0), NOTES),
    key("Tmpfs", (4, 5), NOTES),
    remarked(key("Ulimit", (5, 0), NOTES), "4.7 knew one of them"),
    key("User", (4, 4), QUADLET),
    key("Volume", (4, 4), QUADLET),
    Row {
        section: "Quadlet",
        name: "DefaultDependencies",
        since: Since::Podman(Podman { major: 5, minor: 3 }),
        source: NOTES,
        remark: "left out before; every service then waits for the network",
    },
    option("--cap-drop"),
    option("--cgroups"),
    option("--cidfile"),
    option("--entrypoint"),
    option("--env"),
    option("--image-volume"),
    option("--log-driver"),
    option("--name"),
    option("--network"),
    option("--pull"),
    option("--read-only"),
    option("--read-only-tmpfs"),
    option("--replace"),
    option("--rm"),
    option("--sdnotify"),
    option("--security-opt"),
    option("--stop-signal"),
    option("--stop-timeout"),
    option("--tmpfs"),
    option("--ulimit"),
    option("--umask"),
    option("--unsetenv-all"),
    option("--user"),
    option("--volume"),
];
