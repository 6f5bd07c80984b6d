//! The world: one core in one process, its ledger, its venue, its operator, and time.
//!
//! A step is an event delivered, an effect performed, or a happening of market, venue, operator or fault. Between any two
//! steps the process may die. `venue.now` is the true time; the process sees it through a clock that may be off.

mod driver;
mod happening;
mod perform;
mod time;

use market::{Calendar, Session, TimeDelta, Timestamp};
use trading::{
    control::Kill,
    decide::Candidate,
    engine::{Core, Event},
    report::OrderReport,
};

use crate::{
    breach::Breach,
    check::Check,
    dice::Dice,
    fault::{Fault, Faults},
    ledger::Ledger,
    prices::Path,
    scenario::{Scenario, Setup},
    tally::{Count, Tally},
    trace::Trace,
    venue::{Tricks, Venue},
};

/// Writes a trace line when anybody listens; what it formats is not even looked at otherwise.
macro_rules! say {
    ($world:expr, $($text:tt)*) => {
        if $world.trace.is_on() {
            let (step, now) = ($world.step, $world.venue.now);
            $world.trace.say(step, now, format_args!($($text)*));
        }
    };
}
pub(crate) use say;

/// The process: what a crash takes away.
#[derive(Debug)]
pub(crate) struct Process {
    pub core: Core,
    pub stage: Stage,
    /// An answer that is on its way to the core.
    pub answer: Option<Event>,
    /// The core may have more to be done.
    pub polling: bool,
    /// It was asked to end; cycles left.
    pub ending: Option<u32>,
    pub cycle: Cycle,
    /// The order list of the look before.
    pub last_orders: Vec<OrderReport>,
}

/// What comes next in a cycle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Waiting(Timestamp),
    Look,
    Protect,
    Manage,
    End,
}

/// What is noted of a cycle, for the checks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cycle {
    /// Nothing was wrong in it.
    pub healthy: bool,
    /// The venue's version when it was looked at.
    pub version: u64,
    /// When executions were read.
    pub read_at: Option<Timestamp>,
    /// The operator, or a split, changed something since the look.
    pub disturbed: bool,
    /// Shares and price told, by symbol.
    pub told: Vec<(i64, i64)>,
    /// Fresh bids told, by symbol, in 1/10,000 dollar; 0 is none.
    pub bids: Vec<i64>,
    /// The session told.
    pub session: Option<Session>,
    /// The session of our own calendar.
    pub hours: Option<Session>,
    /// Authority told.
    pub may_open: bool,
    /// The clock's distance told; `None` when it could not be read.
    pub skew: Option<TimeDelta>,
    /// Equity told: now, and at the last close.
    pub equity: Option<(i64, i64)>,
    /// When the market was told, by the process's clock.
    pub managed_at: Option<Timestamp>,
}

/// Everything.
pub(crate) struct World {
    pub setup: Setup,
    pub faults: Faults,
    pub venue: Venue,
    pub ledger: Ledger,
    pub process: Option<Process>,
    /// When a process that is down starts again.
    pub starts_at: Timestamp,
    /// How far the process's clock is from the truth.
    pub offset: TimeDelta,
    pub kill: Option<Kill>,
    pub gate_open: bool,
    pub candidates: Vec<Candidate>,
    pub check: Check,
    pub tally: Tally,
    pub trace: Trace,
    pub step: u64,
    pub traded_at: Timestamp,
    /// The session under way, or the next one.
    pub next: Session,
    pub calendar: Calendar,
    /// When each split is announced.
    pub announced: Vec<Timestamp>,
    pub by_hand: u64,
    pub market_dice: Dice,
    pub venue_dice: Dice,
    pub process_dice: Dice,
    pub operator_dice: Dice,
}

impl World {
    pub fn new(scenario: Scenario, trace: Trace) -> Self {
        let setup = scenario.setup();
        let (seed, faults) = (scenario.seed, scenario.faults);
        let calendar = Calendar::nyse();
        let next = calendar.session_on_or_after(setup.first_day).expect("a day the calendar knows");
        let now = next.open - TimeDelta::minutes(60);
        let mut market_dice = Dice::new(seed, "market");
        let paths: Vec<Path> = setup.symbols.iter().map(|symbol| Path::new(*symbol, now, &mut market_dice)).collect();
        let rules = Tricks {
            partial: faults.has(Fault::Partial),
            slow: faults.has(Fault::Slow),
            late: faults.has(Fault::Late),
        };
        let cash = setup.cash.units();
        let venue = Venue::new(paths, cash, setup.venue, rules, now, Dice::new(seed, "venue"));
        let check = Check::new(setup.symbols.len(), now);
        Self {
            faults,
            venue,
            ledger: Ledger::new(),
            process: None,
            starts_at: now,
            offset: TimeDelta::zero(),
            kill: None,
            gate_open: true,
            candidates: Vec::new(),
            check,
            tally: Tally::new(),
            trace,
            step: 0,
            traded_at: now,
            next,
            calendar,
            announced: Vec::new(),
            by_hand: 0,
            market_dice,
            venue_dice: Dice::new(seed, "faults"),
            process_dice: Dice::new(seed, "process"),
            operator_dice: Dice::new(seed, "operator"),
            setup,
        }
    }

    /// One step, and what must hold after it.
    pub fn step(&mut self) -> Result<(), Breach> {
        self.step += 1;
        if !self.happen() {
            if self.process.is_some() { self.drive()? } else { self.start() }
        }
        self.settle_accounts();
        self.check_always()
    }

    /// The process's clock.
    pub fn clock(&self) -> Timestamp {
        self.venue.now + self.offset
    }

    /// Whether a fault of a kind strikes, so many times in ten thousand. The draw is made either way, so that taking a kind
    /// away changes nothing else.
    pub fn strikes(&mut self, fault: Fault, in_ten_thousand: u64) -> bool {
        self.venue_dice.chance(in_ten_thousand) && self.faults.has(fault)
    }

    /// The process is gone, with all it had in memory.
    pub fn crash(&mut self, at: Count) {
        if self.process.take().is_some() {
            self.tally.add(at);
            say!(self, "CRASH {at:?}");
            self.down();
        }
    }

    /// When it comes back: mostly soon, sometimes after hours or days.
    pub fn down(&mut self) {
        let long = self.process_dice.chance(300);
        let span = match self.process_dice.below(6) {
            0 if long => self.process_dice.seconds(70 * 86_400, 95 * 86_400),
            _ if long => self.process_dice.seconds(3_600, 12 * 86_400),
            _ => self.process_dice.seconds(1, 120),
        };
        let span = if long && !self.faults.has(Fault::Outage) { TimeDelta::seconds(60) } else { span };
        if span > TimeDelta::hours(1) {
            self.tally.add(Count::Outages);
        }
        self.starts_at = self.venue.now + span;
        self.check.unsettle();
    }
}
