//! What the manager itself adds to the environment of every service: `DefaultEnvironment=`, `ManagerEnvironment=`,
//! `systemctl set-environment`, and what a generator made of the kernel's command line.

use super::{Code, Finding};

/// Language and search path, which every manager sets and no program of the release obeys.
const HARMLESS: [&str; 6] = ["LANG", "LANGUAGE", "PATH", "INVOCATION_ID", "NOTIFY_SOCKET", "XDG_DATA_DIRS"];
const HARMLESS_BEGIN: [&str; 3] = ["LC_", "SYSTEMD_", "NIX_"];

/// Names alone are told: a value may be a secret.
pub(super) fn check(deployment: &str, environment: &str, findings: &mut Vec<Finding>) {
    for name in environment.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name) {
        let harmless = HARMLESS.contains(&name) || HARMLESS_BEGIN.iter().any(|begin| name.starts_with(begin));
        if !harmless {
            let target = format!("{deployment}.target");
            findings
                .push(Finding::new(Code::ManagerEnvironment, &target, format!("the manager sets {name}")).about(name));
        }
    }
}
