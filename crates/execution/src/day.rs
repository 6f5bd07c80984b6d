//! The views of a day: where each symbol stands, which were entered, and the openings of the session.

use std::collections::BTreeSet;

use broker::Broker;
use contract::{
    ConsumedEntries, ConsumedEntry, LiveOrder, Mode, OrdersToday, Standing, StopView, SymbolState, SymbolStates, View,
};
use market::{NyDate, Qty, Symbol, Timestamp, Usd};
use trading::{book::Intent, order::Leg, position::PositionState, report::Execution};

use crate::engine::Engine;

impl<B: Broker> Engine<B> {
    /// Writes them where they changed.
    pub(crate) fn write_day(&mut self, today: NyDate) {
        let (layout, mode) = (&self.config.layout, self.config.mode);
        let states = (layout.symbol_execution_state(today, mode), self.symbol_states(today).to_json());
        let consumed = (layout.consumed_entries(today, mode), self.consumed_entries(today).to_json());
        let mut views = vec![states, consumed];
        if self.may_show_openings(today) {
            views.push((layout.live_orders_today(), self.orders_today(today).to_json()));
        }
        for (path, content) in views {
            self.views.put(&path, content);
        }
    }

    /// A dry run opens nothing. A live session's file is made by the arming step, and only then is it filled: that it is
    /// there is one of the live gate's conditions.
    fn may_show_openings(&self, today: NyDate) -> bool {
        match self.config.mode {
            Mode::DryRun => false,
            Mode::Paper => true,
            Mode::Live => {
                let path = self.config.layout.live_orders_today();
                OrdersToday::check(&path, self.config.account.as_str(), today).is_ok()
            }
        }
    }

    fn symbol_states(&self, today: NyDate) -> SymbolStates {
        let book = self.core.book();
        let traded = book.tapes().iter().filter(|(_, tape)| last_fill(tape.fills(), today).is_some());
        let tried = book.intents().filter(|(_, intent)| intent.key.date == today);
        let known = self.core.positions().keys().copied();
        let symbols: BTreeSet<Symbol> =
            known.chain(traded.map(|(symbol, _)| *symbol)).chain(tried.map(|(_, intent)| intent.key.symbol)).collect();
        SymbolStates {
            schema: SymbolStates::SCHEMA,
            date: today,
            account: self.config.account.to_string(),
            symbols: symbols.into_iter().map(|symbol| (symbol, self.symbol_state(symbol, today))).collect(),
        }
    }

    fn symbol_state(&self, symbol: Symbol, today: NyDate) -> SymbolState {
        let held = self.core.view().and_then(|view| view.positions.get(&symbol));
        let stop = self.seen.stop_of(symbol).map(|(order, price)| StopView {
            price,
            qty: order.qty,
            client_order_id: order.client_order_id.as_str().to_owned(),
        });
        let state = self.core.positions().get(&symbol).copied().unwrap_or_default();
        SymbolState {
            state: standing(state),
            since: self.since(symbol, state, today),
            qty: held.map_or(Qty::ZERO, |held| held.qty),
            stop,
        }
    }

    fn since(&self, symbol: Symbol, state: PositionState, today: NyDate) -> Option<Timestamp> {
        let book = self.core.book();
        let live = |leg| {
            let intents = book.live_of(symbol).filter(move |(_, intent)| intent.key.leg == leg);
            intents.map(|(_, intent)| intent.recorded_at).max()
        };
        let opened = || book.trade(symbol).map(|trade| trade.opened_at);
        match state {
            PositionState::Flat => book.tapes().get(&symbol).and_then(|tape| last_fill(tape.fills(), today)),
            PositionState::Entering => live(Leg::Entry),
            PositionState::Open => opened(),
            PositionState::Exiting => live(Leg::Exit).or_else(opened),
        }
    }

    fn consumed_entries(&self, today: NyDate) -> ConsumedEntries {
        let entry = |intent: &Intent| ConsumedEntry {
            symbol: intent.key.symbol,
            at: intent.recorded_at,
            client_order_id: intent.request.client_order_id.as_str().to_owned(),
        };
        ConsumedEntries {
            schema: ConsumedEntries::SCHEMA,
            date: today,
            account: self.config.account.to_string(),
            entries: self.core.book().openings(today).into_iter().map(entry).collect(),
        }
    }

    /// The openings that the cap of a day counts: all that were recorded, whatever became of them.
    fn orders_today(&self, today: NyDate) -> OrdersToday {
        let openings = self.core.book().openings(today).into_iter();
        let order = |intent: &Intent| LiveOrder {
            at: intent.recorded_at,
            symbol: intent.key.symbol,
            client_order_id: intent.request.client_order_id.as_str().to_owned(),
            qty: intent.request.qty,
            notional: intent.request.price().map_or(Usd::ZERO, |price| price.notional(intent.request.qty)),
        };
        OrdersToday { orders: openings.map(order).collect(), ..OrdersToday::empty(today, self.config.account.as_str()) }
    }
}

fn standing(state: PositionState) -> Standing {
    match state {
        PositionState::Flat => Standing::Flat,
        PositionState::Entering => Standing::Entering,
        PositionState::Open => Standing::Open,
        PositionState::Exiting => Standing::Exiting,
    }
}

/// When a symbol's last fill of a day was.
fn last_fill<'a>(mut fills: impl DoubleEndedIterator<Item = &'a Execution>, today: NyDate) -> Option<Timestamp> {
    fills.next_back().map(|fill| fill.at).filter(|at| at.ny_date() == today)
}
