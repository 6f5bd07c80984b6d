//! Recording. Each call is one durable transaction. On a full disk what protects is written in the room that is kept for
//! it; a log line, an alert and a refusal are not worth that room.
//!
//! Events and refusals decide nothing: where their pages are damaged, a record is written without them.

use market::Timestamp;
use rusqlite::{Transaction, params};
use trading::{book::Intent, reconcile::Change, record::Record, refusal::Refusal, report::Execution, tape::Split};

use crate::{Ledger, LedgerError, row::word};

/// Whether what decides nothing is written beside a record.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Aside {
    Written,
    LeftOut,
}

impl Ledger {
    /// Records facts together, in one transaction. An intent whose id is there already is an error: it was decided before.
    ///
    /// # Errors
    /// When they cannot be written; then nothing that follows from them may be done.
    pub fn record(&mut self, at: Timestamp, records: &[Record]) -> Result<(), LedgerError> {
        if records.is_empty() {
            return Ok(());
        }
        // An opening is worth the room too: it is the last one, because on the ballast nothing is opened.
        let may_use_ballast = !records.iter().all(decides_nothing);
        self.beside_damage(|ledger, aside| {
            let work = |tx: &Transaction<'_>| records.iter().try_for_each(|record| write(tx, record, at, aside));
            if may_use_ballast { ledger.transaction_with_ballast(work) } else { ledger.transaction(work) }
        })
    }

    /// Records something that happened: a start, a stop, a finding. What a human must be told goes by
    /// [`Ledger::enqueue`].
    ///
    /// # Errors
    /// When it cannot be written, a full disk among the reasons.
    pub fn record_event(&mut self, at: Timestamp, kind: &str, subject: &str, text: &str) -> Result<(), LedgerError> {
        let done = self.transaction(|tx| write_event(tx, at, kind, subject, text));
        self.noting_damage(done)
    }

    /// One durable transaction, which leaves the ballast alone.
    pub(crate) fn transaction(
        &mut self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), LedgerError> {
        let (path, waited) = (self.path.clone(), self.patience);
        let failed = |source| LedgerError::of(path, waited, source);
        let tx = self.db.transaction().map_err(failed.clone())?;
        work(&tx).map_err(failed.clone())?;
        tx.commit().map_err(failed)
    }

    /// Writes all of something; where that meets damage, what decides nothing is left out. Together with the rest, because
    /// each transaction waits for the disk.
    pub(crate) fn beside_damage(
        &mut self,
        work: impl Fn(&mut Self, Aside) -> Result<(), LedgerError>,
    ) -> Result<(), LedgerError> {
        match work(self, Aside::Written) {
            Err(LedgerError::Corrupt { why, .. }) => {
                work(self, Aside::LeftOut)?;
                self.note_damage(Some(why));
                Ok(())
            }
            done => done,
        }
    }

