//! Closing positions: a market order for what is held or owed, of one symbol or of all.

use std::collections::BTreeMap;

use market::{Qty, Symbol};

use super::{Engine, Response, holding::Holding, order_text::OrderView, refusal::Refusal, rules};
use crate::{
    order::Size,
    ticket::Ticket,
    words::{OrderClass, OrderType, Side, TimeInForce},
};

/// A share in units of [`Qty`], and all of a position in units of a percentage.
const SHARE: i128 = 1_000_000_000;
const WHOLE: i128 = 100 * SHARE;

impl Engine {
    pub(super) fn delete_position(
        &mut self,
        symbol: &str,
        query: &BTreeMap<String, String>,
    ) -> Result<Response, Refusal> {
        let symbol = self.symbol_of(symbol).ok_or_else(Refusal::no_position)?;
        let holding = *self.book.holdings().get(&symbol).ok_or_else(Refusal::no_position)?;
        let qty = match (query.get("qty"), query.get("percentage")) {
            (None, None) => holding.qty,
            (Some(qty), None) => shares(qty)?,
            (None, Some(percentage)) => part(holding.qty, percentage)?,
            (Some(_), Some(_)) => return Err(Refusal::invalid("only one of qty or percentage is accepted")),
        };
        if qty > holding.qty {
            let held = self.book.held_for_orders(symbol);
            return Err(Refusal::shares(symbol, qty, holding.qty, held, &[]));
        }
        let at = self.close_out(symbol, &holding, qty)?;
        Ok(Response::text(200, OrderView::new(self.book.order(at)).text()))
    }

    pub(super) fn delete_positions(&mut self, query: &BTreeMap<String, String>) -> Result<Response, Refusal> {
        let cancels = match query.get("cancel_orders").map(String::as_str) {
            None | Some("false" | "False") => false,
            Some("true" | "True") => true,
            Some(other) => return Err(Refusal::invalid(format!("invalid cancel_orders {other}"))),
        };
        if cancels {
            // Their shares must be free before the positions are closed: these cancels do not wait.
            for at in self.book.open() {
                if self.book.order(at).is_open() {
                    self.cancel_group(at);
                }
            }
        }
        let holdings: Vec<(Symbol, Holding)> =
            self.book.holdings().iter().map(|(symbol, held)| (*symbol, *held)).collect();
        let mut answers = Vec::new();
        for (symbol, holding) in holdings {
            let (status, body) = match self.close_out(symbol, &holding, holding.qty) {
                Ok(at) => (200, OrderView::new(self.book.order(at)).text()),
                Err(refusal) => (refusal.status, refusal.body().to_string()),
            };
            answers.push(format!(r#"{{"symbol":"{symbol}","status":{status},"body":{body}}}"#));
        }
        Ok(Response::text(207, format!("[{}]", answers.join(","))))
    }

    fn close_out(&mut self, symbol: Symbol, holding: &Holding, qty: Qty) -> Result<usize, Refusal> {
        self.take(&Ticket {
            symbol,
            side: if holding.short { Side::Buy } else { Side::Sell },
            size: Size::Shares(qty),
            order_type: OrderType::Market,
            time_in_force: TimeInForce::Day,
            limit_price: None,
            stop_price: None,
            trail: None,
            extended_hours: false,
            class: OrderClass::Simple,
            take_profit: None,
            stop_loss: None,
            client_order_id: None,
        })
    }
}

fn shares(text: &str) -> Result<Qty, Refusal> {
    match text.parse::<Qty>() {
        Ok(qty) if !qty.is_zero() => Ok(qty),
        _ => Err(Refusal::invalid("qty must be > 0")),
    }
}

/// A percentage of a position; whole shares of one that is whole.
fn part(held: Qty, percentage: &str) -> Result<Qty, Refusal> {
    let refused = || Refusal::invalid("percentage must be above 0 and at most 100");
    let units = i128::from(percentage.parse::<Qty>().map_err(|_| refused())?.units());
    if units == 0 || units > WHOLE {
        return Err(refused());
    }
    let part = i128::from(held.units()) * units / WHOLE;
    let part = if rules::is_fractional(held) { part } else { part / SHARE * SHARE };
    match i64::try_from(part).ok().and_then(|units| Qty::from_units(units).ok()) {
        Some(qty) if !qty.is_zero() => Ok(qty),
        _ => Err(Refusal::invalid("percentage is of no whole share")),
    }
}
