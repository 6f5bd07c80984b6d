//! May positions be opened now? Evidence from files, and one pure decision, the same in `gate` and in `execution`.
//!
//! Any refusal takes away the authority to open. With something to protect the answer is then [`Authority::ManageOnly`],
//! flat it is [`Authority::Refused`]: protection outranks permission. Nothing here looks at a modification time.

use std::fmt;

use market::{Calendar, CalendarError, Feed, NyDate, Session, TimeDelta, Timestamp};

use crate::{
    Attestation, Env, ExitCode, Exposure, KillSwitch, Layout, ScanRun, ScanStatus, Watchlist, env, loopback_url,
    record::{self, ReadError},
    sha256_hex,
};

/// How long before the open a process may start.
const WINDOW_BEFORE_OPEN: TimeDelta = TimeDelta::minutes(90);

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<T> {
    /// Not there.
    Missing,
    /// There, and of no use.
    Unreadable(String),
    /// Its content.
    Read(T),
}

/// The watchlist file as far as the decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListFile {
    /// sha256 of its bytes.
    pub sha256: String,
    /// How many candidates it holds.
    pub candidates: u64,
}

/// Everything the decision is made from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// The instant of the decision, or why nobody knows it.
    pub now: Result<Timestamp, String>,
    /// The watchlist.
    pub list: Found<ListFile>,
    /// What vouches for it.
    pub attestation: Found<Attestation>,
    /// The state of the last scan.
    pub scan_run: Found<ScanRun>,
    /// Whether the broker's address is on this machine, so that simulated data may reach it.
    pub broker_is_loopback: bool,
    /// The kill switch.
    pub kill: KillSwitch,
    /// What there is to protect.
    pub exposure: Exposure,
}

impl Evidence {
    /// Reads the files of a deployment. `now` is a reading of the program's clock, or why it failed.
    #[must_use]
    pub fn gather(layout: &Layout, env: &Env, now: Result<Timestamp, String>) -> Self {
        let broker = env.text(&env::APCA_API_BASE_URL).ok().flatten();
        Self {
            now,
            list: list_file(layout),
            attestation: found(Attestation::read(&layout.attestation())),
            scan_run: found(ScanRun::read(&layout.scan_run())),
            broker_is_loopback: broker.is_some_and(|url| loopback_url(url).is_some()),
            kill: KillSwitch::read(&layout.kill_switch(), env),
            exposure: Exposure::assess(layout),
        }
    }
}

fn list_file(layout: &Layout) -> Found<ListFile> {
    let path = layout.candidates();
    match found(record::read_bytes(&path)) {
        Found::Missing => Found::Missing,
        Found::Unreadable(error) => Found::Unreadable(error),
        Found::Read(bytes) => match Watchlist::parse(&bytes, &path) {
            Ok(list) => Found::Read(ListFile { sha256: sha256_hex(&bytes), candidates: list.candidates.len() as u64 }),
            Err(error) => Found::Unreadable(error.to_string()),
        },
    }
}

fn found<T>(read: Result<T, ReadError>) -> Found<T> {
    match read {
        Ok(content) => Found::Read(content),
        Err(error) if error.is_missing() => Found::Missing,
        Err(error) => Found::Unreadable(error.to_string()),
    }
}

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

