//! What we know durably: our intents, every execution of the account, and splits. Rebuilt from the ledger at start.

mod write;

use std::collections::{BTreeMap, BTreeSet};

use market::{NyDate, Price, Qty, Symbol, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    order::{AccountId, BrokerOrderId, ClientOrderId, IntentKey, Leg, OrderRequest, Purpose, Side, Strategy},
    report::Execution,
    state::OrderState,
    tape::{Held, Tape},
};

/// One order we decided to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intent {
    /// What makes it what it is; its client order id is derived from this.
    pub key: IntentKey,
    /// The request, word for word as it was recorded before the send.
    pub request: OrderRequest,
    /// Where it stands.
    pub state: OrderState,
    /// When it was recorded.
    pub recorded_at: Timestamp,
    /// From when on its fate has been in doubt, when that is later: the answer to its send was lost, or a process
    /// started and found it without one.
    pub doubted_since: Option<Timestamp>,
    /// The broker's id, once known.
    pub broker_id: Option<BrokerOrderId>,
    /// The order it takes the place of, for a replacement.
    pub replaces: Option<ClientOrderId>,
    /// For an entry: how its position is managed.
    pub trade: Option<TradePlan>,
    /// Why it is where it is, in words (a broker's refusal, a lost answer).
    pub note: String,
}

/// How a position is managed, written down with the entry that makes it. Prices of the day it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TradePlan {
    /// The initial protective stop.
    pub stop: Price,
    /// The level the break held.
    pub level: Option<Price>,
    /// The first target.
    pub r1: Option<Price>,
    /// The second target.
    pub r2: Option<Price>,
}

/// What is held of a symbol, with the plan it was bought under. Prices in today's shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Net shares by our executions, in 1e-9.
    pub net: i64,
    /// Average cost a share.
    pub average_entry: Option<Price>,
    /// The first fill since the symbol was last flat.
    pub opened_at: Timestamp,
    /// The plan of the latest entry that makes up what is held; `None` for shares that no entry of ours bought.
    pub plan: Option<TradePlan>,
    /// Trims that were sent since and can still act, or that sold something.
    pub trims: BTreeSet<Leg>,
}

