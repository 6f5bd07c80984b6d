//! Variables of the systems before this one that operators bring along: each is refused, or ignored with a warning.
//!
//! Silence is the one answer none of them gets: what an operator has set and nothing reads has misled before. A value that
//! contradicts what this process would do is refused; [`judge`] says which. Names that look like a limit of ours and are
//! none are the business of whoever knows the nearest name: [`unknown_limits`].

use crate::{
    Env, Mode,
    env::{self, VARIABLES, Variable},
};

/// One variable that is not ours.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// Its name.
    pub name: &'static str,
    /// What becomes of it.
    pub rule: Rule,
    /// What it was, and what counts here instead.
    pub instead: &'static str,
}

/// What becomes of a variable that is not ours.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// Ignored, with a warning.
    Ignored,
    /// Refused.
    Refused,
    /// Another name of a variable of ours, a secret: refused when ours is missing, else ignored with a warning.
    NameOf(&'static Variable),
    /// Another name of a variable of ours: refused when the two differ, else ignored with a warning.
    SameAs(&'static Variable),
    /// Whether money is play money: refused when PAPER or LIVE says otherwise, else ignored with a warning.
    PaperFlag,
    /// Whether orders are sent: refused when the mode says otherwise, else ignored with a warning.
    WorkerMode,
    /// The host's time zone: ignored, with a warning when it is not New York's.
    Zone,
}

/// What is said of a variable that is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// It changes nothing.
    Warning(String),
    /// It must go, or agree.
    Refusal(String),
}

macro_rules! foreign {
    ($($name:literal: $rule:expr, $instead:literal;)*) => {
        /// Every variable of the systems before this one that concerns execution, or looks as if it did.
        pub const FOREIGN: &[Foreign] = &[$(Foreign { name: $name, rule: $rule, instead: $instead }),*];
    };
}

foreign! {
    "ALPACA_API_KEY": Rule::NameOf(&env::APCA_API_KEY_ID), "the key's id is APCA_API_KEY_ID";
    "ALPACA_SECRET_KEY": Rule::NameOf(&env::APCA_API_SECRET_KEY), "the key's secret is APCA_API_SECRET_KEY";
    "ALPACA_PAPER": Rule::PaperFlag, "whose money moves is EXECUTION_MODE's, account's and address's to say";
    "IS_PAPER_TRADING": Rule::PaperFlag, "whose money moves is EXECUTION_MODE's, account's and address's to say";
    "BROKER_ENDPOINT": Rule::SameAs(&env::APCA_API_BASE_URL), "the broker's address is APCA_API_BASE_URL";
    "EXECUTION_CONFIG_PATH": Rule::Refused, "nothing reads that file, and a limit that nothing enforces is none: limits are MAX_LIVE_* and their like";
    "STATE_DIR": Rule::SameAs(&env::AVWAP_STATE_DIR), "the state directory, and with it the kill switch, is AVWAP_STATE_DIR";
    "DB_PATH": Rule::SameAs(&env::EXECUTION_V2_DB), "the ledger is EXECUTION_V2_DB; two files have been mistaken for one before";
    "PROJECT_ROOT": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "BASE_DIR": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "DATA_DIR": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "SERVER_DIR": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "TRADERUNNER_DIR": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "MARKETDATA_DIR": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "AUTOMATICTRADER_DIR": Rule::Ignored, "files lie below STATE_DIRECTORY";
    "LOG_DIR": Rule::Ignored, "the log is the journal";
    "ENV_FILE_PATH": Rule::Ignored, "settings are the unit's environment, rendered from the manifest";
    "SECRETS_PATH": Rule::Ignored, "secrets are systemd credentials";
    "SERVER_ENV": Rule::Ignored, "whose money moves is EXECUTION_MODE's, account's and address's to say";
    "TZ": Rule::Zone, "every rule is in New York time, whatever the host's zone";
    "PYTHONPATH": Rule::Ignored, "no Python runs here";
    "PYTHONUNBUFFERED": Rule::Ignored, "no Python runs here";
    "AT_WORKER_MODE": Rule::WorkerMode, "where orders go is EXECUTION_MODE";
    "AT_DB_PATH": Rule::Ignored, "that database of intents is never read; the ledger is EXECUTION_V2_DB";
    "AT_IB_HOST": Rule::Ignored, "orders go to APCA_API_BASE_URL and nowhere else";
    "AT_IB_PORT": Rule::Ignored, "orders go to APCA_API_BASE_URL and nowhere else";
    "AT_BIND_HOST": Rule::Ignored, "execution listens nowhere";
    "AT_BIND_PORT": Rule::Ignored, "execution listens nowhere";
    "SIGNALS_DB_PATH": Rule::Ignored, "candidates are daily_candidates.csv and its attestation, nothing else";
    "WATCH_SYMBOLS": Rule::Ignored, "it limits nothing: what may be opened is ALLOWLIST_SYMBOLS";
    "MARKETDATA_PROVIDER": Rule::Ignored, "market data comes from APCA_API_DATA_URL";
    "EODHD_API_KEY": Rule::Ignored, "market data comes from APCA_API_DATA_URL";
    "EODHD_ENDPOINT": Rule::Ignored, "market data comes from APCA_API_DATA_URL";
    "USE_LEGACY_PIPELINE": Rule::Ignored, "there is one pipeline";
    "AXIOM_BT_PORTFOLIO_REPORT": Rule::Ignored, "execution writes no backtest reports";
    "DASHBOARD_PORT": Rule::Ignored, "execution listens nowhere";
    "DASHBOARD_USER": Rule::Ignored, "execution listens nowhere";
    "DASHBOARD_PASS": Rule::Ignored, "execution listens nowhere";
    "DASH_UI_DEBUG": Rule::Ignored, "execution listens nowhere";
    "PORTCULLIS_SHARED": Rule::Ignored, "tests read it, no program does";
}

