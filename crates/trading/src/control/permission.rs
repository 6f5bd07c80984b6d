//! The controls by name: which purposes each binds, the reason it refuses with, and the rule behind it.

use super::{Check, Facts, gates, money, sanity};
use crate::{
    order::{OrderRequest, Purpose},
    refusal::Reason,
};

/// One control.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Control {
    /// Quantity, price, tick and type make sense; what closes is a sell of no more than is held and free.
    Sanity,
    /// The client order id is new.
    UniqueId,
    /// The gates give authority.
    Gate,
    /// Time has not gone back.
    TimeForward,
    /// Our clock is the broker's.
    ClockSkew,
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
    /// No position, no opening order.
    Flat,
    /// No working sell order that the buy would trade with.
    SelfTrade,
    /// The allow-list.
    Allowlist,
    /// Only a buy opens.
    LongOnly,
    /// A fresh quote.
    FreshQuote,
    /// The newest candle is there.
    FreshBars,
    /// The price collar.
    EntryCollar,
    /// The part of the usual volume.
    VolumeShare,
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
    /// Opening sends within a second and a minute.
    Throttle,
    /// The day's loss.
    DailyLoss,
    /// Refusals in a row.
    RejectStreak,
    /// The stream speaks.
    Stream,
    /// Executions were read lately, beside the stream.
    DropCopy,
    /// Every position is what our executions make it.
    BooksAgree,
    /// The kill switch; checked last, right before an opening send.
    KillSwitch,
}

