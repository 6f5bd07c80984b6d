//! The programs that units run: there, and nobody's but the installer's to change. A gate that is missing is a silent skip, and
//! one that is another program lets everything pass; neither is in any unit.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Finding, Questions};
use crate::{installation::Installation, predict::Expectation, systemctl::ProgramFile, verify::Note};

/// What a host knows of one program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Program {
    /// Its file; nothing when it is not there.
    pub file: Option<ProgramFile>,
    /// Where it lies once every link is followed.
    pub lies: Option<String>,
    /// What it is and what it was when it was deployed, where both are known.
    pub digests: Option<(String, String)>,
}

/// Every program that units run, each with the first unit that does.
pub(super) fn of_units(asked: &Questions) -> BTreeMap<&str, &str> {
    let mut programs = BTreeMap::new();
    for (unit, properties) in &asked.predicted {
        for (_, expect) in properties {
            match expect {
                Expectation::Commands(commands) => {
                    for (path, argv) in commands {
                        let path = path.trim_start_matches('-');
                        programs.entry(path).or_insert(unit.as_str());
                        // What becomes somebody else runs a program as them.
                        let behind = argv.split_once(" -- ").filter(|_| path.ends_with("/setpriv"));
                        let behind = behind.and_then(|(_, own)| own.split(' ').next());
                        behind.map(|program| programs.entry(program).or_insert(unit.as_str()));
                    }
                }
                Expectation::Container(argv) => {
                    argv.split(' ').next().map(|podman| programs.entry(podman).or_insert(unit.as_str()));
                }
                Expectation::Text(_)
                | Expectation::Words(_)
                | Expectation::Units { .. }
                | Expectation::Among { .. }
                | Expectation::Variables(_)
                | Expectation::Calendar(_)
                | Expectation::AtLeast(_)
                | Expectation::OfManager { .. } => {}
            }
        }
    }
    programs
}

/// In a job of a login's manager, whose namespace knows that login alone, root's files are shown as this one's.
const NOBODY: u32 = 65534;

pub(super) fn check(
    installation: &Installation,
    asked: &Questions,
    found: &BTreeMap<String, Program>,
    findings: &mut Vec<Finding>,
    notes: &mut Vec<Note>,
) {
    let of_login = installation.login().into_iter().flat_map(|login| [login.uid, NOBODY]);
    let owners: BTreeSet<u32> = std::iter::once(0).chain(of_login).collect();
    for (path, unit) in of_units(asked) {
        let Some(program) = found.get(path) else { continue };
        let mut find = |code: Code, says: String| findings.push(Finding::new(code, unit, says).about(path));
        let Some(file) = &program.file else {
            find(Code::ProgramMissing, "it is not there".to_owned());
            continue;
        };
        // A service runs as anybody, so everybody must be able to run it.
        if !file.is_file || file.file.1 & 0o001 == 0 {
            find(Code::ProgramMissing, "it cannot be run".to_owned());
        }
        for (what, (owner, mode)) in [("it", file.file), ("its directory", file.folder)] {
            // In a directory with the sticky bit only a file's owner may put another in its place.
            let written = mode & 0o022 != 0 && (what == "it" || mode & 0o1000 == 0);
            if written || !owners.contains(&owner) {
                find(Code::ProgramExposed, format!("{what} has owner {owner} and mode {mode:04o}"));
            }
        }
        let name = |path: &str| path.rsplit('/').next().unwrap_or(path).to_owned();
        if let Some(lies) = program.lies.as_deref().filter(|lies| name(lies) != name(path)) {
            notes.push(Note { file: path.to_owned(), says: format!("it is a link to {lies}") });
            if OURS.contains(&name(path).as_str()) {
                find(Code::ProgramDiffers, format!("it is a link to {lies}"));
            }
        }
        if let Some((is, _)) = program.digests.as_ref().filter(|(is, was)| is != was) {
            find(Code::ProgramDiffers, format!("it is {is}, and not what was deployed"));
        }
    }
}

/// Programs of the release: what is found by one of these names is it, and not a program of several names.
const OURS: [&str; 5] = ["desk", "execution", "gate", "scanner", "unitgen"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_there_and_nobody_else_s() {
        let asked = Questions {
            predicted: BTreeMap::from([(
                "a.service".to_owned(),
                vec![("ExecCondition".to_owned(), Expectation::Commands(vec![("/p/gate".to_owned(), String::new())]))],
            )]),
            ..Questions::default()
        };
        let file = |file, folder| Some(ProgramFile { is_file: true, file, folder });
        let fine = Program { file: file((0, 0o755), (0, 0o755)), ..Program::default() };
        let other = |file| Program { file, ..fine.clone() };
        let digests = |is: &str| Program { digests: Some((is.to_owned(), "a".to_owned())), ..fine.clone() };
        for (program, expect) in [
            (fine.clone(), &[][..]),
            (other(None), &["program-missing"]),
            (other(file((0, 0o750), (0, 0o755))), &["program-missing"]),
            (other(Some(ProgramFile { is_file: false, file: (0, 0o755), folder: (0, 0o755) })), &["program-missing"]),
            (other(file((1000, 0o755), (0, 0o755))), &["program-exposed"]),
            (other(file((0, 0o775), (0, 0o755))), &["program-exposed"]),
            (other(file((0, 0o757), (0, 0o755))), &["program-exposed"]),
            (other(file((0, 0o755), (0, 0o777))), &["program-exposed"]),
            (other(file((0, 0o755), (0, 0o1777))), &[]),
            (other(file((0, 0o755), (33, 0o755))), &["program-exposed"]),
            (Program { lies: Some("/opt/release-2/gate".to_owned()), ..fine.clone() }, &[]),
            (Program { lies: Some("/usr/bin/true".to_owned()), ..fine.clone() }, &["program-differs"]),
            (digests("a"), &[]),
            (digests("b"), &["program-differs"]),
        ] {
            let (mut findings, mut notes) = (Vec::new(), Vec::new());
            let found = BTreeMap::from([("/p/gate".to_owned(), program.clone())]);
            check(&Installation::SYSTEM, &asked, &found, &mut findings, &mut notes);
            assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), expect, "{program:?}");
        }
    }
}
