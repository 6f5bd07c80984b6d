//! What the live gate looks at.

use market::NyDate;

use crate::{
    Arming, Env, KillSwitch, Layout, OrdersToday, Secret, arming, env,
    record::{self},
    sha256_hex,
};

/// The keys of the live gate, each as far as the decision needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiveEvidence {
    /// Whether `DRY_RUN` says so.
    pub dry_run: bool,
    /// The kill switch.
    pub kill: KillSwitch,
    /// `LIVE_TRADING=1`, or what it is instead.
    pub live_trading: Result<(), String>,
    /// The token equals the one in the state directory, or why not.
    pub token: Result<(), String>,
    /// Whether this account is armed today.
    pub arming: Arming,
    /// Today's orders have their file, or why not.
    pub orders_today: Result<(), String>,
}

impl LiveEvidence {
    /// Reads the keys of a deployment. `today` is the day in New York, or why nobody knows it.
    #[must_use]
    pub fn gather(layout: &Layout, environment: &Env, account: &str, today: Result<NyDate, String>) -> Self {
        let token = environment.secret(&env::LIVE_CONFIRM_TOKEN).map_err(|error| error.to_string());
        let token = token.and_then(|token| token.ok_or_else(|| "LIVE_CONFIRM_TOKEN is missing".to_owned()));
        Self {
            dry_run: environment.read(&env::DRY_RUN).map_or(true, |forced| forced == Some(true)),
            kill: KillSwitch::read(&layout.kill_switch(), environment),
            live_trading: live_trading(environment),
            arming: arming(layout, account, &today, token.as_ref().ok()),
            orders_today: today.and_then(|today| OrdersToday::check(&layout.live_orders_today(), account, today)),
            token: token.and_then(|token| is_confirmed(layout, &token)),
        }
    }
}

fn live_trading(environment: &Env) -> Result<(), String> {
    match environment.read::<bool>(&env::LIVE_TRADING) {
        Ok(Some(true)) => Ok(()),
        Ok(Some(false) | None) => Err("LIVE_TRADING is not 1".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn is_confirmed(layout: &Layout, token: &Secret) -> Result<(), String> {
    let path = layout.live_confirm_token();
    let bytes = record::read_bytes(&path).map_err(|error| error.to_string())?;
    let confirmed = String::from_utf8_lossy(&bytes).trim().to_owned();
    if confirmed.is_empty() {
        return Err(format!("{} is empty", path.display()));
    }
    if arming::is_in_constant_time(&sha256_hex(confirmed.as_bytes()), token) {
        return Ok(());
    }
    Err(format!("LIVE_CONFIRM_TOKEN does not match {}", path.display()))
}

fn arming(layout: &Layout, account: &str, today: &Result<NyDate, String>, token: Option<&Secret>) -> Arming {
    let Some(directory) = layout.arming_dir() else {
        return Arming::NotArmed("PORTCULLIS_ARMING_DIR is not set".to_owned());
    };
    let owner = layout.arming_owner();
    match (today, token) {
        (Err(why), _) => Arming::NotArmed(format!("nobody knows what day it is: {why}")),
        (Ok(today), Some(token)) => Arming::check(owner, directory, account, *today, token),
        (Ok(today), None) => Arming::check(owner, directory, account, *today, &Secret::empty()),
    }
}
