//! Where a unit stands, and the words in which the supervisor talks to the shell around it.

use market::Timestamp;

use super::result::ServiceResult;
use crate::units::status::Exit;

/// Which of a unit's commands runs; the number counts from 0 within its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// `ExecCondition=`.
    Condition(usize),
    /// `ExecStartPre=`.
    Pre(usize),
    /// `ExecStart=`.
    Main(usize),
    /// `ExecStopPost=`.
    Post(usize),
}

/// What set a unit off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A timer, on its slot.
    Timer {
        /// Its name.
        name: String,
        /// The slot.
        slot: Timestamp,
    },
    /// `OnSuccess=` of a unit.
    OnSuccess(String),
    /// `OnFailure=` of a unit.
    OnFailure(String),
    /// `Restart=`.
    Restart,
}

/// A signal the supervisor sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Please end.
    Term,
    /// End now.
    Kill,
    /// End, and leave a trace: the watchdog's.
    Abort,
}

/// What happened outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The unit's current process ended.
    Exited(Exit),
    /// `READY=1`.
    Ready,
    /// A process that was told to end has not, within `TimeoutStopSec=`.
    StopOverdue,
    /// No `WATCHDOG=1` within `WatchdogSec=`.
    WatchdogMissed,
    /// The kernel's OOM killer took a process of the unit.
    OomKilled,
}

/// What the shell is to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Start the command of that phase.
    Run {
        /// The unit.
        unit: String,
        /// Which command.
        phase: Phase,
        /// Variables that systemd adds for this run.
        variables: Vec<(&'static str, String)>,
    },
    /// Signal the unit's current process.
    Send {
        /// The unit.
        unit: String,
        /// The signal.
        signal: Signal,
    },
    /// Write it down.
    Note {
        /// The unit.
        unit: String,
        /// What happened.
        what: Note,
    },
}

/// Something that a reader of the day wants to see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// A timer's slot came.
    Fired {
        /// The unit it starts.
        starts: String,
    },
    /// A start was asked for and the unit was already up.
    AlreadyUp(Trigger),
    /// A start waits until units in conflict are down.
    Waits {
        /// Those units.
        on: Vec<String>,
    },
    /// The unit begins.
    Begins(Trigger),
    /// A process ended.
    Ended {
        /// Which.
        phase: Phase,
        /// How.
        exit: Exit,
    },
    /// The service is up.
    Up,
    /// It was told to end because another unit conflicts with it, or because the day is over.
    ToldToEnd,
    /// The unit is down; with the instant of the restart when there will be one.
    Down {
        /// With which result.
        result: ServiceResult,
        /// When it comes back.
        restart_at: Option<Timestamp>,
    },
}

/// One activation of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub phase: Phase,
    pub trigger: Trigger,
    pub ready: bool,
    /// A signal to end is out.
    pub ending: bool,
    /// Somebody asked for the end: then `Restart=` does not bring it back.
    pub by_request: bool,
    pub result: ServiceResult,
    pub main: Option<Exit>,
    pub start_deadline: Option<Timestamp>,
    /// A start asked for while it was on its way down.
    pub start_again: Option<Trigger>,
}

/// Where a unit stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum State {
    Inactive,
    Failed,
    Queued(Trigger),
    Running(Run),
    AutoRestart(Timestamp),
}
