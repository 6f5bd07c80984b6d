//! The limits a deployment sets. Every one is enforced by a control or a rule; there is none that nothing reads.

use std::collections::BTreeSet;

use market::{Bps, Symbol, TimeDelta, Usd};

/// Limits, with the desk's defaults. Money in US dollars, fractions in basis points.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Opening orders a day (`MAX_LIVE_ORDERS_PER_DAY`).
    pub orders_per_day: u32,
    /// Positions at once, those being opened included (`MAX_LIVE_POSITIONS`).
    pub positions: u32,
    /// All positions and opening orders together (`MAX_LIVE_GROSS_NOTIONAL`).
    pub gross_notional: Usd,
    /// One symbol (`MAX_LIVE_NOTIONAL_PER_SYMBOL`).
    pub symbol_notional: Usd,
    /// Symbols that may be opened; empty means all (`ALLOWLIST_SYMBOLS`).
    pub allowlist: BTreeSet<Symbol>,
    /// Equity put at risk between entry and stop, a trade (`RISK_PER_TRADE_BPS`).
    pub risk_per_trade: Bps,
    /// Most risk a share.
    pub risk_per_share: Usd,
    /// How far above the ask an entry's limit lies.
    pub entry_buffer: Bps,
    /// How far an entry's price may lie from the quote.
    pub entry_collar: Bps,
    /// How far the market may have run since the confirmation.
    pub price_drift: Bps,
    /// Oldest quote to trade on.
    pub quote_age: TimeDelta,
    /// Loss of the day, of last equity, from which on nothing is opened.
    pub daily_loss: Bps,
    /// Part of the buying power that opening may use.
    pub buying_power: Bps,
    /// Refusals of the broker in a row that stop openings.
    pub reject_streak: u32,
    /// No entries so long after the open (`ENTRY_DELAY_AFTER_OPEN_MINUTES`, `MARKET_SETTLE_MINUTES`: the longer).
    pub entry_delay: TimeDelta,
    /// Life of an intent from its confirmation on.
    pub intent_life: TimeDelta,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            orders_per_day: 5,
            positions: 5,
            gross_notional: Usd::dollars(5_000),
            symbol_notional: Usd::dollars(1_000),
            allowlist: BTreeSet::new(),
            risk_per_trade: Bps::constant(50),
            risk_per_share: Usd::dollars(3),
            entry_buffer: Bps::constant(10),
            entry_collar: Bps::constant(300),
            price_drift: Bps::constant(300),
            quote_age: TimeDelta::seconds(5),
            daily_loss: Bps::constant(200),
            buying_power: Bps::constant(9_000),
            reject_streak: 3,
            entry_delay: TimeDelta::minutes(20),
            intent_life: TimeDelta::seconds(3_600),
        }
    }
}
