//! Whether the file is what SQLite left, as far as a start has time for.
//!
//! A small database is checked whole. In a larger one only the tables that decide are (`meta`, `intents`, `executions`,
//! `splits`, `carried`, with their indexes): a year of them takes some fifteen milliseconds, a third of what all takes. Events,
//! refusals, orders seen and alerts decide nothing. They are checked where there is time: [`Ledger::check_all`], at the end
//! of the day. What no check of SQLite's finds is a changed letter
//! inside a value: a row of the book is read as a whole, and its key columns must agree with the order's own id.
//! The `-wal` needs none of this: its frames carry checksums, and what does not match was never committed.

use crate::{Ledger, LedgerError};

/// Up to this size the whole file is checked at the start.
const WHOLE_BYTES: u64 = 8 * 1024 * 1024;
/// What the book is read from.
const BOOK: [&str; 5] = ["meta", "intents", "executions", "splits", "carried"];

impl Ledger {
    /// Checks what the book is read from, and all of a small database.
    pub(crate) fn check_book(&self) -> Result<(), LedgerError> {
        let bytes = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if bytes <= WHOLE_BYTES {
            return self.check_all();
        }
        let query = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        for table in BOOK {
            let there: i64 =
                self.db.query_row(query, [table], |row| row.get(0)).map_err(|source| self.sqlite(source))?;
            if there > 0 {
                self.quick_check(&format!("PRAGMA quick_check('{table}')"))?;
            }
        }
        Ok(())
    }

    /// Checks the whole file, which takes about a second for a few hundred megabytes.
    ///
    /// # Errors
    /// [`LedgerError::Corrupt`] with what SQLite found first.
    pub fn check_all(&self) -> Result<(), LedgerError> {
        self.quick_check("PRAGMA quick_check(1)")
    }

    fn quick_check(&self, pragma: &str) -> Result<(), LedgerError> {
        let verdict: String = self.db.query_row(pragma, [], |row| row.get(0)).map_err(|source| self.sqlite(source))?;
        if verdict == "ok" {
            return Ok(());
        }
        let why = verdict.lines().take(3).collect::<Vec<_>>().join("; ");
        Err(LedgerError::Corrupt { path: self.path.clone(), why })
    }
}
