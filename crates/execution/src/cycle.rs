//! The loop: agree with the broker, protect, and only then look at what opening needs.
//!
//! Protection asks the broker for orders, positions and executions and nothing else: a clock, an account, a data host or
//! a view file that fails takes away permission, never protection.

use std::time::Duration;

use anyhow::Context;
use broker::Broker;
use contract::{Authority as GateAuthority, ExitCode, Refusal as GateRefusal, Verdict};
use market::{Session, TimeDelta, Timestamp};
use trading::{
    control::{Authority, Kill},
    engine::{Event, Surroundings},
    order::Purpose,
    phase,
};

use crate::{
    agreement,
    engine::{Engine, PATIENCE, evaluate},
    manifest::Installed,
};

/// Between the cycles of a process that is asked to end, in real time: systemd's patience is real.
const WIND_DOWN_WAIT: Duration = Duration::from_millis(500);
/// So many of them at most: 20 s of the unit's stop timeout.
const WIND_DOWN_CYCLES: usize = 40;

/// How a cycle leaves the loop.
pub(crate) struct CycleEnd {
    /// The instant it looked at.
    pub now: Timestamp,
    /// Nothing is held, works or is unknown.
    pub flat: bool,
    /// Nothing is under way at the broker.
    pub settled: bool,
}

