//! The exit codes of every program: one enum, published, because systemd and scripts decide by them.
//!
//! | code | name | meaning | a restart may cure it |
//! |---|---|---|---|
//! | 0 | `Ok` | done | - |
//! | 1 | `Unexpected` | unexpected error, or FAIL of a preflight | yes |
//! | 2 | `Warn` | preflight passed with warnings (preflights only) | - |
//! | 64 | `Usage` | wrong command line | no |
//! | 65 | `BadData` | bad input data | no |
//! | 69 | `BrokerUnavailable` | broker unavailable | yes |
//! | 70 | `Halfway` | stopped half way, a human is needed | yes |
//! | 73 | `CannotWrite` | cannot write state | yes |
//! | 75 | `GateRefused` | gate refused | no |
//! | 76 | `LockHeld` | another instance holds the lock | no |
//! | 77 | `LiveRefused` | live gate refused | no |
//! | 78 | `BadConfig` | bad configuration | no |
//!
//! The codes a restart cannot cure are [`REFUSAL_CODES`]: they belong into `RestartPreventExitStatus=` and never into
//! `SuccessExitStatus=`.

use std::{fmt, process};

/// How a program ended. As the context of an `anyhow::Error` it chooses the exit code: programs end with
/// `error.downcast_ref::<ExitCode>()`, and 1 when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ExitCode {
    /// Done.
    Ok = 0,
    /// An error nobody planned for, or FAIL of a preflight.
    Unexpected = 1,
    /// A preflight passed with warnings.
    Warn = 2,
    /// Wrong command line (clap's own 2 is remapped to this).
    Usage = 64,
    /// Input data that cannot be used.
    BadData = 65,
    /// The broker cannot be reached or does not answer.
    BrokerUnavailable = 69,
    /// A change of a host stopped half way: neither what was nor what was to be is whole. Going back may be tried again.
    Halfway = 70,
    /// State cannot be written.
    CannotWrite = 73,
    /// A gate refused, with nothing to protect.
    GateRefused = 75,
    /// Another instance acts for the same account.
    LockHeld = 76,
    /// The live gate refused.
    LiveRefused = 77,
    /// Configuration that cannot be used.
    BadConfig = 78,
}

/// What a restart cannot cure, for `RestartPreventExitStatus=`.
pub const REFUSAL_CODES: [ExitCode; 6] = [
    ExitCode::Usage,
    ExitCode::BadData,
    ExitCode::GateRefused,
    ExitCode::LockHeld,
    ExitCode::LiveRefused,
    ExitCode::BadConfig,
];

impl ExitCode {
    /// Every code, ascending.
    pub const ALL: [Self; 12] = [
        Self::Ok,
        Self::Unexpected,
        Self::Warn,
        Self::Usage,
        Self::BadData,
        Self::BrokerUnavailable,
        Self::Halfway,
        Self::CannotWrite,
        Self::GateRefused,
        Self::LockHeld,
        Self::LiveRefused,
        Self::BadConfig,
    ];

    /// The number the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        self as u8
    }

    /// What it means, as a lowercase fragment.
    #[must_use]
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done",
            Self::Unexpected => "unexpected error, or FAIL of a preflight",
            Self::Warn => "preflight passed with warnings (preflights only)",
            Self::Usage => "wrong command line",
            Self::BadData => "bad input data",
            Self::BrokerUnavailable => "broker unavailable",
            Self::Halfway => "stopped half way, a human is needed",
            Self::CannotWrite => "cannot write state",
            Self::GateRefused => "gate refused",
            Self::LockHeld => "another instance holds the lock",
            Self::LiveRefused => "live gate refused",
            Self::BadConfig => "bad configuration",
        }
    }

    /// Whether starting again without anybody's help can end better.
    #[must_use]
    pub fn restart_may_cure(self) -> bool {
        matches!(self, Self::Unexpected | Self::BrokerUnavailable | Self::Halfway | Self::CannotWrite)
    }
}

impl From<ExitCode> for process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code.code())
    }
}

impl fmt::Display for ExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.meaning())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documented_table_is_the_code() {
        let documented: Vec<&str> =
            include_str!("exit.rs").lines().filter_map(|line| line.strip_prefix("//! | ")).skip(1).collect();
        let expect: Vec<String> = ExitCode::ALL
            .into_iter()
            .map(|code| {
                let ended_well = matches!(code, ExitCode::Ok | ExitCode::Warn);
                let cure = ["no", "yes", "-"][if ended_well { 2 } else { usize::from(code.restart_may_cure()) }];
                format!("{} | `{code:?}` | {} | {cure} |", code.code(), code.meaning())
            })
            .collect();
        assert_eq!(documented, expect);
    }

    #[test]
    fn refusals_are_exactly_what_a_restart_cannot_cure() {
        for code in ExitCode::ALL {
            let ended_well = matches!(code, ExitCode::Ok | ExitCode::Warn);
            assert_eq!(REFUSAL_CODES.contains(&code), !ended_well && !code.restart_may_cure(), "{code:?}");
        }
    }

    #[test]
    fn no_code_is_255_which_systemd_does_not_take_for_a_refusal() {
        assert!(ExitCode::ALL.iter().all(|code| code.code() < 255));
    }
}
