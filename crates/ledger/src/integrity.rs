//! Whether the file is what SQLite left, as far as a start has time for, and what damage comes to.
//!
//! A small database is checked whole. In a larger one only the tables that decide are (`meta`, `intents`, `executions`,
//! `splits`, `carried`, with their indexes): a year of them takes some fifteen milliseconds, a third of what all takes. Events,
//! refusals, orders seen and alerts decide nothing: with the tables that decide whole, a ledger is opened, records, and
//! says that it is damaged ([`Ledger::damage`]), so that what is held is managed and nothing is opened. All of a ledger is
//! checked where there is time: [`Ledger::check_all`], at the end of the day.
//! What no check of SQLite's finds is a changed letter inside a value: a row of the book is read as a whole, and its key
//! columns must agree with the order's own id. The `-wal` needs none of this: its frames carry checksums, and what does
//! not match was never committed.

use crate::{Ledger, LedgerError};

/// Up to this size the whole file is checked at the start.
const WHOLE_BYTES: u64 = 8 * 1024 * 1024;
/// What the book is read from.
const BOOK: [&str; 5] = ["meta", "intents", "executions", "splits", "carried"];
/// Those of them that every schema has.
const ALWAYS: usize = 3;

impl Ledger {
    /// The first damage that was found where nothing is decided by it. Nothing new should be opened then; what protects is
    /// still recorded.
    #[must_use]
    pub fn damage(&self) -> Option<&str> {
        self.damage.get().map(String::as_str)
    }

    /// Checks what the book is read from, and all of a small database. What is damaged beside the book is noted.
    pub(crate) fn check_book(&self) -> Result<(), LedgerError> {
        let bytes = std::fs::metadata(&self.path).map_or(0, |file| file.len());
        if bytes > WHOLE_BYTES {
            return self.check_tables().map(drop);
        }
        let Err(found) = self.check_all() else { return Ok(()) };
        let LedgerError::Corrupt { why, .. } = &found else { return Err(found) };
        if self.check_tables()? < ALWAYS {
            return Err(found);
        }
        self.note_damage(Some(why.clone()));
        Ok(())
    }

    /// Checks the tables that decide; how many of them there are.
    fn check_tables(&self) -> Result<usize, LedgerError> {
        let query = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?1";
        let mut found = 0;
        for table in BOOK {
            let there: i64 =
                self.db.query_row(query, [table], |row| row.get(0)).map_err(|source| self.sqlite(source))?;
            if there > 0 {
                self.quick_check(&format!("PRAGMA quick_check('{table}')"))?;
                found += 1;
            }
        }
        Ok(found)
    }

    /// Keeps the first of it.
    pub(crate) fn note_damage(&self, why: Option<String>) {
        if let Some(why) = why {
            self.damage.get_or_init(|| why);
        }
    }

    /// Passes on what became of work that decides nothing, noting the damage it met.
    pub(crate) fn noting_damage<T>(&self, done: Result<T, LedgerError>) -> Result<T, LedgerError> {
        if let Err(LedgerError::Corrupt { why, .. }) = &done {
            self.note_damage(Some(why.clone()));
        }
        done
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
