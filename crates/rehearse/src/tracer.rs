//! System calls of `execution`, with strace: killed at one, slowed down, or written down.
//!
//! strace runs beside the program (`-D`): the program stays our own child, so its end is seen as it is. A signal at the
//! entry of a call strikes before the call's effect; it does so only where every call is stopped at (no seccomp filter).

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow, ensure};
use contract::ExitCode;

use crate::fault::{KillList, SysPoint};

const STRACE: &str = "strace";
const SLOW_MICROSECONDS: u32 = 5_000;
/// What is written down: calls whose effect somebody else can see.
const BOUNDARIES: &str = "fsync,fdatasync,rename,renameat,renameat2,writev,pwrite64,ftruncate,flock";
/// How much of each is kept.
const TEXT_CHARS: usize = 100;
/// How many bytes of each argument strace writes: the head of a request, and of its body the side of the order.
const ARGUMENT_BYTES: u32 = 400;
/// How long strace may take to write down the end of a process that has ended.
const LAST_WORDS_MAX: Duration = Duration::from_secs(5);
const SIGKILLED: &str = "+++ killed by SIGKILL +++";

/// What happens to the system calls of `execution`.
#[derive(Default)]
pub struct Tracer {
    points: VecDeque<SysPoint>,
    is_slow: bool,
    /// Where to write them down.
    boundaries: Option<PathBuf>,
    /// Where the calls of a process that is to be killed are written down.
    kills: PathBuf,
    launches: usize,
    /// The point of the process that runs, and what it did.
    armed: Option<(SysPoint, PathBuf)>,
}

/// A kill at a call, in the words of the struck process itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Struck {
    /// Which call, and the how manieth of its thread.
    pub point: SysPoint,
    /// The call that SIGKILL kept from its effect: `fsync execution_v2.sqlite-wal`, `writev POST /v2/orders ... buy`.
    pub what: String,
    /// The order, replacement or cancel that the process sent last.
    pub last_send: Option<String>,
    /// How often it made the ledger's log durable since.
    pub records_since: usize,
}

impl Tracer {
    /// A tracer for these points; `is_slow` delays what makes files durable, `boundaries` is where to write calls down,
    /// `kills` where to write down those of processes that are to be killed.
    pub fn new(
        points: Option<&KillList>,
        is_slow: bool,
        boundaries: Option<PathBuf>,
        kills: PathBuf,
    ) -> anyhow::Result<Self> {
        let points: VecDeque<SysPoint> = points.map(|list| list.0.iter().cloned().collect()).unwrap_or_default();
        let tracer = Self { points, is_slow, boundaries, kills, ..Self::default() };
        if tracer.is_needed() {
            check()?;
        }
        Ok(tracer)
    }

    fn is_needed(&self) -> bool {
        !self.points.is_empty() || self.is_slow || self.boundaries.is_some()
    }

    /// The command in front of the next process, if any.
    pub fn before_next(&mut self) -> Vec<String> {
        self.launches += 1;
        let file = self.kills.join(format!("{:04}", self.launches));
        let is_due = |point: &&SysPoint| self.launches >= point.process as usize;
        self.armed = self.points.front().filter(is_due).cloned().map(|point| (point, file));
        let what = if let Some((SysPoint { call, number, .. }, file)) = &self.armed {
            vec![
                format!("-etrace={BOUNDARIES},{call}"),
                format!("-einject={call}:signal=SIGKILL:when={number}"),
                "-y".into(),
                format!("-s{ARGUMENT_BYTES}"),
                format!("-o{}", file.display()),
            ]
        } else if self.is_slow {
            let calls = "fsync,fdatasync";
            vec![
                "--seccomp-bpf".into(),
                format!("-etrace={calls}"),
                format!("-einject={calls}:delay_enter={SLOW_MICROSECONDS}"),
                "-o/dev/null".into(),
            ]
        } else if let Some(folder) = &self.boundaries {
            let file = folder.join(format!("{:04}", self.launches));
            let traced = format!("-etrace={BOUNDARIES}");
            let length = format!("-s{ARGUMENT_BYTES}");
            vec!["--seccomp-bpf".into(), traced, "-y".into(), length, format!("-o{}", file.display())]
        } else {
            return Vec::new();
        };
        [STRACE, "-D", "-f", "-qq"].map(str::to_owned).into_iter().chain(what).collect()
    }

    /// The process was killed by SIGKILL: by its point, if it had one and its last call was that. Somebody else's SIGKILL
    /// leaves the point to the next process.
    ///
    /// # Errors
    /// When what strace wrote cannot be read.
    pub async fn take_struck(&mut self) -> anyhow::Result<Option<Struck>> {
        let Some((point, file)) = self.armed.take() else { return Ok(None) };
        let struck = struck(&last_words(&file).await?, &point);
        if struck.is_some() {
            self.points.pop_front();
        }
        Ok(struck)
    }
}

