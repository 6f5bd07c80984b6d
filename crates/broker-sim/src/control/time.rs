//! The venue's clock: read, moved, slept by, lied about, and lagged behind.

use ::venue::config::Lag;
use axum::{
    body::Body,
    extract::{ConnectInfo, Request as HttpRequest, State},
    http::Response as HttpResponse,
};
use market::{TimeDelta, Timestamp};
use serde::Deserialize;
use serde_json::json;

use super::{Answer, Refused, body};
use crate::{
    http::{Shell, cut, json_response},
    lies::WrongCalendar,
    severable::Line,
    sleepers::{Bed, Sleeper, Woken},
};

/// One step of the clock is at most ten years of seconds.
const STEP_SECONDS_MAX: f64 = 315_360_000.0;
/// A clock lies by at most a year, in seconds.
const SKEW_SECONDS_MAX: i64 = 31_536_000;

/// Reads are late by at most a day, in milliseconds.
const LAG_MS_MAX: u32 = 86_400_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Advance {
    to: Option<Timestamp>,
    seconds: Option<f64>,
}

#[derive(Deserialize)]
struct SleepRequest {
    participant: String,
    until: Timestamp,
    #[serde(default)]
    updates: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Skew {
    seconds: i64,
}

/// In milliseconds; what is not said stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LagWish {
    activities: Option<u32>,
    positions: Option<u32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wrong {
    wrong: WrongCalendar,
}

/// Without keys: programs that have none (a gate) must know the time too.
pub(super) async fn clock(State(shell): State<Shell>) -> HttpResponse<Body> {
    told(&shell)
}

/// Answers when everything up to the instant has happened.
pub(super) async fn advance(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let asked: Advance = body(request).await?;
    if shell.venue.pace().is_real() {
        return Err(Refused(409, "the clock is real: nobody moves it".to_owned()));
    }
    let to = match (asked.to, asked.seconds) {
        (Some(to), None) => to,
        (None, Some(seconds)) if (0.0..=STEP_SECONDS_MAX).contains(&seconds) => {
            shell.venue.now() + TimeDelta::nanoseconds((seconds * 1e9) as i64)
        }
        (None, Some(_)) => return Err(Refused(422, "seconds are 0 to ten years".to_owned())),
        (Some(_), Some(_)) | (None, None) => return Err(Refused(422, "either to or seconds".to_owned())),
    };
    shell.venue.advance_as_heard(to).await;
    Ok(told(&shell))
}

/// Answers when the venue's clock has come to the instant; with `updates`, when something becomes of an order before, too.
pub(super) async fn sleep(
    State(mut shell): State<Shell>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: HttpRequest,
) -> Answer {
    let SleepRequest { participant, until, updates } = body(request).await?;
    let venue = shell.venue.clone();
    let (woken, guard) = match venue.lie_down(Sleeper { participant, until, updates }) {
        Bed::Awake(woken) => return Ok(awake(woken)),
        Bed::Full => return Err(Refused(503, "too many sleepers".to_owned())),
        Bed::Asleep(woken, guard) => (woken, guard),
    };
    let woken = tokio::select! {
        woken = woken => woken.ok(),
        () = shell.stopping() => None,
    };
    drop(guard);
    Ok(woken.map_or_else(|| cut(&line), awake))
}

fn awake((now, by): Woken) -> HttpResponse<Body> {
    json_response(200, &json!({"now": now, "woken_by": by}))
}

/// Who waits for the venue's clock: whoever steps it by hand waits until a program sleeps again.
pub(super) async fn sleepers(State(shell): State<Shell>) -> HttpResponse<Body> {
    let told = |sleeper: &Sleeper| json!({"participant": sleeper.participant, "until": sleeper.until});
    json_response(200, &json!({"sleepers": shell.venue.sleepers().iter().map(told).collect::<Vec<_>>()}))
}

/// Wakes who sleeps and wants to know of updates, for whatever else they look at.
pub(super) async fn rouse(State(shell): State<Shell>) -> HttpResponse<Body> {
    shell.venue.rouse();
    told(&shell)
}

pub(super) async fn skew(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let Skew { seconds } = body(request).await?;
    if !(-SKEW_SECONDS_MAX..=SKEW_SECONDS_MAX).contains(&seconds) {
        return Err(Refused(422, "a clock lies by at most a year".to_owned()));
    }
    shell.venue.change_lies(|lies| lies.skew_seconds = seconds);
    Ok(told(&shell))
}

pub(super) async fn calendar(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let Wrong { wrong } = body(request).await?;
    shell.venue.change_lies(|lies| lies.calendar = wrong);
    Ok(told(&shell))
}

/// How late reads tell of fills.
pub(super) async fn lag(State(shell): State<Shell>, request: HttpRequest) -> Answer {
    let LagWish { activities, positions } = body(request).await?;
    if activities.into_iter().chain(positions).any(|ms| ms > LAG_MS_MAX) {
        return Err(Refused(422, "reads are late by at most a day".to_owned()));
    }
    let or = |ms: Option<u32>, before: TimeDelta| ms.map_or(before, |ms| TimeDelta::milliseconds(ms.into()));
    shell.venue.with_engine(|engine, _| {
        let before = engine.config().lag;
        let lag = Lag { activities: or(activities, before.activities), positions: or(positions, before.positions) };
        engine.set_lag(lag);
    });
    Ok(told(&shell))
}

/// The venue's true time, which every change of it answers with.
pub(super) fn told(shell: &Shell) -> HttpResponse<Body> {
    json_response(200, &json!({"timestamp": shell.venue.now()}))
}
