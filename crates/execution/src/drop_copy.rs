//! The drop copy beside the loop: the broker's whole list of today's fills, read once a minute, held against the ledger.
//!
//! What lasts halts openings: the kill switch is latched at level `entries`, so that only a human lifts it; where it cannot
//! be latched, this process halts by itself and tries again. What was told, and that it halts, is in the ledger: a restart
//! forgets neither. The rules are `trading::drop_copy`.

use std::{collections::BTreeSet, time::Duration};

use broker::{Broker, OrderFilter, ReadError};
use contract::{KillLevel, KillSwitch, Mode};
use ledger::Ledger;
use market::{NyDate, Session, TimeDelta, Timestamp};
use trading::drop_copy::{Difference, DropCopy, EVERY, Listing, Outcome};

use crate::engine::Engine;

/// Who latches the kill switch.
const LATCHED_BY: &str = "execution: drop copy";
/// The kind of its events in the ledger, and their subjects: fills that agree, differences that lasted, openings halted by
/// the process alone, and the same once the kill switch could be latched.
const KIND: &str = "drop_copy";
const FILLS: &str = "fills";
const TOLD: &str = "told";
const HALTED: &str = "halted";
const LATCHED: &str = "latched";
/// A human is told when there was no comparison for so long that should have been.
const UNCOMPARED_MOST: TimeDelta = TimeDelta::minutes(5);
const UNCOMPARED: &str = "drop copy/uncompared";
const UNCOMPARED_AT_CLOSE: &str = "drop copy/close";
/// Differences named in one reason; the rest is counted.
const NAMED_MOST: usize = 5;

/// What is remembered between two readings.
#[derive(Debug, Default)]
pub(crate) struct Copying {
    copy: DropCopy,
    /// The last reading that failed.
    failed: Option<Timestamp>,
    /// Since when a comparison is due that was not made.
    behind_since: Option<Timestamp>,
    /// Looks that have read the executions.
    pub looks: u64,
    /// Why this process opens nothing though the kill switch could not be latched.
    pub halted: Option<String>,
    /// The day whose agreement was recorded in the session, and the one of which it was after the close.
    recorded: (Option<NyDate>, Option<NyDate>),
}

impl Copying {
    /// What a process before this one has told today, and whether it halted. Where that cannot be read, it is told again.
    pub fn of(ledger: &Ledger, session: Option<Session>, now: Timestamp) -> Self {
        let events = ledger.events_since(now.ny_date().at_hm(0, 0)).unwrap_or_else(|error| {
            tracing::warn!("what the drop copy told today cannot be read: {error}");
            Vec::new()
        });
        let (mut told, mut halted) = (BTreeSet::new(), None);
        for event in events.into_iter().filter(|event| event.kind == KIND) {
            match event.subject.as_str() {
                TOLD => drop(told.insert(event.text)),
                HALTED => halted = Some(event.text),
                LATCHED => halted = None,
                _ => {}
            }
        }
        let copy = session.map(|session| DropCopy::resumed(&session, told)).unwrap_or_default();
        Self { copy, halted, ..Self::default() }
    }

    /// When the next reading is due.
    pub fn due(&self, session: &Session, now: Timestamp) -> Option<Timestamp> {
        let due = self.copy.due(session, self.looks, now)?;
        // A failure in the future is one that a clock took back.
        let failed = self.failed.filter(|failed| *failed <= now);
        Some(failed.map_or(due, |failed| due.max(failed + EVERY)))
    }
}

impl<B: Broker> Engine<B> {
    /// When the drop copy is to be read next. Tells a human when that has been so for long.
    pub(crate) fn copy_due(&mut self, now: Timestamp) -> Option<Timestamp> {
        let session = self.hours(now);
        let due = session.as_ref().and_then(|session| self.copying.copy.due(session, self.copying.looks, now));
        let (Some(session), Some(_)) = (session, due.filter(|due| *due <= now)) else {
            self.copying.behind_since = None;
            return due;
        };
        let since = self.copying.behind_since.map_or(now, |since| since.min(now));
        self.copying.behind_since = Some(since);
        if now.since(since) >= UNCOMPARED_MOST {
            let subject = if now < session.close { UNCOMPARED } else { UNCOMPARED_AT_CLOSE };
            let text = format!("fills are not compared with the broker's list since {}", since.to_ny_rfc3339());
            self.alert_once(now, subject, &text);
        }
        self.copying.due(&session, now)
    }

