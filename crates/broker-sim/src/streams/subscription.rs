//! Which symbols a connection hears, channel by channel.

use std::collections::{BTreeMap, BTreeSet};

use ::venue::feed::{self, DataEvent, SymbolSet, Watched};
use market::Symbol;
use serde_json::{Map, Value, json};

/// The channels of the data stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Channel {
    Trades,
    Quotes,
    Bars,
    UpdatedBars,
    DailyBars,
    Statuses,
    /// Bands; the venue has none, so nothing is ever told here.
    Lulds,
}

/// Symbols of one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Symbols {
    all: bool,
    some: BTreeSet<Symbol>,
}

/// What a connection hears.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Subscription {
    channels: BTreeMap<Channel, Symbols>,
}

impl Channel {
    const ALL: [Self; 7] =
        [Self::Trades, Self::Quotes, Self::Bars, Self::UpdatedBars, Self::DailyBars, Self::Statuses, Self::Lulds];

    fn word(self) -> &'static str {
        match self {
            Self::Trades => "trades",
            Self::Quotes => "quotes",
            Self::Bars => "bars",
            Self::UpdatedBars => "updatedBars",
            Self::DailyBars => "dailyBars",
            Self::Statuses => "statuses",
            Self::Lulds => "lulds",
        }
    }

    fn of(channel: feed::Channel) -> Self {
        match channel {
            feed::Channel::Trades => Self::Trades,
            feed::Channel::Quotes => Self::Quotes,
            feed::Channel::Bars => Self::Bars,
            feed::Channel::UpdatedBars => Self::UpdatedBars,
            feed::Channel::DailyBars => Self::DailyBars,
            feed::Channel::Statuses => Self::Statuses,
        }
    }
}

impl Subscription {
    /// Reads the channels of a message, `{"trades": ["SPY"], "bars": ["*"], ...}`; `None` when it has channels that are
    /// none, symbols that are none, or nothing at all. Corrections and cancels belong to trades and are not asked for.
    pub(super) fn read(message: &Map<String, Value>) -> Option<Self> {
        let mut read = Self::default();
        for (word, names) in message.iter().filter(|(word, _)| word.as_str() != "action") {
            let names = names.as_array()?;
            match Channel::ALL.into_iter().find(|channel| channel.word() == word) {
                Some(channel) => read.add(channel, names)?,
                None if names.is_empty() || word == "corrections" || word == "cancelErrors" => {}
                None => return None,
            }
        }
        (!read.channels.is_empty()).then_some(read)
    }

    fn add(&mut self, channel: Channel, names: &[Value]) -> Option<()> {
        let symbols = self.channels.entry(channel).or_default();
        for name in names {
            match name.as_str()? {
                "*" => symbols.all = true,
                name => drop(symbols.some.insert(name.parse().ok()?)),
            }
        }
        Some(())
    }

    /// With another one besides.
    pub(super) fn and(mut self, more: Self) -> Self {
        for (channel, symbols) in more.channels {
            let mine = self.channels.entry(channel).or_default();
            mine.all |= symbols.all;
            mine.some.extend(symbols.some);
        }
        self
    }

    /// Without what another one names.
    pub(super) fn without(mut self, less: &Self) -> Self {
        for (channel, symbols) in &less.channels {
            if let Some(mine) = self.channels.get_mut(channel) {
                mine.all &= !symbols.all;
                mine.some.retain(|symbol| !symbols.some.contains(symbol));
            }
        }
        self
    }

    /// Whether it is more than so many symbols of trades and quotes together, one that is in both being two. All there
    /// are is more; the other channels do not count.
    pub(super) fn is_more_than(&self, most: usize) -> bool {
        let counted = || [Channel::Trades, Channel::Quotes].iter().filter_map(|channel| self.channels.get(channel));
        counted().any(|symbols| symbols.all) || counted().map(|symbols| symbols.some.len()).sum::<usize>() > most
    }

    pub(super) fn hears(&self, event: &DataEvent) -> bool {
        let symbols = self.channels.get(&Channel::of(event.channel()));
        symbols.is_some_and(|symbols| symbols.all || symbols.some.contains(&event.symbol()))
    }

