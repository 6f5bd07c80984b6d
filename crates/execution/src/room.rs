//! The ledger's state beside what it says: room on its disk, and damage that decides nothing. With either amiss it goes on
//! recording what protects; nothing is opened until the room is kept again, or another process finds the ledger whole.

use broker::Broker;
use market::Timestamp;

use crate::engine::Engine;

const NO_ROOM: &str = "ledger/no-room";
const DAMAGED: &str = "ledger/damaged";

impl<B: Broker> Engine<B> {
    /// Tries to keep room again while there is none; tells once of each that is amiss.
    pub(crate) fn look_after_ledger(&mut self, now: Timestamp) {
        if let Some(why) = self.damage() {
            self.alert_once(now, DAMAGED, &format!("{why}; nothing is opened: restore its latest copy when flat"));
        }
        if !self.ledger.is_on_ballast() {
            return;
        }
        if self.ledger.take_on_ballast() {
            tracing::info!("there is room on the disk again");
            self.alerts.forget(|subject| subject == NO_ROOM);
            return;
        }
        let text = format!("no room on the disk of {}: nothing is opened", self.ledger.path().display());
        self.alert_once(now, NO_ROOM, &text);
    }

    /// Why nothing is opened, for the ledger's sake.
    pub(crate) fn ledger_in_doubt(&self) -> Option<String> {
        let no_room = || self.ledger.is_on_ballast().then(|| "no room is kept on the ledger's disk".to_owned());
        self.damage().or_else(no_room)
    }

    fn damage(&self) -> Option<String> {
        let why = self.ledger.damage()?;
        Some(format!("{} is damaged where nothing is decided by it ({why})", self.ledger.path().display()))
    }
}
