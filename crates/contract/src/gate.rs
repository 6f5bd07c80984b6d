//! May positions be opened now? Evidence from files, and one pure decision, the same in `gate` and in `execution`.
//!
//! Any refusal takes away the authority to open. With something to protect the answer is then [`Authority::ManageOnly`],
//! flat it is [`Authority::Refused`]: protection outranks permission. Nothing here looks at a modification time.

mod evidence;
mod refusal;
mod report;

use std::cmp::Ordering;

use market::{Calendar, Feed, NyDate, Session, TimeDelta, Timestamp};

pub use evidence::{Evidence, Found, ListFile};
pub use refusal::Refusal;
pub use report::{Reason, Report};

use crate::{Attestation, ExitCode, Exposure, KillSwitch, ScanStatus};

/// How long before the open a process may start.
const WINDOW_BEFORE_OPEN: TimeDelta = TimeDelta::minutes(90);

/// What a process may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authority {
    /// Everything.
    Open,
    /// Reduce, protect, flatten and reconcile.
    ManageOnly,
    /// Nothing, because there is nothing to protect.
    Refused,
}

/// What was decided, and from what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What the process may do.
    pub authority: Authority,
    /// Why it may not open; empty exactly when it may.
    pub reasons: Vec<Refusal>,
    /// When it was decided, if the time is known.
    pub at: Option<Timestamp>,
    /// Today's session, if there is one.
    pub session: Option<Session>,
    /// What vouches for the watchlist, if anything readable does.
    pub attestation: Option<Attestation>,
    /// How many candidates the watchlist holds, if it can be read.
    pub candidates: Option<u64>,
    /// What there is to protect.
    pub exposure: Exposure,
}

/// Decides. Pure: the same evidence gives the same verdict.
#[must_use]
pub fn decide(evidence: &Evidence, calendar: Calendar) -> Verdict {
    let mut reasons = Vec::new();
    let today = today(&evidence.now, calendar, &mut reasons);
    check_list(evidence, &mut reasons);
    if let Found::Read(attestation) = &evidence.attestation {
        check_attestation(attestation, evidence.broker_is_loopback, &mut reasons);
        if let Some(today) = &today {
            check_freshness(attestation, today, &mut reasons);
        }
    }
    check_scan(evidence, today.as_ref(), &mut reasons);
    if let KillSwitch::Latched(latch) = &evidence.kill {
        reasons.push(Refusal::KillSwitch(latch.to_string()));
    }
    Verdict {
        authority: authority(&reasons, &evidence.exposure),
        reasons,
        at: evidence.now.as_ref().ok().copied(),
        session: today.and_then(|today| today.session),
        attestation: evidence.attestation.content().cloned(),
        candidates: evidence.list.content().map(|list| list.candidates),
        exposure: evidence.exposure.clone(),
    }
}

fn authority(reasons: &[Refusal], exposure: &Exposure) -> Authority {
    match (reasons.is_empty(), exposure.is_flat()) {
        (true, _) => Authority::Open,
        (false, false) => Authority::ManageOnly,
        (false, true) => Authority::Refused,
    }
}

/// Today in New York as the calendar knows it.
struct Today {
    date: NyDate,
    session: Option<Session>,
    previous: Session,
}

/// Calendar and window.
fn today(now: &Result<Timestamp, String>, calendar: Calendar, reasons: &mut Vec<Refusal>) -> Option<Today> {
    let now = match now {
        Ok(now) => *now,
        Err(error) => {
            reasons.push(Refusal::ClockUnavailable(error.clone()));
            return None;
        }
    };
    let date = now.ny_date();
    let known = calendar.session_on(date).and_then(|session| Ok((session, calendar.previous_session(date)?)));
    let (session, previous) = match known {
        Ok(known) => known,
        Err(error) => {
            reasons.push(Refusal::CalendarEnds(error));
            return None;
        }
    };
    match session {
        None => {
            let why = calendar.closed_for(date).ok().flatten().unwrap_or("closed");
            reasons.push(Refusal::NoSession { today: date, why });
        }
        Some(session) if now < session.open - WINDOW_BEFORE_OPEN => {
            reasons.push(Refusal::BeforeWindow { begins: session.open - WINDOW_BEFORE_OPEN });
        }
        Some(session) if now >= session.close => reasons.push(Refusal::AfterClose { close: session.close }),
        Some(_) => {}
    }
    Some(Today { date, session, previous })
}

