//! The outbox: what a human must be told, kept until somebody says it was delivered.
//!
//! An alert is written with its event in one transaction: after a crash both are there or neither. What delivers it reads
//! [`Ledger::undelivered`], counts its tries, and says when one succeeded; until then a restart finds it again. The
//! outbox is bounded, its events are not: of a subject that is not delivered the latest row counts what came after it.

use market::Timestamp;
use rusqlite::{OptionalExtension, Transaction, params};
use serde::{Deserialize, Serialize};

use crate::{
    Ledger, LedgerError, row, schema,
    write::{Aside, write_event},
};

/// Undelivered alerts of one subject; what comes after is counted in the latest of them.
pub const OF_SUBJECT_MAX: u32 = 20;
/// Undelivered alerts altogether; what comes after is counted in one of subject [`OVERFLOW`].
pub const UNDELIVERED_MAX: u32 = 1_000;
/// The subject under which alerts are counted that found the outbox full.
pub const OVERFLOW: &str = "outbox/full";

/// How much it hurries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Money may be unprotected, or the process ends.
    Crit,
    /// Something is wrong and somebody has to look.
    Err,
    /// Something is odd.
    Warning,
}

/// An alert on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alert {
    /// Its number; later alerts have larger ones.
    pub id: i64,
    /// When it happened.
    pub at: Timestamp,
    /// How much it hurries.
    pub priority: Priority,
    /// What it is about.
    pub subject: String,
    /// In words.
    pub text: String,
    /// How many more of the subject came since, which have no row of their own.
    pub more: u32,
    /// How often somebody tried to deliver it.
    pub attempts: u32,
    /// When it was delivered.
    pub delivered_at: Option<Timestamp>,
}

/// Writing.
impl Ledger {
    /// Records an alert: the event and its place in the outbox, together. The event alone is left out where events are
    /// damaged.
    ///
    /// # Errors
    /// When it cannot be written, a full disk among the reasons; then neither is there.
    pub fn enqueue(&mut self, at: Timestamp, priority: Priority, subject: &str, text: &str) -> Result<(), LedgerError> {
        let done = self.beside_damage(|ledger, aside| {
            ledger.transaction(|tx| {
                if aside == Aside::Written {
                    write_event(tx, at, "alert", subject, text)?;
                }
                enqueue(tx, at, priority, subject, text)
            })
        });
        self.noting_damage(done)
    }

    /// Counts a try to deliver, before it is made: one that kills the process is counted too.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn count_attempt(&mut self, id: i64) -> Result<(), LedgerError> {
        self.transaction(|tx| tx.execute("UPDATE outbox SET attempts = attempts + 1 WHERE id = ?1", [id]).map(drop))
    }

    /// Notes that an alert was delivered, with the count of what came after it as it was read. What came since that
    /// was read stays: it is told on. Noting it twice changes nothing.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn mark_delivered(&mut self, alert: &Alert, at: Timestamp) -> Result<(), LedgerError> {
        self.transaction(|tx| {
            let told = "UPDATE outbox SET delivered_at = ?2 WHERE id = ?1 AND more = ?3 AND delivered_at IS NULL";
            if tx.execute(told, params![alert.id, at.unix_nanos(), alert.more])? == 0 {
                let rest = "UPDATE outbox SET more = more - ?2 - 1, attempts = 0
                    WHERE id = ?1 AND more > ?2 AND delivered_at IS NULL";
                tx.execute(rest, params![alert.id, alert.more])?;
            }
            Ok(())
        })
    }
}

/// Reading.
impl Ledger {
    /// Alerts that nobody was told yet, the oldest first, at most so many.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn undelivered(&self, limit: u32) -> Result<Vec<Alert>, LedgerError> {
        if self.check_version()? < schema::WITH_OUTBOX {
            return Ok(Vec::new());
        }
        let query = "SELECT * FROM outbox WHERE delivered_at IS NULL ORDER BY id LIMIT ?1";
        self.rows("outbox", query, [limit], alert)
    }

    /// How many alerts nobody was told yet, those counted in others among them.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn undelivered_count(&self) -> Result<u32, LedgerError> {
        if self.check_version()? < schema::WITH_OUTBOX {
            return Ok(0);
        }
        let query = "SELECT count(*) + coalesce(sum(more), 0) FROM outbox WHERE delivered_at IS NULL";
        self.db.query_row(query, [], |row| row.get(0)).map_err(|source| self.sqlite(source))
    }
}

fn enqueue(tx: &Transaction<'_>, at: Timestamp, priority: Priority, subject: &str, text: &str) -> rusqlite::Result<()> {
    let count = |query: &str, subject: &str| tx.query_row(query, [subject], |row| row.get::<_, u32>(0));
    let of_subject = count("SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND subject = ?1", subject)?;
    let others = "SELECT count(*) FROM outbox WHERE delivered_at IS NULL AND subject <> ?1";
    let is_full = of_subject + count(others, subject)? >= UNDELIVERED_MAX;
    if of_subject >= OF_SUBJECT_MAX || is_full && of_subject > 0 {
        return count_in_latest(tx, subject).map(drop);
    }
    if is_full {
        if count_in_latest(tx, OVERFLOW)? {
            return Ok(());
        }
        let text = format!("{UNDELIVERED_MAX} alerts are undelivered; the events tell what came after them: {text}");
        return insert(tx, at, priority, OVERFLOW, &text);
    }
    insert(tx, at, priority, subject, text)
}

/// Counts one more in the latest undelivered alert of a subject; whether there is one.
fn count_in_latest(tx: &Transaction<'_>, subject: &str) -> rusqlite::Result<bool> {
    let latest = "SELECT id FROM outbox WHERE delivered_at IS NULL AND subject = ?1 ORDER BY id DESC LIMIT 1";
    let Some(id) = tx.query_row(latest, [subject], |row| row.get::<_, i64>(0)).optional()? else { return Ok(false) };
    tx.execute("UPDATE outbox SET more = more + 1 WHERE id = ?1", [id]).map(|_| true)
}

fn insert(tx: &Transaction<'_>, at: Timestamp, priority: Priority, subject: &str, text: &str) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO outbox (at, priority, subject, text, more, attempts) VALUES (?1,?2,?3,?4,0,0)",
        params![at.unix_nanos(), row::word(&priority), subject, text],
    )
    .map(drop)
}

fn alert(row: &row::Columns<'_>) -> Result<Alert, String> {
    Ok(Alert {
        id: row::get(row, "id")?,
        at: Timestamp::from_unix_nanos(row::get(row, "at")?),
        priority: row::unword(row::get(row, "priority")?)?,
        subject: row::get(row, "subject")?,
        text: row::get(row, "text")?,
        more: row::get(row, "more")?,
        attempts: row::get(row, "attempts")?,
        delivered_at: row::get::<Option<i64>>(row, "delivered_at")?.map(Timestamp::from_unix_nanos),
    })
}
