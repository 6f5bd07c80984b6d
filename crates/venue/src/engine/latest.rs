//! What is the latest: bars, trades, quotes and snapshots, of many symbols or one.
//!
//! Many: a symbol without it is left out. One: without it the answer is 404. While a symbol is halted its quote has no
//! bid and no ask.

use market::{Symbol, TimeDelta, Timestamp};

use super::{
    Engine, Response,
    bars::push_bar,
    history::check_currency,
    query::{Asked, Query},
    refusal::Refusal,
    ticks::{push_quote, push_trade},
};
use crate::{
    feed::Listing,
    tape::{self, Bar, Minutes, Trade},
    text,
};

const KNOWN: &[&str] = &["symbols", "feed", "currency"];
const FEEDS: &[&str] = &["sip", "iex", "otc", "boats", "delayed_sip", "overnight"];

/// What may be asked for; the words of the answer, for many and for one.
#[derive(Clone, Copy)]
pub(super) enum Latest {
    Bars,
    Trades,
    Quotes,
}

impl Latest {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Bars => ("bars", "bar"),
            Self::Trades => ("trades", "trade"),
            Self::Quotes => ("quotes", "quote"),
        }
    }
}

impl Engine {
    pub(super) fn latest_of_many(&mut self, what: Latest, query: &Query) -> Result<Response, Refusal> {
        let symbols = many(query, self.config.recent_sip)?;
        let mut out = format!("{{\"{}\":", what.words().0);
        self.push_object(&mut out, symbols, |engine, symbol| engine.latest_text(what, symbol));
        out.push('}');
        Ok(Response::text(200, out))
    }

    pub(super) fn latest_of_one(&mut self, what: Latest, symbol: &str, query: &Query) -> Result<Response, Refusal> {
        let symbol = one(symbol, query, self.config.recent_sip)?;
        let word = what.words().1;
        let found = self.latest_text(what, symbol);
        let found = found.ok_or_else(|| Refusal::no_data(format!("no {word} found for {symbol}")))?;
        Ok(Response::text(200, format!("{{\"symbol\":\"{symbol}\",\"{word}\":{found}}}")))
    }

    pub(super) fn snapshots(&mut self, query: &Query) -> Result<Response, Refusal> {
        let symbols = many(query, self.config.recent_sip)?;
        let mut out = String::new();
        self.push_object(&mut out, symbols, |engine, symbol| {
            engine.snapshot_members(symbol).map(|members| format!("{{{members}}}"))
        });
        Ok(Response::text(200, out))
    }

    pub(super) fn snapshot(&mut self, symbol: &str, query: &Query) -> Result<Response, Refusal> {
        let symbol = one(symbol, query, self.config.recent_sip)?;
        let missing = || Refusal::no_data(format!("no snapshot found for {symbol}"));
        let members = self.snapshot_members(symbol).ok_or_else(missing)?;
        Ok(Response::text(200, format!("{{\"symbol\":\"{symbol}\",{members}}}")))
    }

    fn push_object(
        &mut self,
        out: &mut String,
        symbols: Vec<Symbol>,
        value: impl Fn(&mut Self, Symbol) -> Option<String>,
    ) {
        out.push('{');
        let mut begun = false;
        for symbol in symbols {
            let Some(value) = value(self, symbol) else { continue };
            if begun {
                out.push(',');
            }
            begun = true;
            text::push_string(out, symbol.as_str());
            out.push(':');
            out.push_str(&value);
        }
        out.push('}');
    }

    fn latest_text(&mut self, what: Latest, symbol: Symbol) -> Option<String> {
        let mut out = String::new();
        match what {
            Latest::Bars => push_bar(&mut out, &self.latest_minute(symbol)?),
            Latest::Trades => push_trade(&mut out, &self.latest_trade(symbol)?, self.listing(symbol)),
            Latest::Quotes => self.push_latest_quote(&mut out, symbol)?,
        }
        Some(out)
    }

    fn listing(&self, symbol: Symbol) -> Listing {
        Listing::of(self.tape.traits(symbol))
    }

    fn latest_trade(&mut self, symbol: Symbol) -> Option<Trade> {
        self.tape.latest_trade(symbol, self.now)
    }

