//! Who waits for the venue's clock. A sleeper leaves the list when its time comes or its connection ends.

use std::sync::{Mutex, MutexGuard, PoisonError};

use market::Timestamp;
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
}

/// The list, and the news that it changed.
pub(crate) struct Sleepers {
    beds: Mutex<Beds>,
    changes: watch::Sender<u64>,
}

struct Beds {
    now: Timestamp,
    next_id: u64,
    taken: Vec<(u64, Sleeper, oneshot::Sender<Timestamp>)>,
}

/// What a request to sleep leads to.
pub(crate) enum Bed<'a> {
    /// The time has come already.
    Awake(Timestamp),
    /// Wait for the receiver; dropping the guard gives the bed up.
    Asleep(oneshot::Receiver<Timestamp>, BedGuard<'a>),
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
        Self { beds: Mutex::new(Beds { now, next_id: 0, taken: Vec::new() }), changes: watch::Sender::new(0) }
    }

    /// Registers a sleeper, unless its time has come. Reads the time under the list's lock, so no waking is missed.
    pub(crate) fn lie_down(&self, sleeper: Sleeper) -> Bed<'_> {
        let mut beds = self.lock();
        if beds.now >= sleeper.until {
            return Bed::Awake(beds.now);
        }
        if beds.taken.len() >= SLEEPERS_MAX {
            return Bed::Full;
        }
        let (wake, woken) = oneshot::channel();
        let id = beds.next_id;
        beds.next_id += 1;
        beds.taken.push((id, sleeper, wake));
        drop(beds);
        self.announce();
        Bed::Asleep(woken, BedGuard { sleepers: self, id })
    }

    /// Sets the time and wakes those whose time has come; they are off the list when this returns.
    pub(crate) fn wake(&self, now: Timestamp) {
        let mut beds = self.lock();
        beds.now = now;
        let (due, asleep): (Vec<_>, Vec<_>) = beds.taken.drain(..).partition(|(_, sleeper, _)| sleeper.until <= now);
        beds.taken = asleep;
        drop(beds);
        if due.is_empty() {
            return;
        }
        for (_, _, wake) in due {
            // A sleeper that went away meanwhile needs no waking.
            let _ = wake.send(now);
        }
        self.announce();
    }

    pub(crate) fn list(&self) -> Vec<Sleeper> {
        self.lock().taken.iter().map(|(_, sleeper, _)| sleeper.clone()).collect()
    }

    /// Counts changes; a receiver sees every change after it was made.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    fn announce(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    fn lock(&self) -> MutexGuard<'_, Beds> {
        self.beds.lock().unwrap_or_else(PoisonError::into_inner)
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
