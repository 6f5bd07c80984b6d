//! Who waits for the venue's clock. A sleeper leaves the list when its time comes or its connection ends.
//!
//! One that wants to know of updates wakes as well when something becomes of an order, and does not sleep at all when
//! something did since it last woke: nothing is missed between two sleeps.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use market::Timestamp;
use serde::Serialize;
use tokio::sync::{oneshot, watch};

/// At most so many wait at once; a rehearsal has a handful.
const SLEEPERS_MAX: usize = 256;

/// One participant that sleeps until an instant of the venue's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sleeper {
    /// The name it gave itself.
    pub participant: String,
    /// When it wants to be woken.
    pub until: Timestamp,
    /// Whether it wakes when something becomes of an order, too.
    pub updates: bool,
}

/// Why a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum WokenBy {
    /// Its time came.
    Time,
    /// Something became of an order.
    Update,
    /// Somebody called: something else happened.
    Call,
}

/// When a sleep ended, and why.
pub(crate) type Woken = (Timestamp, WokenBy);

/// The list, and the news that it changed.
pub(crate) struct Sleepers {
    beds: Mutex<Beds>,
    changes: watch::Sender<u64>,
}

struct Beds {
    now: Timestamp,
    /// What became of orders so far.
    outcomes: u64,
    next_id: u64,
    taken: Vec<(u64, Sleeper, oneshot::Sender<Woken>)>,
    /// What had become of orders when a participant last woke.
    known: BTreeMap<String, u64>,
}

/// What a request to sleep leads to.
pub(crate) enum Bed<'a> {
    /// There is nothing to wait for.
    Awake(Woken),
    /// Wait for the receiver; dropping the guard gives the bed up.
    Asleep(oneshot::Receiver<Woken>, BedGuard<'a>),
    /// Too many sleepers.
    Full,
}

/// Takes its sleeper off the list when dropped.
pub(crate) struct BedGuard<'a> {
    sleepers: &'a Sleepers,
    id: u64,
}

impl Sleepers {
    pub(crate) fn new(now: Timestamp) -> Self {
        let beds = Beds { now, outcomes: 0, next_id: 0, taken: Vec::new(), known: BTreeMap::new() };
        Self { beds: Mutex::new(beds), changes: watch::Sender::new(0) }
    }

