//! Reading back: the book after a crash, and what the operator's tools show.

use market::{Symbol, Timestamp};
use rusqlite::{Params, params};
use serde::Serialize;
use trading::{
    book::{Book, Intent},
    order::{AccountId, BrokerOrderId, ClientOrderId, Strategy},
    report::Execution,
    tape::Split,
};

use crate::{
    Ledger, LedgerError,
    row::{self, Columns},
    schema,
};

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
    /// The book: all executions, every intent that can still act or is of a symbol that is held, whatever its age (a stop
    /// is trailed, and a target taken, by what was recorded with the entry), and the rest since `since`.
    ///
    /// # Errors
    /// When a row cannot be read: a ledger that is not understood opens nothing.
    pub fn book(&self, account: &AccountId, strategy: &Strategy, since: Timestamp) -> Result<Book, LedgerError> {
        let mut book = Book::new(account.clone(), strategy.clone());
        self.executions_since(Timestamp::from_unix_nanos(i64::MIN))?.iter().for_each(|fill| book.count(fill));
        self.splits()?.iter().for_each(|split| book.split(split));
        let held = book.net_units().into_iter().filter(|(_, net)| *net != 0).map(|(symbol, _)| symbol);
        for intent in self.intents(since, &held.collect::<Vec<_>>())? {
            book.restore(intent);
        }
        self.carried()?.into_iter().for_each(|(before, id)| book.carried(before, &id));
        self.high_water_beside_damage()?.into_iter().for_each(|at| book.saw(at));
        Ok(book)
    }

    /// Intents recorded since an instant, and older ones that can still act; in the order of the records.
    ///
    /// # Errors
    /// As [`Ledger::book`].
    pub fn intents_since(&self, since: Timestamp) -> Result<Vec<Intent>, LedgerError> {
        self.intents(since, &[])
    }

    /// The same, and all of some symbols. Not by time: a clock may have gone back between two records.
    fn intents(&self, since: Timestamp, held: &[Symbol]) -> Result<Vec<Intent>, LedgerError> {
        let held = serde_json::to_string(held).map_err(|error| self.row("intents", error))?;
        let query = format!(
            "SELECT * FROM intents WHERE recorded_at >= ?1 OR {LIVE} OR symbol IN (SELECT value FROM json_each(?2))
             ORDER BY rowid"
        );
        self.rows("intents", &query, params![since.unix_nanos(), held], row::intent)
    }

    /// Executions at or after an instant, oldest first.
    ///
    /// # Errors
    /// As [`Ledger::book`].
    pub fn executions_since(&self, since: Timestamp) -> Result<Vec<Execution>, LedgerError> {
        self.rows(
            "executions",
            "SELECT * FROM executions WHERE at >= ?1 ORDER BY at, rowid",
            params![since.unix_nanos()],
            row::execution,
        )
    }

    /// Splits, oldest first.
    ///
    /// # Errors
    /// As [`Ledger::book`].
    pub fn splits(&self) -> Result<Vec<Split>, LedgerError> {
        if self.check_version()? < schema::WITH_SPLITS {
            return Ok(Vec::new());
        }
        self.rows("splits", "SELECT * FROM splits ORDER BY effective, rowid", params![], row::split)
    }

    /// Ids that orders of ours had before the broker put others in their place.
    fn carried(&self) -> Result<Vec<(BrokerOrderId, ClientOrderId)>, LedgerError> {
        if self.check_version()? < schema::WITH_CARRIED {
            return Ok(Vec::new());
        }
        let read = |row: &Columns<'_>| {
            Ok((row::parse(row::get(row, "broker_id")?)?, row::parse(row::get(row, "client_order_id")?)?))
        };
        self.rows("carried", "SELECT * FROM carried", params![], read)
    }

    /// Events at or after an instant, oldest first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn events_since(&self, since: Timestamp) -> Result<Vec<Event>, LedgerError> {
        let query = "SELECT * FROM events WHERE at >= ?1 ORDER BY at, id";
        self.rows("events", query, params![since.unix_nanos()], |row| {
            Ok(Event {
                at: Timestamp::from_unix_nanos(row::get(row, "at")?),
                kind: row::get(row, "kind")?,
                subject: row::get(row, "subject")?,
                text: row::get(row, "text")?,
            })
        })
    }

    /// Refusals since an instant by reason, most frequent first.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn refusals_since(&self, since: Timestamp) -> Result<Vec<RefusalCount>, LedgerError> {
        let query = "SELECT reason, count(*) AS n FROM refusals WHERE at >= ?1 GROUP BY reason ORDER BY n DESC, reason";
        self.rows("refusals", query, params![since.unix_nanos()], |row| {
            Ok(RefusalCount { reason: row::get(row, "reason")?, count: row::get(row, "n")? })
        })
    }

    pub(crate) fn rows<T>(
        &self,
        table: &'static str,
        query: &str,
        params: impl Params,
        read: impl Fn(&Columns<'_>) -> Result<T, String>,
    ) -> Result<Vec<T>, LedgerError> {
        let sqlite = |source| self.sqlite(source);
        let mut statement = self.db.prepare_cached(query).map_err(sqlite)?;
        let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
        let mut rows = statement.query(params).map_err(sqlite)?;
        let mut found = Vec::new();
        while let Some(row) = rows.next().map_err(sqlite)? {
            found.push(read(&Columns { row, names: &names }).map_err(|why| self.row(table, why))?);
        }
        Ok(found)
    }
}
