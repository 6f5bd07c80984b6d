//! What we know durably: our intents and every execution of the account. Rebuilt from the ledger at start.

use std::collections::BTreeMap;

use market::{NyDate, Price, Qty, Symbol, Timestamp};

use crate::{
    order::{AccountId, BrokerOrderId, ClientOrderId, IntentKey, Leg, OrderRequest, Purpose, Side, Strategy},
    report::Execution,
    state::OrderState,
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
    /// The broker's id, once known.
    pub broker_id: Option<BrokerOrderId>,
    /// For an entry: the protective stop its position gets.
    pub protective_stop: Option<Price>,
    /// Why it is where it is, in words (a broker's refusal, a lost answer).
    pub note: String,
}

/// Our intents and the account's executions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    /// The account this book is of.
    pub account: AccountId,
    /// The strategy whose intents are made here.
    pub strategy: Strategy,
    /// By client order id.
    pub intents: BTreeMap<ClientOrderId, Intent>,
    /// By execution id: each counts once, however often it is reported.
    pub executions: BTreeMap<String, Execution>,
}

impl Book {
    /// An empty book.
    #[must_use]
    pub fn new(account: AccountId, strategy: Strategy) -> Self {
        Self { account, strategy, intents: BTreeMap::new(), executions: BTreeMap::new() }
    }

    /// The key of the next attempt at a leg; `None` while any earlier attempt, of whatever day, is not dead.
    #[must_use]
    pub fn next_key(&self, date: NyDate, symbol: Symbol, leg: Leg) -> Option<IntentKey> {
        if self.live(symbol).any(|(_, intent)| intent.key.leg == leg) {
            return None;
        }
        let attempt = self.leg(date, symbol, leg).map(|intent| intent.key.attempt).max().unwrap_or(0) + 1;
        let (account, strategy) = (self.account.clone(), self.strategy.clone());
        Some(IntentKey { account, date, strategy, symbol, leg, attempt })
    }

    /// Attempts at a leg on a day that the broker got: how many, and when the last was made.
    #[must_use]
    pub fn attempts(&self, date: NyDate, symbol: Symbol, leg: Leg) -> (usize, Option<Timestamp>) {
        let arrived = |intent: &&Intent| intent.state != OrderState::NeverArrived;
        let last = self.leg(date, symbol, leg).map(|intent| intent.recorded_at).max();
        (self.leg(date, symbol, leg).filter(arrived).count(), last)
    }

    /// Opening orders made on a day, whatever became of them.
    #[must_use]
    pub fn openings_on(&self, date: NyDate) -> u32 {
        self.openings(date).count() as u32
    }

    /// Whether the symbol was entered, or tried, on a day.
    #[must_use]
    pub fn is_consumed(&self, date: NyDate, symbol: Symbol) -> bool {
        self.leg(date, symbol, Leg::Entry).next().is_some()
    }

    /// Intents that can still act, of one symbol.
    pub fn live(&self, symbol: Symbol) -> impl Iterator<Item = (&ClientOrderId, &Intent)> {
        self.intents.iter().filter(move |(_, intent)| intent.request.symbol == symbol && !intent.state.is_dead())
    }

    /// The stop recorded with the latest entry that makes up what is held now: one that was filled since the symbol was
    /// last flat. An entry that never filled, or whose shares are long sold, says nothing about today's position.
    #[must_use]
    pub fn protective_stop(&self, symbol: Symbol) -> Option<Price> {
        let bought = self.bought_since_flat(symbol);
        self.intents
            .values()
            .filter(|intent| intent.protective_stop.is_some())
            .filter(|intent| intent.broker_id.as_ref().is_some_and(|id| bought.contains(&id)))
            .max_by_key(|intent| intent.recorded_at)
            .and_then(|intent| intent.protective_stop)
    }

    /// Orders that bought shares of the symbol since the account was last flat in it.
    fn bought_since_flat(&self, symbol: Symbol) -> Vec<&BrokerOrderId> {
        let mut fills: Vec<&Execution> = self.executions.values().filter(|fill| fill.symbol == symbol).collect();
        fills.sort_by_key(|fill| fill.at);
        let (mut net, mut bought) = (0, Vec::new());
        for fill in fills {
            net += signed(fill);
            match fill.side {
                Side::Buy => bought.push(&fill.order_id),
                Side::Sell if net <= 0 => bought.clear(),
                Side::Sell => {}
            }
        }
        bought
    }

    /// Openings the broker refused in a row, up to the latest.
    #[must_use]
    pub fn reject_streak(&self, date: NyDate) -> u32 {
        let mut openings: Vec<&Intent> = self.openings(date).collect();
        openings.sort_by_key(|intent| intent.recorded_at);
        openings.iter().rev().take_while(|intent| intent.state == OrderState::Rejected).count() as u32
    }

    /// Shares of one order filled so far, by its executions.
    #[must_use]
    pub fn filled(&self, intent: &Intent) -> Qty {
        let Some(id) = &intent.broker_id else { return Qty::ZERO };
        self.executions.values().filter(|fill| fill.order_id == *id).fold(Qty::ZERO, |sum, fill| sum.plus(fill.qty))
    }

    /// Net shares by symbol: buys less sells, each execution once. Negative is short.
    #[must_use]
    pub fn net_units(&self) -> BTreeMap<Symbol, i64> {
        let mut net = BTreeMap::new();
        for fill in self.executions.values() {
            *net.entry(fill.symbol).or_insert(0_i64) += signed(fill);
        }
        net
    }

    fn leg(&self, date: NyDate, symbol: Symbol, leg: Leg) -> impl Iterator<Item = &Intent> {
        let of_leg = move |key: &IntentKey| key.date == date && key.symbol == symbol && key.leg == leg;
        self.intents.values().filter(move |intent| of_leg(&intent.key))
    }

    fn openings(&self, date: NyDate) -> impl Iterator<Item = &Intent> {
        self.intents.values().filter(move |i| i.key.date == date && i.request.purpose == Purpose::Open)
    }
}

/// Shares in 1e-9, negative when sold.
pub(crate) fn signed(fill: &Execution) -> i64 {
    match fill.side {
        Side::Buy => fill.qty.units(),
        Side::Sell => -fill.qty.units(),
    }
}