/// Why positions may not be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody knows what time it is.
    ClockUnavailable(String),
    /// The calendar does not know the day.
    CalendarEnds(CalendarError),
    /// The exchange is closed today.
    NoSession {
        /// Today in New York.
        today: NyDate,
        /// Why.
        why: &'static str,
    },
    /// Too early.
    BeforeWindow {
        /// When the window begins.
        begins: Timestamp,
    },
    /// The session has closed.
    AfterClose {
        /// When it did.
        close: Timestamp,
    },
    /// No watchlist.
    ListMissing,
    /// A watchlist that cannot be used.
    ListUnreadable(String),
    /// Nothing vouches for the watchlist.
    AttestationMissing,
    /// What should vouch for the watchlist cannot be used.
    AttestationUnreadable(String),
    /// The watchlist is not the one that was attested.
    ListAltered,
    /// The watchlist is for a session before today's.
    ListStale {
        /// The session it is for.
        session: NyDate,
        /// Today in New York.
        today: NyDate,
    },
    /// The watchlist is for a session after today's.
    ListAhead {
        /// The session it is for.
        session: NyDate,
        /// Today in New York.
        today: NyDate,
    },
    /// Its newest bar is not of the session before today's: frozen data, or data from the future.
    BarsWrong {
        /// The newest bar.
        newest: NyDate,
        /// What it should be.
        expected: NyDate,
    },
    /// It looked at data of its own session or later.
    LooksAhead {
        /// The data date.
        as_of: NyDate,
        /// The session it is for.
        session: NyDate,
    },
    /// The scan for today has not ended.
    ScanRunning {
        /// When it began.
        since: Timestamp,
    },
    /// The scan for today failed.
    ScanFailed(String),
    /// The last scan for today is not the one that made the watchlist.
    ScanDiffers {
        /// The last scan.
        scan: String,
        /// The scan that made the watchlist.
        attested: String,
    },
    /// The state of the last scan cannot be read.
    ScanUnreadable(String),
    /// Simulated data with a broker that is not.
    SimulatedFeed,
    /// The kill switch is latched.
    KillSwitch(String),
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
        authority: match (reasons.is_empty(), evidence.exposure.is_flat()) {
            (true, _) => Authority::Open,
            (false, false) => Authority::ManageOnly,
            (false, true) => Authority::Refused,
        },
        reasons,
        at: evidence.now.as_ref().ok().copied(),
        session: today.and_then(|today| today.session),
        attestation: evidence.attestation.content().cloned(),
        candidates: evidence.list.content().map(|list| list.candidates),
        exposure: evidence.exposure.clone(),
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
        std::cmp::Ordering::Less => return reasons.push(Refusal::ListStale { session, today: today_date }),
        std::cmp::Ordering::Greater => return reasons.push(Refusal::ListAhead { session, today: today_date }),
        std::cmp::Ordering::Equal => {}
    }
    let (newest, expected) = (attestation.newest_bar, today.previous.date);
    if newest != expected {
        reasons.push(Refusal::BarsWrong { newest, expected });
    }
}

