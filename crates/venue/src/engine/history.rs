//! Pages of the past: bars, trades and quotes of many symbols, written straight to text.
//!
//! Symbols come in alphabetical order, the rows of each by time. The limit counts rows across symbols; the token of a page
//! names its last row, and is null when there is nothing more.

use market::{Symbol, TimeDelta, Timestamp};

use super::{Engine, Response, query::Asked, refusal::Refusal};
use crate::{feed::Listing, text};

const LIMIT_DEFAULT: usize = 1_000;
const LIMIT_MAX: usize = 10_000;
/// A row takes about that.
const BYTES_A_ROW: usize = 120;

/// What the free data plan lacks of the sip feed.
const SIP_DELAY: TimeDelta = TimeDelta::minutes(15);

/// Feeds of the past.
const FEEDS: &[&str] = &["sip", "iex", "otc", "boats"];

/// Something that is listed by time.
pub(super) trait Row {
    fn at(&self) -> Timestamp;
    fn push(&self, out: &mut String, listing: Listing);
}

/// What is asked for.
pub(super) struct Window {
    symbols: Vec<Symbol>,
    /// The path named one symbol, and the answer holds one list.
    single: bool,
    from: Timestamp,
    to: Timestamp,
    limit: usize,
    descending: bool,
    token: Option<Token>,
}

/// The last row of a page: its symbol and instant, and how many rows of that instant came before and with it.
#[derive(Clone, Copy)]
struct Token {
    symbol: Symbol,
    at: Timestamp,
    rows: usize,
}

/// A part of the past of a symbol: the time of one session, or all of it.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) symbol: Symbol,
    pub(super) day: usize,
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
}

impl Window {
    /// `recent_sip`: whether the data plan has the latest minutes of the sip feed, which is the feed unless one is named.
    pub(super) fn of(
        asked: &Asked<'_>,
        symbol: Option<&str>,
        now: Timestamp,
        recent_sip: bool,
    ) -> Result<Self, Refusal> {
        let symbols = match symbol {
            Some(text) => vec![Symbol::new(text).map_err(|_| asked.refuse(format!("invalid symbol: {text}")))?],
            None => asked.symbols("symbols")?.ok_or_else(|| asked.refuse("symbols is required"))?,
        };
        let feed = asked.one_of("feed", FEEDS)?.unwrap_or("sip");
        let latest = if recent_sip || feed != "sip" { now } else { now - SIP_DELAY };
        check_currency(asked)?;
        asked.read("asof", |text| (text == "-" || text.parse::<market::NyDate>().is_ok()).then_some(()))?;
        let from = asked.instant("start")?.unwrap_or_else(|| now.ny_date().at_hm(0, 0));
        let end = asked.last_instant("end")?;
        let to = end.unwrap_or(latest);
        if to < from && asked.get("end").is_some() {
            return Err(asked.refuse("end should not be before start"));
        }
        if latest < to && latest < now {
            return Err(Refusal::no_recent_sip());
        }
        Ok(Self {
            symbols,
            single: symbol.is_some(),
            from,
            to: to.min(now),
            limit: asked.count("limit", LIMIT_DEFAULT, LIMIT_MAX)?,
            descending: asked.is_descending("sort", false)?,
            token: asked.read("page_token", Token::parse)?,
        })
    }

    /// What a page still has to look at of a symbol; `None` when an earlier page told all of it.
    fn of_symbol(&self, symbol: Symbol) -> Option<(Timestamp, Timestamp, Option<Token>)> {
        match self.token {
            Some(token) if symbol < token.symbol => None,
            Some(token) if symbol == token.symbol && self.descending => {
                Some((self.from, token.at.min(self.to), Some(token)))
            }
            Some(token) if symbol == token.symbol => Some((token.at.max(self.from), self.to, Some(token))),
            Some(_) | None => Some((self.from, self.to, None)),
        }
    }
}

