//! System calls of `execution`, with strace: killed at one, slowed down, or written down.
//!
//! strace runs beside the program (`-D`): the program stays our own child, so its end is seen as it is. A signal at the
//! entry of a call strikes before the call's effect; it does so only where every call is stopped at (no seccomp filter).

use std::{
    collections::{BTreeMap, VecDeque},
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
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

/// What happens to the system calls of `execution`.
#[derive(Default)]
pub struct Tracer {
    points: VecDeque<SysPoint>,
    is_slow: bool,
    /// Where to write them down.
    boundaries: Option<PathBuf>,
    launches: usize,
    /// The point of the process that runs.
    armed: Option<SysPoint>,
}

impl Tracer {
    /// A tracer for these points; `is_slow` delays what makes files durable, `boundaries` is where to write calls down.
    pub fn new(points: Option<&KillList>, is_slow: bool, boundaries: Option<PathBuf>) -> anyhow::Result<Self> {
        let points: VecDeque<SysPoint> = points.map(|list| list.0.iter().cloned().collect()).unwrap_or_default();
        let tracer = Self { points, is_slow, boundaries, ..Self::default() };
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
        self.armed = self.points.front().cloned();
        self.launches += 1;
        let what = if let Some(SysPoint { call, number }) = &self.armed {
            vec![
                format!("-etrace={call}"),
                format!("-einject={call}:signal=SIGKILL:when={number}"),
                "-o/dev/null".into(),
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
            vec!["--seccomp-bpf".into(), traced, "-y".into(), "-s64".into(), format!("-o{}", file.display())]
        } else {
            return Vec::new();
        };
        [STRACE, "-D", "-f", "-qq"].map(str::to_owned).into_iter().chain(what).collect()
    }

    /// The process was killed by SIGKILL: by its point, if it had one.
    pub fn take_struck(&mut self) -> Option<SysPoint> {
        let struck = self.armed.take()?;
        self.points.pop_front();
        Some(struck)
    }
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
        let Some((call, rest)) = line.split_once('(') else { continue };
        let Some(call) = call.split_whitespace().last().filter(|call| !line.contains("resumed>") && is_word(call))
        else {
            continue;
        };
        let count = counts.entry(call).or_default();
        *count += 1;
        let text: String = interesting(call, rest).chars().take(TEXT_CHARS).collect();
        found.push(format!("{call}:{count} {text}"));
    }
    found
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

    #[test]
    fn a_process_gets_the_first_point_that_has_not_struck() {
        let points: KillList = "fsync:2,writev:1".parse().unwrap();
        let mut tracer = Tracer { points: VecDeque::from(points.0), ..Tracer::default() };
        let first = tracer.before_next();
        assert!(first.contains(&"-einject=fsync:signal=SIGKILL:when=2".to_owned()), "{first:?}");
        assert_eq!(tracer.before_next(), first, "it ended without being struck");
        assert_eq!(tracer.take_struck().unwrap().to_string(), "fsync:2");
        assert!(tracer.before_next().contains(&"-einject=writev:signal=SIGKILL:when=1".to_owned()));
        assert!(tracer.take_struck().is_some() && tracer.before_next().is_empty());
        assert_eq!(tracer.take_struck(), None, "somebody else's kill");
    }
}
