//! One reckoning of the rate limit for all clients of an account: each hears what the broker has said to the others.

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use market::Timestamp;

use super::{
    answer::Answer,
    endpoint::Host,
    governor::{Class, Governor, Told},
};

/// No venue has told its time.
const OURS: i64 = i64::MIN;

/// The reckoning, shared by its clones.
#[derive(Clone, Debug)]
pub struct Reckoning(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    /// A venue's time, as it was told last.
    venue: AtomicI64,
    trading: Mutex<Governor>,
    data: Mutex<Governor>,
}

impl Reckoning {
    pub(super) fn of(requests_a_minute: Option<u32>) -> Self {
        let governor = || Mutex::new(Governor::new(requests_a_minute));
        let (started, venue) = (Instant::now(), AtomicI64::new(OURS));
        Self(Arc::new(Shared { started, venue, trading: governor(), data: governor() }))
    }

    /// Reckons by a venue's clock, which has come so far: its minutes go by in no time of ours.
    pub fn tell(&self, now: Timestamp) {
        self.0.venue.store(now.unix_nanos(), Ordering::Relaxed);
    }

    fn by_venue(&self) -> Option<Duration> {
        let nanos = Some(self.0.venue.load(Ordering::Relaxed)).filter(|nanos| *nanos != OURS)?;
        Some(Duration::from_nanos(nanos.max(0).unsigned_abs()))
    }

    fn now(&self) -> Duration {
        self.by_venue().unwrap_or_else(|| self.0.started.elapsed())
    }

    pub(super) fn admit(&self, host: Host, class: Class) -> Result<(), Duration> {
        let now = self.now();
        self.governor(host).admit(now, class)
    }

    /// How long an opening would have to wait now.
    pub(super) fn held_back(&self) -> Option<Duration> {
        let now = self.now();
        self.governor(Host::Trading).held_back(now)
    }

    pub(super) fn heard(&self, host: Host, answer: &Answer) {
        let now = self.now();
        let mut governor = self.governor(host);
        let reset_in = |now: Duration| answer.reset.map(|at| at.saturating_sub(now));
        let told = self.by_venue().map_or(answer.told, |now| Told { reset_in: reset_in(now), ..answer.told });
        governor.heard(now, told);
        if answer.status == 429 {
            governor.refused(now, answer.after);
        }
    }

    fn governor(&self, host: Host) -> MutexGuard<'_, Governor> {
        let governor = match host {
            Host::Trading => &self.0.trading,
            Host::Data => &self.0.data,
        };
        governor.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
