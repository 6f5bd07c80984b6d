//! `[Service]` of a unit whose program runs in a container: everything of it that stays on the host.
//!
//! podman is started by root, so what must be the deployment's user's work says so: gate, alert and directories run through
//! `setpriv`. systemd makes no state or lock directory here; it would make them root's. Credentials are read by systemd as ever
//! and laid into a directory of `/run` for the one user: in no layer, no `podman inspect`, and gone when the unit stops.

use manifest::Deployment;

use super::container::{Container, credentials_directory};
use crate::unit::{self, Command, Lines, Type, Word};

/// Between the container's own time to stop and the unit's.
const STOP_MARGIN_SECONDS: u32 = 15;
const SETPRIV: &str = "/usr/bin/setpriv";
const INSTALL: &str = "/usr/bin/install";
const PREPARED_REASON: &str = "StateDirectory= and its like would make these root's, who starts podman. The dash: a failure here would be \
    followed by a restart whatever its code; podman's own start fails with a code that counts (243: a credential is missing).";

/// What starts and stops the container, where no generator adds it.
pub(super) struct Podman {
    /// `ExecStart=`.
    pub start: String,
}

/// Writes what `[Unit]` has besides.
pub(super) fn write_mounts(lines: &mut Lines, deployment: &Deployment) {
    lines.set("RequiresMountsFor", format!("%S/{}", deployment.paths().state_directory()));
}

/// Writes the section; `podman` is what a generator would add.
pub(super) fn write(
    lines: &mut Lines,
    deployment: &Deployment,
    name: &str,
    section: &unit::Service,
    container: &Container<'_>,
    podman: Option<&Podman>,
) {
    lines.section("Service");
    write_kind(lines, section);
    write_before(lines, deployment, name, section, container);
    if let Some(podman) = podman {
        write_podman(lines, podman, container.is_notify);
    }
    let (command, reason) = &section.lifecycle.stop_post;
    lines.reason(reason);
    lines.set("ExecStopPost", as_user(section, command).line());
    if let Some(seconds) = section.lifecycle.timeout_stop_seconds {
        lines.set("TimeoutStopSec", seconds + STOP_MARGIN_SECONDS);
    }
    if let Some(policy) = &section.restart {
        lines.reason(policy.reason);
        policy.write(lines);
    }
    if section.keep_on_switch {
        lines.set("X-RestartIfChanged", "false");
    }
    write_surroundings(lines, deployment, name, section);
    if !container.host.is_empty() {
        lines.reason("The container lies in this unit's control group, where these hold for it too.");
        for directive in &container.host {
            lines.set(directive.key, &directive.value);
        }
    }
}

/// User and group of a unit.
///
/// # Panics
/// Never: a login's manager, whose units name none, is refused containers.
pub(super) fn identity(section: &unit::Service) -> (&str, &str) {
    let (user, group) = section.identity.as_ref().expect("containers are units of the system's manager");
    (user, group)
}

/// A command as the deployment's user, who can become nobody else.
pub(super) fn as_user(section: &unit::Service, command: &Command) -> Command {
    let (user, group) = identity(section);
    let ids = [format!("--reuid={user}"), format!("--regid={group}")];
    let rest = ["--clear-groups", "--no-new-privs", "--", command.path.as_str()];
    let words = ids.iter().map(String::as_str).chain(rest).map(Word::from);
    Command { path: SETPRIV.to_owned(), args: words.chain(command.args.iter().cloned()).collect() }
}

/// Measured of podman 4.3.1: a watchdog that kills conmon leaves the file, and every start after it fails by 125.
fn write_forgotten(lines: &mut Lines) {
    lines.reason(
        "A container whose conmon was killed leaves this file, and podman 4.3 starts no other while it is there.",
    );
    prepare(lines, "/usr/bin/rm -f %t/%N.cid".to_owned());
}

/// The dash before its path lets the program's own start fail instead.
fn prepare(lines: &mut Lines, command: String) {
    lines.set("ExecStartPre", format!("-{command}"));
}

