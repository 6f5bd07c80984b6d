//! Words for humans: in the journal at once, in the ledger when nothing that protects waits for it.
//!
//! Each is a durable write, and may find the disk full or the ledger locked. So they are written after protection acted;
//! what cannot be written then is tried again with the next cycle, and never ends one.

use std::collections::VecDeque;

use broker::Broker;
use ledger::{Ledger, LedgerError, Priority};
use market::Timestamp;

use crate::engine::Engine;

/// Words that wait for a ledger that cannot be written; what comes after them is in the journal alone.
const WAITING_MOST: usize = 200;

/// What waits for the ledger, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Words {
    waiting: VecDeque<Word>,
}

#[derive(Debug)]
struct Word {
    at: Timestamp,
    kind: Kind,
    subject: String,
    text: String,
}

#[derive(Debug)]
enum Kind {
    Alert,
    /// Something that happened, of this kind.
    Event(&'static str),
}

impl Word {
    fn write(&self, ledger: &mut Ledger) -> Result<(), LedgerError> {
        match self.kind {
            Kind::Alert => ledger.enqueue(self.at, Priority::Err, &self.subject, &self.text),
            Kind::Event(kind) => ledger.record_event(self.at, kind, &self.subject, &self.text),
        }
    }
}

impl Words {
    fn add(&mut self, word: Word) {
        if self.waiting.len() < WAITING_MOST {
            self.waiting.push_back(word);
        }
    }
}

impl<B: Broker> Engine<B> {
    /// Tells a human: priority `err` in the journal now; soon, in the ledger, an event and its place in the outbox.
    pub(crate) fn alert(&mut self, now: Timestamp, subject: &str, text: &str) {
        tracing::error!(subject, "ALERT {text}");
        self.words.add(Word { at: now, kind: Kind::Alert, subject: subject.to_owned(), text: text.to_owned() });
    }

    /// The same for what the process itself finds, once a subject and a while.
    pub(crate) fn alert_once(&mut self, now: Timestamp, subject: &str, text: &str) {
        if self.alerts.is_news(subject, now) {
            self.alert(now, subject, text);
        }
    }

    /// Something that happened, for the ledger. Whoever says it has said it in the journal.
    pub(crate) fn note(&mut self, now: Timestamp, kind: &'static str, subject: &str, text: &str) {
        let word = Word { at: now, kind: Kind::Event(kind), subject: subject.to_owned(), text: text.to_owned() };
        self.words.add(word);
    }

    /// Writes down what waits, as far as that can be done.
    pub(crate) fn write_words(&mut self) {
        while let Some(word) = self.words.waiting.front() {
            match word.write(&mut self.ledger) {
                Ok(()) => {}
                // Where it would lie is damaged, which no time heals.
                Err(error @ LedgerError::Corrupt { .. }) => {
                    tracing::warn!("in the journal alone, {}: {error}", word.subject);
                }
                Err(error) => {
                    tracing::warn!("{} words wait for the ledger: {error}", self.words.waiting.len());
                    return;
                }
            }
            self.words.waiting.pop_front();
        }
    }
}
