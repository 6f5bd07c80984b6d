//! The control table: which control binds an order of which purpose, and what it checks.
//!
//! [`approve`] and [`approve_replacement`] are the only makers of [`Approved`], and a broker takes nothing else. Protection
//! outranks permission: what limits an opening binds [`Purpose::Open`] alone; the others are bound by sanity and
//! idempotency only. docs/controls.md is [`table`] in print.

mod gates;
mod money;
mod permission;
mod sanity;
mod table;

use market::{Price, Qty, Quote, Session, Symbol, TimeDelta, Timestamp, Usd};
use serde::{Deserialize, Serialize};

pub use permission::Control;
pub use table::{Row, table};

use crate::{
    limits::Limits,
    order::{OrderRequest, Purpose, Replacement},
    refusal::{Reason, Refusal},
    report::AccountReport,
};

/// The columns of the table.
pub const PURPOSES: [Purpose; 4] = [Purpose::Open, Purpose::Reduce, Purpose::Protect, Purpose::Flatten];

/// Proof that the controls for its purpose let the value pass. Only this module makes one; it cannot be deserialised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub fn get(&self) -> &T {
        &self.0
    }
}

/// What the gates say of this process, now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Authority {
    /// Openings are allowed.
    Open,
    /// Positions are managed, nothing is opened; the reason in words.
    ManageOnly(String),
}

/// Levels of the kill switch, each including the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kill {
    /// Blocks entries.
    Entries,
    /// Cancels working entries; protective stops stay.
    Cancel,
    /// Takes all positions off.
    Flatten,
}

/// What opening orders already use of the caps: positions, working orders and unknown outcomes, all reckoned as filled,
/// those decided in this step included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Opening orders made today.
    pub orders_today: u32,
    /// Of them, those of the last second.
    pub recent_second: u32,
    /// Of them, those of the last minute.
    pub recent_minute: u32,
    /// The broker's refusals of openings in a row, up to the latest.
    pub reject_streak: u32,
    /// A symbol with an exposure whose price is not known: it fills the caps, whatever they are.
    pub unpriced: Option<Symbol>,
    /// Symbols with a position or an opening order.
    pub positions: u32,
    /// Whether this symbol is among them.
    pub has_symbol: bool,
    /// Notional of all of them.
    pub gross: Usd,
    /// Notional of this symbol.
    pub symbol: Usd,
    /// Notional that the broker's buying power does not yet reflect: decided in this step, or of unknown outcome.
    pub pending: Usd,
}

/// All a control may look at. What is `None` is not known, and an opening needs to know it.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The instant of the decision.
    pub now: Timestamp,
    /// The latest instant ever seen.
    pub high_water: Timestamp,
    /// How far the broker's clock is from ours.
    pub clock_skew: Option<TimeDelta>,
    /// Today's session, when broker and calendar agree that there is one.
    pub session: Option<Session>,
    /// What the gates say.
    pub authority: &'a Authority,
    /// The kill switch, when latched.
    pub kill: Option<Kill>,
    /// The account.
    pub account: Option<&'a AccountReport>,
    /// The limits.
    pub limits: &'a Limits,
    /// The symbol's quote.
    pub quote: Option<Quote>,
    /// The begin of the symbol's newest complete ten-minute candle.
    pub newest_candle: Option<Timestamp>,
    /// The symbol's mean daily volume of 20 sessions.
    pub average_volume: Option<Qty>,
    /// What the caps have been used for.
    pub used: Used,
    /// Whether the symbol was entered, or tried, today.
    pub consumed_today: bool,
    /// Why the symbol is blocked for opening.
    pub blocked: Option<String>,
    /// A symbol, this or another, whose position is not what our executions make it.
    pub mismatch: Option<Symbol>,
    /// How long the stream has been silent; `None` when none is used.
    pub stream_silent: Option<TimeDelta>,
    /// When the broker's list of executions was last read.
    pub executions_read_at: Timestamp,
    /// Shares held long.
    pub held: Qty,
    /// Shares that sell orders, working or of unknown outcome, already speak for.
    pub held_for_orders: Qty,
    /// Of these, the shares of the order that a replacement takes the place of; `None` when it does not work.
    pub replaced: Option<Qty>,
    /// Whether this client order id was used before.
    pub id_used: bool,
}

/// Runs every control that binds the order's purpose, in order.
///
/// # Errors
/// The first [`Refusal`].
pub fn approve(order: OrderRequest, facts: &Facts<'_>) -> Result<Approved<OrderRequest>, Refusal> {
    let binding = Control::ALL.into_iter().filter(|control| control.binds(order.purpose));
    match first_refusal(binding, |control| control.check(&order, facts)) {
        Some((reason, detail)) => Err(refusal(facts, order.symbol, order.purpose, reason, detail)),
        None => Ok(Approved(order)),
    }
}

/// Why nothing at all may be opened now: the controls that are the same for every symbol. [`approve`] asks them again.
#[must_use]
pub fn why_shut(facts: &Facts<'_>) -> Option<(Reason, String)> {
    first_refusal(Control::ALL.into_iter(), |control| control.check_world(facts))
}

/// The controls that look at the symbol and need no order, before one is built: cheap for the many that are refused here.
/// [`approve`] asks them again, and those of [`why_shut`].
///
/// # Errors
/// The first [`Refusal`].
pub fn may_open(symbol: Symbol, facts: &Facts<'_>) -> Result<(), Refusal> {
    match first_refusal(Control::ALL.into_iter(), |control| control.check_symbol(facts)) {
        Some((reason, detail)) => Err(refusal(facts, symbol, Purpose::Open, reason, detail)),
        None => Ok(()),
    }
}

/// Lets an order take the place of a working one. Only protection and reduction are replaced: a replaced opening would be
/// a second permission. The shares the old order speaks for are free for the new one.
///
/// # Errors
/// The [`Refusal`].
pub fn approve_replacement(replacement: Replacement, facts: &Facts<'_>) -> Result<Approved<Replacement>, Refusal> {
    let order = &replacement.order;
    let refused = sanity::replacement(&replacement, facts).err().map(|detail| (Reason::Sanity, detail));
    let refused = refused.or_else(|| {
        let id = [Control::UniqueId];
        first_refusal(id.into_iter(), |control| control.check(order, facts))
    });
    match refused {
        Some((reason, detail)) => Err(refusal(facts, order.symbol, order.purpose, reason, detail)),
        None => Ok(Approved(replacement)),
    }
}

/// The limit of a discretionary exit that must trade: the bid lowered by the exit collar, on a tick. It bounds the price
/// and permits nothing: a stop or a flatten order knows no collar. `None` when nothing is left of the bid.
#[must_use]
pub fn exit_price(quote: &Quote, limits: &Limits) -> Option<Price> {
    quote.bid.lowered_by(limits.exit_collar).map(Price::floor_to_tick)
}

/// What a control says: nothing, or what is wrong in numbers.
type Check = Result<(), String>;

fn first_refusal(
    mut controls: impl Iterator<Item = Control>,
    check: impl Fn(Control) -> Check,
) -> Option<(Reason, String)> {
    controls.find_map(|control| check(control).err().map(|detail| (control.reason(), detail)))
}

fn refusal(facts: &Facts<'_>, symbol: Symbol, purpose: Purpose, reason: Reason, detail: String) -> Refusal {
    Refusal { at: facts.now, symbol, purpose, reason, detail }
}

fn refuse_if(refused: bool, detail: impl FnOnce() -> String) -> Check {
    if refused { Err(detail()) } else { Ok(()) }
}
