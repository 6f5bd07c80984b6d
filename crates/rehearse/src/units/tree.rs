//! A rendered tree of units: every service and timer in a directory, drop-ins merged, cross references checked.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
};

use thiserror::Error;

use super::{
    file::{Place, SyntaxError, UnitFile},
    keys,
    service::{Kind, Service},
    specifier::Directories,
    timer::Timer,
};

/// Everything the rehearsal supervises, by unit name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitTree {
    /// The services.
    pub services: BTreeMap<String, Service>,
    /// The timers.
    pub timers: BTreeMap<String, Timer>,
    /// What the deployment's target starts: the services and timers that run by themselves.
    pub wanted: BTreeSet<String>,
}

/// Why rendered units cannot be rehearsed.
#[derive(Debug, Error)]
pub enum UnitError {
    /// A file or directory that cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Not a unit file.
    #[error(transparent)]
    Syntax(#[from] SyntaxError),
    /// One assignment.
    #[error("{place}: {assignment}: {problem}")]
    Value {
        /// Where.
        place: Place,
        /// Key and value.
        assignment: String,
        /// What is wrong with it.
        problem: String,
    },
    /// The unit as a whole.
    #[error("{unit}: {problem}")]
    Service {
        /// Which.
        unit: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Units outside the tree that a dependency may name: they are up on any host.
const OF_THE_HOST: [&str; 4] = [".target", ".slice", ".socket", ".mount"];

impl UnitTree {
    /// Reads every `*.service`, `*.timer` and `*.target` of a directory, with the drop-ins beside them. Other files (the list of what
    /// was rendered, sysusers) are not units and are passed over.
    pub fn read(directory: &Path, directories: &Directories) -> Result<Self, UnitError> {
        let mut tree = Self::default();
        for name in names_in(directory)? {
            let file = |name: &str| merged(directory, name);
            if name.ends_with(".service") {
                tree.services.insert(name.clone(), Service::read(&name, &file(&name)?, directories)?);
            } else if name.ends_with(".timer") {
                tree.timers.insert(name.clone(), Timer::read(&name, &file(&name)?)?);
            } else if name.ends_with(".target") {
                let target = file(&name)?;
                keys::check_target(&target)?;
                tree.wanted.extend(target.dependencies("Wants"));
            }
        }
        tree.check_references()?;
        tree.check_wanted()?;
        Ok(tree)
    }

    /// The service that runs a program as its main process.
    pub fn service_running(&self, program: &str) -> Option<&Service> {
        self.services.values().find(|service| service.start.iter().any(|command| command.name() == program))
    }

    fn check_references(&self) -> Result<(), UnitError> {
        let missing = |unit: &str, what: &str, name: &str| UnitError::Service {
            unit: unit.to_owned(),
            problem: format!("{what} names {name}, which is not rendered"),
        };
        for timer in self.timers.values() {
            if !self.services.contains_key(&timer.unit) {
                return Err(missing(&timer.name, "Unit=", &timer.unit));
            }
        }
        for service in self.services.values() {
            let triggered = service.on_success.iter().chain(&service.on_failure).chain(&service.conflicts);
            for name in triggered {
                if !self.services.contains_key(name) && !OF_THE_HOST.iter().any(|suffix| name.ends_with(suffix)) {
                    return Err(missing(&service.name, "OnSuccess=, OnFailure= or Conflicts=", name));
                }
            }
        }
        Ok(())
    }
}

impl UnitTree {
    /// What runs by itself is what a target wants: services that last, and timers. One that nothing starts would make a
    /// day in which it is missing, and a job that a boot starts would run at any hour.
    fn check_wanted(&self) -> Result<(), UnitError> {
        let lasting =
            self.services.values().filter(|service| service.kind != Kind::Oneshot).map(|service| &service.name);
        let own: BTreeSet<String> = lasting.chain(self.timers.keys()).cloned().collect();
        let refused =
            |unit: &String, problem: &str| UnitError::Service { unit: unit.clone(), problem: problem.to_owned() };
        match (own.difference(&self.wanted).next(), self.wanted.difference(&own).next()) {
            (Some(unit), _) => Err(refused(unit, "no target wants it, so nothing would start it")),
            (None, Some(unit)) => {
                Err(refused(unit, "a target wants it, and it is no service that lasts and no timer of these"))
            }
            (None, None) => Ok(()),
        }
    }
}

fn merged(directory: &Path, name: &str) -> Result<UnitFile, UnitError> {
    let mut file = read(&directory.join(name), name)?;
    let drop_ins = directory.join(format!("{name}.d"));
    if drop_ins.is_dir() {
        for drop_in in names_in(&drop_ins)?.iter().filter(|name| name.ends_with(".conf")) {
            file.extend(read(&drop_ins.join(drop_in), &format!("{name}.d/{drop_in}"))?);
        }
    }
    Ok(file)
}

fn read(path: &Path, name: &str) -> Result<UnitFile, UnitError> {
    let text = fs::read_to_string(path).map_err(|source| UnitError::Read { path: path.to_owned(), source })?;
    Ok(UnitFile::parse(name, &text)?)
}

/// File names, sorted: the order in which systemd lays drop-ins over a unit.
fn names_in(directory: &Path) -> Result<Vec<String>, UnitError> {
    let failed = |source| UnitError::Read { path: directory.to_owned(), source };
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(failed)? {
        names.push(entry.map_err(failed)?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> Result<UnitTree, UnitError> {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let directories = Directories { state: "/s".into(), config: "/e".into(), runtime: "/t".into() };
        UnitTree::read(directory.path(), &directories)
    }

    #[test]
    fn drop_ins_are_laid_over_in_the_order_of_their_names() {
        let units = tree(&[
            ("a.service", "[Service]\nExecStart=/x/one\n"),
            ("a.service.d/20-late.conf", "[Service]\nExecStart=\nExecStart=/x/late\n"),
            ("a.service.d/10-early.conf", "[Service]\nExecStart=\nExecStart=/x/early\nExecCondition=/x/gate\n"),
            ("a.service.d/README", "not a drop-in"),
            ("manifest.json", "{}"),
            ("d.target", "[Unit]\nWants=a.service\n"),
        ])
        .unwrap();
        assert_eq!(units.services["a.service"].start[0].name(), "late");
        assert_eq!(units.services["a.service"].condition.len(), 1);
        assert!(units.service_running("late").is_some());
    }

    #[test]
    fn what_runs_by_itself_is_what_a_target_wants() {
        let job = ("a.service", "[Service]\nType=oneshot\nExecStart=/x\n");
        let timer = ("a.timer", "[Timer]\nOnCalendar=Mon 08:30 UTC\n");
        let lasting = ("b.service", "[Service]\nType=notify\nExecStart=/x\n");
        let target = |text| ("d.target", text);
        for (problem, files) in [
            ("a.timer: no target wants it", vec![job, timer]),
            ("b.service: no target wants it", vec![lasting, target("[Unit]\nDescription=d\n")]),
            ("a.service: a target wants it", vec![job, target("[Unit]\nWants=a.service\n")]),
            ("x.service: a target wants it", vec![target("[Unit]\nWants=x.service\n")]),
            ("Requires=b.service: a key", vec![lasting, target("[Unit]\nWants=b.service\nRequires=b.service\n")]),
        ] {
            let error = tree(&files).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
        let units = tree(&[job, timer, lasting, target("[Unit]\nWants=a.timer\nWants=b.service\n")]).unwrap();
        assert_eq!(units.wanted, ["a.timer", "b.service"].map(str::to_owned).into());
    }

    #[test]
    fn a_reference_to_what_is_not_rendered_is_an_error() {
        let job = "[Service]\nType=oneshot\nExecStart=/x\n";
        let target = ("d.target", "[Unit]\nWants=a.timer\n[Install]\nWantedBy=multi-user.target\n");
        for (what, files) in [
            ("timer", vec![("a.timer", "[Timer]\nOnCalendar=Mon 08:30 UTC\n")]),
            ("OnSuccess=", vec![("a.service", "[Unit]\nOnSuccess=b.service\n[Service]\nType=oneshot\nExecStart=/x\n")]),
        ] {
            assert!(tree(&files).is_err(), "{what}");
        }
        assert!(tree(&[("a.service", job), ("a.timer", "[Timer]\nOnCalendar=Mon 08:30 UTC\n"), target]).is_ok());
    }
}
