//! The ledger: what we decided, recorded before it is done; the authority after a crash.
//!
//! SQLite in WAL mode with `synchronous=FULL`: when a call returns, what it wrote survives a power cut. Migrations go
//! forward only; a database of a newer release is refused, never changed. Instants are nanoseconds since 1970 UTC,
//! money and quantities are decimal text.

mod read;
mod row;
mod schema;
mod write;

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use thiserror::Error;
use trading::order::AccountId;

pub use read::{Event, RefusalCount};
pub use schema::VERSION;

/// An open ledger of one account.
#[derive(Debug)]
pub struct Ledger {
    db: Connection,
    path: PathBuf,
}

/// Why the ledger cannot be used.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// Something between us and the file.
    #[error("{}: {source}", path.display())]
    Sqlite {
        /// The database.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The folder cannot be made.
    #[error("{}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
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

impl Ledger {
    /// Opens the ledger of an account, making it (and its folder) when absent.
    ///
    /// # Errors
    /// When the file cannot be opened, is newer, foreign, or another account's.
    pub fn open(path: &Path, account: &AccountId) -> Result<Self, LedgerError> {
        if let Some(folder) = path.parent() {
            let failed = |source| LedgerError::Folder { path: folder.to_owned(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        ledger.check_version()?;
        ledger.prepare().map_err(|source| ledger.sqlite(source))?;
        ledger.migrate()?;
        ledger.bind(account)?;
        Ok(ledger)
    }

    /// Opens an existing ledger to read. The writer keeps its WAL on close, so this works at any time.
    ///
    /// # Errors
    /// As [`Ledger::open`]; also when there is no such file.
    pub fn open_read_only(path: &Path) -> Result<Self, LedgerError> {
        let ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        ledger.check_version()?;
        Ok(ledger)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, LedgerError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |source| LedgerError::Sqlite { path: path.to_owned(), source };
        let db = Connection::open_with_flags(path, flags).map_err(failed)?;
        db.busy_timeout(std::time::Duration::from_secs(5)).map_err(failed)?;
        Ok(Self { db, path: path.to_owned() })
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.db.pragma_update(None, "foreign_keys", "ON")?;
        // A reader without write access fails when the last writer has removed the WAL: keep it.
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(|_| ())
    }

    fn sqlite(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::Sqlite { path: self.path.clone(), source }
    }

    fn row(&self, table: &'static str, why: impl ToString) -> LedgerError {
        LedgerError::Row { path: self.path.clone(), table, why: why.to_string() }
    }
}

#[cfg(test)]
mod tests;
