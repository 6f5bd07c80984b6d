//! What the loop holds, and how it starts: gates, lock, ledger, broker, in that order.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use anyhow::Context;
use broker::Broker;
use contract::{
    AccountLock, Authority as GateAuthority, Env, ExitCode, Exposure, LockError, Mode, ProgramClock, Verdict, Watchlist,
};
use ledger::{Ledger, LedgerError};
use market::{Calendar, NyDate, Symbol, TimeDelta, Timestamp};
use service::{Pacer, Supervisor, log::LogClock};
use trading::{alert::Alerts, book::Book, control::Kill, decide::Candidate, engine::Core, order::AccountId, sizing};

use crate::{
    actions::Actions,
    artifacts::Views,
    config::Config,
    drop_copy::Copying,
    market::Memorized,
    patience::Patience,
    permission::{Said, Standing},
    place,
    seen::Seen,
    signals::Signals,
    stream::{Bell, Doubts, Stream, Watch},
    words::Words,
};

/// Dead intents older than this stay in the ledger, out of the book, unless their symbol is held.
const BOOK_DAYS: TimeDelta = TimeDelta::days(120);
/// The watchlist's best so many are looked at; a bound on what one cycle reads.
const CANDIDATES: usize = 100;
const BETWEEN_TRIES: Duration = Duration::from_secs(5);

/// What a start comes to.
pub enum Start<B> {
    /// A running engine.
    Engine(Box<Engine<B>>),
    /// A refusal that was said already.
    Refused(ExitCode),
}

/// Everything the loop holds.
pub struct Engine<B> {
    pub(crate) config: Config,
    pub(crate) broker: B,
    pub(crate) ledger: Ledger,
    pub(crate) core: Core,
    pub(crate) calendar: Calendar,
    /// What the process itself has told, beside the core's alerts.
    pub(crate) alerts: Alerts,
    pub(crate) words: Words,
    pub(crate) list: List,
    pub(crate) candles: Memorized,
    pub(crate) memory: Memory,
    /// What was seen at the broker and is not in the ledger yet.
    pub(crate) seen: Seen,
    /// The files that show what the ledger says.
    pub(crate) views: Views,
    /// The account's stream, how long it has been silent, the doorbell it rings, and what it put in doubt.
    pub(crate) stream: Stream,
    pub(crate) watch: Watch,
    pub(crate) bell: Bell,
    pub(crate) doubts: Doubts,
    pub(crate) copying: Copying,
    pub(crate) patience: Patience,
    pub(crate) env: Env,
    pub(crate) clock: ProgramClock,
    pub(crate) log_clock: LogClock,
    pub(crate) pacer: Pacer,
    pub(crate) supervisor: Supervisor,
    pub(crate) signals: Signals,
    pub(crate) started: Instant,
    pub(crate) started_manage_only: bool,
    /// Started to manage what is held, without what a flat start needs: a sound configuration, in LIVE the live gate.
    pub(crate) started_without_permission: bool,
    /// The signal that asked this process to end.
    pub(crate) ending: Option<&'static str>,
    /// When a process that was asked to end has to be done.
    pub(crate) end_by: Option<Instant>,
    _locks: Vec<AccountLock>,
}

/// What one cycle leaves to the next.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    /// Cycles that could not look, in a row.
    pub failed_cycles: u32,
    /// The first look succeeded.
    pub ready: bool,
    /// Positions at the broker that could not be read at the last look, by name.
    pub unreadable: Vec<String>,
    /// The same of orders.
    pub unreadable_orders: Vec<String>,
    /// The day on which the broker's calendar was last seen to be ours.
    pub calendar_agreed_on: Option<NyDate>,
    /// Symbols said not to be opened, by day, and whether the broker said so or did not say.
    pub closed: BTreeSet<(NyDate, Symbol, bool)>,
    /// The day whose late executions were read.
    pub read_back_on: Option<NyDate>,
    /// Looks, in a row, that could not read the executions.
    pub unread_looks: u32,
    /// A steady clock and ours, read together at the last cycle.
    pub clocks: Option<(Instant, Timestamp)>,
    /// What is known of corporate actions.
    pub actions: Actions,
    /// The kill switch as it was last seen, by a look or on its way to one.
    pub kill_seen: Option<Kill>,
    /// What the log said last of the gate.
    pub said_gate: Option<String>,
    /// What the log said last of what speaks against openings.
    pub said_standing: Said,
    /// What the log said last of the market.
    pub said_market: Option<String>,
}

impl Memory {
    /// What could not be read at the last look: which kind, and the names.
    pub fn unreadable(&self) -> Vec<(&'static str, Vec<String>)> {
        let kinds = [("positions", &self.unreadable), ("orders", &self.unreadable_orders)];
        kinds.into_iter().filter(|(_, names)| !names.is_empty()).map(|(what, names)| (what, names.clone())).collect()
    }

