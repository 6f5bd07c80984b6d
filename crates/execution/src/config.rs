//! The configuration of a process: from environment and credentials, checked whole before anything starts.
//!
//! What is wrong is of two kinds. Without an account, an address to trade at or a key nothing can be done: [`Problems`]. A
//! limit that cannot be read, a name that contradicts the mode, half a manifest or a wrong address of market data make
//! openings unsafe, and protection needs none of it: a reservation. Flat, either refuses the start; with something to protect a reservation lets the process manage it.

mod check;
mod live;
mod reading;

use std::{fmt, net::SocketAddr, path::PathBuf};

use broker::alpaca::{BaseUrl, Environment, Expected, Keys};
use contract::{Caps, Env, Exposure, Layout, Mode, env};
use market::{Feed, Session, Timestamp};
use secrecy::SecretString;
use thiserror::Error;
use trading::{
    limits::Limits,
    order::{AccountId, Strategy},
    polling::Pace,
};

pub use check::Check;

use crate::manifest::Installed;
use reading::Reading;

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
    /// What makes openings unsafe, and nothing else.
    pub reservations: Vec<String>,
    /// Whether now counts as inside a session, for a dry run out of hours.
    pub ignore_hours: bool,
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
        Self::in_mode(Mode::from_env(environment, &mut Vec::new()), environment)
    }

    /// The same for a start: a dry run never takes the place of what manages something. `DRY_RUN=1` over PAPER or LIVE with
    /// something to protect manages it in that mode, and opens nothing; a mode that cannot be read is then a problem.
    ///
    /// # Errors
    /// All problems at once.
    pub fn for_start(environment: &Env) -> Result<Self, Problems> {
        let mut config = Self::from_env(environment)?;
        let (Mode::DryRun, Exposure::Exposed { why }) = (config.mode, Exposure::assess(&config.layout)) else {
            return Ok(config);
        };
        let mut unread = Vec::new();
        let named = Mode::named(environment, &mut unread);
        if let Some(unread) = unread.pop() {
            // A dry run would look like a good day.
            let text = format!("{unread}; but there is something to protect, and no mode to manage it in: {why}");
            return Err(Problems(vec![text]));
        }
        if named == Mode::DryRun {
            config.warnings.push(format!("there is something to protect, and a dry run protects nothing: {why}"));
            return Ok(config);
        }
        let mut managing = Self::in_mode(named, environment)?;
        managing.reservations.push(format!("DRY_RUN enabled, and as {named} there is something to manage: {why}"));
        Ok(managing)
    }

    fn in_mode(mode: Mode, environment: &Env) -> Result<Self, Problems> {
        let mut reading = Reading::of(environment, mode);
        let account =
            reading.required(&env::PORTCULLIS_ACCOUNT).and_then(|text| reading.checked(text.parse::<AccountId>()));
        let base_url = reading.url(&env::APCA_API_BASE_URL);
        let data_url = reading.data_url(base_url.as_ref());
        let keys = reading.keys();
        let layout = reading.checked(Layout::from_env(environment));
        let limits = reading.limits();
        let pace = reading.pace();
        let manifest = reading.manifest();
        let venue = reading.venue(base_url.as_ref());
        reading.names_of_others();
        reading.one_money(base_url.as_ref(), data_url.as_ref(), account.as_ref());
        if mode == Mode::Live {
            reading.bound_to_live(manifest.as_ref(), account.as_ref());
        }
        let Reading { mut problems, mut reservations, warnings, .. } = reading;
        reservations.sort();
        match (account, base_url, data_url, keys, layout) {
            (Some(account), Some(base_url), Some(data_url), Some(Keys { key_id, secret_key }), Some(layout))
                if problems.is_empty() =>
            {
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
                    reservations,
                    ignore_hours: false,
                    warnings,
                })
            }
            _ => {
                problems.extend(reservations);
                problems.sort();
                Err(Problems(problems))
            }
        }
    }

    /// Candles and quotes of a venue on this machine are simulated; else the feed every data plan has.
    pub fn feed(&self) -> Feed {
        if self.base_url.is_loopback() { Feed::Simulated } else { Feed::Iex }
    }

    /// Whose account the broker's client sends orders for: it asks the broker before the first one. A dry run's sends none.
    pub fn expected(&self) -> Option<Expected> {
        expected(self.mode, &self.base_url, &self.account)
    }

    /// What bounds a day's openings, for the log.
    pub fn caps(&self) -> Caps<'_> {
        let Limits { orders_per_day, positions, gross_notional, symbol_notional: per_symbol, ref allowlist, .. } =
            self.limits;
        Caps { orders_per_day, positions, gross_notional, per_symbol, allowlist }
    }

    /// The hours that count: those of the session, or the whole day when hours are ignored and none is under way.
    pub fn hours(&self, session: Option<Session>, now: Timestamp) -> Option<Session> {
        if !self.ignore_hours || session.is_some_and(|session| session.contains(now)) {
            return session;
        }
        let date = now.ny_date();
        Some(Session { date, open: date.at_hm(0, 0), close: date.plus_days(1).at_hm(0, 0) })
    }
}

