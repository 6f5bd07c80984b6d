//! What the client may set about its own account: GET and PATCH /v2/account/configurations.
//!
//! Members that a PATCH leaves out, or gives as null, stay as they were; one wrong value changes nothing at all.

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Engine, Response, refusal::Refusal};

/// The settings. Orders obey the first three.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Configurations {
    /// No order that opens is taken.
    pub(super) suspend_trade: bool,
    /// Nothing is sold that is not held.
    pub(super) no_shorting: bool,
    /// Buying power is at most that multiple of equity.
    pub(super) max_margin_multiplier: u32,
    fractional_trading: bool,
    trade_confirm_email: String,
    ptp_no_exception_entry: bool,
    max_options_trading_level: u8,
    disable_overnight_trading: bool,
}

/// What a PATCH may hold.
#[derive(Debug, Default, Deserialize)]
struct Changes {
    suspend_trade: Option<bool>,
    no_shorting: Option<bool>,
    max_margin_multiplier: Option<Value>,
    fractional_trading: Option<bool>,
    trade_confirm_email: Option<String>,
    ptp_no_exception_entry: Option<bool>,
    max_options_trading_level: Option<u8>,
    disable_overnight_trading: Option<bool>,
}

impl Default for Configurations {
    fn default() -> Self {
        Self {
            suspend_trade: false,
            no_shorting: false,
            max_margin_multiplier: 4,
            fractional_trading: true,
            trade_confirm_email: "all".to_owned(),
            ptp_no_exception_entry: false,
            max_options_trading_level: 0,
            disable_overnight_trading: false,
        }
    }
}

impl Configurations {
    fn to_value(&self) -> Value {
        json!({
            "disable_overnight_trading": self.disable_overnight_trading,
            "dtbp_check": "entry",
            "fractional_trading": self.fractional_trading,
            "max_margin_multiplier": self.max_margin_multiplier.to_string(),
            "max_options_trading_level": self.max_options_trading_level,
            "no_shorting": self.no_shorting,
            "pdt_check": "entry",
            "ptp_no_exception_entry": self.ptp_no_exception_entry,
            "suspend_trade": self.suspend_trade,
            "trade_confirm_email": self.trade_confirm_email,
        })
    }

    fn changed(&self, changes: Changes) -> Result<Self, Refusal> {
        let multiplier = match changes.max_margin_multiplier {
            None => self.max_margin_multiplier,
            Some(value) => match value.as_str().map_or_else(|| value.to_string(), str::to_owned).as_str() {
                "1" => 1,
                "2" => 2,
                "4" => 4,
                other => return Err(Refusal::invalid(format!("max_margin_multiplier {other} must be 1, 2 or 4"))),
            },
        };
        let email = changes.trade_confirm_email.unwrap_or_else(|| self.trade_confirm_email.clone());
        if email != "all" && email != "none" {
            return Err(Refusal::invalid("trade_confirm_email must be all or none"));
        }
        let level = changes.max_options_trading_level.unwrap_or(self.max_options_trading_level);
        if level > 3 {
            return Err(Refusal::invalid("max_options_trading_level must be 0 to 3"));
        }
        Ok(Self {
            suspend_trade: changes.suspend_trade.unwrap_or(self.suspend_trade),
            no_shorting: changes.no_shorting.unwrap_or(self.no_shorting),
            max_margin_multiplier: multiplier,
            fractional_trading: changes.fractional_trading.unwrap_or(self.fractional_trading),
            trade_confirm_email: email,
            ptp_no_exception_entry: changes.ptp_no_exception_entry.unwrap_or(self.ptp_no_exception_entry),
            max_options_trading_level: level,
            disable_overnight_trading: changes.disable_overnight_trading.unwrap_or(self.disable_overnight_trading),
        })
    }
}

impl Engine {
    /// Buying power as a multiple of equity: what the account is, within what its client set.
    pub(super) fn multiplier(&self) -> u32 {
        self.config.multiplier.min(self.configurations.max_margin_multiplier).max(1)
    }

    /// Whether shares may be sold that are not held.
    pub(super) fn may_short(&self) -> bool {
        self.config.shorting && !self.configurations.no_shorting
    }

    pub(super) fn configurations(&self) -> Response {
        Response::ok(self.configurations.to_value())
    }

    pub(super) fn configure(&mut self, body: &str) -> Result<Response, Refusal> {
        let changes: Changes = serde_json::from_str(body)
            .map_err(|error| Refusal::malformed(format!("request body format is invalid: {error}")))?;
        self.configurations = self.configurations.changed(changes)?;
        Ok(self.configurations())
    }
}
