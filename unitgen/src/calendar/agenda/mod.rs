//! The days ahead: what a deployment's timers start, and what the exchange and the clocks do on those days.
//!
//! Days are those of the manifest's zone; instants are written in UTC, in New York and in that zone. What is serialized here
//! is the JSON of `unitgen calendar`. Pure: the first day is an argument.

mod ics;
mod text;

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, Offset, SecondsFormat, TimeZone};
use chrono_tz::Tz;
use manifest::{Deployment, Job, Schedule};
use market::{Calendar, CalendarError, NyDate, TimeDelta, Timestamp};
use serde::Serialize;

use super::{Expression, ExpressionError, fires};

pub use ics::ics;
pub use text::text;

/// No agenda has more days than this.
pub const DAYS_MAX: u16 = 366;
/// Nor more fires; what is left out is said.
pub const FIRES_MAX: usize = 100_000;

/// The days ahead of a deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Agenda {
    /// The version of these fields.
    pub schema_version: u32,
    /// The deployment's name.
    pub deployment: String,
    /// The zone of the days.
    #[serde(serialize_with = "as_name")]
    pub zone: Tz,
    /// In order, without a gap.
    pub days: Vec<Day>,
    /// Jobs that no timer starts.
    pub untimed: Vec<Untimed>,
    /// Whether fires were left out, there being more than [`FIRES_MAX`].
    pub truncated: bool,
}

/// One day of the zone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// `Mon` to `Sun`.
    pub weekday: String,
    /// What the exchange does on the day of that date in New York.
    pub exchange: Exchange,
    /// Clocks that are put forward or back, in the zone and in New York.
    pub clock_changes: Vec<ClockChange>,
    /// What is started, in order.
    pub fires: Vec<TimerFire>,
}

/// A day of the exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Exchange {
    /// A whole session.
    Session {
        /// It opens.
        open: Timestamp,
        /// It closes.
        close: Timestamp,
    },
    /// A session that ends early.
    HalfDay {
        /// The occasion.
        reason: &'static str,
        /// It opens.
        open: Timestamp,
        /// It closes.
        close: Timestamp,
    },
    /// No session.
    Closed {
        /// The weekend, the holiday or the occasion.
        reason: &'static str,
    },
    /// Before or beyond what this release knows.
    Unknown {
        /// The first day known.
        first_known: NyDate,
        /// The last day known.
        last_known: NyDate,
    },
}

/// A zone's clocks are put forward or back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ClockChange {
    /// Whose.
    #[serde(serialize_with = "as_name")]
    pub zone: Tz,
    /// When.
    pub at: Timestamp,
    /// What they would show then, had nobody touched them: `02:00:00`.
    pub shown: NaiveTime,
    /// Seconds from UTC until then.
    pub offset_before_seconds: i32,
    /// Seconds from UTC from then on.
    pub offset_after_seconds: i32,
}

/// What a timer starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A service, which runs on.
    Service,
    /// A job, which ends.
    Job,
}

/// A timer starts something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TimerFire {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: Kind,
    /// When.
    pub utc: Timestamp,
    /// The same with New York's offset.
    pub new_york: String,
    /// The same with the offset of the zone.
    pub local: String,
    /// How it lies to the session of its day in New York.
    pub exchange: Relation,
    /// Missed while the host was off, it is made up for until then.
    pub made_up_until: Option<Timestamp>,
    /// What its success starts.
    pub on_success: Vec<String>,
}

/// How an instant lies to the session of its day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Relation {
    /// Before it.
    BeforeOpen {
        /// By so much.
        seconds: i64,
    },
    /// While the exchange is open.
    InSession,
    /// After it.
    AfterClose {
        /// By so much.
        seconds: i64,
    },
    /// There is none.
    NoSession {
        /// Why.
        reason: &'static str,
    },
    /// This release does not know.
    Unknown,
}

/// A job that no timer starts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Untimed {
    /// Its name.
    pub job: String,
    /// The jobs whose success starts it.
    pub after: Vec<String>,
}

impl Agenda {
    /// The agenda of so many days.
    ///
    /// # Errors
    /// When a schedule says what is not followed here.
    pub fn of(deployment: &Deployment, from: NaiveDate, days: u16) -> Result<Self, ExpressionError> {
        let timed: BTreeMap<&str, Timed<'_>> = timed(deployment).collect();
        let mut timers: Vec<(&str, Expression)> = Vec::new();
        for (name, timed) in &timed {
            for line in timed.schedule.on_calendar() {
                timers.push((name, line.parse()?));
            }
        }
        let zone = deployment.zone().tz();
        let days = u64::from(days.clamp(1, DAYS_MAX));
        let dates: Vec<NaiveDate> = (0..days).filter_map(|day| from.checked_add_days(Days::new(day))).collect();
        let end = dates.last().and_then(|last| last.checked_add_days(Days::new(1))).unwrap_or(from);
        let all = fires(timers.iter().map(|(name, expression)| (*name, expression)), midnight(zone, from));
        let end = midnight(zone, end);
        let mut all = all.take_while(|fire| fire.at < end);
        let mut by_date: BTreeMap<NaiveDate, Vec<TimerFire>> = BTreeMap::new();
        for fire in all.by_ref().take(FIRES_MAX) {
            by_date.entry(wall(fire.at, zone).date_naive()).or_default().push(timer_fire(
                fire.name,
                &timed[fire.name],
                zone,
                fire.at,
            ));
        }
        let truncated = all.next().is_some();
        let days = dates.into_iter().map(|date| day(zone, date, by_date.remove(&date).unwrap_or_default())).collect();
        let name = deployment.name().to_string();
        Ok(Self { schema_version: 1, deployment: name, zone, days, untimed: untimed(deployment), truncated })
    }
}