    /// One durable transaction; when the disk is full the ballast is given away for it, and it is tried once more.
    fn transaction_with_ballast(
        &mut self,
        work: impl Fn(&Transaction<'_>) -> rusqlite::Result<()>,
    ) -> Result<(), LedgerError> {
        match self.transaction(&work) {
            Err(error) if error.may_be_room() && self.release_ballast() => self.transaction(&work),
            done => done,
        }
    }
}

/// Whether a process could do without it.
fn decides_nothing(record: &Record) -> bool {
    match record {
        Record::Refusal(_) => true,
        Record::Intent(_) | Record::Change(_) | Record::Note { .. } | Record::Execution(_) | Record::Split(_) => false,
    }
}

fn write(tx: &Transaction<'_>, record: &Record, at: Timestamp, aside: Aside) -> rusqlite::Result<()> {
    match record {
        Record::Intent(intent) => write_intent(tx, intent),
        Record::Change(change) => write_change(tx, change, at, aside),
        Record::Note { id, note } => tx
            .execute("UPDATE intents SET note = ?2 WHERE client_order_id = ?1", params![id.as_str(), note])
            .map(|_| ()),
        Record::Execution(fill) => write_execution(tx, fill),
        Record::Split(split) => write_split(tx, split),
        Record::Refusal(refusal) if aside == Aside::Written => write_refusal(tx, refusal),
        Record::Refusal(_) => Ok(()),
    }
}

fn write_intent(tx: &Transaction<'_>, intent: &Intent) -> rusqlite::Result<()> {
    let json = |error: serde_json::Error| rusqlite::Error::ToSqlConversionFailure(Box::new(error));
    let request = serde_json::to_string(&intent.request).map_err(json)?;
    let trade = intent.trade.as_ref().map(serde_json::to_string).transpose().map_err(json)?;
    let key = &intent.key;
    tx.execute(
        "INSERT INTO intents (client_order_id, account, date, strategy, symbol, leg, attempt, request, state,
            recorded_at, broker_id, protective_stop, note, replaces, trade)
         VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
        params![
            intent.request.client_order_id.as_str(),
            key.account.as_str(),
            key.date.to_string(),
            key.strategy.as_str(),
            key.symbol.as_str(),
            key.leg.to_string(),
            key.attempt,
            request,
            word(&intent.state),
            intent.recorded_at.unix_nanos(),
            intent.broker_id.as_ref().map(|id| id.as_str()),
            intent.trade.map(|trade| trade.stop.to_string()),
            intent.note,
            intent.replaces.as_ref().map(|id| id.as_str()),
            trade,
        ],
    )?;
    Ok(())
}

fn write_split(tx: &Transaction<'_>, split: &Split) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT OR IGNORE INTO splits (id, symbol, effective, new, old) VALUES (?1,?2,?3,?4,?5)",
        params![split.id, split.symbol.as_str(), split.effective.unix_nanos(), split.new, split.old],
    )?;
    Ok(())
}

fn write_refusal(tx: &Transaction<'_>, refusal: &Refusal) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO refusals (at, symbol, purpose, reason, detail) VALUES (?1,?2,?3,?4,?5)",
        params![
            refusal.at.unix_nanos(),
            refusal.symbol.as_str(),
            refusal.purpose.to_string(),
            refusal.reason.code(),
            refusal.detail
        ],
    )?;
    Ok(())
}

fn write_change(tx: &Transaction<'_>, change: &Change, at: Timestamp, aside: Aside) -> rusqlite::Result<()> {
    if let Some(broker_id) = &change.broker_id {
        // The fills of the order that another took the place of stay those of the intent.
        tx.execute(
            "INSERT OR IGNORE INTO carried (broker_id, client_order_id) SELECT broker_id, client_order_id FROM intents
             WHERE client_order_id = ?1 AND broker_id IS NOT NULL AND broker_id <> ?2",
            params![change.id.as_str(), broker_id.as_str()],
        )?;
    }
    tx.execute(
        "UPDATE intents SET state = ?2, broker_id = coalesce(?3, broker_id) WHERE client_order_id = ?1",
        params![change.id.as_str(), word(&change.to), change.broker_id.as_ref().map(|id| id.as_str())],
    )?;
    let text = format!("{} -> {}", word(&change.from), word(&change.to));
    if aside == Aside::LeftOut {
        return Ok(());
    }
    write_event(tx, at, "transition", change.id.as_str(), &text)
}

fn write_execution(tx: &Transaction<'_>, fill: &Execution) -> rusqlite::Result<()> {
    // The same execution told twice is one execution.
    tx.execute(
        "INSERT OR IGNORE INTO executions (id, order_id, symbol, side, qty, price, at) VALUES (?1,?2,?3,?4,?5,?6,?7)",
        params![
            fill.id,
            fill.order_id.as_str(),
            fill.symbol.as_str(),
            fill.side.to_string(),
            fill.qty.to_string(),
            fill.price.to_string(),
            fill.at.unix_nanos()
        ],
    )?;
    Ok(())
}

pub(crate) fn write_event(
    tx: &Transaction<'_>,
    at: Timestamp,
    kind: &str,
    subject: &str,
    text: &str,
) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO events (at, kind, subject, text) VALUES (?1,?2,?3,?4)",
        params![at.unix_nanos(), kind, subject, text],
    )?;
    Ok(())
}
