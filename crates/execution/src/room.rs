//! Room on the disk. A ledger that had to give away what was kept for the worst day goes on recording what protects;
//! nothing is opened until the room is kept again.

use broker::Broker;
use market::Timestamp;

use crate::engine::Engine;

const SUBJECT: &str = "ledger/no-room";

impl<B: Broker> Engine<B> {
    /// Tries to keep room again while there is none, and tells once that there is none.
    pub(crate) fn keep_room(&mut self, now: Timestamp) -> anyhow::Result<()> {
        if !self.ledger.is_on_ballast() {
            return Ok(());
        }
        if self.ledger.take_on_ballast() {
            tracing::info!("there is room on the disk again");
            self.alerts.forget(|subject| subject == SUBJECT);
            return Ok(());
        }
        let text = format!("no room on the disk of {}: nothing is opened", self.ledger.path().display());
        self.alert_once(now, SUBJECT, &text)
    }

    /// Why nothing is opened for want of room.
    pub(crate) fn no_room(&self) -> Option<String> {
        self.ledger.is_on_ballast().then(|| "no room is kept on the ledger's disk".to_owned())
    }
}