fn expected(mode: Mode, trading: &BaseUrl, account: &AccountId) -> Option<Expected> {
    let environment = match mode {
        Mode::DryRun => return None,
        // A rehearsal: nobody's money, whatever the mode.
        Mode::Paper | Mode::Live if trading.is_loopback() => Environment::Local,
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

    type Changes<'a> = &'a [(&'static str, &'static str)];

    fn read(changes: Changes) -> Result<Config, Problems> {
        Config::from_env(&Env::from_pairs(complete().into_iter().chain(changes.iter().copied())))
    }

    /// What leaves nothing that could be done.
    fn problems(changes: Changes) -> Vec<String> {
        read(changes).err().map_or(Vec::new(), |problems| problems.0)
    }

    /// What keeps openings back and protects all the same.
    fn reservations(changes: Changes) -> Vec<String> {
        read(changes).unwrap_or_else(|error| panic!("{changes:?}: {error}")).reservations
    }

    #[test]
    fn a_complete_environment_is_enough() {
        let config = Config::from_env(&Env::from_pairs(complete())).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.mode, Mode::Paper);
        assert_eq!(config.limits, Limits::default());
        assert_eq!(config.pace, Pace::default());
        assert!(config.venue.is_none() && config.warnings.is_empty() && config.reservations.is_empty());
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
    fn a_broken_limit_is_a_reservation_and_a_broken_pace_a_warning() {
        for name in ["MAX_LIVE_ORDERS_PER_DAY", "MAX_LIVE_GROSS_NOTIONAL", "RISK_PER_TRADE_BPS", "ALLOWLIST_SYMBOLS"] {
            assert!(reservations(&[(name, "1,5%")]).iter().any(|problem| problem.contains(name)), "{name}");
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
        assert_eq!(reservations(&[venue, local]).len(), 1, "market data is still real");
        let both = ("APCA_API_DATA_URL", "http://127.0.0.1:4000");
        assert!(reservations(&[venue, local, both]).is_empty());
        let config = read(&[venue, local]).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(config.data_url, both.1.parse().unwrap(), "and is not asked");
    }

    #[test]
    fn addresses_are_https_or_loopback() {
        for url in ["http://paper-api.alpaca.markets", "ftp://x", "http://localhost:80", "http://10.0.0.1"] {
            assert!(!problems(&[("APCA_API_BASE_URL", url)]).is_empty(), "{url}");
        }
    }

    #[test]
    fn what_only_openings_need_is_a_reservation() {
        let (data, manifest) = ("APCA_API_DATA_URL", "PORTCULLIS_MANIFEST");
        let table: [(Changes, &str); 7] = [
            (&[(manifest, "/etc/portcullis/avwap.toml")], "come together"),
            (&[("PORTCULLIS_MANIFEST_DIGEST", "sha256:0")], "come together"),
            (&[(manifest, "../avwap.toml"), ("PORTCULLIS_MANIFEST_DIGEST", "sha256:0")], "is not a path without .."),
            (&[(data, "")], "APCA_API_DATA_URL is not set"),
            (&[(data, "data.alpaca.markets")], "APCA_API_DATA_URL"),
            (&[(data, "https://data.alpaca.example")], "market data address https://data.alpaca.example"),
            (&[(data, "http://127.0.0.1:4000")], "market data address http://127.0.0.1:4000"),
        ];
        for (changes, expect) in table {
            let reservations = reservations(changes);
            assert!(reservations.iter().any(|text| text.contains(expect)), "{changes:?}: {reservations:?}");
            let config = read(changes).unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(config.data_url, "https://data.alpaca.markets".parse().unwrap(), "the one that fits is asked");
        }
    }

    #[test]
    fn paper_reaches_no_real_money() {
        let (trading, data) = ("APCA_API_BASE_URL", "APCA_API_DATA_URL");
        let (venue, other_venue) = ("http://127.0.0.1:4000", "http://127.0.0.1:4001");
        let table: [(Changes, &[&str], &[&str]); 8] = [
            (&[], &[], &[]),
            (&[(trading, "https://paper-api.alpaca.markets/")], &[], &[]),
            (&[(trading, "https://api.alpaca.markets")], &["trading address https://api.alpaca.markets"], &[]),
            (&[(trading, "https://paper-api.alpaca.markets:444")], &["trading address"], &[]),
            (&[("PORTCULLIS_ACCOUNT", "123456789")], &["which is live's"], &[]),
            (&[(data, venue)], &[], &["market data address"]),
            (&[(trading, venue)], &[], &["market data address"]),
            (&[(trading, venue), (data, other_venue)], &[], &[]),
        ];
        for (changes, expect_problems, expect_reservations) in table {
            let problems = problems(changes);
            let reservations = if problems.is_empty() { reservations(changes) } else { Vec::new() };
            for (found, expect) in [(problems, expect_problems), (reservations, expect_reservations)] {
                assert_eq!(found.len(), expect.len(), "{changes:?}: {found:?}");
                assert!(found.iter().zip(expect).all(|(text, expect)| text.contains(expect)), "{changes:?}: {found:?}");
            }
        }
    }

    #[test]
    fn live_reaches_no_play_money() {
        let (trading, account) = ("APCA_API_BASE_URL", "PORTCULLIS_ACCOUNT");
        let live = [("EXECUTION_MODE", "LIVE"), (trading, "https://api.alpaca.markets"), (account, "123456789")];
        let table: [(Changes, bool, &str); 4] = [
            (&[], false, "there is no installed manifest"),
            (&[(trading, "https://paper-api.alpaca.markets")], true, "live trading with the trading address"),
            (&[(account, "PA30000000")], true, "which is paper's"),
            (&[("APCA_API_DATA_URL", "http://127.0.0.1:4000")], false, "market data address"),
        ];
        for (changes, is_problem, expect) in table {
            let changes = [&live, changes].concat();
            let problems = if is_problem { problems(&changes) } else { reservations(&changes) };
            assert!(problems.iter().any(|problem| problem.contains(expect)), "{changes:?}: {problems:?}");
        }
    }

    #[test]
    fn names_of_others_are_warned_of_or_keep_openings_back() {
        let warnings = |name: &'static str, value: &'static str| {
            let pairs = complete().into_iter().chain([(name, value)]);
            let config = Config::from_env(&Env::from_pairs(pairs)).unwrap_or_else(|error| panic!("{error}"));
            (config.warnings.len(), config.reservations.len())
        };
        assert_eq!(warnings("TZ", "Europe/Berlin"), (1, 0));
        assert_eq!(warnings("EXECUTION_CONFIG_PATH", "x"), (0, 1));
        assert_eq!(warnings("MAX_LIVE_POSITONS", "1"), (0, 1));
        assert_eq!(warnings("IS_PAPER_TRADING", "true"), (1, 0));
    }

    #[test]
    fn a_dry_run_has_a_ledger_of_its_own() {
        let mut pairs = complete();
        pairs.push(("DRY_RUN", "1"));
        let config = Config::from_env(&Env::from_pairs(pairs)).unwrap_or_else(|error| panic!("{error}"));
        assert!(config.database.ends_with("data/execution_v2.dry-run.sqlite"));
    }
}
