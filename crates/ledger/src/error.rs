//! Why a ledger cannot be used. Each kind asks for another hand: room on the disk, another user, a restored copy.

use std::{io, path::PathBuf, time::Duration};

use rusqlite::ffi;
use thiserror::Error;

use crate::VERSION;

/// Why the ledger cannot be used. The text names the file and says what to do.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Something between us and the file that none of the others names.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The folder cannot be made or looked at.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another process holds it.
    #[error("{}: locked by another process, waited {} ms; end it (fuser names it) and start again", path.display(), waited.as_millis())]
    Locked {
        /// The database.
        path: PathBuf,
        /// How long it was waited for.
        waited: Duration,
    },
    /// No room for what was to be written.
    #[error("{}: the disk is full; make room on it", path.display())]
    Full {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It can be read and not written: a read-only file system, or permissions of file, `-wal` or `-shm`.
    #[error("{}: cannot be written: file, -wal, -shm or their file system are read-only for this process", path.display())]
    ReadOnly {
        /// The database.
        path: PathBuf,
    },
    /// It, its `-wal` or its `-shm` cannot be opened.
    #[error("{}: it, its -wal or its -shm cannot be opened: missing, no files, or not permitted ({source})", path.display())]
    CannotOpen {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// What is there is damaged, or no database at all.
    #[error("{}: damaged ({why}); nothing was changed: keep the file, restore its latest copy, or ask the broker by hand", path.display())]
    Corrupt {
        /// The database.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Written by a newer release.
    #[error("{}: schema {found} is newer than this program's {VERSION}; nothing was changed", path.display())]
    Newer {
        /// The database.
        path: PathBuf,
        /// Its schema version.
        found: i64,
    },
    /// A database of something else.
    #[error("{}: not a ledger of ours (application id {found:#x})", path.display())]
    Foreign {
        /// The database.
        path: PathBuf,
        /// Its application id.
        found: i64,
    },
    /// The ledger of another account.
    #[error("{}: is the ledger of account {found}, not of {expected}", path.display())]
    OtherAccount {
        /// The database.
        path: PathBuf,
        /// The account it belongs to.
        found: String,
        /// The account asked for.
        expected: String,
    },
    /// Files of another user: root must not leave its own beside them, anybody else cannot write them.
    #[error("{}: belongs to user {owner}, and this process runs as user {user}; run it as user {owner}", path.display())]
    OtherOwner {
        /// The file or folder.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who we are.
        user: u32,
    },
    /// A row that this release cannot read.
    #[error("{}: {table}: {why}", path.display())]
    Row {
        /// The database.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// What is wrong.
        why: String,
    },
}

impl LedgerError {
    /// What SQLite said, by what it means for whoever runs this.
    pub(crate) fn of(path: PathBuf, waited: Duration, source: rusqlite::Error) -> Self {
        let extended = source.sqlite_error().map_or(0, |error| error.extended_code);
        match (extended & 0xff, extended) {
            (ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED, _) => Self::Locked { path, waited },
            (ffi::SQLITE_FULL, _) | (_, ffi::SQLITE_IOERR_SHMSIZE) => Self::Full { path, source },
            (ffi::SQLITE_READONLY, _) => Self::ReadOnly { path },
            (ffi::SQLITE_CANTOPEN | ffi::SQLITE_PERM, _) => Self::CannotOpen { path, source },
            (ffi::SQLITE_CORRUPT | ffi::SQLITE_NOTADB, _) => Self::Corrupt { path, why: source.to_string() },
            _ => Self::Sqlite { path, source },
        }
    }

    /// Whether room on the disk may cure it. A quota is told as a plain write error.
    pub(crate) fn may_be_room(&self) -> bool {
        match self {
            Self::Full { .. } => true,
            Self::Sqlite { source, .. } => {
                source.sqlite_error().is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_WRITE)
            }
            Self::Folder { .. }
            | Self::Locked { .. }
            | Self::ReadOnly { .. }
            | Self::CannotOpen { .. }
            | Self::Corrupt { .. }
            | Self::Newer { .. }
            | Self::Foreign { .. }
            | Self::OtherAccount { .. }
            | Self::OtherOwner { .. }
            | Self::Row { .. } => false,
        }
    }
}
