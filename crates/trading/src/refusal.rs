//! Refusals: recorded values with a reason, never only a log line.

use std::fmt;

use market::{Symbol, Timestamp};
use serde::{Deserialize, Serialize};

use crate::order::Purpose;

/// Why an order was not made. `code()` is stable: dashboards and tests read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The gates give no authority to open.
    Gate,
    /// The kill switch is latched.
    KillSwitch,
    /// The market is closed, or broker clock and calendar disagree.
    MarketClosed,
    /// Outside the part of the session in which entries are made.
    EntryWindow,
    /// The broker does not let the account trade.
    AccountBlocked,
    /// An outcome is unknown, or the broker says something we do not understand.
    SymbolBlocked,
    /// Entered (or tried) today already.
    ConsumedToday,
    /// There is a position or a working order.
    NotFlat,
    /// Not on the allow-list.
    Allowlist,
    /// No quote, or one too old.
    NoQuote,
    /// The price is outside the collar around the quote.
    PriceCollar,
    /// The market is below the entry level.
    BelowLevel,
    /// The market ran away since the confirmation.
    PriceDrift,
    /// The confirmation is older than an intent may live.
    IntentExpired,
    /// More risk a share than allowed, or no stop below the entry.
    RiskTooWide,
    /// Risk and caps leave less than one share.
    TooSmall,
    /// The day's number of opening orders is used up.
    MaxOrdersPerDay,
    /// As many positions as allowed.
    MaxPositions,
    /// The gross notional cap.
    MaxGrossNotional,
    /// The notional cap of one symbol.
    MaxSymbolNotional,
    /// Nine tenths of the buying power.
    BuyingPower,
    /// The day's loss limit: only reducing is allowed.
    DailyLoss,
    /// Three refusals of the broker in a row.
    RejectStreak,
    /// It is earlier than an instant that was lived through already.
    TimeWentBack,
    /// Our clock and the broker's differ, or the broker's could not be read.
    ClockSkew,
    /// A sell order of ours works in the symbol.
    SelfTrade,
    /// A sell never opens.
    LongOnly,
    /// The newest candle is not there.
    StaleBars,
    /// Too much of the usual volume, or the usual volume is not known.
    VolumeShare,
    /// Too many opening sends within a second or a minute.
    Throttle,
    /// The stream is silent.
    StreamSilent,
    /// Executions were not read lately.
    ExecutionsStale,
    /// A position, of this or another symbol, is not what our executions make it.
    PositionMismatch,
    /// The order would sell more than is held, or is malformed.
    Sanity,
    /// This client order id was used before.
    DuplicateId,
}

impl Reason {
    /// The stable code.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::KillSwitch => "kill_switch",
            Self::MarketClosed => "market_closed",
            Self::EntryWindow => "entry_window",
            Self::AccountBlocked => "account_blocked",
            Self::SymbolBlocked => "symbol_blocked",
            Self::ConsumedToday => "consumed_today",
            Self::NotFlat => "not_flat",
            Self::Allowlist => "allowlist",
            Self::NoQuote => "no_quote",
            Self::PriceCollar => "price_collar",
            Self::BelowLevel => "below_level",
            Self::PriceDrift => "price_drift",
            Self::IntentExpired => "intent_expired",
            Self::RiskTooWide => "risk_too_wide",
            Self::TooSmall => "too_small",
            Self::MaxOrdersPerDay => "max_orders_per_day",
            Self::MaxPositions => "max_positions",
            Self::MaxGrossNotional => "max_gross_notional",
            Self::MaxSymbolNotional => "max_symbol_notional",
            Self::BuyingPower => "buying_power",
            Self::DailyLoss => "daily_loss",
            Self::RejectStreak => "reject_streak",
            Self::TimeWentBack => "time_went_back",
            Self::ClockSkew => "clock_skew",
            Self::SelfTrade => "self_trade",
            Self::LongOnly => "long_only",
            Self::StaleBars => "stale_bars",
            Self::VolumeShare => "volume_share",
            Self::Throttle => "throttle",
            Self::StreamSilent => "stream_silent",
            Self::ExecutionsStale => "executions_stale",
            Self::PositionMismatch => "position_mismatch",
            Self::Sanity => "sanity",
            Self::DuplicateId => "duplicate_id",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 35] = [
        Self::Gate,
        Self::KillSwitch,
        Self::MarketClosed,
        Self::EntryWindow,
        Self::AccountBlocked,
        Self::SymbolBlocked,
        Self::ConsumedToday,
        Self::NotFlat,
        Self::Allowlist,
        Self::NoQuote,
        Self::PriceCollar,
        Self::BelowLevel,
        Self::PriceDrift,
        Self::IntentExpired,
        Self::RiskTooWide,
        Self::TooSmall,
        Self::MaxOrdersPerDay,
        Self::MaxPositions,
        Self::MaxGrossNotional,
        Self::MaxSymbolNotional,
        Self::BuyingPower,
        Self::DailyLoss,
        Self::RejectStreak,
        Self::TimeWentBack,
        Self::ClockSkew,
        Self::SelfTrade,
        Self::LongOnly,
        Self::StaleBars,
        Self::VolumeShare,
        Self::Throttle,
        Self::StreamSilent,
        Self::ExecutionsStale,
        Self::PositionMismatch,
        Self::Sanity,
        Self::DuplicateId,
    ];
}

/// One order that was not made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// When.
    pub at: Timestamp,
    /// For which symbol.
    pub symbol: Symbol,
    /// What the order was for.
    pub purpose: Purpose,
    /// Why not.
    pub reason: Reason,
    /// The numbers behind it.
    pub detail: String,
}
