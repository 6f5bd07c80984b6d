//! Why positions may not be opened: a value with a code for machines, a text for people and a hint.

use std::fmt;

use market::{CalendarError, NyDate, Timestamp};

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
    /// A watchlist without a trace of the scan that made it.
    ScanMissing,
    /// The state of the last scan cannot be read.
    ScanUnreadable(String),
    /// Simulated data with a broker that is not.
    SimulatedFeed,
    /// The kill switch is latched.
    KillSwitch(String),
}

impl Refusal {
    /// Every code there is.
    pub const CODES: [&'static str; 21] = [
        "clock_unavailable",
        "calendar_ends",
        "no_session",
        "before_window",
        "after_close",
        "watchlist_missing",
        "watchlist_unreadable",
        "attestation_missing",
        "attestation_unreadable",
        "watchlist_altered",
        "watchlist_stale",
        "watchlist_ahead",
        "bars_wrong",
        "looks_ahead",
        "scan_running",
        "scan_failed",
        "scan_differs",
        "scan_missing",
        "scan_unreadable",
        "simulated_feed",
        "kill_switch",
    ];

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
            Self::ScanMissing => "scan_missing",
            Self::ScanUnreadable(_) => "scan_unreadable",
            Self::SimulatedFeed => "simulated_feed",
            Self::KillSwitch(_) => "kill_switch",
        }
    }

    /// Whether it is about the hour or the day, and about nothing else.
    #[must_use]
    pub fn is_of_hours(&self) -> bool {
        match self {
            Self::NoSession { .. } | Self::BeforeWindow { .. } | Self::AfterClose { .. } => true,
            Self::ClockUnavailable(_)
            | Self::CalendarEnds(_)
            | Self::ListMissing
            | Self::ListUnreadable(_)
            | Self::AttestationMissing
            | Self::AttestationUnreadable(_)
            | Self::ListAltered
            | Self::ListStale { .. }
            | Self::ListAhead { .. }
            | Self::BarsWrong { .. }
            | Self::LooksAhead { .. }
            | Self::ScanRunning { .. }
            | Self::ScanFailed(_)
            | Self::ScanDiffers { .. }
            | Self::ScanMissing
            | Self::ScanUnreadable(_)
            | Self::SimulatedFeed
            | Self::KillSwitch(_) => false,
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
            Self::ListAhead { .. } | Self::LooksAhead { .. } | Self::ScanDiffers { .. } | Self::ScanMissing => {
                "run the scan for today again (systemctl start scan.service)"
            }
            Self::BarsWrong { .. } => "fetch bars up to the previous session, then run the scan again",
            Self::ScanRunning { .. } => {
                "wait for the scan; if it crashed, start it again (systemctl start scan.service)"
            }
            Self::ScanFailed(_) | Self::ScanUnreadable(_) => "look at the scan's log (journalctl -u scan.service)",
            Self::SimulatedFeed => "scan data of a real feed, or point APCA_API_BASE_URL at the simulated venue",
            Self::KillSwitch(_) => "find out why it was latched; only an explicit clear lifts it",
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
            Self::ScanMissing => f.write_str("no scan is recorded that could have made the watchlist"),
            Self::ScanFailed(reason) => write!(f, "the scan for today failed: {reason}"),
            Self::ScanDiffers { scan, attested } => {
                write!(f, "the last scan for today is {scan}, the watchlist is from {attested}")
            }
            Self::SimulatedFeed => f.write_str("the watchlist is from simulated data and the broker is not simulated"),
            Self::KillSwitch(latch) => write!(f, "the kill switch is latched at {latch}"),
        }
    }
}
