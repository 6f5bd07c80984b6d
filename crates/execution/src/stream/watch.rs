//! What the stream's words mean to the loop, and how long it has been silent. Pure; instants are by a clock that nobody
//! sets.

use broker::alpaca::stream::{AccountEvent, Happening};
use market::{Symbol, TimeDelta, Timestamp};

/// What follows from an event.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Nothing that a look would show.
    Nothing,
    /// Something became of an order: a look is due.
    Rings,
    /// It listens again; after a silence of so long when there was one.
    Live(Option<TimeDelta>),
    /// It was lost, or proved to be mute; why.
    Silent(String),
    /// Something of a symbol, or of anything, is not to be relied on; why.
    Doubt(Option<Symbol>, String),
}

/// Since when the stream has been silent.
#[derive(Debug)]
pub(crate) struct Watch {
    silent_since: Option<Timestamp>,
    was_live: bool,
    /// Times it was proved mute since it last told something. The first may be a connection's fault, which another mends.
    mute: u32,
    lost: bool,
}

impl Watch {
    /// Silent from the start until its first word.
    pub(crate) fn new(started: Timestamp) -> Self {
        Self { silent_since: Some(started), was_live: false, mute: 0, lost: false }
    }

    /// How long it has been silent; zero when it listens. Before it ever listened, at least `limit`: openings wait for it.
    pub(crate) fn silent(&self, now: Timestamp, limit: TimeDelta) -> TimeDelta {
        // A begin in the future says nothing about how long it was.
        let so_far = |since| if since > now { limit } else { now.since(since) };
        let silent = self.silent_since.map_or(TimeDelta::zero(), so_far);
        if self.was_live { silent } else { silent.max(limit) }
    }

    /// Whether it has been silent for so long, by the clock alone.
    pub(crate) fn is_silent_for(&self, now: Timestamp, limit: TimeDelta) -> bool {
        self.silent_since.is_some_and(|since| now.since(since) >= limit)
    }

    /// Whether it has said that it listens, or that it does not.
    pub(crate) fn has_a_word(&self) -> bool {
        self.was_live || self.lost
    }

    /// The connection is gone.
    pub(crate) fn lost(&mut self, now: Timestamp) {
        self.lost = true;
        self.silent_since.get_or_insert(now);
    }

    pub(crate) fn take(&mut self, event: &AccountEvent, now: Timestamp) -> Meaning {
        match event {
            AccountEvent::Live { .. } => self.live(now),
            AccountEvent::Execution { .. } => Meaning::Rings,
            AccountEvent::Order { event: None, .. } => Meaning::Rings,
            AccountEvent::Order { event: Some(happening), .. } => {
                self.told();
                if is_outcome(happening) { Meaning::Rings } else { Meaning::Nothing }
            }
            AccountEvent::Disagreement { order, symbol } => {
                Meaning::Doubt(*symbol, format!("the executions of order {order} do not add up"))
            }
            AccountEvent::Gap(gap) if gap.filled => Meaning::Nothing,
            AccountEvent::Gap(_) => Meaning::Rings,
            AccountEvent::Silent { since } => {
                self.mute = self.mute.saturating_add(1);
                self.silent_since.get_or_insert((*since).min(now));
                Meaning::Silent("it does not tell what REST knows".to_owned())
            }
            AccountEvent::Lost(lost) => {
                let is_news = !std::mem::replace(&mut self.lost, true) || self.silent_since.is_none();
                self.lost(now);
                if is_news { Meaning::Silent(lost.why.clone()) } else { Meaning::Nothing }
            }
            AccountEvent::Unreadable(unreadable) => {
                Meaning::Doubt(unreadable.symbol, format!("a message cannot be read: {}", unreadable.why))
            }
        }
    }

    /// One that was mute twice is believed when it tells something, not when it connects.
    fn live(&mut self, now: Timestamp) -> Meaning {
        (self.was_live, self.lost) = (true, false);
        if self.mute > 1 {
            return Meaning::Nothing;
        }
        Meaning::Live(self.silent_since.take().map(|since| now.since(since)))
    }

