//! Asks a host.

use std::collections::BTreeMap;

use super::{Answers, Process, Program, Properties, Questions, blocks, processes::program_of, programs};
use crate::systemctl::Host;

/// Asks everything about one deployment.
///
/// # Errors
/// When systemd does not answer, with what it said.
pub fn ask(host: &dyn Host, questions: &Questions) -> Result<Answers, String> {
    let units = units(host, questions)?;
    let of_manager: Vec<&str> = questions.of_manager.iter().copied().collect();
    let said = host.systemctl(&["show", "--timestamp=unix", &format!("--property={}", of_manager.join(","))])?;
    let processes = units.iter().filter_map(|(unit, shown)| Some((unit.clone(), process(host, shown)?))).collect();
    let programs = programs::of_units(questions)
        .into_keys()
        .map(|path| (path.to_owned(), Program { file: host.program(path), lies: host.resolved(path), digests: None }));
    Ok(Answers {
        environment: host.systemctl(&["show-environment"])?,
        manager: Properties::of_one(&said),
        processes,
        programs: programs.collect(),
        now: host.now(),
        units,
    })
}

/// All in one go; each by itself where a line break within a value makes one answer look like two.
fn units(host: &dyn Host, questions: &Questions) -> Result<BTreeMap<String, Properties>, String> {
    let properties: Vec<&str> = questions.properties.iter().map(String::as_str).collect();
    let property = format!("--property={}", properties.join(","));
    let names: Vec<&str> = questions.units.iter().chain(&questions.slices).map(String::as_str).collect();
    let show = |units: &[&str]| {
        let mut arguments = vec!["show", "--all", "--timestamp=unix", &property, "--"];
        arguments.extend(units);
        host.systemctl(&arguments)
    };
    let shown = blocks(&show(&names)?);
    if shown.len() == names.len() {
        return Ok(names.into_iter().map(str::to_owned).zip(shown).collect());
    }
    names.into_iter().map(|unit| Ok((unit.to_owned(), Properties::of_one(&show(&[unit])?)))).collect()
}

fn process(host: &dyn Host, shown: &Properties) -> Option<Process> {
    let pid: u32 = shown.value("MainPID").parse().ok().filter(|pid| *pid != 0)?;
    let program = program_of(shown)?;
    Some(Process {
        runs: host.executable(pid),
        lies: host.resolved(program),
        started: shown.value("ExecMainStartTimestamp").strip_prefix('@').and_then(|seconds| seconds.parse().ok()),
        changed: host.changed(program),
    })
}
