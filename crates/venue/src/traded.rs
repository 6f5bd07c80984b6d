//! What is traded: sessions with their daily bars, the bars before them, assets, corporate actions.
//!
//! The bars of a session are known to the venue only, until they have happened.

use std::collections::BTreeMap;

use market::{DailyBar, NyDate, Session, Symbol, Usd};

/// One session that is traded.
#[derive(Clone, Debug)]
pub struct MarketDay {
    /// The session.
    pub session: Session,
    /// Its daily bars: known to the venue only, until the close.
    pub bars: BTreeMap<Symbol, DailyBar>,
    /// The bars of earlier days, oldest first.
    pub history: BTreeMap<Symbol, Vec<DailyBar>>,
}

/// Everything the venue trades, for as many sessions as there are.
#[derive(Clone, Debug, Default)]
pub struct Market {
    /// The sessions, oldest first, each with its bars.
    pub days: Vec<(Session, BTreeMap<Symbol, DailyBar>)>,
    /// The bars before the first session, oldest first.
    pub history: BTreeMap<Symbol, Vec<DailyBar>>,
    /// Traits of symbols; one that is not here has the usual ones.
    pub traits: BTreeMap<Symbol, AssetTraits>,
    /// Splits and dividends, oldest first.
    pub actions: Vec<CorporateAction>,
}

/// What an asset allows. The default is a stock that may be traded, in fractions, and sold short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssetTraits {
    /// The company.
    pub name: String,
    /// Alpaca's word for the exchange.
    pub exchange: &'static str,
    /// Whether it is listed still.
    pub active: bool,
    /// Whether orders are taken.
    pub tradable: bool,
    /// Whether it may be sold short.
    pub shortable: bool,
    /// Whether fractions may be traded.
    pub fractionable: bool,
}

/// What a company does to its shares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorporateAction {
    /// The symbol.
    pub symbol: Symbol,
    /// The first day it counts; it takes effect before that session.
    pub ex_date: NyDate,
    /// What it is.
    pub kind: ActionKind,
}

/// The kinds of corporate actions this venue has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    /// `new` shares for every `old` ones.
    Split {
        /// Shares after.
        new: u32,
        /// Shares before.
        old: u32,
    },
    /// Cash a share.
    CashDividend {
        /// Dollars a share.
        rate: Usd,
    },
}

impl Default for AssetTraits {
    fn default() -> Self {
        Self {
            name: String::new(),
            exchange: "NYSE",
            active: true,
            tradable: true,
            shortable: true,
            fractionable: true,
        }
    }
}

impl From<MarketDay> for Market {
    fn from(day: MarketDay) -> Self {
        Self { days: vec![(day.session, day.bars)], history: day.history, ..Self::default() }
    }
}
