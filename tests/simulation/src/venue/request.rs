//! What the venue is asked for, and what it answers.

use market::{Price, Qty};
use trading::{
    order::{BrokerOrderId, OrderKind, OrderRequest, Replacement, Side},
    outcome::{CancelOutcome, RejectReason, SubmitOutcome},
};

use super::{Flight, Happening, Mark, Order, Request, SHARE, State, Venue, value};

const DUPLICATE: No = (RejectReason::DuplicateClientOrderId, "422: client_order_id must be unique");

/// Why the venue says no.
type No = (RejectReason, &'static str);

impl Venue {
    /// POST of an order.
    pub fn submit(&mut self, request: &OrderRequest, mark: Option<Mark>) -> SubmitOutcome {
        let Some(symbol) = self.index(request) else { return rejected((RejectReason::Invalid, "no such symbol")) };
        if let Err(no) = self.may(request, symbol, None) {
            return rejected(no);
        }
        let state = if self.is_open() && self.habits.works_at_once { State::New } else { State::Accepted };
        let index = self.enter(request, symbol, state, mark);
        SubmitOutcome::Accepted(Box::new(self.report(&self.orders[index])))
    }

    /// PATCH of an order: a new one with an id of its own.
    pub fn replace(&mut self, replacement: &Replacement, mark: Option<Mark>) -> SubmitOutcome {
        let Some(old) = self.position(&replacement.replaces) else {
            return rejected((RejectReason::Other, "404: no such order"));
        };
        if self.by_client.contains_key(&replacement.order.client_order_id) {
            return rejected(DUPLICATE);
        }
        if self.orders[old].state != State::New {
            return rejected((RejectReason::Invalid, "422: the order cannot be replaced now"));
        }
        let symbol = self.orders[old].symbol;
        if let Err(no) = self.may(&replacement.order, symbol, Some(old)) {
            return rejected(no);
        }
        let new = self.enter(&replacement.order, symbol, State::Waiting, mark);
        self.orders[new].replaces = Some(old);
        self.orders[old].state = State::PendingReplace;
        self.orders[old].due = self.orders[new].due;
        if self.habits.works_at_once && self.dice.chance(7_000) {
            self.swap(old, new);
        }
        SubmitOutcome::Accepted(Box::new(self.report(&self.orders[new])))
    }

    /// DELETE of an order.
    pub fn cancel(&mut self, id: &BrokerOrderId) -> CancelOutcome {
        let Some(index) = self.position(id) else { return CancelOutcome::NotFound };
        match self.orders[index].state {
            State::Accepted | State::New => {}
            State::PendingCancel | State::PendingReplace | State::Waiting => {
                return CancelOutcome::NotCancelable("422: pending".to_owned());
            }
            State::Filled | State::Canceled | State::Expired | State::Replaced | State::Rejected => {
                return CancelOutcome::NotCancelable("422: over".to_owned());
            }
        }
        self.version += 1;
        let at_once = self.orders[index].state == State::Accepted && !self.is_open() || self.dice.chance(4_000);
        if at_once {
            self.end(index, State::Canceled);
        } else {
            self.orders[index].state = State::PendingCancel;
            self.orders[index].due = self.now + self.wait();
        }
        CancelOutcome::Accepted
    }

    /// Requests that were on their way until now.
    pub fn land(&mut self) {
        let now = self.now;
        while let Some(place) = self.flights.iter().position(|flight| flight.arrives <= now) {
            let Flight { request, mark, .. } = self.flights.remove(place);
            let outcome = match request {
                Request::Submit(order) => self.submit(&order, mark),
                Request::Replace(replacement) => self.replace(&replacement, mark),
                Request::Cancel(order) => {
                    self.cancel(&order);
                    continue;
                }
            };
            let accepted = matches!(outcome, SubmitOutcome::Accepted(_));
            self.happened.push(Happening::Landed { accepted });
        }
    }

    /// Puts one order in the place of another, when the shares are there; otherwise the old one goes on.
    pub(super) fn swap(&mut self, old: usize, new: usize) {
        self.version += 1;
        let rest = self.orders[new].rest();
        let others = self.spoken_for(self.orders[old].symbol) - self.orders[old].rest();
        let fits = self.orders[old].state == State::PendingReplace
            && rest + others <= self.holdings[self.orders[old].symbol].shares;
        if fits {
            self.end(old, State::Replaced);
            self.orders[new].state = State::New;
            self.happened.push(Happening::Swapped { old, new });
        } else {
            if self.orders[old].state == State::PendingReplace {
                self.orders[old].state = State::New;
            }
            self.end(new, State::Rejected);
            self.happened.push(Happening::SwapRefused { new });
        }
        self.orders[new].replaces = None;
    }

    pub(super) fn end(&mut self, index: usize, state: State) {
        self.version += 1;
        self.orders[index].state = state;
        self.open.retain(|open| *open != index);
        self.happened.push(Happening::Ended { order: index, state });
    }

    /// How long something asked for takes.
    pub(super) fn wait(&mut self) -> market::TimeDelta {
        let most = self.habits.patience_ms;
        if self.rules.slow && self.dice.chance(200) { self.dice.seconds(5, 40) } else { self.dice.millis(0, most) }
    }

    fn enter(&mut self, request: &OrderRequest, symbol: usize, state: State, ours: Option<Mark>) -> usize {
        let index = self.orders.len();
        let due = self.now + self.wait();
        self.version += 1;
        self.orders.push(Order {
            id: format!("b{index}").parse().expect("visible ASCII"),
            client: request.client_order_id.clone(),
            ours,
            symbol,
            side: request.side,
            qty: request.qty.units(),
            filled: 0,
            cost: 0,
            kind: request.kind,
            time_in_force: request.time_in_force,
            state,
            received: self.now,
            due,
            triggered: false,
            replaces: None,
            odd: false,
        });
        self.open.push(index);
        self.by_client.insert(request.client_order_id.clone(), index);
        index
    }

    fn may(&mut self, request: &OrderRequest, symbol: usize, replaced: Option<usize>) -> Result<(), No> {
        if self.by_client.contains_key(&request.client_order_id) {
            return Err(DUPLICATE);
        }
        let invalid = |why| Err((RejectReason::Invalid, why));
        let limit = match request.kind {
            OrderKind::Market => None,
            OrderKind::Limit { limit } | OrderKind::Stop { stop: limit } => Some(limit),
        };
        if request.qty.is_zero() || limit.is_some_and(|limit| !limit.is_on_tick()) {
            return invalid("422: quantity or tick");
        }
        if limit.is_some() && request.qty.units() % SHARE != 0 {
            return invalid("422: a fraction");
        }
        let last = self.paths[symbol].last();
        let through = matches!(request.kind, OrderKind::Stop { stop } if stop >= last);
        if through && self.habits.refuses_stops_through_the_market {
            return invalid("422: the stop is not below the market");
        }
        match request.side {
            Side::Buy => self.may_buy(request.qty, limit.unwrap_or(last), symbol),
            Side::Sell => self.may_sell(request.qty, symbol, replaced),
        }
    }

    fn may_buy(&self, qty: Qty, price: Price, symbol: usize) -> Result<(), No> {
        if value(qty.units(), price) > self.buying_power() {
            return Err((RejectReason::InsufficientOrConflicting, "403: insufficient buying power"));
        }
        if self.habits.refuses_wash_trades && self.binding(symbol, Side::Sell).next().is_some() {
            return Err((RejectReason::InsufficientOrConflicting, "403: potential wash trade"));
        }
        Ok(())
    }

    fn may_sell(&self, qty: Qty, symbol: usize, replaced: Option<usize>) -> Result<(), No> {
        let freed = replaced.map_or(0, |old| self.orders[old].rest());
        let free = self.holdings[symbol].shares - self.spoken_for(symbol) + freed;
        if qty.units() > free {
            return Err((RejectReason::InsufficientOrConflicting, "403: insufficient qty available"));
        }
        if self.habits.refuses_wash_trades && self.binding(symbol, Side::Buy).next().is_some() {
            return Err((RejectReason::InsufficientOrConflicting, "403: potential wash trade"));
        }
        Ok(())
    }

    /// Cash less what working buys speak for, in 1/10,000 dollar.
    pub fn buying_power(&self) -> i64 {
        let buys = self.open.iter().map(|index| &self.orders[*index]).filter(|order| order.side == Side::Buy);
        let bound: i64 =
            buys.map(|order| value(order.rest(), order.limit().unwrap_or(self.paths[order.symbol].ask()))).sum();
        (self.cash - bound).max(0)
    }

    fn index(&self, request: &OrderRequest) -> Option<usize> {
        self.paths.iter().position(|path| path.symbol == request.symbol)
    }

    pub(super) fn position(&self, id: &BrokerOrderId) -> Option<usize> {
        let index: usize = id.as_str().strip_prefix('b')?.parse().ok()?;
        (index < self.orders.len()).then_some(index)
    }
}

fn rejected((reason, message): No) -> SubmitOutcome {
    SubmitOutcome::Rejected { reason, message: message.to_owned() }
}
