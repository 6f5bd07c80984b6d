//! The sandbox of a unit, directive by directive, as a container has it.
//!
//! A closed table: every directive that `systemd::hardening` renders is in it, and a test fails for one that is not. What
//! the container has by itself, or by an option, is as good here as there; what it cannot have is told by the render.
//! Source: podman-run(1), containers-common's seccomp.json, systemd.exec(5).

use crate::{
    targets::{Note, option::Setting},
    unit::{Directive, Word},
};

/// How a target that runs containers holds a directive of the sandbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Means {
    /// An option of the container.
    Option,
    /// The directive itself: it is of the unit's control group, in which the container lies.
    Host,
    /// Every container has it.
    Always(&'static str),
    /// Nothing; what that leaves open.
    Nothing(&'static str),
}

const NO_CAPABILITY: &str = "no capability is left to do it with";
const OWN_FILTER: &str = "podman's own filter of system calls lets more pass";

/// How a directive is held; `None` for one that no sandbox of ours has.
#[must_use]
pub fn means(directive: &str) -> Option<Means> {
    Some(match directive {
        "NoNewPrivileges"
        | "CapabilityBoundingSet"
        | "AmbientCapabilities"
        | "UMask"
        | "ProtectSystem"
        | "PrivateTmp"
        | "LimitCORE"
        | "RestrictRealtime"
        | "PrivateNetwork"
        | "ReadOnlyPaths" => Means::Option,
        "SocketBindDeny" | "SocketBindAllow" | "IPAddressDeny" | "IPAddressAllow" => Means::Host,
        "ProtectHome" => Means::Always("no home of the host is in it"),
        "PrivateDevices" | "DevicePolicy" => Means::Always("its /dev has no device of the host"),
        "PrivateMounts" => Means::Always("its mounts are its own"),
        "ProtectProc" | "ProcSubset" => Means::Always("it sees its own processes and no others"),
        "ProtectClock" | "ProtectHostname" | "ProtectKernelModules" | "ProtectKernelLogs" => {
            Means::Always(NO_CAPABILITY)
        }
        "ProtectKernelTunables" | "ProtectControlGroups" => Means::Always("/proc/sys and /sys are read-only in it"),
        "RestrictSUIDSGID" => Means::Always("what can be written is mounted nosuid, and privileges cannot grow"),
        "LockPersonality" => Means::Always("podman's own filter of system calls refuses what weakens a process"),
        "RemoveIPC" => Means::Always("its IPC objects are its own and end with it"),
        "KeyringMode" => Means::Always("podman gives it a keyring of its own"),
        "NoExecPaths" | "BindReadOnlyPaths" => {
            Means::Always("the image is read-only and what can be written is mounted noexec")
        }
        "PrivateUsers" => Means::Nothing("the container's user is the host's, so that gate and ledger stay one's own"),
        "RestrictNamespaces" => Means::Nothing("a process could make itself a user namespace"),
        "MemoryDenyWriteExecute" => Means::Nothing("a process could write memory and run it"),
        "RestrictAddressFamilies" => {
            Means::Nothing("a process could open sockets of other kinds; packets need a capability")
        }
        "SystemCallFilter" | "SystemCallErrorNumber" | "SystemCallArchitectures" => Means::Nothing(OWN_FILTER),
        _ => return None,
    })
}

/// A sandbox in a container's words.
#[derive(Debug, Default)]
pub(super) struct Translated {
    /// Options of the container.
    pub settings: Vec<Setting>,
    /// What stays in the unit.
    pub host: Vec<Directive>,
    /// Directories that are there but cannot be written: the state directory, or such as lie below it.
    pub read_only: Vec<Word>,
    /// What is lost.
    pub notes: Vec<Note>,
}

/// Translates a sandbox. `state` is the state directory below `/var/lib`.
pub(super) fn translate(directives: &[Directive], state: &str) -> Translated {
    let mut translated = Translated::default();
    let network = if has(directives, "PrivateNetwork", "yes") { "none" } else { "host" };
    translated.settings.push(Setting::Network(network));
    for directive in directives {
        match means(directive.key) {
            Some(Means::Option) => translated.settings.extend(options(directive)),
            Some(Means::Host) => translated.host.push(directive.clone()),
            Some(Means::Always(_)) => {}
            Some(Means::Nothing(leaves)) => {
                translated.notes.push(Note::NotHeld { directive: directive.key, leaves });
            }
            None => {
                translated.notes.push(Note::NotHeld { directive: directive.key, leaves: "nothing stands for it here" });
            }
        }
        if directive.key == "ReadOnlyPaths" {
            translated.read_only.extend(read_only(&directive.value, state));
        }
    }
    let mut seen = Vec::new();
    translated.settings.retain(|setting| {
        !seen.contains(setting) && {
            seen.push(setting.clone());
            true
        }
    });
    translated
}

fn options(directive: &Directive) -> Vec<Setting> {
    match directive.key {
        "NoNewPrivileges" => vec![Setting::NoNewPrivileges],
        "CapabilityBoundingSet" | "AmbientCapabilities" => vec![Setting::DropAllCapabilities],
        "UMask" => vec![Setting::Umask(directive.value.clone())],
        "ProtectSystem" => vec![Setting::ReadOnly, Setting::NoWritableTmpfs],
        "PrivateTmp" => vec![Setting::Tmpfs("/tmp")],
        "LimitCORE" => vec![Setting::Ulimit("core=0")],
        "RestrictRealtime" => vec![Setting::Ulimit("rtprio=0")],
        // PrivateNetwork= and ReadOnlyPaths= are looked at as a whole.
        _ => Vec::new(),
    }
}

fn has(directives: &[Directive], key: &str, value: &str) -> bool {
    directives.iter().any(|directive| directive.key == key && directive.value == value)
}

/// What lies below the state directory; the rest of the host is not in the container.
fn read_only(value: &str, state: &str) -> Vec<Word> {
    let whole = format!("%S/{state}");
    let paths = value.split(' ').map(|path| path.trim_start_matches('-'));
    let inside =
        paths.filter_map(|path| path.strip_prefix(&whole)).filter(|rest| rest.is_empty() || rest.starts_with('/'));
    inside.map(|rest| Word::specifier('S').then(&format!("/{state}{rest}"))).collect()
}
