//! What the venue tells when it is asked.

use std::collections::BTreeMap;

use market::{Price, Qty, Symbol, Timestamp, Usd};
use trading::{
    order::ClientOrderId,
    report::{AccountReport, Execution, OrderReport, OrderStatus, PositionReport},
};

use super::{Order, State, Venue};

impl Venue {
    /// An order in the broker's words.
    pub fn report(&self, order: &Order) -> OrderReport {
        let qty = |units| Qty::from_units(units).expect("orders are of shares");
        let average = (order.filled > 0).then(|| order.cost / i128::from(order.filled.max(1)));
        OrderReport {
            id: order.id.clone(),
            client_order_id: order.client.clone(),
            symbol: self.paths[order.symbol].symbol,
            side: order.side,
            qty: qty(order.qty),
            filled_qty: qty(order.filled),
            filled_avg_price: average.and_then(|units| Price::from_units(units as i64).ok()),
            kind: Some(order.kind),
            time_in_force: Some(order.time_in_force),
            status: status(order),
            submitted_at: order.received,
            replaces: order.replaces.map(|old| self.orders[old].id.clone()),
        }
    }

    /// Orders that can still act.
    pub fn working(&self) -> Vec<OrderReport> {
        let orders = self.open.iter().map(|index| &self.orders[*index]);
        let listed = orders.filter(|order| order.state != State::Waiting || self.habits.lists_pending_replacements);
        listed.map(|order| self.report(order)).collect()
    }

    /// The order of a client order id.
    pub fn lookup(&self, client: &ClientOrderId) -> Option<OrderReport> {
        self.order(client).map(|order| self.report(order))
    }

    /// Positions.
    pub fn positions(&self) -> BTreeMap<Symbol, PositionReport> {
        let held = self.paths.iter().zip(&self.holdings).filter(|(_, held)| held.shares != 0);
        held.map(|(path, held)| {
            let average = held.cost / i128::from(held.shares);
            let position = PositionReport {
                symbol: path.symbol,
                qty: Qty::from_units(held.shares.abs()).expect("an absolute value"),
                short: held.shares < 0,
                avg_entry_price: Price::from_units(average as i64).ok(),
                current_price: Some(path.last()),
            };
            (path.symbol, position)
        })
        .collect()
    }

    /// Executions since an instant that have been reported by now.
    pub fn executions(&self, after: Timestamp) -> Vec<Execution> {
        let first = self.fills.partition_point(|fill| fill.told.at < after);
        let known = self.fills[first..].iter().filter(|fill| fill.visible <= self.now);
        known.map(|fill| fill.told.clone()).collect()
    }

    /// Whether every execution of a symbol had been reported at an instant.
    pub fn all_told(&self, symbol: usize, at: Timestamp) -> bool {
        let recent = self.fills.iter().rev().take(64);
        !recent.into_iter().any(|fill| fill.symbol == symbol && fill.visible > at)
    }

    /// The account.
    pub fn account(&self) -> AccountReport {
        AccountReport {
            number: "PA1".parse().expect("letters and digits"),
            equity: Usd::from_units(self.equity()),
            last_equity: Usd::from_units(self.last_equity),
            cash: Usd::from_units(self.cash),
            buying_power: Usd::from_units(self.buying_power()),
            trading_blocked: false,
        }
    }
}

fn status(order: &Order) -> OrderStatus {
    if order.odd && !order.state.is_over() {
        return OrderStatus::Unrecognised("accepted_by_owl".to_owned());
    }
    match order.state {
        State::Accepted => OrderStatus::Accepted,
        State::New if order.filled > 0 => OrderStatus::PartiallyFilled,
        State::New => OrderStatus::New,
        State::PendingCancel => OrderStatus::PendingCancel,
        State::PendingReplace => OrderStatus::PendingReplace,
        State::Waiting => OrderStatus::PendingNew,
        State::Filled => OrderStatus::Filled,
        State::Canceled => OrderStatus::Canceled,
        State::Expired => OrderStatus::Expired,
        State::Replaced => OrderStatus::Replaced,
        State::Rejected => OrderStatus::Rejected,
    }
}
