//! One reckoning of the rate limit for all clients of an account: each hears what the broker has said to the others.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    answer::Answer,
    endpoint::Host,
    governor::{Class, Governor},
};

/// The reckoning, shared by its clones.
#[derive(Clone, Debug)]
pub struct Reckoning(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    started: Instant,
    trading: Mutex<Governor>,
    data: Mutex<Governor>,
}

impl Reckoning {
    pub(super) fn of(requests_a_minute: Option<u32>) -> Self {
        let governor = || Mutex::new(Governor::new(requests_a_minute));
        Self(Arc::new(Shared { started: Instant::now(), trading: governor(), data: governor() }))
    }

    pub(super) fn admit(&self, host: Host, class: Class) -> Result<(), Duration> {
        let now = self.0.started.elapsed();
        self.governor(host).admit(now, class)
    }

    /// How long an opening would have to wait now.
    pub(super) fn held_back(&self) -> Option<Duration> {
        let now = self.0.started.elapsed();
        self.governor(Host::Trading).held_back(now)
    }

    pub(super) fn heard(&self, host: Host, answer: &Answer) {
        let now = self.0.started.elapsed();
        let mut governor = self.governor(host);
        governor.heard(now, answer.told);
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
