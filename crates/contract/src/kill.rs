//! The kill switch: a file that outlives every restart and that only an explicit clear removes.
//!
//! Levels: `entries` blocks opening; `cancel` also cancels opening orders and keeps protective stops; `flatten` also
//! closes positions. The file holds JSON, a bare word, or nothing, so that `touch KILL_SWITCH` works in a hurry: nothing
//! means `cancel`, and so does whatever cannot be understood or read.

use std::{
    fmt,
    fs::{self, File},
    io,
    path::Path,
    str::FromStr,
};

use market::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    atomic::{WriteError, directory_of, sync_directory, write_atomically_for_all},
    env::{self, Env},
    record,
};

/// How much a latched switch stops, in rising order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KillLevel {
    /// No opening.
    Entries,
    /// Also cancel opening orders; protective stops stay.
    Cancel,
    /// Also close every position.
    Flatten,
}

/// The state of the switch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KillSwitch {
    /// Nothing is stopped.
    Clear,
    /// Something is.
    Latched(Latch),
}

/// A latched switch, and the content of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Latch {
    /// How much it stops.
    pub level: KillLevel,
    /// Why.
    pub reason: String,
    /// Who or what latched it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

impl KillSwitch {
    /// Reads the file and the variable `KILL_SWITCH`; the higher level holds.
    #[must_use]
    pub fn read(path: &Path, env: &Env) -> Self {
        let (file, variable) = (Self::read_file(path), Self::read_variable(env));
        if file.level() >= variable.level() { file } else { variable }
    }

    /// Reads the file alone.
    #[must_use]
    pub fn read_file(path: &Path) -> Self {
        let unreadable = |problem: String| Self::Latched(Latch::unexplained(format!("kill switch file: {problem}")));
        // Not File::open: a dangling link is a file that somebody wanted to be there.
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Self::Clear,
            Err(error) => return unreadable(error.to_string()),
            Ok(_) => {}
        }
        match record::read_bytes(path) {
            Ok(bytes) => Self::Latched(Latch::from_content(&String::from_utf8_lossy(&bytes))),
            Err(error) => unreadable(error.to_string()),
        }
    }

    fn read_variable(env: &Env) -> Self {
        match env.text(&env::KILL_SWITCH) {
            Ok(None | Some("0" | "false" | "no" | "off")) => Self::Clear,
            Ok(Some(value)) => {
                let level = value.parse().unwrap_or(KillLevel::Cancel);
                Self::Latched(Latch {
                    level,
                    ..Latch::unexplained(format!("environment variable KILL_SWITCH={value}"))
                })
            }
            Err(error) => Self::Latched(Latch::unexplained(error.to_string())),
        }
    }

    /// How much is stopped; `None` when nothing is.
    #[must_use]
    pub fn level(&self) -> Option<KillLevel> {
        match self {
            Self::Clear => None,
            Self::Latched(latch) => Some(latch.level),
        }
    }

    /// Whether opening is stopped.
    #[must_use]
    pub fn is_latched(&self) -> bool {
        self.level().is_some()
    }

    /// Latches the switch and returns what now holds. A higher level that is latched already stays, with its reason.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn latch(path: &Path, level: KillLevel, reason: &str, by: &str, at: Timestamp) -> Result<Latch, WriteError> {
        let latch = Latch { level, reason: reason.to_owned(), by: Some(by.to_owned()), at: Some(at) };
        Self::latch_under(path, latch, File::lock)
    }

    /// The same for who has no time to wait: while somebody else latches, it fails at once.
    ///
    /// # Errors
    /// As [`KillSwitch::latch`], and when the directory is locked.
    pub fn try_latch(
        path: &Path,
        level: KillLevel,
        reason: &str,
        by: &str,
        at: Timestamp,
    ) -> Result<Latch, WriteError> {
        let latch = Latch { level, reason: reason.to_owned(), by: Some(by.to_owned()), at: Some(at) };
        Self::latch_under(path, latch, |directory| directory.try_lock().map_err(io::Error::from))
    }

    fn latch_under(path: &Path, latch: Latch, lock: impl FnOnce(&File) -> io::Result<()>) -> Result<Latch, WriteError> {
        let failed = |source| WriteError { path: path.to_owned(), step: "lock the directory of", source };
        fs::create_dir_all(directory_of(path)).map_err(failed)?;
        // Held while reading and writing, so that of two that latch at once the higher level wins.
        let directory = File::open(directory_of(path)).map_err(failed)?;
        lock(&directory).map_err(failed)?;
        if let Self::Latched(held) = Self::read_file(path)
            && held.level >= latch.level
        {
            return Ok(held);
        }
        // Root latches it, the service user must read the level: unreadable would mean cancel, not flatten.
        write_atomically_for_all(path, &record::to_json(&latch))?;
        Ok(latch)
    }

    /// Lifts the switch; the one way to do so. Returns whether there was one.
    ///
    /// # Errors
    /// When the file cannot be removed.
    pub fn clear(path: &Path) -> Result<bool, WriteError> {
        match fs::remove_file(path) {
            Ok(()) => sync_directory(path).map(|()| true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(WriteError { path: path.to_owned(), step: "remove", source }),
        }
    }
}

impl Latch {
    fn from_content(content: &str) -> Self {
        let content = content.trim();
        if content.is_empty() {
            return Self::unexplained("an empty kill switch file".to_owned());
        }
        if let Ok(level) = content.parse() {
            return Self { level, ..Self::unexplained(format!("the kill switch file says {content}")) };
        }
        serde_json::from_str(content).unwrap_or_else(|_| {
            let start: String = content.chars().take(60).collect();
            Self::unexplained(format!("the kill switch file says {start:?}"))
        })
    }