    /// Registers a sleeper, unless its time has come. Reads the time under the list's lock, so no waking is missed.
    pub(crate) fn lie_down(&self, sleeper: Sleeper) -> Bed<'_> {
        let mut beds = self.lock();
        if let Some(by) = beds.keeps_awake(&sleeper) {
            beds.knows(&sleeper.participant);
            return Bed::Awake((beds.now, by));
        }
        if beds.taken.len() >= SLEEPERS_MAX {
            return Bed::Full;
        }
        let outcomes = beds.outcomes;
        if beds.known.len() < SLEEPERS_MAX {
            beds.known.entry(sleeper.participant.clone()).or_insert(outcomes);
        }
        let (wake, woken) = oneshot::channel();
        let id = beds.next_id;
        beds.next_id += 1;
        beds.taken.push((id, sleeper, wake));
        drop(beds);
        self.announce();
        Bed::Asleep(woken, BedGuard { sleepers: self, id })
    }

    /// Takes in the time and what became of orders so far, and wakes whom that concerns; they are off the list when this
    /// returns. Two that tell at once come in any order: neither goes back.
    pub(crate) fn wake(&self, now: Timestamp, outcomes: u64) {
        let mut beds = self.lock();
        (beds.now, beds.outcomes) = (beds.now.max(now), beds.outcomes.max(outcomes));
        self.wake_those(beds, |beds, sleeper| beds.keeps_awake(sleeper));
    }

    /// Something may have become of an order, at the venue's present time.
    pub(crate) fn tell(&self, outcomes: u64) {
        let mut beds = self.lock();
        if beds.outcomes < outcomes {
            beds.outcomes = outcomes;
            self.wake_those(beds, |beds, sleeper| beds.keeps_awake(sleeper));
        }
    }

    /// Wakes everybody who wants to know of updates.
    pub(crate) fn rouse(&self) {
        self.wake_those(self.lock(), |_, sleeper| sleeper.updates.then_some(WokenBy::Call));
    }

    /// The venue is another from now on: nobody knows of anything.
    pub(crate) fn begin_anew(&self, now: Timestamp) {
        let mut beds = self.lock();
        beds.known.clear();
        (beds.now, beds.outcomes) = (now, 0);
        drop(beds);
        self.wake(now, 0);
    }

    /// Whether anybody sleeps who wants to know of updates.
    pub(crate) fn listen(&self) -> bool {
        self.lock().taken.iter().any(|(_, sleeper, _)| sleeper.updates)
    }

    pub(crate) fn list(&self) -> Vec<Sleeper> {
        self.lock().taken.iter().map(|(_, sleeper, _)| sleeper.clone()).collect()
    }

    /// Counts changes; a receiver sees every change after it was made.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn wake_those(&self, mut beds: MutexGuard<'_, Beds>, why: impl Fn(&Beds, &Sleeper) -> Option<WokenBy>) {
        let (mut woken, mut asleep) = (Vec::new(), Vec::new());
        for (id, sleeper, wake) in std::mem::take(&mut beds.taken) {
            match why(&beds, &sleeper) {
                Some(by) => woken.push((sleeper, wake, by)),
                None => asleep.push((id, sleeper, wake)),
            }
        }
        beds.taken = asleep;
        let now = beds.now;
        woken.iter().for_each(|(sleeper, ..)| beds.knows(&sleeper.participant));
        drop(beds);
        if woken.is_empty() {
            return;
        }
        for (_, wake, by) in woken {
            // A sleeper that went away meanwhile needs no waking.
            let _ = wake.send((now, by));
        }
        self.announce();
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Beds> {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Beds {
    /// Why the sleeper does not sleep, if so. Who was never here has nothing to have missed.
    fn keeps_awake(&self, sleeper: &Sleeper) -> Option<WokenBy> {
        if self.now >= sleeper.until {
            return Some(WokenBy::Time);
        }
        let known = self.known.get(&sleeper.participant).copied();
        (sleeper.updates && known.is_some_and(|known| known < self.outcomes)).then_some(WokenBy::Update)
    }

    fn knows(&mut self, participant: &str) {
        if self.known.len() < SLEEPERS_MAX || self.known.contains_key(participant) {
            self.known.insert(participant.to_owned(), self.outcomes);
        }
    }
}

impl Drop for BedGuard<'_> {
    fn drop(&mut self) {
        let mut beds = self.sleepers.lock();
        let before = beds.taken.len();
        beds.taken.retain(|(id, _, _)| *id != self.id);
        let left = beds.taken.len() < before;
        drop(beds);
        if left {
            self.sleepers.announce();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_800_000_000 + second)
    }

    fn lies_down(sleepers: &Sleepers, until: i64) -> Option<WokenBy> {
        match sleepers.lie_down(Sleeper { participant: "x".to_owned(), until: at(until), updates: true }) {
            Bed::Awake((_, by)) => Some(by),
            Bed::Asleep(..) => None,
            Bed::Full => panic!("no bed"),
        }
    }

    #[test]
    fn what_is_told_late_takes_nothing_back() {
        let sleepers = Sleepers::new(at(0));
        assert_eq!(lies_down(&sleepers, 60), None);
        sleepers.tell(1);
        // Read before the outcome, and told after it.
        sleepers.wake(at(10), 0);
        assert_eq!(lies_down(&sleepers, 60), Some(WokenBy::Update));
        sleepers.wake(at(20), 1);
        sleepers.wake(at(15), 1);
        assert_eq!(lies_down(&sleepers, 20), Some(WokenBy::Time), "and time does not go back");
        sleepers.begin_anew(at(0));
        assert_eq!(lies_down(&sleepers, 20), None, "but to another venue's beginning");
    }
}
