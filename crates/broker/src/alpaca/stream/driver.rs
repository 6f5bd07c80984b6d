//! The driver of a stream: a socket, a clock, REST and a channel round a pure core. It decides nothing.
//!
//! The socket is read whatever the consumer and REST do. Pauses, patience and pings go by tokio's clock, which no step of
//! the wall clock moves; what is said of instants and sessions goes by the clock given.

use std::{future::Future, pin::Pin, time::Duration};

use futures_util::FutureExt;
use market::{Calendar, Clock};
use tokio::{
    sync::{mpsc, watch},
    task::unconstrained,
    time::{Instant, MissedTickBehavior, interval},
};

use super::{
    backoff::Backoff,
    core::{Core, Lost, Moment},
    refusal::Again,
    session::{Conversation, Output},
    socket::{Incoming, Socket},
    subscription::Subscription,
    target::Target,
    waits::Waits,
};
use crate::ReadError;

/// Frames taken at a tick before anything is concluded from what has not come; a storm of them ends there.
const FRAMES_A_TICK: usize = 1_024;

/// Everything that runs a stream.
pub(super) struct Driver<C: Core, K> {
    pub(super) core: C,
    pub(super) target: Target,
    pub(super) waits: Waits,
    pub(super) clock: K,
    pub(super) events: mpsc::Sender<C::Event>,
    pub(super) wanted: watch::Receiver<Subscription>,
}

/// A connection and what is said on it.
struct Line {
    socket: Socket,
    conversation: Conversation,
    live_at: Option<Duration>,
    pinged: Duration,
    /// The last ping has been answered.
    ponged: bool,
}

/// What the driver's loop has waited for.
#[expect(clippy::large_enum_variant, reason = "one at a time, on the stack")]
enum Woken<T> {
    Room,
    Gone,
    Opened(Result<Socket, Lost>),
    Incoming(Result<Incoming, Lost>),
    Answered(Result<T, ReadError>),
    Wanted,
    Tick,
}

impl<C: Core, K: Clock> Driver<C, K> {
    /// Runs until the consumer is gone, or the broker has refused for good and the consumer has read that.
    pub(super) async fn run(self, fetch: impl AsyncFn(C::Ask) -> Result<C::Answer, ReadError>) {
        let Self { mut core, target, waits, clock, events, mut wanted } = self;
        let began = Instant::now();
        let subscriptions = (wanted.borrow_and_update().clone(), None);
        let backoff = Backoff::new(target.seed);
        let mut link = Link { line: None, subscriptions, connect_at: None, backoff, over: false };
        let mut ticks = interval(waits.tick);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let open = async || Socket::open(&target, &waits).await;
        let (mut opening, mut asking) = (Some(Box::pin(open())), None);
        while !link.over || core.has_next() {
            let woken = tokio::select! {
                permit = events.reserve(), if core.has_next() => match permit {
                    Ok(permit) => {
                        if let Some(event) = core.next() {
                            permit.send(event);
                        }
                        Woken::Room
                    }
                    Err(_) => Woken::Gone,
                },
                () = events.closed() => Woken::Gone,
                opened = ready(&mut opening) => Woken::Opened(opened),
                incoming = incoming(&mut link.line) => Woken::Incoming(incoming),
                answer = ready(&mut asking) => Woken::Answered(answer),
                Ok(()) = wanted.changed() => Woken::Wanted,
                _ = ticks.tick() => Woken::Tick,
            };
            let at = moment(&clock, began);
            let done = match woken {
                Woken::Gone => return,
                Woken::Room => Ok(()),
                Woken::Opened(opened) => opened.map(|socket| {
                    let subscriptions = link.subscriptions.clone();
                    link.line = Some(Line::new(socket, &target, subscriptions, &waits, at));
                }),
                Woken::Incoming(incoming) => incoming.map(|incoming| link.take(incoming)),
                Woken::Answered(answer) => {
                    core.answered(answer, at);
                    Ok(())
                }
                Woken::Wanted => {
                    link.want(wanted.borrow_and_update().clone());
                    Ok(())
                }
                Woken::Tick if link.is_due(at) => {
                    opening = Some(Box::pin(open()));
                    Ok(())
                }
                Woken::Tick => link.tick(&mut core, &waits, at).await,
            };
            let done = match done {
                Ok(()) => link.speak(&mut core, at).await,
                Err(lost) => Err(lost),
            };
            if let Err(lost) = done {
                link.lose(lost, &mut core, &waits, at);
            }
            if asking.is_none()
                && let Some(ask) = core.ask(at)
            {
                asking = Some(Box::pin(fetch(ask)));
            }
        }
    }
}

/// The instant by the clock given, and the time since the driver began by its own.
fn moment(clock: &impl Clock, began: Instant) -> Moment {
    let now = clock.now();
    let session = Calendar::nyse().session_on(now.ny_date()).ok().flatten();
    Moment { now, session, elapsed: began.elapsed() }
}

