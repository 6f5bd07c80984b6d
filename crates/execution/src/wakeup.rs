//! What the loop waits for between two cycles: one closed list, taken one at a time.
//!
//! By the machine's clock the account's stream rings the doorbell; by a venue's clock the venue itself ends the wait where
//! something became of an order, and what the websocket tells only measures silence: a rehearsed day is the same each time.

use std::{pin::Pin, time::Duration};

use anyhow::Context;
use broker::Broker;
use contract::ExitCode;
use market::Timestamp;
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
    /// The drop copy was read, or could not be.
    DropCopy(Result<Listing, String>),
    /// The process is asked to end, by this signal.
    Asked(&'static str),
}

/// A wait under way: it goes on over whatever interrupts it. By a venue's clock it is one request, and time stands still
/// without it.
type Sleep = Pin<Box<dyn Future<Output = Result<Woken, PacerError>>>>;

impl<B: Broker> Engine<B> {
    /// Waits for the next look, giving signs of life and doing what is due meanwhile; `Some` when the process is asked to
    /// end.
    pub(crate) async fn wait(&mut self, now: Timestamp, until: Timestamp) -> anyhow::Result<Option<&'static str>> {
        let mut now = now;
        loop {
            let copy_due = self.hours(now).and_then(|session| self.copying.due(&session));
            let reads = copy_due.is_some_and(|due| due <= now);
            let target = copy_due.filter(|_| !reads).map_or(until, |due| until.min(due));
            let mut sleep = self.sleep(now, target);
            let reading = reads.then_some(now);
            let ended = loop {
                match self.wakeup(&mut sleep, reading).await? {
                    Wakeup::Due if target < until => break None,
                    Wakeup::Due | Wakeup::Rung | Wakeup::Roused => return Ok(None),
                    Wakeup::KillSwitch => {
                        tracing::info!("the kill switch stands otherwise than before");
                        self.memory.kill_seen = self.kill_level();
                        return Ok(None);
                    }
                    Wakeup::Stream(heard) => {
                        if self.hear(heard) {
                            self.ring(reads);
                        }
                        if self.bell.is_overdue(Instant::now()) {
                            return Ok(None);
                        }
                    }
                    Wakeup::DropCopy(listed) => break Some(listed),
                    Wakeup::Asked(signal) => return Ok(Some(signal)),
                }
            };
            if let Some(listed) = ended {
                self.compare(listed, now);
                self.write_words();
            }
            now = self.now().context(ExitCode::BrokerUnavailable)?;
            if now >= until {
                return Ok(None);
            }
        }
    }

    fn ring(&mut self, reads: bool) {
        if self.pacer.is_venue() {
            return;
        }
        self.bell.ring(Instant::now());
        if reads {
            self.copying.was_cut_short();
        }
    }

    fn sleep(&self, now: Timestamp, until: Timestamp) -> Sleep {
        let pacer = self.pacer.clone();
        Box::pin(async move { pacer.sleep(now, until).await })
    }

    /// The next thing that happens. Nothing is lost by being waited for again, but a reading of the drop copy.
    async fn wakeup(&self, sleep: &mut Sleep, reading: Option<Timestamp>) -> anyhow::Result<Wakeup> {
        let (mut beat, mut glance) = (interval(self.supervisor.beat()), interval(GLANCE));
        let read = async {
            match reading {
                Some(now) => self.list_fills(now).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(read);
        // A word cuts a reading short, which is then asked for again: never on a rehearsed day, whose requests are the same.
        let listens = reading.is_none() || !self.pacer.is_venue() && self.copying.may_be_cut_short();
        let due = self.bell.due().filter(|_| listens);
        loop {
            tokio::select! {
                biased;
                signal = self.signals.wait() => return Ok(Wakeup::Asked(signal)),
                _ = beat.tick() => self.supervisor.alive(),
                heard = self.stream.next(), if listens => return Ok(Wakeup::Stream(heard)),
                _ = glance.tick() => {
                    if self.kill_level() != self.memory.kill_seen {
                        return Ok(Wakeup::KillSwitch);
                    }
                }
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => return Ok(Wakeup::Rung),
                listed = &mut read, if reading.is_some() => return Ok(Wakeup::DropCopy(listed)),
                woken = &mut *sleep, if reading.is_none() => {
                    return Ok(match woken.context(ExitCode::BrokerUnavailable)? {
                        Woken::Time => Wakeup::Due,
                        Woken::Early => Wakeup::Roused,
                    });
                }
            }
        }
    }
}
