//! Where a process writes: that it can, and that nobody's kill switch lies where it does not look.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use contract::{Env, ExitCode, Layout};
use ledger::LedgerError;
use rustix::fs::{Access, AtFlags, CWD};
use thiserror::Error;

/// Why a process cannot or must not write.
#[derive(Debug, Error)]
pub(crate) enum Trouble {
    /// It may not.
    #[error("{} belongs to uid {owner} and cannot be written by uid {user}: give it to the service's user, or start as that user", path.display())]
    NotWritable {
        /// The nearest directory that is there.
        path: PathBuf,
        /// Its owner.
        owner: u32,
        /// Whom this process runs as.
        user: u32,
    },
    /// It is root in a service user's directory, whom its files would lock out.
    #[error(transparent)]
    OthersOfRoot(LedgerError),
    /// Nobody can say whether it may.
    #[error(transparent)]
    NotSeen(LedgerError),
}

impl Trouble {
    /// How a start ends: what root would do to a service is root's to undo, the rest may pass.
    pub fn code(&self) -> ExitCode {
        match self {
            Self::NotWritable { .. } | Self::NotSeen(_) => ExitCode::CannotWrite,
            Self::OthersOfRoot(_) => ExitCode::BadConfig,
        }
    }
}

/// Checks what no order can be sent without, before anything is written: the ledger's folder and file and the lock's folder,
/// or where those that are not there would be made.
pub(crate) fn check(layout: &Layout) -> Result<(), Trouble> {
    let database = layout.database();
    for folder in [layout.state_dir(), database.parent().unwrap_or(layout.root())] {
        may_write(folder)?;
    }
    may_own(database)?;
    // What root would write there it would write for itself.
    if rustix::process::geteuid().is_root() { may_own(&layout.exposure()) } else { Ok(()) }
}

/// Folders of records for people that cannot be written. Protection needs none of them, and openings are to leave theirs.
pub(crate) fn closed_to_records(layout: &Layout) -> Vec<String> {
    let records = layout.ledger_dir();
    let text = |trouble: Trouble| format!("records cannot be kept: {trouble}");
    may_write(&records).err().map(text).into_iter().collect()
}

fn may_write(folder: &Path) -> Result<(), Trouble> {
    let Some(nearest) = folder.ancestors().find(|folder| folder.exists()) else { return Ok(()) };
    if rustix::fs::accessat(CWD, nearest, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok() {
        return Ok(());
    }
    let owner = fs::metadata(nearest).map_or(u32::MAX, |found| found.uid());
    Err(Trouble::NotWritable { path: nearest.to_owned(), owner, user: rustix::process::geteuid().as_raw() })
}

fn may_own(file: &Path) -> Result<(), Trouble> {
    ledger::check_owner(file).map_err(|error| {
        if let LedgerError::OtherOwner { path, owner, user } = &error {
            let (path, owner, user) = (path.clone(), *owner, *user);
            return if user == 0 { Trouble::OthersOfRoot(error) } else { Trouble::NotWritable { path, owner, user } };
        }
        Trouble::NotSeen(error)
    })
}

/// Kill switches that lie where one of the systems before had them, and this one does not look: each with both paths.
pub(crate) fn legacy_kill_switches(layout: &Layout, environment: &Env) -> Vec<String> {
    // What cannot be looked at is not there for us: /root is closed to a service's user, and rightly.
    let lies_there = |path: &PathBuf| fs::symlink_metadata(path).is_ok();
    let found = layout.legacy_kill_switches(environment).into_iter().filter(lies_there);
    found.map(|path| text(&path, &layout.kill_switch())).collect()
}

fn text(found: &Path, ours: &Path) -> String {
    format!(
        "a kill switch lies at {}, and the one that counts is {}: move it there, or remove it",
        found.display(),
        ours.display()
    )
}

#[cfg(test)]
mod tests {
    use contract::env;

    use super::*;

    #[test]
    fn what_is_there_or_would_be_made_must_be_writable() {
        let folder = tempfile::tempdir().unwrap();
        assert!(check(&Layout::new(folder.path())).is_ok());
        assert!(check(&Layout::new(folder.path().join("not/there/yet"))).is_ok());
        // Nobody can write there, root included.
        let trouble = check(&Layout::new("/proc/1/root_of_nobody")).unwrap_err().to_string();
        assert!(trouble.contains("belongs to uid") && trouble.contains("cannot be written by uid"), "{trouble}");
    }

    #[test]
    fn only_what_no_order_goes_without_ends_a_start() {
        let folder = tempfile::tempdir().unwrap();
        let nobodys = "/proc/1";
        for (name, ends, reserved) in [("ledger", false, 1), ("data", true, 0), ("state", true, 0)] {
            let root = folder.path().join(name).join("root");
            fs::create_dir_all(&root).unwrap();
            std::os::unix::fs::symlink(nobodys, root.join(name)).unwrap();
            let layout = Layout::new(&root);
            let code = check(&layout).err().map(|trouble| trouble.code());
            assert_eq!(code, ends.then_some(ExitCode::CannotWrite), "{name}");
            assert_eq!(closed_to_records(&layout).len(), reserved, "{name}");
        }
    }

    /// It may pass: the unit tries again.
    #[test]
    fn a_ledger_that_cannot_be_looked_at_ends_a_start_as_one_that_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("file"), "").unwrap();
        let trouble = may_own(&folder.path().join("file/execution_v2.sqlite")).unwrap_err();
        assert!(matches!(trouble, Trouble::NotSeen(_)), "{trouble}");
        assert_eq!(trouble.code(), ExitCode::CannotWrite);
    }

    #[test]
    fn a_kill_switch_where_nobody_looks_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("root");
        fs::create_dir_all(root.join("state")).unwrap();
        fs::create_dir_all(folder.path().join("project/state")).unwrap();
        let plain = Env::default();
        let moved = Env::default().with(&env::AVWAP_STATE_DIR, "elsewhere");
        let project = Env::default().with_named("PROJECT_ROOT", folder.path().join("project"));
        let switch = |path: &str| folder.path().join(path).join("KILL_SWITCH");
        for (at, env, found) in [
            ("root", &plain, true),
            ("root/state", &plain, false),
            ("root/state", &moved, true),
            ("project", &project, true),
            ("project/state", &project, true),
            ("project/state", &plain, false),
        ] {
            fs::write(switch(at), "").unwrap();
            let layout = Layout::below(&root, env).unwrap();
            let texts = legacy_kill_switches(&layout, env);
            assert_eq!(texts.len(), usize::from(found), "{at}: {texts:?}");
            let names_both = |text: &String| {
                text.contains(&switch(at).display().to_string())
                    && text.contains(&layout.kill_switch().display().to_string())
            };
            assert!(texts.iter().all(names_both), "{texts:?}");
            fs::remove_file(switch(at)).unwrap();
        }
    }
}
