//! Bars of many symbols, page by page: any timeframe, any adjustment, ten thousand a page.

mod page;
mod scan;

use std::collections::{BTreeMap, BTreeSet};

use market::{Candle, Price, Qty, Symbol, Timestamp};

pub(super) use page::{BarBody, bar, shares};
pub use page::{Page, PageError, decode_page};

use super::{
    Alpaca, SYMBOLS_A_REQUEST, comma_separated,
    endpoint::{Get, PAGES_MAX},
    governor::Class,
};
use crate::ReadError;

/// The most the broker gives at once, over all symbols.
const PAGE: usize = 10_000;

/// A page, and the symbols that have a bar on it that is none.
type Decode = fn(&[u8]) -> Result<(Page, Vec<Symbol>), PageError>;

/// Which bars to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarsQuery<'a> {
    /// Of these symbols; however many, they are asked for in turn.
    pub symbols: &'a [Symbol],
    /// How long each.
    pub timeframe: Timeframe,
    /// Those that begin at this instant or later.
    pub from: Timestamp,
    /// And before this one.
    pub to: Timestamp,
    /// For which events prices and volumes are restated.
    pub adjustment: Adjustment,
}

/// The length of a bar. The broker refuses what it does not offer: at most 59 minutes, 23 hours, and 1, 2, 3, 4, 6 or 12
/// months.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timeframe {
    /// So many minutes.
    Minutes(u32),
    /// So many hours.
    Hours(u32),
    /// A day.
    Day,
    /// A week.
    Week,
    /// So many months.
    Months(u32),
}

/// For which events prices and volumes are restated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Adjustment {
    /// None.
    #[default]
    Raw,
    /// Splits.
    Split,
    /// Cash dividends.
    Dividend,
    /// Spin-offs.
    SpinOff,
    /// All of them.
    All,
}

/// One bar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The instant it begins.
    pub start: Timestamp,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Shares traded, to the whole share.
    pub volume: Qty,
    /// Trades in it.
    pub trades: u64,
    /// Mean price, weighted by volume.
    pub vwap: Option<Price>,
}

impl From<Bar> for Candle {
    fn from(bar: Bar) -> Self {
        let Bar { start, open, high, low, close, volume, .. } = bar;
        Self { start, open, high, low, close, volume }
    }
}

impl Timeframe {
    fn word(self) -> String {
        match self {
            Self::Minutes(count) => format!("{count}Min"),
            Self::Hours(count) => format!("{count}Hour"),
            Self::Day => "1Day".to_owned(),
            Self::Week => "1Week".to_owned(),
            Self::Months(count) => format!("{count}Month"),
        }
    }
}

impl Adjustment {
    fn word(self) -> &'static str {
        match self {
            Self::Raw => "raw",
            Self::Split => "split",
            Self::Dividend => "dividend",
            Self::SpinOff => "spin-off",
            Self::All => "all",
        }
    }
}

impl Alpaca {
    /// Bars by symbol, oldest first. A symbol without trades is absent.
    ///
    /// # Errors
    /// When a page cannot be read or holds what is no bar, or the list does not end.
    pub async fn bars(&self, query: BarsQuery<'_>) -> Result<BTreeMap<Symbol, Vec<Bar>>, ReadError> {
        self.read_bars(query, |body| Ok((decode_page(body)?, Vec::new()))).await
    }

    /// As [`Alpaca::bars`], without the symbols of which a bar is none.
    pub(super) async fn usable_bars(&self, query: BarsQuery<'_>) -> Result<BTreeMap<Symbol, Vec<Bar>>, ReadError> {
        self.read_bars(query, page::decode_usable).await
    }

    async fn read_bars(&self, query: BarsQuery<'_>, decode: Decode) -> Result<BTreeMap<Symbol, Vec<Bar>>, ReadError> {
        let (mut bars, mut spoilt) = (BTreeMap::<Symbol, Vec<Bar>>::new(), BTreeSet::new());
        for symbols in query.symbols.chunks(SYMBOLS_A_REQUEST) {
            let get = Get::data(Class::Ordinary, &["v2", "stocks", "bars"])
                .with("symbols", comma_separated(symbols))
                .with("timeframe", query.timeframe.word())
                .with("start", query.from.to_string())
                .with("end", query.to.to_string())
                .with("limit", PAGE.to_string())
                .with("adjustment", query.adjustment.word())
                .with("feed", self.feed);
            self.bar_pages(get, decode, |page, spoilt_here| {
                spoilt.extend(spoilt_here);
                for (symbol, page) in page.bars {
                    // The broker's end is inclusive, ours is not.
                    let begun = page.into_iter().filter(|bar| query.from <= bar.start && bar.start < query.to);
                    let mut begun = begun.peekable();
                    if begun.peek().is_some() {
                        bars.entry(symbol).or_default().extend(begun);
                    }
                }
            })
            .await?;
        }
        // Half of what was asked for is worse than none of it.
        bars.retain(|symbol, _| !spoilt.contains(symbol));
        Ok(bars)
    }

    async fn bar_pages(
        &self,
        get: Get<'_>,
        decode: Decode,
        mut take: impl FnMut(Page, Vec<Symbol>),
    ) -> Result<(), ReadError> {
        let (mut token, mut pages) = (None::<String>, self.pages(PAGES_MAX));
        loop {
            let (answer, endpoint) = self.answer(pages.next(&get)?.with_some("page_token", token.take())).await?;
            let decoded = decode(answer.body()).map_err(|error| endpoint.undecodable(error.to_string()))?;
            token = decoded.0.next.clone();
            take(decoded.0, decoded.1);
            if token.is_none() {
                return Ok(());
            }
        }
    }
}
