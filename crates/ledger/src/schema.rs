//! Tables and their migrations, forward only.

use rusqlite::OptionalExtension;
use trading::order::AccountId;

use crate::{Ledger, LedgerError};

/// The schema this program writes.
pub const VERSION: i64 = 3;

/// The first schema that has splits; a reader may open an older one.
pub(crate) const WITH_SPLITS: i64 = 2;
/// The first schema that has orders as seen and stops.
pub(crate) const WITH_SEEN: i64 = 3;
/// The first schema that keeps the earlier ids of orders that the broker carried on.
pub(crate) const WITH_CARRIED: i64 = 3;
/// The first schema that has the outbox.
pub(crate) const WITH_OUTBOX: i64 = 3;

/// "PCLS", so that a database of something else is never mistaken for a ledger.
const APPLICATION_ID: i64 = 0x5043_4c53;

const MIGRATIONS: [&str; VERSION as usize] = [
    "
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
    CREATE TABLE intents (
        client_order_id TEXT PRIMARY KEY,
        account TEXT NOT NULL, date TEXT NOT NULL, strategy TEXT NOT NULL, symbol TEXT NOT NULL,
        leg TEXT NOT NULL, attempt INTEGER NOT NULL,
        request TEXT NOT NULL,
        state TEXT NOT NULL,
        recorded_at INTEGER NOT NULL,
        broker_id TEXT, protective_stop TEXT, note TEXT NOT NULL,
        UNIQUE (account, date, strategy, symbol, leg, attempt)
    ) STRICT;
    CREATE INDEX intents_by_state ON intents (state);
    CREATE INDEX intents_by_time ON intents (recorded_at);
    CREATE TABLE executions (
        id TEXT PRIMARY KEY, order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
        qty TEXT NOT NULL, price TEXT NOT NULL, at INTEGER NOT NULL
    ) STRICT;
    CREATE INDEX executions_by_time ON executions (at);
    CREATE TABLE refusals (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, symbol TEXT NOT NULL, purpose TEXT NOT NULL,
        reason TEXT NOT NULL, detail TEXT NOT NULL
    ) STRICT;
    CREATE TABLE events (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, kind TEXT NOT NULL, subject TEXT NOT NULL, text TEXT NOT NULL
    ) STRICT;
",
    "
    ALTER TABLE intents ADD COLUMN replaces TEXT;
    ALTER TABLE intents ADD COLUMN trade TEXT;
    CREATE TABLE splits (
        id TEXT PRIMARY KEY, symbol TEXT NOT NULL, effective INTEGER NOT NULL, new INTEGER NOT NULL, old INTEGER NOT NULL
    ) STRICT;
",
    // The two indexes by time: a start asks for the latest event, and every tool for those of today.
    "
    CREATE TABLE orders (
        broker_id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
        qty TEXT NOT NULL, filled_qty TEXT NOT NULL, filled_avg_price TEXT, kind TEXT, time_in_force TEXT,
        status TEXT NOT NULL, submitted_at INTEGER NOT NULL, listed INTEGER NOT NULL,
        first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX orders_by_time ON orders (last_seen);
    CREATE INDEX orders_listed ON orders (listed) WHERE listed = 1;
    CREATE TABLE stops (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, symbol TEXT NOT NULL, client_order_id TEXT NOT NULL,
        stop TEXT NOT NULL, qty TEXT NOT NULL, why TEXT NOT NULL
    ) STRICT;
    CREATE INDEX stops_by_symbol ON stops (symbol);
    CREATE TABLE outbox (
        id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, priority TEXT NOT NULL, subject TEXT NOT NULL,
        text TEXT NOT NULL, more INTEGER NOT NULL, attempts INTEGER NOT NULL, delivered_at INTEGER
    ) STRICT;
    CREATE INDEX outbox_undelivered ON outbox (subject) WHERE delivered_at IS NULL;
    CREATE TABLE carried (broker_id TEXT PRIMARY KEY, client_order_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE INDEX events_by_time ON events (at);
    CREATE INDEX refusals_by_time ON refusals (at);
",
];

impl Ledger {
    /// Brings the schema up to [`VERSION`], each step in a transaction of its own: killed in between, the next start goes
    /// on from the last whole step. Whether there was anything to do.
    pub(crate) fn migrate(&self) -> Result<bool, LedgerError> {
        let found = self.check_version()?;
        for (step, statements) in MIGRATIONS.iter().enumerate().skip(found as usize) {
            let script = format!(
                "BEGIN IMMEDIATE; {statements} PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {}; COMMIT;",
                step + 1
            );
            self.db.execute_batch(&script).map_err(|source| {
                // What failed half way must not stay open: a full disk is tried again.
                let _ = self.db.execute_batch("ROLLBACK");
                self.sqlite(source)
            })?;
        }
        Ok(found < VERSION)
    }

    /// The schema version found; refuses newer and foreign databases before anything is written.
    pub(crate) fn check_version(&self) -> Result<i64, LedgerError> {
        let pragma = |name| self.db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let found = pragma("user_version").map_err(|source| self.sqlite(source))?;
        let application = pragma("application_id").map_err(|source| self.sqlite(source))?;
        let empty = found == 0 && application == 0 && self.is_empty()?;
        if application != APPLICATION_ID && !empty {
            return Err(LedgerError::Foreign { path: self.path.clone(), found: application });
        }
        if found > VERSION {
            return Err(LedgerError::Newer { path: self.path.clone(), found });
        }
        Ok(found)
    }

    fn is_empty(&self) -> Result<bool, LedgerError> {
        let count = self.db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
        count.map(|count| count == 0).map_err(|source| self.sqlite(source))
    }

    /// Ties the ledger to its account, once.
    pub(crate) fn bind(&self, account: &AccountId) -> Result<(), LedgerError> {
        if self.account()?.is_none() {
            let insert = "INSERT OR IGNORE INTO meta (name, value) VALUES ('account', ?1)";
            self.db.execute(insert, [account.as_str()]).map_err(|source| self.sqlite(source))?;
        }
        let found = self.account()?.unwrap_or_default();
        if found == account.as_str() {
            return Ok(());
        }
        Err(LedgerError::OtherAccount { path: self.path.clone(), found, expected: account.to_string() })
    }

    /// The account the ledger belongs to.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn account(&self) -> Result<Option<String>, LedgerError> {
        let query = "SELECT value FROM meta WHERE name = 'account'";
        self.db.query_row(query, [], |row| row.get(0)).optional().map_err(|source| self.sqlite(source))
    }
}