    /// How the stream confirms it.
    pub(super) fn confirmed(&self) -> Value {
        let mut message = Map::from_iter([("T".to_owned(), json!("subscription"))]);
        for channel in Channel::ALL {
            message.insert(channel.word().to_owned(), self.names(channel));
        }
        message.insert("corrections".to_owned(), self.names(Channel::Trades));
        message.insert("cancelErrors".to_owned(), self.names(Channel::Trades));
        Value::Object(message)
    }

    fn names(&self, channel: Channel) -> Value {
        let Some(symbols) = self.channels.get(&channel) else { return json!([]) };
        let star = symbols.all.then_some("*");
        star.into_iter().chain(symbols.some.iter().map(Symbol::as_str)).collect()
    }

    /// Adds what it hears to what the venue watches.
    pub(super) fn add_to(&self, watched: &mut Watched) {
        for (channel, symbols) in &self.channels {
            let set = match channel {
                Channel::Trades => &mut watched.trades,
                Channel::Quotes => &mut watched.quotes,
                Channel::Bars => &mut watched.bars,
                Channel::UpdatedBars => &mut watched.updated_bars,
                Channel::DailyBars => &mut watched.daily_bars,
                Channel::Statuses => &mut watched.statuses,
                Channel::Lulds => continue,
            };
            match set {
                SymbolSet::All => {}
                set if symbols.all => *set = SymbolSet::All,
                SymbolSet::Some(some) => some.extend(symbols.some.iter().copied()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(message: Value) -> Option<Subscription> {
        Subscription::read(message.as_object().unwrap())
    }

    #[test]
    fn what_is_subscribed_is_confirmed_and_what_is_not_any_more_is_gone() {
        let first = read(json!({"action": "subscribe", "trades": ["SPY"], "bars": ["*"]})).unwrap();
        let both = first.and(read(json!({"trades": ["IWM"], "statuses": ["*", "SPY"]})).unwrap());
        let confirmed = both.confirmed();
        assert_eq!(confirmed["T"], "subscription");
        for (channel, names) in [
            ("trades", json!(["IWM", "SPY"])),
            ("corrections", json!(["IWM", "SPY"])),
            ("bars", json!(["*"])),
            ("statuses", json!(["*", "SPY"])),
            ("quotes", json!([])),
        ] {
            assert_eq!(confirmed[channel], names, "{channel}");
        }
        let less = both.without(&read(json!({"trades": ["SPY"], "bars": ["*"], "quotes": ["SPY"]})).unwrap());
        assert_eq!(less.confirmed()["trades"], json!(["IWM"]));
        assert_eq!(less.confirmed()["bars"], json!([]));
    }

    #[test]
    fn what_cannot_be_subscribed_is_none() {
        for message in [
            json!({}),
            json!({"action": "subscribe"}),
            json!({"trades": "SPY"}),
            json!({"trades": [1]}),
            json!({"trades": ["not a symbol"]}),
            json!({"options": ["SPY"]}),
        ] {
            assert_eq!(read(message.clone()), None, "{message}");
        }
    }

    #[test]
    fn trades_and_quotes_are_counted_together_bars_are_not_and_every_trade_is_too_many() {
        let names = |count: u8| (0..count).map(|n| format!("{}{}", (b'A' + n / 26) as char, (b'A' + n % 26) as char));
        let names = |count: u8| names(count).collect::<Vec<_>>();
        for (message, is_more) in [
            (json!({"trades": names(30)}), false),
            (json!({"trades": names(31)}), true),
            (json!({"trades": names(15), "quotes": names(15)}), false),
            (json!({"trades": names(16), "quotes": names(15)}), true),
            (json!({"quotes": names(30), "bars": names(60), "statuses": names(60)}), false),
            (json!({"bars": ["*"], "dailyBars": ["*"], "updatedBars": ["*"], "statuses": ["*"]}), false),
            (json!({"quotes": ["*"]}), true),
            (json!({"trades": ["*"]}), true),
        ] {
            assert_eq!(read(message.clone()).unwrap().is_more_than(30), is_more, "{message}");
        }
        let fifteen = read(json!({"trades": names(15), "quotes": names(15)})).unwrap();
        assert!(!fifteen.clone().and(read(json!({"trades": ["AA"], "bars": ["ZZ"]})).unwrap()).is_more_than(30));
        assert!(fifteen.and(read(json!({"trades": ["ZZ"]})).unwrap()).is_more_than(30));
    }
}
