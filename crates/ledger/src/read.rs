//! Reading back: the book after a crash, and what the operator's tools show.

use market::Timestamp;
use rusqlite::{Row, params};
use serde::Serialize;
use trading::{
    book::{Book, Intent},
    order::{AccountId, Strategy},
    report::Execution,
    tape::Split,
};

use crate::{Ledger, LedgerError, row};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What kind of thing.
    pub kind: String,
    /// What it is about.
    pub subject: String,
    /// In words.
    pub text: String,
}

/// How often a reason kept orders from being made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalCount {
    /// The reason's code.
    pub reason: String,
    /// How often.
    pub count: u32,
}

const LIVE: &str = "state IN ('recorded', 'unknown', 'working', 'canceling')";

impl Ledger {
    /// The book: every intent that can still act whatever its age, the rest since `since`, and all executions.
    ///
    /// # Errors
    /// When a row cannot be read: a ledger that is not understood opens nothing.
    pub fn book(&self, account: &AccountId, strategy: &Strategy, since: Timestamp) -> Result<Book, LedgerError> {
        let mut book = Book::new(account.clone(), strategy.clone());
        for intent in self.intents_since(since)? {
            book.saw(intent.recorded_at);
            book.restore(intent);
        }
        self.executions_since(Timestamp::from_unix_nanos(i64::MIN))?.iter().for_each(|fill| book.count(fill));
        self.splits()?.iter().for_each(|split| book.split(split));
        self.last_event()?.into_iter().for_each(|at| book.saw(at));
        Ok(book)
    }

    /// Intents recorded since an instant, and older ones that can still act; oldest first.
    ///
    /// # Errors
    /// As [`Ledger::book`].
    pub fn intents_since(&self, since: Timestamp) -> Result<Vec<Intent>, LedgerError> {
        let query = format!("SELECT * FROM intents WHERE recorded_at >= ?1 OR {LIVE} ORDER BY recorded_at, rowid");
        self.rows("intents", &query, since, row::intent)
    }

    /// Executions at or after an instant, oldest first.
    ///
    /// # Errors
    /// As [`Ledger::book`].
    pub fn executions_since(&self, since: Timestamp) -> Result<Vec<Execution>, LedgerError> {
        self.rows("executions", "SELECT * FROM executions WHERE at >= ?1 ORDER BY at, rowid", since, row::execution)
    }

    fn splits(&self) -> Result<Vec<Split>, LedgerError> {
        let query = "SELECT * FROM splits WHERE effective >= ?1 ORDER BY effective, rowid";
        self.rows("splits", query, Timestamp::from_unix_nanos(i64::MIN), row::split)
    }

    /// The latest instant anything happened at: time before it has been lived through.
    fn last_event(&self) -> Result<Option<Timestamp>, LedgerError> {
        let query = "SELECT max(at) FROM events";
        let at: Option<i64> = self.db.query_row(query, [], |row| row.get(0)).map_err(|source| self.sqlite(source))?;
        Ok(at.map(Timestamp::from_unix_nanos))
    }

    /// Events at or after an instant, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn events_since(&self, since: Timestamp) -> Result<Vec<Event>, LedgerError> {
        self.rows("events", "SELECT * FROM events WHERE at >= ?1 ORDER BY at, id", since, |row| {
            let read = || -> rusqlite::Result<Event> {
                Ok(Event {
                    at: Timestamp::from_unix_nanos(row.get("at")?),
                    kind: row.get("kind")?,
                    subject: row.get("subject")?,
                    text: row.get("text")?,
                })
            };
            read().map_err(|error| error.to_string())
        })
    }

    /// Refusals since an instant by reason, most frequent first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn refusals_since(&self, since: Timestamp) -> Result<Vec<RefusalCount>, LedgerError> {
        let query = "SELECT reason, count(*) AS n FROM refusals WHERE at >= ?1 GROUP BY reason ORDER BY n DESC, reason";
        self.rows("refusals", query, since, |row| {
            let read = || Ok::<_, rusqlite::Error>(RefusalCount { reason: row.get("reason")?, count: row.get("n")? });
            read().map_err(|error| error.to_string())
        })
    }

    fn rows<T>(
        &self,
        table: &'static str,
        query: &str,
        since: Timestamp,
        read: impl Fn(&Row<'_>) -> Result<T, String>,
    ) -> Result<Vec<T>, LedgerError> {
        let sqlite = |source| self.sqlite(source);
        let mut statement = self.db.prepare_cached(query).map_err(sqlite)?;
        let mut rows = statement.query(params![since.unix_nanos()]).map_err(sqlite)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(sqlite)? {
            found.push(read(row).map_err(|why| self.row(table, why))?);
        }
        Ok(found)
    }
}
