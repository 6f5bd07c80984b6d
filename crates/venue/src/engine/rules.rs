//! Rules between the members of a ticket that need nothing but the ticket: types, prices, times in force, classes.
//!
//! Source: Alpaca's OpenAPI document and its page on placing orders.

use market::{Price, Qty};

use super::refusal::Refusal;
use crate::{
    order::Size,
    ticket::Ticket,
    words::{OrderClass, OrderType, Side, TimeInForce},
};

type Checked = Result<(), Refusal>;

/// The least an order for money is for: a dollar, in 1/10,000.
const NOTIONAL_MIN_UNITS: i64 = 10_000;
/// A cent: how far a stop-loss must lie from the base price.
const CENT: i64 = 100;

/// Whether the members of a ticket fit together.
pub(super) fn check(ticket: &Ticket) -> Checked {
    check_prices(ticket)?;
    check_time_in_force(ticket)?;
    check_size(ticket)?;
    check_extended_hours(ticket)?;
    check_class(ticket)
}

fn check_prices(ticket: &Ticket) -> Checked {
    let kind = ticket.order_type;
    // The one limit of an OCO may stand at its take-profit only.
    let limit = ticket.limit_price.is_some() || ticket.class == OrderClass::Oco && ticket.take_profit.is_some();
    for (given, wanted, name) in [
        (limit, kind.has_limit(), "limit_price"),
        (ticket.stop_price.is_some(), kind.has_stop(), "stop_price"),
        (ticket.trail.is_some(), kind == OrderType::TrailingStop, "trail_price or trail_percent"),
    ] {
        match (given, wanted) {
            (true, false) => return Err(Refusal::invalid(format!("{kind} orders carry no {name}"))),
            (false, true) => return Err(Refusal::invalid(format!("{kind} orders require {name}"))),
            (true, true) | (false, false) => {}
        }
    }
    Ok(())
}

fn check_time_in_force(ticket: &Ticket) -> Checked {
    let (kind, time) = (ticket.order_type, ticket.time_in_force);
    let fits = match time {
        TimeInForce::Day | TimeInForce::Gtc => true,
        TimeInForce::Opg | TimeInForce::Cls | TimeInForce::Ioc | TimeInForce::Fok => {
            matches!(kind, OrderType::Market | OrderType::Limit)
        }
    };
    if fits { Ok(()) } else { Err(Refusal::invalid(format!("invalid time_in_force {time} for {kind} orders"))) }
}

fn check_size(ticket: &Ticket) -> Checked {
    let day = ticket.time_in_force == TimeInForce::Day;
    match ticket.size {
        Size::Notional(amount) if amount.units() < NOTIONAL_MIN_UNITS => {
            Err(Refusal::invalid("notional must be >= 1.00"))
        }
        Size::Notional(_) if ticket.order_type != OrderType::Market || !day => {
            Err(Refusal::invalid("notional orders must be market day orders"))
        }
        Size::Shares(qty) if is_fractional(qty) && !day => {
            Err(Refusal::invalid("fractional orders must be DAY orders"))
        }
        Size::Shares(qty) if is_fractional(qty) && ticket.order_type != OrderType::Market => {
            Err(Refusal::invalid("fractional orders must be market orders"))
        }
        Size::Notional(_) | Size::Shares(_) => Ok(()),
    }
}

/// Whether an order is for a part of a share.
pub(super) fn wants_fractions(ticket: &Ticket) -> bool {
    match ticket.size {
        Size::Notional(_) => true,
        Size::Shares(qty) => is_fractional(qty),
    }
}

/// Whether a quantity is no whole number of shares.
pub(super) fn is_fractional(qty: Qty) -> bool {
    qty.units() % 1_000_000_000 != 0
}

