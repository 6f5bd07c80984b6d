//! Parameters of a query, read strictly: what is not understood is refused, with the refusal of its interface.
//!
//! The trading interface answers 422 with a code, the data interface 400 without one. An empty parameter counts as absent.

use std::collections::BTreeMap;

use market::{NyDate, Symbol, TimeDelta, Timestamp};

use super::refusal::Refusal;

/// A query as it came.
pub(super) type Query = BTreeMap<String, String>;

/// A query with the refusals of its interface.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    query: &'a Query,
    refuse: fn(String) -> Refusal,
}

impl<'a> Asked<'a> {
    /// Of the trading interface, which passes over parameters it does not know.
    pub(super) fn trading(query: &'a Query) -> Self {
        Self { query, refuse: |message| Refusal::invalid(message) }
    }

    /// Of the data interface, which refuses parameters it does not know.
    pub(super) fn data(query: &'a Query, known: &[&str]) -> Result<Self, Refusal> {
        let unknown: Vec<&str> = query.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
        match unknown.is_empty() {
            true => Ok(Self { query, refuse: |message| Refusal::bad_query(message) }),
            false => Err(Refusal::bad_query(format!("unexpected parameter(s): {}", unknown.join(", ")))),
        }
    }

    pub(super) fn refuse(&self, message: impl Into<String>) -> Refusal {
        (self.refuse)(message.into())
    }

    pub(super) fn get(&self, name: &str) -> Option<&'a str> {
        self.query.get(name).map(String::as_str).filter(|text| !text.is_empty())
    }

    pub(super) fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.get(name).ok_or_else(|| self.refuse(format!("{name} is required")))
    }

    /// A parameter in a form of its own.
    pub(super) fn read<T>(&self, name: &str, read: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Refusal> {
        let Some(text) = self.get(name) else { return Ok(None) };
        let shown: String = text.chars().take(60).collect();
        read(text).map(Some).ok_or_else(|| self.refuse(format!("invalid {name}: {shown}")))
    }

    /// An instant, or the first one of a day.
    pub(super) fn instant(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        self.read(name, |text| text.parse().ok().or_else(|| Some(text.parse::<NyDate>().ok()?.at_hm(0, 0))))
    }

    /// An instant, or the last one of a day.
    pub(super) fn last_instant(&self, name: &str) -> Result<Option<Timestamp>, Refusal> {
        let end_of = |day: NyDate| day.plus_days(1).at_hm(0, 0) - TimeDelta::nanoseconds(1);
        self.read(name, |text| text.parse().ok().or_else(|| Some(end_of(text.parse().ok()?))))
    }

    /// A day, or the day of an instant.
    pub(super) fn day(&self, name: &str) -> Result<Option<NyDate>, Refusal> {
        self.read(name, |text| text.parse().ok().or_else(|| Some(text.parse::<Timestamp>().ok()?.ny_date())))
    }

    /// A number from one to a maximum.
    pub(super) fn count(&self, name: &str, default: usize, max: usize) -> Result<usize, Refusal> {
        match self.get(name).map(str::parse::<usize>) {
            None => Ok(default),
            Some(Ok(count)) if (1..=max).contains(&count) => Ok(count),
            Some(_) => Err(self.refuse(format!("invalid {name}: it must be 1 to {max}"))),
        }
    }

    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        let flag = self.read(name, |text| match text.to_ascii_lowercase().as_str() {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        })?;
        Ok(flag.unwrap_or(false))
    }

    /// Words joined by commas.
    pub(super) fn words(&self, name: &str) -> Option<Vec<&'a str>> {
        self.get(name).map(|text| text.split(',').map(str::trim).collect())
    }

    /// Symbols joined by commas, in alphabetical order, each once.
    pub(super) fn symbols(&self, name: &str) -> Result<Option<Vec<Symbol>>, Refusal> {
        let Some(words) = self.words(name) else { return Ok(None) };
        let read = |word: &&str| Symbol::new(word).map_err(|_| self.refuse(format!("invalid symbol: {word}")));
        let mut symbols = words.iter().map(read).collect::<Result<Vec<Symbol>, Refusal>>()?;
        symbols.sort_unstable();
        symbols.dedup();
        Ok(Some(symbols))
    }

    /// Whether the newest come first.
    pub(super) fn is_descending(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        let descending = self.read(name, |text| match text {
            "desc" => Some(true),
            "asc" => Some(false),
            _ => None,
        })?;
        Ok(descending.unwrap_or(default))
    }

    /// One of some words.
    pub(super) fn one_of(&self, name: &str, words: &[&'static str]) -> Result<Option<&'static str>, Refusal> {
        self.read(name, |text| words.iter().copied().find(|word| *word == text))
    }
}
