//! What the venue trades, one by one: GET /v2/assets/{symbol}.

use market::Symbol;
use serde_json::json;

use super::{Engine, Response, refusal::Refusal, render};

impl Engine {
    pub(super) fn asset(&self, name: &str) -> Result<Response, Refusal> {
        let missing = || Refusal::not_found(format!("asset not found for {name}"));
        let symbol = Symbol::new(name).ok().filter(|symbol| self.tape.is_listed(*symbol)).ok_or_else(missing)?;
        let traits = self.tape.traits(symbol);
        Ok(Response::ok(json!({
            "id": render::asset_id(symbol.as_str()),
            "class": "us_equity",
            "exchange": traits.exchange,
            "symbol": symbol,
            "name": traits.name,
            "status": if traits.active { "active" } else { "inactive" },
            "tradable": traits.tradable,
            "marginable": true,
            "shortable": traits.shortable,
            "easy_to_borrow": traits.shortable,
            "borrow_status": if traits.shortable { "easy_to_borrow" } else { "hard_to_borrow" },
            "fractionable": traits.fractionable,
            "attributes": [],
        })))
    }
}
