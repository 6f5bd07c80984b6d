//! Where a process writes: that it can, and that nobody's kill switch lies where it does not look.

use std::{
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use contract::{Env, Layout};
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
}

/// Checks every directory this process writes in, before it writes anything: those that are there, and where those that are
/// not would be made.
pub(crate) fn check(layout: &Layout) -> Result<(), Trouble> {
    let user = rustix::process::geteuid().as_raw();
    let (ledger_dir, database) = (layout.ledger_dir(), layout.database());
    let places = [layout.root(), layout.state_dir(), database.parent().unwrap_or(layout.root()), &ledger_dir];
    for place in places {
        let Some(nearest) = place.ancestors().find(|folder| folder.exists()) else { continue };
        if rustix::fs::accessat(CWD, nearest, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_err() {
            let owner = fs::metadata(nearest).map_or(u32::MAX, |found| found.uid());
            return Err(Trouble::NotWritable { path: nearest.to_owned(), owner, user });
        }
    }
    for file in [layout.exposure().as_path(), database] {
        match ledger::check_owner(file) {
            Ok(()) => {}
            Err(LedgerError::OtherOwner { path, owner, user }) if user != 0 => {
                return Err(Trouble::NotWritable { path, owner, user });
            }
            Err(other) => return Err(Trouble::OthersOfRoot(other)),
        }
    }
    Ok(())
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
