//! Asks a host.

use std::collections::BTreeMap;

use super::{Answers, Process, Properties, Questions, blocks};
use crate::systemctl::Host;

/// Asks everything about one deployment.
///
/// # Errors
/// When systemd does not answer, with what it said.
pub fn ask(host: &dyn Host, questions: &Questions) -> Result<Answers, String> {
    let properties: Vec<&str> = questions.properties.iter().map(String::as_str).collect();
    let property = format!("--property={}", properties.join(","));
    let mut arguments = vec!["show", "--all", "--timestamp=unix", &property, "--"];
    arguments.extend(questions.units.iter().map(String::as_str));
    let shown = blocks(&host.systemctl(&arguments)?);
    if shown.len() != questions.units.len() {
        return Err(format!("systemctl show answered for {} of {} units", shown.len(), questions.units.len()));
    }
    let units: BTreeMap<String, Properties> = questions.units.iter().cloned().zip(shown).collect();
    let processes = units.iter().filter_map(|(unit, shown)| Some((unit.clone(), process(host, shown)?))).collect();
    Ok(Answers { units, environment: host.systemctl(&["show-environment"])?, processes })
}

fn process(host: &dyn Host, shown: &Properties) -> Option<Process> {
    let pid: u32 = shown.value("MainPID").parse().ok().filter(|pid| *pid != 0)?;
    let program = shown.value("ExecStart").split_once("path=")?.1.split_once(" ;")?.0;
    Some(Process {
        runs: host.executable(pid),
        lies: host.resolved(program),
        started: shown.value("ExecMainStartTimestamp").strip_prefix('@').and_then(|seconds| seconds.parse().ok()),
        changed: host.changed(program),
    })
}
