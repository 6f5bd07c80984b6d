//! The control table: which control binds an order of which purpose, and what it checks.
//!
//! [`approve`] is the only maker of [`Approved`], and a broker takes nothing else. Protection outranks permission: what
//! limits an opening binds [`Purpose::Open`] alone; the others are bound by sanity and idempotency only.

use market::{Price, Qty, Quote, Session, Timestamp, Usd};
use serde::{Deserialize, Serialize};

use crate::{
    limits::Limits,
    order::{OrderKind, OrderRequest, Purpose, Side},
    phase,
    refusal::{Reason, Refusal},
    report::AccountReport,
};

/// Proof that the controls for its purpose let the value pass. Only [`approve`] makes one; it cannot be deserialised.
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

/// What opening orders already use of the caps: positions, working orders and unknown outcomes, all reckoned as filled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// Opening orders made today.
    pub orders_today: u32,
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

/// All a control may look at.
#[derive(Clone, Debug)]
pub struct Facts<'a> {
    /// The instant of the decision.
    pub now: Timestamp,
    /// Today's session, when broker and calendar agree that there is one.
    pub session: Option<Session>,
    /// What the gates say.
    pub authority: &'a Authority,
    /// The kill switch, when latched.
    pub kill: Option<Kill>,
    /// The account; `None` when it could not be read.
    pub account: Option<&'a AccountReport>,
    /// The limits.
    pub limits: &'a Limits,
    /// The symbol's quote.
    pub quote: Option<Quote>,
    /// What the caps have been used for.
    pub used: Used,
    /// Whether the symbol was entered, or tried, today.
    pub consumed_today: bool,
    /// Why the symbol is blocked for opening.
    pub blocked: Option<String>,
    /// The broker's refusals of openings in a row.
    pub reject_streak: u32,
    /// Shares held long.
    pub held: Qty,
    /// Shares that working sell orders already speak for.
    pub held_for_orders: Qty,
    /// Whether this client order id was used before.
    pub id_used: bool,
}

/// One control. Its checks are in [`Control::check`], its purposes in [`Control::binds`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// Side, quantity, price and tick make sense; a sell is never more than is held.
    Sanity,
    /// The client order id is new.
    UniqueId,
    /// The gates give authority.
    Gate,
    /// The market is open by broker and calendar.
    MarketOpen,
    /// The part of the session for entries.
    EntryWindow,
    /// The broker lets the account trade.
    Account,
    /// Nothing about the symbol is unknown.
    SymbolKnown,
    /// One entry a symbol and day.
    OncePerDay,
    /// No position, no working order.
    Flat,
    /// The allow-list.
    Allowlist,
    /// A fresh quote.
    FreshQuote,
    /// The price collar.
    Collar,
    /// Opening orders a day.
    OrdersPerDay,
    /// Positions at once.
    Positions,
    /// Gross notional.
    GrossNotional,
    /// Notional of the symbol.
    SymbolNotional,
    /// Buying power.
    BuyingPower,
    /// The day's loss.
    DailyLoss,
    /// Refusals in a row.
    RejectStreak,
    /// The kill switch; checked last, right before an opening send.
    KillSwitch,
}

type Check = Result<(), (Reason, String)>;

impl Control {
    /// All of them, in the order they are checked.
    pub const ALL: [Self; 20] = [
        Self::Sanity,
        Self::UniqueId,
        Self::Gate,
        Self::MarketOpen,
        Self::EntryWindow,
        Self::Account,
        Self::SymbolKnown,
        Self::OncePerDay,
        Self::Flat,
        Self::Allowlist,
        Self::FreshQuote,
        Self::Collar,
        Self::OrdersPerDay,
        Self::Positions,
        Self::GrossNotional,
        Self::SymbolNotional,
        Self::BuyingPower,
        Self::DailyLoss,
        Self::RejectStreak,
        Self::KillSwitch,
    ];

    /// The table: whether the control binds an order of this purpose.
    #[must_use]
    pub fn binds(self, purpose: Purpose) -> bool {
        match self {
            Self::Sanity | Self::UniqueId => true,
            Self::Gate
            | Self::MarketOpen
            | Self::EntryWindow
            | Self::Account
            | Self::SymbolKnown
            | Self::OncePerDay
            | Self::Flat
            | Self::Allowlist
            | Self::FreshQuote
            | Self::Collar
            | Self::OrdersPerDay
            | Self::Positions
            | Self::GrossNotional
            | Self::SymbolNotional
            | Self::BuyingPower
            | Self::DailyLoss
            | Self::RejectStreak
            | Self::KillSwitch => purpose == Purpose::Open,
        }
    }

