//! The properties of a service: what it runs, as whom, and in which sandbox.

use std::collections::BTreeMap;

use super::{Expectation, Property, of_manager, reading::Loaded, span, text};
use crate::guardrails::Manager;

/// Settings that are shown as they are written, under their own name, each with what holds when it is not written.
const AS_WRITTEN: [(&str, &str); 22] = [
    ("Type", "simple"),
    ("Restart", "no"),
    ("User", ""),
    ("Group", ""),
    ("UMask", "0022"),
    ("StateDirectoryMode", "0755"),
    ("RuntimeDirectoryMode", "0755"),
    ("RuntimeDirectoryPreserve", "no"),
    ("KillMode", "control-group"),
    ("ProtectSystem", "no"),
    ("ProtectHome", "no"),
    ("ProtectProc", "default"),
    ("ProcSubset", "all"),
    ("DevicePolicy", "auto"),
    ("KeyringMode", "private"),
    ("LimitCORE", "infinity"),
    ("SystemCallArchitectures", ""),
    ("RestrictNamespaces", "no"),
    ("CapabilityBoundingSet", ""),
    ("AmbientCapabilities", ""),
    ("SuccessExitStatus", ""),
    ("RestartForceExitStatus", ""),
];

const SWITCHES: [&str; 19] = [
    "NoNewPrivileges",
    "PrivateTmp",
    "PrivateDevices",
    "PrivateUsers",
    "PrivateMounts",
    "PrivateNetwork",
    "ProtectClock",
    "ProtectHostname",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "RemoveIPC",
    "RemainAfterExit",
    "DynamicUser",
];

/// Lists whose words are shown as they are written, with specifiers expanded.
const LISTS: [&str; 7] = [
    "StateDirectory",
    "RuntimeDirectory",
    "NoExecPaths",
    "ExecPaths",
    "ReadOnlyPaths",
    "RestrictAddressFamilies",
    "RestartPreventExitStatus",
];

/// Limits that there are none of.
const NO_LIMIT: [&str; 9] = [
    "CPUQuotaPerSecUSec",
    "LimitAS",
    "LimitASSoft",
    "LimitCPU",
    "LimitCPUSoft",
    "LimitDATA",
    "LimitFSIZE",
    "MemoryHigh",
    "MemoryMax",
];
/// Limits of the host, and what a program of ours can live with.
const ROOM: [(&str, u64); 5] =
    [("LimitNOFILE", 1024), ("LimitNOFILESoft", 1024), ("LimitNPROC", 64), ("LimitNPROCSoft", 64), ("TasksMax", 64)];

/// Calls that every program needs, and calls that the filter takes from all of ours.
const CALLS: [&str; 5] = ["read", "write", "openat", "futex", "connect"];
const NO_CALLS: [&str; 7] = ["mount", "reboot", "clock_settime", "chroot", "setuid", "bpf", "init_module"];
/// Calls of `@system-service` that a program has unless a line takes them away by name.
const CALLS_BY_NAME: [&str; 3] = ["listen", "kill", "memfd_create"];

/// How a filter is shown that nothing is assigned to: all but none. Measured on 257.
const NOTHING_DENIED: &str = "~";
/// Of a unit that does not say them the manager's own, or a word for all.
const OF_THE_MANAGER: [&str; 2] = ["CapabilityBoundingSet", "LimitCORE"];

pub(super) fn properties(manager: Manager, unit: &Loaded<'_>) -> Vec<Property> {
    let or = |key: &str, default: &str| unit.last("Service", key).unwrap_or_else(|| default.to_owned());
    let has_no_devices = or("PrivateDevices", "no") == "yes";
    let default = |key: &str, usual: &'static str| match (manager, key) {
        (Manager::User, "KeyringMode") => "inherit",
        // What the one implies for the other.
        (_, "DevicePolicy") if has_no_devices => "closed",
        (Manager::System | Manager::User, _) => usual,
    };
    let is_said = |key: &str| unit.says("Service", key);
    let of_unit = |(key, _): &&(&str, &str)| !OF_THE_MANAGER.contains(key) || is_said(key);
    let written = AS_WRITTEN.iter().filter(of_unit);
    let mut properties: Vec<Property> = written.map(|(key, usual)| text(key, or(key, default(key, usual)))).collect();
    properties.extend(SWITCHES.iter().map(|key| text(key, or(key, "no"))));
    for key in LISTS {
        let words = if key == "RestrictAddressFamilies" && !is_said(key) {
            vec![NOTHING_DENIED.to_owned()]
        } else {
            unit.words("Service", key)
        };
        properties.push((key.to_owned(), Expectation::Words(words.into_iter().collect())));
    }
    properties.extend(commands(unit));
    properties.extend(times(unit));
    properties.extend(limits(unit));
    properties.extend(addresses(unit));
    properties.push(text("NotifyAccess", or("NotifyAccess", "none")));
    properties.push(text("KillSignal", "15"));
    if is_said("SystemCallFilter") {
        properties.push(text("SystemCallErrorNumber", "1"));
        properties.push(calls(unit));
    } else {
        properties.push(text("SystemCallFilter", NOTHING_DENIED));
    }
    let bound = unit.words("Service", "BindReadOnlyPaths").into_iter().map(|path| {
        let plain = path.trim_start_matches('-').to_owned();
        format!("{path}:{plain}:rbind")
    });
    properties.push(("BindReadOnlyPaths".to_owned(), Expectation::Words(bound.collect())));
    let assigned = unit.words("Service", "Environment").into_iter();
    let variables: BTreeMap<String, String> = assigned
        .filter_map(|word| word.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())))
        .collect();
    properties.push(("Environment".to_owned(), Expectation::Variables(variables)));
    properties
}

