//! docs/targets.md: what each target renders, and what one that runs containers cannot hold.

use super::{Means, means, run::OF_CONTAINER};
use crate::guardrails::Guardrail;

/// Every directive of a sandbox, in the order of systemd.exec(5) and systemd.resource-control(5).
const DIRECTIVES: &[&str] = &[
    "NoNewPrivileges",
    "CapabilityBoundingSet",
    "AmbientCapabilities",
    "UMask",
    "ProtectSystem",
    "ReadOnlyPaths",
    "ProtectHome",
    "PrivateTmp",
    "PrivateDevices",
    "DevicePolicy",
    "PrivateUsers",
    "PrivateMounts",
    "ProtectProc",
    "ProcSubset",
    "ProtectClock",
    "ProtectHostname",
    "ProtectKernelTunables",
    "ProtectKernelModules",
    "ProtectKernelLogs",
    "ProtectControlGroups",
    "RestrictNamespaces",
    "RestrictRealtime",
    "RestrictSUIDSGID",
    "LockPersonality",
    "MemoryDenyWriteExecute",
    "RemoveIPC",
    "KeyringMode",
    "LimitCORE",
    "SystemCallArchitectures",
    "SystemCallFilter",
    "SystemCallErrorNumber",
    "RestrictAddressFamilies",
    "PrivateNetwork",
    "SocketBindDeny",
    "SocketBindAllow",
    "IPAddressDeny",
    "IPAddressAllow",
    "NoExecPaths",
    "BindReadOnlyPaths",
];

/// The page.
#[must_use]
pub fn page() -> String {
    let mut page = PAGE.to_owned();
    for guardrail in Guardrail::ALL {
        let how = if guardrail == Guardrail::CallsFiltered {
            "**not held**: podman's own filter is wider"
        } else if guardrail == Guardrail::NetworkBounded {
            "by `--network`; what talks to the broker by `SocketBindDeny=` of its control group, **not held** on Debian 12, which lacks it"
        } else if OF_CONTAINER.contains(&guardrail) {
            "by the container's options"
        } else {
            "by the same lines"
        };
        page += &format!("| {} | {how} |\n", guardrail.id());
    }
    page += DIRECTIVES_HEAD;
    for directive in DIRECTIVES {
        let how = match means(directive) {
            Some(Means::Option) => "an option of the container".to_owned(),
            Some(Means::Host) => "the same line: the container lies in the unit's control group".to_owned(),
            Some(Means::Always(why)) => format!("every container: {why}"),
            Some(Means::Nothing(leaves)) => format!("**nothing**: {leaves}"),
            None => "**unknown**".to_owned(),
        };
        page += &format!("| `{directive}=` | {how} |\n");
    }
    page
}

const PAGE: &str = "# Targets

`unitgen render MANIFEST --target TARGET --out DIR`. One model is behind all of them, and a test holds the guardrails of each
against those of `systemd`.

| target | renders | for |
|---|---|---|
| `systemd` | units, flat in DIR | `/etc/systemd/system` |
| `nixos` | `NAME.nix` and the manifest: a module without options | a configuration of NixOS that does not use the flake |
| `quadlet` | `containers/systemd/NAME.container` and `systemd/system/*` | `/etc`, with podman 4.6 or later |
| `podman-units` | units that run podman, flat in DIR | `/etc/systemd/system`, with podman 4.3 |
| `sysusers`, `tmpfiles` | user and directories | `/etc/sysusers.d`, `/etc/tmpfiles.d` |

Targets that run containers need `podman = \"5.4\"` in `[host]` and `image = \"...@sha256:...\"` in `[release]`. The programs are
those of the image; `gate` and `desk` of the host, at `programs`, stand before and behind: a gate inside could only refuse what
has started already. The image must be there (`podman pull`): a start waits for no registry. Its user is the host's user, so
that gate, desk and program share files and locks; nothing of it is root's, and it has no capability.

**Keys.** systemd reads them as root (`LoadCredential=`, encrypted ones too) and lays them into a directory of `/run` that the
container mounts. They are in no image, no `podman inspect`, no `podman secret`, whose store keeps them readable on disk, and
gone when the unit stops.

**Arguments.** What follows the image is the program's. podman's generator drops an empty argument with all behind it, and lets
a lone `;` end the command, so that what follows would be run by root: target `quadlet` refuses both.

**The score.** `systemd-analyze security` gives a service that runs podman 9.8 whatever it runs. The sandbox is in `[Container]`
or on podman's command line.

**Not as in target systemd.** A hung process gets SIGTERM and 60 seconds before it is killed. `/etc/resolv.conf` is the one of the
start.

**On a host.** `check --host`, `plan`, `verify`, `drift` and `diff` take `--target`; without it they take the target that lies there of
the deployment, and where none does `systemd`. What lies there is decided by the first of these that is so: a `.container` of the
deployment, a service of it that runs podman, any file of it. `plan` records the target, and `apply` and `rollback` go from any
target to any other: a unit has one name in all of them, so one process acts for an account throughout. For target `quadlet` all
look at podman's directories too (`/run`, `/etc` and `/usr/share` below `containers/systemd`, with drop-ins), and hold what podman's
generator made against what comes of the file. `check --host` and `plan` refuse without podman, its generator, or the image.

## Guardrails

How targets `quadlet` and `podman-units` hold each. `nixos` has the units of `systemd`, byte for byte.

| guardrail | held |
|---|---|
";

const DIRECTIVES_HEAD: &str = "
## Directives of the sandbox

| directive | in a container |
|---|---|
";
