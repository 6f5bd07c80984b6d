//! Every environment variable of every program, by name and type, and the readers for them.
//!
//! [`VARIABLES`] is the one table: type, default, who reads it, whether a manifest may set it. A value that cannot be
//! read is an error that names variable and value, never a silent default. Programs take one snapshot ([`Env`]) at the
//! start, so nothing changes under them and tests never touch the real environment.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fmt, fs,
    io::Read,
    path::{Component, PathBuf},
};

use market::{Bps, NaiveTime, Symbol, Usd};
use thiserror::Error;

pub use crate::variables::*;

const SECRET_MAX_BYTES: u64 = 8 * 1024;

/// One environment variable.
#[derive(Clone, Copy, Debug)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// What its value must be.
    pub kind: Kind,
    /// The value that holds when it is unset or empty.
    pub default: Option<&'static str>,
    /// The programs that read it.
    pub read_by: &'static str,
    /// Whether a manifest's `env` table may set it.
    pub manifest: InManifest,
    /// What it means.
    pub meaning: &'static str,
}

/// The type of a variable's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Text,
    /// `1`, `true`, `yes`, `on` or `0`, `false`, `no`, `off`.
    Flag,
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A whole number.
    Count,
    /// A whole number of seconds.
    Seconds,
    /// A whole number of minutes.
    Minutes,
    /// Hundredths of a percent, 0 to 10,000.
    BasisPoints,
    /// US dollars.
    Dollars,
    /// `HH:MM` in New York.
    TimeOfDay,
    /// Symbols separated by commas or spaces.
    Symbols,
    /// A file or directory.
    Path,
    /// Directories separated by colons, as systemd writes them.
    Paths,
    /// An address of a web service.
    Url,
    /// A secret: a credential file, or the environment for want of one.
    Secret,
}

/// Whether a manifest's `env` table may set a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InManifest {
    /// Yes.
    Allowed,
    /// No; the text says why or names the key that says it instead.
    Refused(&'static str),
}

/// A snapshot of the environment.
#[derive(Clone, Default)]
pub struct Env {
    values: BTreeMap<String, OsString>,
}

/// Why a variable cannot be read.
#[derive(Debug, Error)]
pub enum EnvError {
    /// The value is not what it must be.
    #[error("{name}={value:?} is not {expected}")]
    Value {
        /// The variable.
        name: &'static str,
        /// Its value, shortened.
        value: String,
        /// What it must be.
        expected: &'static str,
    },
    /// The value is not UTF-8.
    #[error("{name} is not valid UTF-8")]
    NotUnicode {
        /// The variable.
        name: &'static str,
    },
    /// A credential file is there and cannot be read.
    #[error("cannot read the credential {}", path.display())]
    Credential {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

/// A secret value; it shows itself only to [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value, for the one place that sends it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// One that equals none.
    pub(crate) fn empty() -> Self {
        Self(String::new())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// A type that a variable can be read as.
pub trait Setting: Sized {
    /// What a value must be, for the error.
    const EXPECTED: &'static str;

    /// The value of a trimmed, non-empty text.
    fn from_text(text: &str) -> Option<Self>;
}

impl Env {
    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        let unicode = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self { values: unicode.collect() }
    }

    /// An environment made of these variables.
    #[must_use]
    pub fn from_pairs<N: Into<String>, V: Into<OsString>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        Self { values: pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect() }
    }

    /// The same with one variable set.
    #[must_use]
    pub fn with(self, variable: &Variable, value: impl Into<OsString>) -> Self {
        self.with_named(variable.name, value)
    }

    /// The same with any name, ours or not, set.
    #[must_use]
    pub fn with_named(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.values.insert(name.to_owned(), value.into());
        self
    }

    /// The names that are set to something, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let is_set = |value: &OsString| value.to_str().is_none_or(|text| !text.trim().is_empty());
        self.values.iter().filter(move |(_, value)| is_set(value)).map(|(name, _)| name.as_str())
    }

