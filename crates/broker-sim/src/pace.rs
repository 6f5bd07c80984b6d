//! How the venue's clock goes: moved by hand, at a fixed speed, or with the world's.

use std::time::Duration;

use market::{Clock, TimeDelta};
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::Venue;

/// Between two looks at the time, where time goes by itself.
const BEAT: Duration = Duration::from_millis(10);
/// The fastest clock: a day in a little more than a minute.
pub const SPEED_MAX: f64 = 100_000.0;

/// How time goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pace {
    /// It stands still until it is moved.
    Stepped,
    /// So many seconds of the venue's go by in one; it may be moved on as well.
    Speed(f64),
    /// It is the world's.
    Real,
}

impl Pace {
    /// Whether the venue's time is the world's.
    #[must_use]
    pub fn is_real(self) -> bool {
        match self {
            Self::Real => true,
            Self::Stepped | Self::Speed(_) => false,
        }
    }
}

/// Keeps a venue's clock going, for ever; at once over for one that is moved by hand. Streams are told and sleepers wake
/// as time goes by.
pub async fn keep(venue: Venue, world: impl Clock) {
    let mut beat = interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Instant::now();
    loop {
        beat.tick().await;
        let passed = before.elapsed();
        before += passed;
        match venue.pace() {
            Pace::Stepped => return,
            Pace::Speed(speed) => venue.advance_to(venue.now() + at_speed(passed, speed)),
            Pace::Real => venue.advance_to(world.now()),
        }
    }
}

/// How much of the venue's time goes by.
fn at_speed(passed: Duration, speed: f64) -> TimeDelta {
    let nanos = passed.as_nanos() as f64 * speed.clamp(0.0, SPEED_MAX);
    TimeDelta::nanoseconds(nanos as i64)
}
