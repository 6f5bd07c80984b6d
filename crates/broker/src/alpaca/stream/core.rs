//! What the driver asks of a stream's pure core, and the words both streams share.

use std::time::Duration;

use market::{Session, Symbol, Timestamp};
use serde_json::Value;

use super::{
    refusal::{Again, Refusal},
    subscription::Subscription,
};
use crate::ReadError;

/// One instant, as a core sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The time.
    pub(super) now: Timestamp,
    /// The session of its day.
    pub(super) session: Option<Session>,
    /// Time since the driver began, which no clock's step changes: pauses and patience are measured in it.
    pub(super) elapsed: Duration,
}

impl Moment {
    pub(super) fn in_session(&self) -> bool {
        self.session.is_some_and(|session| session.contains(self.now))
    }
}

/// A stretch of time in which the stream may have told less than there was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// When everything was last known to be told.
    pub from: Timestamp,
    /// The end of it.
    pub to: Timestamp,
    /// Whether REST has told the rest. If not, it will be asked again, but for a data stream's gap of more than a day and
    /// one without bars subscribed to: nothing is asked of those.
    pub filled: bool,
}

/// A message that cannot be read: REST has to be asked about its symbol, or about all when none could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The symbol, if that much could be read.
    pub symbol: Option<Symbol>,
    /// What is wrong with it.
    pub why: String,
    /// How many there have been so far.
    pub count: u64,
}

/// Why a stream is not live, and whether it will be again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// What happened; never holds a key.
    pub why: String,
    /// Whether it connects again. After [`Again::Never`] nothing more comes.
    pub again: Again,
}

impl From<&Refusal> for Lost {
    fn from(refusal: &Refusal) -> Self {
        Self { why: refusal.to_string(), again: refusal.again() }
    }
}

/// A stream without its socket: what comes in is told of, what is missing is asked for, what is to be said waits in order.
pub(super) trait Core {
    /// What the consumer reads.
    type Event;
    /// A question to REST.
    type Ask;
    /// Its answer.
    type Answer;

    /// Authenticated and subscribed.
    fn live(&mut self, at: Moment);
    /// The server's list of what it sends.
    fn subscribed(&mut self, subscription: Subscription, at: Moment);
    /// A message of the stream.
    fn message(&mut self, message: Value, at: Moment);
    /// A frame nobody can read.
    fn unreadable(&mut self, why: String, at: Moment);
    /// A request was refused, the stream goes on.
    fn refused(&mut self, refusal: Refusal, at: Moment);
    /// The connection is gone, or could not be had.
    fn lost(&mut self, lost: Lost, at: Moment);
    /// Why the connection should be given up, if it should.
    fn look(&mut self, at: Moment) -> Option<String>;
    /// A question to REST, if there is one and none is under way.
    fn ask(&mut self, at: Moment) -> Option<Self::Ask>;
    /// Its answer.
    fn answered(&mut self, answer: Result<Self::Answer, ReadError>, at: Moment);
    /// Whether a connection that lasted has proved that the stream works.
    fn is_proved(&self) -> bool;
    /// Whether [`Core::next`] has something.
    fn has_next(&self) -> bool;
    /// What the consumer reads next.
    fn next(&mut self) -> Option<Self::Event>;
}
