//! Controls of openings that ask whether anything may be opened now, and whether this symbol may.

use market::TimeDelta;

use super::{Authority, Check, Facts, refuse_if};
use crate::{confirm, order::OrderRequest, phase};

pub(super) fn authority(facts: &Facts<'_>) -> Check {
    match facts.authority {
        Authority::Open => Ok(()),
        Authority::ManageOnly(why) => Err(why.clone()),
    }
}

pub(super) fn time_forward(facts: &Facts<'_>) -> Check {
    refuse_if(facts.now < facts.high_water, || format!("{} has been already", facts.high_water))
}

pub(super) fn clock_skew(facts: &Facts<'_>) -> Check {
    let Some(skew) = facts.clock_skew else { return Err("the broker's clock could not be read".into()) };
    refuse_if(skew.abs() > facts.limits.clock_skew, || format!("{} ms", skew.num_milliseconds()))
}

pub(super) fn market_open(facts: &Facts<'_>) -> Check {
    let open = phase::is_open(facts.session.as_ref(), facts.now);
    refuse_if(!open, || "no session now by both broker and calendar".into())
}

pub(super) fn entry_window(facts: &Facts<'_>) -> Check {
    let delay = facts.limits.entry_delay;
    let inside = facts.session.is_some_and(|session| phase::in_entry_window(&session, facts.now, delay));
    refuse_if(!inside, || format!("{} in New York", facts.now.ny_time()))
}

pub(super) fn account(facts: &Facts<'_>) -> Check {
    let blocked = facts.account.is_none_or(|account| account.trading_blocked);
    refuse_if(blocked, || "blocked by the broker, or unreadable".into())
}

pub(super) fn symbol_known(facts: &Facts<'_>) -> Check {
    facts.blocked.clone().map_or(Ok(()), Err)
}

pub(super) fn once_per_day(facts: &Facts<'_>) -> Check {
    refuse_if(facts.consumed_today, || "entered, or tried, today".into())
}

pub(super) fn flat(facts: &Facts<'_>) -> Check {
    refuse_if(facts.used.has_symbol || !facts.held.is_zero(), || format!("{} shares held", facts.held))
}

pub(super) fn self_trade(facts: &Facts<'_>) -> Check {
    let working = facts.held_for_orders;
    refuse_if(!working.is_zero(), || format!("sell orders of {working} shares work"))
}

pub(super) fn allowlist(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    let list = &facts.limits.allowlist;
    refuse_if(!list.is_empty() && !list.contains(&order.symbol), || format!("{} symbols are allowed", list.len()))
}

pub(super) fn fresh_quote(facts: &Facts<'_>) -> Check {
    let Some(quote) = facts.quote.filter(|quote| quote.bid <= quote.ask) else { return Err("none, or crossed".into()) };
    let age = facts.now.since(quote.at);
    // A quote from the future is as wrong as an old one: one of the two clocks is off.
    refuse_if(age.abs() > facts.limits.quote_age, || format!("{} ms old", age.num_milliseconds()))
}

pub(super) fn fresh_bars(facts: &Facts<'_>) -> Check {
    // Without a session the market's own control refuses.
    let Some(session) = facts.session else { return Ok(()) };
    let length = TimeDelta::minutes(i64::from(confirm::CANDLE_MINUTES));
    // A candle is due when it has been complete for more than its age: the last nanosecond still counts as fresh.
    let since_open = facts.now.since(session.open) - facts.limits.bar_age - TimeDelta::nanoseconds(1);
    let complete = since_open.num_seconds().div_euclid(length.num_seconds());
    let due = session.open + TimeDelta::seconds((complete - 1) * length.num_seconds());
    let there = complete < 1 || facts.newest_candle.is_some_and(|start| start >= due);
    refuse_if(!there, || format!("the candle of {} is not there", due.ny_time()))
}

pub(super) fn stream(facts: &Facts<'_>) -> Check {
    let limit = facts.limits.stream_silence;
    let silent = facts.stream_silent.unwrap_or_default();
    let lost = facts.stream_silent.is_some_and(|silent| silent >= limit);
    refuse_if(lost, || format!("silent for {} s", silent.num_seconds()))
}

pub(super) fn drop_copy(facts: &Facts<'_>) -> Check {
    let age = facts.now.since(facts.executions_read_at);
    refuse_if(age > facts.limits.executions_age, || format!("executions were read {} s ago", age.num_seconds()))
}

pub(super) fn books_agree(facts: &Facts<'_>) -> Check {
    facts.mismatch.map_or(Ok(()), |symbol| Err(format!("{symbol}: our executions do not make its position")))
}

pub(super) fn kill_switch(facts: &Facts<'_>) -> Check {
    facts.kill.map_or(Ok(()), |level| Err(format!("level {level:?}")))
}