fn write_kind(lines: &mut Lines, section: &unit::Service) {
    match section.lifecycle.kind {
        Type::Notify { watchdog_seconds } => {
            lines.set("Type", "notify");
            lines.reason("conmon passes on what the program says, and is this unit's main process.");
            lines.set("NotifyAccess", "all");
            lines.set("WatchdogSec", watchdog_seconds);
        }
        Type::Oneshot => lines.set("Type", "oneshot"),
    }
    lines.set("TimeoutStartSec", section.lifecycle.timeout_start_seconds);
}

/// Gates, directories and credentials.
fn write_before(
    lines: &mut Lines,
    deployment: &Deployment,
    name: &str,
    section: &unit::Service,
    container: &Container<'_>,
) {
    if let Some((command, reason)) = &section.lifecycle.condition {
        lines.reason(reason);
        lines.set("ExecCondition", as_user(section, command).line());
    }
    if let Some((command, reason)) = &section.lifecycle.start_pre {
        lines.reason(reason);
        lines.set("ExecStartPre", as_user(section, command).line());
    }
    let (user, group) = identity(section);
    let owned = |mode: &str| {
        let words = ["-d".to_owned(), format!("--owner={user}"), format!("--group={group}"), format!("--mode={mode}")];
        words.map(|word| Word::from(word.as_str())).to_vec()
    };
    let mut directories = owned("0700");
    directories.push(Word::specifier('S').then(&format!("/{}", deployment.paths().state_directory())));
    if let Some(directory) = section.runtime_directory {
        directories.push(Word::specifier('t').then(&format!("/{directory}")));
    }
    lines.reason(PREPARED_REASON);
    prepare(lines, Command { path: INSTALL.to_owned(), args: directories }.line());
    if !container.mounted_apart.is_empty() {
        let mut args = vec![Word::from("-d"), Word::from("--mode=0700")];
        args.extend(container.mounted_apart.iter().cloned());
        let command = as_user(section, &Command { path: INSTALL.to_owned(), args });
        lines.reason(
            "Mounted read-only, so they must be there; made by their user, who may have put a link in their place.",
        );
        prepare(lines, command.line());
    }
    if !section.credentials.is_empty() {
        let ids = [format!("--owner={user}"), format!("--group={group}"), "--mode=0400".to_owned()];
        let mut args: Vec<Word> = ids.iter().map(|word| Word::from(word.as_str())).collect();
        let directory = format!("--target-directory=%t/{}", credentials_directory(name));
        args.extend(section.credentials.iter().map(|one| Word::specifier('d').then(&format!("/{}", one.name))));
        let command = Command { path: INSTALL.to_owned(), args };
        let line = command.line().replacen(INSTALL, &format!("{INSTALL} {directory}"), 1);
        lines.reason(
            "systemd hands them to root; the container's user may read its own copy, in memory and until the stop.",
        );
        prepare(lines, line);
    }
    write_forgotten(lines);
}

/// What podman's generator adds to a unit by itself.
fn write_podman(lines: &mut Lines, podman: &Podman, is_notify: bool) {
    lines.set("ExecStart", &podman.start);
    if is_notify {
        lines.reason("Sends SIGTERM and waits as long as the container's --stop-timeout=.");
    }
    lines.set("ExecStop", "/usr/bin/podman rm -v -f -i --cidfile=%t/%N.cid");
    lines.set("ExecStopPost", "-/usr/bin/podman rm -v -f -i --cidfile=%t/%N.cid");
    lines.set("Environment", "PODMAN_SYSTEMD_UNIT=%n");
    lines.set("KillMode", "mixed");
    lines.set("Delegate", "yes");
    lines.set("SyslogIdentifier", "%N");
}

fn write_surroundings(lines: &mut Lines, deployment: &Deployment, name: &str, section: &unit::Service) {
    if !section.credentials.is_empty() {
        lines.set("RuntimeDirectory", credentials_directory(name));
        lines.set("RuntimeDirectoryMode", "0711");
    }
    section.write_credentials(lines);
    lines.reason("For the gate and, by their names, for the container: no value stands on podman's command line.");
    lines.set("Environment", format!("STATE_DIRECTORY=%S/{}", deployment.paths().state_directory()));
    if let Some(directory) = section.runtime_directory {
        lines.set("Environment", format!("RUNTIME_DIRECTORY=%t/{directory}"));
    }
    for (variable, value) in &section.environment {
        lines.set("Environment", value.assigned_to(variable).item());
    }
}
