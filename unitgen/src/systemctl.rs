//! The thin shell under [`crate::drift`]: what a running host says of its units and processes, by one trait, so that tests can
//! answer in its place.

use std::{collections::BTreeMap, fs, os::unix::fs::MetadataExt, path::PathBuf, process::Command};

/// A running host. No privileges are needed to ask it.
pub trait Host {
    /// What `systemctl` prints.
    ///
    /// # Errors
    /// What it said when it failed, or why it could not be run.
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String>;

    /// Where `/proc/PID/exe` leads, when that may be read.
    fn executable(&self, pid: u32) -> Option<String>;

    /// Where a file lies once every link is followed.
    fn resolved(&self, path: &str) -> Option<String>;

    /// When a file was last changed in any way, in seconds since 1970.
    fn changed(&self, path: &str) -> Option<i64>;
}

/// This host.
#[derive(Clone, Copy, Debug, Default)]
pub struct ThisHost {
    /// Whether a login's own manager is asked.
    pub user: bool,
}

impl Host for ThisHost {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("systemctl");
        command.args(self.user.then_some("--user")).arg("--no-pager").args(arguments);
        // Times as numbers of a zone that everybody knows.
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        let said = command.output().map_err(|error| error.to_string())?;
        if said.status.success() {
            return Ok(String::from_utf8_lossy(&said.stdout).into_owned());
        }
        Err(format!("{} ({})", String::from_utf8_lossy(&said.stderr).trim().replace('\n', "; "), said.status))
    }

    fn executable(&self, pid: u32) -> Option<String> {
        fs::read_link(format!("/proc/{pid}/exe")).ok().map(|path| path.display().to_string())
    }

    fn resolved(&self, path: &str) -> Option<String> {
        fs::canonicalize(path).ok().map(|path| path.display().to_string())
    }

    fn changed(&self, path: &str) -> Option<i64> {
        fs::metadata(PathBuf::from(path)).ok().map(|there| there.ctime())
    }
}

/// What a host said before: answers by the arguments of `systemctl`, and what lay in `/proc`.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// By the first argument.
    pub answers: BTreeMap<String, Result<String, String>>,
    /// By process.
    pub executables: BTreeMap<u32, String>,
    /// By path.
    pub changed: BTreeMap<String, i64>,
}

impl Host for Recorded {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        let asked = arguments.first().copied().unwrap_or_default();
        self.answers.get(asked).cloned().unwrap_or_else(|| Err(format!("nobody recorded {asked}")))
    }

    fn executable(&self, pid: u32) -> Option<String> {
        self.executables.get(&pid).cloned()
    }

    fn resolved(&self, path: &str) -> Option<String> {
        self.changed.contains_key(path).then(|| path.to_owned())
    }

    fn changed(&self, path: &str) -> Option<i64> {
        self.changed.get(path).copied()
    }
}
