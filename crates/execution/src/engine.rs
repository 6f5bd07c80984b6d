//! The loop: one cycle after another, each whole or without effect on what may be opened.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context;
use broker::Broker;
use contract::{Authority as GateAuthority, Env, ExitCode, ProgramClock, Refusal as GateRefusal, Verdict, Watchlist};
use ledger::Ledger;
use market::{Calendar, Candle, Session, Symbol, TimeDelta, Timestamp};
use service::{Pacer, Supervisor, Termination, log::LogClock};
use trading::{
    book::Book,
    control::Authority,
    decide::{self, Candidate, Decision},
    order::Side,
    reconcile::Finding,
    refusal::Reason,
    report::OrderReport,
};

use crate::{
    alert::Alerts,
    config::Config,
    lock::{AccountLock, LockError},
};

/// Intents older than this and dead are left in the ledger, out of the book.
const BOOK_DAYS: TimeDelta = TimeDelta::days(120);
/// The watchlist's best so many are looked at; a bound on what one cycle reads.
pub const CANDIDATES: usize = 100;

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
    pub(crate) book: Book,
    pub(crate) calendar: Calendar,
    pub(crate) alerts: Alerts,
    pub(crate) candidates: Vec<Candidate>,
    /// Ten-minute candles by symbol, and the instant up to which they are complete.
    pub(crate) candles: (Option<Timestamp>, BTreeMap<Symbol, Vec<Candle>>),
    pub(crate) findings: BTreeSet<(Symbol, Finding)>,
    pub(crate) refused: BTreeMap<Symbol, Reason>,
    pub(crate) said: Said,
    env: Env,
    clock: ProgramClock,
    log_clock: LogClock,
    pacer: Pacer,
    supervisor: Supervisor,
    termination: Termination,
    started_manage_only: bool,
    _lock: AccountLock,
}

/// What the log said last, so that it speaks when something changes.
#[derive(Debug, Default)]
pub struct Said {
    gate: Option<String>,
    market: Option<String>,
}

/// How a cycle leaves the loop.
pub(crate) struct CycleEnd {
    /// The instant it looked at.
    pub now: Timestamp,
    /// Today's session.
    pub session: Option<Session>,
    /// Nothing is held, works or is unknown.
    pub flat: bool,
    /// An opening order works at the broker.
    pub entering: bool,
}

impl<B: Broker> Engine<B> {
    /// Gates, lock, ledger, broker: in that order, nothing sent before all of them agree.
    pub async fn start(config: Config, env: Env, log_clock: LogClock, broker: B) -> anyhow::Result<Start<B>> {
        let clock = ProgramClock::from_env(&env).context(ExitCode::BadConfig)?;
        let now = clock.try_now().context(ExitCode::BrokerUnavailable)?;
        log_clock.set(now);
        tracing::info!("execution {}: {config}", env!("CARGO_PKG_VERSION"));
        let verdict = evaluate(&config, &env, Ok(now));
        tracing::info!("gate: {verdict}");
        if verdict.authority == GateAuthority::Refused {
            return Ok(Start::Refused(ExitCode::GateRefused));
        }
        let lock = take_lock(&config)?;
        let (ledger, book) = open_ledger(&config, now)?;
        tracing::info!("Execution DB: {}", config.database.display());
        bind_account(&config, &broker).await?;
        let engine = Self {
            candidates: read_candidates(&config, &verdict),
            started_manage_only: verdict.authority == GateAuthority::ManageOnly,
            pacer: Pacer::new(config.venue, "execution").context(ExitCode::BadConfig)?,
            supervisor: Supervisor::from_environment(),
            termination: Termination::new().context("failed to take over signals")?,
            config,
            broker,
            ledger,
            book,
            calendar: Calendar::nyse(),
            alerts: Alerts::default(),
            candles: (None, BTreeMap::new()),
            findings: BTreeSet::new(),
            refused: BTreeMap::new(),
            said: Said::default(),
            env,
            clock,
            log_clock,
            _lock: lock,
        };
        Ok(Start::Engine(Box::new(engine)))
    }

    /// Cycles until SIGTERM, or until there is nothing to manage and no permission to open.
    pub async fn run(&mut self) -> anyhow::Result<ExitCode> {
        let mut ready = false;
        loop {
            let wait = match self.cycle().await {
                Ok(end) => {
                    if !ready {
                        self.supervisor.ready("reconciled with the broker");
                        tracing::info!("READY: reconciled with the broker");
                        ready = true;
                    }
                    if let Some(code) = self.is_over(&end) {
                        self.stop("nothing to manage and no permission to open")?;
                        return Ok(code);
                    }
                    let wait = self.config.pace.wait(end.session.as_ref(), end.now, end.entering);
                    (end.now, wait)
                }
                Err(error) if is_fatal(&error) => return Err(error),
                // A cycle that could not look decides nothing; what protects lies at the broker.
                Err(error) => {
                    tracing::error!("cycle failed, nothing was decided: {error:#}");
                    if !ready {
                        return Err(error.context(ExitCode::BrokerUnavailable));
                    }
                    (self.now()?, self.config.pace.tight)
                }
            };
            self.supervisor.alive();
            if let Some(signal) = self.wait(wait.0, wait.0 + wait.1).await? {
                self.stop(signal)?;
                return Ok(ExitCode::Ok);
            }
        }
    }

