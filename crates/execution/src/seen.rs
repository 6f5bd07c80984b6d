//! What was seen at the broker, for the ledger: its orders as they looked last, and what became of each protective stop.
//!
//! Nothing is decided by it. It is gathered while the loop works and written once a cycle, after protection acted, only
//! where it changed; what could not be written is written with the next cycle.

use std::collections::{BTreeMap, BTreeSet};

use ledger::{Ledger, LedgerError, SeenOrder, StopChange, StopWhy};
use market::{Price, Symbol, Timestamp};
use trading::{
    order::{BrokerOrderId, IntentKey, OrderKind, Side},
    report::OrderReport,
};

/// Orders and stops as the ledger has them, and what it does not have yet.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// Those that are listed, and those that changed.
    orders: BTreeMap<BrokerOrderId, SeenOrder>,
    changed: BTreeSet<BrokerOrderId>,
    /// What the ledger says last of each symbol's stop.
    stops: BTreeMap<Symbol, StopChange>,
    /// Told one by one since the last list, in answers and outcomes.
    told: BTreeMap<BrokerOrderId, OrderReport>,
}

/// What is to be written.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct News {
    pub orders: Vec<SeenOrder>,
    pub stops: Vec<StopChange>,
}

impl Seen {
    /// What a process before this one saw last.
    pub fn of(ledger: &Ledger, now: Timestamp) -> Result<Self, LedgerError> {
        let listed = ledger.orders_since(now)?.into_iter().filter(|seen| seen.listed);
        let stops = ledger.last_stops()?.into_iter().map(|stop| (stop.symbol, stop));
        Ok(Self {
            orders: listed.map(|seen| (seen.order.id.clone(), seen)).collect(),
            stops: stops.collect(),
            ..Self::default()
        })
    }

    /// The broker told of one order: what it answered, or made of a send.
    pub fn tell(&mut self, order: &OrderReport) {
        self.told.insert(order.id.clone(), order.clone());
    }

    /// Takes in the list of working orders of a cycle, and what was told after it; gives what the ledger does not have.
    pub fn take_in(&mut self, working: &[OrderReport], now: Timestamp) -> News {
        let listed: BTreeSet<&BrokerOrderId> = working.iter().map(|order| &order.id).collect();
        for (id, seen) in &mut self.orders {
            if seen.listed && !listed.contains(id) {
                seen.listed = false;
                self.changed.insert(id.clone());
            }
        }
        working.iter().for_each(|order| self.see(order, now));
        for order in std::mem::take(&mut self.told).into_values() {
            self.see(&order, now);
        }
        let orders = self.changed.iter().filter_map(|id| self.orders.get(id).cloned());
        News { orders: orders.collect(), stops: self.stop_changes(now) }
    }

    /// The news are in the ledger. What is over is not kept here.
    pub fn written(&mut self, news: News) {
        self.changed.clear();
        self.orders.retain(|_, seen| seen.listed);
        self.stops.extend(news.stops.into_iter().map(|stop| (stop.symbol, stop)));
    }

    /// The stop that protects a symbol: of several the youngest, which takes the others' place.
    pub fn stop_of(&self, symbol: Symbol) -> Option<(&OrderReport, Price)> {
        let working = self.orders.values().filter(|seen| seen.listed).map(|seen| &seen.order);
        let stops = working.filter(|order| order.symbol == symbol && order.side == Side::Sell);
        let stops = stops.filter_map(|order| Some((order, trigger(order)?)));
        stops.max_by_key(|(order, _)| (order.submitted_at, attempt(order)))
    }

    fn see(&mut self, order: &OrderReport, now: Timestamp) {
        let listed = !order.status.is_final();
        let seen = self.orders.entry(order.id.clone()).or_insert_with(|| {
            self.changed.insert(order.id.clone());
            SeenOrder { order: order.clone(), listed, first_seen: now, last_seen: now }
        });
        if seen.order != *order || seen.listed != listed {
            self.changed.insert(order.id.clone());
            seen.order = order.clone();
            seen.listed = listed;
        }
        seen.last_seen = now;
    }

    fn stop_changes(&self, now: Timestamp) -> Vec<StopChange> {
        let had = self.stops.iter().filter(|(_, stop)| stop.why != StopWhy::Gone).map(|(symbol, _)| *symbol);
        let has = self.orders.values().filter(|seen| trigger(&seen.order).is_some()).map(|seen| seen.order.symbol);
        let symbols: BTreeSet<Symbol> = had.chain(has).collect();
        symbols.into_iter().filter_map(|symbol| self.stop_change(symbol, now)).collect()
    }

    fn stop_change(&self, symbol: Symbol, now: Timestamp) -> Option<StopChange> {
        let before = self.stops.get(&symbol).filter(|stop| stop.why != StopWhy::Gone);
        let Some((order, stop)) = self.stop_of(symbol) else {
            return before.map(|before| StopChange { at: now, why: StopWhy::Gone, ..before.clone() });
        };
        let why = match before {
            None => StopWhy::Placed,
            Some(before) if before.stop < stop => StopWhy::Raised,
            Some(_) => StopWhy::Renewed,
        };
        let change =
            StopChange { at: now, symbol, client_order_id: order.client_order_id.clone(), stop, qty: order.qty, why };
        let is_same = |before: &StopChange| {
            (&before.client_order_id, before.stop, before.qty) == (&change.client_order_id, change.stop, change.qty)
        };
        (!before.is_some_and(is_same)).then_some(change)
    }
}

fn trigger(order: &OrderReport) -> Option<Price> {
    match order.kind? {
        OrderKind::Stop { stop } => Some(stop),
        OrderKind::Market | OrderKind::Limit { .. } => None,
    }
}

fn attempt(order: &OrderReport) -> u32 {
    IntentKey::parse(&order.client_order_id).map_or(0, |key| key.attempt)
}

#[cfg(test)]
mod tests;