/// What a control looks at.
enum Rule {
    /// What is the same for every symbol.
    World(fn(&Facts<'_>) -> Check),
    /// What is known of the symbol.
    Symbol(fn(&Facts<'_>) -> Check),
    /// The order too.
    Order(fn(&OrderRequest, &Facts<'_>) -> Check),
}

impl Control {
    /// All of them, in the order they are checked.
    pub const ALL: [Self; 30] = [
        Self::Sanity,
        Self::UniqueId,
        Self::Gate,
        Self::TimeForward,
        Self::ClockSkew,
        Self::MarketOpen,
        Self::EntryWindow,
        Self::Account,
        Self::SymbolKnown,
        Self::OncePerDay,
        Self::Flat,
        Self::SelfTrade,
        Self::Allowlist,
        Self::LongOnly,
        Self::FreshQuote,
        Self::FreshBars,
        Self::EntryCollar,
        Self::VolumeShare,
        Self::OrdersPerDay,
        Self::Positions,
        Self::GrossNotional,
        Self::SymbolNotional,
        Self::BuyingPower,
        Self::Throttle,
        Self::DailyLoss,
        Self::RejectStreak,
        Self::Stream,
        Self::DropCopy,
        Self::BooksAgree,
        Self::KillSwitch,
    ];

    /// The table: whether the control binds an order of this purpose.
    #[must_use]
    pub fn binds(self, purpose: Purpose) -> bool {
        match self {
            Self::Sanity | Self::UniqueId => true,
            Self::Gate
            | Self::TimeForward
            | Self::ClockSkew
            | Self::MarketOpen
            | Self::EntryWindow
            | Self::Account
            | Self::SymbolKnown
            | Self::OncePerDay
            | Self::Flat
            | Self::SelfTrade
            | Self::Allowlist
            | Self::LongOnly
            | Self::FreshQuote
            | Self::FreshBars
            | Self::EntryCollar
            | Self::VolumeShare
            | Self::OrdersPerDay
            | Self::Positions
            | Self::GrossNotional
            | Self::SymbolNotional
            | Self::BuyingPower
            | Self::Throttle
            | Self::DailyLoss
            | Self::RejectStreak
            | Self::Stream
            | Self::DropCopy
            | Self::BooksAgree
            | Self::KillSwitch => purpose == Purpose::Open,
        }
    }

    /// The reason it refuses with; each has its own.
    #[must_use]
    pub fn reason(self) -> Reason {
        match self {
            Self::Sanity => Reason::Sanity,
            Self::UniqueId => Reason::DuplicateId,
            Self::Gate => Reason::Gate,
            Self::TimeForward => Reason::TimeWentBack,
            Self::ClockSkew => Reason::ClockSkew,
            Self::MarketOpen => Reason::MarketClosed,
            Self::EntryWindow => Reason::EntryWindow,
            Self::Account => Reason::AccountBlocked,
            Self::SymbolKnown => Reason::SymbolBlocked,
            Self::OncePerDay => Reason::ConsumedToday,
            Self::Flat => Reason::NotFlat,
            Self::SelfTrade => Reason::SelfTrade,
            Self::Allowlist => Reason::Allowlist,
            Self::LongOnly => Reason::LongOnly,
            Self::FreshQuote => Reason::NoQuote,
            Self::FreshBars => Reason::StaleBars,
            Self::EntryCollar => Reason::PriceCollar,
            Self::VolumeShare => Reason::VolumeShare,
            Self::OrdersPerDay => Reason::MaxOrdersPerDay,
            Self::Positions => Reason::MaxPositions,
            Self::GrossNotional => Reason::MaxGrossNotional,
            Self::SymbolNotional => Reason::MaxSymbolNotional,
            Self::BuyingPower => Reason::BuyingPower,
            Self::Throttle => Reason::Throttle,
            Self::DailyLoss => Reason::DailyLoss,
            Self::RejectStreak => Reason::RejectStreak,
            Self::Stream => Reason::StreamSilent,
            Self::DropCopy => Reason::ExecutionsStale,
            Self::BooksAgree => Reason::PositionMismatch,
            Self::KillSwitch => Reason::KillSwitch,
        }
    }

    fn rule(self) -> Rule {
        match self {
            Self::Sanity => Rule::Order(sanity::order),
            Self::UniqueId => Rule::Order(sanity::unique_id),
            Self::Gate => Rule::World(gates::authority),
            Self::TimeForward => Rule::World(gates::time_forward),
            Self::ClockSkew => Rule::World(gates::clock_skew),
            Self::MarketOpen => Rule::World(gates::market_open),
            Self::EntryWindow => Rule::World(gates::entry_window),
            Self::Account => Rule::World(gates::account),
            Self::SymbolKnown => Rule::Symbol(gates::symbol_known),
            Self::OncePerDay => Rule::Symbol(gates::once_per_day),
            Self::Flat => Rule::Symbol(gates::flat),
            Self::SelfTrade => Rule::Symbol(gates::self_trade),
            Self::Allowlist => Rule::Order(gates::allowlist),
            Self::LongOnly => Rule::Order(sanity::long_only),
            Self::FreshQuote => Rule::Symbol(gates::fresh_quote),
            Self::FreshBars => Rule::Symbol(gates::fresh_bars),
            Self::EntryCollar => Rule::Order(money::entry_collar),
            Self::VolumeShare => Rule::Order(money::volume_share),
            Self::OrdersPerDay => Rule::World(money::orders_per_day),
            Self::Positions => Rule::World(money::positions),
            Self::GrossNotional => Rule::Order(money::gross_notional),
            Self::SymbolNotional => Rule::Order(money::symbol_notional),
            Self::BuyingPower => Rule::Order(money::buying_power),
            Self::Throttle => Rule::World(money::throttle),
            Self::DailyLoss => Rule::World(money::daily_loss),
            Self::RejectStreak => Rule::World(money::reject_streak),
            Self::Stream => Rule::World(gates::stream),
            Self::DropCopy => Rule::World(gates::drop_copy),
            Self::BooksAgree => Rule::World(gates::books_agree),
            Self::KillSwitch => Rule::World(gates::kill_switch),
        }
    }

    pub(super) fn check(self, order: &OrderRequest, facts: &Facts<'_>) -> Check {
        match self.rule() {
            Rule::World(rule) | Rule::Symbol(rule) => rule(facts),
            Rule::Order(rule) => rule(order, facts),
        }
    }

    /// Its check when it looks at the symbol and needs no order; else it passes.
    pub(super) fn check_symbol(self, facts: &Facts<'_>) -> Check {
        match self.rule() {
            Rule::Symbol(rule) => rule(facts),
            Rule::World(_) | Rule::Order(_) => Ok(()),
        }
    }

    /// Its check when it is the same for every symbol; else it passes.
    pub(super) fn check_world(self, facts: &Facts<'_>) -> Check {
        match self.rule() {
            Rule::World(rule) => rule(facts),
            Rule::Symbol(_) | Rule::Order(_) => Ok(()),
        }
    }
}
