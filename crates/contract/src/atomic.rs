//! Files that are either the old or the new version, never half of one, whatever crashes in between.
//!
//! Temporary file in the same directory, fsync, rename, fsync of the directory. Readers therefore need no lock.
//! Missing directories are created. Modes are those of a temporary file (0600): state is nobody else's business.

use std::{
    fs::{self, File},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;
use thiserror::Error;

/// Why a file could not be replaced.
#[derive(Debug, Error)]
#[error("cannot {step} {}", path.display())]
pub struct WriteError {
    /// The file that was to be written.
    pub path: PathBuf,
    /// What failed: "create the directory of", "write", "rename", "sync the directory of".
    pub step: &'static str,
    /// What the system said.
    pub source: io::Error,
}

/// Replaces one file.
///
/// # Errors
/// Names the path and the step that failed; the old version is then still in place unless only the last sync failed.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let staged = stage(path, bytes)?;
    publish(staged, path)?;
    sync_directory(path)
}

/// Replaces one file that other users of the machine must be able to read (mode 0644): what root writes for a service.
///
/// # Errors
/// As [`write_atomically`].
pub(crate) fn write_atomically_for_all(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let staged = stage(path, bytes)?;
    let readable = staged.as_file().set_permissions(fs::Permissions::from_mode(0o644));
    readable.map_err(|source| WriteError { path: path.to_owned(), step: "write", source })?;
    publish(staged, path)?;
    sync_directory(path)
}

/// Replaces a set of files of which the LAST vouches for the others (an attestation, a manifest of digests).
///
/// Everything is on disk before anything is renamed, and the others are durable under their names before the last one
/// is. A crash leaves the old set, or new files beside an old voucher that does not match them.
///
/// # Errors
/// As [`write_atomically`].
pub fn write_all_atomically(files: &[(&Path, &[u8])]) -> Result<(), WriteError> {
    let Some(((last, _), others)) = files.split_last() else { return Ok(()) };
    let mut staged = Vec::with_capacity(files.len());
    for (path, bytes) in files {
        staged.push(stage(path, bytes)?);
    }
    let voucher = staged.pop();
    for (file, (path, _)) in staged.into_iter().zip(others) {
        publish(file, path)?;
        sync_directory(path)?;
    }
    if let Some(voucher) = voucher {
        publish(voucher, last)?;
    }
    sync_directory(last)
}

fn stage(path: &Path, bytes: &[u8]) -> Result<NamedTempFile, WriteError> {
    let failed = |step| move |source| WriteError { path: path.to_owned(), step, source };
    let directory = directory_of(path);
    fs::create_dir_all(directory).map_err(failed("create the directory of"))?;
    let mut file = tempfile::Builder::new().prefix(".tmp-").tempfile_in(directory).map_err(failed("write"))?;
    file.write_all(bytes).and_then(|()| file.as_file().sync_all()).map_err(failed("write"))?;
    Ok(file)
}

fn publish(file: NamedTempFile, path: &Path) -> Result<(), WriteError> {
    let renamed = file.persist(path);
    renamed.map(drop).map_err(|error| WriteError { path: path.to_owned(), step: "rename", source: error.error })
}

/// Makes a rename or a removal in the directory of `path` durable.
pub(crate) fn sync_directory(path: &Path) -> Result<(), WriteError> {
    File::open(directory_of(path)).and_then(|directory| directory.sync_all()).map_err(|source| WriteError {
        path: path.to_owned(),
        step: "sync the directory of",
        source,
    })
}

pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let mut names: Vec<_> =
            fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn replaces_and_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("state/exposure.json");
        write_atomically(&path, b"old").unwrap();
        write_atomically(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(names(&root.path().join("state")), ["exposure.json"]);
    }

    #[test]
    fn a_set_whose_last_file_cannot_be_staged_changes_nothing() {
        let root = tempfile::tempdir().unwrap();
        let (csv, attest) = (root.path().join("list.csv"), root.path().join("blocked/attest.json"));
        fs::write(&csv, "old").unwrap();
        fs::write(root.path().join("blocked"), "a file where a directory should be").unwrap();
        let error = write_all_atomically(&[(&csv, b"new"), (&attest, b"new")]).unwrap_err();
        assert_eq!(error.path, attest);
        assert_eq!(fs::read(&csv).unwrap(), b"old");
        assert_eq!(names(root.path()), ["blocked", "list.csv"]);
    }

    #[test]
    fn a_failed_rename_of_the_first_leaves_the_voucher_alone() {
        let root = tempfile::tempdir().unwrap();
        let (csv, attest) = (root.path().join("list.csv"), root.path().join("attest.json"));
        fs::create_dir_all(csv.join("a directory in the way")).unwrap();
        fs::write(&attest, "old").unwrap();
        let error = write_all_atomically(&[(&csv, b"new"), (&attest, b"new")]).unwrap_err();
        assert_eq!((error.path, error.step), (csv, "rename"));
        assert_eq!(fs::read(&attest).unwrap(), b"old");
    }
}
