//! The handle to a running venue: its clock, its truth, and the seat of whoever wants to interfere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ::venue::{Config, Engine, Market, Request, Response};
use market::{Calendar, Symbol, TimeDelta, Timestamp};
use tokio::sync::watch;

use crate::{
    exchange::Exchange,
    faults::{By, Fault, Plan},
    lies::Lies,
    pace::Pace,
    requests::{RequestLog, RequestSeen},
    reset::Reset,
    sleepers::{Bed, Sleeper, Sleepers},
    source::{Source, SourceError},
    streams::{DataPlan, Hub, StreamFault, StreamName},
    truth::Truth,
};

/// With somebody listening to the streams, a session goes by in stretches of at most this.
const STRETCH: TimeDelta = TimeDelta::seconds(60);

/// When an interceptor is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// The venue has done nothing yet.
    Before,
    /// The venue has acted; the answer has not been sent.
    After,
}

/// What an interceptor wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Go on.
    Pass,
    /// Close the connection without an answer.
    Drop,
    /// Say nothing and keep the connection open until the server stops.
    Hang,
}

/// How much of the event log somebody has seen; nothing by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    resets: u64,
    events: usize,
}

type Interceptor = Box<dyn FnMut(&RequestSeen, Moment) -> Verdict + Send>;

/// A venue. Cheap to clone; all clones are the same venue.
#[derive(Clone)]
pub struct Venue(Arc<Shared>);

struct Shared {
    /// The configuration to begin with, which a reset goes back to.
    config: Config,
    source: Source,
    pace: Pace,
    /// Locked before the hub, never after it.
    exchange: Mutex<Exchange>,
    hub: Hub,
    sleepers: Sleepers,
    interceptor: Mutex<Option<Interceptor>>,
    requests: Mutex<RequestLog>,
    plan: Mutex<Plan>,
    lies: Mutex<Lies>,
    /// Counts what may have made events.
    happenings: watch::Sender<u64>,
}

impl Venue {
    /// A venue at its start instant, with a flat account, whose time is moved by hand.
    #[must_use]
    pub fn new(config: Config, market: impl Into<Market>) -> Self {
        let market = market.into();
        let exchange = Exchange::new(&config, market.clone());
        Self::with(config, Source::given(market), Pace::Stepped, exchange)
    }

    /// A venue whose market is made anew at every reset, with a clock of the pace.
    ///
    /// # Errors
    /// When there is no market for the configuration.
    pub fn of(config: Config, source: Source, pace: Pace) -> Result<Self, SourceError> {
        let exchange = Exchange::new(&config, source.market(&config)?);
        Ok(Self::with(config, source, pace, exchange))
    }

    fn with(config: Config, source: Source, pace: Pace, exchange: Exchange) -> Self {
        Self(Arc::new(Shared {
            sleepers: Sleepers::new(config.start),
            exchange: Mutex::new(exchange),
            config,
            source,
            pace,
            hub: Hub::default(),
            interceptor: Mutex::new(None),
            requests: Mutex::new(RequestLog::default()),
            plan: Mutex::new(Plan::default()),
            lies: Mutex::new(Lies::default()),
            happenings: watch::Sender::new(0),
        }))
    }

