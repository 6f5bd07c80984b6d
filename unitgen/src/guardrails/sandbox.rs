//! The sandbox in groups that mean something: each is held when all of its directives are at least as strict as here.
//! Source: systemd.exec(5), systemd.resource-control(5).

use super::{Assignment, Guardrail, Manager, Unit, Verdicts, commands, put, reading::is_yes};
use crate::systemd::is_left_out;

/// Directives of a group, as the catalogue wants them.
pub(super) const KERNEL: &[(&str, &str)] = &[
    ("Service", "PrivateDevices"),
    ("Service", "DevicePolicy"),
    ("Service", "ProtectClock"),
    ("Service", "ProtectHostname"),
    ("Service", "ProtectKernelTunables"),
    ("Service", "ProtectKernelModules"),
    ("Service", "ProtectKernelLogs"),
    ("Service", "ProtectControlGroups"),
];
pub(super) const PROCESSES: &[(&str, &str)] = &[
    ("Service", "ProtectProc"),
    ("Service", "ProcSubset"),
    ("Service", "PrivateUsers"),
    ("Service", "PrivateMounts"),
    ("Service", "KeyringMode"),
    ("Service", "RemoveIPC"),
];
pub(super) const CALLS: &[(&str, &str)] = &[
    ("Service", "SystemCallFilter"),
    ("Service", "SystemCallArchitectures"),
    ("Service", "RestrictNamespaces"),
    ("Service", "RestrictRealtime"),
    ("Service", "LockPersonality"),
    ("Service", "MemoryDenyWriteExecute"),
];

/// What a directive must say, besides yes.
const STRICT: [(&str, &[&str]); 9] = [
    ("DevicePolicy", &["closed", "strict"]),
    ("ProtectHostname", &["private"]),
    ("ProtectControlGroups", &["private", "strict"]),
    ("ProtectProc", &["invisible", "noaccess", "ptraceable"]),
    ("ProcSubset", &["pid"]),
    ("PrivateUsers", &["self", "identity", "full", "managed"]),
    ("KeyringMode", &["private"]),
    ("ProtectHome", &["tmpfs"]),
    ("PrivateTmp", &["disconnected"]),
];
/// Families by which a program talks; with others it does more.
const FAMILIES: [&str; 4] = ["AF_INET", "AF_INET6", "AF_UNIX", "none"];
const COMMANDS: [&str; 5] = ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost", "ExecStopPost"];

pub(super) fn judge(manager: Manager, unit: &Unit, verdicts: &mut Verdicts) {
    put(verdicts, Guardrail::Unprivileged, privileged(manager, unit), || match unit.value("Service", "User") {
        "" => "the user's own".to_owned(),
        user => format!("User={user}"),
    });
    put(verdicts, Guardrail::ReadOnlySystem, writable(unit), || "ProtectSystem=strict".to_owned());
    let can_hold = |(_, key): &&(&str, &str)| manager == Manager::System || !is_left_out(key);
    let kernel: Vec<(&str, &str)> = KERNEL.iter().filter(can_hold).copied().collect();
    put(verdicts, Guardrail::KernelShielded, weakest(unit, &kernel), || "all of it".to_owned());
    put(verdicts, Guardrail::ProcessesApart, weakest(unit, PROCESSES), || "all of it".to_owned());
    put(verdicts, Guardrail::CallsFiltered, open_calls(unit), || "an allow-list of calls".to_owned());
    put(verdicts, Guardrail::OwnPrograms, any_program(unit), || bound(unit));
    put(verdicts, Guardrail::NetworkBounded, open_network(unit), || network(unit));
    put(verdicts, Guardrail::PrivateFiles, readable_files(unit), || "UMask=0077".to_owned());
}

fn is_strict(unit: &Unit, key: &str) -> bool {
    let value = unit.value("Service", key);
    let others = STRICT.iter().find(|(name, _)| *name == key).map_or(&[][..], |(_, values)| values);
    // What takes one of several words does not take yes, but for the two that take both.
    let takes_yes = !["DevicePolicy", "ProtectProc", "ProcSubset", "KeyringMode"].contains(&key);
    (takes_yes && is_yes(value)) || others.contains(&value)
}

