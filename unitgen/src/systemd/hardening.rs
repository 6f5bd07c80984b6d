//! What the programs of each kind may do: one base, and what a kind adds to it. Source: systemd.exec(5).
//!
//! Judged by `systemd-analyze security --offline` in the tests. AF_UNIX stays with the offline jobs as well: their log
//! goes through journald's socket. What talks to the broker has no allow-list of its addresses: it has names whose
//! addresses change.

use manifest::{Deployment, Listen, Reach, Role, Scope, Service, Task};

use crate::{
    systemd::user_manager,
    unit::{Directive, Sandbox},
};

/// The kinds of units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Places orders.
    Orders,
    /// Calls out, and listens there.
    OutsideService(Listen),
    /// Listens there, and calls nobody outside of the host.
    HostService {
        /// Where.
        listen: Listen,
        /// Whether it changes nothing.
        reads_only: bool,
    },
    /// Talks to the broker and ends.
    BrokerJob,
    /// Calls out, not to the broker, and ends.
    OutsideJob,
    /// Asks the manager of this host, changes nothing and ends.
    HostJob,
    /// Works on files and ends.
    OfflineJob,
}

impl Profile {
    /// The profile of a service.
    pub(crate) fn of_service(service: &Service) -> Self {
        match (service.listen(), service.task().reach()) {
            (Some(listen), Reach::Host | Reach::Nobody) => {
                Self::HostService { listen: listen.clone(), reads_only: service.role() == Role::Dashboard }
            }
            (Some(listen), Reach::Broker | Reach::Outside) => Self::OutsideService(listen.clone()),
            (None, Reach::Broker | Reach::Outside | Reach::Host | Reach::Nobody) => Self::Orders,
        }
    }

    /// The profile of a job.
    pub(crate) fn of_job(task: Task) -> Self {
        match task.reach() {
            Reach::Broker => Self::BrokerJob,
            Reach::Outside => Self::OutsideJob,
            Reach::Host => Self::HostJob,
            Reach::Nobody => Self::OfflineJob,
        }
    }
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
];

/// SocketBindDeny= is not compiled into Debian 12's systemd: what may not listen is refused the call. A file made in memory
/// lies on no mount that could forbid to run it, and a ring makes calls that no filter sees.
const NO_LISTENER: &str = "~@privileged @resources listen memfd_create io_uring_setup";
const LISTENER: &str = "~@privileged @resources memfd_create io_uring_setup";

/// With ProtectProc= and its like systemd mounts /run apart and leaves it writable (252 and 257).
const READ_ONLY: &str = "/run";

/// What is not the service that places orders runs as its user all the same: none may end it, or stop it from looking.
const NO_SIGNALS: &str = "~kill tkill tgkill pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo";

/// The directories a dynamically linked program maps its libraries from: Debian's, of the machines it is built for; others'.
/// Not all of `/usr/lib`, where programs of other packages lie. A Nix store holds programs beside libraries.
const LIBRARIES: &str = "-/usr/lib/x86_64-linux-gnu -/usr/lib/aarch64-linux-gnu -/usr/lib64 -/lib64 -/nix/store";

/// Besides the release's programs, for what asks what is loaded; a Nix store has it among its libraries.
const ASKS_THE_MANAGER: &str = " -/usr/bin/systemctl";

/// Every address of one host, and none of many: no multicast, no broadcast. It is no list of the broker's addresses, which
/// have names and change; resolvers may lie anywhere too.
const UNICAST: &str =
    "0.0.0.0/1 128.0.0.0/2 192.0.0.0/3 ::/1 8000::/2 c000::/3 e000::/4 f000::/5 f800::/6 fc00::/7 fe00::/8";

/// The sandbox of a kind.
pub(crate) fn sandbox(profile: &Profile, deployment: &Deployment) -> Sandbox {
    let (programs, state) = (deployment.release().programs(), deployment.paths().state_directory());
    let mut directives: Vec<Directive> =
        BASE.iter().map(|(key, value)| Directive { key, value: (*value).to_owned() }).collect();
    let mut add = |key, value: &str| directives.push(Directive { key, value: value.to_owned() });
    add("SystemCallFilter", if profile.listen().is_some() { LISTENER } else { NO_LISTENER });
    add("SystemCallErrorNumber", "EPERM");
    add("RestrictAddressFamilies", if profile.is_local() { "AF_UNIX" } else { "AF_INET AF_INET6 AF_UNIX" });
    let of_state = |folders: &[&str]| folders.iter().map(|folder| format!(" -%S/{state}{folder}")).collect::<String>();
    match profile {
        Profile::Orders => {
            add("SocketBindDeny", "any");
            add("ReadOnlyPaths", READ_ONLY);
        }
        Profile::OutsideService(listen) => {
            add_listener(&mut add, listen);
            add("SystemCallFilter", NO_SIGNALS);
            add_addresses(&mut add, UNICAST);
            add("ReadOnlyPaths", READ_ONLY);
        }
        Profile::HostService { listen, reads_only } => {
            add_listener(&mut add, listen);
            add("SystemCallFilter", NO_SIGNALS);
            add_addresses(&mut add, if listen.is_loopback() { "localhost" } else { UNICAST });
            let kept = if *reads_only { of_state(&[""]) } else { String::new() };
            add("ReadOnlyPaths", &format!("{READ_ONLY}{kept}"));
        }
        Profile::BrokerJob | Profile::OutsideJob => {
            add("SocketBindDeny", "any");
            add("SystemCallFilter", NO_SIGNALS);
            add_addresses(&mut add, UNICAST);
            add("ReadOnlyPaths", READ_ONLY);
        }
        Profile::OfflineJob | Profile::HostJob => {
            add("SystemCallFilter", NO_SIGNALS);
            add("PrivateNetwork", "yes");
            add("IPAddressDeny", "any");
            add("ReadOnlyPaths", &format!("{READ_ONLY}{}", of_state(&["/state", "/data", "/ledger"])));
        }
    }
    add_own_programs_only(&mut add, profile, programs, state);
    let sandbox = Sandbox { directives, reason: profile.reason() };
    match deployment.scope() {
        Scope::System => sandbox,
        Scope::User => user_manager::fit(sandbox, deployment.name().as_str(), state, *profile == Profile::HostJob),
    }
}