/// Only dollars are traded here.
pub(super) fn check_currency(asked: &Asked<'_>) -> Result<(), Refusal> {
    asked.read("currency", |text| text.eq_ignore_ascii_case("USD").then_some(())).map(|_| ())
}

impl Token {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('|');
        let token = Self {
            symbol: parts.next()?.parse().ok()?,
            at: parts.next()?.parse().ok()?,
            rows: parts.next()?.parse().ok()?,
        };
        parts.next().is_none().then_some(token)
    }

    fn push(&self, out: &mut String) {
        out.push_str(self.symbol.as_str());
        out.push('|');
        text::push_instant(out, self.at);
        out.push('|');
        text::push_whole(out, self.rows as u64);
    }
}

/// A page as it grows.
struct Page {
    out: String,
    rows: usize,
    last: Option<Token>,
    more: bool,
}

impl Engine {
    /// A page of `name`; `parts` is how many parts the past of a symbol has.
    pub(super) fn page<R: Row>(
        &mut self,
        name: &str,
        window: &Window,
        parts: usize,
        mut rows_of: impl FnMut(&mut Self, Part) -> Vec<R>,
    ) -> Response {
        let mut page = Page { out: format!("{{\"{name}\":"), rows: 0, last: None, more: false };
        page.out.push(if window.single { '[' } else { '{' });
        for symbol in &window.symbols {
            if page.more {
                break;
            }
            self.fill_page(&mut page, window, *symbol, parts, &mut rows_of);
        }
        page.out.push(if window.single { ']' } else { '}' });
        if window.single {
            page.out.push_str(",\"symbol\":");
            text::push_string(&mut page.out, window.symbols[0].as_str());
        }
        page.out.push_str(",\"next_page_token\":");
        match page.last.filter(|_| page.more) {
            Some(token) => {
                page.out.push('"');
                token.push(&mut page.out);
                page.out.push('"');
            }
            None => page.out.push_str("null"),
        }
        page.out.push('}');
        Response::text(200, page.out)
    }

    fn fill_page<R: Row>(
        &mut self,
        page: &mut Page,
        window: &Window,
        symbol: Symbol,
        parts: usize,
        rows_of: &mut impl FnMut(&mut Self, Part) -> Vec<R>,
    ) {
        let Some((from, to, token)) = window.of_symbol(symbol) else { return };
        let listing = Listing::of(self.tape.traits(symbol));
        // Rows of the token's instant that earlier pages told.
        let (mut told, mut begun) = (token.map_or(0, |token| token.rows), false);
        for part in 0..parts {
            let day = if window.descending { parts - 1 - part } else { part };
            let mut rows = rows_of(self, Part { symbol, day, from, to });
            if window.descending {
                rows.reverse();
            }
            page.out.reserve(rows.len().min(window.limit - page.rows) * BYTES_A_ROW);
            for row in rows {
                let at = row.at();
                if told > 0 && token.is_some_and(|token| token.at == at) {
                    told -= 1;
                    continue;
                }
                if page.rows == window.limit {
                    page.more = true;
                    page.close(window, begun);
                    return;
                }
                page.open(window, symbol, begun);
                begun = true;
                row.push(&mut page.out, listing);
                page.rows += 1;
                let same = page.last.or(token).filter(|last| last.symbol == symbol && last.at == at);
                page.last = Some(Token { symbol, at, rows: same.map_or(0, |last| last.rows) + 1 });
            }
        }
        page.close(window, begun);
    }
}

impl Page {
    /// Before a row.
    fn open(&mut self, window: &Window, symbol: Symbol, begun: bool) {
        if begun {
            self.out.push(',');
        } else if !window.single {
            if self.rows > 0 {
                self.out.push(',');
            }
            text::push_string(&mut self.out, symbol.as_str());
            self.out.push_str(":[");
        }
    }

    /// After the rows of a symbol.
    fn close(&mut self, window: &Window, begun: bool) {
        if begun && !window.single {
            self.out.push(']');
        }
    }
}
