//! The thin shell that asks a running manager: `systemctl` by one trait for all commands, and what [`crate::drift`] wants to
//! know of processes. Tests answer in its place.

use std::{
    collections::BTreeMap,
    fs,
    io::Read,
    os::unix::fs::MetadataExt,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::installation::Installation;

/// No answer takes longer.
const ANSWER: Duration = Duration::from_secs(60);

/// The manager that runs a deployment.
pub trait Systemctl {
    /// Runs `systemctl` to its end and says what it prints.
    ///
    /// # Errors
    /// What it said when it failed, or why it could not be run.
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String>;
}

/// A running host. No privileges are needed to ask it.
pub trait Host: Systemctl {
    /// Where `/proc/PID/exe` leads, when that may be read.
    fn executable(&self, pid: u32) -> Option<String>;

    /// Where a file lies once every link is followed.
    fn resolved(&self, path: &str) -> Option<String>;

    /// When a file came to be or was last written, in seconds since 1970; a link more of it is no change.
    fn changed(&self, path: &str) -> Option<i64>;

    /// A program's file; nothing when it is not there.
    fn program(&self, path: &str) -> Option<ProgramFile>;

    /// The time, in seconds since 1970; nothing when the clock stands before that.
    fn now(&self) -> Option<i64>;
}

/// What is known of a program's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProgramFile {
    /// Whether it is a file.
    pub is_file: bool,
    /// Owner and mode of the file.
    pub file: (u32, u32),
    /// Owner and mode of its directory: whoever may write there can lay another in its place.
    pub folder: (u32, u32),
}

/// This host.
#[derive(Clone, Debug, Default)]
pub struct ThisHost {
    /// Where the login's manager that is asked has its sockets; the system's is asked when there is none.
    runtime: Option<String>,
}

impl ThisHost {
    /// With the manager of an installation.
    #[must_use]
    pub fn of(installation: &Installation) -> Self {
        Self { runtime: installation.login().map(|login| login.runtime.clone()) }
    }
}

impl Systemctl for ThisHost {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        let mut command = Command::new("systemctl");
        if let Some(runtime) = &self.runtime {
            command.arg("--user").env("XDG_RUNTIME_DIR", runtime);
        }
        command.arg("--no-pager").args(arguments);
        // Times as numbers of a zone that everybody knows.
        command.env("LC_ALL", "C.UTF-8").env("TZ", "UTC");
        said(&mut command)
    }
}

impl Host for ThisHost {
    fn executable(&self, pid: u32) -> Option<String> {
        fs::read_link(format!("/proc/{pid}/exe")).ok().map(|path| path.display().to_string())
    }

    fn resolved(&self, path: &str) -> Option<String> {
        fs::canonicalize(path).ok().map(|path| path.display().to_string())
    }

    fn changed(&self, path: &str) -> Option<i64> {
        let there = fs::metadata(PathBuf::from(path)).ok()?;
        // A package lays a file with the time of its build, so only its birth tells when; where that is not kept, any change.
        let birth = there.created().ok().and_then(seconds).unwrap_or_else(|| there.ctime());
        Some(birth.max(there.mtime()))
    }

    fn program(&self, path: &str) -> Option<ProgramFile> {
        let file = fs::canonicalize(path).ok()?;
        let there = fs::metadata(&file).ok()?;
        let folder = fs::metadata(file.parent()?).ok()?;
        Some(ProgramFile {
            is_file: there.is_file(),
            file: (there.uid(), there.mode() & 0o7777),
            folder: (folder.uid(), folder.mode() & 0o7777),
        })
    }

    fn now(&self) -> Option<i64> {
        seconds(SystemTime::now())
    }
}

fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// What a command says on its output; what it says of its failure.
pub(crate) fn said(command: &mut Command) -> Result<String, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| error.to_string())?;
    let streams = (child.stdout.take(), child.stderr.take());
    // Read beside, so that neither pipe fills while the other is waited for.
    let read = |stream: Option<Box<dyn Read + Send>>| {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            // What a closed pipe leaves out is missing from an answer that is judged as a whole.
            let _ = stream.map(|mut stream| stream.read_to_end(&mut bytes));
            String::from_utf8_lossy(&bytes).into_owned()
        })
    };
    let out = read(streams.0.map(|stream| Box::new(stream) as Box<dyn Read + Send>));
    let error = read(streams.1.map(|stream| Box::new(stream) as Box<dyn Read + Send>));
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().map_err(|error| error.to_string())? {
            Some(status) => break status,
            None if begun.elapsed() > ANSWER => {
                // It is over either way.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("no answer within {} s", ANSWER.as_secs()));
            }
            None => thread::sleep(Duration::from_millis(5)),
        }
    };
    let (out, error) = (out.join().unwrap_or_default(), error.join().unwrap_or_default());
    if status.success() { Ok(out) } else { Err(format!("{} ({status})", error.trim().replace('\n', "; "))) }
}

/// What a host said before: answers by the arguments of `systemctl`, and what lay in `/proc`. Programs are fine but for those
/// of which something else is said.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// By the first argument.
    pub answers: BTreeMap<String, Result<String, String>>,
    /// By process.
    pub executables: BTreeMap<u32, String>,
    /// By path.
    pub changed: BTreeMap<String, i64>,
    /// By path, those that are not as they should be; nothing is there where nothing is said.
    pub programs: BTreeMap<String, Option<ProgramFile>>,
    /// The time.
    pub now: Option<i64>,
}

impl Systemctl for Recorded {
    fn systemctl(&self, arguments: &[&str]) -> Result<String, String> {
        let asked = arguments.first().copied().unwrap_or_default();
        self.answers.get(asked).cloned().unwrap_or_else(|| Err(format!("nobody recorded {asked}")))
    }
}

impl Host for Recorded {
    fn executable(&self, pid: u32) -> Option<String> {
        self.executables.get(&pid).cloned()
    }

    fn resolved(&self, path: &str) -> Option<String> {
        self.changed.contains_key(path).then(|| path.to_owned())
    }

    fn changed(&self, path: &str) -> Option<i64> {
        self.changed.get(path).copied()
    }

    fn program(&self, path: &str) -> Option<ProgramFile> {
        let fine = || Some(ProgramFile { is_file: true, file: (0, 0o755), folder: (0, 0o755) });
        self.programs.get(path).cloned().unwrap_or_else(fine)
    }

    fn now(&self) -> Option<i64> {
        self.now
    }
}