/// The watchlist is there, and is the one that was attested.
fn check_list(evidence: &Evidence, reasons: &mut Vec<Refusal>) {
    match &evidence.list {
        Found::Missing => reasons.push(Refusal::ListMissing),
        Found::Unreadable(error) => reasons.push(Refusal::ListUnreadable(error.clone())),
        Found::Read(_) => {}
    }
    match &evidence.attestation {
        Found::Missing => reasons.push(Refusal::AttestationMissing),
        Found::Unreadable(error) => reasons.push(Refusal::AttestationUnreadable(error.clone())),
        Found::Read(_) => {}
    }
    if let (Found::Read(list), Found::Read(attestation)) = (&evidence.list, &evidence.attestation) {
        let same = list.sha256 == attestation.csv_sha256 && list.candidates == attestation.candidates;
        if !same {
            reasons.push(Refusal::ListAltered);
        }
    }
}

/// What the attestation says does not contradict itself or the broker.
fn check_attestation(attestation: &Attestation, broker_is_loopback: bool, reasons: &mut Vec<Refusal>) {
    let Attestation { as_of, session, .. } = *attestation;
    if as_of >= session {
        reasons.push(Refusal::LooksAhead { as_of, session });
    }
    if attestation.feed == Feed::Simulated && !broker_is_loopback {
        reasons.push(Refusal::SimulatedFeed);
    }
}

/// The watchlist is for today and from yesterday's data.
fn check_freshness(attestation: &Attestation, today: &Today, reasons: &mut Vec<Refusal>) {
    let (session, today_date) = (attestation.session, today.date);
    match session.cmp(&today_date) {
        Ordering::Less => return reasons.push(Refusal::ListStale { session, today: today_date }),
        Ordering::Greater => return reasons.push(Refusal::ListAhead { session, today: today_date }),
        Ordering::Equal => {}
    }
    let (newest, expected) = (attestation.newest_bar, today.previous.date);
    if newest != expected {
        reasons.push(Refusal::BarsWrong { newest, expected });
    }
}

/// The last scan for today is the one that made the watchlist. A scan for another session says nothing about today.
fn check_scan(evidence: &Evidence, today: Option<&Today>, reasons: &mut Vec<Refusal>) {
    let run = match &evidence.scan_run {
        // Every scan announces itself, so a list without a record was laid there by something else.
        Found::Missing if matches!(evidence.attestation, Found::Read(_)) => return reasons.push(Refusal::ScanMissing),
        Found::Missing => return,
        Found::Unreadable(error) => return reasons.push(Refusal::ScanUnreadable(error.clone())),
        Found::Read(run) => run,
    };
    if today.is_some_and(|today| today.date != run.session) {
        return;
    }
    match run.status {
        ScanStatus::Running => reasons.push(Refusal::ScanRunning { since: run.started_at }),
        ScanStatus::Failed => {
            reasons.push(Refusal::ScanFailed(run.reason.clone().unwrap_or_else(|| "no reason given".to_owned())));
        }
        ScanStatus::Finished => {
            if let Found::Read(attestation) = &evidence.attestation
                && attestation.run_id != run.run_id
            {
                let (scan, attested) = (run.run_id.clone(), attestation.run_id.clone());
                reasons.push(Refusal::ScanDiffers { scan, attested });
            }
        }
    }
}

impl Authority {
    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::ManageOnly => "manage_only",
            Self::Refused => "refused",
        }
    }

    /// Whether opening orders may be made.
    #[must_use]
    pub fn may_open(self) -> bool {
        match self {
            Self::Open => true,
            Self::ManageOnly | Self::Refused => false,
        }
    }
}

impl Verdict {
    /// The same with the hours waived (no session, too early, too late), everything else as it is. For dry runs.
    #[must_use]
    pub fn ignoring_hours(mut self) -> Self {
        self.reasons.retain(|reason| !reason.is_of_hours());
        self.authority = authority(&self.reasons, &self.exposure);
        self
    }

    /// How a gate program ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.authority {
            Authority::Open | Authority::ManageOnly => ExitCode::Ok,
            Authority::Refused => ExitCode::GateRefused,
        }
    }
}
