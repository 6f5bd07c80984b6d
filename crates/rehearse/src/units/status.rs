//! How a process ended, and sets of such ends (`SuccessExitStatus=`, `RestartPreventExitStatus=`).
//!
//! Sources: systemd.service(5), systemd.exec(5) "Process exit codes", signal(7) on Linux.

use std::{collections::BTreeSet, fmt};

use thiserror::Error;

/// Signals by number.
const SIGNALS: [(i32, &str); 15] = [
    (1, "HUP"),
    (2, "INT"),
    (3, "QUIT"),
    (4, "ILL"),
    (6, "ABRT"),
    (7, "BUS"),
    (8, "FPE"),
    (9, "KILL"),
    (10, "USR1"),
    (11, "SEGV"),
    (12, "USR2"),
    (13, "PIPE"),
    (14, "ALRM"),
    (15, "TERM"),
    (31, "SYS"),
];

/// The exit statuses of sysexits.h that a unit may name.
const NAMED: [(&str, u8); 15] = [
    ("USAGE", 64),
    ("DATAERR", 65),
    ("NOINPUT", 66),
    ("NOUSER", 67),
    ("NOHOST", 68),
    ("UNAVAILABLE", 69),
    ("SOFTWARE", 70),
    ("OSERR", 71),
    ("OSFILE", 72),
    ("CANTCREAT", 73),
    ("IOERR", 74),
    ("TEMPFAIL", 75),
    ("PROTOCOL", 76),
    ("NOPERM", 77),
    ("CONFIG", 78),
];

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// By itself, with this status.
    Exited(u8),
    /// By this signal.
    Killed(i32),
}

impl Exit {
    /// `$EXIT_CODE`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Exited(_) => "exited",
            Self::Killed(_) => "killed",
        }
    }

    /// `$EXIT_STATUS`: the number, or the signal without `SIG`.
    pub fn status(self) -> String {
        match self {
            Self::Exited(status) => status.to_string(),
            Self::Killed(signal) => signal_name(signal),
        }
    }
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited(status) => f.pad(&status.to_string()),
            Self::Killed(signal) => f.pad(&format!("SIG{}", signal_name(*signal))),
        }
    }
}

fn signal_name(signal: i32) -> String {
    let known = SIGNALS.iter().find(|(number, _)| *number == signal);
    known.map_or_else(|| signal.to_string(), |(_, name)| (*name).to_owned())
}

/// A set of ends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct StatusSet(BTreeSet<Exit>);

/// A word that is neither a status nor a signal.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{0:?} is neither an exit status nor a signal")]
pub struct StatusError(String);

impl StatusSet {
    /// Reads words such as `75 TEMPFAIL SIGKILL` into the set.
    pub fn add(&mut self, words: &str) -> Result<(), StatusError> {
        for word in words.split_whitespace() {
            self.0.insert(read(word).ok_or_else(|| StatusError(word.to_owned()))?);
        }
        Ok(())
    }

    /// Whether the end is in the set.
    pub fn contains(&self, exit: Exit) -> bool {
        self.0.contains(&exit)
    }
}

fn read(word: &str) -> Option<Exit> {
    if let Ok(status) = word.parse() {
        return Some(Exit::Exited(status));
    }
    if let Some((_, status)) = NAMED.iter().find(|(name, _)| *name == word) {
        return Some(Exit::Exited(*status));
    }
    let name = word.strip_prefix("SIG").unwrap_or(word);
    SIGNALS.iter().find(|(_, known)| *known == name).map(|(signal, _)| Exit::Killed(*signal))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_numbers_names_and_signals() {
        let mut set = StatusSet::default();
        set.add("2 TEMPFAIL SIGKILL TERM").unwrap();
        for (exit, expect) in [
            (Exit::Exited(2), true),
            (Exit::Exited(75), true),
            (Exit::Exited(76), false),
            (Exit::Killed(9), true),
            (Exit::Killed(15), true),
            (Exit::Exited(9), false),
        ] {
            assert_eq!(set.contains(exit), expect, "{exit}");
        }
        for word in ["256", "-1", "SIGFOO", "tempfail"] {
            assert!(set.add(word).is_err(), "{word}");
        }
    }

    #[test]
    fn ends_are_named_as_systemd_names_them() {
        assert_eq!((Exit::Exited(75).code(), Exit::Exited(75).status()), ("exited", "75".to_owned()));
        assert_eq!((Exit::Killed(9).code(), Exit::Killed(9).status()), ("killed", "KILL".to_owned()));
        assert_eq!(Exit::Killed(9).to_string(), "SIGKILL");
    }
}
