//! The sandbox: what a program that was taken over still cannot do.

use super::{EVERY_MANIFEST, EXEC, RESOURCES, Rule, WORK};

/// A line of the base, which every service and job has.
const fn base(id: &'static str, keys: &'static [&'static str], purpose: &'static str) -> Rule {
    Rule::of(id, "Service", keys, EXEC).purpose(purpose).policy(EVERY_MANIFEST)
}

/// A line that depends on what is run.
const fn profile(id: &'static str, keys: &'static [&'static str], page: &'static str, purpose: &'static str) -> Rule {
    Rule::of(id, "Service", keys, page).purpose(purpose).from(WORK)
}

pub(super) const RULES: &[Rule] = &[
    base(
        "no-new-privileges",
        &["NoNewPrivileges"],
        "No program that it starts can gain rights: set-user-ID bits and file capabilities count for nothing.",
    ),
    base(
        "no-capabilities",
        &["CapabilityBoundingSet", "AmbientCapabilities"],
        "It has none of root's single powers and can never get one. The empty value means none, not the default.",
    )
    .measured("In a user's manager the same line fails the start with 218 unless PrivateUsers=yes is there too."),
    base("private-files", &["UMask"], "What it writes is its user's alone to read."),
    base(
        "system-read-only",
        &["ProtectSystem"],
        "The whole file system is read-only to it, apart from its state directory and a few places that the kernel \
            makes.",
    ),
    Rule::of("empty-home", "Service", &["ProtectHome"], EXEC)
        .value("tmpfs")
        .purpose(
            "The login's home is empty to it, but for its state and the installed manifest, which are mounted into \
                it.",
        )
        .from(&["scope"]),
    base("no-home", &["ProtectHome"], "Home directories, with the keys that lie in them, are not there for it."),
    base(
        "own-tmp",
        &["PrivateTmp"],
        "It has a /tmp of its own: nobody can lay a file in its way, and none is left behind.",
    ),
    base(
        "no-devices",
        &["PrivateDevices"],
        "It sees no disks and no memory devices, only the few like /dev/null that every program needs.",
    )
    .measured("In a user's manager the same line fails the start with 218 unless PrivateUsers=yes is there too."),
    base(
        "devices-closed",
        &["DevicePolicy"],
        "A device that it could reach on another way is refused it by the kernel.",
    )
    .on(RESOURCES),
    base(
        "own-users",
        &["PrivateUsers"],
        "It sees root, itself and nobody: other users' processes and files mean nothing to it.",
    ),
    base("own-mounts", &["PrivateMounts"], "What it mounts nobody else sees."),
    base(
        "no-other-processes",
        &["ProtectProc"],
        "It does not see other users' processes, their command lines or environments.",
    ),
    base(
        "only-processes-in-proc",
        &["ProcSubset"],
        "Of /proc it sees processes, and nothing of the kernel's settings and state.",
    ),
    base("clock-untouched", &["ProtectClock"], "It cannot set the clock that every gate decides by."),
    base("host-name-untouched", &["ProtectHostname"], "It cannot change the host's name."),
    base("kernel-settings-untouched", &["ProtectKernelTunables"], "It cannot change the kernel's settings."),
    base("no-kernel-modules", &["ProtectKernelModules"], "It cannot load code into the kernel."),
    base(
        "no-kernel-log",
        &["ProtectKernelLogs"],
        "It can neither read nor write the kernel's log, in which addresses stand that an attack needs.",
    ),
    base("cgroups-untouched", &["ProtectControlGroups"], "It cannot lift the limits that systemd keeps it in."),
    base(
        "no-namespaces",
        &["RestrictNamespaces"],
        "It cannot make a namespace, behind which many a hole of the kernel lay.",
    ),
    base(
        "no-realtime",
        &["RestrictRealtime"],
        "It cannot take a processor for itself and starve what protects positions.",
    ),
    base("no-set-user-id-files", &["RestrictSUIDSGID"], "It cannot make files that run with another's rights."),
    base("personality-locked", &["LockPersonality"], "It cannot ask the kernel for an older, weaker behaviour."),
    base(
        "no-code-from-data",
        &["MemoryDenyWriteExecute"],
        "Memory that can be written cannot be run: data from the network never becomes code.",
    ),
    base(
        "no-leftover-ipc",
        &["RemoveIPC"],
        "Shared memory and queues of its user are removed with it; a later process finds none of them.",
    ),
    base("own-keyring", &["KeyringMode"], "The kernel's keyring that it sees is its own, not its user's."),
    base(
        "no-core-files",
        &["LimitCORE"],
        "A crash writes no core file, in which the broker's keys would lie on the disk.",
    ),
    base(
        "native-calls-only",
        &["SystemCallArchitectures"],
        "Calls of another processor's kind are refused: filters are easy to get round by them.",
    ),
    Rule::of("calls-of-a-service", "Service", &["SystemCallFilter"], EXEC)
        .value("@system-service")
        .purpose("It has the system calls that services need, and no other.")
        .policy(EVERY_MANIFEST),
    Rule::of("signals-nobody", "Service", &["SystemCallFilter"], EXEC)
        .starts("~kill ")
        .purpose("It can end nobody, and make nobody stop looking: what places orders runs as the same user.")
        .from(WORK),
    Rule::of("no-privileged-calls", "Service", &["SystemCallFilter"], EXEC)
        .starts("~")
        .purpose(
            "Of those, the calls that only administrators and limits need are taken away again, and where nothing \
                may listen, listening too; so are files made in memory, which could be run, and rings, whose calls \
                no filter sees.",
        )
        .measured("Debian 12 builds systemd without SocketBindDeny=: there this line is what refuses it to listen.")
        .from(WORK),
    base(
        "refused-and-not-killed",
        &["SystemCallErrorNumber"],
        "A refused call fails with an error that the program sees. A kill would take the manager of positions away \
            for a call that a library only tried.",
    ),
    profile(
        "kinds-of-sockets",
        &["RestrictAddressFamilies"],
        EXEC,
        "It can open the sockets that its work needs: the internet for what talks to the broker, local ones alone \
            (the journal's) for the rest.",
    ),
    profile(
        "listens-nowhere",
        &["SocketBindDeny"],
        RESOURCES,
        "Nothing can reach it from outside, because it can listen on no port.",
    )
    .measured("Debian 12's systemd is built without it and ignores the line; the filter of calls refuses it there."),
    profile(
        "one-port",
        &["SocketBindAllow"],
        RESOURCES,
        "It can listen on the one port that the manifest gives \
        it.",
    )
    .measured("Debian 12's systemd is built without it and ignores the line.")
    .from(&["services.NAME.listen"]),
    profile(
        "no-network",
        &["PrivateNetwork"],
        EXEC,
        "It has a network of its own in which there is nobody: a job that works on files has nobody to call.",
    ),
    profile("no-addresses", &["IPAddressDeny"], RESOURCES, "Every address is refused that no other line allows.")
        .measured("A user's manager takes the line and enforces nothing."),
    Rule::of("this-host-only", "Service", &["IPAddressAllow"], RESOURCES)
        .value("localhost")
        .purpose(
            "It is reached from this host alone, and reaches nobody else: whoever wants in comes through a tunnel \
                that asks.",
        )
        .incident("A dashboard's unit carried its own password, admin.")
        .from(&["services.NAME.listen"]),
    profile(
        "single-hosts-only",
        &["IPAddressAllow"],
        RESOURCES,
        "It can call single hosts, and no multicast and no broadcast. It is no list of the broker's addresses: \
            those have names and change.",
    )
    .measured("The directive takes addresses and no names."),
    profile(
        "read-only-places",
        &["ReadOnlyPaths"],
        EXEC,
        "Places that it reads and must never write: for a job that works offline these are kill switch, database \
            and ledger as well.",
    )
    .measured(
        "With ProtectProc= and its like systemd mounts /run apart and leaves it writable, on 252 and on 257: so \
            /run is named.",
    ),
    base(
        "runs-nothing-else",
        &["NoExecPaths"],
        "No file can be run, neither what lies on the host nor what it wrote itself.",
    )
    .measured(
        "NoExecPaths=/ does not reach what systemd mounts for the unit itself, so every place that it may write to \
            is named.",
    ),
    Rule::of("state-in-an-empty-home", "Service", &["BindPaths"], EXEC)
        .purpose(
            "The home of a login is empty to this unit: its state alone is laid back into it, and units, \
            other keys and the manager's own socket are not there.",
        )
        .measured(
            "The state lies below ~/.config on systemd 252 and below ~/.local/state on 257; the specifier \
            says which.",
        )
        .from(&["scope", "paths.state"]),
    base(
        "runs-the-release",
        &["BindReadOnlyPaths"],
        "The release's programs and the system's libraries are the exception, and read-only. Those marked with `-` \
            may be missing on a host.",
    )
    .measured(
        "ExecPaths= would lift the write protection from what it names; a bind of its own is not reached by \
            NoExecPaths=/.",
    ),
];

impl Rule {
    const fn on(self, page: &'static str) -> Self {
        Self { page, ..self }
    }
}
