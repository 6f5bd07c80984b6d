//! GET /v2/assets, all or one: what is listed, and what may be done with it.

use market::Symbol;
use serde_json::{Value, json};

use super::{
    Engine, Response,
    query::{Asked, Query},
    refusal::Refusal,
    render,
};

const EXCHANGES: &[&str] = &["AMEX", "ARCA", "BATS", "NYSE", "NASDAQ", "NYSEARCA", "OTC", "CRYPTO"];
const CLASSES: &[&str] = &[
    "us_equity",
    "us_option",
    "crypto",
    "crypto_perp",
    "treasury",
    "corporate",
    "global_equity",
    "us_index",
    "us_equity_chain",
    "ipo",
];

impl Engine {
    /// Sorted by exchange and symbol; there is one class only.
    pub(super) fn assets(&self, query: &Query) -> Result<Response, Refusal> {
        let asked = Asked::trading(query);
        let status = asked.one_of("status", &["active", "inactive", "all"])?.filter(|status| *status != "all");
        let exchange = asked.one_of("exchange", EXCHANGES)?;
        let class = asked.one_of("asset_class", CLASSES)?;
        // No asset here has an attribute.
        if class.is_some_and(|class| class != "us_equity") || asked.get("attributes").is_some() {
            return Ok(Response::ok(json!([])));
        }
        let mut symbols: Vec<Symbol> = self.known_symbols().collect();
        symbols.retain(|symbol| {
            let traits = self.tape.traits(*symbol);
            status.is_none_or(|status| (status == "active") == traits.active)
                && exchange.is_none_or(|exchange| exchange == traits.exchange)
        });
        symbols.sort_by_key(|symbol| (self.tape.traits(*symbol).exchange, *symbol));
        Ok(Response::ok(symbols.into_iter().map(|symbol| self.asset_json(symbol)).collect()))
    }

    pub(super) fn asset(&self, name: &str) -> Result<Response, Refusal> {
        let symbol = self.asset_named(name);
        let missing = || Refusal::not_found(format!("asset not found for {name}"));
        symbol.map(|symbol| Response::ok(self.asset_json(symbol))).ok_or_else(missing)
    }

    /// Listed symbols, and those that have traits although they do not trade.
    fn known_symbols(&self) -> impl Iterator<Item = Symbol> {
        let traits = self.tape.market().traits.keys();
        let unlisted = traits.filter(|symbol| !self.tape.is_listed(**symbol));
        self.tape.symbols().iter().chain(unlisted).copied()
    }

    /// The symbol of a name, which is a symbol or the id of an asset.
    pub(super) fn asset_named(&self, name: &str) -> Option<Symbol> {
        let known = |symbol: &Symbol| self.tape.is_listed(*symbol) || self.tape.market().traits.contains_key(symbol);
        let symbol = Symbol::new(name).ok().filter(known);
        symbol.or_else(|| render::symbol_of_asset(name).filter(known))
    }

    fn asset_json(&self, symbol: Symbol) -> Value {
        let traits = self.tape.traits(symbol);
        let name = if traits.name.is_empty() { symbol.as_str() } else { &traits.name };
        json!({
            "id": render::asset_id(symbol.as_str()),
            "class": "us_equity",
            "cusip": null,
            "exchange": traits.exchange,
            "symbol": symbol,
            "name": name,
            "status": if traits.active { "active" } else { "inactive" },
            "tradable": traits.tradable,
            "marginable": true,
            "maintenance_margin_requirement": 30,
            "margin_requirement_long": "30",
            "margin_requirement_short": "30",
            "shortable": traits.shortable,
            "easy_to_borrow": traits.shortable,
            "borrow_status": if traits.shortable { "easy_to_borrow" } else { "hard_to_borrow" },
            "fractionable": traits.fractionable,
            "attributes": [],
        })
    }
}
