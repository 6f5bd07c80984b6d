//! Recording. Each call is one durable transaction.

use market::Timestamp;
use rusqlite::{Transaction, params};
use trading::{book::Intent, reconcile::Change, refusal::Refusal, report::Execution};

use crate::{Ledger, LedgerError, row::word};

impl Ledger {
    /// Records an intent before it is sent. An id that is there already is an error: it was decided before.
    ///
    /// # Errors
    /// When the row cannot be written; then nothing may be sent.
    pub fn record_intent(&mut self, intent: &Intent) -> Result<(), LedgerError> {
        let request = serde_json::to_string(&intent.request).map_err(|error| self.row("intents", error))?;
        self.transaction(|tx| {
            let key = &intent.key;
            tx.execute(
                "INSERT INTO intents (client_order_id, account, date, strategy, symbol, leg, attempt, request, state,
                    recorded_at, broker_id, protective_stop, note) VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13)",
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
                    intent.protective_stop.map(|price| price.to_string()),
                    intent.note,
                ],
            )?;
            Ok(())
        })
    }

    /// Records changes of state and new executions together: what the broker said in one breath is one transaction.
    ///
    /// # Errors
    /// When they cannot be written; then the book must not be changed either.
    pub fn record_news(
        &mut self,
        changes: &[Change],
        executions: &[Execution],
        at: Timestamp,
    ) -> Result<(), LedgerError> {
        if changes.is_empty() && executions.is_empty() {
            return Ok(());
        }
        self.transaction(|tx| {
            for change in changes {
                write_change(tx, change, at)?;
            }
            for fill in executions {
                write_execution(tx, fill)?;
            }
            Ok(())
        })
    }

    /// Writes down why an intent is where it is.
    ///
    /// # Errors
    /// When the row cannot be written.
    pub fn record_note(&mut self, intent: &Intent, note: &str) -> Result<(), LedgerError> {
        let id = intent.request.client_order_id.as_str();
        self.transaction(|tx| {
            tx.execute("UPDATE intents SET note = ?2 WHERE client_order_id = ?1", params![id, note]).map(|_| ())
        })
    }

    /// Records refusals: values with a reason, not only log lines.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn record_refusals(&mut self, refusals: &[Refusal]) -> Result<(), LedgerError> {
        if refusals.is_empty() {
            return Ok(());
        }
        self.transaction(|tx| {
            for refusal in refusals {
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
            }
            Ok(())
        })
    }

    /// Records something that happened: a start, a stop, a finding, an alert.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn record_event(&mut self, at: Timestamp, kind: &str, subject: &str, text: &str) -> Result<(), LedgerError> {
        self.transaction(|tx| write_event(tx, at, kind, subject, text))
    }

    fn transaction(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), LedgerError> {
        let path = self.path.clone();
        let failed = |source| LedgerError::Sqlite { path, source };
        let tx = self.db.transaction().map_err(failed.clone())?;
        work(&tx).map_err(failed.clone())?;
        tx.commit().map_err(failed)
    }
}

fn write_change(tx: &Transaction<'_>, change: &Change, at: Timestamp) -> rusqlite::Result<()> {
    tx.execute(
        "UPDATE intents SET state = ?2, broker_id = coalesce(?3, broker_id) WHERE client_order_id = ?1",
        params![change.id.as_str(), word(&change.to), change.broker_id.as_ref().map(|id| id.as_str())],
    )?;
    let text = format!("{} -> {}", word(&change.from), word(&change.to));
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

fn write_event(tx: &Transaction<'_>, at: Timestamp, kind: &str, subject: &str, text: &str) -> rusqlite::Result<()> {
    tx.execute(
        "INSERT INTO events (at, kind, subject, text) VALUES (?1,?2,?3,?4)",
        params![at.unix_nanos(), kind, subject, text],
    )?;
    Ok(())
}
