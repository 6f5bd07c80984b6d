//! The account's stream, listened to beside the loop: a doorbell, and the measure of its own silence.
//!
//! What it tells decides nothing: a fill or the end of an order makes the next look come at once, and the look reads REST.
//! The follower has a client of its own, reads what it may have missed, and runs as a task of the same thread; it is
//! aborted with the engine. One that the broker has refused for good is tried again after a while: a process that ends
//! over a stream would protect nothing.

mod bell;
mod watch;

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use anyhow::Context as _;
use broker::{
    Broker,
    alpaca::{
        self, Alpaca,
        stream::{AccountEvent, Events, Start, Waits, follow_account},
    },
};
use contract::{Env, ExitCode, ProgramClock};
use market::{NyDate, Symbol, TimeDelta, Timestamp};
use tokio::{task::JoinHandle, time::Instant};

pub(crate) use bell::Bell;
pub(crate) use watch::{Meaning, Watch};

use crate::{config::Config, engine::Engine};

/// Says in `User-Agent` whose reads these are; a rehearsal does not count them as the loop's.
const ROLE: &str = "stream";
/// The first pause before a follower that ended for good has a successor; each after that is twice as long.
const AGAIN_FIRST: Duration = Duration::from_secs(60);
/// The longest of those.
const AGAIN_MOST: Duration = Duration::from_secs(960);
/// By a venue's clock a start waits for the first word so long, in real time: else it would come at any venue instant.
const FIRST_WORD: Duration = Duration::from_secs(5);

/// A word of the stream's.
#[derive(Debug)]
pub(crate) enum Heard {
    /// An event.
    Event(Box<AccountEvent>),
    /// The follower is gone.
    Ended,
    /// It is time for another.
    Again,
}

/// The follower, and what it says of itself.
pub(crate) struct Stream {
    connection: alpaca::Config,
    env: Env,
    waits: Waits,
    /// By the machine's clock: when it began, by one that nobody sets and by the other.
    began: Option<(Instant, Timestamp)>,
    link: RefCell<Link>,
    /// Successors so far without a word in between.
    ended: u32,
}

enum Link {
    Followed { events: Events<AccountEvent>, _follower: Follower },
    Over { again_at: Instant },
}

/// A task that ends with what listens to it.
struct Follower(JoinHandle<()>);

impl Drop for Follower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What is in doubt since the stream said so: opened when REST alone has told all of it.
#[derive(Debug, Default)]
pub(crate) struct Doubts {
    /// Symbols, for the rest of their day.
    symbols: Vec<(NyDate, Symbol)>,
    /// Something of no known symbol came: all of them, until the executions were read back.
    all: bool,
}

impl Stream {
    /// Follows from now on. Within a runtime.
    ///
    /// # Errors
    /// When the configuration makes no client; a configuration error.
    pub fn follow(config: &Config, env: &Env, broker: &impl Broker, now: Timestamp) -> anyhow::Result<Self> {
        let waits = if config.venue.is_some() { in_venue_time() } else { Waits::default() };
        // On a rehearsed day what the follower hears, at whatever instant, changes nothing that the loop may send.
        let beside = broker.reckoning().filter(|_| config.venue.is_none());
        let connection = alpaca::Config { beside, ..connection(config) };
        let began = config.venue.is_none().then(|| (Instant::now(), now));
        let link = RefCell::new(begin(&connection, env, now, waits).context(ExitCode::BadConfig)?);
        Ok(Self { connection, env: env.clone(), waits, began, link, ended: 0 })
    }

    /// The instant by which its silence is measured: the venue's, or one that goes on whatever the machine's clock is set to.
    fn steady(&self, now: Timestamp) -> Timestamp {
        self.began.map_or(now, |(begin, at)| steady(begin, at, Instant::now()))
    }

    /// The next word. Nothing is borrowed between two polls, and a wait that is given up loses nothing.
    pub async fn next(&self) -> Heard {
        let again_at = match &*self.link.borrow() {
            Link::Followed { .. } => None,
            Link::Over { again_at } => Some(*again_at),
        };
        match again_at {
            Some(at) => {
                tokio::time::sleep_until(at).await;
                Heard::Again
            }
            None => poll_fn(|context| self.poll(context)).await,
        }
    }

    /// What has come already, without waiting.
    fn told(&self) -> Option<Heard> {
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(heard) => Some(heard),
            Poll::Pending => None,
        }
    }

    fn poll(&self, context: &mut Context<'_>) -> Poll<Heard> {
        match &mut *self.link.borrow_mut() {
            Link::Followed { events, .. } => {
                let word = pin!(events.next()).poll(context);
                word.map(|event| event.map_or(Heard::Ended, |event| Heard::Event(Box::new(event))))
            }
            Link::Over { .. } => Poll::Pending,
        }
    }

    /// The follower is gone: another is tried later.
    fn over(&mut self) {
        let pause = AGAIN_FIRST.saturating_mul(2_u32.saturating_pow(self.ended)).min(AGAIN_MOST);
        self.ended = self.ended.saturating_add(1);
        *self.link.borrow_mut() = Link::Over { again_at: Instant::now() + pause };
    }

    fn again(&mut self, now: Timestamp) {
        match begin(&self.connection, &self.env, now, self.waits) {
            Ok(link) => *self.link.borrow_mut() = link,
            Err(error) => {
                tracing::warn!("the account's stream cannot be followed: {error:#}");
                self.over();
            }
        }
    }

    /// Follows anew, with other waits.
    #[cfg(test)]
    pub fn follow_with(&mut self, waits: Waits, now: Timestamp) {
        self.waits = waits;
        self.again(now);
    }
}

