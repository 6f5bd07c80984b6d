//! What the market data stream tells: trades, quotes, bars and trading statuses of the symbols somebody watches.
//!
//! Source: Alpaca's description of its real-time stock data. Prices are JSON numbers, instants RFC 3339 text. Nothing
//! trades late at this venue, so nothing is ever told on the channel of updated bars.

use std::collections::BTreeSet;

use market::{Symbol, Timestamp};
use serde_json::{Value, json};

use crate::{
    tape::{Bar, Print},
    traded::AssetTraits,
};

/// Symbols of a channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SymbolSet {
    /// Every one, `*`.
    All,
    /// These.
    Some(BTreeSet<Symbol>),
}

/// Which symbols are watched, by channel. Nothing at first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watched {
    /// Trades.
    pub trades: SymbolSet,
    /// Quotes.
    pub quotes: SymbolSet,
    /// Minute bars, told when the minute is over.
    pub bars: SymbolSet,
    /// Minute bars that late trades changed.
    pub updated_bars: SymbolSet,
    /// The day so far, told with every minute.
    pub daily_bars: SymbolSet,
    /// Halts and resumptions.
    pub statuses: SymbolSet,
}

/// Where a message is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// `trades`.
    Trades,
    /// `quotes`.
    Quotes,
    /// `bars`.
    Bars,
    /// `updatedBars`.
    UpdatedBars,
    /// `dailyBars`.
    DailyBars,
    /// `statuses`.
    Statuses,
}

/// Exchange and tape of a symbol, in Alpaca's letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listing {
    /// The exchange.
    pub exchange: &'static str,
    /// A: New York, C: Nasdaq, B: the others.
    pub tape: &'static str,
}

/// One message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataEvent {
    /// A trade.
    Trade {
        /// The symbol.
        symbol: Symbol,
        /// Its id, the same as in the history of trades.
        id: u64,
        /// Instant, price and volume.
        print: Print,
        /// Where.
        listing: Listing,
    },
    /// A quote.
    Quote {
        /// The symbol.
        symbol: Symbol,
        /// Instant, bid and ask.
        print: Print,
        /// Where.
        listing: Listing,
    },
    /// A minute is over.
    Bar {
        /// The symbol.
        symbol: Symbol,
        /// What traded in it.
        bar: Bar,
    },
    /// A minute is over: the day so far.
    DailyBar {
        /// The symbol.
        symbol: Symbol,
        /// What traded since the day began.
        bar: Bar,
    },
    /// A halt began or ended.
    Status {
        /// The symbol.
        symbol: Symbol,
        /// When.
        at: Timestamp,
        /// Whether it is halted now.
        halted: bool,
        /// Where.
        listing: Listing,
    },
}

impl Default for SymbolSet {
    fn default() -> Self {
        Self::Some(BTreeSet::new())
    }
}

impl SymbolSet {
    /// Whether a symbol is in it.
    #[must_use]
    pub fn contains(&self, symbol: Symbol) -> bool {
        match self {
            Self::All => true,
            Self::Some(symbols) => symbols.contains(&symbol),
        }
    }
}

impl Watched {
    /// The symbols of a channel.
    #[must_use]
    pub fn on(&self, channel: Channel) -> &SymbolSet {
        match channel {
            Channel::Trades => &self.trades,
            Channel::Quotes => &self.quotes,
            Channel::Bars => &self.bars,
            Channel::UpdatedBars => &self.updated_bars,
            Channel::DailyBars => &self.daily_bars,
            Channel::Statuses => &self.statuses,
        }
    }

    /// Whether a symbol is watched on any channel.
    #[must_use]
    pub fn any(&self, symbol: Symbol) -> bool {
        Channel::ALL.iter().any(|channel| self.on(*channel).contains(symbol))
    }
}

impl Channel {
    /// All of them.
    pub const ALL: &[Self] =
        &[Self::Trades, Self::Quotes, Self::Bars, Self::UpdatedBars, Self::DailyBars, Self::Statuses];