    /// The venue's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.exchange().engine.now()
    }

    /// How its clock goes.
    #[must_use]
    pub fn pace(&self) -> Pace {
        self.0.pace
    }

    /// Moves time on: every tick in between happens, in order, then sleepers whose time has come wake. An instant that
    /// is not later than now changes nothing.
    pub fn advance_to(&self, to: Timestamp) {
        let now = {
            let mut exchange = self.exchange();
            loop {
                let stop = if self.0.hub.is_heard() { stretch(exchange.engine.now(), to) } else { to };
                exchange.advance_to(stop);
                self.0.hub.publish(&mut exchange.engine);
                if stop >= to {
                    break;
                }
            }
            exchange.engine.now()
        };
        self.came_to(now);
    }

    /// The same, but while somebody sleeps who wants to know of updates, no further than the instant at which something
    /// becomes of an order: who wakes then finds the venue at that instant. Where it stopped.
    pub fn advance_toward(&self, to: Timestamp) -> Timestamp {
        if !self.0.sleepers.listen() {
            self.advance_to(to);
            return self.now();
        }
        let now = {
            let mut exchange = self.exchange();
            loop {
                let stop = if self.0.hub.is_heard() { stretch(exchange.engine.now(), to) } else { to };
                let is_over = exchange.advance_to_outcome(stop) || stop >= to;
                self.0.hub.publish(&mut exchange.engine);
                if is_over {
                    break;
                }
            }
            exchange.engine.now()
        };
        self.came_to(now);
        now
    }

    /// Wakes everybody who sleeps and wants to know of updates, at this instant: something else happened that they look at.
    pub fn rouse(&self) {
        self.0.sleepers.rouse();
    }

    fn came_to(&self, now: Timestamp) {
        self.happened();
        let outcomes = self.exchange().engine.outcomes();
        self.0.sleepers.wake(now, outcomes);
    }

    /// The same as [`Venue::advance_to`], for a caller that can wait: with somebody listening, time goes on as they read. Others may ask the venue
    /// meanwhile, at an instant on the way.
    pub async fn advance_as_heard(&self, to: Timestamp) {
        loop {
            let stop = if self.0.hub.is_heard() { stretch(self.now(), to) } else { to };
            self.advance_to(stop);
            if stop >= to {
                return;
            }
            tokio::task::yield_now().await;
            self.0.hub.caught_up().await;
        }
    }

    /// The venue as it was at its beginning, but for what is asked for: nothing ordered, no faults, no lies, no request
    /// seen, every stream cut. An interceptor and the sleepers stay.
    ///
    /// # Errors
    /// When what is asked for cannot be; nothing has changed then.
    pub fn reset(&self, reset: &Reset) -> Result<Timestamp, crate::reset::ResetError> {
        let real = self.0.pace.is_real().then(|| self.now());
        let config = reset.applied_to(&self.0.config, real)?;
        let fresh = Exchange::new(&config, self.0.source.market(&config)?);
        let now = config.start;
        {
            let mut exchange = self.exchange();
            let resets = exchange.resets + 1;
            *exchange = fresh;
            exchange.resets = resets;
            exchange.engine.set_recent_sip(self.0.hub.plan().has_recent_sip());
            self.0.hub.cut_all();
            *lock(&self.0.plan) = Plan::default();
            *lock(&self.0.lies) = Lies::default();
            *lock(&self.0.requests) = RequestLog::default();
        }
        self.happened();
        self.0.sleepers.begin_anew(now);
        Ok(now)
    }

    /// Who sleeps, in the order they lay down.
    #[must_use]
    pub fn sleepers(&self) -> Vec<Sleeper> {
        self.0.sleepers.list()
    }

    /// Resolves on the first change of the list of sleepers after this call (not after the first poll).
    pub fn changed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut changes: watch::Receiver<u64> = self.0.sleepers.changes();
        async move {
            // An error means the venue is gone: nothing will ever change again, and nobody needs to wait for it.
            drop(changes.changed().await);
        }
    }

    /// Tells of everything that may have made events; a receiver sees every change after it was made.
    #[must_use]
    pub fn happenings(&self) -> watch::Receiver<u64> {
        self.0.happenings.subscribe()
    }

    /// What the venue really holds.
    #[must_use]
    pub fn truth(&self) -> Truth {
        Truth::of(&mut self.exchange().engine)
    }

    /// Everything that happened to orders, one JSON object a line.
    #[must_use]
    pub fn event_log(&self) -> String {
        self.exchange().engine.event_log()
    }

    /// The part of the event log somebody has not seen; after a reset, the whole log of the fresh venue.
    #[must_use]
    pub fn news(&self, seen: Seen) -> (Seen, String) {
        let exchange = self.exchange();
        let skip = if exchange.resets == seen.resets { seen.events } else { 0 };
        let (events, log) = exchange.engine.event_log_after(skip);
        (Seen { resets: exchange.resets, events }, log)
    }

    /// What may be traded.
    #[must_use]
    pub fn symbols(&self) -> Vec<Symbol> {
        self.exchange().symbols.clone()
    }

    /// Asks the closure before and after every trading or data request; replaces the one before. It may use the venue,
    /// but not intercept again.
    pub fn intercept(&self, interceptor: Box<dyn FnMut(&RequestSeen, Moment) -> Verdict + Send>) {
        *lock(&self.0.interceptor) = Some(interceptor);
    }

    /// The latest trading and data requests, oldest first; at most 10,000.
    #[must_use]
    pub fn request_log(&self) -> Vec<RequestSeen> {
        self.requests_seen().iter().map(|seen| RequestSeen::clone(seen)).collect()
    }

    /// Answers a request as the HTTP shell would, without interception, faults or log.
    #[must_use]
    pub fn handle(&self, request: &Request) -> Response {
        let (response, now, outcomes) = {
            let mut exchange = self.exchange();
            let response = exchange.engine.handle(request);
            // A request makes no prints: there is nothing new of the market.
            self.0.hub.publish_updates(&mut exchange.engine);
            (response, exchange.engine.now(), exchange.engine.outcomes())
        };
        self.happened();
        self.0.sleepers.tell(outcomes);
        if request.method == "GET" { self.lies().tell(&request.path, now, response) } else { response }
    }

    /// Sets what goes wrong from the next request on, in place of what was set before.
    pub fn set_faults(&self, plan: Plan) {
        *lock(&self.0.plan) = plan;
    }

    /// What the account may hear of the market, from the next request and the next connection on; resets keep it.
    pub fn set_plan(&self, plan: DataPlan) {
        self.0.hub.set_plan(plan);
        self.exchange().engine.set_recent_sip(plan.has_recent_sip());
    }

    /// Something is wrong with a stream from now on, in place of what was wrong with it before.
    pub fn set_stream_fault(&self, stream: StreamName, fault: StreamFault) {
        self.0.hub.set_fault(stream, fault);
    }

    /// Whether the keys are let in.
    pub(crate) fn admits(&self, key: &str, secret: &str) -> bool {
        self.exchange().engine.admits(key, secret).is_ok()
    }

    /// The engine, for what has no endpoint at the real venue; what it makes is told to the streams.
    pub(crate) fn with_engine<T>(&self, act: impl FnOnce(&mut Engine, &Hub) -> T) -> T {
        let (result, outcomes) = {
            let mut exchange = self.exchange();
            let result = act(&mut exchange.engine, &self.0.hub);
            self.0.hub.publish(&mut exchange.engine);
            (result, exchange.engine.outcomes())
        };
        self.happened();
        self.0.sleepers.tell(outcomes);
        result
    }

    pub(crate) fn hub(&self) -> &Hub {
        &self.0.hub
    }

    pub(crate) fn lies(&self) -> Lies {
        *lock(&self.0.lies)
    }

    pub(crate) fn change_lies(&self, change: impl FnOnce(&mut Lies)) {
        change(&mut lock(&self.0.lies));
    }

    /// How many requests met a fault of the plan so far.
    #[must_use]
    pub fn faults_met(&self) -> u64 {
        lock(&self.0.plan).met()
    }

    /// How many requests met this one, decided so.
    #[must_use]
    pub fn faults_met_with(&self, fault: Fault, by: By) -> u64 {
        lock(&self.0.plan).met_with(fault, by)
    }

    /// How many requests were beyond the venue's limit and answered 429.
    #[must_use]
    pub fn requests_limited(&self) -> u64 {
        lock(&self.0.requests).limited_count()
    }

    pub(crate) fn note_limited(&self) {
        lock(&self.0.requests).limited();
    }

    /// The fault that meets a request, the next in its plan. A stream's follower asks in real time, beside its program: its
    /// requests meet none, so that a seed gives the same faults to the same requests again.
    pub(crate) fn fault(&self, seen: &RequestSeen) -> Option<Fault> {
        if seen.is_of_a_stream() {
            return None;
        }
        let mut plan = lock(&self.0.plan);
        if plan.is_over() { None } else { plan.meet(&seen.method, &seen.path) }
    }

    /// A request that reaches the venue after a while of its clock; nobody is told the answer.
    pub(crate) fn arrive_late(&self, request: Request, after: TimeDelta) {
        self.exchange().arrive_late(request, after);
    }

    pub(crate) fn record(&self, line: (&str, &str, &str), body: &str, agent: String) -> Arc<RequestSeen> {
        lock(&self.0.requests).record(line, body.to_owned(), agent)
    }

    pub(crate) fn requests_seen(&self) -> Vec<Arc<RequestSeen>> {
        lock(&self.0.requests).latest()
    }

    pub(crate) fn ask(&self, seen: &RequestSeen, moment: Moment) -> Verdict {
        lock(&self.0.interceptor).as_mut().map_or(Verdict::Pass, |interceptor| interceptor(seen, moment))
    }

    pub(crate) fn lie_down(&self, sleeper: Sleeper) -> Bed<'_> {
        self.0.sleepers.lie_down(sleeper)
    }

    fn happened(&self) {
        self.0.happenings.send_modify(|count| *count += 1);
    }

    fn exchange(&self) -> MutexGuard<'_, Exchange> {
        lock(&self.0.exchange)
    }
}

/// Where the next stretch of time ends: between sessions nothing is told, so that is one, however long.
fn stretch(now: Timestamp, to: Timestamp) -> Timestamp {
    let calendar = Calendar::nyse();
    let under_way = calendar.session_on(now.ny_date()).ok().flatten().filter(|session| now <= session.close);
    let session = under_way.or_else(|| calendar.next_session(now.ny_date()).ok());
    let stop = session.map_or(to, |session| if now < session.open { session.open } else { now + STRETCH });
    stop.min(to)
}

/// A panic in an interceptor must not hide the books from the test that wants to see them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