/// Our intents and the account's executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The account this book is of.
    pub account: AccountId,
    /// The strategy whose intents are made here.
    pub strategy: Strategy,
    /// In the order of their records; everything below names an intent by its place in here.
    intents: Vec<Intent>,
    by_id: BTreeMap<ClientOrderId, usize>,
    /// Those that can still act: few, and asked for many times a cycle.
    live: BTreeMap<ClientOrderId, usize>,
    by_leg: BTreeMap<NyDate, BTreeMap<(Symbol, Leg), Vec<usize>>>,
    by_broker_id: BTreeMap<BrokerOrderId, usize>,
    /// Ids of executions and splits that were counted.
    counted: BTreeSet<String>,
    filled: BTreeMap<BrokerOrderId, Qty>,
    tapes: BTreeMap<Symbol, Tape>,
    last_fill: Option<Timestamp>,
    high_water: Option<Timestamp>,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(account: AccountId, strategy: Strategy) -> Self {
        Self {
            account,
            strategy,
            intents: Vec::new(),
            by_id: BTreeMap::new(),
            live: BTreeMap::new(),
            by_leg: BTreeMap::new(),
            by_broker_id: BTreeMap::new(),
            counted: BTreeSet::new(),
            filled: BTreeMap::new(),
            tapes: BTreeMap::new(),
            last_fill: None,
            high_water: None,
        }
    }

    /// All intents, by client order id.
    pub fn intents(&self) -> impl DoubleEndedIterator<Item = (&ClientOrderId, &Intent)> {
        self.by_id.iter().map(|(id, place)| (id, &self.intents[*place]))
    }

    /// One intent.
    #[must_use]
    pub fn intent(&self, id: &ClientOrderId) -> Option<&Intent> {
        self.live.get(id).or_else(|| self.by_id.get(id)).map(|place| &self.intents[*place])
    }

    /// Intents that can still act.
    pub fn live(&self) -> impl Iterator<Item = (&ClientOrderId, &Intent)> {
        self.live.iter().map(|(id, place)| (id, &self.intents[*place]))
    }

    /// Intents that can still act, of one symbol.
    pub fn live_of(&self, symbol: Symbol) -> impl Iterator<Item = (&ClientOrderId, &Intent)> {
        self.live().filter(move |(_, intent)| intent.request.symbol == symbol)
    }

    /// Whether an execution was counted.
    #[must_use]
    pub fn has_execution(&self, id: &str) -> bool {
        self.counted.contains(id)
    }

    /// Whether a split was counted.
    #[must_use]
    pub fn has_split(&self, id: &str) -> bool {
        self.counted.contains(&write::split_id(id))
    }

    /// Histories by symbol.
    #[must_use]
    pub fn tapes(&self) -> &BTreeMap<Symbol, Tape> {
        &self.tapes
    }

    /// When the latest execution happened.
    #[must_use]
    pub fn last_fill(&self) -> Option<Timestamp> {
        self.last_fill
    }

    /// The latest instant anything was recorded at: time before it has been lived through already.
    #[must_use]
    pub fn high_water(&self) -> Option<Timestamp> {
        self.high_water
    }

    /// Moves the high-water mark up to an instant a process has seen.
    pub fn saw(&mut self, now: Timestamp) {
        self.high_water = self.high_water.max(Some(now));
    }

    /// The key of the next attempt at a leg; `None` while any earlier attempt, of whatever day, is not dead.
    #[must_use]
    pub fn next_key(&self, date: NyDate, symbol: Symbol, leg: Leg) -> Option<IntentKey> {
        let alive = self.live_of(symbol).any(|(_, intent)| intent.key.leg == leg);
        (!alive).then(|| self.key(date, symbol, leg))
    }

    /// The key of the attempt that takes the place of a live one at the broker; `None` while any other attempt at the
    /// leg is not dead. The broker swaps the two in one step, so there is never a second order.
    #[must_use]
    pub fn replacement_key(&self, date: NyDate, replaced: &ClientOrderId) -> Option<IntentKey> {
        let old = &self.intents[*self.live.get(replaced)?];
        let (symbol, leg) = (old.request.symbol, old.key.leg);
        let other = self.live_of(symbol).any(|(id, intent)| intent.key.leg == leg && id != replaced);
        (!other).then(|| self.key(date, symbol, leg))
    }

    fn key(&self, date: NyDate, symbol: Symbol, leg: Leg) -> IntentKey {
        let attempt = self.leg(date, symbol, leg).map(|intent| intent.key.attempt).max().unwrap_or(0) + 1;
        let (account, strategy) = (self.account.clone(), self.strategy.clone());
        IntentKey { account, date, strategy, symbol, leg, attempt }
    }

    /// Attempts at a leg on a day that failed: refused, expired or cancelled before they did their work; and when the
    /// last attempt of any fate was made.
    #[must_use]
    pub fn attempts(&self, date: NyDate, symbol: Symbol, leg: Leg) -> (usize, Option<Timestamp>) {
        let counts = |intent: &&Intent| {
            matches!(intent.state, OrderState::Rejected | OrderState::Expired | OrderState::Canceled)
        };
        let last = self.leg(date, symbol, leg).map(|intent| intent.recorded_at).max();
        (self.leg(date, symbol, leg).filter(counts).count(), last)
    }

    /// Opening orders made on a day, whatever became of them, oldest first.
    #[must_use]
    pub fn openings(&self, date: NyDate) -> Vec<&Intent> {
        let of_day = self.by_leg.get(&date).into_iter().flatten();
        let places = of_day.filter(|((_, leg), _)| *leg == Leg::Entry).flat_map(|(_, places)| places);
        let mut openings: Vec<&Intent> = places.map(|place| &self.intents[*place]).collect();
        openings.sort_by_key(|intent| intent.recorded_at);
        openings
    }

    /// Whether the symbol was entered, or tried, on a day.
    #[must_use]
    pub fn is_consumed(&self, date: NyDate, symbol: Symbol) -> bool {
        self.by_leg.get(&date).is_some_and(|legs| legs.contains_key(&(symbol, Leg::Entry)))
    }

    /// Openings the broker refused in a row, up to the latest.
    #[must_use]
    pub fn reject_streak(&self, date: NyDate) -> u32 {
        self.openings(date).iter().rev().take_while(|intent| intent.state == OrderState::Rejected).count() as u32
    }

    /// Shares of one order filled so far, by its executions.
    #[must_use]
    pub fn filled(&self, intent: &Intent) -> Qty {
        intent.broker_id.as_ref().and_then(|id| self.filled.get(id)).copied().unwrap_or(Qty::ZERO)
    }

    /// What our executions say is held of a symbol.
    #[must_use]
    pub fn held(&self, symbol: Symbol) -> Option<&Held> {
        self.tapes.get(&symbol).map(Tape::held)
    }

    /// Net shares by symbol: buys less sells, each execution once, splits applied. Negative is short.
    #[must_use]
    pub fn net_units(&self) -> BTreeMap<Symbol, i64> {
        self.tapes.iter().map(|(symbol, tape)| (*symbol, tape.held().net)).collect()
    }

    /// The trade that makes up what is held, by our executions; when none of them has arrived yet, by the entry that may
    /// have bought it. An entry that never filled, or whose shares are long sold, says nothing about today.
    #[must_use]
    pub fn trade(&self, symbol: Symbol) -> Option<Trade> {
        let tape = self.tapes.get(&symbol);
        let held = tape.map(Tape::held).filter(|held| held.since.is_some());
        let unheard = || held.is_none().then(|| self.entry_unheard_of(symbol)).flatten();
        let entry = held.and_then(|held| self.entry_of(held)).or_else(|| self.entry_in_doubt(symbol)).or_else(unheard);
        let opened_at = held.and_then(|held| held.since).or_else(|| entry.map(|entry| entry.recorded_at))?;
        let adjust = |price: Price, at| tape.map_or(price, |tape| tape.adjusted(price, at));
        // By the broker's clock where there is a fill: ours may have stood on the other side of a split.
        let of_day = |entry: &Intent| self.first_fill(entry).unwrap_or(entry.recorded_at);
        let plan = entry.and_then(|entry| entry.trade.map(|plan| plan.map(|price| adjust(price, of_day(entry)))));
        Some(Trade {
            net: held.map_or(0, |held| held.net),
            average_entry: held.and_then(Held::average_entry),
            opened_at,
            plan,
            trims: self.trims(symbol, opened_at),
        })
    }

    fn entry_of(&self, held: &Held) -> Option<&Intent> {
        let ours = held.bought_by.iter().filter_map(|id| self.by_broker_id(id));
        ours.filter(|intent| intent.trade.is_some()).max_by_key(|intent| intent.recorded_at)
    }

    /// The first fill of an order, under whichever of its ids: what was held before it may be of another side of a split.
    fn first_fill(&self, entry: &Intent) -> Option<Timestamp> {
        let itself = self.by_id.get(&entry.request.client_order_id);
        let mut fills = self.tapes.get(&entry.request.symbol)?.fills();
        fills.find(|fill| self.by_broker_id.get(&fill.order_id) == itself).map(|fill| fill.at)
    }

    fn entry_in_doubt(&self, symbol: Symbol) -> Option<&Intent> {
        let entries = self.live_of(symbol).map(|(_, intent)| intent).filter(|intent| intent.trade.is_some());
        entries.max_by_key(|intent| intent.recorded_at)
    }

    /// The last entry, when it filled and none of its executions has arrived: orders are told sooner than fills.
    fn entry_unheard_of(&self, symbol: Symbol) -> Option<&Intent> {
        self.unheard().filter(|intent| intent.request.symbol == symbol).last()
    }

    /// Entries that filled and whose executions have not arrived.
    pub fn unheard(&self) -> impl Iterator<Item = &Intent> {
        let legs = self.by_leg.iter().next_back().into_iter().flat_map(|(_, legs)| legs);
        let places = legs.filter(|((_, leg), _)| *leg == Leg::Entry).flat_map(|(_, places)| places);
        let intents = places.map(|place| &self.intents[*place]);
        intents.filter(|intent| intent.state == OrderState::Filled && self.filled(intent).is_zero())
    }

    /// An entry we gave up that a fill of an order unknown to us may be of: the broker had it after all.
    #[must_use]
    pub fn given_up_for(&self, fill: &Execution) -> Option<&ClientOrderId> {
        if fill.side == Side::Sell || self.by_broker_id.contains_key(&fill.order_id) {
            return None;
        }
        let mut entries = self.leg(fill.at.ny_date(), fill.symbol, Leg::Entry);
        let gone = entries.find(|intent| intent.state == OrderState::NeverArrived);
        gone.map(|intent| &intent.request.client_order_id)
    }

    /// The entry whose executions have not arrived while nothing of the symbol is held by the book: in doubt, or filled.
    #[must_use]
    pub fn entry_awaited(&self, symbol: Symbol) -> Option<&Intent> {
        // What a split left of less than a share is no position.
        let is_flat = self.held(symbol).is_none_or(|held| held.net == held.in_lieu);
        is_flat.then(|| self.entry_in_doubt(symbol).or_else(|| self.entry_unheard_of(symbol))).flatten()
    }

    fn trims(&self, symbol: Symbol, since: Timestamp) -> BTreeSet<Leg> {
        let days = self.by_leg.range(since.ny_date()..).map(|(_, legs)| legs);
        let places = days.flat_map(|legs| [Leg::Trim1, Leg::Trim2].map(|leg| legs.get(&(symbol, leg))));
        // By the fills' own time where there are any: ours may have gone back in between. Under whichever of its ids: the
        // broker may have put another order in its place.
        let sold = |place: &usize| {
            let fills = self.tapes.get(&symbol).into_iter().flat_map(|tape| tape.fills().rev());
            fills.take_while(|fill| fill.at >= since).any(|fill| self.by_broker_id.get(&fill.order_id) == Some(place))
        };
        let unheard = |intent: &Intent| intent.state == OrderState::Filled && self.filled(intent).is_zero();
        let counts = |place: &&usize| {
            let intent = &self.intents[**place];
            !intent.state.is_dead() || sold(place) || unheard(intent)
        };
        places.flatten().flatten().filter(counts).map(|place| self.intents[*place].key.leg).collect()
    }

    /// The latest attempt at a leg that the broker took, of those recorded after the entry of what is held; for shares
    /// that no entry of ours bought, since an instant.
    #[must_use]
    pub fn latest(&self, symbol: Symbol, leg: Leg, since: Timestamp) -> Option<&Intent> {
        let mut buyers = self.held(symbol).into_iter().flat_map(|held| &held.bought_by);
        let entry = buyers.find_map(|id| self.by_broker_id.get(id)).copied();
        // By the order of the records where there is one: the clock may have gone back since the entry.
        let after = |place: &&usize| match entry {
            Some(entry) => **place > entry,
            None => self.intents[**place].recorded_at >= since,
        };
        let first = entry.map_or(since.ny_date(), |entry| self.intents[entry].key.date.min(since.ny_date()));
        let places = self.by_leg.range(first..).filter_map(|(_, legs)| legs.get(&(symbol, leg)));
        let intents = places.flatten().filter(after).map(|place| &self.intents[*place]);
        let intents = intents.filter(|intent| intent.broker_id.is_some() && intent.state != OrderState::Rejected);
        // By attempt and not by time, which may have gone back in between.
        intents.max_by_key(|intent| (intent.key.date, intent.key.attempt))
    }

    fn leg(&self, date: NyDate, symbol: Symbol, leg: Leg) -> impl Iterator<Item = &Intent> {
        let places = self.by_leg.get(&date).and_then(|legs| legs.get(&(symbol, leg)));
        places.into_iter().flatten().map(|place| &self.intents[*place])
    }

    /// The intent whose order had this id at the broker last: what took that order's place is that intent's order now.
    #[must_use]
    pub fn carried_by(&self, id: &BrokerOrderId) -> Option<&Intent> {
        self.by_broker_id(id)
    }

    fn by_broker_id(&self, id: &BrokerOrderId) -> Option<&Intent> {
        self.by_broker_id.get(id).map(|place| &self.intents[*place])
    }
}

impl TradePlan {
    /// A plan that knows a stop and nothing else.
    #[must_use]
    pub fn stop_only(stop: Price) -> Self {
        Self { stop, level: None, r1: None, r2: None }
    }

    fn map(self, adjust: impl Fn(Price) -> Price) -> Self {
        Self {
            stop: adjust(self.stop),
            level: self.level.map(&adjust),
            r1: self.r1.map(&adjust),
            r2: self.r2.map(&adjust),
        }
    }
}

impl Intent {
    /// From when on "no such order" is doubted.
    #[must_use]
    pub fn in_doubt_since(&self) -> Timestamp {
        self.doubted_since.unwrap_or(self.recorded_at)
    }

    /// Whether it opens or adds to a position.
    #[must_use]
    pub fn is_opening(&self) -> bool {
        self.request.purpose == Purpose::Open
    }
}

/// Shares in 1e-9, negative when sold.
pub(crate) fn signed(fill: &Execution) -> i64 {
    match fill.side {
        Side::Buy => fill.qty.units(),
        Side::Sell => -fill.qty.units(),
    }
}

#[cfg(test)]
mod tests;
