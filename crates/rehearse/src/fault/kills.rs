//! Kill points at system calls: which one, and the how manieth of a process.
//!
//! SIGKILL on entry of a call is before its effect, and after the effect of the call before. Numbers count from 1 within one
//! process. Each process that begins gets the first point that has not struck yet; one that ends with `/2` waits for the
//! second process of the day.

use std::{fmt, str::FromStr};

/// The calls that have an effect somebody else can see: files, the ledger's log, sockets, locks.
pub const CALLS: [&str; 12] = [
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "write",
    "writev",
    "sendto",
    "pwrite64",
    "ftruncate",
    "flock",
    "openat",
];

/// At most so many points a day.
const POINTS_MAX: usize = 64;

/// One point.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SysPoint {
    /// The call.
    pub call: &'static str,
    /// Which one of the process, from 1.
    pub number: u32,
    /// The first process of the day that it may strike, from 1.
    pub process: u32,
}

/// Points, struck in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KillList(pub Vec<SysPoint>);

impl FromStr for SysPoint {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let (at, process) = text.split_once('/').unwrap_or((text, "1"));
        let natural = |text: &str| text.parse().ok().filter(|number| *number > 0);
        let point = at.split_once(':').and_then(|(call, number)| {
            let call = CALLS.into_iter().find(|known| *known == call)?;
            Some(Self { call, number: natural(number)?, process: natural(process)? })
        });
        point.ok_or_else(|| {
            format!("{text:?} is no kill point: CALL:N or CALL:N/PROCESS with a call of {}", CALLS.join(", "))
        })
    }
}

impl fmt::Display for SysPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.call, self.number)?;
        if self.process > 1 { write!(f, "/{}", self.process) } else { Ok(()) }
    }
}

impl FromStr for KillList {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let points: Vec<SysPoint> = text.split(',').map(str::parse).collect::<Result<_, _>>()?;
        if points.len() > POINTS_MAX {
            Err(format!("at most {POINTS_MAX} kill points a day"))
        } else {
            Ok(Self(points))
        }
    }
}

impl fmt::Display for KillList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let points: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&points.join(","))
    }
}
