//! Where every file of a deployment lies: one root, systemd's `StateDirectory=`, and names that never change.
//!
//! `AVWAP_STATE_DIR` moves the state directory and `EXECUTION_V2_DB` the database; relative values are below the root,
//! so that two programs with different working directories can never use two databases.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::{
    arming::ROOT,
    env::{self, Env, EnvError},
    mode::Mode,
};

/// The paths of one deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    state: PathBuf,
    database: PathBuf,
    runtime: Option<PathBuf>,
    arming: Option<PathBuf>,
    arming_owner: u32,
}

/// Why there is no layout.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// No root is known.
    #[error("STATE_DIRECTORY is not set")]
    NoRoot,
    /// A variable cannot be read.
    #[error(transparent)]
    Env(#[from] EnvError),
}

impl LayoutError {
    /// What to do about it.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NoRoot => "systemd sets STATE_DIRECTORY from StateDirectory=; by hand, give the directory itself",
            Self::Env(_) => "correct the variable",
        }
    }
}

impl Layout {
    /// The layout below a root, nothing moved.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        let (state, database) = (root.join("state"), root.join("data/execution_v2.sqlite"));
        Self { root, state, database, runtime: None, arming: None, arming_owner: ROOT }
    }

    /// The layout a unit's environment describes; the first entry of `STATE_DIRECTORY` is the root.
    ///
    /// # Errors
    /// When `STATE_DIRECTORY` is not set.
    pub fn from_env(env: &Env) -> Result<Self, LayoutError> {
        let root = env.first_path(&env::STATE_DIRECTORY)?.ok_or(LayoutError::NoRoot)?;
        Self::below(root, env)
    }

    /// The layout below a root given by hand, moved as the environment says.
    ///
    /// # Errors
    /// When a variable cannot be read.
    pub fn below(root: impl Into<PathBuf>, env: &Env) -> Result<Self, LayoutError> {
        let plain = Self::new(root);
        let moved = |to: Option<PathBuf>, from: &Path| to.map_or(from.to_owned(), |path| plain.root.join(path));
        Ok(Self {
            state: moved(env.path(&env::AVWAP_STATE_DIR)?, &plain.state),
            database: moved(env.path(&env::EXECUTION_V2_DB)?, &plain.database),
            runtime: env.first_path(&env::RUNTIME_DIRECTORY)?,
            // Arming is for openings: a directory that is none arms nothing, and keeps nobody from what it holds.
            arming: env.path(&env::PORTCULLIS_ARMING_DIR).unwrap_or(None),
            arming_owner: ROOT,
            root: plain.root,
        })
    }

    /// The root itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Today's watchlist.
    #[must_use]
    pub fn candidates(&self) -> PathBuf {
        self.root.join("daily_candidates.csv")
    }

    /// What makes the watchlist trustworthy.
    #[must_use]
    pub fn attestation(&self) -> PathBuf {
        self.root.join("daily_candidates.attest.json")
    }

    /// The symbols of the watchlist, one a line.
    #[must_use]
    pub fn tradingview_watchlist(&self) -> PathBuf {
        self.root.join("tradingview_watchlist.txt")
    }

    /// Why each symbol of the universe is or is not a candidate.
    #[must_use]
    pub fn verdicts(&self) -> PathBuf {
        self.root.join("verdicts.csv")
    }

    /// The state of the last scan: running, finished or failed.
    #[must_use]
    pub fn scan_run(&self) -> PathBuf {
        self.root.join("scan_run.json")
    }

    /// Daily bars, the scan's main input.
    #[must_use]
    pub fn bars(&self) -> PathBuf {
        self.root.join("cache/bars.parquet")
    }

    /// The symbols to scan.
    #[must_use]
    pub fn universe(&self) -> PathBuf {
        self.root.join("cache/universe.csv")
    }

    /// Symbols the data provider rejected, with dates.
    #[must_use]
    pub fn bad_tickers(&self) -> PathBuf {
        self.root.join("cache/bad_tickers.txt")
    }

    /// Dates of earnings.
    #[must_use]
    pub fn earnings(&self) -> PathBuf {
        self.root.join("cache/earnings.csv")
    }

    /// The state directory.
    #[must_use]
    pub fn state_dir(&self) -> &Path {
        &self.state
    }

    /// The kill switch.
    #[must_use]
    pub fn kill_switch(&self) -> PathBuf {
        self.state.join("KILL_SWITCH")
    }

    /// The token that LIVE_CONFIRM_TOKEN must equal.
    #[must_use]
    pub fn live_confirm_token(&self) -> PathBuf {
        self.state.join("live_confirm_token.txt")
    }

    /// The last portfolio decision.
    #[must_use]
    pub fn portfolio_decision_latest(&self) -> PathBuf {
        self.state.join("portfolio_decision_latest.json")
    }

    /// Where each symbol of a day stands. As the ledger it is a view of, a dry run has one of its own.
    #[must_use]
    pub fn symbol_execution_state(&self, date: market::NyDate, mode: Mode) -> PathBuf {
        self.dated("symbol_execution_state", date, mode)
    }

    /// The symbols that were entered, or tried, on a day. A dry run has one of its own.
    #[must_use]
    pub fn consumed_entries(&self, date: market::NyDate, mode: Mode) -> PathBuf {
        self.dated("consumed_entries", date, mode)
    }

    fn dated(&self, name: &str, date: market::NyDate, mode: Mode) -> PathBuf {
        self.state.join(match mode {
            Mode::DryRun => format!("{name}_{date}.dry-run.json"),
            Mode::Paper | Mode::Live => format!("{name}_{date}.json"),
        })
    }

    /// The day of a view that a day has of its own, by its file name; `None` for every other name.
    #[must_use]
    pub fn day_of_view(name: &str) -> Option<market::NyDate> {
        let rest =
            ["symbol_execution_state_", "consumed_entries_"].into_iter().find_map(|kind| name.strip_prefix(kind))?;
        let day = rest.strip_suffix(".json")?;
        let day = day.strip_suffix(".dry-run").unwrap_or(day);
        day.parse().ok().filter(|date: &market::NyDate| date.to_string() == day)
    }

    /// The openings of today's armed session.
    #[must_use]
    pub fn live_orders_today(&self) -> PathBuf {
        self.state.join("live_orders_today.json")
    }

    /// Where the systems before this one, or a deployment whose state directory was moved, had their kill switch; none of
    /// them is [`Layout::kill_switch`].
    #[must_use]
    pub fn legacy_kill_switches(&self, environment: &Env) -> Vec<PathBuf> {
        const BEFORE: &str = "/root/avwap_r3k_scanner";
        let named = ["PROJECT_ROOT", "BASE_DIR", "STATE_DIR"].into_iter().filter_map(|name| environment.raw(name));
        let roots = [self.root.clone(), BEFORE.into()].into_iter().chain(named.map(PathBuf::from));
        let places = roots.flat_map(|root| [root.join("KILL_SWITCH"), root.join("state/KILL_SWITCH")]);
        places.filter(|path| *path != self.kill_switch()).collect()
    }

    /// The view of positions and working orders that the gate reads.
    #[must_use]
    pub fn exposure(&self) -> PathBuf {
        self.state.join("exposure.json")
    }

    /// The sign of life of the execution loop.
    #[must_use]
    pub fn heartbeat(&self) -> PathBuf {
        self.state.join("execution_heartbeat.json")
    }

    /// The locks of a broker account, to be taken in this order: in the state directory, which also a process started by
    /// hand sees, and in the runtime directory when there is one, which every deployment on the host shares.
    #[must_use]
    pub fn account_locks(&self, account: &str) -> Vec<PathBuf> {
        let name = file_name(account);
        let directories = [Some(self.state.as_path()), self.runtime.as_deref()];
        directories.into_iter().flatten().map(|directory| directory.join(format!("account-{name}.lock"))).collect()
    }

    /// The ledger of a mode: a dry run has one of its own.
    #[must_use]
    pub fn ledger(&self, mode: Mode) -> PathBuf {
        match mode {
            Mode::DryRun => self.database.with_extension("dry-run.sqlite"),
            Mode::Paper | Mode::Live => self.database.clone(),
        }
    }

    /// The SQLite ledger, the authority over orders and positions.
    #[must_use]
    pub fn database(&self) -> &Path {
        &self.database
    }

    /// Records kept for people: end-of-day reports, portfolio decisions.
    #[must_use]
    pub fn ledger_dir(&self) -> PathBuf {
        self.root.join("ledger")
    }

    /// The end-of-day report of a day.
    #[must_use]
    pub fn end_of_day(&self, date: market::NyDate) -> PathBuf {
        self.root.join(format!("ledger/EOD/{date}.json"))
    }

    /// The portfolio decisions of a day.
    #[must_use]
    pub fn portfolio_decisions(&self, date: market::NyDate) -> PathBuf {
        self.root.join(format!("ledger/PORTFOLIO_DECISIONS/{date}.jsonl"))
    }

    /// The root-owned directory that arms LIVE; `None` when the deployment names none, so nothing can be armed.
    #[must_use]
    pub fn arming_dir(&self) -> Option<&Path> {
        self.arming.as_deref()
    }

    /// Whose directory arms: root's, unless a test that does not run as root said so.
    #[must_use]
    pub fn arming_owner(&self) -> u32 {
        self.arming_owner
    }

    /// The same where another user's directory arms. For tests: no variable and no manifest says so.
    #[must_use]
    pub fn armed_by(self, owner: u32) -> Self {
        Self { arming_owner: owner, ..self }
    }
}

