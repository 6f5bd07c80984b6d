//! What may go wrong on a rehearsed day, by name.
//!
//! `named` is the table: what strikes, when, and what must hold. `expect` is what must hold, as the checks read it; `trap`
//! sits at the venue and strikes at a request; `kills` strikes at a system call.

mod expect;
mod kills;
mod named;
mod trap;

use std::{fmt, str::FromStr};

use broker_sim::faults;
use market::{NaiveTime, NyDate, Timestamp};

pub use expect::{Expect, Opens};
pub use kills::{KillList, SysPoint};
pub use named::{Group, Named, Row, When};
pub use trap::{KillPoint, Trap};

use crate::units::status::Exit;

/// A fault of the day.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// One of the table.
    Named(Named),
    /// `execution` is killed at a request.
    Crash(KillPoint),
    /// `execution` is killed at system calls, one after the other.
    Kill(KillList),
    /// Requests meet a fault of the venue's.
    Venue(AtVenue),
}

/// A fault of the venue's, and which requests it meets.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AtVenue {
    /// What goes wrong.
    pub fault: faults::Fault,
    /// The share of all requests it meets, in percent, those of a stream's follower aside; `None` for the first order alone.
    pub percent: Option<f64>,
}

impl AtVenue {
    /// What decides which requests it meets.
    pub fn by(&self) -> faults::By {
        if self.percent.is_some() { faults::By::Chance } else { faults::By::Rule }
    }
}

impl Fault {
    /// What it is called where it is told whether it struck: kill points are one of a kind.
    pub fn key(&self) -> String {
        match self {
            Self::Named(named) => named.row().word.to_owned(),
            Self::Crash(_) => "crash".to_owned(),
            Self::Kill(_) => "kill".to_owned(),
            Self::Venue(_) => self.to_string(),
        }
    }

    /// What must hold on a day with it.
    pub fn expect(&self) -> Expect {
        match self {
            Self::Named(named) => named.row().expect,
            Self::Crash(_) | Self::Kill(_) => Expect::of_a_kill(),
            Self::Venue(_) => Expect { bare_max_s: 180, ..Expect::PROTECTED },
        }
    }
}

impl FromStr for Fault {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(named) = Named::ALL.iter().find(|row| row.word == text) {
            return Ok(Self::Named(named.named));
        }
        let unknown = || format!("{text:?} is no fault: `rehearse faults` lists the known faults");
        if let Some(list) = text.strip_prefix("kill@") {
            return list.parse().map(Self::Kill);
        }
        if let Some(fault) = text.strip_prefix("venue:") {
            return at_venue(fault).map(Self::Venue).ok_or_else(unknown);
        }
        text.parse().map(Self::Crash).map_err(|()| unknown())
    }
}

fn at_venue(text: &str) -> Option<AtVenue> {
    let (fault, percent) = match text.split_once('%') {
        None => (text, None),
        Some((fault, percent)) => {
            let percent: f64 = percent.parse().ok()?;
            (fault, Some(Some(percent).filter(|percent| (0.0..=100.0).contains(percent))?))
        }
    };
    Some(AtVenue { fault: fault.parse().ok()?, percent })
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(named) => f.write_str(named.row().word),
            Self::Crash(point) => point.fmt(f),
            Self::Kill(list) => write!(f, "kill@{list}"),
            Self::Venue(AtVenue { fault, percent: None }) => write!(f, "venue:{fault}"),
            Self::Venue(AtVenue { fault, percent: Some(percent) }) => write!(f, "venue:{fault}%{percent}"),
        }
    }
}

/// When a fault that waits for something to be held strikes at the latest.
pub fn strikes_latest(session: NyDate) -> Timestamp {
    session.at(NaiveTime::from_hms_opt(11, 0, 0).expect("eleven o'clock is a time of day"))
}

