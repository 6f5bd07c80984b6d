//! What the programs of each kind may do: one base, and what a kind adds to it. Source: systemd.exec(5).
//!
//! Judged by `systemd-analyze security --offline` in the tests. AF_UNIX stays with the offline jobs as well: their log
//! goes through journald's socket. What talks to the broker has no allow-list of its addresses: it has names whose
//! addresses change.

use crate::unit::{Directive, Sandbox};

/// The kinds of units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Places orders.
    Orders,
    /// Talks to the broker and ends.
    BrokerJob,
    /// Works on files and ends.
    OfflineJob,
}

const BASE: &[(&str, &str)] = &[
    ("NoNewPrivileges", "yes"),
    ("CapabilityBoundingSet", ""),
    ("AmbientCapabilities", ""),
    ("UMask", "0077"),
    ("ProtectSystem", "strict"),
    ("ProtectHome", "yes"),
    ("PrivateTmp", "yes"),
    ("PrivateDevices", "yes"),
    ("DevicePolicy", "closed"),
    ("PrivateUsers", "yes"),
    ("PrivateMounts", "yes"),
    ("ProtectProc", "invisible"),
    ("ProcSubset", "pid"),
    ("ProtectClock", "yes"),
    ("ProtectHostname", "yes"),
    ("ProtectKernelTunables", "yes"),
    ("ProtectKernelModules", "yes"),
    ("ProtectKernelLogs", "yes"),
    ("ProtectControlGroups", "yes"),
    ("RestrictNamespaces", "yes"),
    ("RestrictRealtime", "yes"),
    ("RestrictSUIDSGID", "yes"),
    ("LockPersonality", "yes"),
    ("MemoryDenyWriteExecute", "yes"),
    ("RemoveIPC", "yes"),
    ("KeyringMode", "private"),
    ("LimitCORE", "0"),
    ("SystemCallArchitectures", "native"),
    ("SystemCallFilter", "@system-service"),
    // SocketBindDeny= is not compiled into Debian 12's systemd: what may not listen is refused the call. A file made in memory
    // lies on no mount that could forbid to run it, and a ring makes calls that no filter sees.
    ("SystemCallFilter", "~@privileged @resources listen memfd_create io_uring_setup"),
    ("SystemCallErrorNumber", "EPERM"),
];

/// With ProtectProc= and its like systemd mounts /run apart and leaves it writable (252 and 257).
const READ_ONLY: &str = "/run";

/// Jobs run as the user of the service that places orders: none may end it, or stop it from looking.
const NO_SIGNALS: &str = "~kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo";

/// The directories a dynamically linked program maps its libraries from: Debian's, of the machines it is built for; others'.
/// Not all of `/usr/lib`, where programs of other packages lie. A Nix store holds programs beside libraries.
const LIBRARIES: &str = "-/usr/lib/x86_64-linux-gnu -/usr/lib/aarch64-linux-gnu -/usr/lib64 -/lib64 -/nix/store";

/// Every address of one host, and none of many: no multicast, no broadcast. It is no list of the broker's addresses, which
/// have names and change; resolvers may lie anywhere too.
const UNICAST: &str =
    "0.0.0.0/1 128.0.0.0/2 192.0.0.0/3 ::/1 8000::/2 c000::/3 e000::/4 f000::/5 f800::/6 fc00::/7 fe00::/8";

/// The sandbox of a kind. `programs` is the directory of the programs, `state` the state directory below `/var/lib`.
pub(crate) fn sandbox(profile: Profile, programs: &str, state: &str) -> Sandbox {
    let mut directives: Vec<Directive> =
        BASE.iter().map(|(key, value)| Directive { key, value: (*value).to_owned() }).collect();
    let mut add = |key, value: &str| directives.push(Directive { key, value: value.to_owned() });
    match profile {
        Profile::Orders => {
            add("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX");
            add("SocketBindDeny", "any");
            add("ReadOnlyPaths", READ_ONLY);
        }
        Profile::BrokerJob => {
            add("RestrictAddressFamilies", "AF_INET AF_INET6 AF_UNIX");
            add("SocketBindDeny", "any");
            add("SystemCallFilter", NO_SIGNALS);
            add("IPAddressDeny", "any");
            add("IPAddressAllow", UNICAST);
            add("ReadOnlyPaths", READ_ONLY);
        }
        Profile::OfflineJob => {
            add("RestrictAddressFamilies", "AF_UNIX");
            add("SystemCallFilter", NO_SIGNALS);
            add("PrivateNetwork", "yes");
            add("IPAddressDeny", "any");
            let kept: Vec<String> =
                ["state", "data", "ledger"].iter().map(|dir| format!("-%S/{state}/{dir}")).collect();
            add("ReadOnlyPaths", &format!("{READ_ONLY} {}", kept.join(" ")));
        }
    }
    add_own_programs_only(&mut add, profile, programs, state);
    Sandbox { directives, reason: reason(profile) }
}

/// `ExecPaths=` would lift `ProtectSystem=strict` from them: what may be run could be written. A bind of its own is not
/// reached by `NoExecPaths=/`; nor is anything else that systemd mounts for the unit, so that every place that it may write
/// to is named (252 and 257). An offline job may not write to the locks, and naming them would lift that.
fn add_own_programs_only(add: &mut impl FnMut(&'static str, &str), profile: Profile, programs: &str, state: &str) {
    let locks = match profile {
        Profile::Orders | Profile::BrokerJob => " -%t/portcullis",
        Profile::OfflineJob => "",
    };
    add("NoExecPaths", &format!("/ /tmp /var/tmp -/dev/shm %S/{state}{locks}"));
    add("BindReadOnlyPaths", &format!("{programs} {LIBRARIES}"));
}

fn reason(profile: Profile) -> &'static str {
    match profile {
        Profile::Orders => {
            "Sandbox of an order executor: calls the broker, listens nowhere, runs nothing but the release's programs. \
             Keys never end in a core file."
        }
        Profile::BrokerJob => {
            "Sandbox of a job that talks to the broker: calls out to single hosts, listens nowhere, runs nothing but the release's \
             programs."
        }
        Profile::OfflineJob => {
            "Sandbox of an offline job: no network, the kill switch, the database and the ledger are read-only to it, and it runs \
             nothing but the release's programs."
        }
    }
}
