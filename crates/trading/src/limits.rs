//! The limits a deployment sets. Every one is enforced by a control or a rule; there is none that nothing reads.
//!
//! Money in US dollars, fractions in basis points, spans of time typed. `tests/control_limits.rs` walks the fields: for
//! each there is a situation that tightening it alone turns from allowed to refused.

use std::collections::BTreeSet;

use market::{Bps, Symbol, TimeDelta, Usd};

use crate::stops::Rules;

/// How an entry is sized.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sizing {
    /// By what is lost when the stop is hit.
    ByRisk,
    /// By the distance of the close from the entry level: the farther, the less.
    ByDistance,
}

/// The fields once: the struct, its defaults and its list of fields cannot differ.
macro_rules! limits {
    ($($(#[doc = $doc:literal])+ $name:ident: $kind:ty = $default:expr;)+) => {
        /// Limits, with the desk's defaults.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct Limits {
            $($(#[doc = $doc])+ pub $name: $kind,)+
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }

        impl Limits {
            /// Every field by name, with its value as text.
            #[must_use]
            pub fn fields(&self) -> Vec<(&'static str, String)> {
                vec![$((stringify!($name), format!("{:?}", self.$name)),)+]
            }
        }
    };
}

limits! {
    /// Opening orders a day (`MAX_LIVE_ORDERS_PER_DAY`).
    orders_per_day: u32 = 5;
    /// Positions at once, those being opened included (`MAX_LIVE_POSITIONS`).
    positions: u32 = 5;
    /// All positions and opening orders together (`MAX_LIVE_GROSS_NOTIONAL`).
    gross_notional: Usd = Usd::dollars(5_000);
    /// One symbol (`MAX_LIVE_NOTIONAL_PER_SYMBOL`).
    symbol_notional: Usd = Usd::dollars(1_000);
    /// Symbols that may be opened; empty means all (`ALLOWLIST_SYMBOLS`).
    allowlist: BTreeSet<Symbol> = BTreeSet::new();
    /// The rule an entry is sized by.
    sizing: Sizing = Sizing::ByRisk;
    /// Equity put at risk between entry and stop, a trade sized by risk (`RISK_PER_TRADE_BPS`).
    risk_per_trade: Bps = Bps::constant(50);
    /// Equity put into a trade sized by distance that lies at its level.
    distance_stake: Bps = Bps::constant(200);
    /// Most equity in one position sized by distance.
    position_share: Bps = Bps::constant(1_000);
    /// Most risk a share.
    risk_per_share: Usd = Usd::dollars(3);
    /// How far above the ask an entry's limit lies.
    entry_buffer: Bps = Bps::constant(10);
    /// How far an entry's price may lie from the quote.
    entry_collar: Bps = Bps::constant(300);
    /// How far below the bid the limit of a discretionary exit lies.
    exit_collar: Bps = Bps::constant(1_000);
    /// How far the market may have run since the confirmation.
    price_drift: Bps = Bps::constant(300);
    /// Oldest quote to trade on.
    quote_age: TimeDelta = TimeDelta::seconds(5);
    /// Most of a symbol's mean volume of 20 days that an entry may be.
    volume_share: Bps = Bps::constant(100);
    /// Opening sends within a second.
    sends_per_second: u32 = 2;
    /// Opening sends within a minute.
    sends_per_minute: u32 = 10;
    /// Refusals of the broker in a row that stop openings.
    reject_streak: u32 = 3;
    /// Loss of the day, of last equity, from which on nothing is opened.
    daily_loss: Bps = Bps::constant(200);
    /// Part of the buying power that opening may use.
    buying_power: Bps = Bps::constant(9_000);
    /// How long after its close a candle may still be missing.
    bar_age: TimeDelta = TimeDelta::seconds(90);
    /// How far our clock and the broker's may differ.
    clock_skew: TimeDelta = TimeDelta::seconds(2);
    /// No entries so long after the open (`ENTRY_DELAY_AFTER_OPEN_MINUTES`, `MARKET_SETTLE_MINUTES`: the longer).
    entry_delay: TimeDelta = TimeDelta::minutes(20);
    /// Life of an intent from its confirmation on.
    intent_life: TimeDelta = TimeDelta::seconds(3_600);
    /// Silence of the stream that stops openings.
    stream_silence: TimeDelta = TimeDelta::seconds(30);
    /// Silence of the stream that withdraws working entries.
    stream_loss: TimeDelta = TimeDelta::seconds(120);
    /// How long ago executions may have been read, beside the stream, for an opening.
    executions_age: TimeDelta = TimeDelta::seconds(60);
    /// No discretionary exit so long after a fill; the initial stop is never delayed (`MIN_EXIT_ARMING_SECONDS`).
    exit_arming: TimeDelta = TimeDelta::seconds(120);
    /// Where stops belong, and how trims are made.
    stops: Rules = Rules::default();
}
