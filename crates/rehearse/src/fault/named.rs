//! The faults that have a name: what strikes, when, and what must hold.

use serde::Serialize;

use super::{Expect, KILLED, Opens};
use crate::{day::SCANNER, units::status::Exit};

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    /// The scan and its list.
    Scan,
    /// Somebody's hands on the running deployment.
    Operator,
    /// The machine.
    Host,
    /// Clocks and calendars.
    Clock,
    /// The process.
    Process,
    /// The account and the market.
    Venue,
    /// The account's stream.
    Stream,
    /// Single requests.
    Request,
}

/// When it strikes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// It lies there when the day begins.
    Morning,
    /// At the open, before any entry.
    Open,
    /// After the first fill, at 11:00 at the latest.
    Filled,
    /// When something is held, all of it under stops, and no entry works; at 11:00 at the latest.
    Held,
    /// When the venue has taken the first entry and not yet answered.
    FirstEntry,
}

/// A fault with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    ScanFails,
    StaleWatchlist,
    CandidatesEdited,
    CandidatesOfYesterday,
    KillSwitch,
    StrangerPosition,
    ManyOrders,
    LedgerRestored,
    LedgerLost,
    LedgerFresh,
    LedgerCorrupt,
    FlattenFreshLedger,
    DiskFull,
    ReadOnlyState,
    DatabaseLocked,
    SlowFsync,
    ZoneBerlin,
    ClockJump,
    ClockSkew5s,
    ClockSkew1h,
    ClosedToday,
    HalfDayToday,
    TwoProcesses,
    OtherAccount,
    Hang,
    Abort,
    Oom,
    Halt,
    Split,
    RateLimit,
    StreamSilent,
    StreamCut,
    StreamLate,
    StreamDuplicate,
    StreamReorder,
}

/// A row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// Which.
    pub named: Named,
    /// As `--fault` takes it.
    pub word: &'static str,
    /// Whose fault it is.
    pub group: Group,
    /// When it strikes.
    pub when: When,
    /// After how many minutes it is over; it may strike once for all.
    pub minutes: Option<i64>,
    /// What strikes.
    pub strikes: &'static str,
    /// What must hold, in words.
    pub holds: &'static str,
    /// The same for the checks.
    pub expect: Expect,
}

const fn row(named: Named, word: &'static str, group: Group, when: When) -> Row {
    Row { named, word, group, when, minutes: None, strikes: "", holds: "", expect: Expect::UNHARMED }
}

impl Row {
    const fn lasts(self, minutes: i64) -> Self {
        Self { minutes: Some(minutes), ..self }
    }

    const fn says(self, strikes: &'static str, holds: &'static str) -> Self {
        Self { strikes, holds, ..self }
    }

    const fn expects(self, expect: Expect) -> Self {
        Self { expect, ..self }
    }
}

/// The program of the end of the day.
const DESK: &str = "desk";
const BAD_DATA: Exit = Exit::Exited(65);
const CANNOT_WRITE: Exit = Exit::Exited(73);
const GATE_REFUSED: Exit = Exit::Exited(75);
const BAD_CONFIG: Exit = Exit::Exited(78);
/// From eight o'clock until half past ten: over the time in which entries are due.
const MORNING_MINUTES: i64 = 150;
const NOT_WHILE: Expect = Expect { opens: Opens::NotWhile, ..Expect::UNHARMED };
/// Nobody starts on a ledger that forgot what was sent.
const LEDGER_GONE: Expect = Expect {
    ends: &[KILLED, BAD_DATA],
    must_end: &[KILLED, BAD_DATA],
    opens: Opens::NotAfter,
    alert: "execution.service",
    comes_back: false,
    stays_down: true,
    failing_job: DESK,
    ..Expect::of_a_kill()
};
/// The process ends with SIGABRT.
const ABORTED: Expect = Expect { ends: &[Exit::Killed(6)], must_end: &[Exit::Killed(6)], ..Expect::of_a_kill() };
const NOT_AFTER: Expect = Expect { opens: Opens::NotAfter, ..Expect::UNHARMED };