    fn check(self, order: &OrderRequest, facts: &Facts<'_>) -> Check {
        match self {
            Self::Sanity => sanity(order, facts),
            Self::UniqueId => refuse_if(facts.id_used, Reason::DuplicateId, || order.client_order_id.to_string()),
            Self::Gate => match facts.authority {
                Authority::Open => Ok(()),
                Authority::ManageOnly(why) => Err((Reason::Gate, why.clone())),
            },
            Self::MarketOpen => {
                let open = phase::is_open(facts.session.as_ref(), facts.now);
                refuse_if(!open, Reason::MarketClosed, || "no session now by both broker and calendar".into())
            }
            Self::EntryWindow => {
                let delay = facts.limits.entry_delay;
                let inside = facts.session.is_some_and(|session| phase::in_entry_window(&session, facts.now, delay));
                refuse_if(!inside, Reason::EntryWindow, || format!("{} in New York", facts.now.ny_time()))
            }
            Self::Account => {
                let blocked = facts.account.is_none_or(|account| account.trading_blocked);
                refuse_if(blocked, Reason::AccountBlocked, || "blocked by the broker, or unreadable".into())
            }
            Self::SymbolKnown => match &facts.blocked {
                Some(why) => Err((Reason::SymbolBlocked, why.clone())),
                None => Ok(()),
            },
            Self::OncePerDay => refuse_if(facts.consumed_today, Reason::ConsumedToday, String::new),
            Self::Flat => refuse_if(facts.used.has_symbol || !facts.held.is_zero(), Reason::NotFlat, String::new),
            Self::Allowlist => {
                let list = &facts.limits.allowlist;
                let listed = list.is_empty() || list.contains(&order.symbol);
                refuse_if(!listed, Reason::Allowlist, || format!("{} symbols are allowed", list.len()))
            }
            Self::FreshQuote => quote_is_fresh(facts),
            Self::Collar => within_collar(order, facts),
            Self::OrdersPerDay => cap(Reason::MaxOrdersPerDay, facts.used.orders_today, facts.limits.orders_per_day),
            Self::Positions => cap(Reason::MaxPositions, facts.used.positions, facts.limits.positions),
            Self::GrossNotional => room(Reason::MaxGrossNotional, order, facts.used.gross, facts.limits.gross_notional),
            Self::SymbolNotional => {
                room(Reason::MaxSymbolNotional, order, facts.used.symbol, facts.limits.symbol_notional)
            }
            Self::BuyingPower => {
                let power = facts.account.map_or(Usd::ZERO, |account| account.buying_power);
                room(Reason::BuyingPower, order, facts.used.pending, power.fraction(facts.limits.buying_power))
            }
            Self::DailyLoss => {
                let Some(account) = facts.account else { return Ok(()) };
                let floor = account.last_equity - account.last_equity.fraction(facts.limits.daily_loss);
                let equity = account.equity;
                refuse_if(equity <= floor, Reason::DailyLoss, || format!("equity {equity} is at or below {floor}"))
            }
            Self::RejectStreak => cap(Reason::RejectStreak, facts.reject_streak, facts.limits.reject_streak),
            Self::KillSwitch => {
                refuse_if(facts.kill.is_some(), Reason::KillSwitch, || format!("level {:?}", facts.kill))
            }
        }
    }
}

/// Runs every control that binds the order's purpose, in order.
///
/// # Errors
/// The first [`Refusal`].
pub fn approve(order: OrderRequest, facts: &Facts<'_>) -> Result<Approved<OrderRequest>, Refusal> {
    for control in Control::ALL {
        if !control.binds(order.purpose) {
            continue;
        }
        if let Err((reason, detail)) = control.check(&order, facts) {
            return Err(Refusal { at: facts.now, symbol: order.symbol, purpose: order.purpose, reason, detail });
        }
    }
    Ok(Approved(order))
}

fn refuse_if(refused: bool, reason: Reason, detail: impl FnOnce() -> String) -> Check {
    if refused { Err((reason, detail())) } else { Ok(()) }
}

fn cap(reason: Reason, used: u32, limit: u32) -> Check {
    refuse_if(used >= limit, reason, || format!("{used} of {limit}"))
}

fn room(reason: Reason, order: &OrderRequest, used: Usd, limit: Usd) -> Check {
    // Sanity has refused an opening without a price.
    let cost = order.price().map_or(Usd::ZERO, |price| price.notional(order.qty));
    refuse_if(used + cost > limit, reason, || format!("{cost} on top of {used}, limit {limit}"))
}

fn sanity(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    let insane = |detail: &str| Err((Reason::Sanity, detail.to_owned()));
    if order.qty.is_zero() {
        return insane("zero shares");
    }
    if order.price().is_some_and(|price| !price.is_on_tick()) {
        return insane("price between two ticks");
    }
    match (order.purpose, order.side) {
        (Purpose::Open, Side::Buy) => match order.kind {
            OrderKind::Limit { .. } => Ok(()),
            OrderKind::Market | OrderKind::Stop { .. } => insane("an opening order is a limit order"),
        },
        (Purpose::Open, Side::Sell) => insane("long only: a sell never opens"),
        (Purpose::Reduce | Purpose::Protect | Purpose::Flatten, Side::Buy) => insane("long only: a buy never closes"),
        (Purpose::Reduce | Purpose::Protect | Purpose::Flatten, Side::Sell) => {
            let free = facts.held.minus_or_zero(facts.held_for_orders);
            refuse_if(order.qty > free, Reason::Sanity, || format!("{} to sell, {free} held and free", order.qty))
        }
    }
}

fn quote_is_fresh(facts: &Facts<'_>) -> Check {
    let Some(quote) = facts.quote else { return Err((Reason::NoQuote, "none, or crossed".into())) };
    let age = facts.now.since(quote.at);
    let limit = facts.limits.quote_age;
    // A quote from the future is as wrong as an old one: one of the two clocks is off.
    refuse_if(age > limit || age < -limit, Reason::NoQuote, || format!("{} ms old", age.num_milliseconds()))
}

fn within_collar(order: &OrderRequest, facts: &Facts<'_>) -> Check {
    let (Some(quote), Some(price)) = (facts.quote, order.price()) else {
        return Err((Reason::PriceCollar, "no quote or no price".into()));
    };
    let collar = facts.limits.entry_collar;
    let reference: Price = quote.ask;
    let inside = reference.lowered_by(collar).is_some_and(|floor| price >= floor)
        && reference.raised_by(collar).is_some_and(|ceiling| price <= ceiling);
    refuse_if(!inside, Reason::PriceCollar, || format!("{price} against an ask of {reference}, collar {collar}"))
}

#[cfg(test)]
mod tests;
