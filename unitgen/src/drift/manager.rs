//! What the manager itself adds to the environment of every service: `DefaultEnvironment=`, `ManagerEnvironment=`,
//! `systemctl set-environment`, and what a generator made of the kernel's command line.

use super::{Code, Finding};
use crate::{guardrails::Manager, verify::Expected};

/// Language and search path, which every manager sets and no program of the release obeys.
const HARMLESS: [&str; 6] = ["LANG", "LANGUAGE", "PATH", "INVOCATION_ID", "NOTIFY_SOCKET", "XDG_DATA_DIRS"];
const HARMLESS_BEGIN: [&str; 3] = ["LC_", "SYSTEMD_", "NIX_"];
/// What the manager of a login knows of its login, and what started it.
const OF_A_LOGIN: [&str; 10] = [
    "DBUS_SESSION_BUS_ADDRESS",
    "HOME",
    "JOURNAL_STREAM",
    "LOGNAME",
    "MANAGERPID",
    "MEMORY_PRESSURE_WATCH",
    "MEMORY_PRESSURE_WRITE",
    "SHELL",
    "USER",
    "XDG_RUNTIME_DIR",
];

/// Names alone are told: a value may be a secret.
pub(super) fn check(expected: &Expected<'_>, environment: &str, findings: &mut Vec<Finding>) {
    for name in environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name) {
        let harmless = HARMLESS.contains(&name) || HARMLESS_BEGIN.iter().any(|begin| name.starts_with(begin));
        let of_login = expected.installation.manager() == Manager::User && OF_A_LOGIN.contains(&name);
        if !harmless && !of_login {
            let target = format!("{}.target", expected.deployment);
            findings
                .push(Finding::new(Code::ManagerEnvironment, &target, format!("the manager sets {name}")).about(name));
        }
    }
}
