//! Opening: look before anything is written, then bring the schema up, then keep room.

use std::{cell::OnceCell, path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, config::DbConfig};
use trading::order::AccountId;

use crate::{
    Ledger, LedgerError,
    ballast::{self, Ballast},
    check_owner,
};

/// The WAL is written back after so many pages, and cut to so many bytes when it was longer.
const CHECKPOINT_PAGES: u32 = 1_000;
const WAL_BYTES: u64 = 8 * 1024 * 1024;

/// How a ledger is opened. The default is what every program uses.
#[derive(Clone, Copy, Debug)]
pub struct Opening {
    /// How long another process's lock is waited for.
    pub patience: Duration,
    /// How much room is kept beside the database, in bytes.
    pub ballast_bytes: u64,
}

impl Default for Opening {
    fn default() -> Self {
        Self { patience: Duration::from_secs(5), ballast_bytes: ballast::BYTES }
    }
}

impl Ledger {
    /// Opens the ledger of an account, making it (and its folder) when absent.
    ///
    /// # Errors
    /// When the file cannot be opened or written, is locked, damaged, newer, foreign, another account's or another
    /// user's. Nothing was changed then.
    pub fn open(path: &Path, account: &AccountId) -> Result<Self, LedgerError> {
        Self::open_with(path, account, &Opening::default())
    }

    /// The same, opened in another way.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_with(path: &Path, account: &AccountId, opening: &Opening) -> Result<Self, LedgerError> {
        check_owner(path)?;
        if let Some(folder) = path.parent() {
            let failed = |source| LedgerError::Folder { path: folder.to_owned(), source };
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let ledger = match Self::ready(path, account, opening.patience) {
            Err(error) if error.may_be_room() && Ballast::beside(path, opening.ballast_bytes).release() => {
                Self::ready(path, account, opening.patience)?
            }
            done => done?,
        };
        Ok(Self { ballast: Some(Ballast::beside(path, opening.ballast_bytes)), ..ledger })
    }

    /// Looked at, and then brought up. Room is needed from the first read on: beside a WAL it makes the `-shm`.
    fn ready(path: &Path, account: &AccountId, patience: Duration) -> Result<Self, LedgerError> {
        check_emptied(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        let ledger = Self::connect(path, flags, patience)?;
        ledger.check_version()?;
        if ledger.db.is_readonly("main").map_err(|source| ledger.sqlite(source))? {
            // SQLite goes on with what it can have.
            return Err(LedgerError::ReadOnly { path: path.to_owned() });
        }
        ledger.check_book()?;
        ledger.bring_up(account)?;
        Ok(ledger)
    }

    /// Opens an existing ledger to read. The writer keeps its WAL on close, so this works at any time.
    ///
    /// # Errors
    /// As [`Ledger::open`]; also when there is no such file.
    pub fn open_read_only(path: &Path) -> Result<Self, LedgerError> {
        let ledger = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, Opening::default().patience)?;
        ledger.check_version()?;
        Ok(ledger)
    }

    fn connect(path: &Path, flags: OpenFlags, patience: Duration) -> Result<Self, LedgerError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let failed = |source| LedgerError::of(path.to_owned(), patience, source);
        let db = Connection::open_with_flags(path, flags).map_err(failed)?;
        db.busy_timeout(patience).map_err(failed)?;
        Ok(Self { db, path: path.to_owned(), patience, ballast: None, damage: OnceCell::new() })
    }

    fn bring_up(&self, account: &AccountId) -> Result<(), LedgerError> {
        self.prepare().map_err(|source| self.sqlite(source))?;
        let is_new = self.migrate()?;
        self.bind(account)?;
        self.write_back(is_new);
        // Whoever holds the write lock now would hold up the first record: better said here.
        self.db.execute_batch("BEGIN IMMEDIATE; ROLLBACK;").map_err(|source| self.sqlite(source))
    }

    /// Writes the WAL back into the file, so that whoever reads only bytes finds the schema's number in its header: the
    /// package refuses a downgrade by it. A new number waits for readers; at every other start what one of them holds back
    /// stays for the next. What fails here is made up for then: no start fails for it.
    fn write_back(&self, is_new: bool) {
        let mode = if is_new { "FULL" } else { "PASSIVE" };
        let _ = self.db.query_row(&format!("PRAGMA wal_checkpoint({mode})"), [], |_| Ok(()));
    }

    fn prepare(&self) -> rusqlite::Result<()> {
        self.db.pragma_update(None, "journal_mode", "WAL")?;
        self.db.pragma_update(None, "synchronous", "FULL")?;
        self.db.pragma_update(None, "foreign_keys", "ON")?;
        self.db.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES)?;
        self.db.pragma_update(None, "journal_size_limit", WAL_BYTES as i64)?;
        // A reader without write access fails when the last writer has removed the WAL: keep it.
        self.db.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).map(drop)
    }
}

/// A database of no bytes, or none at all, is a new one to SQLite, which makes it at once. Beside a ballast it was one of
/// ours, and everything that was sent would be forgotten.
fn check_emptied(path: &Path) -> Result<(), LedgerError> {
    let why = match std::fs::metadata(path) {
        Ok(file) if file.len() == 0 => "it has no bytes any more",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => "it is gone, and what lies beside it is not",
        Ok(_) | Err(_) => return Ok(()),
    };
    if ballast::path_of(path).exists() {
        return Err(LedgerError::Corrupt { path: path.to_owned(), why: why.to_owned() });
    }
    Ok(())
}