    /// How many.
    pub fn unreadable_count(&self) -> usize {
        self.unreadable.len() + self.unreadable_orders.len()
    }
}

/// The watchlist this process trades: the one the gate vouched for at the start, and no other.
#[derive(Debug, Default)]
pub(crate) struct List {
    /// Best first.
    pub candidates: Vec<Candidate>,
    /// sha256 of the file, as attested.
    pub sha256: Option<String>,
}

impl<B: Broker> Engine<B> {
    /// Nothing is sent before all of them agree.
    pub async fn start(config: Config, env: Env, log_clock: LogClock, broker: B) -> anyhow::Result<Start<B>> {
        let started = Instant::now();
        let clock = ProgramClock::from_env(&env).context(ExitCode::BadConfig)?;
        let now = clock.try_now().context(ExitCode::BrokerUnavailable)?;
        log_clock.set(now);
        tell_time(&config, &broker, now);
        tracing::info!("execution {}: {config}", env!("CARGO_PKG_VERSION"));
        let standing = Standing::at(&config, &env, now);
        let refusal = standing.refusal();
        if let Some((code, why)) = &refusal
            && (config.mode == Mode::DryRun || Exposure::assess(&config.layout).is_flat())
        {
            standing.lines(&config).iter().for_each(|line| tracing::info!("{line}"));
            tracing::error!("not started, nothing is held: {why}");
            standing.hints().iter().for_each(|hint| tracing::info!("hint: {hint}"));
            return Ok(Start::Refused(*code));
        }
        let verdict = evaluate(&config, &env, Ok(now));
        tracing::info!("gate: {verdict}");
        if verdict.authority == GateAuthority::Refused {
            return Ok(Start::Refused(ExitCode::GateRefused));
        }
        check_place(&config)?;
        let locks = take_locks(&config)?;
        let (ledger, book, seen) = open_ledger(&config, now)?;
        tracing::info!("Execution DB: {}", config.database.display());
        let patience = Patience::default();
        bind_account(&config, &broker, started + patience.start).await?;
        let hours = config.hours(Calendar::nyse().session_on(now.ny_date()).ok().flatten(), now);
        let copying = Copying::of(&ledger, hours, now);
        let core = Core::new(book, config.limits.clone(), now);
        let stream = Stream::follow(&config, &env, &broker, now)?;
        let mut engine = Self {
            list: List::of(&config, &verdict),
            started_without_permission: refusal.is_some(),
            started_manage_only: verdict.authority == GateAuthority::ManageOnly,
            pacer: Pacer::new(config.venue, "execution").context(ExitCode::BadConfig)?,
            supervisor: Supervisor::from_environment(),
            signals: Signals::of_process().context("failed to take over signals")?,
            config,
            broker,
            ledger,
            core,
            calendar: Calendar::nyse(),
            alerts: Alerts::default(),
            words: Words::default(),
            candles: Memorized::default(),
            memory: Memory::default(),
            seen,
            views: Views::default(),
            stream,
            watch: Watch::new(now),
            bell: Bell::default(),
            doubts: Doubts::default(),
            copying,
            patience,
            env,
            clock,
            log_clock,
            started,
            ending: None,
            end_by: None,
            _locks: locks,
        };
        engine.await_first_word().await;
        Ok(Start::Engine(Box::new(engine)))
    }

    /// The program's clock, which also stamps the log.
    pub(crate) fn now(&self) -> anyhow::Result<Timestamp> {
        let now = self.clock.try_now().context("no time")?;
        self.log_clock.set(now);
        tell_time(&self.config, &self.broker, now);
        Ok(now)
    }
}

/// By a venue's clock the broker's rate limit has the venue's minutes.
fn tell_time(config: &Config, broker: &impl Broker, now: Timestamp) {
    if let Some(reckoning) = broker.reckoning().filter(|_| config.venue.is_some()) {
        reckoning.tell(now);
    }
}

/// The same gates that `gate execution` asks, inside; without the hours when they are ignored.
pub(crate) fn evaluate(config: &Config, env: &Env, now: Result<Timestamp, String>) -> Verdict {
    let verdict = contract::decide(&contract::Evidence::gather(&config.layout, env, now), Calendar::nyse());
    if config.ignore_hours { verdict.ignoring_hours() } else { verdict }
}

/// Before the first file: what cannot be written ends the start, and what root made in a service's directory would lock
/// the service out.
fn check_place(config: &Config) -> anyhow::Result<()> {
    place::check(&config.layout).map_err(|trouble| {
        let code = trouble.code();
        anyhow::Error::new(trouble).context(code)
    })
}

