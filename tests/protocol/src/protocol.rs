//! A scenario with a driver, as a model to explore: what happens when something happens.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet, HashSet},
    sync::Arc,
};

use market::Symbol;
use trading::{book::Book, order::Side};

use crate::{
    action::Action,
    driver::Hitch,
    explorer::{Left, Model, Violation},
    fingerprint, invariant,
    life::{LONG, SLOW},
    market_data,
    scenario::Scenario,
    venue::{Standing, Venue},
    world::World,
};

/// A driver, or a way to break it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variant {
    /// The driver the core asks for.
    Honest,
    /// Sends again when no answer comes.
    ResendOnUnknown,
    /// Sends again under a new id when no answer comes.
    RetryUnderNewId,
    /// Takes silence for a proof that nothing was sent.
    UnknownIsRetryable,
    /// Writes an intent down after its order has left.
    RecordAfterSend,
    /// Takes "no such order" for a proof at once.
    BelieveNotFoundAtOnce,
    /// Starts without doubting what it finds without an outcome.
    ForgetDoubt,
    /// Starts without the intents it finds without an outcome.
    ForgetUnsettled,
    /// Counts an execution that it hears of again as another one.
    CountTwice,
    /// Stops protection, too, when the kill switch is latched.
    KillStopsProtection,
    /// Stamps a look that asks with a time after its questions: an answer then seems younger than it is.
    StampLooksLate,
    /// Takes every question for unanswered.
    HearsNothing,
    /// Does not lock the account.
    NoLock,
    /// Does not lock the account, and nobody minds: what else breaks.
    NoLockUnchecked,
}

/// A scenario with a driver.
pub struct Protocol {
    pub(crate) scenario: Scenario,
    pub(crate) variant: Variant,
    pub(crate) lines: RefCell<Vec<String>>,
    pub(crate) is_narrating: Cell<bool>,
    seen: RefCell<BTreeMap<&'static str, u64>>,
    /// States from which rest is reached, and is right.
    pub(crate) settles: RefCell<HashSet<u128>>,
    asks_for_rest: bool,
}

impl Protocol {
    /// A model to explore.
    #[must_use]
    pub fn new(scenario: Scenario, variant: Variant) -> Self {
        Self {
            scenario,
            variant,
            lines: RefCell::default(),
            is_narrating: Cell::new(false),
            seen: RefCell::default(),
            settles: RefCell::default(),
            asks_for_rest: variant != Variant::NoLockUnchecked,
        }
    }

    /// The same without the question where a world comes to rest: for a counterexample to another rule.
    #[must_use]
    pub fn restless(self) -> Self {
        Self { asks_for_rest: false, ..self }
    }

