//! Everything there is: what is durable, the processes, the broker, requests under way, and what may still go wrong.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use market::{Symbol, Timestamp};
use trading::{
    book::Book,
    control::Kill,
    decide::Coverage,
    engine::{Core, Event},
    order::{BrokerOrderId, ClientOrderId, OrderRequest, Replacement},
    record::Record,
    report::{OrderReport, PositionReport},
};

use crate::venue::Venue;

/// A state. What is seldom changed is shared between states.
#[derive(Clone, Debug)]
pub struct World {
    /// The time, everywhere.
    pub now: Timestamp,
    /// What was recorded durably, in order.
    pub records: Arc<Vec<(Timestamp, Record)>>,
    /// The same as a book: what a process that starts now would believe.
    pub durable: Arc<Book>,
    /// Processes; the second slot is for one that is started although the first lives.
    pub processes: [Option<Process>; 2],
    /// The broker.
    pub venue: Arc<Venue>,
    /// Requests that left and did not arrive yet, sorted.
    pub wire: Vec<Flight>,
    /// The kill switch.
    pub kill: Option<Kill>,
    /// Whether the market offers a higher stop.
    pub has_risen: bool,
    /// What may still go wrong or happen.
    pub budget: Budget,
    /// Every client order id that ever left.
    pub sent: Arc<BTreeSet<ClientOrderId>>,
    /// Fills that were recorded durably, in signed units by symbol and the broker's id.
    pub recorded_fills: Arc<Fills>,
}

/// Signed units by symbol and execution id.
pub type Fills = BTreeMap<(Symbol, String), i64>;

/// What may still happen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Budget {
    /// Crashes.
    pub crashes: u8,
    /// Requests, answers and reads that go wrong.
    pub faults: u8,
    /// Advances of the clock by a few seconds.
    pub slow: u8,
    /// Fills of one share.
    pub partials: u8,
    /// Fills of what is left of an entry.
    pub fills: u8,
    /// Stops that trigger.
    pub triggers: u8,
    /// Rises of the market.
    pub rises: u8,
    /// A latch of the kill switch.
    pub kill: Option<Kill>,
}

/// A process that lives.
#[derive(Clone, Debug)]
pub struct Process {
    /// The real core.
    pub core: Arc<Core>,
    /// What its driver does.
    pub stage: Stage,
    /// The request it waits for.
    pub waiting: Option<Waiting>,
    /// When its cycle began.
    pub cycle_at: Timestamp,
    /// Positions whose stops did not fit at the last look.
    pub misfits: BTreeMap<Symbol, Coverage>,
    /// Protective requests that were decided in this cycle and have not left yet.
    pub owed: Vec<String>,
    /// Fills it was told of, or read from the records.
    pub told: Arc<Fills>,
    /// Whether its next step writes the exposure view of an opening.
    pub exposes: bool,
    /// Records that a broken driver has not written yet.
    pub held_back: Vec<(Timestamp, Vec<Record>)>,
    /// What names its core within a cycle: the fingerprint at its begin, and what it was fed and did since. The core is
    /// deterministic, so nothing else can matter.
    pub(crate) base: (Vec<u64>, Option<Timestamp>),
    pub(crate) story: Vec<(Option<Timestamp>, u64)>,
}

/// Where a driver is in its cycle.
#[derive(Clone, Debug)]
pub enum Stage {
    /// Between two cycles.
    Rest,
    /// Has read the working orders.
    Orders(Vec<OrderReport>),
    /// Has read the positions, too.
    Positions(Vec<OrderReport>, BTreeMap<Symbol, PositionReport>),
    /// Performs what follows from an event.
    Acting(Fed),
}

/// The event of a cycle that was fed last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// [`Event::Look`].
    Look,
    /// [`Event::Protect`].
    Protect,
    /// [`Event::Manage`].
    Manage,
}

/// A request that an answer is waited for.
#[derive(Clone, Debug)]
pub struct Waiting {
    /// What was asked.
    pub request: Request,
    /// Since when.
    pub since: Timestamp,
    /// Answers under way to the process.
    pub answers: Vec<Event>,
}

/// A request to the broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// An order.
    Submit(OrderRequest),
    /// An order in the place of another.
    Replace(Replacement),
    /// A cancel.
    Cancel(BrokerOrderId, ClientOrderId),
    /// A question.
    Ask(ClientOrderId),
}

/// A request under way.
#[derive(Clone, Debug)]
pub struct Flight {
    /// What is asked.
    pub request: Request,
    /// The process that waits for its answer, if it still does.
    pub owner: Option<usize>,
    /// From when on nobody waits for it any more, and a living process knows that it may be under way.
    pub given_up: Option<Timestamp>,
}

impl Budget {
    /// All of it, in numbers: who has no less of anything left can do all that another can.
    #[must_use]
    pub fn left(&self) -> [u8; 8] {
        let Self { crashes, faults, slow, partials, fills, triggers, rises, kill } = self;
        [*crashes, *faults, *slow, *partials, *fills, *triggers, *rises, u8::from(kill.is_some())]
    }
}

impl Request {
    /// The client order id it is about.
    #[must_use]
    pub fn id(&self) -> &ClientOrderId {
        match self {
            Self::Submit(order) => &order.client_order_id,
            Self::Replace(replacement) => &replacement.order.client_order_id,
            Self::Cancel(_, id) | Self::Ask(id) => id,
        }
    }

    /// What it is, for sorting and for people.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Submit(_) => "submit",
            Self::Replace(_) => "replace",
            Self::Cancel(..) => "cancel",
            Self::Ask(_) => "ask",
        }
    }

    /// Whether it would make an order.
    #[must_use]
    pub fn is_send(&self) -> bool {
        match self {
            Self::Submit(_) | Self::Replace(_) => true,
            Self::Cancel(..) | Self::Ask(_) => false,
        }
    }
}

impl Process {
    /// Whether its next step asks its core what to do.
    #[must_use]
    pub fn is_acting(&self) -> bool {
        self.waiting.is_none() && matches!(self.stage, Stage::Acting(_))
    }
}

impl World {
    /// Processes that live.
    pub fn living(&self) -> impl Iterator<Item = (usize, &Process)> {
        self.processes.iter().enumerate().filter_map(|(slot, process)| Some((slot, process.as_ref()?)))
    }

    /// Whether no process is in the middle of a cycle.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        self.living().all(|(_, process)| matches!(process.stage, Stage::Rest))
    }

    /// Whether somebody is about to see what the broker has or does next: a read, or a request that is waited for. What
    /// the broker does by itself before that might as well be done then.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        let reads = |process: &Process| process.waiting.is_none() && !process.is_acting();
        self.wire.iter().any(|flight| flight.owner.is_some())
            || self.living().next().is_none()
            || self.living().any(|(_, process)| reads(process))
    }

    /// Puts a request on its way; the wire is kept sorted, as the order of leaving does not matter.
    pub fn launch(&mut self, flight: Flight) {
        self.wire.push(flight);
        self.wire.sort_by(|a, b| {
            let key = |flight: &Flight| (flight.request.name(), flight.request.id().clone(), flight.owner);
            (key(a), a.given_up).cmp(&(key(b), b.given_up))
        });
    }
}
