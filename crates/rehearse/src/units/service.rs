//! A service as the rehearsal runs it: typed, specifiers expanded, defaults of systemd filled in.
//!
//! Every key of a rendered unit is understood, or listed in [`keys`](super::keys) as one that a rehearsal need not
//! know (sandboxing, limits, documentation), or an error. Times are spans of the venue's time.

use std::{collections::BTreeMap, path::PathBuf};

use market::TimeDelta;

use super::{
    command::Command,
    file::{Entry, UnitFile},
    keys, span,
    specifier::{self, Directories},
    status::StatusSet,
    tree::UnitError,
    words,
};

/// `Type=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Done when its commands are.
    Oneshot,
    /// Up when it says so.
    Notify,
    /// Up as soon as it runs.
    Simple,
}

/// `Restart=`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// Never.
    No,
    /// After every end but a skip and a stop on request.
    Always,
    /// After an unclean end.
    OnFailure,
    /// After a signal, a timeout or the watchdog.
    OnAbnormal,
}

/// How many starts are too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartLimit {
    /// The window; zero means no limit.
    pub interval: TimeDelta,
    /// Starts allowed in it.
    pub burst: usize,
}

/// A service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    /// With its suffix.
    pub name: String,
    /// `Type=`.
    pub kind: Kind,
    /// `ExecCondition=`.
    pub condition: Vec<Command>,
    /// `ExecStartPre=`.
    pub start_pre: Vec<Command>,
    /// `ExecStart=`.
    pub start: Vec<Command>,
    /// `ExecStopPost=`.
    pub stop_post: Vec<Command>,
    /// `Environment=`.
    pub environment: BTreeMap<String, String>,
    /// `StateDirectory=`, as paths under the root.
    pub state_directories: Vec<PathBuf>,
    /// `RuntimeDirectory=`, as paths under the root.
    pub runtime_directories: Vec<PathBuf>,
    /// Names of the credentials it loads.
    pub credentials: Vec<String>,
    /// `WorkingDirectory=`.
    pub working_directory: Option<PathBuf>,
    /// `Conflicts=`.
    pub conflicts: Vec<String>,
    /// `After=`.
    pub after: Vec<String>,
    /// `Before=`.
    pub before: Vec<String>,
    /// `OnSuccess=`.
    pub on_success: Vec<String>,
    /// `OnFailure=`.
    pub on_failure: Vec<String>,
    /// `Restart=`.
    pub restart: Restart,
    /// `RestartSec=`.
    pub restart_delay: TimeDelta,
    /// `RestartPreventExitStatus=`.
    pub restart_prevent: StatusSet,
    /// `SuccessExitStatus=`.
    pub success: StatusSet,
    /// `StartLimitIntervalSec=`, `StartLimitBurst=`.
    pub start_limit: StartLimit,
    /// `TimeoutStartSec=`; `None` is infinity.
    pub start_timeout: Option<TimeDelta>,
    /// `TimeoutStopSec=`; `None` is infinity.
    pub stop_timeout: Option<TimeDelta>,
    /// `WatchdogSec=`.
    pub watchdog: Option<TimeDelta>,
}

impl Service {
    /// Reads a merged unit file.
    pub fn read(name: &str, file: &UnitFile, directories: &Directories) -> Result<Self, UnitError> {
        let reader = Reader { name, file, directories };
        keys::check_service(file)?;
        let kind = reader.kind()?;
        let start = reader.commands("ExecStart")?;
        if start.is_empty() || (start.len() > 1 && kind != Kind::Oneshot) {
            let problem = "needs one ExecStart= (several only with Type=oneshot)";
            return Err(UnitError::Service { unit: name.to_owned(), problem: problem.to_owned() });
        }
        let default_start = (kind != Kind::Oneshot).then(|| TimeDelta::seconds(90));
        let both = reader.span("TimeoutSec")?;
        Ok(Self {
            name: name.to_owned(),
            kind,
            condition: reader.commands("ExecCondition")?,
            start_pre: reader.commands("ExecStartPre")?,
            start,
            stop_post: reader.commands("ExecStopPost")?,
            environment: reader.environment()?,
            state_directories: reader.directories("StateDirectory", &directories.state)?,
            runtime_directories: reader.directories("RuntimeDirectory", &directories.runtime)?,
            credentials: reader.credentials()?,
            working_directory: reader.path("WorkingDirectory")?,
            conflicts: file.dependencies("Conflicts"),
            after: file.dependencies("After"),
            before: file.dependencies("Before"),
            on_success: file.dependencies("OnSuccess"),
            on_failure: file.dependencies("OnFailure"),
            restart: reader.restart(kind)?,
            restart_delay: reader.span("RestartSec")?.flatten().unwrap_or_else(|| TimeDelta::milliseconds(100)),
            restart_prevent: reader.statuses("RestartPreventExitStatus")?,
            success: reader.statuses("SuccessExitStatus")?,
            start_limit: reader.start_limit()?,
            start_timeout: reader.span("TimeoutStartSec")?.or(both).unwrap_or(default_start),
            stop_timeout: reader.span("TimeoutStopSec")?.or(both).unwrap_or_else(|| Some(TimeDelta::seconds(90))),
            watchdog: reader.span("WatchdogSec")?.flatten().filter(|span| *span > TimeDelta::zero()),
        })
    }