fn said(unit: &Unit, key: &str) -> String {
    match unit.all("Service", key).next_back() {
        Some(said) => format!("{} ({})", said.shown(), said.file),
        None => format!("{key}= is not set"),
    }
}

fn weakest(unit: &Unit, group: &[(&str, &str)]) -> Option<String> {
    group.iter().find(|(_, key)| !is_strict(unit, key)).map(|(_, key)| said(unit, key))
}

fn privileged(manager: Manager, unit: &Unit) -> Option<String> {
    let root = ["root", "0", ""].contains(&unit.value("Service", "User")) && !unit.is_on("Service", "DynamicUser");
    if root && manager == Manager::System {
        return Some(said(unit, "User"));
    }
    let lifted =
        COMMANDS.iter().flat_map(|key| commands::of(unit, key)).find(|command| command.prefixes.contains(['+', '!']));
    if let Some(command) = lifted {
        return Some(format!("{} ({})", command.shown(), command.file));
    }
    if unit.is_on("Service", "PermissionsStartOnly") {
        return Some(said(unit, "PermissionsStartOnly"));
    }
    // An empty bounding set is none at all; one that was never assigned is every capability.
    let bounded = unit.all("Service", "CapabilityBoundingSet").next_back().is_some_and(|said| said.value.is_empty());
    if !bounded {
        return Some(said(unit, "CapabilityBoundingSet"));
    }
    if !unit.list("Service", "AmbientCapabilities").is_empty() {
        return Some(said(unit, "AmbientCapabilities"));
    }
    ["NoNewPrivileges", "RestrictSUIDSGID"].into_iter().find(|key| !is_strict(unit, key)).map(|key| said(unit, key))
}

fn writable(unit: &Unit) -> Option<String> {
    if unit.value("Service", "ProtectSystem") != "strict" {
        return Some(said(unit, "ProtectSystem"));
    }
    if let Some(weak) = ["ProtectHome", "PrivateTmp"].into_iter().find(|key| !is_strict(unit, key)) {
        return Some(said(unit, weak));
    }
    let cleared = unit.all("Service", "ReadOnlyPaths").next_back().filter(|said| said.value.is_empty());
    if let Some(said) = cleared {
        return Some(format!("ReadOnlyPaths= is cleared ({})", said.file));
    }
    let outside = |path: &String| {
        let path = path.trim_start_matches(['-', '+']);
        !["/var/lib/", "/var/cache/", "/var/log/", "/run/", "%"].iter().any(|below| path.starts_with(below))
    };
    let opened = unit.words("Service", "ReadWritePaths").into_iter().find(outside);
    opened.map(|path| format!("ReadWritePaths={path}"))
}

/// Groups and calls that no program of ours makes, beside the two that every unit denies.
const NEVER: [&str; 21] = [
    "@clock",
    "@cpu-emulation",
    "@debug",
    "@keyring",
    "@module",
    "@mount",
    "@obsolete",
    "@raw-io",
    "@reboot",
    "@swap",
    "@known",
    "bpf",
    "delete_module",
    "finit_module",
    "init_module",
    "kexec_load",
    "mount",
    "open_by_handle_at",
    "process_vm_writev",
    "ptrace",
    "umount2",
];

fn open_calls(unit: &Unit) -> Option<String> {
    let lists = unit.list("Service", "SystemCallFilter");
    if lists.first().is_none_or(|first| first.value.starts_with('~')) {
        return Some(said(unit, "SystemCallFilter"));
    }
    // What the deny-list takes away must stay away: the last word on a group counts.
    let last = |group: &str| {
        lists.iter().rfind(|said| {
            let mut words = said.value.trim_start_matches('~').split_whitespace();
            words.any(|word| word.split(':').next() == Some(group))
        })
    };
    let opens = |said: Option<&&Assignment>| said.is_some_and(|said| !said.value.starts_with('~'));
    let needed = ["@privileged", "@resources"].into_iter().find(|group| last(group).is_none() || opens(last(group)));
    if let Some(group) = needed.or_else(|| NEVER.into_iter().find(|group| opens(last(group)))) {
        return Some(format!("SystemCallFilter= allows {group}"));
    }
    if unit.value("Service", "SystemCallArchitectures") != "native" {
        return Some(said(unit, "SystemCallArchitectures"));
    }
    weakest(unit, &CALLS[2..])
}