    /// The broker's fills since the open of the session of this instant, and then, when there is anything of ours, orders.
    /// Nothing that protects waits for them.
    pub(crate) fn list_fills(&self, now: Timestamp) -> impl Future<Output = Result<Listing, String>> + use<B> {
        let (broker, limit, session) = (self.broker.aside(), self.patience.market, self.hours(now));
        let book = self.core.book();
        let is_idle = session.is_none_or(|session| book.openings(session.date).is_empty());
        let is_idle = is_idle && book.live().next().is_none();
        async move {
            let Some(session) = session else { return Ok(Listing::default()) };
            // The broker lists what is later than the instant, by whole seconds.
            let fills = within(limit, broker.executions(session.open - TimeDelta::seconds(1))).await?;
            if fills.is_empty() && is_idle {
                return Ok(Listing::default());
            }
            let today = OrderFilter::SubmittedAfter(session.date.at_hm(0, 0));
            let orders = within(limit, broker.orders(today)).await?.listed;
            Ok(Listing { fills, orders })
        }
    }

    /// Compares what was read at an instant. Whether a look is due: one that was missed makes two lists differ.
    pub(crate) fn compare(&mut self, listed: Result<Listing, String>, now: Timestamp) -> bool {
        self.latch_again(now);
        let Some(session) = self.hours(now) else { return false };
        let listing = match listed {
            Ok(listing) => listing,
            Err(why) => {
                tracing::warn!("the drop copy cannot be read, it is tried again: {why}");
                self.copying.failed = Some(now);
                return false;
            }
        };
        (self.copying.failed, self.copying.behind_since) = (None, None);
        self.alerts.forget(|subject| [UNCOMPARED, UNCOMPARED_AT_CLOSE].contains(&subject));
        let looks = self.copying.looks;
        let outcome = self.copying.copy.compare(self.core.book(), &listing, &session, looks, now);
        if !outcome.waiting.is_empty() {
            let waiting: Vec<String> = outcome.waiting.iter().map(ToString::to_string).collect();
            tracing::warn!("drop copy: not agreed yet: {}", waiting.join("; "));
            // What the broker lists and the look has missed is looked for once more, from days back.
            self.memory.read_back_on = None;
        }
        if outcome.lasting.is_empty() {
            self.record_agreement(&outcome, &session, now);
        } else {
            self.halt(&outcome.lasting, now);
        }
        !outcome.waiting.is_empty()
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
        self.note(now, KIND, FILLS, &text);
    }

    /// Nothing more is opened; what protects and reduces goes on.
    fn halt(&mut self, lasting: &[Difference], now: Timestamp) {
        let named: Vec<String> = lasting.iter().take(NAMED_MOST).map(ToString::to_string).collect();
        let more = lasting.len().saturating_sub(NAMED_MOST);
        let more = if more == 0 { String::new() } else { format!("; and {more} more") };
        let reason = format!("fills do not agree with the broker's list: {}{more}", named.join("; "));
        let how = match self.latch(&reason, now) {
            Ok(level) => format!("the kill switch is latched ({level})"),
            Err(why) => {
                self.copying.halted = Some(reason.clone());
                self.note(now, KIND, HALTED, &reason);
                format!("this process opens nothing any more; the kill switch is not latched: {why}")
            }
        };
        self.alert(now, "drop copy", &format!("{reason}: {how}"));
        // Not before it is halted: a process that dies in between finds them again.
        lasting.iter().for_each(|difference| self.note(now, KIND, TOLD, &difference.to_string()));
    }

    /// What halts by this process alone ends with it, and no human can lift it.
    fn latch_again(&mut self, now: Timestamp) {
        let Some(reason) = self.copying.halted.clone() else { return };
        let Ok(level) = self.latch(&reason, now) else { return };
        self.note(now, KIND, LATCHED, &reason);
        self.copying.halted = None;
        self.alert(now, "drop copy", &format!("{reason}: now the kill switch is latched ({level})"));
    }

    /// # Errors
    /// In words; also when somebody else is latching: the loop waits for nobody's lock.
    fn latch(&self, reason: &str, now: Timestamp) -> Result<KillLevel, String> {
        match self.config.mode {
            // The switch stops the real thing, of which a dry run is none.
            Mode::DryRun => Err("a dry run latches nothing".to_owned()),
            Mode::Paper | Mode::Live => {
                let path = self.config.layout.kill_switch();
                let latched = KillSwitch::try_latch(&path, KillLevel::Entries, reason, LATCHED_BY, now);
                latched.map(|latch| latch.level).map_err(|error| error.to_string())
            }
        }
    }
}

async fn within<T>(limit: Duration, read: impl Future<Output = Result<T, ReadError>>) -> Result<T, String> {
    match tokio::time::timeout(limit, read).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {} ms", limit.as_millis())),
    }
}