/// The connection, or when there is another.
struct Link {
    line: Option<Line>,
    /// What the next connection asks for, and what the server has confirmed last.
    subscriptions: (Subscription, Option<Subscription>),
    connect_at: Option<Duration>,
    backoff: Backoff,
    /// There will be none.
    over: bool,
}

impl Link {
    fn take(&mut self, incoming: Incoming) {
        if let Some(line) = &mut self.line {
            line.take(&incoming);
        }
    }

    fn want(&mut self, subscription: Subscription) {
        match &mut self.line {
            Some(line) => line.conversation.want(subscription),
            None => self.subscriptions.0 = subscription,
        }
    }

    /// Whether it is time to connect again; true once.
    fn is_due(&mut self, at: Moment) -> bool {
        self.connect_at.take_if(|due| at.elapsed >= *due).is_some()
    }

    /// A process that stood still wakes to a tick and to frames at once: what has come is heard before silence is judged.
    async fn catch_up<C: Core>(&mut self, core: &mut C, at: Moment) -> Result<(), Lost> {
        for _ in 0..FRAMES_A_TICK {
            let Some(incoming) = unconstrained(incoming(&mut self.line)).now_or_never() else { break };
            self.take(incoming?);
            self.speak(core, at).await?;
        }
        Ok(())
    }

    async fn tick<C: Core>(&mut self, core: &mut C, waits: &Waits, at: Moment) -> Result<(), Lost> {
        self.catch_up(core, at).await?;
        let Some(line) = &mut self.line else { return Ok(()) };
        line.tick(core, waits, at).await?;
        if line.lasted(at) >= waits.proved_after && core.is_proved() {
            self.backoff.proved();
        }
        Ok(())
    }

    async fn speak<C: Core>(&mut self, core: &mut C, at: Moment) -> Result<(), Lost> {
        match &mut self.line {
            Some(line) => line.speak(core, at).await,
            None => Ok(()),
        }
    }

    fn lose<C: Core>(&mut self, lost: Lost, core: &mut C, waits: &Waits, at: Moment) {
        if let Some(line) = self.line.take() {
            self.subscriptions = line.conversation.into_subscriptions();
        }
        self.connect_at = self.backoff.next(lost.again, waits).map(|pause| at.elapsed + pause);
        self.over = self.connect_at.is_none();
        core.lost(lost, at);
    }
}

impl Line {
    fn new(
        socket: Socket,
        target: &Target,
        subscriptions: (Subscription, Option<Subscription>),
        waits: &Waits,
        at: Moment,
    ) -> Self {
        let until = at.elapsed + waits.handshake;
        let conversation = Conversation::open(target.protocol, target.keys.clone(), subscriptions, until);
        Self { socket, conversation, live_at: None, pinged: at.elapsed, ponged: true }
    }

    fn take(&mut self, incoming: &Incoming) {
        match incoming {
            Incoming::Frame(bytes) => self.conversation.received(bytes),
            // It says nothing of what is told on the connection.
            Incoming::Pong => self.ponged = true,
            Incoming::Nothing => {}
        }
    }

    /// Pings, patience, and whether the core wants another connection.
    async fn tick<C: Core>(&mut self, core: &mut C, waits: &Waits, at: Moment) -> Result<(), Lost> {
        self.conversation.elapsed(at.elapsed);
        let since = at.elapsed.saturating_sub(self.pinged);
        if !self.ponged && since >= waits.pong_within {
            return Err(Lost { why: "a ping was not answered".to_owned(), again: Again::Soon });
        }
        if self.ponged && since >= waits.ping_every {
            (self.pinged, self.ponged) = (at.elapsed, false);
            self.socket.ping().await?;
        }
        match core.look(at).filter(|_| self.conversation.is_live()) {
            Some(why) => Err(Lost { why, again: Again::Soon }),
            None => Ok(()),
        }
    }

    /// Does what the conversation wants done.
    async fn speak<C: Core>(&mut self, core: &mut C, at: Moment) -> Result<(), Lost> {
        while let Some(output) = self.conversation.poll() {
            match output {
                Output::Send(frame) => self.socket.send(frame).await?,
                Output::Live => {
                    self.live_at = Some(at.elapsed);
                    core.live(at);
                }
                Output::Subscribed(subscription) => core.subscribed(subscription, at),
                Output::Message(message) => core.message(message, at),
                Output::Ended(refusal) => return Err(Lost::from(&refusal)),
                Output::Refused(refusal) => core.refused(refusal, at),
                Output::Unreadable(why) => core.unreadable(why, at),
            }
        }
        Ok(())
    }

    fn lasted(&self, at: Moment) -> Duration {
        self.live_at.map_or(Duration::ZERO, |live| at.elapsed.saturating_sub(live))
    }
}

/// What a future under way gives, once; for ever nothing when there is none.
async fn ready<F: Future>(under_way: &mut Option<Pin<Box<F>>>) -> F::Output {
    match under_way {
        Some(future) => {
            let output = future.as_mut().await;
            *under_way = None;
            output
        }
        None => std::future::pending().await,
    }
}

async fn incoming(line: &mut Option<Line>) -> Result<Incoming, Lost> {
    match line {
        Some(line) => line.socket.receive().await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