impl<B: Broker> Engine<B> {
    /// Cycles until SIGTERM, or until there is nothing to manage and no permission to open.
    pub async fn run(&mut self) -> anyhow::Result<ExitCode> {
        let mut ready = false;
        loop {
            let wait = match self.cycle().await {
                Ok(end) => {
                    self.memory.failed_cycles = 0;
                    if !ready {
                        self.supervisor.ready("reconciled with the broker");
                        tracing::info!("READY: reconciled with the broker");
                        ready = true;
                    }
                    if let Some(code) = self.is_over(&end) {
                        self.end("nothing to manage and no permission to open")?;
                        return Ok(code);
                    }
                    let session = self.calendar.session_on(end.now.ny_date()).ok().flatten();
                    self.config.pace.wait(session.as_ref(), end.now, self.core.hurrying_since())
                }
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) if !ready && self.started.elapsed() > PATIENCE => {
                    return Err(error.context(ExitCode::BrokerUnavailable));
                }
                Err(error) => {
                    self.tell_failed_cycle(&error)?;
                    self.config.pace.tight
                }
            };
            self.supervisor.alive();
            if let Some(signal) = self.ending {
                return self.wind_down(signal).await;
            }
            let now = self.now().context(ExitCode::BrokerUnavailable)?;
            if let Some(signal) = self.wait(now, now + wait).await? {
                return self.wind_down(signal).await;
            }
        }
    }

    async fn cycle(&mut self) -> anyhow::Result<CycleEnd> {
        let now = self.now()?;
        let said = self.look(now).await?;
        self.supervisor.alive();
        self.feed(Event::Look(Box::new(said.clone())), now).await?;

        let (session, market_open, clock_skew) = self.agree_on_time().await?;
        let verdict = evaluate(&self.config, &self.env, Ok(now));
        let authority = self.authority(&verdict);
        let quotes = self.quotes_of_the_bare(&said, session, now).await;
        let kill = self.kill_level();
        let around = Surroundings { session, authority, kill, clock_skew, stream_silent: None, quotes };
        self.feed(Event::Protect(Box::new(around)), now).await?;

        if let Some(session) = session.filter(|session| phase::is_open(Some(session), now))
            && (!said.positions.is_empty() || !self.list.candidates.is_empty())
        {
            let market = self.market(session, now).await;
            // Quotes are as of now, and so is the decision that uses them.
            let now = self.now().unwrap_or(now);
            self.feed(Event::Manage(Box::new(market)), now).await?;
        }
        self.write_artifacts(market_open);
        let settled = !self.core.end_cycle(now);
        Ok(CycleEnd { now, flat: self.core.is_flat(), settled })
    }

    /// Today's session when our clock, the broker's clock, its calendar and ours agree; `None` opens nothing.
    async fn agree_on_time(&mut self) -> anyhow::Result<(Option<Session>, bool, Option<TimeDelta>)> {
        let before = self.now()?;
        let clock = self.broker.clock().await;
        let after = self.now()?;
        let listed = self.listed_session(after).await;
        let agreed = match (&clock, listed) {
            (Err(error), _) => Err(error.to_string()),
            (_, Err(why)) => Err(why),
            (Ok(clock), Ok(listed)) => {
                agreement::session(&self.config.limits, self.calendar, (before, after), clock, listed)
                    .map_err(|disagreement| disagreement.to_string())
            }
        };
        let clock_skew = clock.as_ref().ok().map(|clock| agreement::skew(before, after, clock.now));
        let market_open = clock.is_ok_and(|clock| clock.is_open);
        let (session, text) = match agreed {
            Ok(session) if market_open => (session, "Market open.".to_owned()),
            Ok(session) => (session, "Market closed; skipping cycle.".to_owned()),
            Err(why) => {
                self.alert_once(after, "clock", &format!("clocks or calendars disagree, nothing is opened: {why}"))?;
                (None, format!("Market closed; skipping cycle. ({why})"))
            }
        };
        if self.memory.said_market.as_ref() != Some(&text) {
            tracing::info!("{text}");
            self.memory.said_market = Some(text);
        }
        Ok((session, market_open, clock_skew))
    }

    /// The broker's calendar entry of today, read once a day.
    async fn listed_session(&mut self, now: Timestamp) -> Result<Option<Session>, String> {
        let date = now.ny_date();
        if let Some((_, session)) = self.listed_session.filter(|(of, _)| *of == date) {
            return Ok(session);
        }
        let days = self.broker.calendar(date, date).await.map_err(|error| error.to_string())?;
        let session = days.into_iter().find(|session| session.date == date);
        self.listed_session = Some((date, session));
        Ok(session)
    }

    fn authority(&mut self, verdict: &Verdict) -> Authority {
        let text = verdict.to_string();
        // What there is to protect changes with every fill; the line is for permission gained or lost.
        let permission = format!("{:?} {:?}", verdict.authority, verdict.reasons);
        if self.memory.said_gate.as_ref() != Some(&permission) {
            tracing::info!("gate: {text}");
            self.memory.said_gate = Some(permission);
        }
        if let Some(signal) = self.ending {
            return Authority::ManageOnly(format!("ending on {signal}"));
        }
        // The kill switch has a control of its own, whose levels say what becomes of entries that work already.
        if verdict.reasons.iter().any(|reason| !matches!(reason, GateRefusal::KillSwitch(_))) {
            return Authority::ManageOnly(text);
        }
        if self.started_manage_only {
            return Authority::ManageOnly("started to manage only; restart to open".into());
        }
        let attested = verdict.attestation.as_ref().map(|attestation| &attestation.csv_sha256);
        if attested != self.list.sha256.as_ref() {
            return Authority::ManageOnly(
                "the watchlist is not the one this process started with; restart to open".into(),
            );
        }
        let disagreement = self.config.manifest.as_ref().and_then(Installed::disagreement);
        disagreement.map_or(Authority::Open, Authority::ManageOnly)
    }

    pub(crate) fn kill_level(&self) -> Option<Kill> {
        let level = contract::KillSwitch::read(&self.config.layout.kill_switch(), &self.env).level()?;
        Some(match level {
            contract::KillLevel::Entries => Kill::Entries,
            contract::KillLevel::Cancel => Kill::Cancel,
            contract::KillLevel::Flatten => Kill::Flatten,
        })
    }

    /// Flat, and refused for good: at the start, or in a session for a reason that neither time nor a clear lifts.
    fn is_over(&self, end: &CycleEnd) -> Option<ExitCode> {
        if !end.flat {
            return None;
        }
        let verdict = evaluate(&self.config, &self.env, Ok(end.now));
        is_refused_for_good(&verdict, self.started_manage_only, end.now).then_some(ExitCode::GateRefused)
    }

    /// A cycle that could not look decides nothing; what protects lies at the broker. Two in a row are told.
    fn tell_failed_cycle(&mut self, error: &anyhow::Error) -> anyhow::Result<()> {
        self.memory.failed_cycles = self.memory.failed_cycles.saturating_add(1);
        tracing::warn!("cycle failed, nothing was decided: {error:#}");
        if self.memory.failed_cycles < 2 {
            return Ok(());
        }
        let now = self.now().context(ExitCode::BrokerUnavailable)?;
        let text = format!("{} cycles in a row could not look at the broker: {error:#}", self.memory.failed_cycles);
        self.alert_once(now, "cycle", &text)
    }

    /// Waits by the program's clock, giving signs of life; `Some` when the process is asked to end.
    async fn wait(&mut self, now: Timestamp, until: Timestamp) -> anyhow::Result<Option<&'static str>> {
        let mut beat = tokio::time::interval(self.supervisor.beat());
        let sleep = self.pacer.sleep(now, until);
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                biased;
                signal = self.termination.wait() => return Ok(Some(signal)),
                result = &mut sleep => { result.context(ExitCode::BrokerUnavailable)?; return Ok(None) }
                _ = beat.tick() => self.supervisor.alive(),
            }
        }
    }

    /// Leaves nothing at the broker that needs this process: entries are withdrawn, what filled gets its stop.
    async fn wind_down(&mut self, signal: &'static str) -> anyhow::Result<ExitCode> {
        self.supervisor.stopping();
        self.ending = Some(signal);
        for _ in 0..WIND_DOWN_CYCLES {
            match self.cycle().await {
                Ok(end) if end.settled => {
                    self.end(signal)?;
                    return Ok(ExitCode::Ok);
                }
                Ok(_) => {}
                Err(error) if is_fatal(&error) => return Err(error),
                Err(error) => tracing::warn!("while ending: {error:#}"),
            }
            self.supervisor.alive();
            tokio::time::sleep(WIND_DOWN_WAIT).await;
        }
        let now = self.now().context(ExitCode::BrokerUnavailable)?;
        self.alert(now, "ending", "ends with something still under way at the broker")?;
        self.end(signal)?;
        Ok(ExitCode::Unexpected)
    }

    fn end(&mut self, why: &str) -> anyhow::Result<()> {
        self.supervisor.stopping();
        let live = self.core.book().live();
        let stops = live.filter(|(_, intent)| intent.request.purpose == Purpose::Protect).count();
        let text = format!("{why}: ending; {stops} protective stops stay at the broker");
        tracing::info!("{text}");
        let now = self.clock.try_now().unwrap_or_else(|_| market::Clock::now(&self.clock));
        self.ledger.record_event(now, "stop", "execution", &text).context(ExitCode::CannotWrite)
    }
}

/// Whether a flat process has nothing to wait for.
fn is_refused_for_good(verdict: &Verdict, started_manage_only: bool, now: Timestamp) -> bool {
    let lasting = verdict.reasons.iter().any(|reason| !may_be_lifted(reason));
    let in_session = phase::is_open(verdict.session.as_ref(), now);
    verdict.authority != GateAuthority::Open && (started_manage_only || lasting && in_session)
}

/// Reasons that pass with time or by an operator's hand, so that a flat process waits for it instead of ending.
fn may_be_lifted(reason: &GateRefusal) -> bool {
    matches!(
        reason,
        GateRefusal::ClockUnavailable(_)
            | GateRefusal::NoSession { .. }
            | GateRefusal::BeforeWindow { .. }
            | GateRefusal::AfterClose { .. }
            | GateRefusal::ScanRunning { .. }
            | GateRefusal::KillSwitch(_)
    )
}

/// Errors after which going on would act on what is not recorded.
fn is_fatal(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ExitCode>().is_some_and(|code| *code == ExitCode::CannotWrite)
}

#[cfg(test)]
mod tests;
