//! One process an account and host: a lock on a file named after the account, held for life, released by the kernel.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    path::{Path, PathBuf},
};

use thiserror::Error;

/// The held lock.
#[derive(Debug)]
pub struct AccountLock {
    _file: File,
}

/// Why it is not held.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("another process acts for this account: {} is locked", .0.display())]
    Held(PathBuf),
    /// The file cannot be made or locked.
    #[error("{}: {source}", path.display())]
    File {
        /// The lock file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

impl AccountLock {
    /// Takes the lock, without waiting.
    ///
    /// # Errors
    /// When somebody else has it, or its file cannot be made.
    pub fn take(path: &Path) -> Result<Self, LockError> {
        let failed = |source| LockError::File { path: path.to_owned(), source };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(failed)?;
        }
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Held(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_is_refused_until_the_first_is_gone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("locks/account-PA3.lock");
        let first = AccountLock::take(&path).unwrap();
        assert!(matches!(AccountLock::take(&path), Err(LockError::Held(_))));
        drop(first);
        assert!(AccountLock::take(&path).is_ok());
    }
}