    async fn cycle(&mut self) -> anyhow::Result<CycleEnd> {
        let now = self.now()?;
        let (session, market_open) = self.agree_on_time(now).await?;
        let said = self.reconcile(now).await?;
        let verdict = evaluate(&self.config, &self.env, Ok(now));
        let authority = self.authority(&verdict);
        let kill = kill_level(&self.config, &self.env);
        let view = self.look(now, said, session, authority, kill).await?;
        let decision = decide::decide(&self.book, &view, &self.config.limits);
        self.write_exposure(&view, &decision)?;
        self.act(now, &decision).await?;
        self.note_refusals(&decision)?;
        self.write_artifacts(&view, &decision, market_open);
        Ok(self.end_of_cycle(now, session, &view.working, view.positions.is_empty(), &decision))
    }

    /// The program's clock, which also stamps the log.
    fn now(&self) -> anyhow::Result<Timestamp> {
        let now = self.clock.try_now().context("no time")?;
        self.log_clock.set(now);
        Ok(now)
    }

    async fn agree_on_time(&mut self, now: Timestamp) -> anyhow::Result<(Option<Session>, bool)> {
        let broker = self.broker.clock().await?;
        let (session, text) = match crate::agreement::session(self.calendar, now, &broker) {
            Ok(session) if broker.is_open => (session, "Market open.".to_owned()),
            Ok(session) => (session, "Market closed; skipping cycle.".to_owned()),
            Err(why) => {
                self.alert(now, "clock", &format!("clocks disagree, nothing is opened: {why}"))?;
                (None, format!("Market closed; skipping cycle. ({why})"))
            }
        };
        if self.said.market.as_ref() != Some(&text) {
            tracing::info!("{text}");
            self.said.market = Some(text);
        }
        Ok((session, broker.is_open))
    }

    fn authority(&mut self, verdict: &Verdict) -> Authority {
        let text = verdict.to_string();
        // What there is to protect changes with every fill; the line is for permission gained or lost.
        let permission = format!("{:?} {:?}", verdict.authority, verdict.reasons);
        if self.said.gate.as_ref() != Some(&permission) {
            tracing::info!("gate: {text}");
            self.said.gate = Some(permission);
        }
        let manifest = self.config.manifest.as_ref().and_then(crate::manifest::Installed::disagreement);
        match (verdict.authority, manifest) {
            (GateAuthority::Open, None) if !self.started_manage_only => Authority::Open,
            // Its watchlist was refused when it started; permission comes back with a fresh start.
            (GateAuthority::Open, None) => Authority::ManageOnly("started to manage only; restart to open".into()),
            (GateAuthority::Open, Some(why)) => Authority::ManageOnly(why),
            (GateAuthority::ManageOnly | GateAuthority::Refused, _) => Authority::ManageOnly(text),
        }
    }

    fn end_of_cycle(
        &self,
        now: Timestamp,
        session: Option<Session>,
        working: &[OrderReport],
        no_positions: bool,
        decision: &Decision,
    ) -> CycleEnd {
        let live = self.book.intents.values().any(|intent| !intent.state.is_dead());
        let sent = decision.actions.iter().any(|action| matches!(action, decide::Action::Submit { .. }));
        let flat = no_positions && working.is_empty() && !live;
        // Wherever a fill may be on its way, the next look comes soon.
        let buying = working.iter().any(|order| order.side == Side::Buy);
        let unresolved = self.book.intents.values().any(|intent| intent.state.is_unresolved());
        CycleEnd { now, session, flat, entering: sent || buying || unresolved }
    }

    /// Flat, in a session, and refused for a reason that time alone does not lift: nothing is left to do here.
    fn is_over(&self, end: &CycleEnd) -> Option<ExitCode> {
        if !end.flat {
            return None;
        }
        let verdict = evaluate(&self.config, &self.env, Ok(end.now));
        if verdict.authority == GateAuthority::Open {
            return None;
        }
        let lasting = verdict.reasons.iter().any(|reason| !passes_with_time(reason));
        (self.started_manage_only || lasting && end.session.is_some_and(|s| s.open <= end.now && end.now < s.close))
            .then_some(ExitCode::GateRefused)
    }

