//! The day itself: one loop that lets processes run while the clock stands still, and the clock while they sleep.
//!
//! The clock moves to the next thing due (a timer, a restart, a sleeper, the fault) only when every process has ended or
//! sleeps at the venue. A process that does neither within [`STEP_MAX`] of real time fails the rehearsal by name.

use anyhow::{Context, bail};
use broker_sim::{MarketDay, Venue, VenueServer};
use contract::Layout;
use market::{Session, Timestamp};
use tokio::{sync::mpsc, time::Instant};

use crate::{
    books::Books,
    checks::{Kill, Seen},
    fault::{self, AtVenue, Fault, KillList, Named, Trap},
    mounts::Disk,
    narration,
    process::{BY_HAND, Processes, Report, STEP_MAX},
    scratch::Paths,
    strike::Planned,
    supervisor::{Effect, Event, Note, Phase, Supervisor},
    timeline::{Timeline, Word},
    tracer::Struck,
    units::{
        service::{Kind, Service},
        status::Exit,
    },
};

/// The program whose bad end the scan's fault is.
pub const SCANNER: &str = "scanner";
/// The program that trades.
pub const EXECUTION: &str = "execution";

/// How fast market time passes while everybody sleeps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as it goes.
    Max,
    /// So many seconds of the market a second.
    Times(f64),
}

/// Everything a day is made of.
pub struct Day {
    /// The venue.
    pub venue: Venue,
    /// Who decides what runs.
    pub supervisor: Supervisor,
    /// What runs.
    pub processes: Processes,
    /// What processes do.
    pub reports: mpsc::UnboundedReceiver<Report>,
    /// What is written down.
    pub timeline: Timeline,
    /// The venue's books as far as they were seen.
    pub books: Books,
    /// Counts requests, and kills.
    pub trap: Trap,
    /// What the checks need.
    pub seen: Seen,
    /// Faults with a name, and where they stand.
    pub planned: Vec<Planned>,
    /// What the venue does to requests.
    pub at_venue: Vec<AtVenue>,
    /// Fills up to the last that a mute stream was given time for.
    pub untold: usize,
    /// The rehearsal's own directories.
    pub scratch: Paths,
    /// What the venue knows of the market.
    pub market: MarketDay,
    /// The disk of state and data, when it is one of its own.
    pub disk: Option<Disk>,
    /// Another account, when there is one.
    pub other: Option<VenueServer>,
    /// When to stop, if before the last timer.
    pub until: Option<Timestamp>,
    /// The deployment's files.
    pub layout: Layout,
    /// The session.
    pub session: Session,
    /// The pace.
    pub speed: Speed,
}

impl Day {
    /// Runs the scan as it ran the day before, so that its watchlist lies there in the morning.
    pub async fn run_yesterdays_scan(&mut self) -> anyhow::Result<()> {
        let Some(scan) = self.supervisor.tree().service_running(SCANNER).cloned() else { return Ok(()) };
        self.timeline.add(self.venue.now(), &scan.name, Word::Starts, "as it did the day before");
        for (index, command) in scan.start.iter().enumerate() {
            let phase = Phase::Main(index);
            self.processes.start(&scan, phase, command, Vec::new(), "the day before")?;
            let report = self.next_report().await?;
            let Event::Exited(exit) = report.event else { bail!("{}: spoke out of turn", scan.name) };
            let (running, output) = self.processes.ended(&scan.name)?;
            if let Some((word, detail)) = narration::of_end(running.phase, exit, &output) {
                self.timeline.add(self.venue.now(), &scan.name, word, detail);
            }
            if exit != Exit::Exited(0) {
                bail!("the scan of the day before failed: {}", narration::meaning(exit));
            }
        }
        Ok(())
    }

    /// Runs from `morning` to the last timer of the day, then stops what still runs.
    pub async fn run(&mut self, morning: Timestamp) -> anyhow::Result<()> {
        self.venue.advance_to(morning);
        let end = self.until.unwrap_or_else(|| self.session.close.max(self.last_slot(morning)));
        loop {
            self.settle().await?;
            if self.strike_due().await? {
                continue;
            }
            let now = self.venue.now();
            if self.supervisor.next_due().is_some_and(|at| at <= now) {
                let effects = self.supervisor.fire_due(now);
                self.apply(effects)?;
                continue;
            }
            let sleepers = self.venue.sleepers().into_iter().map(|sleeper| sleeper.until);
            let next = sleepers.chain(self.supervisor.next_due()).chain(self.next_strike()).min();
            match next.filter(|next| *next <= end) {
                Some(next) => self.advance(next).await,
                None if now < end => self.advance(end).await,
                None => break,
            }
        }
        let effects = self.supervisor.stop_all(self.venue.now());
        self.apply(effects)?;
        self.settle_until_all_ended().await
    }

