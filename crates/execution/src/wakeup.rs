//! What the loop waits for between two cycles: one closed list, taken one at a time.
//!
//! By the machine's clock the account's stream rings the doorbell, and the end of a wait is fixed when it begins: a clock
//! that is set meanwhile changes nothing. By a venue's clock the venue itself ends the wait where something became of an
//! order, and what the websocket tells only measures silence: a rehearsed day is the same each time.

use std::{
    future::pending,
    pin::{Pin, pin},
    time::Duration,
};

use anyhow::Context;
use broker::Broker;
use contract::ExitCode;
use market::{TimeDelta, Timestamp};
use service::{PacerError, Woken};
use tokio::time::{Instant, interval, sleep_until};
use trading::drop_copy::Listing;

use crate::{engine::Engine, stream::Heard};

/// Between two glances at the kill switch's file, in real time: somebody waits for it to be noticed.
const GLANCE: Duration = Duration::from_secs(1);

/// Why a wait ended, or was interrupted.
pub(crate) enum Wakeup {
    /// The time waited for has come.
    Due,
    /// The doorbell: something became of an order of the account.
    Rung,
    /// By a venue's clock: something became of an order, or the rehearsal calls.
    Roused,
    /// The account's stream, or its follower, has a word.
    Stream(Heard),
    /// The kill switch stands otherwise than when it was last seen.
    KillSwitch,
    /// By the machine's clock: it is time to read the drop copy.
    CopyDue,
    /// The drop copy was read, or could not be.
    DropCopy(Result<Listing, String>),
    /// The process is asked to end, by this signal.
    Asked(&'static str),
}

/// A wait under way: it goes on over whatever interrupts it. By a venue's clock it is one request, and time stands still
/// without it.
type Sleep = Pin<Box<dyn Future<Output = Result<Woken, PacerError>>>>;

/// The drop copy being read: no word of the stream's begins it anew.
type Reading<F> = Option<Pin<Box<F>>>;

impl<B: Broker> Engine<B> {
    /// Waits for the next look, giving signs of life and doing what is due meanwhile; `Some` when the process is asked to
    /// end. A reading of the drop copy that is under way at the end is given up.
    pub(crate) async fn wait(&mut self, now: Timestamp, until: Timestamp) -> anyhow::Result<Option<&'static str>> {
        let (mut now, is_venue) = (now, self.pacer.is_venue());
        let mut sleep = self.sleep(now, until);
        loop {
            let due = self.copy_due(now);
            let reads = due.is_some_and(|due| due <= now);
            let later = due.filter(|due| !reads && *due < until);
            let mut reading = reads.then(|| Box::pin(self.list_fills(now)));
            if is_venue {
                // The venue's clock stands still unless everybody sleeps, so this ends where something is due.
                sleep = self.sleep(now, later.unwrap_or(until));
            }
            let alarm = later.filter(|_| !is_venue).map(|due| Instant::now() + duration(due.since(now)));
            let listed = loop {
                match self.wakeup(&mut sleep, alarm, &mut reading).await? {
                    Wakeup::Due if is_venue && later.is_some() => break None,
                    Wakeup::CopyDue => break None,
                    Wakeup::Due | Wakeup::Rung => return Ok(None),
                    Wakeup::Roused => {
                        self.bell.ring(Instant::now());
                        return Ok(None);
                    }
                    Wakeup::KillSwitch => {
                        tracing::info!("the kill switch stands otherwise than before");
                        self.memory.kill_seen = self.kill_level();
                        return Ok(None);
                    }
                    Wakeup::Stream(heard) => {
                        if self.hear(heard) && !is_venue {
                            self.bell.ring(Instant::now());
                        }
                    }
                    Wakeup::DropCopy(listed) => break Some(listed),
                    Wakeup::Asked(signal) => return Ok(Some(signal)),
                }
            };
            if let Some(listed) = listed {
                let looks = self.compare(listed, now);
                self.write_words();
                if looks {
                    return Ok(None);
                }
            }
            now = self.now().context(ExitCode::BrokerUnavailable)?;
            if is_venue && now >= until {
                return Ok(None);
            }
        }
    }

    fn sleep(&self, now: Timestamp, until: Timestamp) -> Sleep {
        let pacer = self.pacer.clone();
        Box::pin(async move { pacer.sleep(now, until).await })
    }

    /// The next thing that happens. Nothing is lost by being waited for again.
    async fn wakeup<F: Future<Output = Result<Listing, String>>>(
        &self,
        sleep: &mut Sleep,
        alarm: Option<Instant>,
        reading: &mut Reading<F>,
    ) -> anyhow::Result<Wakeup> {
        let (mut beat, mut glance) = (interval(self.supervisor.beat()), interval(GLANCE));
        let is_venue = self.pacer.is_venue();
        // A rehearsed day is not to go on while it is read.
        let sleeps = !is_venue || reading.is_none();
        let read = async {
            match reading {
                Some(reading) => reading.await,
                None => pending().await,
            }
        };
        let (mut rung, mut alarm) = (pin!(at(self.bell.due().filter(|_| !is_venue))), pin!(at(alarm)));
        let mut read = pin!(read);
        loop {
            tokio::select! {
                biased;
                signal = self.signals.wait() => return Ok(Wakeup::Asked(signal)),
                _ = beat.tick() => self.supervisor.alive(),
                () = &mut rung => return Ok(Wakeup::Rung),
                woken = &mut *sleep, if sleeps => {
                    return Ok(match woken.context(ExitCode::BrokerUnavailable)? {
                        Woken::Time => Wakeup::Due,
                        Woken::Early => Wakeup::Roused,
                    });
                }
                _ = glance.tick() => {
                    if self.kill_level() != self.memory.kill_seen {
                        return Ok(Wakeup::KillSwitch);
                    }
                }
                () = &mut alarm => return Ok(Wakeup::CopyDue),
                listed = &mut read => return Ok(Wakeup::DropCopy(listed)),
                // The last: a storm of words keeps nothing else waiting.
                heard = self.stream.next() => return Ok(Wakeup::Stream(heard)),
            }
        }
    }
}

/// At an instant, or never.
async fn at(instant: Option<Instant>) {
    match instant {
        Some(instant) => sleep_until(instant).await,
        None => pending().await,
    }
}

fn duration(delta: TimeDelta) -> Duration {
    delta.to_std().unwrap_or_default()
}