    /// Waits by the program's clock, giving signs of life; `Some` when the process is asked to end.
    async fn wait(&mut self, now: Timestamp, until: Timestamp) -> anyhow::Result<Option<&'static str>> {
        let mut beat = tokio::time::interval(self.supervisor.beat());
        let sleep = self.pacer.sleep(now, until);
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                result = &mut sleep => { result.context(ExitCode::BrokerUnavailable)?; return Ok(None) }
                signal = self.termination.wait() => return Ok(Some(signal)),
                _ = beat.tick() => self.supervisor.alive(),
            }
        }
    }

    fn stop(&mut self, why: &str) -> anyhow::Result<()> {
        self.supervisor.stopping();
        let stops = self
            .book
            .intents
            .values()
            .filter(|intent| !intent.state.is_dead() && intent.request.purpose == trading::order::Purpose::Protect);
        let text = format!("{why}: ending; {} protective stops stay at the broker", stops.count());
        tracing::info!("{text}");
        let now = self.clock.try_now().unwrap_or_else(|_| market::Clock::now(&self.clock));
        self.ledger.record_event(now, "stop", "execution", &text).context(ExitCode::CannotWrite)
    }
}

/// The same gates that `gate execution` asks, inside.
fn evaluate(config: &Config, env: &Env, now: Result<Timestamp, String>) -> Verdict {
    contract::decide(&contract::Evidence::gather(&config.layout, env, now), Calendar::nyse())
}

fn passes_with_time(reason: &GateRefusal) -> bool {
    matches!(
        reason,
        GateRefusal::ClockUnavailable(_)
            | GateRefusal::NoSession { .. }
            | GateRefusal::BeforeWindow { .. }
            | GateRefusal::AfterClose { .. }
            | GateRefusal::KillSwitch(_)
    )
}

fn kill_level(config: &Config, env: &Env) -> Option<trading::control::Kill> {
    use trading::control::Kill;
    let level = contract::KillSwitch::read(&config.layout.kill_switch(), env).level()?;
    Some(match level {
        contract::KillLevel::Entries => Kill::Entries,
        contract::KillLevel::Cancel => Kill::Cancel,
        contract::KillLevel::Flatten => Kill::Flatten,
    })
}

fn take_lock(config: &Config) -> anyhow::Result<AccountLock> {
    let path = config.layout.account_lock(config.account.as_str());
    AccountLock::take(&path).map_err(|error| match &error {
        LockError::Held(_) => anyhow::Error::new(error).context(ExitCode::LockHeld),
        LockError::File { .. } => anyhow::Error::new(error).context(ExitCode::CannotWrite),
    })
}

fn open_ledger(config: &Config, now: Timestamp) -> anyhow::Result<(Ledger, Book)> {
    use ledger::LedgerError as E;
    let open = || -> Result<_, E> {
        let mut ledger = Ledger::open(&config.database, &config.account)?;
        let book = ledger.book(&config.account, &config.strategy, now - BOOK_DAYS)?;
        ledger.record_event(now, "start", "execution", &format!("mode {}", config.mode))?;
        Ok((ledger, book))
    };
    open().map_err(|error| {
        let code = match &error {
            E::Sqlite { .. } | E::Folder { .. } => ExitCode::CannotWrite,
            E::Newer { .. } | E::Foreign { .. } | E::OtherAccount { .. } | E::Row { .. } => ExitCode::BadConfig,
        };
        anyhow::Error::new(error).context(code)
    })
}

/// Account, address and manifest must agree before the first order.
async fn bind_account(config: &Config, broker: &impl Broker) -> anyhow::Result<()> {
    let account = broker.account().await.map_err(|error| {
        let code = if error.forbidden { ExitCode::BadConfig } else { ExitCode::BrokerUnavailable };
        anyhow::Error::new(error).context(code)
    })?;
    if account.number == config.account {
        return Ok(());
    }
    let found = account.number;
    let text = format!("the keys are of account {found}, the manifest says {}", config.account);
    Err(anyhow::anyhow!(text).context(ExitCode::BadConfig))
}

/// The list the gate has just vouched for; empty when it did not.
fn read_candidates(config: &Config, verdict: &Verdict) -> Vec<Candidate> {
    if verdict.authority != GateAuthority::Open {
        return Vec::new();
    }
    let path = config.layout.candidates();
    let read = || -> anyhow::Result<Watchlist> {
        let bytes = std::fs::read(&path)?;
        let attested = verdict.attestation.as_ref().map(|attestation| attestation.csv_sha256.as_str());
        anyhow::ensure!(attested == Some(contract::sha256_hex(&bytes).as_str()), "changed since the gate looked at it");
        Ok(Watchlist::parse(&bytes, &path)?)
    };
    let list = match read() {
        Ok(list) => list,
        Err(error) => {
            tracing::error!("the watchlist cannot be used, nothing will be opened: {error:#}");
            return Vec::new();
        }
    };
    let total = list.candidates.len();
    if total > CANDIDATES {
        tracing::info!("{total} candidates, the best {CANDIDATES} are watched");
    }
    let kept = list.candidates.into_iter().take(CANDIDATES);
    kept.map(|c| Candidate { symbol: c.symbol, entry_level: c.entry_level, stop_loss: c.stop_loss }).collect()
}

/// Errors after which going on would act on what is not recorded.
fn is_fatal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ExitCode>().is_some_and(|code| *code == ExitCode::CannotWrite)
}
