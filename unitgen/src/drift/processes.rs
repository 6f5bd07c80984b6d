//! What runs, against what is installed.

use super::{Code, Finding, Properties};
use crate::verify::Note;

/// What is known of a main process and its program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Where `/proc/PID/exe` leads; `None` when that may not be read.
    pub runs: Option<String>,
    /// Where the program lies once every link is followed; `None` when it is not there.
    pub lies: Option<String>,
    /// When it was started, in seconds since 1970; `None` when nobody knows.
    pub started: Option<i64>,
    /// When the program's file was last changed in any way, in seconds since 1970; `None` when it is not there.
    pub changed: Option<i64>,
}

const PODMAN: &str = "/usr/bin/podman";
const CONMON: &str = "/usr/bin/conmon";
const DELETED: &str = " (deleted)";

pub(super) fn check(
    unit: &str,
    shown: &Properties,
    process: &Process,
    findings: &mut Vec<Finding>,
    notes: &mut Vec<Note>,
) {
    let program = program_of(shown).unwrap_or_default();
    match process.runs.as_deref() {
        Some(runs) if runs.ends_with(DELETED) => {
            let says = format!("{} was replaced since it was started", runs.trim_end_matches(DELETED));
            findings.push(Finding::new(Code::ProcessOutdated, unit, says).about(program));
            return;
        }
        Some(runs) if runs != program && Some(runs) != process.lies.as_deref() => {
            findings.push(Finding::new(Code::ProcessElsewhere, unit, format!("it runs {runs}")).about(program));
            return;
        }
        // The very file: whoever replaces a program that runs takes its name away from it.
        Some(_) => return,
        None => notes.push(Note {
            file: program.to_owned(),
            says: format!("what the process of {unit} runs may not be looked at; its age was"),
        }),
    }
    match (process.started, process.changed) {
        (_, None) => {
            findings
                .push(Finding::new(Code::ProcessOutdated, unit, "its program is not there any more").about(program));
        }
        (Some(started), Some(changed)) if started < changed => {
            let says = "its program was replaced since it was started";
            findings.push(Finding::new(Code::ProcessOutdated, unit, says).about(program));
        }
        (Some(_) | None, Some(_)) => {}
    }
}

/// The program of a unit's main process: of a container that podman left behind conmon, which stands for what runs inside.
pub(super) fn program_of(shown: &Properties) -> Option<&str> {
    let (program, rest) = shown.value("ExecStart").split_once("path=")?.1.split_once(" ;")?;
    let stays = !rest.contains(" -d ") && !rest.contains(" --detach ");
    Some(if program != PODMAN || stays { program } else { CONMON })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drift::blocks;

    #[test]
    fn a_process_is_of_its_program_or_it_is_told() {
        let shown = blocks("ExecStart={ path=/usr/bin/a ; argv[]=/usr/bin/a run ; ignore_errors=no }\n");
        let process = |runs: Option<&str>, started, changed| Process {
            runs: runs.map(str::to_owned),
            lies: Some("/opt/release-2/a".to_owned()),
            started,
            changed,
        };
        for (process, expect) in [
            (process(Some("/usr/bin/a"), Some(20), Some(10)), None),
            (process(Some("/usr/bin/a"), Some(10), Some(20)), None),
            (process(Some("/opt/release-2/a"), Some(20), Some(10)), None),
            (process(Some("/opt/release-1/a"), Some(20), Some(10)), Some("process-elsewhere")),
            (process(Some("/usr/bin/a (deleted)"), Some(20), Some(10)), Some("process-outdated")),
            (process(Some("/tmp/b"), Some(20), Some(10)), Some("process-elsewhere")),
            (process(None, Some(20), Some(10)), None),
            (process(None, Some(10), Some(20)), Some("process-outdated")),
            (process(None, None, Some(20)), None),
            (process(None, Some(10), None), Some("process-outdated")),
        ] {
            let (mut findings, mut notes) = (Vec::new(), Vec::new());
            check("a.service", &shown[0], &process, &mut findings, &mut notes);
            assert_eq!(findings.first().map(|finding| finding.code), expect, "{process:?}");
            assert_eq!(notes.len(), usize::from(process.runs.is_none()), "{process:?}");
        }
    }
}
