//! The drop copy beside the loop: the broker's whole list of today's fills, read once a minute, held against the ledger.
//!
//! What differs at two readings halts openings: the kill switch is latched at level `entries`, so that only a human lifts
//! it; where it cannot be latched, this process halts by itself. The rules are `trading::drop_copy`.

use broker::{Broker, OrderFilter};
use contract::{KillLevel, KillSwitch, Mode};
use market::{NyDate, Session, TimeDelta, Timestamp};
use trading::drop_copy::{Difference, DropCopy, EVERY, Listing, Outcome};

use crate::engine::Engine;

/// Who latches the kill switch.
const LATCHED_BY: &str = "execution: drop copy";
/// A reading that rings have cut short so often is not cut short again.
const GIVEN_UP_MOST: u32 = 3;
/// Differences named in one reason; the rest is counted.
const NAMED_MOST: usize = 5;

/// What is remembered between two readings.
#[derive(Debug, Default)]
pub(crate) struct Copying {
    copy: DropCopy,
    /// The last reading that failed.
    failed: Option<Timestamp>,
    /// Readings cut short in a row.
    given_up: u32,
    /// Why this process opens nothing though the kill switch could not be latched.
    pub halted: Option<String>,
    /// The day whose agreement was recorded in the session, and the one of which it was after the close.
    recorded: (Option<NyDate>, Option<NyDate>),
}

impl Copying {
    /// When the next reading is due.
    pub fn due(&self, session: &Session) -> Option<Timestamp> {
        let due = self.copy.due(session)?;
        Some(self.failed.map_or(due, |failed| due.max(failed + EVERY)))
    }

    /// Whether a ring may cut a reading short.
    pub fn may_be_cut_short(&self) -> bool {
        self.given_up < GIVEN_UP_MOST
    }

    /// One was.
    pub fn was_cut_short(&mut self) {
        self.given_up += 1;
    }
}

impl<B: Broker> Engine<B> {
    /// The broker's fills since the open of the session of this instant, and then, when there is anything of ours, orders.
    pub(crate) async fn list_fills(&self, now: Timestamp) -> Result<Listing, String> {
        let Some(session) = self.hours(now) else { return Ok(Listing::default()) };
        let limit = self.patience.market;
        // The broker lists what is later than the instant, by whole seconds.
        let fills = self.within(limit, self.broker.executions(session.open - TimeDelta::seconds(1))).await?;
        let book = self.core.book();
        let is_idle = fills.is_empty() && book.live().next().is_none() && book.openings(session.date).is_empty();
        if is_idle {
            return Ok(Listing { fills, orders: Vec::new() });
        }
        let today = OrderFilter::SubmittedAfter(session.date.at_hm(0, 0));
        let orders = self.within(limit, self.broker.orders(today)).await?.listed;
        Ok(Listing { fills, orders })
    }

    /// Compares what was read at an instant.
    pub(crate) fn compare(&mut self, listed: Result<Listing, String>, now: Timestamp) {
        self.copying.given_up = 0;
        let Some(session) = self.hours(now) else { return };
        let listing = match listed {
            Ok(listing) => listing,
            Err(why) => {
                tracing::warn!("the drop copy cannot be read, it is tried again: {why}");
                self.copying.failed = Some(now);
                return;
            }
        };
        self.copying.failed = None;
        let outcome = self.copying.copy.compare(self.core.book(), &listing, &session, now);
        if !outcome.waiting.is_empty() {
            let waiting: Vec<String> = outcome.waiting.iter().map(ToString::to_string).collect();
            tracing::warn!("drop copy: not agreed yet: {}", waiting.join("; "));
            // What the broker lists and the look has missed is looked for once more, from days back.
            self.memory.read_back_on = None;
        }
        if !outcome.lasting.is_empty() {
            self.halt(&outcome.lasting, now);
        } else {
            self.record_agreement(&outcome, &session, now);
        }
    }

    /// Once a day in the session, which shows that it is compared, and once after the close.
    fn record_agreement(&mut self, outcome: &Outcome, session: &Session, now: Timestamp) {
        let (in_session, at_close) = &mut self.copying.recorded;
        let (recorded, when) =
            if now < session.close { (in_session, "in the session") } else { (at_close, "after the close") };
        if !outcome.waiting.is_empty() || self.copying.halted.is_some() || *recorded == Some(session.date) {
            return;
        }
        *recorded = Some(session.date);
        let text = format!("drop copy: {} fills agree, {when}", outcome.agree);
        tracing::info!("{text}");
        self.note(now, "drop_copy", "fills", &text);
    }

    /// Nothing more is opened; what protects and reduces goes on.
    fn halt(&mut self, lasting: &[Difference], now: Timestamp) {
        let named: Vec<String> = lasting.iter().take(NAMED_MOST).map(ToString::to_string).collect();
        let more = lasting.len().saturating_sub(NAMED_MOST);
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        let reason = format!("fills do not agree with the broker's list: {}{more}", named.join("; "));
        let latched = match self.config.mode {
            // The switch stops the real thing, of which a dry run is none.
            Mode::DryRun => Err("a dry run latches nothing".to_owned()),
            Mode::Paper | Mode::Live => {
                let path = self.config.layout.kill_switch();
                KillSwitch::latch(&path, KillLevel::Entries, &reason, LATCHED_BY, now)
                    .map_err(|error| error.to_string())
            }
        };
        let how = match latched {
            Ok(latch) => format!("the kill switch is latched ({})", latch.level),
            Err(why) => {
                self.copying.halted = Some(reason.clone());
                format!("this process opens nothing any more; the kill switch is not latched: {why}")
            }
        };
        self.alert(now, "drop copy", &format!("{reason}: {how}"));
    }
}
