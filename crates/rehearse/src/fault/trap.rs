//! The trap at the venue: counts the requests of `execution`, and strikes at one of them.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use broker_sim::{Moment, RequestSeen, Verdict};

use crate::process;

/// When `execution` is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KillPoint {
    /// When the venue has taken its first order and not yet answered.
    FirstOrder,
    /// When the venue sees its request of this number (from 1).
    Request {
        /// The number.
        number: u64,
        /// Before the venue acts on it, or after.
        moment: Moment,
    },
}

impl FromStr for KillPoint {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "crash" { Ok(Self::FirstOrder) } else { kill_point(text).ok_or(()) }
    }
}

fn kill_point(text: &str) -> Option<KillPoint> {
    let point = text.strip_prefix("crash@")?;
    let (number, moment) = match point.strip_suffix('a') {
        Some(number) => (number, Moment::After),
        None => (point, Moment::Before),
    };
    let number = number.parse().ok().filter(|number| *number > 0)?;
    Some(KillPoint::Request { number, moment })
}

impl fmt::Display for KillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::FirstOrder => f.pad("crash"),
            Self::Request { number, moment: Moment::Before } => f.pad(&format!("crash@{number}")),
            Self::Request { number, moment: Moment::After } => f.pad(&format!("crash@{number}a")),
        }
    }
}

/// Sits at the venue, counts the requests of `execution`, and kills it at its kill point.
#[derive(Clone, Default)]
pub struct Trap(Arc<Mutex<TrapState>>);

#[derive(Default)]
struct TrapState {
    point: Option<KillPoint>,
    /// The process whose requests count: set only while it is the only one running, so none are another's.
    target: Option<i32>,
    requests: Vec<String>,
    struck: Option<(KillPoint, String)>,
    snared: Option<Result<String, String>>,
    /// Done when the venue has taken the first entry.
    at_first_entry: Option<Snare>,
}

/// What else the trap does, and what to say of it: that it struck, or why it did not.
type Snare = Box<dyn FnOnce() -> Result<String, String> + Send>;

impl Trap {
    /// A trap for this point, or one that only counts.
    pub fn new(point: Option<KillPoint>) -> Self {
        Self(Arc::new(Mutex::new(TrapState { point, ..TrapState::default() })))
    }

    /// Does something when the venue has taken the first entry and not yet answered.
    pub fn at_first_entry(&self, snare: Snare) {
        self.lock().at_first_entry = Some(snare);
    }

    /// Whose requests are counted from now on.
    pub fn aim(&self, target: Option<i32>) {
        self.lock().target = target;
    }

    /// The requests counted so far, `METHOD PATH`, in order.
    pub fn requests(&self) -> Vec<String> {
        self.lock().requests.clone()
    }

    /// Where it struck, told once.
    pub fn take_struck(&self) -> Option<(KillPoint, String)> {
        self.lock().struck.take()
    }

    /// What was done at the first entry, told once.
    pub fn take_snared(&self) -> Option<Result<String, String>> {
        self.lock().snared.take()
    }

    /// What the venue asks before and after each request.
    pub fn interceptor(&self) -> Box<dyn FnMut(&RequestSeen, Moment) -> Verdict + Send> {
        let trap = self.clone();
        Box::new(move |request, moment| trap.lock().sees(request, moment))
    }

    fn lock(&self) -> MutexGuard<'_, TrapState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TrapState {
    fn sees(&mut self, request: &RequestSeen, moment: Moment) -> Verdict {
        // What a stream's follower reads beside the loop comes when it comes, in real time.
        let Some(pid) = self.target.filter(|_| !request.is_of_a_stream()) else { return Verdict::Pass };
        let name = format!("{} {}", request.method, request.path);
        if moment == Moment::Before {
            self.requests.push(name.clone());
        }
        let number = self.requests.len() as u64;
        let is_order = request.method == "POST" && request.path == "/v2/orders";
        if is_order && moment == Moment::After && request.body.contains("\"buy\"") {
            self.snared = self.at_first_entry.take().map(|snare| snare()).or(self.snared.take());
        }
        let strikes = match self.point {
            Some(KillPoint::FirstOrder) => is_order && moment == Moment::After,
            Some(KillPoint::Request { number: at, moment: when }) => at == number && moment == when,
            None => false,
        };
        if !strikes {
            return Verdict::Pass;
        }
        process::kill_now(pid);
        self.target = None;
        let when = if moment == Moment::Before { "before" } else { "after" };
        let what = format!("SIGKILL at request {number}, {name}, {when} the venue acted on it");
        self.struck = self.point.take().map(|point| (point, what));
        Verdict::Drop
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trap_that_is_not_aimed_counts_nothing() {
        let trap = Trap::new(Some(KillPoint::Request { number: 1, moment: Moment::Before }));
        let request = RequestSeen {
            number: 9,
            method: "GET".into(),
            path: "/v2/clock".into(),
            query: String::new(),
            body: String::new(),
            agent: String::new(),
        };
        assert_eq!(trap.interceptor()(&request, Moment::Before), Verdict::Pass);
        assert!(trap.requests().is_empty());
    }
}
