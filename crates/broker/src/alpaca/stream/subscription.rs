//! What a data stream is asked for: symbols by channel.
//!
//! Corrections and cancelled trades come with the trades; there is no wildcard, because nothing here wants every symbol.

use std::collections::BTreeSet;

use market::Symbol;
use serde_json::{Map, Value, json};
use thiserror::Error;

/// Channels of trades and quotes together that the free plan has; bars have no limit.
pub const FREE_CHANNELS_MAX: usize = 30;

/// The broker's plan for market data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Plan {
    /// The IEX feed, [`FREE_CHANNELS_MAX`] channels.
    Free,
    /// Any feed, any number of channels.
    Unlimited,
}

/// The symbols of each channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscription {
    /// Trades.
    pub trades: BTreeSet<Symbol>,
    /// Quotes.
    pub quotes: BTreeSet<Symbol>,
    /// Minute bars.
    pub bars: BTreeSet<Symbol>,
    /// Minute bars told again after late trades.
    pub updated_bars: BTreeSet<Symbol>,
    /// The day's bar so far, each minute.
    pub daily_bars: BTreeSet<Symbol>,
    /// Halts and resumptions.
    pub statuses: BTreeSet<Symbol>,
    /// Price bands (limit up, limit down).
    pub lulds: BTreeSet<Symbol>,
}

/// More channels than the plan has.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{asked} channels of trades and quotes; the free plan has {FREE_CHANNELS_MAX}")]
pub struct TooMany {
    /// Channels of trades and quotes asked for.
    pub asked: usize,
}

impl Subscription {
    /// The bars of some symbols, with updates and halts: what decides needs.
    #[must_use]
    pub fn bars(symbols: impl IntoIterator<Item = Symbol>) -> Self {
        let bars: BTreeSet<Symbol> = symbols.into_iter().collect();
        Self { updated_bars: bars.clone(), statuses: bars.clone(), bars, ..Self::default() }
    }

    /// Whether nothing is asked for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.channels().iter().all(|(_, symbols)| symbols.is_empty())
    }

    /// Checks it against a plan.
    ///
    /// # Errors
    /// When the plan has fewer channels.
    pub fn check(&self, plan: Plan) -> Result<(), TooMany> {
        let asked = self.trades.len() + self.quotes.len();
        match plan {
            Plan::Free if asked > FREE_CHANNELS_MAX => Err(TooMany { asked }),
            Plan::Free | Plan::Unlimited => Ok(()),
        }
    }

    /// What is in `self` and not in `other`.
    pub(super) fn beyond(&self, other: &Self) -> Self {
        let less = |ours: &BTreeSet<Symbol>, theirs: &BTreeSet<Symbol>| ours.difference(theirs).copied().collect();
        Self {
            trades: less(&self.trades, &other.trades),
            quotes: less(&self.quotes, &other.quotes),
            bars: less(&self.bars, &other.bars),
            updated_bars: less(&self.updated_bars, &other.updated_bars),
            daily_bars: less(&self.daily_bars, &other.daily_bars),
            statuses: less(&self.statuses, &other.statuses),
            lulds: less(&self.lulds, &other.lulds),
        }
    }

    /// `{"action": ..., "trades": [...], ...}`, channels without symbols left out.
    pub(super) fn message(&self, action: &str) -> Value {
        let mut message = Map::from_iter([("action".to_owned(), json!(action))]);
        for (name, symbols) in self.channels().into_iter().filter(|(_, symbols)| !symbols.is_empty()) {
            message.insert(name.to_owned(), symbols.iter().map(Symbol::as_str).collect());
        }
        Value::Object(message)
    }

    /// Reads the server's list of what it sends. Symbols we have no words for were not asked for by us.
    pub(super) fn read(message: &Value) -> Self {
        let of = |name: &str| {
            let symbols = message.get(name).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
            symbols.iter().filter_map(Value::as_str).filter_map(|text| Symbol::new(text).ok()).collect()
        };
        Self {
            trades: of("trades"),
            quotes: of("quotes"),
            bars: of("bars"),
            updated_bars: of("updatedBars"),
            daily_bars: of("dailyBars"),
            statuses: of("statuses"),
            lulds: of("lulds"),
        }
    }

    fn channels(&self) -> [(&'static str, &BTreeSet<Symbol>); 7] {
        [
            ("trades", &self.trades),
            ("quotes", &self.quotes),
            ("bars", &self.bars),
            ("updatedBars", &self.updated_bars),
            ("dailyBars", &self.daily_bars),
            ("statuses", &self.statuses),
            ("lulds", &self.lulds),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn symbols(count: usize) -> BTreeSet<Symbol> {
        (0..count).map(|number| Symbol::new(&format!("S{number}")).unwrap()).collect()
    }

    #[test]
    fn the_free_plan_counts_trades_and_quotes_and_no_bars() {
        for (trades, quotes, bars, fits) in
            [(15, 15, 500, true), (30, 0, 0, true), (0, 31, 0, false), (20, 20, 0, false), (0, 0, 500, true)]
        {
            let asked = Subscription {
                trades: symbols(trades),
                quotes: symbols(quotes),
                bars: symbols(bars),
                ..Subscription::default()
            };
            assert_eq!(asked.check(Plan::Free).is_ok(), fits, "{trades} {quotes} {bars}");
            assert_eq!(asked.check(Plan::Unlimited), Ok(()));
        }
    }

    #[test]
    fn messages_read_back() {
        let asked = Subscription { quotes: symbols(2), lulds: symbols(1), ..Subscription::bars(symbols(3)) };
        let message = asked.message("subscribe");
        assert_eq!(message["action"], "subscribe");
        assert_eq!(message.get("trades"), None, "an empty channel is not named");
        assert_eq!(Subscription::read(&message), asked);
        assert!(asked.beyond(&asked).is_empty());
        assert_eq!(asked.beyond(&Subscription::bars(symbols(3))).quotes, symbols(2));
    }
}