/// Variables by which the loader takes code of others into a program. Source: ld.so(8), iconv(1).
fn is_of_the_loader(name: &str) -> bool {
    name.starts_with("LD_") || ["GCONV_PATH", "GLIBC_TUNABLES", "BASH_ENV"].contains(&name)
}

fn any_program(unit: &Unit) -> Option<String> {
    if let Some(how) = commands::replaced(unit) {
        return Some(how);
    }
    let set = super::secrets::environment(unit);
    let passed = unit.words("Service", "PassEnvironment");
    if let Some(name) = set.keys().chain(&passed).find(|name| is_of_the_loader(name)) {
        return Some(format!("{name} brings code of others into its programs"));
    }
    if !unit.words("Service", "NoExecPaths").iter().any(|path| path == "/") {
        return Some(said(unit, "NoExecPaths"));
    }
    let everything = |path: &String| ["/", "/usr", "/bin", "/usr/bin"].contains(&path.trim_start_matches(['-', '+']));
    ["ExecPaths", "BindReadOnlyPaths", "BindPaths"]
        .into_iter()
        .find_map(|key| unit.words("Service", key).into_iter().find(everything).map(|path| format!("{key}={path}")))
}

fn bound(unit: &Unit) -> String {
    let first = unit.words("Service", "BindReadOnlyPaths").into_iter().chain(unit.words("Service", "ExecPaths")).next();
    first.unwrap_or_else(|| "none".to_owned())
}

fn open_network(unit: &Unit) -> Option<String> {
    if unit.is_on("Service", "PrivateNetwork") {
        return None;
    }
    let families = unit.words("Service", "RestrictAddressFamilies");
    if families.is_empty() || families.iter().any(|family| !FAMILIES.contains(&family.as_str())) {
        return Some(said(unit, "RestrictAddressFamilies"));
    }
    if unit.words("Service", "SocketBindAllow").iter().any(|word| word == "any") {
        return Some(said(unit, "SocketBindAllow"));
    }
    let local = families.iter().all(|family| ["AF_UNIX", "none"].contains(&family.as_str()));
    let denied = unit.words("Service", "SocketBindDeny").iter().any(|word| word == "any");
    // Where no program may be kept from a port, it may be kept from listening at all.
    let mut filters = unit.list("Service", "SystemCallFilter").into_iter();
    let deaf = filters.any(|said| said.value.starts_with('~') && said.value.split(' ').any(|word| word == "listen"));
    (!local && !denied && !deaf).then(|| said(unit, "SocketBindDeny"))
}

fn network(unit: &Unit) -> String {
    if unit.is_on("Service", "PrivateNetwork") {
        return "PrivateNetwork=yes".to_owned();
    }
    let keys = ["RestrictAddressFamilies", "SocketBindDeny", "SocketBindAllow", "IPAddressDeny", "IPAddressAllow"];
    let set = keys.iter().map(|key| (key, unit.words("Service", key))).filter(|(_, words)| !words.is_empty());
    set.map(|(key, words)| format!("{key}={}", words.join(" "))).collect::<Vec<_>>().join(", ")
}

fn readable_files(unit: &Unit) -> Option<String> {
    let zero = |key: &str, wanted: &[&str]| !wanted.contains(&unit.value("Service", key));
    if zero("UMask", &["0077", "077"]) {
        return Some(said(unit, "UMask"));
    }
    if !unit.words("Service", "StateDirectory").is_empty() && zero("StateDirectoryMode", &["0700", "700"]) {
        return Some(said(unit, "StateDirectoryMode"));
    }
    zero("LimitCORE", &["0", "0:0"]).then(|| said(unit, "LimitCORE"))
}
