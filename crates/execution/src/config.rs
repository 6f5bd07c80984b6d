//! The configuration of a process: from environment and credentials, checked whole before anything starts.

use std::{ffi::OsString, fmt, net::SocketAddr, path::PathBuf};

use broker::alpaca::{BaseUrl, Environment, Expected, Keys};
use contract::{Env, Layout, Mode, env, loopback_url};
use market::{Bps, Feed, NaiveTime, TimeDelta, Usd};
use secrecy::SecretString;
use thiserror::Error;
use trading::{
    limits::Limits,
    order::{AccountId, Strategy},
    polling::Pace,
};

use crate::manifest::Installed;

/// What `--config-check` does not say.
pub const SCOPE_NOTE: &str = "This checks the configuration only (environment, credentials, paths), offline. It says \
nothing about the watchlist, the scan, the market or the broker: a good configuration is not a safe day.";

/// Everything a process is told.
pub struct Config {
    /// Where orders go.
    pub mode: Mode,
    /// The account it may act for.
    pub account: AccountId,
    /// The name its intents carry.
    pub strategy: Strategy,
    /// Trading address.
    pub base_url: BaseUrl,
    /// Market data address.
    pub data_url: BaseUrl,
    /// Key id.
    pub key_id: SecretString,
    /// Key secret.
    pub secret_key: SecretString,
    /// Files.
    pub layout: Layout,
    /// The ledger: a dry run has its own.
    pub database: PathBuf,
    /// Limits.
    pub limits: Limits,
    /// Pace of the loop.
    pub pace: Pace,
    /// The rehearsal's venue, when time comes from it.
    pub venue: Option<SocketAddr>,
    /// The manifest this unit was rendered from.
    pub manifest: Option<Installed>,
    /// What was odd and has a safe default.
    pub warnings: Vec<String>,
}

/// Everything that is wrong, at once.
#[derive(Debug, Error)]
#[error("the configuration cannot be used: {}", .0.join("; "))]
pub struct Problems(pub Vec<String>);

impl Config {
    /// Reads and checks.
    ///
    /// # Errors
    /// All problems at once.
    pub fn from_env(environment: &Env) -> Result<Self, Problems> {
        let mut reading = Reading { environment, problems: Vec::new(), warnings: Vec::new() };
        let mode = Mode::from_env(environment, &mut reading.warnings);
        let account =
            reading.required(&env::PORTCULLIS_ACCOUNT).and_then(|text| reading.checked(text.parse::<AccountId>()));
        let base_url = reading.url(&env::APCA_API_BASE_URL);
        let data_url = reading.url(&env::APCA_API_DATA_URL);
        let keys = reading.keys();
        let layout = reading.checked(Layout::from_env(environment));
        let limits = reading.limits();
        let pace = reading.pace();
        let manifest = reading.manifest();
        let venue = reading.venue();
        reading.without_effect(&env::LIVE_TRADING, "LIVE is not part of this release");
        if mode == Mode::Paper {
            reading.paper_only(base_url.as_ref(), data_url.as_ref(), account.as_ref());
        }
        if mode == Mode::Live {
            reading.problems.push("EXECUTION_MODE=LIVE is not part of this release".to_owned());
        }
        let Reading { mut problems, warnings, .. } = reading;
        match (account, base_url, data_url, keys, layout, limits) {
            (
                Some(account),
                Some(base_url),
                Some(data_url),
                Some(Keys { key_id, secret_key }),
                Some(layout),
                Some(limits),
            ) if problems.is_empty() => {
                let database = layout.ledger(mode);
                let strategy = "avwap".parse().expect("a constant strategy name");
                Ok(Self {
                    mode,
                    account,
                    strategy,
                    base_url,
                    data_url,
                    key_id,
                    secret_key,
                    layout,
                    database,
                    limits,
                    pace,
                    venue,
                    manifest,
                    warnings,
                })
            }
            _ => {
                problems.sort();
                Err(Problems(problems))
            }
        }
    }
}

impl Config {
    /// Candles and quotes of a venue on this machine are simulated; else the feed every data plan has.
    pub fn feed(&self) -> Feed {
        if self.base_url.is_loopback() { Feed::Simulated } else { Feed::Iex }
    }

