//! What the broker trades.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use market::Symbol;
use serde::Deserialize;

use super::{Alpaca, decode, endpoint::Get, governor::Class, validate::Violation};
use crate::{Opens, ReadError};

/// Assets remembered, so that an opening asks once a symbol; more than a day ever opens.
const REMEMBERED_MAX: usize = 5_000;
/// So long "not traded" is taken for an answer.
const NO_HOLDS: Duration = Duration::from_secs(15 * 60);

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

/// What the broker said of a symbol.
#[derive(Clone, Debug)]
pub(super) struct Learned {
    /// `None` when it knows no such symbol.
    pub(super) asset: Option<Asset>,
    at: Instant,
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

    /// As [`crate::Broker::learn_assets`]. One symbol without an answer keeps no other from being asked about.
    ///
    /// # Errors
    /// The first of those there were.
    pub async fn learn_assets(&self, symbols: &[Symbol]) -> Result<(), ReadError> {
        let mut first = Ok(());
        for symbol in symbols {
            if !self.learned(*symbol).is_none_or(|learned| learned.is_due(Instant::now())) {
                continue;
            }
            let learned = self.asset(*symbol).await.map(|asset| self.keep(*symbol, asset));
            first = first.and(learned);
        }
        first
    }

    /// As [`crate::Broker::opens`].
    #[must_use]
    pub fn opens(&self, symbol: Symbol) -> Opens {
        match self.learned(symbol) {
            None => Opens::NotKnown,
            Some(Learned { asset: None, .. }) => Opens::No(Violation::UnknownAsset { symbol }.to_string()),
            Some(Learned { asset: Some(asset), .. }) if !asset.trades() => {
                let why = if asset.is_active { "not traded by the broker" } else { "not listed any more" };
                Opens::No(Violation::Asset { symbol, why }.to_string())
            }
            Some(Learned { asset: Some(_), .. }) => Opens::Yes,
        }
    }

    /// What is remembered of a symbol.
    pub(super) fn learned(&self, symbol: Symbol) -> Option<Learned> {
        self.remember(|assets| assets.get(&symbol).cloned())
    }

    fn keep(&self, symbol: Symbol, asset: Option<Asset>) {
        self.remember(|assets| {
            if assets.len() >= REMEMBERED_MAX {
                assets.clear();
            }
            assets.insert(symbol, Learned { asset, at: Instant::now() });
        });
    }

    fn remember<T>(&self, with: impl FnOnce(&mut BTreeMap<Symbol, Learned>) -> T) -> T {
        with(&mut self.assets.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
    }
}

impl Asset {
    fn trades(&self) -> bool {
        self.is_active && self.is_tradable
    }
}

impl Learned {
    /// What trades is believed to go on trading; what does not may do so later.
    fn is_due(&self, now: Instant) -> bool {
        !self.asset.as_ref().is_some_and(Asset::trades) && now.duration_since(self.at) >= NO_HOLDS
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

#[cfg(test)]
mod tests {
    use super::*;

    fn stock(tradable: bool, status: &str) -> Asset {
        let body = format!(
            r#"{{"id":"a","class":"us_equity","exchange":"NYSE","symbol":"A","status":"{status}","tradable":{tradable}}}"#
        );
        asset(serde_json::from_str(&body).unwrap()).unwrap()
    }

    #[test]
    fn what_does_not_trade_is_asked_about_again_after_a_while() {
        let at = Instant::now();
        for (asset, is_due) in [
            (Some(stock(true, "active")), false),
            (Some(stock(false, "active")), true),
            (Some(stock(true, "inactive")), true),
            (None, true),
        ] {
            let learned = Learned { asset, at };
            assert!(!learned.is_due(at + NO_HOLDS - Duration::from_nanos(1)), "{learned:?}");
            assert_eq!(learned.is_due(at + NO_HOLDS), is_due, "{learned:?}");
        }
    }
}
