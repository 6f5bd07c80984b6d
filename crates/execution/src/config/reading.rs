//! Reading the environment: every value once, every problem kept.

use std::{ffi::OsString, fmt, net::SocketAddr};

use broker::alpaca::{BaseUrl, Keys, data_address};
use contract::{
    Env, Mode, env,
    foreign::{self, Finding},
    loopback_url,
};
use market::{NaiveTime, TimeDelta};
use trading::{limits::Limits, order::AccountId, polling::Pace};

use super::expected;
use crate::manifest::Installed;

/// An environment being read.
pub(super) struct Reading<'a> {
    environment: &'a Env,
    mode: Mode,
    /// What leaves nothing that could be done.
    pub problems: Vec<String>,
    /// What makes openings unsafe, and nothing else.
    pub reservations: Vec<String>,
    /// What was odd and has a safe default.
    pub warnings: Vec<String>,
}

impl<'a> Reading<'a> {
    pub fn of(environment: &'a Env, mode: Mode) -> Self {
        let mut warnings = Vec::new();
        let _ = Mode::from_env(environment, &mut warnings);
        Self { environment, mode, problems: Vec::new(), reservations: Vec::new(), warnings }
    }

    pub fn checked<T, E: fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.problems.push(error.to_string())).ok()
    }

    pub fn required(&mut self, variable: &env::Variable) -> Option<String> {
        let text = self.checked(self.environment.text(variable))?.map(str::to_owned);
        if text.is_none() {
            self.problems.push(format!("{} is not set", variable.name));
        }
        text
    }

    pub fn url(&mut self, variable: &env::Variable) -> Option<BaseUrl> {
        let text = self.required(variable)?;
        text.parse().map_err(|error| self.problems.push(format!("{}: {error}", variable.name))).ok()
    }

    pub fn keys(&mut self) -> Option<Keys> {
        let directory = self.checked(self.environment.path(&env::CREDENTIALS_DIRECTORY))?;
        let value = |name: &str| self.environment.text(env::variable(name)?).ok().flatten().map(OsString::from);
        let keys = Keys::read(directory.as_deref(), value);
        keys.map_err(|wrong| self.problems.extend(wrong.0.iter().map(ToString::to_string))).ok()
    }

    /// PAPER never reaches real money and LIVE no play money, whatever a drop-in says. The client's own rule, asked here
    /// too: what the check lets pass must start.
    pub fn one_money(&mut self, trading: Option<&BaseUrl>, data: Option<&BaseUrl>, account: Option<&AccountId>) {
        let (Some(trading), Some(data), Some(account)) = (trading, data, account) else { return };
        let expected = expected(self.mode, trading, account);
        let verdict = expected.map_or(Ok(()), |expected| expected.check_addresses(trading, data));
        self.problems.extend(verdict.err().map(|mismatch| format!("EXECUTION_MODE={}: {mismatch}", self.mode)));
    }

    /// The market data address. Openings need it and protection does not: in the place of one that cannot be used there is
    /// the one that belongs to the trading address, and a reservation.
    pub fn data_url(&mut self, trading: Option<&BaseUrl>) -> Option<BaseUrl> {
        let variable = &env::APCA_API_DATA_URL;
        let text = self.environment.text(variable).map_err(|error| error.to_string());
        let text = text.and_then(|text| text.ok_or_else(|| format!("{} is not set", variable.name)));
        let given =
            text.and_then(|text| text.parse::<BaseUrl>().map_err(|error| format!("{}: {error}", variable.name)));
        let why = match (given, trading) {
            (Ok(data), Some(trading)) if !self.belongs(&data, trading) => {
                format!("EXECUTION_MODE={}: trading at {trading} with the market data address {data}", self.mode)
            }
            (Ok(data), _) => return Some(data),
            (Err(why), _) => why,
        };
        self.reservations.push(why);
        trading.map(data_address)
    }

    fn belongs(&self, data: &BaseUrl, trading: &BaseUrl) -> bool {
        let both_here = trading.is_loopback() && data.is_loopback();
        match (self.is_on_a_venues_clock(), self.mode) {
            (true, _) => data_address(trading) == *data,
            (false, Mode::DryRun) => true,
            (false, Mode::Paper | Mode::Live) => both_here || data_address(trading) == *data,
        }
    }

    fn is_on_a_venues_clock(&self) -> bool {
        self.environment.text(&env::PORTCULLIS_CLOCK).ok().flatten() == Some("venue")
    }

    /// A rehearsal's clock is possible on a loopback broker only. Market data is then that venue's too.
    pub fn venue(&mut self, trading: Option<&BaseUrl>) -> Option<SocketAddr> {
        let trading = trading.filter(|_| self.is_on_a_venues_clock())?;
        let venue = loopback_url(&trading.to_string());
        if venue.is_none() {
            self.problems.push("PORTCULLIS_CLOCK=venue needs a trading address on loopback".into());
        }
        venue
    }

    pub fn limits(&mut self) -> Limits {
        let defaults = Limits::default();
        let delay: u32 = self.lenient(&env::ENTRY_DELAY_AFTER_OPEN_MINUTES);
        let settle: u32 = self.lenient(&env::MARKET_SETTLE_MINUTES);
        let arming: u32 = self.lenient(&env::MIN_EXIT_ARMING_SECONDS);
        Limits {
            orders_per_day: self.limit(&env::MAX_LIVE_ORDERS_PER_DAY, defaults.orders_per_day),
            positions: self.limit(&env::MAX_LIVE_POSITIONS, defaults.positions),
            gross_notional: self.limit(&env::MAX_LIVE_GROSS_NOTIONAL, defaults.gross_notional),
            symbol_notional: self.limit(&env::MAX_LIVE_NOTIONAL_PER_SYMBOL, defaults.symbol_notional),
            risk_per_trade: self.limit(&env::RISK_PER_TRADE_BPS, defaults.risk_per_trade),
            allowlist: self.limit(&env::ALLOWLIST_SYMBOLS, defaults.allowlist.clone()),
            entry_delay: TimeDelta::minutes(i64::from(delay.max(settle))),
            exit_arming: TimeDelta::seconds(i64::from(arming)),
            ..defaults
        }
    }

    pub fn pace(&mut self) -> Pace {
        let mut seconds = |variable| TimeDelta::seconds(i64::from(self.lenient::<u32>(variable).clamp(1, 3_600)));
        let base = seconds(&env::EXECUTION_POLL_SECONDS);
        let market = seconds(&env::EXECUTION_POLL_MARKET_SECONDS);
        let tight = seconds(&env::EXECUTION_POLL_TIGHT_SECONDS);
        let tight_start: NaiveTime = self.lenient(&env::EXECUTION_POLL_TIGHT_START_ET);
        let tight_end: NaiveTime = self.lenient(&env::EXECUTION_POLL_TIGHT_END_ET);
        Pace { base, market, tight, tight_start, tight_end, ..Pace::default() }
    }

    /// What the unit was rendered from. Nothing, or what cannot be read, agrees with no installed manifest.
    pub fn manifest(&mut self) -> Option<Installed> {
        let path = self.environment.path(&env::PORTCULLIS_MANIFEST).map_err(|error| error.to_string());
        let digest = self.environment.text(&env::PORTCULLIS_MANIFEST_DIGEST).map_err(|error| error.to_string());
        let why = match (path, digest) {
            (Ok(Some(path)), Ok(Some(digest))) => return Some(Installed { path, digest: digest.to_owned() }),
            (Ok(None), Ok(None)) => return None,
            (Err(why), _) | (_, Err(why)) => why,
            (Ok(_), Ok(_)) => "PORTCULLIS_MANIFEST and PORTCULLIS_MANIFEST_DIGEST come together".to_owned(),
        };
        self.reservations.push(why);
        None
    }

    /// What operators bring along from the systems before, and what looks like a limit and is none.
    pub fn names_of_others(&mut self) {
        for finding in foreign::judge(self.environment, self.mode) {
            match finding {
                Finding::Warning(text) => self.warnings.push(text),
                Finding::Refusal(text) => self.reservations.push(text),
            }
        }
        for name in foreign::unknown_limits(self.environment) {
            let known = env::VARIABLES.iter().map(|known| known.name);
            let meant = manifest::nearest(&name.to_ascii_uppercase(), known);
            let hint = meant.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
            self.reservations.push(format!("{name} is set and nothing reads it{hint}"));
        }
    }

    /// A limit: with a value that cannot be read nothing is opened.
    fn limit<T: env::Setting>(&mut self, variable: &env::Variable, default: T) -> T {
        match self.environment.read(variable) {
            Ok(value) => value.unwrap_or(default),
            Err(error) => {
                self.reservations.push(error.to_string());
                default
            }
        }
    }

    /// A pace or delay: a value that cannot be read is a warning, and the default holds.
    fn lenient<T: env::Setting>(&mut self, variable: &env::Variable) -> T {
        let mut warnings = Vec::new();
        let value = self.environment.read_or_default(variable, &mut warnings);
        self.warnings.extend(warnings.into_iter().map(|warning| format!("{warning}; the default holds")));
        value
    }
}