    /// Whose account the broker's client sends orders for: it asks the broker before the first one. A dry run's sends none.
    pub fn expected(&self) -> Option<Expected> {
        expected(self.mode, &self.base_url, &self.account)
    }
}

fn expected(mode: Mode, trading: &BaseUrl, account: &AccountId) -> Option<Expected> {
    let environment = match mode {
        Mode::DryRun => return None,
        Mode::Paper if trading.is_loopback() => Environment::Local,
        Mode::Paper => Environment::Paper,
        Mode::Live => Environment::Live,
    };
    Some(Expected { environment, account: account.clone() })
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, account, base_url, database, .. } = self;
        write!(f, "mode {mode}, account {account} at {base_url}, ledger {}", database.display())
    }
}

struct Reading<'a> {
    environment: &'a Env,
    problems: Vec<String>,
    warnings: Vec<String>,
}

impl Reading<'_> {
    fn checked<T, E: fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.problems.push(error.to_string())).ok()
    }

    fn required(&mut self, variable: &env::Variable) -> Option<String> {
        let text = self.checked(self.environment.text(variable))?.map(str::to_owned);
        if text.is_none() {
            self.problems.push(format!("{} is not set", variable.name));
        }
        text
    }

    fn url(&mut self, variable: &env::Variable) -> Option<BaseUrl> {
        let text = self.required(variable)?;
        text.parse().map_err(|error| self.problems.push(format!("{}: {error}", variable.name))).ok()
    }

    fn keys(&mut self) -> Option<Keys> {
        let directory = self.checked(self.environment.path(&env::CREDENTIALS_DIRECTORY))?;
        let value = |name: &str| self.environment.text(env::variable(name)?).ok().flatten().map(OsString::from);
        let keys = Keys::read(directory.as_deref(), value);
        keys.map_err(|wrong| self.problems.extend(wrong.0.iter().map(ToString::to_string))).ok()
    }

    /// PAPER never reaches real money, whatever a drop-in says. The client's own rule, asked here too: what the check lets
    /// pass must start.
    fn paper_only(&mut self, trading: Option<&BaseUrl>, data: Option<&BaseUrl>, account: Option<&AccountId>) {
        let (Some(trading), Some(data), Some(account)) = (trading, data, account) else { return };
        let expected = expected(Mode::Paper, trading, account);
        let verdict = expected.map_or(Ok(()), |expected| expected.check_addresses(trading, data));
        self.problems.extend(verdict.err().map(|mismatch| format!("EXECUTION_MODE=PAPER: {mismatch}")));
    }

    /// A rehearsal's clock is possible on a loopback broker only, for every address this process talks to.
    fn venue(&mut self) -> Option<SocketAddr> {
        if self.environment.text(&env::PORTCULLIS_CLOCK).ok().flatten() != Some("venue") {
            return None;
        }
        let address = |variable| self.environment.text(variable).ok().flatten().and_then(loopback_url);
        let (venue, data) = (address(&env::APCA_API_BASE_URL), address(&env::APCA_API_DATA_URL));
        if venue.is_none() || data != venue {
            self.problems.push("PORTCULLIS_CLOCK=venue needs trading and data addresses on one loopback venue".into());
        }
        venue
    }

    fn limits(&mut self) -> Option<Limits> {
        let defaults = Limits::default();
        let orders_per_day = self.number(&env::MAX_LIVE_ORDERS_PER_DAY, defaults.orders_per_day)?;
        let positions = self.number(&env::MAX_LIVE_POSITIONS, defaults.positions)?;
        let gross_notional: Usd = self.number(&env::MAX_LIVE_GROSS_NOTIONAL, defaults.gross_notional)?;
        let symbol_notional: Usd = self.number(&env::MAX_LIVE_NOTIONAL_PER_SYMBOL, defaults.symbol_notional)?;
        let risk_per_trade: Bps = self.number(&env::RISK_PER_TRADE_BPS, defaults.risk_per_trade)?;
        let allowlist = self.checked(self.environment.read(&env::ALLOWLIST_SYMBOLS))?.unwrap_or_default();
        let delay: u32 = self.lenient(&env::ENTRY_DELAY_AFTER_OPEN_MINUTES);
        let settle: u32 = self.lenient(&env::MARKET_SETTLE_MINUTES);
        let entry_delay = TimeDelta::minutes(i64::from(delay.max(settle)));
        let arming: u32 = self.lenient(&env::MIN_EXIT_ARMING_SECONDS);
        let exit_arming = TimeDelta::seconds(i64::from(arming));
        Some(Limits {
            orders_per_day,
            positions,
            gross_notional,
            symbol_notional,
            risk_per_trade,
            allowlist,
            entry_delay,
            exit_arming,
            ..defaults
        })
    }

    fn pace(&mut self) -> Pace {
        let mut seconds = |variable| TimeDelta::seconds(i64::from(self.lenient::<u32>(variable).clamp(1, 3_600)));
        let base = seconds(&env::EXECUTION_POLL_SECONDS);
        let market = seconds(&env::EXECUTION_POLL_MARKET_SECONDS);
        let tight = seconds(&env::EXECUTION_POLL_TIGHT_SECONDS);
        let tight_start: NaiveTime = self.lenient(&env::EXECUTION_POLL_TIGHT_START_ET);
        let tight_end: NaiveTime = self.lenient(&env::EXECUTION_POLL_TIGHT_END_ET);
        Pace { base, market, tight, tight_start, tight_end, ..Pace::default() }
    }

    fn manifest(&mut self) -> Option<Installed> {
        let path = self.checked(self.environment.path(&env::PORTCULLIS_MANIFEST)).flatten();
        let digest = self.checked(self.environment.text(&env::PORTCULLIS_MANIFEST_DIGEST)).flatten();
        match (path, digest) {
            (Some(path), Some(digest)) => Some(Installed { path, digest: digest.to_owned() }),
            (None, None) => None,
            (Some(_), None) | (None, Some(_)) => {
                let text = "PORTCULLIS_MANIFEST and PORTCULLIS_MANIFEST_DIGEST come together";
                self.problems.push(text.to_owned());
                None
            }
        }
    }

    /// A variable of the operator's that nothing obeys yet: said, never silently dropped.
    fn without_effect(&mut self, variable: &env::Variable, why: &str) {
        if self.environment.text(variable).ok().flatten() != variable.default {
            self.warnings.push(format!("{} has no effect: {why}", variable.name));
        }
    }

    /// A limit: a value that cannot be read is a problem, never a default.
    fn number<T: env::Setting>(&mut self, variable: &env::Variable, default: T) -> Option<T> {
        self.checked(self.environment.read(variable)).map(|value| value.unwrap_or(default))
    }

    /// A pace or delay: a value that cannot be read is a warning, and the default holds.
    fn lenient<T: env::Setting>(&mut self, variable: &env::Variable) -> T {
        let mut warnings = Vec::new();
        let value = self.environment.read_or_default(variable, &mut warnings);
        self.warnings.extend(warnings.into_iter().map(|warning| format!("{warning}; the default holds")));
        value
    }
}

