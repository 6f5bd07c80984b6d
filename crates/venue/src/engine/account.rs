//! GET /v2/account: cash, equity, margin and buying power. Amounts are strings.
//!
//! Margin is reckoned simply: half of what is held or owed to begin with, three tenths to keep it; a cash account pays in
//! full. Nothing is told here that has no part in this venue but is required: fees, transfers, options.

use market::{Qty, Symbol, Usd};
use serde_json::{Value, json};

use super::{Engine, render};

/// Of the value of positions, to keep them, in hundredths.
const MAINTENANCE_PERCENT: i64 = 30;

/// What is held and owed, at the latest prices; both zero or more.
#[derive(Clone, Copy, Default)]
pub(super) struct Values {
    pub(super) long: Usd,
    pub(super) short: Usd,
}

impl Engine {
    /// Cash and what is held, less what is owed.
    pub fn equity(&mut self) -> Usd {
        let values = self.values();
        self.book.cash() + values.long - values.short
    }

    pub(super) fn values(&mut self) -> Values {
        let holdings: Vec<(Symbol, Qty, bool)> =
            self.book.holdings().iter().map(|(symbol, holding)| (*symbol, holding.qty, holding.short)).collect();
        let mut values = Values::default();
        for (symbol, qty, short) in holdings {
            let Some(price) = self.last_price(symbol) else { continue };
            let side = if short { &mut values.short } else { &mut values.long };
            *side += price.notional(qty);
        }
        values
    }

    pub(super) fn account(&mut self) -> Value {
        let values = self.values();
        let cash = self.book.cash();
        let equity = cash + values.long - values.short;
        let (buying_power, multiplier) = (self.buying_power(), self.multiplier());
        let size = values.long + values.short;
        let initial = if multiplier > 1 { percent(size, 50) } else { size };
        let of_multiple = |part: u32| Usd::from_units(buying_power.units() * i64::from(part) / i64::from(multiplier));
        let previous = self.previous_close();
        json!({
            "id": render::asset_id(&self.config.account),
            "account_number": self.config.account,
            "status": "ACTIVE",
            "crypto_status": "INACTIVE",
            "currency": "USD",
            "cash": cash,
            "equity": equity,
            "portfolio_value": equity,
            "last_equity": previous.equity,
            "balance_asof": previous.date,
            "buying_power": buying_power,
            "regt_buying_power": of_multiple(multiplier.min(2)),
            "daytrading_buying_power": if multiplier == 4 { buying_power } else { Usd::ZERO },
            "non_marginable_buying_power": of_multiple(1),
            "effective_buying_power": buying_power,
            "options_buying_power": "0",
            "options_approved_level": 0,
            "options_trading_level": 0,
            "long_market_value": values.long,
            "short_market_value": -values.short,
            "position_market_value": size,
            "initial_margin": initial,
            "maintenance_margin": percent(size, MAINTENANCE_PERCENT),
            "last_maintenance_margin": percent(previous.value, MAINTENANCE_PERCENT),
            "sma": "0",
            "multiplier": multiplier.to_string(),
            "accrued_fees": "0",
            "intraday_adjustments": "0",
            "pending_reg_taf_fees": "0",
            "pending_transfer_in": "0",
            "pending_transfer_out": "0",
            "daytrade_count": 0,
            "pattern_day_trader": false,
            "trading_blocked": false,
            "transfers_blocked": false,
            "account_blocked": false,
            "trade_suspended_by_user": self.configurations.suspend_trade,
            "shorting_enabled": self.may_short(),
            "created_at": "2017-01-03T14:30:00Z",
        })
    }
}

fn percent(amount: Usd, hundredths: i64) -> Usd {
    let units = i128::from(amount.units()) * i128::from(hundredths) / 100;
    Usd::from_units(i64::try_from(units).unwrap_or(i64::MAX))
}