/// What strace wrote, once it has told the end: it does so a moment after the process is gone.
async fn last_words(file: &Path) -> anyhow::Result<String> {
    let deadline = Instant::now() + LAST_WORDS_MAX;
    loop {
        let bytes = fs::read(file).with_context(|| format!("{}", file.display()))?;
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if text.contains(SIGKILLED) || Instant::now() >= deadline {
            return Ok(text);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// The kill in a trace, when SIGKILL came at the entry of the point's call: that call never returned, and its thread made
/// no other after it. strace counts the calls of each thread by itself.
fn struck(trace: &str, point: &SysPoint) -> Option<Struck> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let (mut last_send, mut records_since, mut found) = (None, 0, None);
    for line in trace.lines() {
        let Some((thread, call, rest)) = entry(line) else { continue };
        if found.as_ref().is_some_and(|(its, _)| *its == thread) {
            return None;
        }
        let said = format!("{call} {}", said_by(call, rest));
        let count = counts.entry(thread).or_default();
        *count += u32::from(call == point.call);
        let never_returned = line.ends_with("= ?") || line.ends_with("<unfinished ...>");
        if call == point.call && *count == point.number && never_returned && found.is_none() {
            found = Some((
                thread,
                Struck { point: point.clone(), what: said, last_send: last_send.clone(), records_since },
            ));
        } else if is_send(&said) {
            (last_send, records_since) = (Some(said), 0);
        } else if call == "fsync" || call == "fdatasync" {
            records_since += usize::from(said.ends_with("-wal"));
        }
    }
    found.filter(|_| trace.contains(SIGKILLED)).map(|(_, struck)| struck)
}

/// Whether an order, a replacement or a cancel leaves with it.
fn is_send(said: &str) -> bool {
    ["writev POST /v2/orders", "writev PATCH /v2/orders", "writev DELETE /v2/orders"]
        .iter()
        .any(|begin| said.starts_with(begin))
}

/// Whether strace is here and may trace.
fn check() -> anyhow::Result<()> {
    let ran = Command::new(STRACE).args(["-f", "-o", "/dev/null", "/bin/true"]).stderr(Stdio::null()).status();
    let works = ran.is_ok_and(|status| status.success());
    ensure!(works, anyhow!("this fault needs strace, installed and allowed to trace").context(ExitCode::BadConfig));
    Ok(())
}

/// The boundaries of each process of the day, in order: `fsync:3 execution_v2.sqlite-wal`, `writev:41 POST /v2/orders ...`.
pub fn read_boundaries(folder: &Path) -> anyhow::Result<Vec<Vec<String>>> {
    let mut files: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
    files.sort();
    let read = |file: &PathBuf| -> anyhow::Result<Vec<String>> {
        let text = fs::read(file).with_context(|| format!("{}", file.display()))?;
        Ok(boundaries(&String::from_utf8_lossy(&text)))
    };
    files.iter().map(read).collect()
}

/// `fsync(15</r/data/x.sqlite-wal>) = 0`, with the process id before it.
fn boundaries(trace: &str) -> Vec<String> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    let mut found = Vec::new();
    for line in trace.lines() {
        let Some((_, call, rest)) = entry(line) else { continue };
        let count = counts.entry(call).or_default();
        *count += 1;
        found.push(format!("{call}:{count} {}", said_by(call, rest)));
    }
    found
}

/// The thread, the call and the rest of a line that begins a call.
fn entry(line: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = line.split_once('(').filter(|_| !line.contains("resumed>"))?;
    let mut words = before.split_whitespace();
    let (thread, call) = (words.next()?, words.next()?);
    (words.next().is_none() && is_word(call)).then_some((thread, call, rest))
}

/// The file's name, or the head of what is sent and which order it is.
fn said_by(call: &str, rest: &str) -> String {
    let has = |key: &str, value: &str| call == "writev" && rest.contains(&format!("\\\"{key}\\\":\\\"{value}\\\""));
    let words = [("side", "buy"), ("side", "sell"), ("type", "stop")];
    let order = words.into_iter().filter(|(key, value)| has(key, value)).map(|(_, value)| format!(" {value}"));
    interesting(call, rest).chars().take(TEXT_CHARS).collect::<String>() + &order.collect::<String>()
}

fn is_word(call: &str) -> bool {
    call.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// The file's name, or the head of what is sent.
fn interesting<'a>(call: &str, rest: &'a str) -> &'a str {
    let name = |text: &'a str, end: char| {
        let path = text.split(end).next().unwrap_or_default();
        path.rsplit('/').next().unwrap_or(path)
    };
    match call {
        "rename" | "renameat" | "renameat2" => {
            let target = rest.rsplit("\", ").next().unwrap_or(rest);
            target.split('"').nth(1).map_or("", |path| name(path, '"'))
        }
        "writev" => rest.split("iov_base=\"").nth(1).map_or("", |text| text.split("\\r\\n").next().unwrap_or(text)),
        _ => rest.split('<').nth(1).map_or("", |path| name(path, '>')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boundaries_are_counted_by_call_and_say_what_they_touch() {
        let trace = concat!(
            "12  fsync(13</r/data/execution_v2.sqlite-wal>) = 0\n",
            "12  writev(15<TCP:[1]>, [{iov_base=\"POST /v2/orders HTTP/1.1\\r\\ncontent\"..., iov_len=3}], 1) = 3\n",
            "12  renameat(AT_FDCWD</>, \"/r/state/.tmp-a\", AT_FDCWD</>, \"/r/state/exposure.json\") = 0\n",
            "12  fsync(17</r/state>) = 0\n12  --- SIGTERM {si_signo=SIGTERM} ---\n12  +++ exited with 0 +++\n",
        );
        assert_eq!(
            boundaries(trace),
            [
                "fsync:1 execution_v2.sqlite-wal",
                "writev:1 POST /v2/orders HTTP/1.1",
                "renameat:1 exposure.json",
                "fsync:2 state"
            ]
        );
    }

    #[tokio::test]
    async fn a_process_gets_the_first_point_that_has_not_struck() {
        let folder = tempfile::tempdir().unwrap();
        let points: KillList = "fsync:2,writev:1".parse().unwrap();
        let mut tracer =
            Tracer { points: VecDeque::from(points.0), kills: folder.path().to_owned(), ..Tracer::default() };
        let wrote = |launch: &str, trace: &str| fs::write(folder.path().join(launch), trace).unwrap();
        assert!(tracer.before_next().contains(&"-einject=fsync:signal=SIGKILL:when=2".to_owned()));
        wrote("0001", "7 fsync(3</r/x-wal>) = 0\n7 +++ killed by SIGKILL +++\n");
        assert_eq!(tracer.take_struck().await.unwrap(), None, "somebody else's kill, before the point's call");
        let again = tracer.before_next();
        assert!(again.contains(&"-einject=fsync:signal=SIGKILL:when=2".to_owned()), "{again:?}");
        wrote("0002", "7 fsync(3</r/x-wal>) = 0\n7 fsync(3</r/x-wal>) = ?\n7 +++ killed by SIGKILL +++\n");
        let struck = tracer.take_struck().await.unwrap().unwrap();
        assert_eq!((struck.point.to_string(), struck.what), ("fsync:2".to_owned(), "fsync x-wal".to_owned()));
        assert!(tracer.before_next().contains(&"-einject=writev:signal=SIGKILL:when=1".to_owned()));
        wrote("0003", "7 writev(3<TCP:[1]>, [{iov_base=\"GET / HTTP\"}], 1) = ?\n7 +++ killed by SIGKILL +++\n");
        assert!(tracer.take_struck().await.unwrap().is_some() && tracer.before_next().is_empty());
        assert_eq!(tracer.take_struck().await.unwrap(), None, "it had no point");
    }

    #[test]
    fn a_point_waits_for_its_process() {
        let points: KillList = "fsync:2/2".parse().unwrap();
        let mut tracer = Tracer { points: VecDeque::from(points.0), ..Tracer::default() };
        assert!(tracer.before_next().is_empty(), "the first one runs as it is");
        assert!(tracer.before_next().contains(&"-einject=fsync:signal=SIGKILL:when=2".to_owned()));
    }

    #[test]
    fn a_kill_is_told_by_the_struck_process_itself() {
        let order = "9 writev(15<TCP:[1]>, [{iov_base=\"POST /v2/orders HTTP/1.1\\r\\n\"}, \
                     {iov_base=\"{\\\"symbol\\\":\\\"X\\\",\\\"side\\\":\\\"buy\\\"\"}], 2)";
        let sync = "9 fsync(3</r/x-wal>)";
        let end = "9 +++ killed by SIGKILL +++";
        let at = |point: &str, lines: &[String]| {
            let point: KillList = point.parse().unwrap();
            struck(&lines.join("\n"), &point.0[0])
        };
        let done = |call: &str| format!("{call} = 0");
        let cut = |call: &str| format!("{call} = ?");
        let found = at("fsync:2", &[done(sync), done(order), cut(sync), end.into()]).unwrap();
        assert_eq!((found.what.as_str(), found.records_since), ("fsync x-wal", 0));
        assert_eq!(found.last_send.as_deref(), Some("writev POST /v2/orders HTTP/1.1 buy"));
        let found = at("writev:1", &[done(sync), cut(order), end.into()]).unwrap();
        assert_eq!((found.what.as_str(), found.last_send), ("writev POST /v2/orders HTTP/1.1 buy", None));
        // Another thread's calls count by themselves.
        let other = "8 fsync(3</r/x-wal>) = 0".to_owned();
        assert_eq!(at("fsync:2", &[other.clone(), cut(sync), end.into()]), None);
        assert!(at("fsync:1", &[other, cut(sync), end.into()]).is_some());
        for lines in [
            vec![done(sync), done(sync), end.into()],
            vec![done(sync), cut(sync)],
            vec![done(sync), cut(sync), done(order), end.into()],
            vec![done(sync), cut(order), end.into()],
        ] {
            assert_eq!(at("fsync:2", &lines), None, "{lines:?}");
        }
    }
}
