//! A small explicit-state explorer: breadth first, each state once, by its 128-bit fingerprint.
//!
//! Only the frontier is kept as states; of the rest a fingerprint and the action that led there, which is enough to
//! walk a counterexample again. Two of ten million states share a fingerprint with a probability below 1e-24.

use std::{
    collections::{HashMap, VecDeque},
    fmt,
    time::{Duration, Instant},
};

/// What may still go wrong.
pub type Left = [u8; 8];

/// What must not happen, and where it did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The rule, as it is called in the architecture.
    pub rule: &'static str,
    /// What was seen.
    pub what: String,
}

/// Something with states that can be explored.
pub trait Model {
    /// A state.
    type State: Clone;
    /// What leads from one to another.
    type Action: Copy + fmt::Display;

    /// Where it begins.
    fn initial(&self) -> Self::State;
    /// What can happen; the order is the order of exploration.
    fn actions(&self, state: &Self::State) -> Vec<Self::Action>;
    /// What it leads to.
    ///
    /// # Errors
    /// A rule that the action itself breaks.
    fn next(&self, state: &Self::State, action: Self::Action) -> Result<Self::State, Violation>;
    /// Whether every rule holds.
    ///
    /// # Errors
    /// The rule that does not.
    fn check(&self, state: &Self::State) -> Result<(), Violation>;
    /// Equal for states that cannot be told apart by what follows, but for what may still go wrong: of two such states the
    /// one that has no less left of anything stands for both.
    fn fingerprint(&self, state: &Self::State) -> (u128, Left);
    /// Walks an action again and says what happened, in lines.
    fn narrate(&self, state: &Self::State, action: Self::Action) -> Vec<String>;
}

/// What an exploration found.
#[derive(Clone, Debug)]
pub struct Report {
    /// Distinct states.
    pub states: usize,
    /// Actions tried.
    pub transitions: usize,
    /// Actions from the beginning to the farthest state.
    pub depth: usize,
    /// Whether all states were visited.
    pub complete: bool,
    /// How long it took.
    pub took: Duration,
    /// The shortest counterexample.
    pub counterexample: Option<Counterexample>,
}

/// How a rule is broken.
#[derive(Clone, Debug)]
pub struct Counterexample {
    /// The rule.
    pub violation: Violation,
    /// What happened, action by action.
    pub trace: Vec<String>,
}

/// How a state was reached.
struct Origin<A> {
    from: u32,
    by: Option<A>,
    depth: u32,
}

/// States by fingerprint, each with the most that may still go wrong in it.
#[derive(Default)]
struct Visited(HashMap<u128, Vec<Left>>);

impl Visited {
    /// Whether it is news.
    fn insert(&mut self, (fingerprint, left): (u128, Left)) -> bool {
        let known = self.0.entry(fingerprint).or_default();
        let covers = |a: &Left, b: &Left| a.iter().zip(b).all(|(a, b)| a >= b);
        if known.iter().any(|other| covers(other, &left)) {
            return false;
        }
        known.retain(|other| !covers(&left, other));
        known.push(left);
        true
    }
}

/// Visits every state, at most so many, and stops at the first broken rule.
pub fn explore<M: Model>(model: &M, states_max: usize) -> Report {
    let began = Instant::now();
    let mut visited = Visited::default();
    let mut origins: Vec<Origin<M::Action>> = Vec::new();
    let mut frontier = VecDeque::new();
    let mut report =
        Report { states: 0, transitions: 0, depth: 0, complete: true, took: Duration::ZERO, counterexample: None };
    let first = model.initial();
    visited.insert(model.fingerprint(&first));
    origins.push(Origin { from: 0, by: None, depth: 0 });
    let mut broken = model.check(&first).err().map(|violation| (0, None, violation));
    frontier.push_back((0_u32, first));
    'states: while let Some((at, state)) = frontier.pop_front().filter(|_| broken.is_none()) {
        let depth = origins[at as usize].depth + 1;
        for action in model.actions(&state) {
            report.transitions += 1;
            let next = match model.next(&state, action) {
                Ok(next) => next,
                Err(violation) => {
                    broken = Some((at, Some(action), violation));
                    break 'states;
                }
            };
            if !visited.insert(model.fingerprint(&next)) {
                continue;
            }
            let index = u32::try_from(origins.len()).expect("fewer states than 2^32 fit into memory");
            origins.push(Origin { from: at, by: Some(action), depth });
            report.depth = report.depth.max(depth as usize);
            if let Err(violation) = model.check(&next) {
                broken = Some((index, None, violation));
                break 'states;
            }
            frontier.push_back((index, next));
        }
        if origins.len() >= states_max {
            report.complete = frontier.is_empty();
            break;
        }
    }
    report.states = origins.len();
    report.took = began.elapsed();
    report.counterexample = broken.map(|(at, last, violation)| {
        let trace = trace(model, &origins, at, last);
        Counterexample { violation, trace }
    });
    report
}

fn trace<M: Model>(model: &M, origins: &[Origin<M::Action>], at: u32, last: Option<M::Action>) -> Vec<String> {
    let mut actions: Vec<M::Action> = last.into_iter().collect();
    let mut at = at;
    while let Some(action) = origins[at as usize].by {
        actions.push(action);
        at = origins[at as usize].from;
    }
    actions.reverse();
    let mut lines = Vec::new();
    let mut state = model.initial();
    for (number, action) in actions.into_iter().enumerate() {
        lines.push(format!("{:>3}. {action}", number + 1));
        lines.extend(model.narrate(&state, action).into_iter().map(|line| format!("       {line}")));
        match model.next(&state, action) {
            Ok(next) => state = next,
            Err(_) => break,
        }
    }
    lines
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { states, transitions, depth, complete, took, counterexample } = self;
        write!(f, "{states} states, {transitions} transitions, depth {depth}, {:.1} s", took.as_secs_f64())?;
        if !complete {
            f.write_str(" (stopped at the bound)")?;
        }
        counterexample.as_ref().map_or(Ok(()), |found| write!(f, "\n{found}"))
    }
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.violation.rule, self.violation.what)?;
        f.write_str(&self.trace.join("\n"))
    }
}