    /// The trimmed text of any name, ours or not; `None` when it is unset, empty or not UTF-8.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.to_str().map(str::trim).filter(|text| !text.is_empty())
    }

    /// The trimmed text of a variable, or else its default; `None` when there is neither.
    ///
    /// # Errors
    /// When the value is not UTF-8.
    pub fn text(&self, variable: &Variable) -> Result<Option<&str>, EnvError> {
        let Some(value) = self.values.get(variable.name) else { return Ok(variable.default) };
        let text = value.to_str().ok_or(EnvError::NotUnicode { name: variable.name })?.trim();
        Ok(if text.is_empty() { variable.default } else { Some(text) })
    }

    /// The typed value of a variable, or else of its default; `None` when there is neither.
    ///
    /// # Errors
    /// When the value is not of that type.
    pub fn read<T: Setting>(&self, variable: &Variable) -> Result<Option<T>, EnvError> {
        self.text(variable)?.map(|text| read_text(variable, text)).transpose()
    }

    /// As [`Env::read`], but a value that cannot be read becomes a warning and the default holds.
    ///
    /// # Panics
    /// When the variable has no readable default; only variables that have one are read this way.
    pub fn read_or_default<T: Setting>(&self, variable: &Variable, warnings: &mut Vec<EnvError>) -> T {
        let given = self.read(variable).unwrap_or_else(|error| {
            warnings.push(error);
            None
        });
        let default = || variable.default.and_then(T::from_text);
        given.or_else(default).expect("only variables with a default are read with one")
    }

    /// A path; any bytes a file name may hold.
    ///
    /// # Errors
    /// When it holds `..`: it could leave the root that the unit's sandbox grants.
    pub fn path(&self, variable: &Variable) -> Result<Option<PathBuf>, EnvError> {
        let value = self.values.get(variable.name).filter(|value| !value.is_empty());
        let path = value.map(PathBuf::from).or_else(|| variable.default.map(PathBuf::from));
        match path {
            Some(path) if path.components().any(|part| part == Component::ParentDir) => {
                Err(refused(variable, &path.to_string_lossy(), "a path without .."))
            }
            path => Ok(path),
        }
    }

    /// The first of several directories separated by colons.
    ///
    /// # Errors
    /// As [`Env::path`].
    pub fn first_path(&self, variable: &Variable) -> Result<Option<PathBuf>, EnvError> {
        let paths = self.path(variable)?;
        Ok(paths.and_then(|paths| std::env::split_paths(&paths).find(|path| !path.as_os_str().is_empty())))
    }

    /// A secret: `$CREDENTIALS_DIRECTORY/NAME`, or the variable itself for want of that file.
    ///
    /// # Errors
    /// When the credential file is there and cannot be read: falling back would hide a broken deployment.
    pub fn secret(&self, variable: &Variable) -> Result<Option<Secret>, EnvError> {
        if let Some(directory) = self.path(&CREDENTIALS_DIRECTORY)? {
            let path = directory.join(variable.name);
            match fs::File::open(&path) {
                Ok(file) => return read_credential(file, path),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(source) => return Err(EnvError::Credential { path, source }),
            }
        }
        Ok(self.text(variable)?.map(|text| Secret(text.to_owned())))
    }
}

impl fmt::Debug for Env {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.values.keys()).finish()
    }
}

/// The variable of that name.
#[must_use]
pub fn variable(name: &str) -> Option<&'static Variable> {
    VARIABLES.iter().find(|variable| variable.name == name)
}

impl Variable {
    /// Checks a value against the variable's type, for whoever renders units before any program reads them.
    ///
    /// # Errors
    /// Names variable, value and type.
    pub fn check(&self, value: &str) -> Result<(), EnvError> {
        let text = value.trim();
        if text.is_empty() {
            return Ok(());
        }
        match self.kind {
            Kind::Text | Kind::Path | Kind::Paths | Kind::Url | Kind::Secret => Ok(()),
            Kind::Flag => read_text::<bool>(self, text).map(drop),
            Kind::Count | Kind::Seconds | Kind::Minutes => read_text::<u32>(self, text).map(drop),
            Kind::BasisPoints => read_text::<Bps>(self, text).map(drop),
            Kind::Dollars => read_text::<Usd>(self, text).map(drop),
            Kind::TimeOfDay => read_text::<NaiveTime>(self, text).map(drop),
            Kind::Symbols => read_text::<BTreeSet<Symbol>>(self, text).map(drop),
            Kind::Choice(words) if words.contains(&text) => Ok(()),
            Kind::Choice(_) => Err(refused(self, text, "one of the words it knows")),
        }
    }
}

impl Setting for u32 {
    const EXPECTED: &'static str = "a whole number";
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for bool {
    const EXPECTED: &'static str = "1 or 0";
    fn from_text(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "1" | "true" | "yes" | "on" => Some(true),
            "0" | "false" | "no" | "off" => Some(false),
            _ => None,
        }
    }
}

impl Setting for Bps {
    const EXPECTED: &'static str = "a whole number of basis points, at most 10000";
    fn from_text(text: &str) -> Option<Self> {
        Self::new(text.parse().ok()?).ok()
    }
}

