//! Both streams end to end on loopback, against a server that follows a script.
//!
//! Nothing sleeps and nothing measures time: every step waits for a frame or an event, with one bound for all.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod account;
mod data;
mod rest;
mod server;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use broker::alpaca::{
    Config,
    stream::{Events, Waits},
};
use market::{Calendar, Feed, NyDate, Session, TimeDelta, Timestamp};

pub(crate) const KEY: &str = "PKSTREAM";
pub(crate) const SECRET: &str = "hunter2-hunter2";

/// What any step may take before the test has failed.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn patient<F: Future>(what: &str, step: F) -> F::Output {
    tokio::time::timeout(PATIENCE, step).await.unwrap_or_else(|_| panic!("waited in vain for {what}"))
}

/// The next event that a test wants to see.
pub(crate) async fn until<E: std::fmt::Debug, T>(
    events: &mut Events<E>,
    what: &str,
    wanted: impl Fn(&E) -> Option<T>,
) -> T {
    patient(what, async {
        loop {
            let event = events.next().await.unwrap_or_else(|| panic!("the stream ended before {what}"));
            assert!(!format!("{event:?}").contains(SECRET), "a key in {event:?}");
            if let Some(found) = wanted(&event) {
                return found;
            }
        }
    })
    .await
}

pub(crate) fn config(base_url: &str) -> Config {
    let url = || base_url.parse().unwrap();
    Config::new(url(), url(), KEY.into(), SECRET.into(), Feed::Iex)
}

/// Short pauses; everything else as usual.
pub(crate) fn waits() -> Waits {
    let (short, longer) = (Duration::from_millis(2), Duration::from_millis(20));
    Waits {
        tick: short,
        pause_first: short,
        pause_most: longer,
        slow_first: short,
        slow_most: longer,
        refill_again: short,
        ..Waits::default()
    }
}

pub(crate) fn session() -> Session {
    let day: NyDate = "2026-11-20".parse().unwrap();
    Calendar::nyse().session_on(day).unwrap().unwrap()
}

/// A clock that goes on by so many seconds each time somebody looks.
pub(crate) fn clock(seconds: i64) -> impl Fn() -> Timestamp + Send + Sync + 'static {
    let looks = Arc::new(AtomicI64::new(0));
    move || {
        session().open + TimeDelta::minutes(30) + TimeDelta::seconds(seconds * looks.fetch_add(1, Ordering::Relaxed))
    }
}