    /// The last slot of any timer on the day of the session.
    fn last_slot(&self, morning: Timestamp) -> Timestamp {
        let mut last = morning;
        for timer in self.supervisor.tree().timers.values() {
            let mut slot = timer.next_after(morning);
            while slot.ny_date() == self.session.date {
                last = last.max(slot);
                slot = timer.next_after(slot);
            }
        }
        last
    }

    /// Lets time pass over everybody's head.
    pub fn jump(&mut self, to: Timestamp) {
        self.venue.advance_to(to);
        self.observe();
    }

    async fn advance(&mut self, to: Timestamp) {
        if let Speed::Times(factor) = self.speed {
            let span = to.since(self.venue.now()).to_std().unwrap_or_default();
            tokio::time::sleep(span.div_f64(factor)).await;
        }
        self.venue.advance_toward(to);
        self.observe();
    }

    /// A fault struck.
    pub fn struck(&mut self, fault: &Fault, what: String) {
        let now = self.venue.now();
        self.timeline.add(now, "rehearsal", Word::Fault, what);
        self.seen.struck = Some(self.seen.struck.unwrap_or(now));
        self.seen.struck_by.insert(fault.key());
        self.seen.ready_after_fault = false;
    }

    async fn settle(&mut self) -> anyhow::Result<()> {
        self.wait_until(Self::is_quiet).await
    }

    async fn settle_until_all_ended(&mut self) -> anyhow::Result<()> {
        self.wait_until(|day| day.processes.running().is_empty()).await
    }

    /// Lets processes run until something is so.
    pub async fn wait_until(&mut self, done: impl Fn(&Self) -> bool) -> anyhow::Result<()> {
        loop {
            // Taken before looking, so that a change between the look and the wait is not missed.
            let changed = self.venue.changed();
            while let Ok(report) = self.reports.try_recv() {
                self.take(report).await?;
            }
            self.observe();
            if done(self) {
                return Ok(());
            }
            tokio::select! {
                report = self.reports.recv() => self.take(report.context("the reports end")?).await?,
                () = changed => {}
                () = tokio::time::sleep(STEP_MAX) => bail!("{} after {} s", self.stuck(), STEP_MAX.as_secs()),
            }
        }
    }

    /// Every process sleeps at the venue, and none is about to be woken by a signal.
    fn is_quiet(&self) -> bool {
        let asleep = self.venue.sleepers();
        let sleeps = |program: &str| asleep.iter().any(|sleeper| sleeper.participant == program);
        let is_main = |phase| matches!(phase, Phase::Main(_));
        self.processes
            .running()
            .values()
            .all(|running| is_main(running.phase) && !running.told_to_end && sleeps(&running.program))
    }

    fn stuck(&self) -> String {
        let awake: Vec<String> = self
            .processes
            .running()
            .iter()
            .map(|(unit, running)| format!("{unit} ({}, process {})", running.program, running.pid))
            .collect();
        format!("neither asleep nor ended: {}", awake.join(", "))
    }

    async fn next_report(&mut self) -> anyhow::Result<Report> {
        let report = tokio::time::timeout(STEP_MAX, self.reports.recv()).await;
        report
            .map_err(|_| anyhow::anyhow!("{} after {} s", self.stuck(), STEP_MAX.as_secs()))?
            .context("the reports end")
    }

    async fn take(&mut self, report: Report) -> anyhow::Result<()> {
        let Report { unit, pid, event } = report;
        if self.processes.running().get(&unit).is_none_or(|running| running.pid != pid) {
            return Ok(());
        }
        if let Event::Exited(exit) = event {
            self.ended(&unit, exit).await?;
        }
        let effects = self.supervisor.handle(&unit, event, self.venue.now());
        self.apply(effects)
    }

