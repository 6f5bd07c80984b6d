//! Other people's files. Only root can be several users, so elsewhere these tests say that they did not run.

use std::{
    fs,
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
};

use ledger::{Ledger, LedgerError};
use tempfile::TempDir;

use super::child::{Task, alone, said, skipped};

const NOBODY: u32 = 65_534;

#[test]
fn a_reader_who_may_write_nothing_reads_beside_the_writer_after_its_end_and_after_a_kill() {
    let Some((_folder, path)) = place() else { return };
    let mut writer = alone(&std::env::current_exe().unwrap(), Task::Hold, &path).spawn().unwrap();
    assert_eq!(said(&mut writer).as_deref(), Some("written"));
    assert_eq!(as_nobody(Task::Read, &path), "1 events", "beside");
    writer.kill().unwrap();
    writer.wait().unwrap();
    assert_eq!(as_nobody(Task::Read, &path), "1 events", "after a kill");
    drop(Ledger::open(&path, &"PA3".parse().unwrap()).unwrap());
    assert_eq!(as_nobody(Task::Read, &path), "1 events", "after a clean end");
}

#[test]
fn a_ledger_of_another_user_that_cannot_be_written_names_its_owner() {
    let Some((_folder, path)) = place() else { return };
    drop(Ledger::open(&path, &"PA3".parse().unwrap()).unwrap());
    let said = as_nobody(Task::Write, &path);
    assert!(said.contains("OtherOwner") && said.contains("owner: 0") && said.contains("user: 65534"), "{said}");
}

#[test]
fn root_leaves_no_file_of_its_own_in_the_directory_of_a_service() {
    let Some((_folder, path)) = place() else { return };
    let data = path.parent().unwrap();
    chown(data, Some(NOBODY), Some(NOBODY)).unwrap();
    let error = Ledger::open(&path, &"PA3".parse().unwrap()).unwrap_err();
    assert!(matches!(error, LedgerError::OtherOwner { owner: NOBODY, user: 0, .. }), "{error:?}");
    assert_eq!(fs::read_dir(data).unwrap().count(), 0, "nothing was made");
    assert_eq!(as_nobody(Task::Write, &path), "written", "the service itself makes it");
    let error = Ledger::open(&path, &"PA3".parse().unwrap()).unwrap_err();
    assert!(matches!(error, LedgerError::OtherOwner { owner: NOBODY, .. }), "{error:?}");
}

#[test]
fn permissions_of_its_own_files_that_keep_the_service_out_are_named() {
    for (suffix, words) in [("", "ReadOnly"), ("-wal", "CannotOpen ReadOnly"), ("-shm", "CannotOpen ReadOnly")] {
        let Some((_folder, path)) = place() else { return };
        chown(path.parent().unwrap(), Some(NOBODY), Some(NOBODY)).unwrap();
        assert_eq!(as_nobody(Task::Write, &path), "written");
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        fs::set_permissions(&name, fs::Permissions::from_mode(0o444)).unwrap();
        let said = as_nobody(Task::Write, &path);
        assert!(words.split(' ').any(|word| said.starts_with(word)), "{suffix}: {said}");
    }
}

/// A folder that everybody can look into, with one for the ledger and this program in it; `None`, said, when this is not
/// root.
fn place() -> Option<(TempDir, PathBuf)> {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    if fs::metadata(folder.path()).unwrap().uid() != 0 {
        return skipped("root (to be another user)");
    }
    fs::copy(std::env::current_exe().unwrap(), folder.path().join("child")).unwrap();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    fs::set_permissions(&data, fs::Permissions::from_mode(0o755)).unwrap();
    Some((folder, data.join("l.sqlite")))
}

fn as_nobody(task: Task, path: &Path) -> String {
    let program = path.ancestors().nth(2).unwrap().join("child");
    let mut child = alone(&program, task, path).uid(NOBODY).gid(NOBODY).spawn().unwrap();
    let said = said(&mut child).unwrap_or_default();
    child.wait().unwrap();
    said
}
