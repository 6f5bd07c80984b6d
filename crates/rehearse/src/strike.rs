//! Faults with a name, struck and lifted while everybody sleeps.

use std::{fs, time::Duration};

use anyhow::Context;
use broker_sim::{StreamFault, StreamName, VenueConfig, WrongCalendar};
use contract::{KillLevel, KillSwitch};
use market::{Qty, Symbol, TimeDelta, Timestamp, Usd};
use rustix::process::Signal as UnixSignal;
use tokio::time::Instant;
use trading::{order::Side, tape::Split};

use crate::{
    books,
    day::{Day, EXECUTION},
    fault::{self, Fault, Named, Row, When},
    hands,
    supervisor::Event,
    timeline::Word,
};

/// How long the market goes on without a process that hangs, and how far a clock jumps.
const HANGS: TimeDelta = TimeDelta::seconds(60);
const JUMPS: TimeDelta = TimeDelta::minutes(20);
/// A process measures what its stream does not tell in real time, as frames take it: a day has no seconds of that, so time
/// stands still after a fill until the process has noticed, or for so long.
const NOTICED_WITHIN: Duration = Duration::from_secs(30);
/// Once may be a connection's fault: one found mute twice is believed when it tells something.
const NOTICES: usize = 2;
/// What the process says of a mute stream.
const NOTICE: &str = "lost or mute: it does not tell";
/// So many reads after a notice, what the next connection may have missed has been read.
const READS: usize = 4;
const LOOK_EVERY: Duration = Duration::from_millis(50);
const OTHER_ACCOUNT: &str = "PA39999999";
const LATE_MS: u64 = 50;
/// More than a page of orders.
const MANY: usize = 600;

/// A fault of the day and where it stands.
pub struct Planned {
    row: &'static Row,
    stage: Stage,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Waiting,
    Lasting(Timestamp),
    Over,
}

impl Planned {
    /// One that has not struck yet.
    pub fn new(named: Named) -> Self {
        Self { row: named.row(), stage: Stage::Waiting }
    }

    /// Whether it is this one.
    pub fn is(&self, named: Named) -> bool {
        self.row.named == named
    }
}

impl Day {
    /// Strikes what lies there in the morning, and lays out what strikes at an order.
    pub async fn strike_in_the_morning(&mut self) -> anyhow::Result<()> {
        hands::keep_yesterdays_list(&self.scratch, &self.layout)?;
        if !self.waiting(When::FirstEntry).is_empty() {
            let database = self.layout.database().to_owned();
            self.trap.at_first_entry(Box::new(move || hands::hold_the_write_lock(database)));
        }
        self.strike_all(When::Morning).await
    }

    fn waiting(&self, when: When) -> Vec<usize> {
        let waits = |planned: &Planned| planned.row.when == when && planned.stage == Stage::Waiting;
        (0..self.planned.len()).filter(|index| waits(&self.planned[*index])).collect()
    }

    /// When the next fault strikes or ends, at the latest.
    pub fn next_strike(&self) -> Option<Timestamp> {
        let due = |planned: &Planned| match (planned.stage, planned.row.when) {
            (Stage::Waiting, When::Filled | When::Held) => Some(fault::strikes_latest(self.session.date)),
            (Stage::Waiting, When::Open) => Some(self.session.open),
            (Stage::Lasting(until), _) => Some(until),
            (Stage::Waiting, When::Morning | When::FirstEntry) | (Stage::Over, _) => None,
        };
        self.planned.iter().filter_map(due).min()
    }

    /// Strikes and lifts what is due; whether anything was.
    pub async fn strike_due(&mut self) -> anyhow::Result<bool> {
        let now = self.venue.now();
        match self.trap.take_snared() {
            Some(Ok(what)) => self.struck(&Fault::Named(Named::DatabaseLocked), what),
            Some(Err(why)) => self.timeline.add(now, "rehearsal", Word::Note, why),
            None => {}
        }
        hands::copy_ledger_once(&self.scratch, &self.layout, now >= self.session.open)?;
        let latest = fault::strikes_latest(self.session.date) <= now;
        let mut any = false;
        for (when, has_come) in [
            (When::Open, now >= self.session.open),
            (When::Filled, latest || self.is_filled()),
            (When::Held, latest || self.is_held()),
        ] {
            if has_come && !self.waiting(when).is_empty() {
                self.strike_all(when).await?;
                any = true;
            }
        }
        self.wait_for_notice().await?;
        for index in 0..self.planned.len() {
            if matches!(self.planned[index].stage, Stage::Lasting(until) if until <= now) {
                self.planned[index].stage = Stage::Over;
                let row = self.planned[index].row;
                self.lift(row.named)?;
                self.seen.lifted = Some(now);
                self.seen.ready_after_fault = self.seen.up;
                self.timeline.add(now, "rehearsal", Word::Note, format!("{} is over", row.word));
                any = true;
            }
        }
        Ok(any)
    }

