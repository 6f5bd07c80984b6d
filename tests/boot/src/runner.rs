//! Scenarios as tests.

use std::{
    env, fs,
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context, ensure};
use libtest_mimic::{Failed, Trial};
use tempfile::TempDir;

use crate::{
    deployment,
    guest::{Guest, Outcome, backend},
    programs::Programs,
    roots::{Host, Root},
    scenario::{Deploy, Scenario},
    table,
};

/// What scratch directories are called, before the number of their test's process.
pub(crate) const SCRATCH: &str = "portcullis-boot-";

/// Every scenario on every host it names. A file that is no scenario is a test that fails.
///
/// # Errors
/// When there is no scenario at all: nothing would be booted, and nothing would fail.
pub fn trials() -> anyhow::Result<Vec<Trial>> {
    trials_of(&proofs::workspace_root().join("tests/boot/scenarios"))
}

fn trials_of(folder: &Path) -> anyhow::Result<Vec<Trial>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("scenarios: {}", folder.display()))? {
        paths.push(entry?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|end| end == "sh"));
    ensure!(!paths.is_empty(), "no scenario (*.sh) in {}", folder.display());
    paths.sort();
    let mut trials = Vec::new();
    for path in paths {
        match Scenario::read(&path) {
            Ok(scenario) => trials.extend(scenario.hosts.clone().into_iter().map(|host| trial(scenario.clone(), host))),
            Err(error) => {
                let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                let said = format!("{error:#}");
                trials.push(Trial::test(name, move || Err(said.into())));
            }
        }
    }
    Ok(trials)
}

fn trial(scenario: Scenario, host: Host) -> Trial {
    Trial::test(format!("{host}::{}", scenario.name), move || {
        boot_once(&scenario, host, |_| Ok(()), |_| Ok(())).map_err(|error| Failed::from(format!("{error:#}")))
    })
}

/// Boots one guest. `lay` adds to its topmost layer; `judge` sees what it brought back, after its script ended well, and may
/// add to its `figures`.
///
/// # Errors
/// When the guest cannot be booted, its script fails, or the judge says so.
pub fn boot_once(
    scenario: &Scenario,
    host: Host,
    lay: impl FnOnce(&Path) -> anyhow::Result<()>,
    judge: impl FnOnce(&Path) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let backend = backend(scenario.on);
    let lacks = backend.lacks();
    let root = match (lacks, Root::find(host)) {
        (None, Ok(root)) => root,
        (Some(what), _) => return lacking(&what),
        (None, Err(error)) => return lacking(&format!("{error:#} of {host}: run tests/boot/prepare as root")),
    };
    let begun = Instant::now();
    let programs = Programs::new()?;
    let scratch = Scratch::new(&format!("{host}-{}", scenario.name))?;
    let (layer, out) = (scratch.path().join("layer"), scratch.path().join("out"));
    fs::create_dir(&layer)?;
    fs::create_dir(&out)?;
    deployment::lay(&layer, scenario, &programs)?;
    lay(&layer)?;
    let mut layers = vec![layer];
    if scenario.deploy != Deploy::Nothing {
        layers.insert(0, programs.layer()?);
    }
    let guest = Guest { root: &root, scenario, layers, out, programs: &programs };
    // A guest that could not be booted, or died, has failed: the table says so, and not what it said of an earlier one.
    let outcome = backend
        .run(&guest, scenario.timeout)
        .unwrap_or_else(|error| Outcome { code: None, trouble: Some(format!("{error:#}")) });
    let judged = if outcome.passed() { judge(&guest.out) } else { Ok(()) };
    let took = begun.elapsed();
    let figures = fs::read_to_string(guest.out.join("figures")).unwrap_or_default();
    let word = if outcome.passed() && judged.is_ok() { "passed" } else { "FAILED" };
    table::note(programs.kept(), scenario, host, word, took, &figures)?;
    print(&outcome, &guest);
    ensure!(outcome.passed(), "{}", scratch.kept(&outcome.story(&guest.out)));
    judged
}

/// Whatever is missing skips a scenario on a developer's machine.
fn lacking(what: &str) -> anyhow::Result<()> {
    let is_ci = env::var("CI").is_ok_and(|value| value == "true" || value == "1");
    assert!(!is_ci, "{what} is missing, and CI skips nothing");
    println!("skipped: needs {what}");
    Ok(())
}

fn print(outcome: &Outcome, guest: &Guest<'_>) {
    if outcome.passed() {
        print!("{}", fs::read_to_string(guest.out.join("stdout")).unwrap_or_default());
    }
}

/// What tests that were killed left behind. Whatever cannot be removed is in nobody's way.
fn forget_the_dead() {
    for entry in fs::read_dir(env::temp_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let owner = name.strip_prefix(SCRATCH).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|pid| !PathBuf::from("/proc").join(pid).exists()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The scenario's own directory; `PORTCULLIS_BOOT_KEEP=DIR` keeps it there.
enum Scratch {
    Temporary(TempDir),
    Kept(PathBuf),
}

impl Scratch {
    fn new(name: &str) -> anyhow::Result<Self> {
        match env::var_os("PORTCULLIS_BOOT_KEEP") {
            None => {
                forget_the_dead();
                let prefix = format!("{SCRATCH}{}-", std::process::id());
                Ok(Self::Temporary(tempfile::Builder::new().prefix(&prefix).tempdir()?))
            }
            Some(folder) => {
                let path = PathBuf::from(folder).join(format!("{name}-{}", std::process::id()));
                fs::create_dir_all(&path).with_context(|| format!("{}", path.display()))?;
                Ok(Self::Kept(path))
            }
        }
    }

    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// A story, with where more is to be found.
    fn kept(&self, story: &str) -> String {
        match self {
            Self::Temporary(_) => format!("{story}(PORTCULLIS_BOOT_KEEP=DIR keeps journal and all)"),
            Self::Kept(path) => format!("{story}all of it: {}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_scenario_there_is_an_error_and_no_success() {
        let folder = tempfile::tempdir().unwrap();
        assert!(trials_of(&folder.path().join("gone")).unwrap_err().to_string().contains("gone"));
        fs::write(folder.path().join("README.md"), "no scenario").unwrap();
        assert!(trials_of(folder.path()).unwrap_err().to_string().contains("no scenario"));
        fs::write(folder.path().join("nonsense.sh"), "#: nonsense").unwrap();
        assert_eq!(trials_of(folder.path()).unwrap().len(), 1, "a test that fails");
        assert!(trials().unwrap().len() > 20);
    }
}
