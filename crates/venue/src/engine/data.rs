//! Market data: candles that are complete by the venue's time, and the latest quotes. Nothing of the future leaks.

use std::collections::BTreeMap;

use market::{Candle, DailyBar, NyDate, Price, Symbol, Timestamp};
use serde_json::{Map, Value, json};

use super::{Engine, Response, refusal::Refusal, render};
use crate::path;

const BARS_DEFAULT: usize = 1_000;
const BARS_PAGE_MAX: usize = 10_000;
/// Shares behind every quote: the venue's depth is its ticks' volume, not this.
const QUOTE_SIZE: u32 = 100;

type Query = BTreeMap<String, String>;

/// The spans bars come in.
#[derive(Clone, Copy)]
enum Timeframe {
    Minutes(usize),
    Day,
}

/// Where a page begins: after this bar of this symbol.
struct PageToken {
    symbol: Symbol,
    after: Timestamp,
}

impl Engine {
    pub(super) fn bars(&mut self, query: &Query) -> Result<Response, Refusal> {
        let mut symbols = symbols(query)?;
        symbols.sort_unstable();
        symbols.dedup();
        let timeframe = timeframe(query.get("timeframe"))?;
        let limit = limit(query.get("limit"))?;
        let start = instant(query.get("start"))?.unwrap_or_else(|| self.now.ny_date().at_hm(0, 0));
        let end = instant(query.get("end"))?.unwrap_or(self.now);
        let token = query.get("page_token").map(|text| PageToken::parse(text)).transpose()?;
        let (mut page, mut count, mut next) = (Map::new(), 0, None);
        for symbol in symbols {
            if token.as_ref().is_some_and(|token| symbol < token.symbol) {
                continue;
            }
            let after = token.as_ref().filter(|token| token.symbol == symbol).map(|token| token.after);
            let bars = self.bars_of(symbol, timeframe).into_iter();
            let mut bars = bars.filter(|(at, _)| start <= *at && *at <= end && after.is_none_or(|after| *at > after));
            let taken: Vec<(Timestamp, Value)> = bars.by_ref().take(limit - count).collect();
            count += taken.len();
            if let Some((last, _)) = taken.last() {
                next = Some(PageToken { symbol, after: *last });
                page.insert(symbol.to_string(), taken.into_iter().map(|(_, bar)| bar).collect());
            }
            if count == limit {
                break;
            }
        }
        // A full page may be the last one; then the next is empty, as at the real venue.
        let next = next.filter(|_| count == limit).map(|token| token.to_string());
        Ok(Response::ok(json!({"bars": page, "next_page_token": next})))
    }

    fn bars_of(&mut self, symbol: Symbol, timeframe: Timeframe) -> Vec<(Timestamp, Value)> {
        match timeframe {
            Timeframe::Minutes(minutes) => {
                let mut bars = Vec::new();
                for day in 0..self.tape.market().days.len() {
                    let (session, done) = (self.tape.session(day), self.ticks_done(day));
                    let candles = self.tape.path(day, symbol).map(|path| path.candles(&session, minutes, done));
                    bars.extend(candles.unwrap_or_default().iter().map(|candle| (candle.start, minute_bar(candle))));
                }
                bars
            }
            Timeframe::Day => {
                let market = self.tape.market();
                let past = market.history.get(&symbol).map(Vec::as_slice).unwrap_or_default();
                let over = market.days.iter().filter(|(session, _)| session.close <= self.now);
                let traded = over.filter_map(|(_, bars)| bars.get(&symbol));
                past.iter().chain(traded).map(|bar| (bar.date.at_hm(0, 0), daily_bar(bar))).collect()
            }
        }
    }

    /// How many ticks of a session lie wholly in the past: those before the current instant, so that a candle is out
    /// when it ends.
    fn ticks_done(&self, day: usize) -> usize {
        let elapsed = self.now.since(self.tape.session(day).open).num_seconds();
        usize::try_from(elapsed.div_euclid(path::TICK_SECONDS)).unwrap_or(0)
    }

