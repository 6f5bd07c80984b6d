//! What binds every purpose: the order makes sense, and its id is new.
//!
//! Quantities in shares. What closes is bounded by what is held; what opens by bounds no order of this desk comes near,
//! so that a broken size is refused here and never wrapped or saturated into one that passes.

use market::{Qty, Usd};

use super::{Check, Facts, refuse_if};
use crate::order::{OrderKind, OrderRequest, Purpose, Replacement, Side};

/// No opening order is of more shares.
const SHARES_MAX: u32 = 10_000_000;
/// No opening order is of more money; below the end of [`Usd`], where a notional saturates.
const NOTIONAL_MAX_DOLLARS: i64 = 100_000_000;

pub(super) fn order(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    well_formed(order)?;
    match order.purpose {
        Purpose::Open => opening(order),
        Purpose::Reduce | Purpose::Protect | Purpose::Flatten => closing(order, facts.held, facts.held_for_orders),
    }
}

pub(super) fn replacement(replacement: &Replacement, facts: &Facts<'_>) -> Check {
    let order = &replacement.order;
    well_formed(order)?;
    match order.purpose {
        Purpose::Reduce | Purpose::Protect => {}
        Purpose::Open | Purpose::Flatten => return Err(format!("an order to {} replaces nothing", order.purpose)),
    }
    refuse_if(order.client_order_id == replacement.replaced_id, || "an order cannot replace itself".into())?;
    let Some(freed) = facts.replaced else {
        return Err(format!("{} does not work, so nothing can take its place", replacement.replaced_id));
    };
    closing(order, facts.held, facts.held_for_orders.minus_or_zero(freed))
}

pub(super) fn unique_id(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    refuse_if(facts.id_used, || order.client_order_id.to_string())
}

pub(super) fn long_only(order: &OrderRequest, _: &Facts<'_>) -> Check {
    refuse_if(order.side != Side::Buy, || "a sell never opens".into())
}

fn well_formed(order: &OrderRequest) -> Check {
    refuse_if(order.qty.is_zero(), || "zero shares".into())?;
    refuse_if(order.price().is_some_and(|price| !price.is_on_tick()), || "price between two ticks".into())?;
    // The broker takes fractions in market orders only.
    let whole = Qty::shares(u32::try_from(order.qty.whole_shares()).unwrap_or(u32::MAX)) == order.qty;
    match order.kind {
        OrderKind::Market => Ok(()),
        OrderKind::Limit { .. } | OrderKind::Stop { .. } => {
            refuse_if(!whole, || format!("{} shares, and only a market order may have a fraction", order.qty))
        }
    }
}

fn opening(order: &OrderRequest) -> Check {
    let limit = match order.kind {
        OrderKind::Limit { limit } => limit,
        OrderKind::Market | OrderKind::Stop { .. } => return Err("an opening order is a limit order".into()),
    };
    let (shares, cost) = (Qty::shares(SHARES_MAX), Usd::dollars(NOTIONAL_MAX_DOLLARS));
    let absurd = order.qty > shares || limit.notional(order.qty) > cost;
    refuse_if(absurd, || format!("{} shares at {limit} is no order of this desk", order.qty))
}

fn closing(order: &OrderRequest, held: Qty, spoken_for: Qty) -> Check {
    refuse_if(order.side != Side::Sell, || "long only: a buy never closes".into())?;
    let free = held.minus_or_zero(spoken_for);
    refuse_if(order.qty > free, || format!("{} to sell, {free} held and free", order.qty))
}