    fn push_latest_quote(&mut self, out: &mut String, symbol: Symbol) -> Option<()> {
        let print = self.latest_trade(symbol)?.print;
        let spread = (!self.tape.is_halted(symbol)).then_some(print.spread);
        push_quote(out, self.renewed_at(symbol, print.at), spread, self.listing(symbol));
        Some(())
    }

    /// A market maker keeps renewing a quote that does not move: in session it is as fresh as the question, or of the
    /// configured age. Outside it is of the last close, or of a print by hand after it.
    fn renewed_at(&self, symbol: Symbol, printed: Timestamp) -> Timestamp {
        let Some(session) = self.tape.last_session_of(symbol, self.now) else { return printed };
        if session.contains(self.now) { self.now - self.config.quote_age } else { session.close.max(printed) }
    }

    /// The latest minute with a trade that has ended.
    fn latest_minute(&mut self, symbol: Symbol) -> Option<Bar> {
        let minute = TimeDelta::minutes(1);
        let floor = |at: Timestamp| Timestamp::from_unix_seconds(at.unix_seconds().div_euclid(60) * 60);
        let trade = self.tape.latest_trade(symbol, tape::just_before(floor(self.now)))?;
        let start = floor(trade.print.at);
        let asked = Minutes { span: minute, from: start, to: start };
        let days = self.tape.days();
        (0..days).rev().find_map(|day| {
            let (first, end) = self.tape.span(day);
            let ours = first <= start && start < end;
            ours.then(|| self.tape.minute_bars(day, symbol, &asked, self.now).pop()).flatten()
        })
    }

    /// The latest of everything, the day's bar so far and the one before it; `None` of a symbol that is not listed.
    fn snapshot_members(&mut self, symbol: Symbol) -> Option<String> {
        if !self.tape.is_listed(symbol) {
            return None;
        }
        let [daily, previous] = self.days_so_far(symbol);
        let bar = |bar: Bar| {
            let mut out = String::new();
            push_bar(&mut out, &bar);
            out
        };
        let members = [
            ("latestTrade", self.latest_text(Latest::Trades, symbol)),
            ("latestQuote", self.latest_text(Latest::Quotes, symbol)),
            ("minuteBar", self.latest_text(Latest::Bars, symbol)),
            ("dailyBar", daily.map(bar)),
            ("prevDailyBar", previous.map(bar)),
        ];
        let written = members.into_iter().filter_map(|(name, text)| Some(format!("\"{name}\":{}", text?)));
        Some(written.collect::<Vec<_>>().join(","))
    }

    fn days_so_far(&mut self, symbol: Symbol) -> [Option<Bar>; 2] {
        let today = self.now.ny_date();
        let closed = self.tape.daily_bars(symbol, today.plus_days(-DAYS_TO_LOOK_BACK), today, self.now);
        let running = self.tape.day_opened(self.now).filter(|day| self.now < self.tape.session(*day).close);
        let running = running.and_then(|day| self.tape.bar_until(day, symbol, tape::just_after(self.now)));
        let mut latest = running.into_iter().chain(closed.into_iter().rev());
        [latest.next(), latest.next()]
    }
}

/// Two sessions are never further away.
const DAYS_TO_LOOK_BACK: i32 = 14;

fn many(query: &Query, recent_sip: bool) -> Result<Vec<Symbol>, Refusal> {
    let asked = check(query, recent_sip)?;
    asked.symbols("symbols")?.ok_or_else(|| asked.refuse("symbols is required"))
}

fn one(symbol: &str, query: &Query, recent_sip: bool) -> Result<Symbol, Refusal> {
    let asked = check(query, recent_sip)?;
    Symbol::new(symbol).map_err(|_| asked.refuse(format!("invalid symbol: {symbol}")))
}

fn check(query: &Query, recent_sip: bool) -> Result<Asked<'_>, Refusal> {
    let asked = Asked::data(query, KNOWN)?;
    let feed = asked.one_of("feed", FEEDS)?;
    check_currency(&asked)?;
    if feed == Some("sip") && !recent_sip {
        return Err(Refusal::no_recent_sip());
    }
    Ok(asked)
}
