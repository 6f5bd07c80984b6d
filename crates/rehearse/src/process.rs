//! The thin shell around the supervisor: starts processes with a unit's environment and reports what they do.
//!
//! The environment is what systemd would give, nothing of ours, then the rehearsal's overrides. Each process has a task
//! that waits for its end, hears its notify socket and watches its watchdog in real time; ends are reported after every
//! message the process sent before.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    time::Duration,
};

use anyhow::Context;
use market::TimeDelta;
use rustix::process::{Pid, Signal as UnixSignal, kill_process};
use tokio::{
    net::UnixDatagram,
    process::{Child, Command as Process},
    sync::mpsc,
    time::Instant,
};

use crate::{
    day::EXECUTION,
    scratch::Paths,
    supervisor::{Event, Phase, Signal},
    tracer::{Struck, Tracer},
    units::{
        command::Command,
        service::{Kind, Service},
        status::Exit,
    },
};

/// No process takes longer than this to do anything; a real day's patience is not rehearsed in real time.
pub const STEP_MAX: Duration = Duration::from_secs(30);

/// What stands for a unit where somebody starts a program by hand.
pub const BY_HAND: &str = "by-hand";

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const HOST_PROGRAMS: [&str; 4] = ["/bin/", "/usr/bin/", "/sbin/", "/usr/sbin/"];
const MESSAGE_MAX_BYTES: usize = 4096;

/// Something a process did.
pub struct Report {
    /// Its unit.
    pub unit: String,
    /// Which process of the unit: an old one's late report is not the new one's.
    pub pid: i32,
    /// What it did.
    pub event: Event,
}

/// A running process.
pub struct Running {
    /// Its id.
    pub pid: i32,
    /// The program's name, which is also what it calls itself at the venue.
    pub program: String,
    /// Which command of the unit it is.
    pub phase: Phase,
    /// A signal is on its way: asleep or not, it is about to do something.
    pub told_to_end: bool,
    log_start: u64,
}