/// Groups of calls are hundreds of names: some of each stand for all.
fn calls(unit: &Loaded<'_>) -> Property {
    let taken: Vec<String> = unit
        .list("Service", "SystemCallFilter")
        .iter()
        .filter_map(|line| line.strip_prefix('~'))
        .flat_map(|line| line.split_whitespace().map(str::to_owned))
        .collect();
    let is_taken = |call: &&str| taken.iter().any(|name| name == call);
    let (without, with): (Vec<&str>, Vec<&str>) = CALLS_BY_NAME.into_iter().partition(is_taken);
    let (with, without) = ([&CALLS[..], &with].concat(), [&NO_CALLS[..], &without].concat());
    ("SystemCallFilter".to_owned(), Expectation::Among { with, without })
}

/// Dollars stay doubled: they are halved when the command is run.
fn commands(unit: &Loaded<'_>) -> Vec<Property> {
    let keys =
        ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecReload", "ExecStop", "ExecStopPost"];
    let command = |line: &String| {
        let words = unit.split(line);
        // A dash is of the line and no part of the program's own words.
        let path = words.first().cloned().unwrap_or_default();
        (path.clone(), words.join(" ").trim_start_matches('-').to_owned())
    };
    let expectation = |key: &&str| {
        let all: Vec<(String, String)> = unit.list("Service", key).iter().map(command).collect();
        match all.as_slice() {
            [(podman, words)] if podman.ends_with("/podman") && *key == "ExecStart" => {
                Expectation::Container(words.clone())
            }
            _ => Expectation::Commands(all),
        }
    };
    keys.iter().map(|key| ((*key).to_owned(), expectation(key))).collect()
}

fn times(unit: &Loaded<'_>) -> Vec<Property> {
    let span = |name: &str, key: &str, default: &'static str, usual: &'static str| match unit.last("Service", key) {
        Some(said) => text(name, span::shown_seconds(&said)),
        None => of_manager(name, default, usual),
    };
    vec![
        span("RestartUSec", "RestartSec", "DefaultRestartUSec", "100ms"),
        span("TimeoutStartUSec", "TimeoutStartSec", "DefaultTimeoutStartUSec", "1min 30s"),
        span("TimeoutAbortUSec", "TimeoutStopSec", "DefaultTimeoutAbortUSec", "1min 30s"),
        span("TimeoutStopUSec", "TimeoutStopSec", "DefaultTimeoutStopUSec", "1min 30s"),
    ]
}

/// What no unit of ours says is no limit, or one of the host that leaves room: with five files or one task nothing runs.
fn limits(unit: &Loaded<'_>) -> impl Iterator<Item = Property> {
    let none = NO_LIMIT.into_iter().map(|key| (key, Expectation::Text("infinity".to_owned())));
    let room = ROOM.into_iter().map(|(key, least)| (key, Expectation::AtLeast(least)));
    let unsaid = |key: &str| {
        let key = key.trim_end_matches("Soft");
        unit.last("Service", if key == "CPUQuotaPerSecUSec" { "CPUQuota" } else { key }).is_none()
    };
    none.chain(room).filter(move |(key, _)| unsaid(key)).map(|(key, expect)| (key.to_owned(), expect))
}

/// `any` is every address of both families, `localhost` those that lead back to this host.
fn addresses(unit: &Loaded<'_>) -> Vec<Property> {
    let all = |key: &str| {
        let words = unit.words("Service", key).into_iter().flat_map(|word| match word.as_str() {
            "any" => vec!["0.0.0.0/0".to_owned(), "::/0".to_owned()],
            "localhost" => vec!["127.0.0.0/8".to_owned(), "::1/128".to_owned()],
            _ => vec![word],
        });
        (key.to_owned(), Expectation::Words(words.collect()))
    };
    // systemctl leaves out the colon of a rule without a family: tcp8090.
    let port = |rule: String| rule.replace(':', "");
    let ports =
        |key: &str| (key.to_owned(), Expectation::Words(unit.words("Service", key).into_iter().map(port).collect()));
    vec![all("IPAddressAllow"), all("IPAddressDeny"), ports("SocketBindAllow"), ports("SocketBindDeny")]
}
