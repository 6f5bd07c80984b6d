//! Controls of openings that ask how much: price, size, caps, rates and losses.

use market::{Price, Usd};

use super::{Check, Facts, refuse_if};
use crate::{order::OrderRequest, sizing};

pub(super) fn entry_collar(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    let (Some(quote), Some(price)) = (facts.quote, order.price()) else { return Err("no quote or no price".into()) };
    let collar = facts.limits.entry_collar;
    let reference: Price = quote.ask;
    let inside = reference.lowered_by(collar).is_some_and(|floor| price >= floor)
        && reference.raised_by(collar).is_some_and(|ceiling| price <= ceiling);
    refuse_if(!inside, || format!("{price} against an ask of {reference}, collar {collar}"))
}

pub(super) fn volume_share(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    let Some(average) = facts.average_volume else { return Err("the usual volume is not known".into()) };
    let most = sizing::share_of_volume(average, facts.limits.volume_share);
    let shares = order.qty;
    refuse_if(shares > most, || format!("{shares} shares, {most} are {} of {average}", facts.limits.volume_share))
}

pub(super) fn orders_per_day(facts: &Facts<'_>) -> Check {
    cap(facts.used.orders_today, facts.limits.orders_per_day)
}

pub(super) fn positions(facts: &Facts<'_>) -> Check {
    cap(facts.used.positions, facts.limits.positions)
}

pub(super) fn gross_notional(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    if let Some(symbol) = facts.used.unpriced {
        return Err(format!("nothing tells what the exposure in {symbol} is worth"));
    }
    room(order, facts.used.gross, facts.limits.gross_notional)
}

pub(super) fn symbol_notional(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    room(order, facts.used.symbol, facts.limits.symbol_notional)
}

pub(super) fn buying_power(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    let power = facts.account.map_or(Usd::ZERO, |account| account.buying_power);
    room(order, facts.used.pending, power.fraction(facts.limits.buying_power))
}

pub(super) fn throttle(facts: &Facts<'_>) -> Check {
    let (used, limits) = (&facts.used, facts.limits);
    let (second, minute) = (limits.sends_per_second, limits.sends_per_minute);
    refuse_if(used.recent_second >= second, || format!("{} of {second} a second", used.recent_second))?;
    refuse_if(used.recent_minute >= minute, || format!("{} of {minute} a minute", used.recent_minute))
}

pub(super) fn daily_loss(facts: &Facts<'_>) -> Check {
    // Without an account the account's own control refuses.
    let Some(account) = facts.account else { return Ok(()) };
    let floor = account.last_equity - account.last_equity.fraction(facts.limits.daily_loss);
    let equity = account.equity;
    refuse_if(equity <= floor, || format!("equity {equity} is at or below {floor}"))
}

pub(super) fn reject_streak(facts: &Facts<'_>) -> Check {
    cap(facts.used.reject_streak, facts.limits.reject_streak)
}

fn cap(used: u32, limit: u32) -> Check {
    refuse_if(used >= limit, || format!("{used} of {limit}"))
}

fn room(order: &OrderRequest, used: Usd, limit: Usd) -> Check {
    // Sanity has refused an opening without a price.
    let cost = order.price().map_or(Usd::ZERO, |price| price.notional(order.qty));
    refuse_if(used + cost > limit, || format!("{cost} on top of {used}, limit {limit}"))
}