impl Setting for Usd {
    const EXPECTED: &'static str = "an amount of dollars such as 5000.00";
    fn from_text(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for NaiveTime {
    const EXPECTED: &'static str = "a time such as 09:30";
    fn from_text(text: &str) -> Option<Self> {
        let (hour, minute) = text.split_once(':')?;
        Self::from_hms_opt(hour.parse().ok()?, minute.parse().ok()?, 0)
    }
}

impl Setting for BTreeSet<Symbol> {
    const EXPECTED: &'static str = "a list of symbols such as AAPL,BRK.B";
    fn from_text(text: &str) -> Option<Self> {
        let words = text.split([',', ' ']).filter(|word| !word.is_empty());
        words.map(|word| Symbol::new(word).ok()).collect()
    }
}

impl Setting for String {
    const EXPECTED: &'static str = "a text";
    fn from_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

fn read_text<T: Setting>(variable: &Variable, text: &str) -> Result<T, EnvError> {
    T::from_text(text).ok_or_else(|| refused(variable, text, T::EXPECTED))
}

fn refused(variable: &Variable, text: &str, expected: &'static str) -> EnvError {
    // A mistyped secret must not end in a log.
    let secret = variable.kind == Kind::Secret;
    let value = if secret { "..".to_owned() } else { text.chars().take(60).collect() };
    EnvError::Value { name: variable.name, value, expected }
}

fn read_credential(file: fs::File, path: PathBuf) -> Result<Option<Secret>, EnvError> {
    let mut text = String::new();
    match file.take(SECRET_MAX_BYTES).read_to_string(&mut text) {
        Ok(_) => {
            let value = text.trim();
            Ok((!value.is_empty()).then(|| Secret(value.to_owned())))
        }
        Err(source) => Err(EnvError::Credential { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_of_its_type_and_every_name_is_there_once() {
        let mut names = BTreeSet::new();
        for variable in VARIABLES {
            assert!(names.insert(variable.name), "{} is there twice", variable.name);
            if let Some(default) = variable.default {
                variable.check(default).unwrap();
            }
        }
    }

    #[test]
    fn no_secret_and_no_clock_in_a_manifest() {
        for variable in VARIABLES {
            let sensitive = variable.kind == Kind::Secret || variable.name == "PORTCULLIS_CLOCK";
            assert!(!sensitive || matches!(variable.manifest, InManifest::Refused(_)), "{}", variable.name);
        }
    }

    #[test]
    fn values_are_read_by_type_or_refused_by_name() {
        for (variable, value, expect) in [
            (&EXECUTION_POLL_SECONDS, "60", true),
            (&EXECUTION_POLL_SECONDS, "60s", false),
            (&EXECUTION_POLL_SECONDS, "-1", false),
            (&DRY_RUN, "1", true),
            (&DRY_RUN, "maybe", false),
            (&MAX_LIVE_GROSS_NOTIONAL, "5000,00", false),
            (&MAX_LIVE_GROSS_NOTIONAL, "5000.00", true),
            (&EXECUTION_POLL_TIGHT_START_ET, "9:30", true),
            (&EXECUTION_POLL_TIGHT_START_ET, "24:00", false),
            (&RISK_PER_TRADE_BPS, "10001", false),
            (&ALLOWLIST_SYMBOLS, "AAPL, brk-b", true),
            (&ALLOWLIST_SYMBOLS, "AAPL;MSFT", false),
            (&EXECUTION_MODE, "PAPER", true),
            (&EXECUTION_MODE, "paper", false),
            (&EXECUTION_MODE, "", true),
        ] {
            let result = variable.check(value);
            assert_eq!(result.is_ok(), expect, "{}={value}", variable.name);
            if let Err(error) = result {
                assert!(error.to_string().starts_with(&format!("{}={value:?} is not ", variable.name)), "{error}");
            }
        }
    }

    #[test]
    fn unset_and_empty_mean_the_default() {
        for env in [Env::default(), Env::default().with(&EXECUTION_POLL_SECONDS, " ")] {
            assert_eq!(env.read::<u32>(&EXECUTION_POLL_SECONDS).unwrap(), Some(300));
            assert_eq!(env.read::<u32>(&RISK_PER_TRADE_BPS).unwrap(), Some(50));
        }
    }

    #[test]
    fn an_invalid_value_can_fall_back_with_one_warning() {
        let env = Env::default().with(&EXECUTION_POLL_SECONDS, "soon");
        let mut warnings = Vec::new();
        assert_eq!(env.read_or_default::<u32>(&EXECUTION_POLL_SECONDS, &mut warnings), 300);
        assert_eq!(warnings.len(), 1);
    }

    #[test]
    fn a_credential_file_outranks_the_variable_and_nothing_prints_either() {
        let directory = tempfile::tempdir().unwrap();
        let env = Env::default().with(&CREDENTIALS_DIRECTORY, directory.path()).with(&APCA_API_KEY_ID, "from-env");
        let key = |env: &Env| env.secret(&APCA_API_KEY_ID).unwrap().unwrap();
        assert_eq!(key(&env).expose(), "from-env");
        fs::write(directory.path().join("APCA_API_KEY_ID"), "from-file\n").unwrap();
        assert_eq!(key(&env).expose(), "from-file");
        assert_eq!(format!("{:?} {env:?}", key(&env)), "Secret(..) {\"APCA_API_KEY_ID\", \"CREDENTIALS_DIRECTORY\"}");
        fs::remove_file(directory.path().join("APCA_API_KEY_ID")).unwrap();
        fs::create_dir(directory.path().join("APCA_API_KEY_ID")).unwrap();
        assert!(env.secret(&APCA_API_KEY_ID).is_err(), "an unreadable credential is no missing one");
    }
}