/// Variables that a manifest says by a key, or not at all: in its `env` they are refused, with what to write.
const BY_KEYS: [(&str, &str); 23] = [
    ("ALPACA_API_KEY", CREDENTIAL),
    ("ALPACA_SECRET_KEY", CREDENTIAL),
    ("EODHD_API_KEY", CREDENTIAL),
    ("ALPACA_PAPER", MODE),
    ("IS_PAPER_TRADING", MODE),
    ("AT_WORKER_MODE", MODE),
    ("SERVER_ENV", "write `environment`: \"staging\" or \"prod\""),
    ("BROKER_ENDPOINT", ADDRESS),
    ("AT_IB_HOST", ADDRESS),
    ("AT_IB_PORT", ADDRESS),
    ("STATE_DIR", STATE),
    ("DB_PATH", STATE),
    ("DATA_DIR", STATE),
    ("AT_DB_PATH", STATE),
    ("SIGNALS_DB_PATH", STATE),
    ("AT_BIND_HOST", LISTEN),
    ("AT_BIND_PORT", LISTEN),
    ("DASHBOARD_PORT", LISTEN),
    ("DASHBOARD_USER", "there is no password to give: a dashboard listens on this host alone; come through a tunnel"),
    ("DASHBOARD_PASS", "there is no password to give: a dashboard listens on this host alone; come through a tunnel"),
    ("ENV_FILE_PATH", "write the settings into `env` themselves, and secrets into files that [secrets.*] names"),
    ("SECRETS_PATH", CREDENTIAL),
    ("TZ", "write `timezone`, which is that of the schedules; sessions are New York's"),
];
const CREDENTIAL: &str = "put the value into a credential's file and name it in [secrets.*]";
const MODE: &str = "write `mode`: \"dry-run\", \"paper\" or \"live\"";
const ADDRESS: &str = "the broker's address follows from `mode`";
const STATE: &str = "write `state` in [paths], so that every unit has the same";
const LISTEN: &str = "write `listen`, like \"127.0.0.1:8090\"";

/// What becomes of a variable that is not ours in a manifest's `env`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InEnv {
    /// Refused, with what to write instead.
    Refused(&'static str),
    /// Rendered and ignored, with a warning.
    Ignored,
}

impl Foreign {
    /// What becomes of it in a manifest's `env`.
    #[must_use]
    pub fn in_env(&self) -> InEnv {
        match (BY_KEYS.iter().find(|(name, _)| *name == self.name), self.rule) {
            (Some((_, instead)), _) => InEnv::Refused(instead),
            (None, Rule::Refused) => InEnv::Refused(self.instead),
            (
                None,
                Rule::Ignored | Rule::NameOf(_) | Rule::SameAs(_) | Rule::PaperFlag | Rule::WorkerMode | Rule::Zone,
            ) => InEnv::Ignored,
        }
    }
}

/// The variable of that name, if it is one that is not ours.
#[must_use]
pub fn foreign(name: &str) -> Option<&'static Foreign> {
    FOREIGN.iter().find(|foreign| foreign.name == name)
}