    async fn ended(&mut self, unit: &str, exit: Exit) -> anyhow::Result<()> {
        let (running, output) = self.processes.ended(unit)?;
        self.aim();
        if let Some((point, what)) = self.trap.take_struck() {
            self.struck(&Fault::Crash(point), what);
        }
        if unit == BY_HAND {
            self.seen.by_hand.push(exit);
            let said = output.lines().last().unwrap_or_default();
            self.timeline.add(self.venue.now(), unit, Word::Fails, format!("{}: {said}", narration::meaning(exit)));
            return Ok(());
        }
        if running.program == EXECUTION
            && exit == fault::KILLED
            && matches!(running.phase, Phase::Main(_))
            && let Some(Struck { point, what, last_send, records_since }) = self.processes.take_kill_point().await?
        {
            let at = self.venue.now();
            let list = KillList(vec![point.clone()]);
            self.struck(&Fault::Kill(list), format!("SIGKILL at {point} of the process: {what}"));
            let point = point.to_string();
            self.seen.kills.push(Kill { point, at, what, last_send, records_since });
        }
        self.wait_for_bed(&running.program).await?;
        match running.phase {
            Phase::Condition(_) => self.seen.gates.push(exit),
            Phase::Main(_) => {
                self.seen.up &= !self.seen.services.contains(unit);
                self.seen.ends.push((unit.to_owned(), exit));
            }
            Phase::Pre(_) | Phase::Post(_) => {}
        }
        if let Some((word, detail)) = narration::of_end(running.phase, exit, &output) {
            self.timeline.add(self.venue.now(), unit, word, detail);
        }
        Ok(())
    }

    /// A dead process's sleep leaves the venue's list a moment later; until then it would pass for its successor's.
    async fn wait_for_bed(&self, program: &str) -> anyhow::Result<()> {
        let deadline = Instant::now() + STEP_MAX;
        loop {
            let changed = self.venue.changed();
            if !self.venue.sleepers().iter().any(|sleeper| sleeper.participant == program) {
                return Ok(());
            }
            tokio::time::timeout_at(deadline, changed).await.context("the venue keeps a dead sleeper")?;
        }
    }

    /// Does what the supervisor wants.
    pub fn apply(&mut self, effects: Vec<Effect>) -> anyhow::Result<()> {
        for effect in effects {
            match effect {
                Effect::Run { unit, phase, variables } => self.start(&unit, phase, variables)?,
                Effect::Send { unit, signal } => {
                    let patience = self.supervisor.tree().services.get(&unit).and_then(|service| service.stop_timeout);
                    self.processes.signal(&unit, signal, patience);
                }
                Effect::Note { unit, what } => self.note(&unit, &what),
            }
        }
        Ok(())
    }

    fn start(&mut self, unit: &str, phase: Phase, variables: Vec<(&'static str, String)>) -> anyhow::Result<()> {
        let service = self.supervisor.tree().services.get(unit).context("an effect for a unit that is not there")?;
        let command = match phase {
            Phase::Condition(index) => service.condition.get(index),
            Phase::Pre(index) => service.start_pre.get(index),
            Phase::Main(index) => service.start.get(index),
            Phase::Post(index) => service.stop_post.get(index),
        };
        let title = format!("{} {phase:?}", self.venue.now().to_ny_rfc3339());
        self.processes.start(service, phase, command.context("an effect for no command")?, variables, &title)?;
        self.aim();
        Ok(())
    }

    /// The trap counts requests of `execution` while it runs alone: then every request is its own.
    fn aim(&self) {
        let alone = match self.processes.running().values().collect::<Vec<_>>().as_slice() {
            [only] if only.program == EXECUTION && matches!(only.phase, Phase::Main(_)) => Some(only.pid),
            _ => None,
        };
        self.trap.aim(alone);
    }

    fn note(&mut self, unit: &str, note: &Note) {
        if *note == Note::Up {
            self.seen.ready += 1;
            (self.seen.up, self.seen.ready_after_fault) = (true, true);
        }
        if let Some((word, detail)) = narration::of_note(note) {
            self.timeline.add(self.venue.now(), unit, word, detail);
        }
    }

    fn observe(&mut self) {
        self.books.observe(&self.venue.truth(), &mut self.timeline);
        let limits = Fault::Named(Named::RateLimit);
        let is_limited = self.venue.requests_limited() > 0 && self.planned.iter().any(|one| one.is(Named::RateLimit));
        if is_limited && !self.seen.struck_by.contains(&limits.key()) {
            self.struck(&limits, "the broker answers 429 for the first time".to_owned());
        }
        for at_venue in self.at_venue.clone() {
            let (fault, met) = (Fault::Venue(at_venue), self.venue.faults_met_with(at_venue.fault, at_venue.by()));
            if met > 0 && !self.seen.struck_by.contains(&fault.key()) {
                self.struck(&fault, format!("{fault}: a request met it, the first one"));
            }
        }
        self.seen.faults_met = self.venue.faults_met();
        if self.seen.bare.as_slice() != self.books.bare() {
            self.seen.bare = self.books.bare().to_vec();
        }
    }
}

/// The units that are up until told to end.
pub fn is_lasting(service: &Service) -> bool {
    service.kind != Kind::Oneshot
}