    fn told(&mut self) {
        self.mute = 0;
        if !self.lost {
            self.silent_since = None;
        }
    }
}

/// Whether something became of the order, beyond its being on its way in or out.
fn is_outcome(happening: &Happening) -> bool {
    match happening {
        Happening::Fill
        | Happening::PartialFill
        | Happening::Canceled
        | Happening::Expired
        | Happening::DoneForDay
        | Happening::Replaced
        | Happening::Rejected
        | Happening::Stopped
        | Happening::Calculated
        | Happening::Suspended
        | Happening::OrderReplaceRejected
        | Happening::OrderCancelRejected
        | Happening::Restated
        | Happening::Other(_) => true,
        Happening::New
        | Happening::PendingNew
        | Happening::PendingCancel
        | Happening::PendingReplace
        | Happening::Accepted
        | Happening::Held => false,
    }
}

#[cfg(test)]
mod tests {
    use broker::alpaca::stream::{Again, Gap, Lost};

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000 + second)
    }

    fn lost() -> AccountEvent {
        AccountEvent::Lost(Lost { why: "cut".to_owned(), again: Again::Soon })
    }

    fn live() -> AccountEvent {
        AccountEvent::Live { since: at(0) }
    }

    fn seconds(watch: &Watch, now: i64) -> i64 {
        watch.silent(at(now), TimeDelta::seconds(30)).num_seconds()
    }

    #[test]
    fn silence_is_measured_from_the_loss_and_before_the_first_word_it_is_enough() {
        let mut watch = Watch::new(at(0));
        assert_eq!((seconds(&watch, 1), seconds(&watch, 90)), (30, 90));
        assert!(!watch.is_silent_for(at(29), TimeDelta::seconds(30)), "a start is given its time before it is told");
        assert_eq!(watch.take(&live(), at(2)), Meaning::Live(Some(TimeDelta::seconds(2))));
        assert_eq!(seconds(&watch, 1_000), 0);
        assert_eq!(watch.take(&lost(), at(1_000)), Meaning::Silent("cut".to_owned()));
        assert_eq!(watch.take(&lost(), at(1_020)), Meaning::Nothing, "another try that failed is no news");
        assert_eq!((seconds(&watch, 1_029), seconds(&watch, 1_120)), (29, 120));
        assert_eq!(watch.take(&live(), at(1_121)), Meaning::Live(Some(TimeDelta::seconds(121))));
        assert_eq!(seconds(&watch, 1_122), 0);
    }

    #[test]
    fn a_stream_that_was_mute_twice_is_believed_when_it_tells_something() {
        let (mut watch, silent) = (Watch::new(at(0)), AccountEvent::Silent { since: at(10) });
        watch.take(&live(), at(0));
        watch.take(&silent, at(20));
        watch.take(&lost(), at(20));
        watch.take(&live(), at(21));
        assert_eq!(seconds(&watch, 22), 0, "another connection may mend it");
        watch.take(&AccountEvent::Silent { since: at(70) }, at(80));
        watch.take(&lost(), at(80));
        watch.take(&live(), at(81));
        assert_eq!(seconds(&watch, 100), 30, "since it was known to be mute");
        watch.told();
        assert_eq!(seconds(&watch, 101), 0);
    }

    #[test]
    fn silence_that_began_in_the_future_is_no_word() {
        let mut watch = Watch::new(at(0));
        watch.take(&live(), at(1_000));
        watch.take(&lost(), at(1_000));
        assert_eq!((seconds(&watch, 400), seconds(&watch, 1_040)), (30, 40));
    }

    #[test]
    fn a_gap_that_is_not_filled_rings() {
        let gap = |filled| AccountEvent::Gap(Gap { from: at(0), to: at(1), filled });
        let mut watch = Watch::new(at(0));
        assert_eq!([gap(true), gap(false)].map(|gap| watch.take(&gap, at(1))), [Meaning::Nothing, Meaning::Rings]);
    }
}