    /// The word of a subscription.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Quotes => "quotes",
            Self::Bars => "bars",
            Self::UpdatedBars => "updatedBars",
            Self::DailyBars => "dailyBars",
            Self::Statuses => "statuses",
        }
    }
}

impl Listing {
    /// Of an asset.
    #[must_use]
    pub fn of(traits: &AssetTraits) -> Self {
        let (exchange, tape) = match traits.exchange {
            "NYSE" => ("N", "A"),
            "NASDAQ" => ("Q", "C"),
            "AMEX" => ("A", "B"),
            "BATS" => ("Z", "B"),
            _ => ("P", "B"),
        };
        Self { exchange, tape }
    }

    /// Code and words of a status, then code and words of its reason: those of the tape.
    fn status(self, halted: bool) -> [&'static str; 4] {
        match (self.tape, halted) {
            ("C", true) => ["H", "Trading Halt", "T1", "Halt News Pending"],
            ("C", false) => ["T", "Trading Resumption", "T3", "News and Resumption Times"],
            (_, true) => ["2", "Trading Halt", "P", "News Pending"],
            (_, false) => ["3", "Resume", "D", "News Released"],
        }
    }
}

impl DataEvent {
    /// The symbol it is about.
    #[must_use]
    pub fn symbol(&self) -> Symbol {
        match self {
            Self::Trade { symbol, .. }
            | Self::Quote { symbol, .. }
            | Self::Bar { symbol, .. }
            | Self::DailyBar { symbol, .. }
            | Self::Status { symbol, .. } => *symbol,
        }
    }

    /// The channel it is told on.
    #[must_use]
    pub fn channel(&self) -> Channel {
        match self {
            Self::Trade { .. } => Channel::Trades,
            Self::Quote { .. } => Channel::Quotes,
            Self::Bar { .. } => Channel::Bars,
            Self::DailyBar { .. } => Channel::DailyBars,
            Self::Status { .. } => Channel::Statuses,
        }
    }

    /// The message as the stream has it.
    #[must_use]
    pub fn to_value(&self) -> Value {
        match self {
            Self::Trade { symbol, id, print, listing } => json!({
                "T": "t", "S": symbol, "i": id, "x": listing.exchange, "p": print.price.to_f64(), "s": print.volume,
                "c": [REGULAR_TRADE], "t": print.at, "z": listing.tape,
            }),
            Self::Quote { symbol, print, listing } => json!({
                "T": "q", "S": symbol,
                "bx": listing.exchange, "bp": print.spread.bid.to_f64(), "bs": QUOTE_SIZE,
                "ax": listing.exchange, "ap": print.spread.ask.to_f64(), "as": QUOTE_SIZE,
                "c": [REGULAR_QUOTE], "t": print.at, "z": listing.tape,
            }),
            Self::Bar { symbol, bar } => bar_value("b", *symbol, bar),
            Self::DailyBar { symbol, bar } => bar_value("d", *symbol, bar),
            Self::Status { symbol, at, halted, listing } => {
                let [code, words, reason, reason_words] = listing.status(*halted);
                json!({
                    "T": "s", "S": symbol, "sc": code, "sm": words, "rc": reason, "rm": reason_words, "t": at,
                    "z": listing.tape,
                })
            }
        }
    }
}

/// Shares behind every quote: the venue's depth is its prints' volume, not this.
pub(crate) const QUOTE_SIZE: u32 = 100;
/// The condition of an ordinary trade.
pub(crate) const REGULAR_TRADE: &str = "@";
/// The condition of an ordinary quote.
pub(crate) const REGULAR_QUOTE: &str = "R";

fn bar_value(kind: &str, symbol: Symbol, bar: &Bar) -> Value {
    let dollars = |units: i64| units as f64 / 10_000.0;
    json!({
        "T": kind, "S": symbol, "o": dollars(bar.open), "h": dollars(bar.high), "l": dollars(bar.low),
        "c": dollars(bar.close), "v": bar.volume, "t": bar.start, "n": bar.trades, "vw": dollars(bar.average),
    })
}
