//! What the supervisor is told: READY, WATCHDOG, STATUS, STOPPING (sd_notify(3)). Without a supervisor, nothing.

use std::time::Duration;

use sd_notify::NotifyState;

/// The link to systemd, or to nobody.
#[derive(Clone, Copy, Debug)]
pub struct Supervisor {
    watchdog: Option<Duration>,
}

impl Supervisor {
    /// Reads `$WATCHDOG_USEC`.
    #[must_use]
    pub fn from_environment() -> Self {
        Self { watchdog: sd_notify::watchdog_enabled() }
    }

    /// The service works; dependents may start.
    pub fn ready(&self, status: &str) {
        send(&[NotifyState::Ready, NotifyState::Status(status)]);
    }

    /// A sign of life. Only the loop itself calls it: a helper task would keep a hung loop alive.
    pub fn alive(&self) {
        if self.watchdog.is_some() {
            send(&[NotifyState::Watchdog]);
        }
    }

    /// One line for `systemctl status`.
    pub fn status(&self, text: &str) {
        send(&[NotifyState::Status(text)]);
    }

    /// The service is going down on purpose.
    pub fn stopping(&self) {
        send(&[NotifyState::Stopping]);
    }

    /// How long the loop may wait without a sign of life: a third of the watchdog's patience.
    #[must_use]
    pub fn beat(&self) -> Duration {
        self.watchdog.map_or(Duration::from_secs(3_600), |patience| patience / 3)
    }
}

fn send(state: &[NotifyState<'_>]) {
    // Nobody listening is normal outside systemd; a full socket must not stop the loop.
    let _ = sd_notify::notify(state);
}