/// What every process is given.
pub struct Host {
    /// The directories.
    pub scratch: Paths,
    /// Where our programs are.
    pub programs: PathBuf,
    /// Variables that override the units': where the venue is, whose time counts.
    pub overrides: Vec<(&'static str, String)>,
    /// More of them for one unit.
    pub overrides_of: BTreeMap<String, BTreeMap<&'static str, String>>,
    /// Credentials by name.
    pub secrets: Vec<(&'static str, String)>,
}

/// All running processes, by unit.
pub struct Processes {
    host: Host,
    running: BTreeMap<String, Running>,
    reports: mpsc::UnboundedSender<Report>,
    tracer: Tracer,
}

impl Processes {
    /// None yet; what they do arrives at the receiver.
    pub fn new(host: Host, tracer: Tracer) -> (Self, mpsc::UnboundedReceiver<Report>) {
        let (reports, receiver) = mpsc::unbounded_channel();
        (Self { host, running: BTreeMap::new(), reports, tracer }, receiver)
    }

    /// A variable of one unit's processes from their next start on.
    pub fn override_of(&mut self, unit: &str, name: &'static str, value: &str) {
        self.host.overrides_of.entry(unit.to_owned()).or_default().insert(name, value.to_owned());
    }

    /// Starts a service's main command beside the service itself, as somebody at a shell would, with its environment.
    pub fn start_by_hand(&mut self, service: &Service, title: &str) -> anyhow::Result<()> {
        let service = Service { name: BY_HAND.to_owned(), kind: Kind::Simple, ..service.clone() };
        let command = service.start.first().context("a service runs something")?.clone();
        self.start(&service, Phase::Pre(0), &command, Vec::new(), title)
    }

    /// Signals a unit's process from outside: nobody told the supervisor.
    pub fn signal_by_hand(&mut self, unit: &str, signal: UnixSignal) {
        if let Some(running) = self.running.get_mut(unit) {
            running.told_to_end = true;
            send_signal(running.pid, signal);
        }
    }

    /// The kill point that ended a process which SIGKILL ended, if one did.
    ///
    /// # Errors
    /// When what strace wrote of it cannot be read.
    pub async fn take_kill_point(&mut self) -> anyhow::Result<Option<Struck>> {
        self.tracer.take_struck().await
    }

    /// Those that run.
    pub fn running(&self) -> &BTreeMap<String, Running> {
        &self.running
    }

    /// Starts a unit's command.
    pub fn start(
        &mut self,
        service: &Service,
        phase: Phase,
        command: &Command,
        variables: Vec<(&'static str, String)>,
        title: &str,
    ) -> anyhow::Result<()> {
        let mut environment = self.host.environment(service, phase)?;
        environment.extend(variables.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let notifies = service.kind == Kind::Notify && matches!(phase, Phase::Main(_));
        let socket = if notifies { Some(self.host.notify_socket(service, &mut environment)?) } else { None };
        let (mut log, log_start) = self.host.open_log(&service.name)?;
        writeln!(log, "--- {title}: {}", command.program)?;
        let traced = command.name() == EXECUTION && matches!(phase, Phase::Main(_));
        let mut words: Vec<OsString> = Vec::new();
        if traced {
            words.extend(self.tracer.before_next().into_iter().map(OsString::from));
        }
        words.push(self.host.locate(&command.program).into());
        words.extend(command.arguments(&environment).into_iter().map(OsString::from));
        let child = Process::new(&words[0])
            .args(&words[1..])
            .env_clear()
            .envs(&environment)
            .current_dir(service.working_directory.as_deref().unwrap_or(Path::new("/")))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("{}: starting {}", service.name, command.program))?;
        let pid = child.id().and_then(|pid| i32::try_from(pid).ok()).context("a process that has no id")?;
        let running = Running { pid, program: command.name().to_owned(), phase, told_to_end: false, log_start };
        self.running.insert(service.name.clone(), running);
        let watchdog = service.watchdog.filter(|_| notifies).and_then(|span| span.to_std().ok());
        let watch = Watch { unit: service.name.clone(), pid, child, socket, watchdog, reports: self.reports.clone() };
        tokio::spawn(watch.run());
        Ok(())
    }

    /// Signals a unit's process; for [`Signal::Term`] its patience ends in an [`Event::StopOverdue`].
    pub fn signal(&mut self, unit: &str, signal: Signal, patience: Option<TimeDelta>) {
        let Some(running) = self.running.get_mut(unit) else { return };
        running.told_to_end = true;
        let number = match signal {
            Signal::Term => UnixSignal::TERM,
            Signal::Kill => UnixSignal::KILL,
            Signal::Abort => UnixSignal::ABORT,
        };
        send_signal(running.pid, number);
        if signal == Signal::Kill {
            return;
        }
        // As systemd does: what is stopped shall hear of it.
        send_signal(running.pid, UnixSignal::CONT);
        let patience = patience.and_then(|span| span.to_std().ok()).map_or(STEP_MAX, |span| span.min(STEP_MAX));
        let report = Report { unit: unit.to_owned(), pid: running.pid, event: Event::StopOverdue };
        let reports = self.reports.clone();
        tokio::spawn(async move {
            tokio::time::sleep(patience).await;
            // Nobody listens any more once the day is over.
            let _ = reports.send(report);
        });
    }

    /// Takes a process off the list once its end was reported, with what it wrote.
    pub fn ended(&mut self, unit: &str) -> anyhow::Result<(Running, String)> {
        let running = self.running.remove(unit).context("an end of a process that never began")?;
        let mut file = File::open(self.host.scratch.log(unit))?;
        file.seek(SeekFrom::Start(running.log_start))?;
        let mut output = Vec::new();
        file.take(64 * 1024).read_to_end(&mut output)?;
        let output = String::from_utf8_lossy(&output);
        let written = output.split_once('\n').map_or("", |(_title, rest)| rest).to_owned();
        Ok((running, written))
    }
}

/// SIGKILL from outside, for a fault; the process may be gone already, which is the same.
pub fn kill_now(pid: i32) {
    send_signal(pid, UnixSignal::KILL);
}

fn send_signal(pid: i32, signal: UnixSignal) {
    if let Some(pid) = Pid::from_raw(pid) {
        let _ = kill_process(pid, signal);
    }
}

/// Whether a path names a program that every host has, such as `/bin/true`.
pub fn is_of_the_host(program: &str) -> bool {
    let name = HOST_PROGRAMS.iter().find_map(|prefix| program.strip_prefix(prefix));
    name.is_some_and(|name| !name.contains('/'))
}

impl Host {
    /// The program that a unit's path stands for: those of the host as they are, all others from our own directory.
    fn locate(&self, program: &str) -> PathBuf {
        if is_of_the_host(program) {
            return PathBuf::from(program);
        }
        self.programs.join(program.rsplit('/').next().unwrap_or(program))
    }

    fn environment(&self, service: &Service, phase: Phase) -> anyhow::Result<BTreeMap<String, String>> {
        let mut environment = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
        environment.extend(service.environment.clone());
        for (name, directories) in
            [("STATE_DIRECTORY", &service.state_directories), ("RUNTIME_DIRECTORY", &service.runtime_directories)]
        {
            if directories.is_empty() {
                continue;
            }
            for directory in directories {
                fs::create_dir_all(directory).with_context(|| format!("{}", directory.display()))?;
            }
            let paths: Vec<_> = directories.iter().map(|path| path.to_string_lossy()).collect();
            environment.insert(name.to_owned(), paths.join(":"));
        }
        // systemd 257 does not give it to conditions.
        if !service.credentials.is_empty() && !matches!(phase, Phase::Condition(_)) {
            let directory = self.scratch.credentials(&service.name, &self.lent_to(service)?)?;
            environment.insert("CREDENTIALS_DIRECTORY".to_owned(), directory.to_string_lossy().into_owned());
        }
        environment.extend(self.overrides.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
        let own = self.overrides_of.get(&service.name).into_iter().flatten();
        environment.extend(own.map(|(name, value)| ((*name).to_owned(), value.clone())));
        Ok(environment)
    }

    fn lent_to(&self, service: &Service) -> anyhow::Result<Vec<(&str, &str)>> {
        let value_of = |name: &String| {
            let secret = self.secrets.iter().find(|(known, _)| known == name);
            let (name, value) =
                secret.with_context(|| format!("{}: the rehearsal has no credential {name}", service.name))?;
            Ok((*name, value.as_str()))
        };
        service.credentials.iter().map(value_of).collect()
    }

    fn notify_socket(
        &self,
        service: &Service,
        environment: &mut BTreeMap<String, String>,
    ) -> anyhow::Result<UnixDatagram> {
        let path = self.scratch.sockets().join(&service.name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
        let socket = UnixDatagram::bind(&path).with_context(|| format!("notify socket {}", path.display()))?;
        environment.insert("NOTIFY_SOCKET".to_owned(), path.to_string_lossy().into_owned());
        if let Some(watchdog) = service.watchdog.and_then(|span| span.num_microseconds()) {
            environment.insert("WATCHDOG_USEC".to_owned(), watchdog.to_string());
        }
        Ok(socket)
    }

    fn open_log(&self, unit: &str) -> anyhow::Result<(File, u64)> {
        let path = self.scratch.log(unit);
        let file = OpenOptions::new().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("{}", path.display()))?;
        let start = file.metadata()?.len();
        Ok((file, start))
    }
}

/// Watches one process until it ends.
struct Watch {
    unit: String,
    pid: i32,
    child: Child,
    socket: Option<UnixDatagram>,
    watchdog: Option<Duration>,
    reports: mpsc::UnboundedSender<Report>,
}

impl Watch {
    async fn run(mut self) {
        let mut message = [0; MESSAGE_MAX_BYTES];
        let mut silent_at: Option<Instant> = None;
        loop {
            tokio::select! {
                biased;
                length = hear(self.socket.as_ref(), &mut message) => {
                    self.heard(&message[..length], &mut silent_at);
                }
                status = self.child.wait() => {
                    // What it said before it ended is heard before its end is reported.
                    while let Some(Ok(length)) = self.socket.as_ref().map(|socket| socket.try_recv(&mut message)) {
                        self.heard(&message[..length], &mut silent_at);
                    }
                    return self.report(Event::Exited(exit_of(status)));
                }
                () = until(silent_at) => {
                    silent_at = None;
                    self.report(Event::WatchdogMissed);
                }
            }
        }
    }

    fn heard(&self, message: &[u8], silent_at: &mut Option<Instant>) {
        let text = String::from_utf8_lossy(message);
        let says = |word: &str| text.lines().any(|line| line == word);
        if says("READY=1") {
            self.report(Event::Ready);
        }
        if says("READY=1") || says("WATCHDOG=1") {
            *silent_at = self.watchdog.map(|patience| Instant::now() + patience);
        }
        if says("STOPPING=1") {
            *silent_at = None;
        }
    }

    fn report(&self, event: Event) {
        // Nobody listens any more once the day is over.
        let _ = self.reports.send(Report { unit: self.unit.clone(), pid: self.pid, event });
    }
}

async fn hear(socket: Option<&UnixDatagram>, message: &mut [u8]) -> usize {
    match socket {
        Some(socket) => match socket.recv(message).await {
            Ok(length) => length,
            Err(_) => std::future::pending().await,
        },
        None => std::future::pending().await,
    }
}

async fn until(instant: Option<Instant>) {
    match instant {
        Some(instant) => tokio::time::sleep_until(instant).await,
        None => std::future::pending().await,
    }
}

fn exit_of(status: io::Result<ExitStatus>) -> Exit {
    let signal = |status: ExitStatus| status.signal().map(Exit::Killed);
    let code = |status: ExitStatus| status.code().and_then(|code| u8::try_from(code).ok()).map(Exit::Exited);
    // A process whose end cannot be learned has not ended well.
    status.ok().and_then(|status| code(status).or_else(|| signal(status))).unwrap_or(Exit::Exited(255))
}
