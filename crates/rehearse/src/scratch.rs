//! The rehearsal's own little host: a root with the directories a unit expects, logs, and nothing of the real machine.

use std::{
    fs::{self, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::{Context, ensure};
use contract::ExitCode;
use tempfile::TempDir;

use crate::units::specifier::Directories;

/// A directory that goes away with the rehearsal unless somebody wants to keep it.
pub struct Scratch {
    paths: Paths,
    temporary: Option<TempDir>,
}

/// Where things lie in it.
#[derive(Clone, Debug)]
pub struct Paths {
    root: PathBuf,
}

impl Scratch {
    /// In `keep`, which must be new or empty, or else in a temporary directory.
    pub fn create(keep: Option<&Path>) -> anyhow::Result<Self> {
        let (root, temporary) = match keep {
            Some(root) => {
                fs::create_dir_all(root)
                    .with_context(|| format!("{}", root.display()))
                    .context(ExitCode::CannotWrite)?;
                let empty = fs::read_dir(root).context(ExitCode::CannotWrite)?.next().is_none();
                ensure!(empty, anyhow::anyhow!("{} is not empty", root.display()).context(ExitCode::Usage));
                (root.canonicalize().context(ExitCode::CannotWrite)?, None)
            }
            None => {
                let temporary =
                    tempfile::Builder::new().prefix("rehearse-").tempdir().context(ExitCode::CannotWrite)?;
                (temporary.path().to_owned(), Some(temporary))
            }
        };
        let paths = Paths { root };
        for directory in [paths.logs(), paths.units(), paths.sockets(), paths.root.join("run")] {
            fs::create_dir_all(directory).context(ExitCode::CannotWrite)?;
        }
        Ok(Self { paths, temporary })
    }

    /// Where things lie.
    pub fn paths(&self) -> &Paths {
        &self.paths
    }

    /// Keeps the directory and says where it is.
    pub fn keep(self) -> PathBuf {
        match self.temporary {
            Some(temporary) => temporary.keep(),
            None => self.paths.root,
        }
    }
}

impl Paths {
    /// What the specifiers stand for.
    pub fn directories(&self) -> Directories {
        Directories { state: self.root.join("var/lib"), config: self.root.join("etc"), runtime: self.root.join("run") }
    }

    /// Where the rendered units go.
    pub fn units(&self) -> PathBuf {
        self.root.join("units")
    }

    /// Where the units' output goes, one file a unit.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// The log of a unit.
    pub fn log(&self, unit: &str) -> PathBuf {
        self.logs().join(format!("{unit}.log"))
    }

    /// Where the rehearsal keeps what it took away.
    pub fn aside(&self) -> PathBuf {
        self.root.join("aside")
    }

    /// Where the system calls of `execution` are written down.
    pub fn boundaries(&self) -> PathBuf {
        self.root.join("boundaries")
    }

    /// Where the system calls of those processes are written down that are to be killed.
    pub fn kills(&self) -> PathBuf {
        self.root.join("kills")
    }

    /// The finished day as a document.
    pub fn document(&self) -> PathBuf {
        self.root.join("day.json")
    }

    /// Where the notify sockets lie.
    pub fn sockets(&self) -> PathBuf {
        self.root.join("notify")
    }

    /// A unit's credentials directory, filled: files that only their owner reads.
    pub fn credentials(&self, unit: &str, secrets: &[(&str, &str)]) -> io::Result<PathBuf> {
        let directory = self.root.join("credentials").join(unit);
        fs::create_dir_all(&directory)?;
        fs::set_permissions(&directory, Permissions::from_mode(0o700))?;
        for (name, value) in secrets {
            let mut options = OpenOptions::new();
            let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(directory.join(name))?;
            file.write_all(value.as_bytes())?;
        }
        Ok(directory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_readable_by_their_owner_only() {
        let scratch = Scratch::create(None).unwrap();
        let directory = scratch.paths().credentials("execution.service", &[("APCA_API_KEY_ID", "id")]).unwrap();
        let file = directory.join("APCA_API_KEY_ID");
        assert_eq!(fs::read_to_string(&file).unwrap(), "id");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&directory).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_directory_with_something_in_it_is_refused() {
        let full = tempfile::tempdir().unwrap();
        fs::write(full.path().join("x"), "").unwrap();
        assert!(Scratch::create(Some(full.path())).is_err());
    }
}
