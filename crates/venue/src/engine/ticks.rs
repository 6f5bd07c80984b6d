//! Trades and quotes of the past: GET /v2/stocks/trades, /v2/stocks/quotes and those of one symbol.

use std::fmt::Write;

use market::Timestamp;

use super::{
    Engine, Response,
    history::{Part, Row, Window},
    query::{Asked, Query},
    refusal::Refusal,
};
use crate::{
    feed::{Listing, QUOTE_SIZE, REGULAR_QUOTE, REGULAR_TRADE},
    path::Spread,
    tape::{self, Trade},
    text,
};

const KNOWN: &[&str] = &["symbols", "start", "end", "limit", "asof", "feed", "currency", "page_token", "sort"];

/// The quote round a trade.
struct QuoteRow(Trade);

impl Row for Trade {
    fn at(&self) -> Timestamp {
        self.print.at
    }

    fn push(&self, out: &mut String, listing: Listing) {
        push_trade(out, self, listing);
    }
}

impl Row for QuoteRow {
    fn at(&self) -> Timestamp {
        self.0.print.at
    }

    fn push(&self, out: &mut String, listing: Listing) {
        push_quote(out, self.0.print.at, Some(self.0.print.spread), listing);
    }
}

impl Engine {
    pub(super) fn trades(&mut self, query: &Query, symbol: Option<&str>) -> Result<Response, Refusal> {
        let window = Window::of(&Asked::data(query, KNOWN)?, symbol, self.now, self.config.recent_sip)?;
        let days = self.tape.days();
        Ok(self.page("trades", &window, days, |engine, part| {
            let mut trades = engine.trades_of(part);
            trades.retain(|trade| trade.print.volume > 0);
            trades
        }))
    }

    pub(super) fn quotes(&mut self, query: &Query, symbol: Option<&str>) -> Result<Response, Refusal> {
        let window = Window::of(&Asked::data(query, KNOWN)?, symbol, self.now, self.config.recent_sip)?;
        let days = self.tape.days();
        Ok(self.page("quotes", &window, days, |engine, part| {
            engine.trades_of(part).into_iter().map(QuoteRow).collect::<Vec<_>>()
        }))
    }

    fn trades_of(&mut self, part: Part) -> Vec<Trade> {
        self.tape.trades(part.day, part.symbol, part.from, tape::just_after(part.to))
    }
}

/// Writes a trade as the data interface has it.
pub(super) fn push_trade(out: &mut String, trade: &Trade, listing: Listing) {
    out.push_str("{\"t\":\"");
    text::push_instant(out, trade.print.at);
    out.push_str("\",\"p\":");
    text::push_dollars(out, trade.print.price.units());
    let (size, Listing { exchange, tape }) = (trade.print.volume.min(u64::from(u32::MAX)), listing);
    write!(out, ",\"s\":{size},\"x\":\"{exchange}\",\"c\":[\"{REGULAR_TRADE}\"],\"i\":{},\"z\":\"{tape}\"}}", trade.id)
        .expect("writing to a string succeeds");
}

/// Writes a quote as the data interface has it; without bid and ask nobody is there, on either side.
pub(super) fn push_quote(out: &mut String, at: Timestamp, spread: Option<Spread>, listing: Listing) {
    let (bid, ask) = spread.map_or((0, 0), |spread| (spread.bid.units(), spread.ask.units()));
    let size = if spread.is_some() { QUOTE_SIZE } else { 0 };
    out.push_str("{\"t\":\"");
    text::push_instant(out, at);
    out.push_str("\",\"bp\":");
    text::push_dollars(out, bid);
    out.push_str(",\"ap\":");
    text::push_dollars(out, ask);
    let Listing { exchange, tape } = listing;
    write!(
        out,
        ",\"bx\":\"{exchange}\",\"bs\":{size},\"ax\":\"{exchange}\",\"as\":{size},\"c\":[\"{REGULAR_QUOTE}\"],\"z\":\"{tape}\"}}"
    )
    .expect("writing to a string succeeds");
}
