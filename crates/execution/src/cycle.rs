//! The loop: agree with the broker, protect, and only then look at what opening needs.
//!
//! Protection needs the broker's orders and positions and nothing else. Executions, questions about single orders, clock,
//! calendar and quotes are waited for a few seconds before it; whatever of them fails, an account, a data host or a view
//! file take away permission, never protection.

use std::time::{Duration, Instant};

use anyhow::Context;
use broker::Broker;
use contract::{Authority as GateAuthority, ExitCode, Mode, Refusal as GateRefusal, Verdict};
use market::{Session, TimeDelta, Timestamp};
use trading::{
    agreement,
    control::{Authority, Kill},
    engine::{Event, Surroundings},
    order::Purpose,
    phase,
};

use crate::{
    engine::{Engine, evaluate},
    gather::Aside,
    manifest::Installed,
    signals::AskedToEnd,
};

/// Between the cycles of a process that is asked to end, in real time: systemd's patience is real.
const WIND_DOWN_WAIT: Duration = Duration::from_millis(500);

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
        loop {
            let wait = match self.cycle().await {
                Ok(end) => {
                    self.memory.failed_cycles = 0;
                    if !self.memory.ready {
                        self.supervisor.ready("reconciled with the broker");
                        tracing::info!("READY: reconciled with the broker");
                        self.memory.ready = true;
                    }
                    if let Some(code) = self.is_over(&end) {
                        self.end("nothing to manage and no permission to open");
                        return Ok(code);
                    }
                    self.config.pace.wait(self.hours(end.now).as_ref(), end.now, self.hurrying_since())
                }
                Err(error) => {
                    if let Some(AskedToEnd(signal)) = error.downcast_ref() {
                        return self.wind_down(signal).await;
                    }
                    self.bear(error)?;
                    self.after_failure()
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
        let end = self.look_and_act().await;
        self.write_words();
        end
    }

    async fn look_and_act(&mut self) -> anyhow::Result<CycleEnd> {
        // What was told by now, this look sees.
        self.listen();
        self.bell.looks(tokio::time::Instant::now());
        let now = self.now()?;
        if self.clock_was_set(now) {
            tracing::warn!("the clock was set forward: what was sent before is doubted from now on");
            self.feed(Event::ClockSet, now).await?;
        }
        let looked = self.until_asked(self.look(now)).await?;
        let said = self.take_in(looked, now);
        self.feed(Event::Look(Box::new(said.clone())), now).await?;

        let aside = self.until_asked(async { Ok(self.aside(&said, now).await) }).await?;
        self.note_calendar(&aside);
        // The reads took time: a quote newer than the decision would be one from the future.
        let now = self.now().unwrap_or(now);
        let (session, market_open, clock_skew) = self.agree_on_time(&aside, now);
        let verdict = evaluate(&self.config, &self.env, Ok(now));
        let authority = self.authority(&verdict);
        self.tell_unreadable(now);
        let (hours, kill, quotes) = (self.hours(now), self.kill_level(), aside.quotes);
        self.memory.kill_seen = kill;
        if self.listen() && !self.pacer.is_venue() {
            self.bell.ring(tokio::time::Instant::now());
        }
        let stream_silent = Some(self.stream_silent(now));
        let around = Surroundings { session, hours, authority, kill, clock_skew, stream_silent, quotes };
        self.feed(Event::Protect(Box::new(around)), now).await?;
        // None of this may keep a stop waiting: each is a write that the disk takes its time for.
        self.look_after_ledger(now);
        self.write_words();

        // By our own calendar: that broker and calendar agree is asked of openings, not of a stop that follows. A process
        // that is ending has no time for either.
        if let Some(session) = hours.filter(|hours| phase::is_open(Some(hours), now))
            && (!said.positions.is_empty() || !self.list.candidates.is_empty())
            && self.ending.is_none()
        {
            let read = self.until_asked(async { Ok(self.market(session, now).await) }).await?;
            let market = self.take_in_market(read, now)?;
            // Quotes are as of now, and so is the decision that uses them.
            let now = self.now().unwrap_or(now);
            self.feed(Event::Manage(Box::new(market)), now).await?;
        }
        self.write_artifacts(market_open);
        self.core.end_cycle(now);
        let flat = self.core.is_flat() && self.memory.unreadable_count() == 0;
        Ok(CycleEnd { now, flat, settled: self.hurrying_since().is_none() })
    }

    /// Whether our clock went on by more than time did since the last cycle. The venue's clock is nobody's but the venue's.
    fn clock_was_set(&mut self, now: Timestamp) -> bool {
        let before = self.memory.clocks.replace((Instant::now(), now));
        self.config.venue.is_none()
            && before.is_some_and(|(steady, wall)| {
                ran_ahead(now.since(wall), steady.elapsed(), self.config.limits.clock_skew)
            })
    }

    /// Since when something has been under way. What a dry run decides reaches nobody, so nothing comes of it to wait for.
    fn hurrying_since(&self) -> Option<Timestamp> {
        self.core.hurrying_since().filter(|_| self.config.mode != Mode::DryRun)
    }

    fn tell_unreadable(&mut self, now: Timestamp) {
        for (what, names) in self.memory.unreadable() {
            let text = format!("{what} that cannot be read, nothing is opened: {}", names.join(", "));
            self.alert_once(now, what, &text);
        }
    }

    /// Today's session when our clock, the broker's clock, its calendar and ours agree; `None` opens nothing.
    fn agree_on_time(&mut self, aside: &Aside, now: Timestamp) -> (Option<Session>, bool, Option<TimeDelta>) {
        let agreed = match (&aside.clock, &aside.listed) {
            (Err(why), _) | (_, Err(why)) => Err(why.clone()),
            (Ok((before, clock, after)), Ok((_, listed))) => {
                agreement::session(&self.config.limits, self.calendar, (*before, *after), clock, *listed)
                    .map_err(|disagreement| disagreement.to_string())
            }
        };
        // A dry run out of hours: all else must agree as ever.
        let agreed = agreed.map(|session| self.config.hours(session, now));
        let clock = aside.clock.as_ref().ok();
        let clock_skew = clock.map(|(before, clock, after)| agreement::skew(*before, *after, clock.now));
        let market_open = self.config.ignore_hours || clock.is_some_and(|(_, clock, _)| clock.is_open);
        let (session, text) = match agreed {
            Ok(session) if market_open => (session, "Market open.".to_owned()),
            Ok(session) => (session, "Market closed; skipping cycle.".to_owned()),
            Err(why) => {
                self.alert_once(now, "clock", &format!("clocks or calendars disagree, nothing is opened: {why}"));
                (None, format!("Market closed; skipping cycle. ({why})"))
            }
        };
        if self.memory.said_market.as_ref() != Some(&text) {
            tracing::info!("{text}");
            self.memory.said_market = Some(text);
        }
        (session, market_open, clock_skew)
    }

    fn authority(&mut self, verdict: &Verdict) -> Authority {
        let text = verdict.to_string();
        // What there is to protect changes with every fill; the line is for permission gained or lost.
        let permission = format!("{:?} {:?}", verdict.authority, verdict.reasons);
        if self.memory.said_gate.as_ref() != Some(&permission) {
            tracing::info!("gate: {text}");
            self.memory.said_gate = Some(permission);
        }
        let now = verdict.at.unwrap_or_else(|| self.last_now());
        let against_opening = self.against_opening(now);
        if let Some(signal) = self.ending {
            return Authority::ManageOnly(format!("ending on {signal}"));
        }
        if let Some(why) = against_opening.or_else(|| self.ledger_in_doubt()) {
            return Authority::ManageOnly(why);
        }
        if let Some((what, names)) = self.memory.unreadable().first() {
            return Authority::ManageOnly(format!("cannot read the {what} {}", names.join(", ")));
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
        let level = contract::KillSwitch::read(&self.config.layout.kill_switch(), &self.env).level();
        let level = level.map(|level| match level {
            contract::KillLevel::Entries => Kill::Entries,
            contract::KillLevel::Cancel => Kill::Cancel,
            contract::KillLevel::Flatten => Kill::Flatten,
        });
        level.max(self.copying.halted.as_ref().map(|_| Kill::Entries))
    }

    /// Flat, and refused for good: at the start, or in a session for a reason that neither time nor a clear lifts.
    fn is_over(&self, end: &CycleEnd) -> Option<ExitCode> {
        if !end.flat {
            return None;
        }
        if let Some(code) = self.still_without_permission(end.now) {
            return Some(code);
        }
        let verdict = evaluate(&self.config, &self.env, Ok(end.now));
        is_refused_for_good(&verdict, self.started_manage_only, end.now).then_some(ExitCode::GateRefused)
    }

    /// A failure that the loop goes on after, or the end.
    fn bear(&mut self, error: anyhow::Error) -> anyhow::Result<()> {
        if is_fatal(&error) {
            return Err(error);
        }
        if !self.memory.ready && self.started.elapsed() >= self.patience.start {
            return Err(error.context(ExitCode::BrokerUnavailable));
        }
        self.tell_failed_cycle(&error)
    }

    /// Until the next try: whoever has rung for the look that failed waits as little as for anything under way, for a while.
    pub(crate) fn after_failure(&self) -> TimeDelta {
        let (pace, rung) = (&self.config.pace, self.bell.unanswered_for(tokio::time::Instant::now()));
        let rung = rung.and_then(|so_far| TimeDelta::from_std(so_far).ok());
        if rung.is_some_and(|so_far| so_far < pace.hurry_limit) { pace.hurry.min(pace.tight) } else { pace.tight }
    }

    /// A cycle that could not look decides nothing; what protects lies at the broker. Two in a row are told.
    fn tell_failed_cycle(&mut self, error: &anyhow::Error) -> anyhow::Result<()> {
        self.memory.failed_cycles = self.memory.failed_cycles.saturating_add(1);
        tracing::warn!("cycle failed, nothing was decided: {error:#}");
        self.write_failure(error);
        if self.memory.failed_cycles < 2 {
            return Ok(());
        }
        let now = self.now().context(ExitCode::BrokerUnavailable)?;
        let text = format!("{} cycles in a row could not look at the broker: {error:#}", self.memory.failed_cycles);
        self.alert_once(now, "cycle", &text);
        self.write_words();
        Ok(())
    }

    /// Leaves nothing at the broker that needs this process: entries are withdrawn, what filled gets its stop. A cycle that
    /// its time cuts short loses what a crash loses, nothing that was recorded; the last word is always written.
    async fn wind_down(&mut self, signal: &'static str) -> anyhow::Result<ExitCode> {
        self.supervisor.stopping();
        self.ending = Some(signal);
        let end_by = Instant::now() + self.patience.ending;
        self.end_by = Some(end_by);
        while let Some(left) = end_by.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            match tokio::time::timeout(left, self.cycle()).await {
                Ok(Ok(end)) if end.settled => {
                    self.end(signal);
                    return Ok(ExitCode::Ok);
                }
                Ok(Ok(_)) => {}
                Ok(Err(error)) if is_fatal(&error) => return Err(error),
                Ok(Err(error)) => tracing::warn!("while ending: {error:#}"),
                Err(_) => tracing::warn!("while ending: the time is up"),
            }
            self.supervisor.alive();
            tokio::time::sleep(WIND_DOWN_WAIT.min(left)).await;
        }
        let now = self.last_now();
        self.alert(now, "ending", "ends with something still under way at the broker");
        self.end(signal);
        Ok(ExitCode::Unexpected)
    }

    /// The time, or the last that was read: a venue that is gone must not keep the last word back.
    pub(crate) fn last_now(&self) -> Timestamp {
        self.clock.try_now().unwrap_or_else(|_| market::Clock::now(&self.clock))
    }

    fn end(&mut self, why: &str) {
        self.supervisor.stopping();
        let live = self.core.book().live();
        let stops = live.filter(|(_, intent)| intent.request.purpose == Purpose::Protect).count();
        let text = format!("{why}: ending; {stops} protective stops stay at the broker");
        tracing::info!("{text}");
        let now = self.last_now();
        self.note(now, "stop", "execution", &text);
        self.write_words();
    }
}

/// Whether the wall clock went on by more than a steady one, beyond what two readings may differ by.
fn ran_ahead(wall: TimeDelta, steady: Duration, tolerance: TimeDelta) -> bool {
    TimeDelta::from_std(steady).is_ok_and(|steady| wall - steady > tolerance)
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
