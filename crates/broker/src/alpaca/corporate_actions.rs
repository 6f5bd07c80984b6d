//! Splits, dividends, mergers and the rest, as the market data interface lists them (`/v1/corporate-actions`).
//!
//! Rates are the JSON numbers of the wire: a split gives `new_rate` shares for every `old_rate`. A row that cannot be read
//! is named, never dropped in silence: an unseen split is a position that looks wrong.

mod row;
mod splits;

use std::collections::BTreeMap;

use market::{NyDate, Symbol};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Alpaca, SYMBOLS_A_REQUEST, comma_separated,
    endpoint::{Get, PAGES_MAX},
    governor::Class,
};
use crate::ReadError;

/// The most the broker gives at once.
const PAGE: usize = 1_000;

/// Which corporate actions to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CorporateActionQuery {
    /// Of these symbols; none means all.
    pub symbols: Vec<Symbol>,
    /// The broker's words, such as `forward_split`; none means all.
    pub kinds: Vec<String>,
    /// The first day of processing.
    pub first: NyDate,
    /// The last day of processing.
    pub last: NyDate,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CorporateActions {
    /// In the order of processing.
    pub read: Vec<CorporateAction>,
    /// Symbols, or else ids, of rows that could not be read.
    pub unreadable: Vec<String>,
}

/// One event of one company.
#[derive(Clone, Debug, PartialEq)]
pub struct CorporateAction {
    /// The broker's id.
    pub id: String,
    /// When the broker books it.
    pub process_date: NyDate,
    /// When it takes effect: its ex-date or effective date.
    pub effective_date: Option<NyDate>,
    /// Who holds on this day gets it.
    pub record_date: Option<NyDate>,
    /// When it is paid.
    pub payable_date: Option<NyDate>,
    /// What happens.
    pub event: CorporateEvent,
}

/// So many shares of a symbol, in relation to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The symbol.
    pub symbol: Symbol,
    /// Shares.
    pub rate: f64,
}

/// What happens to the shares of a company. Cash is in dollars a share.
#[derive(Clone, Debug, PartialEq)]
pub enum CorporateEvent {
    /// More shares for the old ones.
    ForwardSplit {
        /// The symbol.
        symbol: Symbol,
        /// Shares after.
        new_rate: f64,
        /// Shares before.
        old_rate: f64,
    },
    /// Fewer shares for the old ones.
    ReverseSplit {
        /// The symbol.
        symbol: Symbol,
        /// Its name afterwards, when that changes.
        new_symbol: Option<Symbol>,
        /// Shares after.
        new_rate: f64,
        /// Shares before.
        old_rate: f64,
    },
    /// A unit becomes its parts.
    UnitSplit {
        /// The unit.
        old: Part,
        /// The shares.
        new: Part,
        /// The warrants or rights.
        alternate: Part,
    },
    /// Cash.
    CashDividend {
        /// The symbol.
        symbol: Symbol,
        /// Dollars a share.
        rate: f64,
        /// Outside the usual series.
        special: bool,
        /// Of a foreign company.
        foreign: bool,
    },
    /// Shares.
    StockDividend {
        /// The symbol.
        symbol: Symbol,
        /// Shares a share.
        rate: f64,
    },
    /// Gains of a fund.
    CapitalGains {
        /// The symbol.
        symbol: Symbol,
        /// Dollars a share, of gains held long.
        long_term_rate: Option<f64>,
        /// Dollars a share, of gains held shortly.
        short_term_rate: Option<f64>,
    },
    /// Shares of a part of the company that becomes its own.
    SpinOff {
        /// What is held.
        source: Part,
        /// What is given for it, beside it.
        new: Part,
    },
    /// Bought for cash.
    CashMerger {
        /// Who is bought.
        acquiree: Symbol,
        /// Who buys, when listed.
        acquirer: Option<Symbol>,
        /// Dollars a share.
        rate: f64,
    },
    /// Bought for shares.
    StockMerger {
        /// Who is bought.
        acquiree: Part,
        /// Who buys.
        acquirer: Part,
    },
    /// Bought for shares and cash.
    StockAndCashMerger {
        /// Who is bought.
        acquiree: Part,
        /// Who buys.
        acquirer: Part,
        /// Dollars a share.
        cash_rate: f64,
    },
    /// Taken back for cash.
    Redemption {
        /// The symbol.
        symbol: Symbol,
        /// Dollars a share.
        rate: f64,
    },
    /// Another symbol for the same shares.
    NameChange {
        /// Before.
        old: Symbol,
        /// After.
        new: Symbol,
    },
    /// Taken off as worth nothing.
    WorthlessRemoval {
        /// The symbol.
        symbol: Symbol,
    },
    /// Rights to buy.
    RightsDistribution {
        /// What is held.
        source: Symbol,
        /// The rights.
        new: Symbol,
        /// Rights a share.
        rate: f64,
    },
    /// What has no word here: partial calls, reorganisations, and kinds to come.
    Other {
        /// The broker's word for the list it stood in.
        kind: String,
        /// The symbol.
        symbol: Symbol,
    },
}

#[derive(Deserialize)]
pub(super) struct Page {
    pub(super) corporate_actions: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(super) next_page_token: Option<String>,
}

impl Alpaca {
    /// Corporate actions that are processed on the days asked for.
    ///
    /// # Errors
    /// When a page cannot be read, or the list does not end.
    pub async fn corporate_actions(&self, query: &CorporateActionQuery) -> Result<CorporateActions, ReadError> {
        let mut all = CorporateActions::default();
        // No symbols at all is one request for everything.
        let chunks: Vec<&[Symbol]> = match query.symbols.as_slice() {
            [] => vec![&[]],
            symbols => symbols.chunks(SYMBOLS_A_REQUEST).collect(),
        };
        for symbols in chunks {
            let get = Get::data(Class::Ordinary, &["v1", "corporate-actions"])
                .with_some("symbols", (!symbols.is_empty()).then(|| comma_separated(symbols)))
                .with_some("types", (!query.kinds.is_empty()).then(|| query.kinds.join(",")))
                .with("start", query.first.to_string())
                .with("end", query.last.to_string())
                .with("limit", PAGE.to_string())
                .with("sort", "asc");
            self.corporate_action_pages(get, &mut all).await?;
        }
        all.read.sort_by_key(|action| action.process_date);
        Ok(all)
    }

    async fn corporate_action_pages(&self, get: Get<'_>, all: &mut CorporateActions) -> Result<(), ReadError> {
        let mut token: Option<String> = None;
        let mut pages = self.pages(PAGES_MAX);
        loop {
            let (page, _): (Page, _) = self.get(pages.next(&get)?.with_some("page_token", token.take())).await?;
            read_into(page.corporate_actions, all);
            token = page.next_page_token.filter(|token| !token.is_empty());
            if token.is_none() {
                return Ok(());
            }
        }
    }
}

/// Row by row, so that one strange row hides no other.
pub(super) fn read_into(lists: BTreeMap<String, Vec<Value>>, all: &mut CorporateActions) {
    for (list, rows) in lists {
        for row in rows {
            let member = |name: &str| row.get(name).and_then(Value::as_str).map(str::to_owned);
            let names = ["symbol", "old_symbol", "source_symbol", "acquiree_symbol", "id"];
            let name = names.into_iter().find_map(member).unwrap_or_default();
            match serde_json::from_value(row).map_err(|error| error.to_string()).and_then(|row| row::action(&list, row))
            {
                Ok(action) => all.read.push(action),
                Err(why) => {
                    tracing::warn!(%name, %why, "left out of the broker's {list}");
                    all.unreadable.push(name);
                }
            }
        }
    }
}