impl Named {
    /// Every fault with a name, in the order of the help.
    pub const ALL: &'static [Row] = &[
        row(Self::ScanFails, "scan-fails", Group::Scan, When::Morning)
            .says("today's bars are cut off in the middle", "the scan fails, the gate refuses, nothing is ordered")
            .expects(Expect { failing_job: SCANNER, ..Expect::REFUSED }),
        row(Self::StaleWatchlist, "stale-watchlist", Group::Scan, When::Morning)
            .says("the scan's timer is off: yesterday's list stays", "the gate refuses, nothing is ordered")
            .expects(Expect::REFUSED),
        row(Self::CandidatesEdited, "candidates-edited", Group::Scan, When::Held)
            .says("somebody edits the list mid-day", "nothing more is opened; stops stay and follow")
            .expects(NOT_AFTER),
        row(Self::CandidatesOfYesterday, "candidates-of-yesterday", Group::Scan, When::Held)
            .says("yesterday's list and attestation are put back mid-day", "nothing more is opened; stops stay")
            .expects(NOT_AFTER),
        row(Self::KillSwitch, "kill-switch", Group::Operator, When::Filled)
            .says("KILL_SWITCH is dropped after the first fill", "nothing is bought from then on; stops stay")
            .expects(NOT_AFTER),
        row(Self::StrangerPosition, "stranger-position", Group::Operator, When::Held)
            .says(
                "shares are bought by hand at the broker, of a symbol the ledger never saw",
                "told that they are there and have no stop; nothing of ours is bought beside them",
            )
            .expects(Expect { alert: "no entry was on its way", ..Expect::UNHARMED }),
        row(Self::ManyOrders, "many-orders", Group::Operator, When::Open).says(
            "600 orders of somebody else are open from the open on: more than a page of them lies before ours",
            "ours are found all the same: every stop stays the only one",
        ),
        row(Self::LedgerRestored, "ledger-restored", Group::Operator, When::Held)
            .says(
                "killed, and the ledger is put back as it was at the open, before any order",
                "no id is sent twice, no symbol entered twice; what the broker has is adopted or told",
            )
            .expects(Expect { bare_max_s: 300, ..Expect::of_a_kill() }),
        row(Self::LedgerLost, "ledger-lost", Group::Operator, When::Held)
            .says(
                "killed, and the database file is gone, what lies beside it is not",
                "refused (65): what was sent must not be forgotten; stops stay, somebody is told",
            )
            .expects(LEDGER_GONE),
        row(Self::LedgerFresh, "ledger-fresh", Group::Operator, When::Held)
            .says(
                "killed, and everything of the ledger is gone",
                "a new one: ids collide at the broker and are asked about, fills are read back, stops are adopted",
            )
            .expects(Expect { bare_max_s: 300, ..Expect::of_a_kill() }),
        row(Self::LedgerCorrupt, "ledger-corrupt", Group::Operator, When::Held)
            .says(
                "killed, and the ledger is overwritten with noise",
                "refused (65) with the reason; stops stay at the broker, somebody is told",
            )
            .expects(LEDGER_GONE),
        row(Self::FlattenFreshLedger, "flatten-fresh-ledger", Group::Operator, When::Held)
            .says(
                "killed, the ledger is gone, and KILL_SWITCH says flatten",
                "every position of the broker is sold: what acts is what the broker holds, not what memory knows",
            )
            .expects(Expect {
                opens: Opens::NotAfter,
                bare_max_s: 300,
                ends: &[KILLED, GATE_REFUSED],
                comes_back: false,
                ..Expect::of_a_kill()
            }),
        row(Self::DiskFull, "disk-full", Group::Host, When::Held)
            .lasts(10)
            .says(
                "the disk of state and data is full for 10 minutes (needs mounts)",
                "nothing is opened, stops stay at the broker; when there is room it is up and opens again by itself",
            )
            .expects(Expect { ends: &[CANNOT_WRITE], opens: Opens::NotWhile, comes_back: true, ..Expect::PROTECTED }),
        row(Self::ReadOnlyState, "read-only-state", Group::Host, When::Held)
            .lasts(10)
            .says(
                "killed, and state and data are read-only for 10 minutes (needs mounts)",
                "no start while it is (73), stops stay at the broker, and it comes back",
            )
            .expects(Expect {
                ends: &[KILLED, CANNOT_WRITE],
                must_end: &[KILLED, CANNOT_WRITE],
                opens: Opens::NotWhile,
                ..Expect::of_a_kill()
            }),
        row(Self::DatabaseLocked, "database-locked", Group::Host, When::FirstEntry)
            .says(
                "another connection holds the ledger's write lock for 6 s from the first entry on",
                "the entry is not lost and its fill gets its stop",
            )
            .expects(Expect { ends: &[CANNOT_WRITE], ..Expect::PROTECTED }),
        row(Self::SlowFsync, "slow-fsync", Group::Host, When::Morning)
            .says("every fsync takes 5 ms longer (strace)", "the day as ever"),
        row(Self::ZoneBerlin, "zone-berlin", Group::Host, When::Morning)
            .says("TZ=Europe/Berlin and LC_ALL=de_DE.UTF-8 for every process", "the same day, the same requests"),
        row(Self::ClockJump, "clock-jump", Group::Clock, When::Held)
            .says(
                "20 minutes pass at once",
                "nothing is bare, no order is lost or sent twice, nothing is dated within them",
            ),
        row(Self::ClockSkew5s, "clock-skew-5s", Group::Clock, When::Morning)
            .lasts(MORNING_MINUTES)
            .says("the broker's clock is ahead by 5 s until 10:30", "nothing is opened while they disagree")
            .expects(Expect { alert: "disagree", ..NOT_WHILE }),
        row(Self::ClockSkew1h, "clock-skew-1h", Group::Clock, When::Morning)
            .lasts(MORNING_MINUTES)
            .says("the broker's clock is ahead by an hour until 10:30", "nothing is opened while they disagree")
            .expects(Expect { alert: "disagree", ..NOT_WHILE }),
        row(Self::ClosedToday, "closed-today", Group::Clock, When::Morning)
            .lasts(MORNING_MINUTES)
            .says(
                "clock and calendar of the broker say there is no session, until 10:30",
                "nothing is opened meanwhile",
            )
            .expects(Expect { alert: "disagree", ..NOT_WHILE }),
        row(Self::HalfDayToday, "half-day-today", Group::Clock, When::Morning)
            .lasts(MORNING_MINUTES)
            .says("clock and calendar of the broker say it is a half-day, until 10:30", "nothing is opened meanwhile")
            .expects(Expect { alert: "disagree", ..NOT_WHILE }),
        row(Self::TwoProcesses, "two-processes", Group::Process, When::Held).says(
            "a second `execution run` is started by hand in the unit's environment",
            "it ends with 76 and nothing is disturbed",
        ),
        row(Self::OtherAccount, "other-account", Group::Process, When::Held)
            .says("killed; from the restart on the keys are of another account", "78, stops stay, somebody is told")
            .expects(Expect {
                ends: &[KILLED, BAD_CONFIG],
                must_end: &[KILLED, BAD_CONFIG],
                opens: Opens::NotAfter,
                alert: "execution.service",
                comes_back: false,
                stays_down: true,
                ..Expect::of_a_kill()
            }),
        row(Self::Hang, "hang", Group::Process, When::Held)
            .says("SIGSTOP: no sign of life for WatchdogSec", "SIGABRT by the watchdog, and it comes back")
            .expects(ABORTED),
        row(Self::Abort, "abort", Group::Process, When::Held).says("SIGABRT", "it comes back").expects(ABORTED),
        row(Self::Oom, "oom", Group::Process, When::Held)
            .says("the kernel is out of memory: SIGKILL, result oom-kill", "it comes back")
            .expects(Expect::of_a_kill()),
        row(Self::Halt, "halt", Group::Venue, When::Held)
            .lasts(30)
            .says("a held symbol is halted for 30 minutes", "its stop stays, the rest of the day as ever"),
        row(Self::Split, "split", Group::Venue, When::Held)
            .says(
                "a held symbol splits 2 for 1 in session, unannounced",
                "no share is without a stop for long, none is sold on a guess",
            )
            .expects(Expect::PROTECTED),
        row(Self::RateLimit, "rate-limit", Group::Venue, When::Morning)
            .says(
                "the broker takes 30 requests a minute and answers 429 beyond; the reads of the stream count too and come \
                 in real time, so no two days are alike",
                "protection gets its half",
            )
            .expects(Expect { bare_max_s: 180, ..Expect::UNHARMED }),
        row(Self::StreamSilent, "stream-silent", Group::Stream, When::Open)
            .lasts(45)
            .says(
                "the account's stream says nothing from the open on for 45 minutes",
                "found out and told, nothing is opened until it tells something again; every fill gets its stop",
            )
            .expects(Expect { alert: "the account's stream has told nothing for", ..Expect::UNHARMED }),
        row(Self::StreamCut, "stream-cut", Group::Stream, When::Held)
            .says("the account's stream is cut", "the looks of the loop are enough: it does no harm"),
        row(Self::StreamLate, "stream-late", Group::Stream, When::Morning)
            .says("the account's stream is 50 ms late all day", "it does no harm"),
        row(Self::StreamDuplicate, "stream-duplicate", Group::Stream, When::Morning)
            .says("the account's stream tells everything twice", "it does no harm: each fill counts once"),
        row(Self::StreamReorder, "stream-reorder", Group::Stream, When::Morning)
            .says("the account's stream tells in another order", "it does no harm: each fill counts once"),
    ];

    /// Its row.
    pub fn row(self) -> &'static Row {
        Self::ALL.iter().find(|row| row.named == self).expect("every fault has its row: a test looks at each")
    }
}