/// The last scan for today is the one that made the watchlist. A scan for another session says nothing about today.
fn check_scan(evidence: &Evidence, today: Option<&Today>, reasons: &mut Vec<Refusal>) {
    let run = match &evidence.scan_run {
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

impl<T> Found<T> {
    /// The content, if it was read.
    pub fn content(&self) -> Option<&T> {
        match self {
            Self::Missing | Self::Unreadable(_) => None,
            Self::Read(content) => Some(content),
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
    /// How a gate program ends.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self.authority {
            Authority::Open | Authority::ManageOnly => ExitCode::Ok,
            Authority::Refused => ExitCode::GateRefused,
        }
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Refusal {
    /// A name for machines; it never changes.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::ClockUnavailable(_) => "clock_unavailable",
            Self::CalendarEnds(_) => "calendar_ends",
            Self::NoSession { .. } => "no_session",
            Self::BeforeWindow { .. } => "before_window",
            Self::AfterClose { .. } => "after_close",
            Self::ListMissing => "watchlist_missing",
            Self::ListUnreadable(_) => "watchlist_unreadable",
            Self::AttestationMissing => "attestation_missing",
            Self::AttestationUnreadable(_) => "attestation_unreadable",
            Self::ListAltered => "watchlist_altered",
            Self::ListStale { .. } => "watchlist_stale",
            Self::ListAhead { .. } => "watchlist_ahead",
            Self::BarsWrong { .. } => "bars_wrong",
            Self::LooksAhead { .. } => "looks_ahead",
            Self::ScanRunning { .. } => "scan_running",
            Self::ScanFailed(_) => "scan_failed",
            Self::ScanDiffers { .. } => "scan_differs",
            Self::ScanUnreadable(_) => "scan_unreadable",
            Self::SimulatedFeed => "simulated_feed",
            Self::KillSwitch(_) => "kill_switch",
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::ClockUnavailable(_) => "look at the venue that PORTCULLIS_CLOCK=venue reads",
            Self::CalendarEnds(_) => "install a release whose calendar knows the day",
            Self::NoSession { .. } => "nothing to do: the timers start the next session",
            Self::BeforeWindow { .. } => "nothing to do: the timers start later",
            Self::AfterClose { .. } => "nothing to do until the next session",
            Self::ListMissing | Self::AttestationMissing | Self::ListStale { .. } => {
                "run the scan (systemctl start scan.service) and look at its log"
            }
            Self::ListUnreadable(_) | Self::AttestationUnreadable(_) | Self::ListAltered => {
                "do not edit the files; run the scan again (systemctl start scan.service)"
            }
            Self::ListAhead { .. } | Self::LooksAhead { .. } | Self::ScanDiffers { .. } => {
                "run the scan for today again (systemctl start scan.service)"
            }
            Self::BarsWrong { .. } => "fetch bars up to the previous session, then run the scan again",
            Self::ScanRunning { .. } => {
                "wait for the scan; if it crashed, start it again (systemctl start scan.service)"
            }
            Self::ScanFailed(_) | Self::ScanUnreadable(_) => "look at the scan's log (journalctl -u scan.service)",
            Self::SimulatedFeed => "scan data of a real feed, or point APCA_API_BASE_URL at the simulated venue",
            Self::KillSwitch(_) => "find out why it was latched; only an explicit clear lifts it (desk kill clear)",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hm = |at: &Timestamp| at.ny_time().format("%H:%M");
        match self {
            Self::ClockUnavailable(error) => f.write_str(error),
            Self::CalendarEnds(error) => error.fmt(f),
            Self::NoSession { today, why } => write!(f, "no session on {today} ({why})"),
            Self::BeforeWindow { begins } => write!(f, "too early: the window begins at {} (NY)", hm(begins)),
            Self::AfterClose { close } => write!(f, "too late: the session closed at {} (NY)", hm(close)),
            Self::ListMissing => f.write_str("there is no watchlist"),
            Self::ListUnreadable(error) | Self::AttestationUnreadable(error) | Self::ScanUnreadable(error) => {
                f.write_str(error)
            }
            Self::AttestationMissing => f.write_str("nothing attests the watchlist"),
            Self::ListAltered => f.write_str("the watchlist is not the one that was attested"),
            Self::ListStale { session, today } | Self::ListAhead { session, today } => {
                write!(f, "the watchlist is for {session}, today is {today} (NY)")
            }
            Self::BarsWrong { newest, expected } => {
                write!(f, "the newest bar is of {newest}, it must be of {expected}")
            }
            Self::LooksAhead { as_of, session } => {
                write!(f, "the watchlist for {session} was made from data up to {as_of}")
            }
            Self::ScanRunning { since } => write!(f, "the scan for today, begun at {} (NY), has not ended", hm(since)),
            Self::ScanFailed(reason) => write!(f, "the scan for today failed: {reason}"),
            Self::ScanDiffers { scan, attested } => {
                write!(f, "the last scan for today is {scan}, the watchlist is from {attested}")
            }
            Self::SimulatedFeed => f.write_str("the watchlist is from simulated data and the broker is not simulated"),
            Self::KillSwitch(latch) => write!(f, "the kill switch is latched at {latch}"),
        }
    }
}

/// The one line for people.
impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.authority {
            Authority::Open => f.write_str("OK: Watchlist is fresh for today (NY)")?,
            Authority::ManageOnly => write!(f, "MANAGE-ONLY: {}", self.reason_line())?,
            Authority::Refused => write!(f, "REFUSED: {}", self.reason_line())?,
        }
        if let (Authority::Open, Some(attestation), Some(count)) = (self.authority, &self.attestation, self.candidates)
        {
            let Attestation { session, as_of, run_id, .. } = attestation;
            write!(f, ": session {session}, data up to {as_of}, {count} candidates, run {run_id}")?;
        }
        match &self.exposure {
            Exposure::Flat => Ok(()),
            Exposure::Exposed { why } => write!(f, "; to protect: {why}"),
        }
    }
}

impl Verdict {
    fn reason_line(&self) -> String {
        let texts: Vec<_> = self.reasons.iter().map(Refusal::to_string).collect();
        texts.join("; ")
    }
}