fn check_extended_hours(ticket: &Ticket) -> Checked {
    if !ticket.extended_hours {
        return Ok(());
    }
    let time = matches!(ticket.time_in_force, TimeInForce::Day | TimeInForce::Gtc);
    if ticket.order_type != OrderType::Limit || !time {
        return Err(Refusal::invalid("extended hours order must be DAY or GTC limit orders"));
    }
    if ticket.class != OrderClass::Simple || wants_fractions(ticket) {
        return Err(Refusal::invalid("extended hours orders must be simple orders for whole shares"));
    }
    Ok(())
}

fn check_class(ticket: &Ticket) -> Checked {
    let (profit, loss) = (ticket.take_profit.is_some(), ticket.stop_loss.is_some());
    let exits = match ticket.class {
        OrderClass::Simple if profit || loss => Err("simple orders carry no take_profit and no stop_loss"),
        OrderClass::Simple => return Ok(()),
        OrderClass::Bracket if !(profit && loss) => {
            Err("bracket orders require take_profit.limit_price and stop_loss.stop_price")
        }
        OrderClass::Oco if !loss => Err("oco orders require stop_loss.stop_price"),
        OrderClass::Oco if ticket.order_type != OrderType::Limit => Err("oco orders must be limit orders"),
        OrderClass::Oto if profit == loss => Err("oto orders require take_profit or stop_loss, and not both"),
        OrderClass::Bracket | OrderClass::Oco | OrderClass::Oto => Ok(()),
    };
    exits.map_err(Refusal::invalid)?;
    if ticket.order_type == OrderType::TrailingStop {
        return Err(Refusal::invalid("trailing stops must be simple orders"));
    }
    if !matches!(ticket.time_in_force, TimeInForce::Day | TimeInForce::Gtc) {
        return Err(Refusal::invalid("complex orders must be DAY or GTC orders"));
    }
    if wants_fractions(ticket) {
        return Err(Refusal::invalid("fractional orders must be simple orders"));
    }
    Ok(())
}

/// The limit of the exit with a profit: of an OCO it is the order's own when it has none besides.
pub(super) fn take_profit(ticket: &Ticket) -> Option<Price> {
    ticket.take_profit.or_else(|| ticket.limit_price.filter(|_| ticket.class == OrderClass::Oco))
}

/// Whether a take-profit and a stop-loss lie on the right sides of each other and of the base prices: the price of the
/// entry (of an OCO its take-profit) and what the market is at now. `side` is the exits' side.
pub(super) fn check_geometry(
    side: Side,
    profit: Option<Price>,
    stop: Option<Price>,
    entry: Option<Price>,
    market: Option<Price>,
) -> Checked {
    if let (Some(profit), Some(stop)) = (profit, stop) {
        let apart = beyond(side, profit, stop);
        if apart < CENT {
            let message = match side {
                Side::Sell => "take_profit.limit_price must be > stop_loss.stop_price",
                Side::Buy => "take_profit.limit_price must be < stop_loss.stop_price",
            };
            return Err(Refusal::geometry(message, stop));
        }
    }
    if let (Some(profit), Some(base)) = (profit, entry)
        && beyond(side, profit, base) < CENT
    {
        let message = match side {
            Side::Sell => "take_profit.limit_price must be >= base_price + 0.01",
            Side::Buy => "take_profit.limit_price must be <= base_price - 0.01",
        };
        return Err(Refusal::geometry(message, base));
    }
    let Some(stop) = stop else { return Ok(()) };
    for base in [entry, market].into_iter().flatten() {
        if beyond(side, base, stop) < CENT {
            let message = match side {
                Side::Sell => "stop_loss.stop_price must be <= base_price - 0.01",
                Side::Buy => "stop_loss.stop_price must be >= base_price + 0.01",
            };
            return Err(Refusal::geometry(message, base));
        }
    }
    Ok(())
}

/// How far a price lies on the winning side of another for exits of a side, in 1/10,000 dollar.
fn beyond(side: Side, price: Price, other: Price) -> i64 {
    match side {
        Side::Sell => price.minus(other).units(),
        Side::Buy => other.minus(price).units(),
    }
}
