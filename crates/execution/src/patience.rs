//! How long the loop waits for whom. It gives signs of life while it waits: a broker that does not answer must end in an
//! error that is told, never in the supervisor's watchdog.
//!
//! What protection needs is waited for as long as the client itself does; what it can do without delays it by these.

use std::time::{Duration, Instant};

use broker::{Broker, ReadError};

use crate::engine::Engine;

/// Limits in real time: systemd's patience is real, and so is a broker's silence.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For what protection can do without, before it: clock, calendar, quotes, each question about an order.
    pub aside: Duration,
    /// For each thing that only trailing, trims and openings need.
    pub market: Duration,
    /// For executions.
    pub executions: Duration,
    /// For the cycles of a process that is asked to end: a third of the unit's stop timeout.
    pub ending: Duration,
    /// For a start to reach the broker and to look once; then it gives way to a fresh one. Less than the unit's start
    /// timeout, so that the exit code says what was wrong.
    pub start: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            aside: seconds(3),
            market: seconds(5),
            executions: seconds(10),
            ending: seconds(20),
            start: seconds(100),
        }
    }
}

impl<B: Broker> Engine<B> {
    /// Waits with signs of life. For work that ends: the client has time limits on everything.
    pub(crate) async fn beating<T>(&self, work: impl Future<Output = T>) -> T {
        beating(self.supervisor.beat(), || self.supervisor.alive(), work).await
    }

    /// The same for a read that protection can do without, up to a limit; the error in words. While the process is ending no
    /// such read takes more than a quarter of the time that is left, so that time for protection always is.
    pub(crate) async fn within<T>(
        &self,
        limit: Duration,
        read: impl Future<Output = Result<T, ReadError>>,
    ) -> Result<T, String> {
        let left = self.end_by.map(|by| by.saturating_duration_since(Instant::now()) / 4);
        let limit = left.map_or(limit, |left| limit.min(left));
        match self.beating(tokio::time::timeout(limit, read)).await {
            Ok(answer) => answer.map_err(|error| error.to_string()),
            Err(_) => Err(format!("no answer within {} ms", limit.as_millis())),
        }
    }
}

async fn beating<T>(period: Duration, mut beat: impl FnMut(), work: impl Future<Output = T>) -> T {
    let mut ticks = tokio::time::interval(period);
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => return done,
            _ = ticks.tick() => beat(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::poll_fn, task::Poll};

    use super::*;

    #[tokio::test]
    async fn a_long_wait_gives_signs_of_life() {
        let beats = Cell::new(0);
        let until_third = poll_fn(|_| if beats.get() < 3 { Poll::Pending } else { Poll::Ready("done") });
        let beat = || beats.set(beats.get() + 1);
        assert_eq!(beating(Duration::from_millis(1), beat, until_third).await, "done");
    }
}