    fn unexplained(reason: String) -> Self {
        Self { level: KillLevel::Cancel, reason, by: None, at: None }
    }
}

impl FromStr for KillLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "entries" => Ok(Self::Entries),
            "cancel" => Ok(Self::Cancel),
            "flatten" => Ok(Self::Flatten),
            _ => Err(format!("{text:?} is none of entries, cancel, flatten")),
        }
    }
}

impl fmt::Display for KillLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Entries => "entries",
            Self::Cancel => "cancel",
            Self::Flatten => "flatten",
        })
    }
}

impl fmt::Display for Latch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.level, self.reason)?;
        if let Some(by) = &self.by {
            write!(f, " (by {by})")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at() -> Timestamp {
        Timestamp::from_unix_seconds(1_783_000_000)
    }

    #[test]
    fn the_content_decides_the_level_and_doubt_means_cancel() {
        use KillLevel::{Cancel, Entries, Flatten};
        for (content, expect) in [
            ("", Cancel),
            (" \n", Cancel),
            ("entries\n", Entries),
            ("FLATTEN", Flatten),
            ("stop it please", Cancel),
            ("{\"level\":\"flatten\",\"reason\":\"desk\"}", Flatten),
            ("{\"level\":\"entries\",\"reason\":\"desk\",\"by\":\"anna\",\"at\":\"2026-07-06T14:00:00Z\"}", Entries),
            ("{\"level\":\"none\",\"reason\":\"\"}", Cancel),
            ("{\"level\":", Cancel),
            ("0", Cancel),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("KILL_SWITCH");
            fs::write(&path, content).unwrap();
            assert_eq!(KillSwitch::read_file(&path).level(), Some(expect), "{content:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_latched_and_what_is_not_there_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("KILL_SWITCH");
        assert_eq!(KillSwitch::read_file(&path), KillSwitch::Clear);
        std::os::unix::fs::symlink("/nowhere/at/all", &path).unwrap();
        assert_eq!(KillSwitch::read_file(&path).level(), Some(KillLevel::Cancel));
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(KillSwitch::read_file(&path).level(), Some(KillLevel::Cancel));
        assert_eq!(KillSwitch::read_file(&path.join("x/y")), KillSwitch::Clear);
        let below_a_file = directory.path().join("file");
        fs::write(&below_a_file, "").unwrap();
        assert!(KillSwitch::read_file(&below_a_file.join("KILL_SWITCH")).is_latched());
    }

    #[test]
    fn the_variable_counts_and_the_higher_level_holds() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("KILL_SWITCH");
        let read = |value: &str| KillSwitch::read(&path, &Env::from_pairs([("KILL_SWITCH", value)])).level();
        for off in ["", "0", "false", "off"] {
            assert_eq!(read(off), None, "{off:?}");
        }
        for on in ["1", "true", "ja", "cancel"] {
            assert_eq!(read(on), Some(KillLevel::Cancel), "{on:?}");
        }
        fs::write(&path, "flatten").unwrap();
        assert_eq!(read("1"), Some(KillLevel::Flatten));
        assert_eq!(read("0"), Some(KillLevel::Flatten));
    }

    #[test]
    fn only_a_clear_lifts_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state/KILL_SWITCH");
        KillSwitch::latch(&path, KillLevel::Flatten, "drill", "anna", at()).unwrap();
        let kept = KillSwitch::latch(&path, KillLevel::Entries, "rejects", "execution", at()).unwrap();
        assert_eq!(kept.to_string(), "flatten: drill (by anna)");
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o644, "whoever latched it, the service reads it");
        assert!(KillSwitch::clear(&path).unwrap());
        assert_eq!(KillSwitch::read_file(&path), KillSwitch::Clear);
        assert!(!KillSwitch::clear(&path).unwrap());
    }

    #[test]
    fn who_has_no_time_is_told_that_somebody_else_latches() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("KILL_SWITCH");
        let attempt = || KillSwitch::try_latch(&path, KillLevel::Entries, "fills", "execution", at());
        let locked = File::open(directory.path()).unwrap();
        locked.lock().unwrap();
        let error = attempt().unwrap_err();
        assert!(error.to_string().contains("lock the directory of"), "{error}");
        assert_eq!(KillSwitch::read_file(&path), KillSwitch::Clear);
        drop(locked);
        assert_eq!(attempt().unwrap().level, KillLevel::Entries);
    }

    #[test]
    fn of_two_that_latch_at_once_the_higher_wins() {
        for _ in 0..50 {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("KILL_SWITCH");
            std::thread::scope(|scope| {
                for level in [KillLevel::Flatten, KillLevel::Entries, KillLevel::Cancel] {
                    let path = &path;
                    scope.spawn(move || KillSwitch::latch(path, level, "race", "test", at()).unwrap());
                }
            });
            assert_eq!(KillSwitch::read_file(&path).level(), Some(KillLevel::Flatten));
        }
    }

    fn levels() -> impl Strategy<Value = KillLevel> {
        prop_oneof![Just(KillLevel::Entries), Just(KillLevel::Cancel), Just(KillLevel::Flatten)]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn latching_never_lowers(latched in prop::collection::vec(levels(), 1..5)) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("KILL_SWITCH");
            for (at_most, level) in latched.iter().enumerate() {
                KillSwitch::latch(&path, *level, "test", "test", at()).unwrap();
                prop_assert_eq!(KillSwitch::read_file(&path).level(), latched[..=at_most].iter().max().copied());
            }
        }
    }
}
