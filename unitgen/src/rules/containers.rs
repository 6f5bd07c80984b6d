//! Containers: the keys of podman's generator, and what a unit that runs podman says on the host beside them.
//!
//! `[Service]` is podman's there, which needs the run of the host; the sandbox is the container's.

use super::{EXEC, KILL, RESOURCES, Rule, SERVICE, UNIT, WORK};

const QUADLET: &str = "podman-systemd.unit(5)";
const RUN: &str = "podman-run(1)";
const CONTAINERS: &str = "targets that render containers";

const fn container(id: &'static str, keys: &'static [&'static str], purpose: &'static str) -> Rule {
    Rule::of(id, "Container", keys, QUADLET).purpose(purpose).policy(CONTAINERS)
}

const fn on_host(id: &'static str, keys: &'static [&'static str], page: &'static str, purpose: &'static str) -> Rule {
    Rule::of(id, "Service", keys, page).purpose(purpose).policy(CONTAINERS)
}

pub(super) const RULES: &[Rule] = &[
    Rule::of("mounts-are-there", "Unit", &["RequiresMountsFor"], UNIT)
        .purpose("What the container mounts must be mounted on the host first.")
        .policy(CONTAINERS),
    Rule::of("waits-for-no-network", "Quadlet", &["DefaultDependencies"], QUADLET)
        .purpose("A job that works on files must not wait for a network; what needs one says so in [Unit].")
        .measured("By default the generator makes every unit wait until the network is up.")
        .policy(CONTAINERS),
    container(
        "container-name",
        &["ContainerName"],
        "The container is found under its deployment and unit by whoever looks.",
    )
    .from(&["services.NAME", "jobs.NAME"]),
    container(
        "pinned-image",
        &["Image"],
        "The release's image, by its digest: a name alone is another program tomorrow.",
    )
    .from(&["release.image"]),
    container(
        "never-fetched",
        &["Pull"],
        "A start never waits for a registry, and never brings another image than the one that was checked.",
    ),
    container("ready-inside", &["Notify"], "The program inside says that it is ready, and the unit is active then.")
        .measured("By default the unit is active when the container has started, whatever its program says."),
    container(
        "log-of-the-host",
        &["LogDriver"],
        "What the program prints goes into the host's journal, as without a container.",
    ),
    container(
        "container-winds-down",
        &["StopSignal", "StopTimeout"],
        "The program is asked to end and waited for: an order in flight is not abandoned.",
    ),
    container(
        "container-user",
        &["User", "Group"],
        "The program runs as the deployment's user inside too, never as root.",
    )
    .from(&["identity.user", "identity.group"]),
    container(
        "container-program",
        &["Entrypoint", "Exec"],
        "What runs: a program of the release, named apart from its arguments so that none can become an option.",
    )
    .from(&["services.NAME.program", "jobs.NAME.program", "jobs.NAME.args"]),
    container(
        "container-network",
        &["Network"],
        "What talks to the broker has the host's network; everything else has none.",
    )
    .from(WORK),
    container(
        "container-rights",
        &["NoNewPrivileges", "DropCapability"],
        "No program inside can gain rights, and none of root's single powers is there.",
    ),
    container(
        "container-read-only",
        &["ReadOnly", "ReadOnlyTmpfs", "Tmpfs"],
        "The image is read-only to it; what it writes to /tmp cannot be run, and is gone with it.",
    ),
    container(
        "container-limits",
        &["Ulimit"],
        "It takes no processor for itself, and a crash writes no core file with keys in it.",
    ),
    container(
        "container-mounts",
        &["Volume"],
        "Of the host it sees its state, its locks, its credentials and the manifests, and what lies there cannot \
            be run.",
    )
    .from(&["paths.state"]),
    container(
        "others-keys-masked",
        &["Mask"],
        "The directories of all credentials are covered: it sees the copies of its own alone.",
    ),
    Rule::of("container-environment", "Container", &["PodmanArgs"], RUN)
        .starts("--env=")
        .purpose("Variables go in by name; their values stand in [Service], so none is on podman's command line.")
        .from(&["services.NAME.env", "jobs.NAME.env"]),
    Rule::of("options-without-a-key", "Container", &["PodmanArgs"], RUN)
        .purpose("What the generator of the declared podman has no key for is said by podman's own option.")
        .from(&["host.podman"]),
    on_host(
        "signs-through-conmon",
        &["NotifyAccess"],
        SERVICE,
        "conmon passes on what the program inside says, and is the unit's main process; so it is believed too.",
    )
    .value("all"),
    on_host(
        "directories-first",
        &["ExecStartPre"],
        SERVICE,
        "Makes the directories that are mounted, with their owner, before podman starts: StateDirectory= would \
            make them root's.",
    )
    .contains("/usr/bin/install -d "),
    on_host(
        "own-copy-of-credentials",
        &["ExecStartPre"],
        SERVICE,
        "systemd hands credentials to root here; the container's user gets a copy of its own, in memory and until \
            the stop.",
    )
    .contains("/usr/bin/install --target-directory="),
    on_host(
        "runs-podman",
        &["ExecStart"],
        RUN,
        "Runs the program in a container, with the sandbox as podman's options: what a generator would write.",
    )
    .starts("/usr/bin/podman run "),
    on_host(
        "stops-podman",
        &["ExecStop"],
        "podman-rm(1)",
        "Asks the container to end, waits as long as its own timeout, and removes it.",
    ),
    on_host(
        "leaves-no-container",
        &["ExecStopPost"],
        "podman-rm(1)",
        "However it ended, no container of this unit is left; the `-` stands since there may be none.",
    )
    .starts("-/usr/bin/podman rm "),
    on_host("tells-podman-its-unit", &["Environment"], RUN, "Tells podman which unit it works for.")
        .starts("PODMAN_SYSTEMD_UNIT="),
    on_host(
        "directories-by-name",
        &["Environment"],
        EXEC,
        "What systemd would say of directories that it makes: gate and program look for state and locks there.",
    )
    .among_starts(&["STATE_DIRECTORY=", "RUNTIME_DIRECTORY="]),
    on_host(
        "place-of-the-copy",
        &["RuntimeDirectory"],
        EXEC,
        "Where the copies of the credentials lie: in memory, gone with the unit.",
    )
    .contains(".credentials"),
    on_host(
        "place-of-the-copy-mode",
        &["RuntimeDirectoryMode"],
        EXEC,
        "Its user reaches the copies by their names, and nobody can list them.",
    )
    .value("0711"),
    on_host(
        "only-podman-is-signalled",
        &["KillMode"],
        KILL,
        "The stop's signal reaches podman's process alone, which passes it on.",
    ),
    on_host(
        "podman-keeps-the-group",
        &["Delegate"],
        RESOURCES,
        "podman divides the unit's own control group, so limits and bans of the unit hold for the container.",
    ),
    on_host("log-by-unit", &["SyslogIdentifier"], EXEC, "Lines in the journal carry the unit's name, not conmon's."),
];