    /// What happened, and how often: a check that never saw something has not checked it.
    #[must_use]
    pub fn seen(&self) -> BTreeMap<&'static str, u64> {
        self.seen.borrow().clone()
    }

    /// Notes that something interesting happened.
    pub(crate) fn saw(&self, what: &'static str) {
        if self.is_narrating.get() {
            return self.say(|| format!("({what})"));
        }
        *self.seen.borrow_mut().entry(what).or_insert(0) += 1;
    }

    /// Says something, when somebody listens.
    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        if self.is_narrating.get() {
            self.lines.borrow_mut().push(line());
        }
    }

    pub(crate) fn symbols(&self) -> &[Symbol] {
        &self.scenario.symbols
    }

    pub(crate) fn has_lock(&self) -> bool {
        !matches!(self.variant, Variant::NoLock | Variant::NoLockUnchecked)
    }

    fn empty(&self) -> World {
        World {
            now: market_data::start(),
            records: Arc::default(),
            durable: Arc::new(Book::new(market_data::account(), market_data::strategy())),
            processes: [None, None],
            venue: Arc::new(Venue::default()),
            wire: Vec::new(),
            kill: None,
            has_risen: false,
            budget: self.scenario.budget.clone(),
            sent: Arc::new(BTreeSet::new()),
            recorded_fills: Arc::default(),
        }
    }

    /// A position with its stop, made by the core itself.
    fn holding(&self) -> World {
        let mut world = self.calm(self.empty()).expect("nothing goes wrong");
        let entry = world.venue.orders.iter().position(|(_, order)| order.standing == Standing::New);
        self.fill(&mut world, entry.expect("the entry works"), true);
        self.calm(world).expect("nothing goes wrong")
    }

    fn budgeted(&self, world: &mut World, action: Action) {
        let budget = &mut world.budget;
        match action {
            Action::ReadFails(_) | Action::ReadLags(_) | Action::Unwritten(_) => budget.faults -= 1,
            Action::Double(_) | Action::GiveUp(_) | Action::NeverLeft(_) => budget.faults -= 1,
            Action::Crash(_) => budget.crashes -= 1,
            Action::Slow => budget.slow -= 1,
            Action::Rise => budget.rises -= 1,
            Action::Latch(_) => budget.kill = None,
            Action::Fill(at, whole) => {
                let order = world.venue.orders.values().nth(at);
                let sells = order.is_some_and(|order| order.request.side == Side::Sell);
                let left = match (sells, whole) {
                    (true, true) => &mut budget.triggers,
                    (false, true) => &mut budget.fills,
                    (_, false) => &mut budget.partials,
                };
                *left = left.saturating_sub(1);
            }
            Action::Step(_) | Action::Start(_) | Action::Arrive(_) | Action::Answer(..) => {}
            Action::EndCancel(_) | Action::EndReplace(_) | Action::Long => {}
        }
    }

    pub(crate) fn act(&self, world: &mut World, action: Action) -> Result<(), Violation> {
        self.budgeted(world, action);
        let id = |world: &World, at: usize| world.venue.orders.keys().nth(at).cloned();
        match action {
            Action::Step(slot) => self.step(world, slot, Hitch::None)?,
            Action::ReadFails(slot) => self.step(world, slot, Hitch::ReadFails)?,
            Action::ReadLags(slot) => self.step(world, slot, Hitch::ReadLags)?,
            Action::Unwritten(slot) => self.step(world, slot, Hitch::Unwritten)?,
            Action::Crash(slot) => self.crash(world, slot),
            Action::Start(slot) => self.start(world, slot)?,
            Action::Arrive(at) => self.arrive(world, at),
            Action::Double(at) => {
                let copy = world.wire[at].clone();
                world.launch(copy);
            }
            Action::Answer(slot, number) => self.answer(world, slot, number)?,
            Action::GiveUp(slot) => self.give_up(world, slot)?,
            Action::NeverLeft(slot) => self.never_left(world, slot)?,
            Action::Fill(at, whole) => self.fill(world, at, whole),
            Action::EndCancel(at) => {
                self.saw("a cancel took effect");
                id(world, at).iter().for_each(|id| Arc::make_mut(&mut world.venue).end_cancel(id));
            }
            Action::EndReplace(at) => {
                id(world, at).iter().for_each(|id| Arc::make_mut(&mut world.venue).end_replace(id));
                let standing = world.venue.orders.values().nth(at).map(|order| order.standing);
                let swapped = standing == Some(Standing::New);
                self.saw(if swapped { "a stop was replaced" } else { "a replacement found its place gone" });
            }
            Action::Latch(level) => world.kill = world.kill.max(Some(level)),
            Action::Rise => world.has_risen = true,
            Action::Slow => self.pass(world, SLOW),
            Action::Long => self.pass(world, LONG),
        }
        Ok(())
    }
}

impl Model for Protocol {
    type State = World;
    type Action = Action;

    fn initial(&self) -> World {
        let world = if self.scenario.holds { self.holding() } else { self.empty() };
        World { budget: self.scenario.budget.clone(), ..world }
    }

    fn actions(&self, world: &World) -> Vec<Action> {
        self.choices(world)
    }

    fn next(&self, world: &World, action: Action) -> Result<World, Violation> {
        let mut next = world.clone();
        self.act(&mut next, action)?;
        Ok(next)
    }

    fn check(&self, world: &World) -> Result<(), Violation> {
        invariant::check(world, self.variant != Variant::NoLockUnchecked)?;
        // A cycle always ends, in a state that is visited, too: it is enough to ask between two.
        if self.asks_for_rest && world.is_at_rest() { self.settles(world) } else { Ok(()) }
    }

    fn fingerprint(&self, world: &World) -> (u128, Left) {
        (fingerprint::world(world), world.budget.left())
    }

    fn narrate(&self, world: &World, action: Action) -> Vec<String> {
        self.is_narrating.set(true);
        let next = self.next(world, action);
        self.is_narrating.set(false);
        let mut lines = self.lines.take();
        if let Err(Violation { rule, what }) = next {
            lines.push(format!("BROKEN {rule}: {what}"));
        }
        lines
    }
}
