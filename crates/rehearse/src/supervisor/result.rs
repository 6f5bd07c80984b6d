//! What systemd makes of the way a service ended.

use std::fmt;

use crate::units::{
    service::{Kind, Restart, Service},
    status::Exit,
};

/// `$SERVICE_RESULT`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceResult {
    /// Clean.
    Success,
    /// `ExecCondition=` said no: a quiet skip.
    ExecCondition,
    /// An unclean exit status.
    ExitCode,
    /// An unclean signal.
    Signal,
    /// Not up, or not down, in time.
    Timeout,
    /// No sign of life.
    Watchdog,
    /// Killed for want of memory.
    OomKill,
    /// Ended before it said that it was ready.
    Protocol,
    /// Started too often.
    StartLimitHit,
}

impl ServiceResult {
    /// Whether the unit ends up failed, as opposed to inactive.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Success | Self::ExecCondition => false,
            Self::ExitCode
            | Self::Signal
            | Self::Timeout
            | Self::Watchdog
            | Self::OomKill
            | Self::Protocol
            | Self::StartLimitHit => true,
        }
    }

    /// The first thing that went wrong is what counts.
    pub fn note(&mut self, next: Self) {
        if *self == Self::Success {
            *self = next;
        }
    }

    /// The result of one process. `clean` signals are clean for daemons only (systemd.service(5), SuccessExitStatus=).
    pub fn of(exit: Exit, service: &Service) -> Self {
        let clean = match exit {
            Exit::Exited(status) => status == 0,
            Exit::Killed(signal) => service.kind != Kind::Oneshot && [1, 2, 13, 15].contains(&signal),
        };
        match exit {
            _ if clean || service.success.contains(exit) => Self::Success,
            Exit::Exited(_) => Self::ExitCode,
            Exit::Killed(_) => Self::Signal,
        }
    }
}

impl fmt::Display for ServiceResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Success => "success",
            Self::ExecCondition => "exec-condition",
            Self::ExitCode => "exit-code",
            Self::Signal => "signal",
            Self::Timeout => "timeout",
            Self::Watchdog => "watchdog",
            Self::OomKill => "oom-kill",
            Self::Protocol => "protocol",
            Self::StartLimitHit => "start-limit-hit",
        })
    }
}

/// Whether `Restart=` brings the service back. `RestartPreventExitStatus=` looks at the main process only, so a failing
/// condition or `ExecStartPre=` is never held back by it.
pub fn shall_restart(service: &Service, result: ServiceResult, main: Option<Exit>) -> bool {
    if main.is_some_and(|exit| service.restart_prevent.contains(exit)) {
        return false;
    }
    match service.restart {
        Restart::No => false,
        Restart::Always => result != ServiceResult::ExecCondition,
        Restart::OnFailure => result.is_failure(),
        Restart::OnAbnormal => result.is_failure() && result != ServiceResult::ExitCode,
    }
}
