//! One row of the list: the members of all kinds in one, and what the kind makes of them.

use market::{NyDate, Symbol};
use serde::{Deserialize, Deserializer};

use super::{CorporateAction, CorporateEvent, Part};

/// The members of all kinds; which are there depends on the kind.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Row {
    id: String,
    process_date: Option<NyDate>,
    ex_date: Option<NyDate>,
    effective_date: Option<NyDate>,
    record_date: Option<NyDate>,
    payable_date: Option<NyDate>,
    symbol: Option<String>,
    old_symbol: Option<String>,
    new_symbol: Option<String>,
    alternate_symbol: Option<String>,
    source_symbol: Option<String>,
    acquiree_symbol: Option<String>,
    acquirer_symbol: Option<String>,
    #[serde(deserialize_with = "rate")]
    rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    old_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    new_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    alternate_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    source_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    acquiree_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    acquirer_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    cash_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    long_term_rate: Option<f64>,
    #[serde(deserialize_with = "rate")]
    short_term_rate: Option<f64>,
    special: bool,
    foreign: bool,
}

pub(super) fn action(list: &str, row: Row) -> Result<CorporateAction, String> {
    Ok(CorporateAction {
        process_date: row.process_date.ok_or("without process_date")?,
        effective_date: row.ex_date.or(row.effective_date),
        record_date: row.record_date,
        payable_date: row.payable_date,
        event: event(list, &row)?,
        id: row.id,
    })
}

fn event(list: &str, row: &Row) -> Result<CorporateEvent, String> {
    let split_rates = || Ok::<_, String>((number(row.new_rate, "new_rate")?, number(row.old_rate, "old_rate")?));
    Ok(match list {
        "forward_splits" => {
            let (new_rate, old_rate) = split_rates()?;
            CorporateEvent::ForwardSplit { symbol: symbol(&row.symbol)?, new_rate, old_rate }
        }
        "reverse_splits" => {
            let (new_rate, old_rate) = split_rates()?;
            let new_symbol = given(&row.new_symbol);
            CorporateEvent::ReverseSplit { symbol: symbol(&row.symbol)?, new_symbol, new_rate, old_rate }
        }
        "unit_splits" => CorporateEvent::UnitSplit {
            old: part(&row.old_symbol, row.old_rate)?,
            new: part(&row.new_symbol, row.new_rate)?,
            alternate: part(&row.alternate_symbol, row.alternate_rate)?,
        },
        "cash_dividends" => CorporateEvent::CashDividend {
            symbol: symbol(&row.symbol)?,
            rate: number(row.rate, "rate")?,
            special: row.special,
            foreign: row.foreign,
        },
        "stock_dividends" => {
            CorporateEvent::StockDividend { symbol: symbol(&row.symbol)?, rate: number(row.rate, "rate")? }
        }
        "capital_gains_distributions" => CorporateEvent::CapitalGains {
            symbol: symbol(&row.symbol)?,
            long_term_rate: row.long_term_rate,
            short_term_rate: row.short_term_rate,
        },
        "spin_offs" => CorporateEvent::SpinOff {
            source: part(&row.source_symbol, row.source_rate)?,
            new: part(&row.new_symbol, row.new_rate)?,
        },
        "redemptions" => CorporateEvent::Redemption { symbol: symbol(&row.symbol)?, rate: number(row.rate, "rate")? },
        "name_changes" => CorporateEvent::NameChange { old: symbol(&row.old_symbol)?, new: symbol(&row.new_symbol)? },
        "worthless_removals" => CorporateEvent::WorthlessRemoval { symbol: symbol(&row.symbol)? },
        "rights_distributions" => CorporateEvent::RightsDistribution {
            source: symbol(&row.source_symbol)?,
            new: symbol(&row.new_symbol)?,
            rate: number(row.rate, "rate")?,
        },
        "cash_mergers" | "stock_mergers" | "stock_and_cash_mergers" => merger(list, row)?,
        other => CorporateEvent::Other { kind: other.to_owned(), symbol: symbol(&row.symbol)? },
    })
}

fn merger(list: &str, row: &Row) -> Result<CorporateEvent, String> {
    if list == "cash_mergers" {
        let (acquiree, acquirer) = (symbol(&row.acquiree_symbol)?, given(&row.acquirer_symbol));
        return Ok(CorporateEvent::CashMerger { acquiree, acquirer, rate: number(row.rate, "rate")? });
    }
    let acquiree = part(&row.acquiree_symbol, row.acquiree_rate)?;
    let acquirer = part(&row.acquirer_symbol, row.acquirer_rate)?;
    Ok(match list {
        "stock_mergers" => CorporateEvent::StockMerger { acquiree, acquirer },
        _ => {
            let cash_rate = number(row.cash_rate, "cash_rate")?;
            CorporateEvent::StockAndCashMerger { acquiree, acquirer, cash_rate }
        }
    })
}

fn part(name: &Option<String>, rate: Option<f64>) -> Result<Part, String> {
    Ok(Part { symbol: symbol(name)?, rate: number(rate, "rate")? })
}

fn symbol(name: &Option<String>) -> Result<Symbol, String> {
    Symbol::new(name.as_deref().unwrap_or_default()).map_err(|error| error.to_string())
}

/// A symbol that need not be there; one that cannot be written here is as good as none.
fn given(name: &Option<String>) -> Option<Symbol> {
    Symbol::new(name.as_deref()?).ok()
}

/// A rate of zero or less would make shares of nothing, or nothing of shares.
fn number(rate: Option<f64>, what: &str) -> Result<f64, String> {
    let rate = rate.ok_or_else(|| format!("without {what}"))?;
    if rate.is_finite() && rate > 0.0 { Ok(rate) } else { Err(format!("{what} is {rate}")) }
}

/// A number, or its text.
fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(String),
    }
    match Option::<Either>::deserialize(deserializer)? {
        None => Ok(None),
        Some(Either::Number(number)) => Ok(Some(number)),
        Some(Either::Text(text)) => text.parse().map(Some).map_err(serde::de::Error::custom),
    }
}
