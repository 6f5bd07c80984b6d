//! What the manager itself says for every service: the environment of `DefaultEnvironment=`, `systemctl set-environment` and
//! the kernel's command line, and its defaults. `ManagerEnvironment=` is its own and reaches no service.

use super::{Code, Finding, Properties};
use crate::{
    guardrails::Manager,
    predict::Expectation,
    verify::{Expected, Note},
};

/// Language and search path, which every manager sets. Of the release's programs only `unitgen` obeys the search path: it finds
/// `systemctl` by it, and its sandbox runs nothing else.
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

/// Where systems keep their programs.
const SEARCHED: [&str; 6] = ["/usr/", "/bin", "/sbin", "/nix/", "/run/current-system/", "/run/wrappers/"];

/// Tells once which default of the manager's an operator has changed, where a unit of ours goes by it.
pub(super) fn note_default(unit: &str, name: &str, expect: &Expectation, manager: &Properties, notes: &mut Vec<Note>) {
    if let Expectation::OfManager { property, usual } = expect {
        let said = manager.value(property);
        if !said.is_empty() && said != *usual && notes.iter().all(|note| note.file != *property) {
            let says = format!("the manager's is {said:?}, which {name} of {unit} and others go by");
            notes.push(Note { file: (*property).to_owned(), says });
        }
    }
}

/// Names alone are told: a value may be a secret.
pub(super) fn check(expected: &Expected<'_>, environment: &str, findings: &mut Vec<Finding>) {
    let is_of_system = expected.installation.manager() == Manager::System;
    for (name, value) in environment.lines().filter_map(|line| line.split_once('=')) {
        let is_usual = |folder: &str| SEARCHED.iter().any(|usual| folder.starts_with(usual));
        let elsewhere = is_of_system && name == "PATH" && !value.split(':').all(is_usual);
        let harmless =
            !elsewhere && HARMLESS.contains(&name) || HARMLESS_BEGIN.iter().any(|begin| name.starts_with(begin));
        let of_login = !is_of_system && OF_A_LOGIN.contains(&name);
        if !harmless && !of_login {
            let target = format!("{}.target", expected.deployment);
            findings
                .push(Finding::new(Code::ManagerEnvironment, &target, format!("the manager sets {name}")).about(name));
        }
    }
}