/// Every fault in the order of the help: name, group, what strikes, what must hold.
pub fn catalogue() -> Vec<Described> {
    let named = Named::ALL.iter().map(|row| Described {
        name: row.word.to_owned(),
        group: row.group,
        strikes: row.strikes.to_owned(),
        holds: row.holds.to_owned(),
    });
    let kills = [
        ("crash", "SIGKILL when the venue has taken the first order and not yet answered"),
        ("crash@N", "SIGKILL before the venue acts on request N of `execution`"),
        ("crash@Na", "SIGKILL after the venue acted on request N"),
        ("kill@CALL:N,...", "SIGKILL at the Nth such system call of the process, each process its next point (strace)"),
    ];
    let kills = kills.map(|(name, strikes)| Described {
        name: name.to_owned(),
        group: Group::Process,
        strikes: strikes.to_owned(),
        holds: "it comes back; nothing is lost, nothing doubled, nothing bare longer than a restart takes".to_owned(),
    });
    let venue = VENUE.iter().flat_map(|(fault, percent, what)| {
        let described = |name: String, when: &str| Described {
            name,
            group: Group::Request,
            strikes: format!("{what}: {when}"),
            holds: "what is unknown is asked about, never sent again; every fill gets its stop".to_owned(),
        };
        [
            described(format!("venue:{fault}"), "the first order"),
            described(format!("venue:{fault}%{percent}"), &format!("{percent} % of the loop's requests")),
        ]
    });
    named.chain(kills).chain(venue).collect()
}

/// A line of the catalogue.
#[derive(Clone, Debug, serde::Serialize)]
pub struct Described {
    /// As `--fault` takes it.
    pub name: String,
    /// Whose fault it is.
    pub group: Group,
    /// What strikes, and when.
    pub strikes: String,
    /// What must hold.
    pub holds: String,
}

/// Faults of the venue's: short form, percent of the requests over a day, what it is. What costs its victim a time limit is
/// rarer, so that a day ends.
const VENUE: [(&str, &str, &str); 22] = [
    ("delay:200", "1", "answered 200 ms later"),
    ("drop_before", "2", "the connection is cut before the venue saw it"),
    ("drop_after", "2", "the connection is cut after the venue acted"),
    ("late_arrival:3000", "2", "cut, and the venue acts on it 3 s later"),
    ("duplicate_response", "2", "the answer comes twice"),
    ("status:429", "1", "too many requests, not acted on"),
    ("status:429:acted", "1", "too many requests, acted on"),
    ("status:500", "1", "server error, not acted on"),
    ("status:500:acted", "1", "server error, acted on"),
    ("status:502", "1", "bad gateway, not acted on"),
    ("status:502:acted", "1", "bad gateway, acted on"),
    ("status:503", "1", "unavailable, not acted on"),
    ("status:503:acted", "1", "unavailable, acted on"),
    ("status:504", "1", "gateway timeout, not acted on"),
    ("status:504:acted", "1", "gateway timeout, acted on"),
    ("garbage:html", "1", "acted on, a page of HTML comes back"),
    ("garbage:truncated", "1", "acted on, half of the answer comes back"),
    ("garbage:empty", "1", "acted on, nothing comes back"),
    ("garbage:invalid_utf8", "1", "acted on, what comes back is no text"),
    ("garbage:not_json", "1", "acted on, what comes back is no JSON"),
    ("garbage:huge", "0.1", "acted on, a hundred megabytes come back"),
    ("hang", "0.1", "no answer and no end"),
];

/// Ends that SIGKILL makes.
pub const KILLED: Exit = Exit::Killed(9);

#[cfg(test)]
mod tests {
    use broker_sim::Moment;

    use super::*;

    #[test]
    fn names_read_back_and_nonsense_is_refused() {
        for Described { name, .. } in catalogue() {
            let name = name.replace("CALL:N,...", "fsync:12/2,renameat:3").replace("@N", "@17");
            assert_eq!(name.parse::<Fault>().unwrap().to_string(), name);
        }
        for name in [
            "",
            "crash@",
            "crash@0",
            "crash@-1",
            "crash@1b",
            "fire",
            "venue:",
            "venue:hang%101",
            "venue:fire",
            "kill@",
            "kill@fsync:1/0",
        ] {
            assert!(name.parse::<Fault>().is_err(), "{name:?}");
        }
        assert_eq!("crash@1".parse(), Ok(Fault::Crash(KillPoint::Request { number: 1, moment: Moment::Before })));
    }
}