fn day(zone: Tz, date: NaiveDate, fires: Vec<TimerFire>) -> Day {
    let mut clock_changes = Vec::from_iter(clock_change(zone, date));
    if zone != Tz::America__New_York {
        clock_changes.extend(clock_change(Tz::America__New_York, date));
    }
    Day { date, weekday: date.weekday().to_string(), exchange: exchange_on(date), clock_changes, fires }
}

fn exchange_on(date: NaiveDate) -> Exchange {
    known_exchange_on(ny_day(date))
        .unwrap_or_else(|error| Exchange::Unknown { first_known: error.first, last_known: error.last })
}

fn ny_day(date: NaiveDate) -> NyDate {
    NyDate::new(date.year(), date.month(), date.day()).expect("a date of the calendar")
}

fn known_exchange_on(day: NyDate) -> Result<Exchange, CalendarError> {
    let calendar = Calendar::nyse();
    let Some(session) = calendar.session_on(day)? else {
        return Ok(Exchange::Closed { reason: calendar.closed_for(day)?.unwrap_or("no session") });
    };
    let (open, close) = (session.open, session.close);
    Ok(match calendar.half_day_for(day)? {
        Some(reason) => Exchange::HalfDay { reason, open, close },
        None => Exchange::Session { open, close },
    })
}

/// What has a timer, and what the manifest says of it.
struct Timed<'a> {
    schedule: &'a Schedule,
    /// `None` for a service.
    job: Option<&'a Job>,
}

fn timed(deployment: &Deployment) -> impl Iterator<Item = (&str, Timed<'_>)> {
    let services = deployment.services().filter_map(|service| {
        service.schedule().map(|schedule| (service.name().as_str(), Timed { schedule, job: None }))
    });
    let jobs = deployment
        .jobs()
        .filter_map(|job| job.schedule().map(|schedule| (job.name().as_str(), Timed { schedule, job: Some(job) })));
    services.chain(jobs)
}

fn timer_fire(name: &str, timed: &Timed<'_>, zone: Tz, at: Timestamp) -> TimerFire {
    let late = timed.job.and_then(Job::late_start);
    TimerFire {
        name: name.to_owned(),
        kind: if timed.job.is_some() { Kind::Job } else { Kind::Service },
        utc: at,
        new_york: at.to_ny_rfc3339(),
        local: wall(at, zone).to_rfc3339_opts(SecondsFormat::AutoSi, false),
        exchange: relation(at),
        made_up_until: late.map(|late| at + TimeDelta::seconds(i64::from(late.get()))),
        on_success: timed.job.into_iter().flat_map(Job::on_success).map(ToString::to_string).collect(),
    }
}

fn relation(at: Timestamp) -> Relation {
    match known_exchange_on(at.ny_date()) {
        Ok(Exchange::Session { open, .. } | Exchange::HalfDay { open, .. }) if at < open => {
            Relation::BeforeOpen { seconds: open.since(at).num_seconds() }
        }
        Ok(Exchange::Session { close, .. } | Exchange::HalfDay { close, .. }) if at >= close => {
            Relation::AfterClose { seconds: at.since(close).num_seconds() }
        }
        Ok(Exchange::Session { .. } | Exchange::HalfDay { .. }) => Relation::InSession,
        Ok(Exchange::Closed { reason }) => Relation::NoSession { reason },
        Ok(Exchange::Unknown { .. }) | Err(CalendarError { .. }) => Relation::Unknown,
    }
}

fn untimed(deployment: &Deployment) -> Vec<Untimed> {
    let untimed = deployment.jobs().filter(|job| job.schedule().is_none());
    let starts = |name: &str| -> Vec<String> {
        let before = deployment.jobs().filter(|job| job.on_success().any(|next| next == name));
        before.map(|job| job.name().to_string()).collect()
    };
    untimed.map(|job| Untimed { job: job.name().to_string(), after: starts(job.name().as_str()) }).collect()
}

/// The change of a zone's clocks on one of its days.
fn clock_change(zone: Tz, date: NaiveDate) -> Option<ClockChange> {
    let offset = |unix: i64| wall(Timestamp::from_unix_seconds(unix), zone).offset().fix().local_minus_utc();
    let mut before = midnight(zone, date).unix_seconds();
    let mut after = midnight(zone, date.checked_add_days(Days::new(1))?).unix_seconds();
    let (offset_before_seconds, offset_after_seconds) = (offset(before), offset(after));
    if offset_before_seconds == offset_after_seconds {
        return None;
    }
    while after - before > 1 {
        let middle = before + (after - before) / 2;
        *(if offset(middle) == offset_before_seconds { &mut before } else { &mut after }) = middle;
    }
    let shown = DateTime::from_timestamp(after + i64::from(offset_before_seconds), 0)?.time();
    Some(ClockChange {
        zone,
        at: Timestamp::from_unix_seconds(after),
        shown,
        offset_before_seconds,
        offset_after_seconds,
    })
}

/// The first instant of a day in a zone.
fn midnight(zone: Tz, date: NaiveDate) -> Timestamp {
    let mut local = date.and_time(NaiveTime::MIN);
    // Some zones skip midnight itself, by an hour at most.
    for _ in 0..4 {
        if let Some(instant) = zone.from_local_datetime(&local).earliest() {
            return Timestamp::from_unix_seconds(instant.timestamp());
        }
        local += TimeDelta::minutes(30);
    }
    Timestamp::from_unix_seconds(local.and_utc().timestamp())
}

fn wall(at: Timestamp, zone: Tz) -> DateTime<Tz> {
    DateTime::from_timestamp_nanos(at.unix_nanos()).with_timezone(&zone)
}

fn as_name<S: serde::Serializer>(zone: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(zone.name())
}
