//! Which keys a rehearsal understands, and which it may pass over: those that sandbox, limit or describe.
//!
//! The lists are closed on purpose. A key that is in neither could change what runs when, so it is an error until
//! somebody decides.

use super::{
    file::{Entry, UnitFile},
    tree::UnitError,
};

const UNIT: &[&str] = &[
    "After",
    "Before",
    "Conflicts",
    "OnSuccess",
    "OnSuccessJobMode",
    "OnFailure",
    "OnFailureJobMode",
    "PartOf",
    "StartLimitIntervalSec",
    "StartLimitBurst",
    "Wants",
];

const UNIT_PASSED_OVER: &[&str] = &["Description", "Documentation", "RequiresMountsFor", "SourcePath"];

const SERVICE: &[&str] = &[
    "Type",
    "ExecCondition",
    "ExecStartPre",
    "ExecStart",
    "ExecStopPost",
    "Environment",
    "StateDirectory",
    "RuntimeDirectory",
    "LoadCredential",
    "LoadCredentialEncrypted",
    "WorkingDirectory",
    "Restart",
    "RestartSec",
    "RestartPreventExitStatus",
    "SuccessExitStatus",
    "TimeoutSec",
    "TimeoutStartSec",
    "TimeoutStopSec",
    "WatchdogSec",
    "NotifyAccess",
    "KillSignal",
    "KillMode",
];

const SERVICE_PASSED_OVER: &[&str] = &[
    "AmbientCapabilities",
    "BindReadOnlyPaths",
    "CPUQuota",
    "CPUWeight",
    "CapabilityBoundingSet",
    "ConfigurationDirectory",
    "ConfigurationDirectoryMode",
    "DevicePolicy",
    "DynamicUser",
    "ExecPaths",
    "ExecReload",
    "Group",
    "IOSchedulingClass",
    "IOWeight",
    "IPAddressAllow",
    "IPAddressDeny",
    "InaccessiblePaths",
    "KeyringMode",
    "LimitCORE",
    "LimitNOFILE",
    "LimitNPROC",
    "LockPersonality",
    "LogRateLimitBurst",
    "LogRateLimitIntervalSec",
    "LogsDirectory",
    "LogsDirectoryMode",
    "MemoryDenyWriteExecute",
    "MemoryHigh",
    "MemoryMax",
    "MemorySwapMax",
    "Nice",
    "NoExecPaths",
    "NoNewPrivileges",
    "OOMPolicy",
    "OOMScoreAdjust",
    "PrivateDevices",
    "PrivateIPC",
    "PrivateMounts",
    "PrivateNetwork",
    "PrivateTmp",
    "PrivateUsers",
    "ProcSubset",
    "ProtectClock",
    "ProtectControlGroups",
    "ProtectHome",
    "ProtectHostname",
    "ProtectKernelLogs",
    "ProtectKernelModules",
    "ProtectKernelTunables",
    "ProtectProc",
    "ProtectSystem",
    "ReadOnlyPaths",
    "ReadWritePaths",
    "RemoveIPC",
    "RestartMode",
    "RestrictAddressFamilies",
    "RestrictFileSystems",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "RuntimeDirectoryMode",
    "RuntimeDirectoryPreserve",
    "SecureBits",
    "SendSIGKILL",
    "SetCredential",
    "Slice",
    "SocketBindAllow",
    "SocketBindDeny",
    "StandardError",
    "StandardInput",
    "StandardOutput",
    "StateDirectoryMode",
    "SupplementaryGroups",
    "SyslogIdentifier",
    "SyslogLevel",
    "SystemCallArchitectures",
    "SystemCallErrorNumber",
    "SystemCallFilter",
    "SystemCallLog",
    "TasksMax",
    "UMask",
    "User",
];

const TIMER: &[&str] = &["OnCalendar", "Unit", "Persistent", "AccuracySec", "RandomizedDelaySec"];

/// Keys of which only one value is rehearsed.
const FIXED: &[(&str, &[&str])] = &[
    ("NotifyAccess", &["main"]),
    ("KillSignal", &["SIGTERM", "TERM"]),
    ("KillMode", &["control-group", "mixed", "process"]),
    ("RandomizedDelaySec", &["0"]),
];

/// Checks every key of a service.
pub fn check_service(file: &UnitFile) -> Result<(), UnitError> {
    check(file, |section, key| match section {
        "Unit" => UNIT.contains(&key) || UNIT_PASSED_OVER.contains(&key),
        "Service" => SERVICE.contains(&key) || SERVICE_PASSED_OVER.contains(&key),
        "Install" => true,
        _ => false,
    })
}

/// Checks every key of a target.
pub fn check_target(file: &UnitFile) -> Result<(), UnitError> {
    check(file, |section, key| match section {
        "Unit" => key == "Wants" || UNIT_PASSED_OVER.contains(&key),
        "Install" => true,
        _ => false,
    })
}

/// Checks every key of a timer.
pub fn check_timer(file: &UnitFile) -> Result<(), UnitError> {
    check(file, |section, key| match section {
        "Unit" => UNIT.contains(&key) || UNIT_PASSED_OVER.contains(&key),
        "Timer" => TIMER.contains(&key),
        "Install" => true,
        _ => false,
    })
}

fn check(file: &UnitFile, known: impl Fn(&str, &str) -> bool) -> Result<(), UnitError> {
    for entry in file.entries() {
        let (section, key) = (entry.section.as_str(), entry.key.as_str());
        if section.starts_with("X-") || key.starts_with("X-") {
            continue;
        }
        if !known(section, key) {
            return Err(refused(entry, &format!("a key of [{section}] that the rehearsal does not know")));
        }
        let fixed = FIXED.iter().find(|(name, _)| *name == key);
        if fixed.is_some_and(|(_, values)| !entry.value.is_empty() && !values.contains(&entry.value.as_str())) {
            return Err(refused(entry, "a value that is not rehearsed"));
        }
    }
    Ok(())
}

fn refused(entry: &Entry, problem: &str) -> UnitError {
    UnitError::Value {
        place: entry.place.clone(),
        assignment: format!("{}={}", entry.key, entry.value),
        problem: problem.to_owned(),
    }
}