    /// Whether either unit orders itself against the other: a stop of one then comes before a start of the other.
    pub fn is_ordered_with(&self, other: &Self) -> bool {
        let names = |service: &Self, unit: &str| service.after.iter().chain(&service.before).any(|name| name == unit);
        names(self, &other.name) || names(other, &self.name)
    }
}

struct Reader<'a> {
    name: &'a str,
    file: &'a UnitFile,
    directories: &'a Directories,
}

impl Reader<'_> {
    fn refused(&self, entry: &Entry, problem: impl ToString) -> UnitError {
        UnitError::Value {
            place: entry.place.clone(),
            assignment: format!("{}={}", entry.key, entry.value),
            problem: problem.to_string(),
        }
    }

    fn expand(&self, entry: &Entry, text: &str) -> Result<String, UnitError> {
        specifier::expand(text, self.name, self.directories).map_err(|error| self.refused(entry, error))
    }

    fn kind(&self) -> Result<Kind, UnitError> {
        let Some(entry) = self.file.last("Service", "Type") else { return Ok(Kind::Simple) };
        match entry.value.as_str() {
            "oneshot" => Ok(Kind::Oneshot),
            "notify" => Ok(Kind::Notify),
            "simple" | "exec" => Ok(Kind::Simple),
            _ => Err(self.refused(entry, "a type that is not rehearsed")),
        }
    }

    fn restart(&self, kind: Kind) -> Result<Restart, UnitError> {
        let Some(entry) = self.file.last("Service", "Restart") else { return Ok(Restart::No) };
        match entry.value.as_str() {
            "no" => Ok(Restart::No),
            "always" if kind != Kind::Oneshot => Ok(Restart::Always),
            "on-failure" => Ok(Restart::OnFailure),
            "on-abnormal" => Ok(Restart::OnAbnormal),
            _ => Err(self.refused(entry, "a restart policy that is not rehearsed (or that systemd refuses)")),
        }
    }

    fn commands(&self, key: &str) -> Result<Vec<Command>, UnitError> {
        let parse = |entry: &Entry| {
            Command::parse(&entry.value, self.name, self.directories).map_err(|error| self.refused(entry, error))
        };
        self.file.list("Service", key).into_iter().map(parse).collect()
    }

    fn environment(&self) -> Result<BTreeMap<String, String>, UnitError> {
        let mut environment = BTreeMap::new();
        for entry in self.file.list("Service", "Environment") {
            for word in words::split(&entry.value).map_err(|error| self.refused(entry, error))? {
                let assignment = self.expand(entry, &word.text)?;
                let (name, value) =
                    assignment.split_once('=').ok_or_else(|| self.refused(entry, "a word that is no NAME=value"))?;
                environment.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(environment)
    }

    fn directories(&self, key: &str, base: &std::path::Path) -> Result<Vec<PathBuf>, UnitError> {
        let mut paths = Vec::new();
        for entry in self.file.list("Service", key) {
            for word in words::split(&entry.value).map_err(|error| self.refused(entry, error))? {
                let name = self.expand(entry, &word.text)?;
                if name.starts_with('/') || name.contains(':') || name.split('/').any(|part| part == "..") {
                    return Err(self.refused(entry, "a directory that is no plain relative name"));
                }
                paths.push(base.join(name));
            }
        }
        Ok(paths)
    }

    /// `LoadCredential=ID:PATH` and its encrypted form; the rehearsal lends its own values under the same names.
    fn credentials(&self) -> Result<Vec<String>, UnitError> {
        let mut names = Vec::new();
        for key in ["LoadCredential", "LoadCredentialEncrypted"] {
            for entry in self.file.list("Service", key) {
                let value = self.expand(entry, &entry.value)?;
                names.push(value.split(':').next().unwrap_or_default().to_owned());
            }
        }
        Ok(names)
    }

    fn path(&self, key: &str) -> Result<Option<PathBuf>, UnitError> {
        let Some(entry) = self.file.last("Service", key) else { return Ok(None) };
        Ok(Some(PathBuf::from(self.expand(entry, entry.value.trim_start_matches('-'))?)))
    }

    fn span(&self, key: &str) -> Result<Option<Option<TimeDelta>>, UnitError> {
        let Some(entry) = self.file.last("Service", key) else { return Ok(None) };
        span::parse(&entry.value).map(Some).ok_or_else(|| self.refused(entry, "no time span"))
    }

    fn statuses(&self, key: &str) -> Result<StatusSet, UnitError> {
        let mut set = StatusSet::default();
        for entry in self.file.list("Service", key) {
            set.add(&entry.value).map_err(|error| self.refused(entry, error))?;
        }
        Ok(set)
    }

    fn start_limit(&self) -> Result<StartLimit, UnitError> {
        let mut limit = StartLimit { interval: TimeDelta::seconds(10), burst: 5 };
        if let Some(entry) = self.file.last("Unit", "StartLimitIntervalSec") {
            let interval = span::parse(&entry.value).flatten();
            limit.interval = interval.ok_or_else(|| self.refused(entry, "no time span"))?;
        }
        // Starting another is modelled as it is rendered: what stands in the way is stopped, not the start dropped.
        for key in ["OnSuccessJobMode", "OnFailureJobMode"] {
            if let Some(entry) = self.file.last("Unit", key).filter(|entry| entry.value != "replace") {
                return Err(self.refused(entry, "only replace is rehearsed"));
            }
        }
        if let Some(entry) = self.file.last("Unit", "StartLimitBurst") {
            limit.burst = entry.value.parse().map_err(|_| self.refused(entry, "no count"))?;
        }
        Ok(limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Service, UnitError> {
        let directories = Directories { state: "/r/var/lib".into(), config: "/r/etc".into(), runtime: "/r/run".into() };
        Service::read("execution.service", &UnitFile::parse("execution.service", text).unwrap(), &directories)
    }

    #[test]
    fn a_service_is_typed_and_its_paths_lie_under_the_root() {
        let service = read(concat!(
            "[Unit]\nConflicts=a.service\nAfter=a.service network-online.target\nStartLimitIntervalSec=1h\nStartLimitBurst=3\n",
            "[Service]\nType=notify\nExecCondition=/p/gate execution\nExecStart=/p/execution\n",
            "ExecStopPost=-/p/desk alert --unit %n\nEnvironment=A=1 \"B=x y\"\nEnvironment=A=2 C=%S\n",
            "StateDirectory=avwap\nRuntimeDirectory=portcullis\nLoadCredential=KEY:/etc/creds/KEY\n",
            "Restart=on-failure\nRestartSec=5s\nRestartPreventExitStatus=64 75\nTimeoutStopSec=20\nWatchdogSec=2min\n",
            "ProtectSystem=strict\nX-RestartIfChanged=false\n",
        ))
        .unwrap();
        assert_eq!(service.kind, Kind::Notify);
        let environment = [("A", "2"), ("B", "x y"), ("C", "/r/var/lib")];
        assert_eq!(service.environment, environment.map(|(k, v)| (k.to_owned(), v.to_owned())).into());
        assert_eq!(service.state_directories, [PathBuf::from("/r/var/lib/avwap")]);
        assert_eq!(service.credentials, ["KEY"]);
        assert_eq!(service.stop_post[0].arguments(&BTreeMap::new()), ["alert", "--unit", "execution.service"]);
        assert_eq!(service.start_limit, StartLimit { interval: TimeDelta::hours(1), burst: 3 });
        assert_eq!(service.start_timeout, Some(TimeDelta::seconds(90)));
        assert_eq!(service.watchdog, Some(TimeDelta::minutes(2)));
    }

    #[test]
    fn what_cannot_be_rehearsed_faithfully_is_an_error() {
        for (what, lines) in [
            ("unknown key", "ExecStart=/x\nExecStartPost=/y"),
            ("start limit in the wrong section", "ExecStart=/x\nStartLimitIntervalSec=5"),
            ("two ExecStart", "Type=notify\nExecStart=/x\nExecStart=/y"),
            ("no ExecStart", "Type=oneshot"),
            ("forking", "Type=forking\nExecStart=/x"),
            ("oneshot always", "Type=oneshot\nRestart=always\nExecStart=/x"),
            ("privileged prefix", "ExecStart=+/x"),
            ("unknown specifier", "ExecStart=/x %h"),
            ("no assignment", "ExecStart=/x\nEnvironment=A"),
            ("no span", "ExecStart=/x\nRestartSec=soon"),
            ("no status", "ExecStart=/x\nSuccessExitStatus=maybe"),
            ("state elsewhere", "ExecStart=/x\nStateDirectory=../../etc"),
            ("other stop signal", "ExecStart=/x\nKillSignal=SIGINT"),
        ] {
            assert!(read(&format!("[Service]\n{lines}\n")).is_err(), "{what}");
        }
    }
}