/// Beginnings of names that set a limit, a switch or a key of ours.
const LIKE_OURS: [&str; 20] = [
    "MAX_LIVE_",
    "MAX_ORDERS",
    "MAX_POSITION",
    "MAX_GROSS",
    "MAX_NOTIONAL",
    "MAX_DAILY",
    "EXECUTION_",
    "PORTCULLIS_",
    "AVWAP_",
    "KILL_",
    "KILLSWITCH",
    "LIVE_",
    "ALLOWLIST",
    "RISK_PER_",
    "ENTRY_DELAY",
    "MARKET_SETTLE",
    "MIN_EXIT",
    "DRY_RUN",
    "DRYRUN",
    "APCA_",
];

/// What there is to say of the variables that are not ours.
#[must_use]
pub fn judge(environment: &Env, mode: Mode) -> Vec<Finding> {
    let is_set = |foreign: &&Foreign| environment.raw(foreign.name).is_some();
    FOREIGN.iter().filter(is_set).filter_map(|foreign| foreign.judge(environment, mode)).collect()
}

/// Names that are set, look like a limit, a switch or a key of ours, and are nobody's. In lower case they look like it too.
#[must_use]
pub fn unknown_limits(environment: &Env) -> Vec<&str> {
    let known = |name: &str| env::variable(name).is_some() || FOREIGN.iter().any(|foreign| foreign.name == name);
    let is_like_ours = |name: &str| {
        let upper = name.to_ascii_uppercase();
        LIKE_OURS.iter().any(|prefix| upper.starts_with(prefix)) || VARIABLES.iter().any(|ours| ours.name == upper)
    };
    environment.names().filter(|name| !known(name) && is_like_ours(name)).collect()
}

impl Foreign {
    fn judge(&self, environment: &Env, mode: Mode) -> Option<Finding> {
        let value = environment.raw(self.name)?;
        let refused = |why: &str| Some(Finding::Refusal(format!("{} {why}: {}", self.name, self.instead)));
        match self.rule {
            Rule::Ignored => {}
            Rule::Refused => return refused("has no effect"),
            Rule::NameOf(ours) if environment.secret(ours).is_ok_and(|secret| secret.is_none()) => {
                return refused(&format!("is set and {} is not", ours.name));
            }
            Rule::SameAs(ours) if !is_same(Some(value), environment.text(ours).ok().flatten()) => {
                return refused(&format!("is not {}", ours.name));
            }
            Rule::PaperFlag if contradicts_money(value, mode) => {
                return refused(&format!("contradicts EXECUTION_MODE={mode}"));
            }
            Rule::WorkerMode if contradicts_sending(value, mode) => {
                return refused(&format!("contradicts EXECUTION_MODE={mode}"));
            }
            Rule::Zone if value.trim_start_matches(':') == "America/New_York" => return None,
            Rule::NameOf(_) | Rule::SameAs(_) | Rule::PaperFlag | Rule::WorkerMode | Rule::Zone => {}
        }
        Some(Finding::Warning(format!("{} is ignored: {}", self.name, self.instead)))
    }
}

fn is_same(theirs: Option<&str>, ours: Option<&str>) -> bool {
    theirs.map(|text| text.trim_end_matches('/')) == ours.map(|text| text.trim_end_matches('/'))
}

/// A dry run contradicts nobody: no money moves. A value nobody can read agrees with nothing.
fn contradicts_money(value: &str, mode: Mode) -> bool {
    let is_paper = <bool as env::Setting>::from_text(value);
    match mode {
        Mode::DryRun => false,
        Mode::Paper => is_paper != Some(true),
        Mode::Live => is_paper != Some(false),
    }
}

fn contradicts_sending(value: &str, mode: Mode) -> bool {
    match mode {
        Mode::DryRun => false,
        Mode::Paper => value != "paper-send",
        Mode::Live => true,
    }
}

impl Rule {
    /// What becomes of the variable, in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Ignored => "ignored, with a warning".to_owned(),
            Self::Refused => "refused".to_owned(),
            Self::NameOf(ours) => format!("refused without {}, else ignored, with a warning", ours.name),
            Self::SameAs(ours) => format!("refused when it is not {}, else ignored, with a warning", ours.name),
            Self::PaperFlag => "refused when PAPER or LIVE says otherwise, else ignored, with a warning".to_owned(),
            Self::WorkerMode => "refused unless `paper-send` in PAPER; ignored in DRY_RUN, with a warning".to_owned(),
            Self::Zone => "ignored, with a warning when it is not New York's".to_owned(),
        }
    }
}