#[cfg(test)]
mod variables;

#[cfg(test)]
mod tests {
    use super::*;

    pub(super) fn complete() -> Vec<(&'static str, &'static str)> {
        vec![
            ("PORTCULLIS_ACCOUNT", "PA30000000"),
            ("APCA_API_BASE_URL", "https://paper-api.alpaca.markets"),
            ("APCA_API_DATA_URL", "https://data.alpaca.markets"),
            ("APCA_API_KEY_ID", "key"),
            ("APCA_API_SECRET_KEY", "hush"),
            ("STATE_DIRECTORY", "/var/lib/avwap"),
            ("EXECUTION_MODE", "PAPER"),
        ]
    }

    fn problems(changes: &[(&'static str, &'static str)]) -> Vec<String> {
        let mut pairs = complete();
        pairs.extend_from_slice(changes);
        Config::from_env(&Env::from_pairs(pairs)).err().map(|problems| problems.0).unwrap_or_default()
    }

    #[test]
    fn a_complete_environment_is_enough() {
        let config = Config::from_env(&Env::from_pairs(complete())).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.mode, Mode::Paper);
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.pace, Pace::default());
        assert!(config.venue.is_none() && config.warnings.is_empty());
    }

    #[test]
    fn everything_missing_is_said_at_once() {
        let problems = Config::from_env(&Env::from_pairs([("EXECUTION_MODE", "PAPER")])).err().unwrap().0;
        let text = problems.join("\n");
        for name in
            ["PORTCULLIS_ACCOUNT", "APCA_API_BASE_URL", "APCA_API_KEY_ID", "APCA_API_SECRET_KEY", "STATE_DIRECTORY"]
        {
            assert!(text.contains(name), "{name} in {text}");
        }
    }

    #[test]
    fn a_broken_limit_is_a_problem_and_a_broken_pace_a_warning() {
        for name in ["MAX_LIVE_ORDERS_PER_DAY", "MAX_LIVE_GROSS_NOTIONAL", "RISK_PER_TRADE_BPS", "ALLOWLIST_SYMBOLS"] {
            assert!(problems(&[(name, "1,5%")]).iter().any(|problem| problem.contains(name)), "{name}");
        }
        let mut pairs = complete();
        pairs.push(("EXECUTION_POLL_SECONDS", "soon"));
        let config = Config::from_env(&Env::from_pairs(pairs)).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!((config.pace, config.warnings.len()), (Pace::default(), 1));
    }

    #[test]
    fn the_rehearsal_clock_needs_a_loopback_broker() {
        let venue = ("PORTCULLIS_CLOCK", "venue");
        assert!(!problems(&[venue]).is_empty());
        let local = ("APCA_API_BASE_URL", "http://127.0.0.1:4000");
        assert!(!problems(&[venue, local]).is_empty(), "market data is still real");
        assert!(problems(&[venue, local, ("APCA_API_DATA_URL", "http://127.0.0.1:4000")]).is_empty());
    }

    #[test]
    fn addresses_are_https_or_loopback() {
        for url in ["http://paper-api.alpaca.markets", "ftp://x", "http://localhost:80", "http://10.0.0.1"] {
            assert!(!problems(&[("APCA_API_BASE_URL", url)]).is_empty(), "{url}");
        }
    }

    #[test]
    fn live_and_half_a_manifest_are_refused() {
        assert!(problems(&[("EXECUTION_MODE", "LIVE")])[0].contains("LIVE"));
        assert!(!problems(&[("PORTCULLIS_MANIFEST", "/etc/portcullis/avwap.toml")]).is_empty());
    }

    #[test]
    fn paper_reaches_no_real_money() {
        let (trading, data) = ("APCA_API_BASE_URL", "APCA_API_DATA_URL");
        let (venue, other_venue) = ("http://127.0.0.1:4000", "http://127.0.0.1:4001");
        let table: [(&[(&'static str, &'static str)], Option<&str>); 8] = [
            (&[], None),
            (&[(trading, "https://paper-api.alpaca.markets/")], None),
            (&[(trading, "https://api.alpaca.markets")], Some("trading address https://api.alpaca.markets")),
            (&[(trading, "https://paper-api.alpaca.markets:444")], Some("trading address")),
            (&[("PORTCULLIS_ACCOUNT", "123456789")], Some("which is live's")),
            (&[(data, venue)], Some("market data address")),
            (&[(trading, venue)], Some("market data address")),
            (&[(trading, venue), (data, other_venue)], None),
        ];
        for (changes, expect) in table {
            let problems = problems(changes);
            assert_eq!(problems.len(), usize::from(expect.is_some()), "{changes:?}: {problems:?}");
            assert!(expect.is_none_or(|text| problems[0].contains(text)), "{changes:?}: {problems:?}");
        }
    }

    #[test]
    fn a_dry_run_has_a_ledger_of_its_own() {
        let mut pairs = complete();
        pairs.push(("DRY_RUN", "1"));
        let config = Config::from_env(&Env::from_pairs(pairs)).unwrap_or_else(|error| panic!("{error}"));
        assert!(config.database.ends_with("data/execution_v2.dry-run.sqlite"));
    }
}
