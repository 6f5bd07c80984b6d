//! What the broker trades.

use std::collections::BTreeMap;

use market::Symbol;
use serde::Deserialize;

use super::{Alpaca, decode, endpoint::Get, governor::Class};
use crate::ReadError;

/// Assets remembered, so that an opening asks once a symbol; more than a day ever opens.
const REMEMBERED_MAX: usize = 5_000;

/// Which assets to list; `None` does not filter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetFilter {
    /// Those that trade (true) or no longer do (false).
    pub active: Option<bool>,
    /// The broker's word, such as `us_equity`, which is also what no word means.
    pub class: Option<String>,
    /// The broker's word, such as `NYSE`.
    pub exchange: Option<String>,
    /// The broker's words, such as `has_options`: those with any of them.
    pub attributes: Vec<String>,
}

/// Something that can be traded, or could be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asset {
    /// The broker's id.
    pub id: String,
    /// The broker's word for what it is.
    pub class: String,
    /// The broker's word for where it is listed.
    pub exchange: String,
    /// The symbol.
    pub symbol: Symbol,
    /// The company or fund.
    pub name: String,
    /// Whether it is listed still.
    pub is_active: bool,
    /// Whether the broker trades it.
    pub is_tradable: bool,
    /// Whether it can be bought on margin.
    pub is_marginable: bool,
    /// Whether it can be sold short.
    pub is_shortable: bool,
    /// Whether shares to sell short are easy to find.
    pub is_easy_to_borrow: bool,
    /// Whether fractions of a share trade.
    pub is_fractionable: bool,
    /// What else the broker says of it.
    pub attributes: Vec<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct AssetBody {
    id: String,
    #[serde(rename = "class")]
    class: String,
    exchange: String,
    symbol: String,
    #[serde(default)]
    name: Option<String>,
    status: String,
    tradable: bool,
    #[serde(default)]
    marginable: bool,
    #[serde(default)]
    shortable: bool,
    #[serde(default)]
    easy_to_borrow: Option<bool>,
    #[serde(default)]
    borrow_status: Option<String>,
    #[serde(default)]
    fractionable: bool,
    #[serde(default)]
    attributes: Option<Vec<String>>,
}

impl Alpaca {
    /// Assets whose symbols we have words for.
    ///
    /// # Errors
    /// When there is no answer, or not one that is understood.
    pub async fn assets(&self, filter: &AssetFilter) -> Result<Vec<Asset>, ReadError> {
        let status = filter.active.map(|active| if active { "active" } else { "inactive" });
        let attributes = (!filter.attributes.is_empty()).then(|| filter.attributes.join(","));
        let get = Get::trading(Class::Ordinary, &["v2", "assets"])
            .with_some("status", status)
            .with_some("asset_class", filter.class.as_ref())
            .with_some("exchange", filter.exchange.as_ref())
            .with_some("attributes", attributes);
        let (rows, _) = self.get(get).await?;
        Ok(decode::rows("assets", rows, asset).read)
    }

    /// One asset; `None` when the broker knows none of that symbol.
    ///
    /// # Errors
    /// As [`Alpaca::assets`].
    pub async fn asset(&self, symbol: Symbol) -> Result<Option<Asset>, ReadError> {
        let path = ["v2", "assets", symbol.as_str()];
        let Some((body, endpoint)) = self.find(Get::trading(Class::Ordinary, &path)).await? else { return Ok(None) };
        asset(body).map(Some).map_err(|why| endpoint.undecodable(why))
    }

    /// As [`Alpaca::asset`], from memory when it could be traded the last time.
    pub(super) async fn remembered_asset(&self, symbol: Symbol) -> Result<Option<Asset>, ReadError> {
        let known = self.remember(|assets| assets.get(&symbol).cloned());
        if known.is_some() {
            return Ok(known);
        }
        let asset = self.asset(symbol).await?;
        if let Some(asset) = asset.as_ref().filter(|asset| asset.is_active && asset.is_tradable) {
            self.remember(|assets| {
                if assets.len() >= REMEMBERED_MAX {
                    assets.clear();
                }
                assets.insert(symbol, asset.clone());
            });
        }
        Ok(asset)
    }

    fn remember<T>(&self, with: impl FnOnce(&mut BTreeMap<Symbol, Asset>) -> T) -> T {
        with(&mut self.assets.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

pub(super) fn asset(body: AssetBody) -> Result<Asset, String> {
    let easy = body.borrow_status.map(|status| status == "easy_to_borrow");
    Ok(Asset {
        symbol: Symbol::new(&body.symbol).map_err(|error| error.to_string())?,
        id: body.id,
        class: body.class,
        exchange: body.exchange,
        name: body.name.unwrap_or_default(),
        is_active: body.status == "active",
        is_tradable: body.tradable,
        is_marginable: body.marginable,
        is_shortable: body.shortable,
        is_easy_to_borrow: easy.or(body.easy_to_borrow).unwrap_or(false),
        is_fractionable: body.fractionable,
        attributes: body.attributes.unwrap_or_default(),
    })
}