    /// After a fill that a mute stream did not tell.
    async fn wait_for_notice(&mut self) -> anyhow::Result<()> {
        let lasts = |one: &Planned| one.is(Named::StreamSilent) && matches!(one.stage, Stage::Lasting(_));
        let (fills, before) = (self.venue.truth().fills.len(), self.notices()?);
        if !self.planned.iter().any(lasts) || fills == self.untold || before >= NOTICES {
            return Ok(());
        }
        self.untold = fills;
        let (deadline, mut read) = (Instant::now() + NOTICED_WITHIN, None);
        while Instant::now() < deadline {
            let reads = self.venue.request_log().iter().filter(|request| request.is_of_a_stream()).count();
            if self.notices()? > before && reads >= *read.get_or_insert(reads + READS) {
                let text = "the service has noticed that its stream is mute";
                self.timeline.add(self.venue.now(), "rehearsal", Word::Note, text);
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
        Ok(())
    }

    fn notices(&self) -> anyhow::Result<usize> {
        let log = fs::read(self.scratch.log(&self.trader()?)).unwrap_or_default();
        Ok(String::from_utf8_lossy(&log).matches(NOTICE).count())
    }

    fn is_filled(&self) -> bool {
        !self.venue.truth().fills.is_empty()
    }

    /// Something is held, all of it under stops, and no entry works.
    fn is_held(&self) -> bool {
        let truth = self.venue.truth();
        let open = || truth.orders.iter().filter(|order| !order.status.is_final());
        let under_stops = |symbol: Symbol| {
            let stops = open().filter(|order| order.symbol == symbol && books::is_protective(order));
            stops.fold(Qty::ZERO, |sum, order| sum.plus(order.qty.minus_or_zero(order.filled_qty)))
        };
        !truth.positions.is_empty()
            && truth.positions.iter().all(|held| under_stops(held.symbol) >= held.qty)
            && !open().any(|order| order.side == Side::Buy)
    }

    async fn strike_all(&mut self, when: When) -> anyhow::Result<()> {
        for index in self.waiting(when) {
            let row = self.planned[index].row;
            let now = self.venue.now();
            self.planned[index].stage =
                row.minutes.map_or(Stage::Over, |minutes| Stage::Lasting(now + TimeDelta::minutes(minutes)));
            // A limit strikes when it is met.
            if row.named != Named::RateLimit {
                self.struck(&Fault::Named(row.named), row.strikes.to_owned());
            }
            self.strike(row.named).await.with_context(|| format!("striking with {}", row.word))?;
        }
        Ok(())
    }

    async fn strike(&mut self, named: Named) -> anyhow::Result<()> {
        let (now, layout) = (self.venue.now(), self.layout.clone());
        match named {
            Named::ScanFails => hands::cut_off(&layout.bars())?,
            Named::StaleWatchlist => self.disable_the_scans_timer()?,
            Named::CandidatesEdited => hands::edit(&layout.candidates())?,
            Named::CandidatesOfYesterday => hands::put_back_yesterdays_list(&self.scratch, &layout)?,
            Named::KillSwitch => {
                KillSwitch::latch(&layout.kill_switch(), KillLevel::Cancel, "rehearsed", "rehearse", now)?;
                // On a host, the file is noticed by itself; here time stands still meanwhile.
                self.venue.rouse();
            }
            Named::StrangerPosition => self.buy_by_hand()?,
            Named::ManyOrders => self.order_by_hand(MANY)?,
            Named::LedgerRestored
            | Named::LedgerLost
            | Named::LedgerFresh
            | Named::LedgerCorrupt
            | Named::FlattenFreshLedger => {
                self.kill_and_wait().await?;
                self.take_ledger_away(named)?;
            }
            Named::DiskFull => self.disk.as_ref().context("no disk")?.fill()?,
            Named::ReadOnlyState => {
                self.kill_and_wait().await?;
                self.disk.as_ref().context("no disk")?.set_read_only(true)?;
            }
            Named::ClockJump => {
                self.jump(now + JUMPS);
                self.seen.jumped = Some((now, now + JUMPS));
            }
            Named::ClockSkew5s => self.venue.skew_clock(5),
            Named::ClockSkew1h => self.venue.skew_clock(3_600),
            Named::ClosedToday => self.venue.tell_wrong_calendar(WrongCalendar::ClosedToday),
            Named::HalfDayToday => self.venue.tell_wrong_calendar(WrongCalendar::HalfDayToday),
            Named::TwoProcesses => self.start_by_hand()?,
            Named::OtherAccount => self.swap_account().await?,
            Named::Hang => {
                self.signal_trader(UnixSignal::STOP);
                self.jump(now + HANGS);
            }
            Named::Abort => self.signal_trader(UnixSignal::ABORT),
            Named::Oom => {
                let unit = self.trader()?;
                let effects = self.supervisor.handle(&unit, Event::OomKilled, now);
                self.apply(effects)?;
                self.signal_trader(UnixSignal::KILL);
            }
            Named::Halt => self.venue.halt(self.a_held_symbol()?, true)?,
            Named::Split => {
                let (symbol, new, old) = (self.a_held_symbol()?, 2, 1);
                self.venue.split(symbol, new, old)?;
                self.seen.splits.push(Split { id: "rehearsed".into(), symbol, effective: now, new, old });
            }
            Named::StreamSilent => self.disturb(StreamFault::Silent),
            Named::StreamCut => self.disturb(StreamFault::Cut),
            Named::StreamLate => self.disturb(StreamFault::Late { ms: LATE_MS }),
            Named::StreamDuplicate => self.disturb(StreamFault::Duplicate),
            Named::StreamReorder => self.disturb(StreamFault::Reorder),
            // Laid out where the venue, the processes and the trap are made.
            Named::DatabaseLocked | Named::SlowFsync | Named::ZoneBerlin | Named::RateLimit => {}
        }
        Ok(())
    }

    fn lift(&mut self, named: Named) -> anyhow::Result<()> {
        match named {
            Named::DiskFull => self.disk.as_ref().context("no disk")?.clear()?,
            Named::ReadOnlyState => self.disk.as_ref().context("no disk")?.set_read_only(false)?,
            Named::ClockSkew5s | Named::ClockSkew1h => self.venue.skew_clock(0),
            Named::ClosedToday | Named::HalfDayToday => self.venue.tell_wrong_calendar(WrongCalendar::None),
            Named::Halt => {
                for symbol in self.venue.symbols() {
                    self.venue.halt(symbol, false)?;
                }
            }
            Named::StreamSilent => self.disturb(StreamFault::None),
            Named::ScanFails
            | Named::StaleWatchlist
            | Named::CandidatesEdited
            | Named::CandidatesOfYesterday
            | Named::KillSwitch
            | Named::StrangerPosition
            | Named::LedgerRestored
            | Named::ManyOrders
            | Named::LedgerLost
            | Named::LedgerFresh
            | Named::LedgerCorrupt
            | Named::FlattenFreshLedger
            | Named::DatabaseLocked
            | Named::SlowFsync
            | Named::ZoneBerlin
            | Named::ClockJump
            | Named::TwoProcesses
            | Named::OtherAccount
            | Named::Hang
            | Named::Abort
            | Named::Oom
            | Named::Split
            | Named::RateLimit
            | Named::StreamCut
            | Named::StreamLate
            | Named::StreamDuplicate
            | Named::StreamReorder => {}
        }
        Ok(())
    }

    fn disturb(&self, fault: StreamFault) {
        self.venue.set_stream_fault(StreamName::TradeUpdates, fault);
    }

    fn a_held_symbol(&self) -> anyhow::Result<Symbol> {
        Ok(self.venue.truth().positions.first().context("nothing is held")?.symbol)
    }

    fn trader(&self) -> anyhow::Result<String> {
        let service = self.supervisor.tree().service_running(EXECUTION);
        Ok(service.context("no unit of the manifest trades")?.name.clone())
    }

    fn signal_trader(&mut self, signal: UnixSignal) {
        if let Ok(unit) = self.trader() {
            self.processes.signal_by_hand(&unit, signal);
        }
    }

    async fn kill_and_wait(&mut self) -> anyhow::Result<()> {
        let unit = self.trader()?;
        self.signal_trader(UnixSignal::KILL);
        self.wait_until(|day| day.processes.running().get(&unit).is_none_or(|running| !running.told_to_end)).await
    }

    fn disable_the_scans_timer(&mut self) -> anyhow::Result<()> {
        let scan = self.seen.scan.clone().context("no unit of the manifest scans")?;
        let timers = self.supervisor.tree().timers.values().filter(|timer| timer.unit == scan);
        for name in timers.map(|timer| timer.name.clone()).collect::<Vec<_>>() {
            self.supervisor.disable_timer(&name);
        }
        Ok(())
    }

    fn take_ledger_away(&mut self, named: Named) -> anyhow::Result<()> {
        let (now, database) = (self.venue.now(), self.layout.database().to_owned());
        if named == Named::LedgerCorrupt {
            hands::overwrite_with_noise(&database)?;
        } else if named == Named::LedgerRestored {
            hands::restore_ledger(&self.scratch, &database, hands::MORNING)?;
        } else if named == Named::LedgerLost {
            hands::remove_database(&database)?;
        } else {
            hands::remove_ledger(&database)?;
        }
        if named == Named::FlattenFreshLedger {
            KillSwitch::latch(&self.layout.kill_switch(), KillLevel::Flatten, "rehearsed", "rehearse", now)?;
        }
        self.seen.forgotten = Some((Timestamp::from_unix_nanos(0), now));
        Ok(())
    }

    /// The order of somebody else's hand, of a candidate that is not traded yet if there is one.
    fn buy_by_hand(&mut self) -> anyhow::Result<()> {
        let truth = self.venue.truth();
        let is_new = |symbol: &Symbol| !truth.orders.iter().any(|order| order.symbol == *symbol);
        let listed =
            contract::Watchlist::read(&self.layout.candidates()).map(|list| list.candidates).unwrap_or_default();
        let listed = listed.into_iter().map(|candidate| candidate.symbol);
        let symbol = listed.chain(self.venue.symbols()).find(is_new).context("every symbol is traded")?;
        let id = "by-hand-1";
        hands::order(
            &self.venue,
            &format!(
                "{{\"symbol\":\"{symbol}\",\"qty\":\"10\",\"side\":\"buy\",\"type\":\"market\",\"time_in_force\":\"day\",\
             \"client_order_id\":\"{id}\"}}"
            ),
        )?;
        self.seen.strangers.insert(id.parse()?);
        Ok(())
    }

    /// Orders of somebody else, far from the market, of a symbol nobody of ours trades.
    fn order_by_hand(&mut self, count: usize) -> anyhow::Result<()> {
        let truth = self.venue.truth();
        let listed =
            contract::Watchlist::read(&self.layout.candidates()).map(|list| list.candidates).unwrap_or_default();
        let is_ours = |symbol: &Symbol| {
            truth.orders.iter().any(|order| order.symbol == *symbol) || listed.iter().any(|c| c.symbol == *symbol)
        };
        let symbol =
            self.venue.symbols().into_iter().find(|symbol| !is_ours(symbol)).context("every symbol is ours")?;
        let start = self.venue.now();
        for number in 1..=count {
            // Nobody's orders are all of one instant, and pages of them are told apart by theirs.
            self.venue.advance_to(start + TimeDelta::milliseconds(10 * number as i64));
            let id = format!("by-hand-{number}");
            hands::order(
                &self.venue,
                &format!(
                    "{{\"symbol\":\"{symbol}\",\"qty\":\"1\",\"side\":\"buy\",\"type\":\"limit\",\"limit_price\":\"1\",\
                 \"time_in_force\":\"day\",\"client_order_id\":\"{id}\"}}"
                ),
            )?;
            self.seen.strangers.insert(id.parse()?);
        }
        Ok(())
    }

    fn start_by_hand(&mut self) -> anyhow::Result<()> {
        let unit = self.trader()?;
        let service = self.supervisor.tree().services[&unit].clone();
        let title = format!("{} by hand", self.venue.now().to_ny_rfc3339());
        self.processes.start_by_hand(&service, &title)
    }

    /// At the broker the keys say whose account it is; here another venue is another account.
    async fn swap_account(&mut self) -> anyhow::Result<()> {
        let now = self.venue.now();
        let (key_id, secret_key) = crate::rehearsal::KEYS;
        let config = VenueConfig::new(OTHER_ACCOUNT, key_id, secret_key, Usd::dollars(1_000), 0, now);
        let other = broker_sim::Venue::new(config, self.market.clone());
        let server = other.serve().await?;
        let unit = self.trader()?;
        for name in ["APCA_API_BASE_URL", "APCA_API_DATA_URL"] {
            self.processes.override_of(&unit, name, server.base_url());
        }
        self.other = Some(server);
        self.kill_and_wait().await
    }
}
