//! The latest instant anything was recorded at: time before it has been lived through, and nothing is opened in it.
//!
//! A clock that was far ahead once would keep openings back until time is there. An operator can say that it was: then
//! what was recorded before that says nothing of time any more. Only the mark is lifted; every row stays as it is.

use market::Timestamp;
use rusqlite::{OptionalExtension, params};

use crate::{Ledger, LedgerError, write::write_event};

/// The kind of event that an operator's word leaves. Its subject is the last intent that was there.
const CLEARED: &str = "time-cleared";

impl Ledger {
    /// The latest instant anything was recorded at, since an operator last said that the clock had been ahead.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub fn high_water(&self) -> Result<Option<Timestamp>, LedgerError> {
        let (event, intent) = self.time_cleared()?.unwrap_or((i64::MIN, i64::MIN));
        let query = "SELECT max(at) FROM events WHERE id >= ?1";
        let latest: Option<i64> =
            self.db.query_row(query, [event], |row| row.get(0)).map_err(|source| self.sqlite(source))?;
        Ok(latest.map(Timestamp::from_unix_nanos).max(self.latest_intent(intent)?))
    }

    /// The same; where events are damaged, by the intents alone.
    pub(crate) fn high_water_beside_damage(&self) -> Result<Option<Timestamp>, LedgerError> {
        match self.noting_damage(self.high_water()) {
            Err(LedgerError::Corrupt { .. }) => self.latest_intent(i64::MIN),
            read => read,
        }
    }

    fn latest_intent(&self, after: i64) -> Result<Option<Timestamp>, LedgerError> {
        let query = "SELECT max(recorded_at) FROM intents WHERE rowid > ?1";
        let latest: Option<i64> =
            self.db.query_row(query, [after], |row| row.get(0)).map_err(|source| self.sqlite(source))?;
        Ok(latest.map(Timestamp::from_unix_nanos))
    }

    /// Records that the clock had been ahead: from this event on the mark is reckoned anew.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn clear_time(&mut self, at: Timestamp, who: &str, why: &str) -> Result<(), LedgerError> {
        let query = "SELECT coalesce(max(rowid), 0) FROM intents";
        let text = format!("{who}: {why}");
        self.transaction(|tx| {
            let last: i64 = tx.query_row(query, [], |row| row.get(0))?;
            write_event(tx, at, CLEARED, &last.to_string(), &text)
        })
    }

    /// The event of the last clearing, and the last intent before it.
    fn time_cleared(&self) -> Result<Option<(i64, i64)>, LedgerError> {
        let query = "SELECT id, subject FROM events WHERE kind = ?1 ORDER BY id DESC LIMIT 1";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?));
        let found = self.db.query_row(query, params![CLEARED], read).optional();
        let Some((event, subject)) = found.map_err(|source| self.sqlite(source))? else { return Ok(None) };
        let intent = subject.parse().map_err(|_| self.row("events", format!("{CLEARED} of {subject:?}")))?;
        Ok(Some((event, intent)))
    }
}
