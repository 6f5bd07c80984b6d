//! GET /v2/positions, all or one. A short position has a quantity, a cost and a value below zero. With a lag they are
//! those before every fill and split that is younger, at the latest prices.

use std::collections::BTreeMap;

use market::{Qty, Symbol, Usd};
use serde_json::{Value, json};

use super::{Engine, Holding, Response, refusal::Refusal, render};

impl Engine {
    pub(super) fn positions(&mut self) -> Value {
        let holdings = self.holdings_told();
        holdings.into_iter().filter_map(|(symbol, holding)| self.position_json(symbol, holding)).collect()
    }

    /// By symbol or by asset id.
    pub(super) fn position(&mut self, name: &str) -> Result<Response, Refusal> {
        let symbol = self.asset_named(name);
        let held = symbol.and_then(|symbol| Some((symbol, *self.holdings_told().get(&symbol)?)));
        let found = held.and_then(|(symbol, holding)| self.position_json(symbol, holding));
        found.map(Response::ok).ok_or_else(|| Refusal::not_found("position does not exist"))
    }

    /// What is held, as the lag lets it be known.
    fn holdings_told(&self) -> BTreeMap<Symbol, Holding> {
        let lag = self.config.lag.positions;
        if lag.is_zero() { self.book.holdings().clone() } else { self.holdings_at(self.now - lag) }
    }

    fn position_json(&mut self, symbol: Symbol, holding: Holding) -> Option<Value> {
        let sign = |amount: Usd| if holding.short { -amount } else { amount };
        let last = self.last_price(symbol)?;
        let before = self.tape.close_before(symbol, self.now).unwrap_or(last);
        let (cost, value) = (sign(holding.cost), sign(last.notional(holding.qty)));
        let overnight = self.previous_close().held.contains_key(&symbol);
        let value_before = if overnight { sign(before.notional(holding.qty)) } else { cost };
        let available = holding.qty.minus_or_zero(self.book.held_for_orders(symbol));
        Some(json!({
            "asset_id": render::asset_id(symbol.as_str()),
            "asset_class": "us_equity",
            "asset_marginable": self.config.multiplier > 1,
            "exchange": self.tape.traits(symbol).exchange,
            "symbol": symbol,
            "side": if holding.short { "short" } else { "long" },
            "qty": signed(holding.qty, holding.short),
            "qty_available": signed(available, holding.short),
            "avg_entry_price": render::average(holding.cost, holding.qty),
            "cost_basis": cost,
            "market_value": value,
            "current_price": last,
            "lastday_price": before,
            "change_today": render::ratio(last.minus(before), before.into()),
            "unrealized_pl": value - cost,
            "unrealized_plpc": render::ratio(value - cost, holding.cost),
            "unrealized_intraday_pl": value - value_before,
            "unrealized_intraday_plpc": render::ratio(value - value_before, value_before.max(-value_before)),
        }))
    }
}

fn signed(qty: Qty, negative: bool) -> String {
    if negative && !qty.is_zero() { format!("-{qty}") } else { qty.to_string() }
}