fn add_listener(add: &mut impl FnMut(&'static str, &str), listen: &Listen) {
    add("SocketBindDeny", "any");
    add("SocketBindAllow", &format!("tcp:{}", listen.address().port()));
}

fn add_addresses(add: &mut impl FnMut(&'static str, &str), allowed: &str) {
    add("IPAddressDeny", "any");
    add("IPAddressAllow", allowed);
}

/// `ExecPaths=` would lift `ProtectSystem=strict` from them: what may be run could be written. A bind of its own is not
/// reached by `NoExecPaths=/`; nor is anything else that systemd mounts for the unit, so that every place that it may write
/// to is named (252 and 257). An offline job may not write to the locks, and naming them would lift that.
fn add_own_programs_only(add: &mut impl FnMut(&'static str, &str), profile: &Profile, programs: &str, state: &str) {
    let state = match profile {
        Profile::HostService { reads_only: true, .. } => String::new(),
        Profile::Orders
        | Profile::BrokerJob
        | Profile::OutsideService(_)
        | Profile::HostService { reads_only: false, .. }
        | Profile::OutsideJob
        | Profile::HostJob
        | Profile::OfflineJob => format!(" %S/{state}"),
    };
    let locks = match profile {
        Profile::Orders | Profile::BrokerJob => " -%t/portcullis",
        Profile::OutsideService(_)
        | Profile::HostService { .. }
        | Profile::OutsideJob
        | Profile::HostJob
        | Profile::OfflineJob => "",
    };
    let asks = if *profile == Profile::HostJob { ASKS_THE_MANAGER } else { "" };
    add("NoExecPaths", &format!("/ /tmp /var/tmp -/dev/shm{state}{locks}"));
    add("BindReadOnlyPaths", &format!("{programs} {LIBRARIES}{asks}"));
}

impl Profile {
    fn listen(&self) -> Option<&Listen> {
        match self {
            Self::OutsideService(listen) | Self::HostService { listen, .. } => Some(listen),
            Self::Orders | Self::BrokerJob | Self::OutsideJob | Self::HostJob | Self::OfflineJob => None,
        }
    }

    /// Whether it needs no network at all.
    fn is_local(&self) -> bool {
        matches!(self, Self::HostJob | Self::OfflineJob)
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Orders => {
                "Sandbox of an order executor: calls the broker, listens nowhere, runs nothing but the release's programs. \
                 Keys never end in a core file."
            }
            Self::OutsideService(_) => {
                "Sandbox of a service that calls out to single hosts: listens on its one port, runs nothing but the release's \
                 programs."
            }
            Self::HostService { reads_only: false, .. } => {
                "Sandbox of a service of this host: listens on its one port, calls nobody outside, runs nothing but the \
                 release's programs."
            }
            Self::HostService { reads_only: true, .. } => {
                "Sandbox of a service that shows: listens on its one port, calls nobody outside, the whole state is read-only to \
                 it, and it runs nothing but the release's programs."
            }
            Self::BrokerJob => {
                "Sandbox of a job that talks to the broker: calls out to single hosts, listens nowhere, runs nothing but the release's \
                 programs."
            }
            Self::OutsideJob => {
                "Sandbox of a job that calls out: to single hosts, listens nowhere, runs nothing but the release's programs."
            }
            Self::HostJob => {
                "Sandbox of a job that looks at this host: no network, the kill switch, the database and the ledger are read-only to \
                 it, and it runs nothing but the release's programs and systemctl, without a privilege."
            }
            Self::OfflineJob => {
                "Sandbox of an offline job: no network, the kill switch, the database and the ledger are read-only to it, and it runs \
                 nothing but the release's programs."
            }
        }
    }
}