    pub(super) fn latest_quotes(&mut self, query: &Query) -> Result<Response, Refusal> {
        let mut quotes = Map::new();
        for symbol in symbols(query)? {
            quotes.extend(self.quote(symbol).map(|quote| (symbol.to_string(), quote)));
        }
        Ok(Response::ok(json!({"quotes": quotes})))
    }

    /// Before the open there is none.
    fn quote(&mut self, symbol: Symbol) -> Option<Value> {
        // A market maker keeps renewing a quote that does not move: it is as fresh as the question.
        let at = self.now;
        let spread = self.tape.latest(symbol, at)?.spread;
        Some(json!({
            "t": at,
            "bx": "V", "bp": render::number(spread.bid), "bs": QUOTE_SIZE,
            "ax": "V", "ap": render::number(spread.ask), "as": QUOTE_SIZE,
            "c": ["R"],
            "z": "C",
        }))
    }
}

impl PageToken {
    fn parse(text: &str) -> Result<Self, Refusal> {
        let parts = text.split_once('|');
        let token =
            parts.and_then(|(symbol, after)| Some(Self { symbol: symbol.parse().ok()?, after: after.parse().ok()? }));
        token.ok_or_else(|| Refusal::bad_query("invalid page_token"))
    }
}

impl std::fmt::Display for PageToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}|{}", self.symbol, self.after)
    }
}

fn minute_bar(candle: &Candle) -> Value {
    let typical = (candle.high.units() + candle.low.units() + candle.close.units()) / 3;
    json!({
        "t": candle.start,
        "o": render::number(candle.open),
        "h": render::number(candle.high),
        "l": render::number(candle.low),
        "c": render::number(candle.close),
        "v": candle.volume.whole_shares(),
        "n": path::TICKS_A_MINUTE,
        "vw": Price::from_units(typical).map_or(Value::Null, render::number),
    })
}

fn daily_bar(bar: &DailyBar) -> Value {
    json!({
        "t": bar.date.at_hm(0, 0),
        "o": bar.open,
        "h": bar.high,
        "l": bar.low,
        "c": bar.close,
        "v": bar.volume.round() as u64,
        "n": path::TICKS_A_MINUTE,
        "vw": (bar.high + bar.low + bar.close) / 3.0,
    })
}

fn symbols(query: &Query) -> Result<Vec<Symbol>, Refusal> {
    let list = query.get("symbols").ok_or_else(|| Refusal::bad_query("symbols is required"))?;
    let symbol = |text: &str| Symbol::new(text).map_err(|_| Refusal::bad_query(format!("invalid symbol: {text}")));
    list.split(',').map(symbol).collect()
}

fn timeframe(text: Option<&String>) -> Result<Timeframe, Refusal> {
    let invalid = || Refusal::bad_query("timeframe must be 1Day or 1 to 59 Min");
    let text = text.ok_or_else(invalid)?;
    if text == "1Day" || text == "1D" {
        return Ok(Timeframe::Day);
    }
    let minutes = text.strip_suffix("Min").or_else(|| text.strip_suffix('T')).ok_or_else(invalid)?;
    match minutes.parse() {
        Ok(minutes @ 1..=59) => Ok(Timeframe::Minutes(minutes)),
        _ => Err(invalid()),
    }
}

fn limit(text: Option<&String>) -> Result<usize, Refusal> {
    let Some(text) = text else { return Ok(BARS_DEFAULT) };
    match text.parse() {
        Ok(limit @ 1..=BARS_PAGE_MAX) => Ok(limit),
        _ => Err(Refusal::bad_query("limit must be 1 to 10000")),
    }
}

fn instant(text: Option<&String>) -> Result<Option<Timestamp>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let day = || text.parse::<NyDate>().map(|day| day.at_hm(0, 0));
    text.parse().or_else(|_| day()).map(Some).map_err(|_| Refusal::bad_query(format!("invalid time {text}")))
}
