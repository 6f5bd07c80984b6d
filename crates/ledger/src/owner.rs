//! Whose files a process may write. Root can write everywhere, and what it makes in a service user's directory locks
//! the service out: the next start finds a ledger, a `-wal` or a lock that it cannot write. So root is refused there.

use std::{fs, io, os::unix::fs::MetadataExt, path::Path};

use rustix::fs::{Access, AtFlags, CWD};

use crate::LedgerError;

const ROOT: u32 = 0;

/// Checks that this process may write at a path: the file itself when it is there, and the nearest folder that is.
///
/// # Errors
/// [`LedgerError::OtherOwner`] when they are another user's and either this is root or they cannot be written;
/// [`LedgerError::Folder`] when they cannot be looked at.
pub fn check_owner(path: &Path) -> Result<(), LedgerError> {
    let user = rustix::process::geteuid().as_raw();
    let folders = path.ancestors().skip(1).filter(|folder| !folder.as_os_str().is_empty());
    let folder = folders.chain([Path::new(".")]).find(|folder| folder.exists());
    for place in [Some(path), folder].into_iter().flatten() {
        let owner = match fs::metadata(place) {
            Ok(metadata) => metadata.uid(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(source) => return Err(LedgerError::Folder { path: place.to_owned(), source }),
        };
        if !is_allowed(user, owner, || is_writable(place)) {
            return Err(LedgerError::OtherOwner { path: place.to_owned(), owner, user });
        }
    }
    Ok(())
}

fn is_allowed(user: u32, owner: u32, is_writable: impl FnOnce() -> bool) -> bool {
    user == owner || user != ROOT && is_writable()
}

fn is_writable(path: &Path) -> bool {
    rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_files_and_shared_ones_are_written_and_root_leaves_nothing_at_another_users() {
        // user, owner, writable, allowed
        let table = [
            (1000, 1000, true, true),
            // Its permissions alone are wrong: SQLite says so better.
            (1000, 1000, false, true),
            (1000, 997, true, true),
            (1000, 997, false, false),
            (1000, 0, false, false),
            (0, 0, true, true),
            (0, 997, true, false),
        ];
        for (user, owner, writable, expect) in table {
            assert_eq!(is_allowed(user, owner, || writable), expect, "{user} at {owner}'s, writable {writable}");
        }
    }
}