fn take_locks(config: &Config) -> anyhow::Result<Vec<AccountLock>> {
    let take = |path: std::path::PathBuf| {
        AccountLock::take(&path).map_err(|error| match &error {
            LockError::Held(_) => anyhow::Error::new(error).context(ExitCode::LockHeld),
            LockError::File { .. } => anyhow::Error::new(error).context(ExitCode::CannotWrite),
        })
    };
    config.layout.account_locks(config.account.as_str()).into_iter().map(take).collect()
}

fn open_ledger(config: &Config, now: Timestamp) -> anyhow::Result<(Ledger, Book, Seen)> {
    let open = || -> Result<_, LedgerError> {
        let mut ledger = Ledger::open(&config.database, &config.account)?;
        let book = ledger.book(&config.account, &config.strategy, now - BOOK_DAYS)?;
        // What decides nothing ends no start.
        let seen = Seen::of(&ledger, now).unwrap_or_else(|error| {
            tracing::warn!("what was seen at the broker before cannot be read: {error}");
            Seen::default()
        });
        if let Err(error) = ledger.record_event(now, "start", "execution", &format!("mode {}", config.mode)) {
            tracing::warn!("the start was not recorded: {error}");
        }
        Ok((ledger, book, seen))
    };
    open().map_err(|error| {
        let code = code_of(&error);
        anyhow::Error::new(error).context(code)
    })
}

/// What may pass (a lock, a full disk) is tried again by the unit; damage and files of somebody else are not.
pub(crate) fn code_of(error: &LedgerError) -> ExitCode {
    use LedgerError as E;
    match error {
        E::Sqlite { .. }
        | E::Folder { .. }
        | E::Locked { .. }
        | E::Full { .. }
        | E::ReadOnly { .. }
        | E::CannotOpen { .. } => ExitCode::CannotWrite,
        E::Corrupt { .. } | E::Row { .. } => ExitCode::BadData,
        E::Newer { .. } | E::Foreign { .. } | E::OtherAccount { .. } | E::OtherOwner { .. } => ExitCode::BadConfig,
    }
}

/// Account, address and manifest must agree before the first order. A broker that does not answer is asked again until
/// the time of a start is up; then a fresh one begins, as often as it takes: the unit has no limit of starts.
pub(crate) async fn bind_account(config: &Config, broker: &impl Broker, deadline: Instant) -> anyhow::Result<()> {
    let number = match tokio::time::timeout_at(deadline.into(), account_number(broker)).await {
        Ok(answer) => answer?,
        Err(late) => return Err(anyhow::Error::new(late).context("no account").context(ExitCode::BrokerUnavailable)),
    };
    if number == config.account {
        return Ok(());
    }
    let text = format!("the keys are of account {number}, the manifest says {}", config.account);
    Err(anyhow::anyhow!(text).context(ExitCode::BadConfig))
}

/// Asks until there is an answer. The number alone: whatever else is odd in an account keeps nobody from protecting it.
async fn account_number(broker: &impl Broker) -> anyhow::Result<AccountId> {
    loop {
        match broker.account_number().await {
            Ok(number) => return Ok(number),
            Err(error) if error.forbidden => return Err(anyhow::Error::new(error).context(ExitCode::BadConfig)),
            Err(error) => tracing::warn!("the broker does not answer, asking again: {error}"),
        }
        tokio::time::sleep(BETWEEN_TRIES).await;
    }
}

impl List {
    /// The list the gate has just vouched for; empty when it did not.
    fn of(config: &Config, verdict: &Verdict) -> Self {
        let Some(attestation) = verdict.attestation.as_ref().filter(|_| verdict.authority == GateAuthority::Open)
        else {
            return Self::default();
        };
        let attested = Some(attestation.csv_sha256.clone());
        let path = config.layout.candidates();
        let read = || -> anyhow::Result<Watchlist> {
            let bytes = std::fs::read(&path)?;
            let found = contract::sha256_hex(&bytes);
            anyhow::ensure!(attested.as_ref() == Some(&found), "changed since the gate looked at it");
            Ok(Watchlist::parse(&bytes, &path)?)
        };
        let list = match read() {
            Ok(list) => list.candidates,
            Err(error) => {
                tracing::error!("the watchlist cannot be used, nothing will be opened: {error:#}");
                return Self::default();
            }
        };
        if list.len() > CANDIDATES {
            tracing::info!("{} candidates, the best {CANDIDATES} are watched", list.len());
        }
        let watched = list.into_iter().take(CANDIDATES);
        let candidates = watched.map(|c| Candidate {
            symbol: c.symbol,
            entry_level: c.entry_level,
            stop_loss: c.stop_loss,
            structural_stop: None,
            r1: Some(c.target_r1),
            r2: Some(c.target_r2),
            average_volume: attestation.average_volumes.get(&c.symbol).copied(),
            distance: sizing::distance_rounded(c.dist_pct),
        });
        Self { candidates: candidates.collect(), sha256: attested }
    }
}