/// An account in the name of a file. Two that map to one name would only exclude each other, which is safe.
pub(crate) fn file_name(account: &str) -> String {
    account.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_state_directory_is_the_root() {
        let env = Env::from_pairs([("STATE_DIRECTORY", "/var/lib/avwap:/var/lib/other")]);
        assert_eq!(Layout::from_env(&env).unwrap(), Layout::new("/var/lib/avwap"));
    }

    #[test]
    fn without_a_root_there_is_no_layout() {
        for env in [Env::default(), Env::from_pairs([("STATE_DIRECTORY", "")])] {
            assert!(matches!(Layout::from_env(&env), Err(LayoutError::NoRoot)));
        }
    }

    #[test]
    fn state_and_database_move_below_the_root_or_to_an_absolute_path() {
        for (state, database, expect_kill, expect_database) in [
            ("s2", "db/x.sqlite", "/r/s2/KILL_SWITCH", "/r/db/x.sqlite"),
            ("/elsewhere", "/db.sqlite", "/elsewhere/KILL_SWITCH", "/db.sqlite"),
            ("", "", "/r/state/KILL_SWITCH", "/r/data/execution_v2.sqlite"),
        ] {
            let env = Env::from_pairs([("AVWAP_STATE_DIR", state), ("EXECUTION_V2_DB", database)]);
            let layout = Layout::below("/r", &env).unwrap();
            assert_eq!(layout.kill_switch(), Path::new(expect_kill));
            assert_eq!(layout.database(), Path::new(expect_database));
        }
    }

    #[test]
    fn a_path_that_climbs_is_refused() {
        for variable in ["AVWAP_STATE_DIR", "EXECUTION_V2_DB", "STATE_DIRECTORY"] {
            let env = Env::from_pairs([(variable, "../elsewhere")]);
            let error = if variable == "STATE_DIRECTORY" { Layout::from_env(&env) } else { Layout::below("/r", &env) };
            assert_eq!(error.unwrap_err().to_string(), format!("{variable}=\"../elsewhere\" is not a path without .."));
        }
    }

    #[test]
    fn an_arming_directory_that_is_none_takes_away_nothing_but_arming() {
        let layout = Layout::below("/r", &Env::from_pairs([("PORTCULLIS_ARMING_DIR", "/etc/../arming")])).unwrap();
        assert_eq!(layout, Layout::new("/r"));
    }

    #[test]
    fn account_locks_stay_in_their_directories() {
        let layout = Layout::new("/r");
        assert_eq!(layout.account_locks("PA3X"), [Path::new("/r/state/account-PA3X.lock")]);
        assert_eq!(layout.account_locks("../../etc"), [Path::new("/r/state/account-______etc.lock")]);
        let shared = Layout::below("/r", &Env::from_pairs([("RUNTIME_DIRECTORY", "/run/portcullis")])).unwrap();
        let both = ["/r/state/account-PA3X.lock", "/run/portcullis/account-PA3X.lock"];
        assert_eq!(shared.account_locks("PA3X"), both.map(Path::new));
    }

    #[test]
    fn views_of_a_day_are_known_by_their_whole_name() {
        let (layout, date) = (Layout::new("/r"), "2026-07-06".parse().unwrap());
        for mode in [Mode::DryRun, Mode::Paper, Mode::Live] {
            for path in [layout.symbol_execution_state(date, mode), layout.consumed_entries(date, mode)] {
                assert_eq!(Layout::day_of_view(path.file_name().unwrap().to_str().unwrap()), Some(date), "{path:?}");
            }
        }
        for other in [
            "symbol_execution_state.json",
            "symbol_execution_state_2026-07-06.json.bak",
            "symbol_execution_state_2026-7-6.json",
            "my_consumed_entries_2026-07-06.json",
            "consumed_entries_2026-07-06.live.json",
            "live_orders_today.json",
            "KILL_SWITCH",
        ] {
            assert_eq!(Layout::day_of_view(other), None, "{other}");
        }
    }

    #[test]
    fn a_dry_run_has_a_ledger_of_its_own() {
        let layout = Layout::new("/r");
        assert_eq!(layout.ledger(Mode::Paper), Path::new("/r/data/execution_v2.sqlite"));
        assert_eq!(layout.ledger(Mode::DryRun), Path::new("/r/data/execution_v2.dry-run.sqlite"));
    }
}