fn steady(begin: Instant, at: Timestamp, instant: Instant) -> Timestamp {
    TimeDelta::from_std(instant.saturating_duration_since(begin)).map_or(at, |elapsed| at + elapsed)
}

/// The same account and addresses as the loop's client, to read.
fn connection(config: &Config) -> alpaca::Config {
    let (trading, data) = (config.base_url.clone(), config.data_url.clone());
    let (key_id, secret_key) = (config.key_id.clone(), config.secret_key.clone());
    let connection = alpaca::Config::new(trading, data, key_id, secret_key, config.feed());
    alpaca::Config { expected: config.expected(), role: ROLE, is_aside: true, ..connection }
}

fn begin(connection: &alpaca::Config, env: &Env, now: Timestamp, waits: Waits) -> anyhow::Result<Link> {
    let (reader, clock) = (Alpaca::new(connection)?, ProgramClock::from_env(env)?);
    // Executions of before are in the ledger or read by the first look.
    let start = Start { since: now, known: Vec::new() };
    let (run, events) = follow_account(connection, reader, clock, start, waits)?;
    Ok(Link::Followed { events, _follower: Follower(tokio::spawn(run)) })
}

/// A venue's day goes by in seconds: pauses are short, so that a stream that was cut is back within venue minutes.
fn in_venue_time() -> Waits {
    let milliseconds = Duration::from_millis;
    Waits {
        tick: milliseconds(50),
        pause_first: milliseconds(20),
        pause_most: milliseconds(500),
        slow_first: milliseconds(200),
        slow_most: milliseconds(1_000),
        proved_after: milliseconds(1_000),
        compare_in_session: milliseconds(1_000),
        compare_outside: milliseconds(1_000),
        // Longer than any machine is busy: a stream that tells everything must not be called mute.
        grace: milliseconds(5_000),
        refill_again: milliseconds(100),
        refill_again_most: milliseconds(1_000),
        ..Waits::default()
    }
}

impl Doubts {
    /// Why nothing of the symbol is opened, if so.
    pub fn of(&self, symbol: Symbol, date: NyDate) -> Option<String> {
        let named = self.symbols.contains(&(date, symbol));
        (self.all || named).then(|| "what the stream told of its orders is in doubt".to_owned())
    }

    /// The executions were read from days back.
    pub fn read_back(&mut self) {
        self.all = false;
    }

    fn add(&mut self, symbol: Option<Symbol>, date: NyDate) {
        self.symbols.retain(|(of, _)| *of == date);
        match symbol {
            Some(symbol) if !self.symbols.contains(&(date, symbol)) => self.symbols.push((date, symbol)),
            Some(_) => {}
            None => self.all = true,
        }
    }
}

impl<B: Broker> Engine<B> {
    /// Takes in what the stream has told so far. Whether any of it asks for a look.
    pub(crate) fn listen(&mut self) -> bool {
        let mut rings = false;
        while let Some(heard) = self.stream.told() {
            rings |= self.hear(heard);
        }
        rings
    }

    /// By a venue's clock, waits for the stream's first word: live or lost, the day begins the same every time.
    pub(crate) async fn await_first_word(&mut self) {
        if !self.pacer.is_venue() {
            return;
        }
        let until = Instant::now() + FIRST_WORD;
        while !self.watch.has_a_word() {
            let Ok(heard) = tokio::time::timeout_at(until, self.stream.next()).await else { break };
            self.hear(heard);
        }
    }

    /// Takes in one word. Whether it asks for a look.
    pub(crate) fn hear(&mut self, heard: Heard) -> bool {
        let now = self.last_now();
        let event = match heard {
            Heard::Event(event) => event,
            Heard::Ended => {
                self.stream.over();
                self.watch.lost(self.stream.steady(now));
                return false;
            }
            Heard::Again => {
                self.stream.again(now);
                return false;
            }
        };
        match self.watch.take(&event, self.stream.steady(now)) {
            Meaning::Nothing => false,
            Meaning::Rings => true,
            Meaning::Live(silent) => {
                self.stream.ended = 0;
                if let Some(silent) = silent {
                    tracing::info!("the account's stream is back after {} s", silent.num_seconds());
                    self.alerts.forget(|subject| subject == "stream");
                }
                true
            }
            Meaning::Silent(why) => {
                tracing::warn!("the account's stream is lost or mute: {why}");
                false
            }
            Meaning::Doubt(symbol, why) => {
                self.doubt(symbol, &why, now);
                true
            }
        }
    }

    /// How long the stream has been silent, for the controls; told once it keeps openings back.
    pub(crate) fn stream_silent(&mut self, now: Timestamp) -> TimeDelta {
        let limit = self.config.limits.stream_silence;
        let steady = self.stream.steady(now);
        let silent = self.watch.silent(steady, limit);
        if self.watch.is_silent_for(steady, limit) {
            let text =
                format!("the account's stream has told nothing for {} s, nothing is opened", silent.num_seconds());
            self.alert_once(now, "stream", &text);
        }
        silent
    }

    /// REST alone is to be believed: all of it is read again at the next look.
    fn doubt(&mut self, symbol: Option<Symbol>, why: &str, now: Timestamp) {
        self.doubts.add(symbol, now.ny_date());
        self.memory.read_back_on = None;
        let of = symbol.map_or_else(|| "all".to_owned(), |symbol| symbol.to_string());
        self.alert_once(now, &format!("stream/{of}"), &format!("the account's stream, {of}: {why}; not opened"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_goes_on_by_a_clock_that_nobody_sets() {
        let (begin, at) = (Instant::now(), Timestamp::from_unix_seconds(1_800_000_000));
        for seconds in [0, 40, 3_600] {
            let instant = begin + Duration::from_secs(seconds);
            assert_eq!(steady(begin, at, instant), at + TimeDelta::seconds(seconds as i64));
        }
    }
}
