//! The ledger: what we decided, recorded before it is done; the authority after a crash.
//!
//! SQLite in WAL mode with `synchronous=FULL`: when a call returns, what it wrote survives a power cut. Migrations go
//! forward only; a database of a newer release is refused, never changed. Instants are nanoseconds since 1970 UTC,
//! money and quantities are decimal text.

mod ballast;
mod error;
mod integrity;
mod opening;
mod outbox;
mod owner;
mod read;
mod row;
mod schema;
mod seen;
mod time;
mod write;

use std::{
    cell::OnceCell,
    path::{Path, PathBuf},
    time::Duration,
};

use rusqlite::Connection;

use ballast::Ballast;
pub use error::LedgerError;
pub use opening::Opening;
pub use outbox::{Alert, OF_SUBJECT_MAX, OVERFLOW, Priority, UNDELIVERED_MAX};
pub use owner::check_owner;
pub use read::{Event, RefusalCount};
pub use schema::VERSION;
pub use seen::{SeenOrder, StopChange, StopWhy};

/// An open ledger of one account.
#[derive(Debug)]
pub struct Ledger {
    db: Connection,
    path: PathBuf,
    /// How long another process's lock is waited for.
    patience: Duration,
    /// `None` for a reader.
    ballast: Option<Ballast>,
    /// The first damage that was found where nothing is decided by it.
    damage: OnceCell<String>,
}

impl Ledger {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether the room that was kept for the worst day is used, or could not be had: nothing new should be opened, what
    /// protects is still recorded.
    #[must_use]
    pub fn is_on_ballast(&self) -> bool {
        self.ballast.as_ref().is_some_and(|ballast| !ballast.is_held())
    }

    /// Tries to keep room again; whether it is kept. Cheap while it is, a look at the disk while it is not.
    pub fn take_on_ballast(&mut self) -> bool {
        self.ballast.as_mut().is_none_or(Ballast::take_on)
    }

    fn release_ballast(&mut self) -> bool {
        self.ballast.as_mut().is_some_and(Ballast::release)
    }

    fn sqlite(&self, source: rusqlite::Error) -> LedgerError {
        LedgerError::of(self.path.clone(), self.patience, source)
    }

    fn row(&self, table: &'static str, why: impl ToString) -> LedgerError {
        LedgerError::Row { path: self.path.clone(), table, why: why.to_string() }
    }
}

#[cfg(test)]
mod tests;
