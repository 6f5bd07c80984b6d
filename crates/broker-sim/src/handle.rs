//! The handle to a running venue: its clock, its truth, and the seat of whoever wants to interfere.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use market::Timestamp;
use tokio::sync::watch;

use ::venue::{Config, Engine, Market, Request, Response};

use crate::{
    sleepers::{Bed, Sleeper, Sleepers},
    truth::Truth,
};

/// The request log forgets the oldest beyond this.
const REQUEST_LOG_MAX: usize = 10_000;

/// A trading or data request as the venue saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestSeen {
    /// 1 for the first.
    pub number: u64,
    /// `GET`, `POST`, ...
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The query as it came, without the `?`; empty when there was none.
    pub query: String,
    /// The body as text.
    pub body: String,
}

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

type Interceptor = Box<dyn FnMut(&RequestSeen, Moment) -> Verdict + Send>;

/// A venue. Cheap to clone; all clones are the same venue.
#[derive(Clone)]
pub struct Venue(Arc<Shared>);

struct Shared {
    engine: Mutex<Engine>,
    sleepers: Sleepers,
    interceptor: Mutex<Option<Interceptor>>,
    requests: Mutex<Requests>,
}

#[derive(Default)]
struct Requests {
    count: u64,
    log: VecDeque<RequestSeen>,
}

impl Venue {
    /// A venue at its start instant, with a flat account.
    #[must_use]
    pub fn new(config: Config, market: impl Into<Market>) -> Self {
        let sleepers = Sleepers::new(config.start);
        Self(Arc::new(Shared {
            engine: Mutex::new(Engine::new(config, market)),
            sleepers,
            interceptor: Mutex::new(None),
            requests: Mutex::new(Requests::default()),
        }))
    }

    /// The venue's time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.engine().now()
    }

    /// Moves time on: every tick in between happens, in order, then sleepers whose time has come wake. An instant that
    /// is not later than now changes nothing.
    pub fn advance_to(&self, to: Timestamp) {
        let now = {
            let mut engine = self.engine();
            engine.advance_to(to);
            engine.now()
        };
        self.0.sleepers.wake(now);
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

    /// What the venue really holds.
    #[must_use]
    pub fn truth(&self) -> Truth {
        Truth::of(&mut self.engine())
    }

    /// Everything that happened to orders, one JSON object a line.
    #[must_use]
    pub fn event_log(&self) -> String {
        self.engine().event_log()
    }

    /// Asks the closure before and after every trading or data request; replaces the one before. It may use the venue,
    /// but not intercept again.
    pub fn intercept(&self, interceptor: Box<dyn FnMut(&RequestSeen, Moment) -> Verdict + Send>) {
        *lock(&self.0.interceptor) = Some(interceptor);
    }

    /// The latest trading and data requests, oldest first; at most 10,000.
    #[must_use]
    pub fn request_log(&self) -> Vec<RequestSeen> {
        lock(&self.0.requests).log.iter().cloned().collect()
    }

    /// Answers a request as the HTTP shell would, without interception or log.
    #[must_use]
    pub fn handle(&self, request: &Request) -> Response {
        self.engine().handle(request)
    }

    pub(crate) fn record(&self, method: &str, path: &str, query: &str, body: &str) -> RequestSeen {
        let mut requests = lock(&self.0.requests);
        requests.count += 1;
        let seen = RequestSeen {
            number: requests.count,
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            body: body.to_owned(),
        };
        if requests.log.len() == REQUEST_LOG_MAX {
            requests.log.pop_front();
        }
        requests.log.push_back(seen.clone());
        seen
    }

    pub(crate) fn ask(&self, seen: &RequestSeen, moment: Moment) -> Verdict {
        lock(&self.0.interceptor).as_mut().map_or(Verdict::Pass, |interceptor| interceptor(seen, moment))
    }

    pub(crate) fn lie_down(&self, sleeper: Sleeper) -> Bed<'_> {
        self.0.sleepers.lie_down(sleeper)
    }

    fn engine(&self) -> MutexGuard<'_, Engine> {
        lock(&self.0.engine)
    }
}

/// A panic in an interceptor must not hide the books from the test that wants to see them.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
