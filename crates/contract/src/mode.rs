//! The mode of a process, fixed for its life.

use std::fmt;

use serde::Serialize;

use crate::env::{self, Env};

/// Where orders go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Mode {
    /// Nowhere; everything else is as it would be, in a ledger of its own.
    DryRun,
    /// The broker's paper account.
    Paper,
    /// The real account.
    Live,
}

impl Mode {
    /// `EXECUTION_MODE`, overruled by `DRY_RUN=1`; unset or unknown is [`Mode::DryRun`], unknown with a warning.
    #[must_use]
    pub fn from_env(environment: &Env, warnings: &mut Vec<String>) -> Self {
        let forced = Self::is_forced_dry(environment, warnings);
        let named = Self::named(environment, warnings);
        if forced { Self::DryRun } else { named }
    }

    /// Whether `DRY_RUN` overrules `EXECUTION_MODE`; a value that cannot be read does, with a warning.
    #[must_use]
    pub fn is_forced_dry(environment: &Env, warnings: &mut Vec<String>) -> bool {
        environment.read(&env::DRY_RUN).unwrap_or_else(|error| {
            warnings.push(format!("{error}; taken as 1"));
            Some(true)
        }) == Some(true)
    }

    /// `EXECUTION_MODE` alone.
    #[must_use]
    pub fn named(environment: &Env, warnings: &mut Vec<String>) -> Self {
        match environment.text(&env::EXECUTION_MODE) {
            Ok(Some("PAPER")) => Self::Paper,
            Ok(Some("LIVE")) => Self::Live,
            Ok(None | Some("DRY_RUN")) => Self::DryRun,
            Ok(Some(other)) => {
                warnings.push(format!("EXECUTION_MODE={other:?} is none of DRY_RUN, PAPER, LIVE; taken as DRY_RUN"));
                Self::DryRun
            }
            Err(error) => {
                warnings.push(format!("{error}; taken as DRY_RUN"));
                Self::DryRun
            }
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DryRun => "DRY_RUN",
            Self::Paper => "PAPER",
            Self::Live => "LIVE",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_explicit_mode_leaves_dry_run() {
        let table: [(&[(&str, &str)], Mode, usize); 7] = [
            (&[], Mode::DryRun, 0),
            (&[("EXECUTION_MODE", "PAPER")], Mode::Paper, 0),
            (&[("EXECUTION_MODE", "LIVE")], Mode::Live, 0),
            (&[("EXECUTION_MODE", "paper")], Mode::DryRun, 1),
            (&[("EXECUTION_MODE", "LIVE"), ("DRY_RUN", "1")], Mode::DryRun, 0),
            (&[("EXECUTION_MODE", "LIVE"), ("DRY_RUN", "perhaps")], Mode::DryRun, 1),
            (&[("EXECUTION_MODE", "PAPER"), ("DRY_RUN", "0")], Mode::Paper, 0),
        ];
        for (pairs, expect, warned) in table {
            let mut warnings = Vec::new();
            let mode = Mode::from_env(&Env::from_pairs(pairs.iter().copied()), &mut warnings);
            assert_eq!((mode, warnings.len()), (expect, warned), "{pairs:?}: {warnings:?}");
        }
    }
}
