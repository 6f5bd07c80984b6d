//! Time passes: prices walk, candles end, sessions open and close, splits take effect.

use market::{Session, TimeDelta, Timestamp};

use super::{World, say};
use crate::{fault::Fault, prices, tally::Count};

/// Trades come no closer.
const LEAST: TimeDelta = TimeDelta::seconds(1);

impl World {
    /// Lets time pass.
    pub fn pass(&mut self, span: TimeDelta) {
        self.until(self.venue.now + span);
    }

    /// Lets time pass up to an instant, through every border on the way.
    pub fn until(&mut self, to: Timestamp) {
        while self.venue.now < to {
            let session = self.next;
            let in_session = session.contains(self.venue.now);
            let border =
                if in_session { prices::candle_end(&session, self.venue.now).min(session.close) } else { session.open };
            self.venue.now = border.min(to);
            let at_border = self.venue.now == border;
            if in_session {
                self.trade(at_border);
            }
            self.venue.settle();
            if at_border {
                self.cross(in_session);
            }
        }
    }

    fn trade(&mut self, at_border: bool) {
        let now = self.venue.now;
        let elapsed = now.since(self.traded_at);
        if elapsed < LEAST && !at_border {
            return;
        }
        self.traded_at = now;
        for symbol in 0..self.venue.paths.len() {
            let path = &mut self.venue.paths[symbol];
            if path.is_halted(now) {
                continue;
            }
            path.walk(elapsed, now, &mut self.market_dice);
            self.venue.trade(symbol);
        }
    }

    /// The end of ten minutes, of a session, or of the time before one.
    fn cross(&mut self, in_session: bool) {
        if !in_session {
            return self.open();
        }
        self.venue.paths.iter_mut().for_each(prices::Path::complete);
        if self.venue.now >= self.next.close {
            self.venue.close_session();
            say!(self, "close of {}", self.next.date);
            self.venue.session = None;
            let before = self.next;
            self.next = self.calendar.next_session(before.date).expect("runs end years before the calendar does");
            self.check.close();
            let hours = |session: &Session| session.open.since(session.date.at_hm(0, 0)).num_minutes();
            let offset = |session: &Session| session.open.unix_seconds().rem_euclid(86_400);
            if offset(&before) != offset(&self.next) && hours(&before) == hours(&self.next) {
                self.tally.add(Count::ClockChanges);
            }
        }
    }

    fn open(&mut self) {
        self.traded_at = self.venue.now;
        self.tally.add(Count::Sessions);
        if self.next.is_half_day() {
            self.tally.add(Count::HalfDays);
        }
        self.split();
        for path in &mut self.venue.paths {
            let gap = self.market_dice.bell() * 0.008;
            let wild = self.market_dice.chance(400);
            let part = self.market_dice.pick(&[-0.15, -0.08, -0.05, 0.06, 0.1]);
            let gap = if wild && self.faults.has(Fault::Gap) { part } else { gap };
            path.open(self.next.open, gap, &mut self.market_dice);
        }
        let (paths, dice) = (&self.venue.paths, &mut self.market_dice);
        self.candidates = paths.iter().map(|path| path.candidate(dice)).collect();
        self.venue.open_session(self.next);
        say!(self, "open of {}", self.next.date);
    }

    fn split(&mut self) {
        for symbol in 0..self.venue.paths.len() {
            let (splits, (new, old)) =
                (self.market_dice.chance(350), self.market_dice.pick(&[(2, 1), (3, 1), (3, 2), (2, 1), (1, 2)]));
            let delay =
                if self.market_dice.chance(3_000) { self.market_dice.seconds(1, 900) } else { TimeDelta::zero() };
            let known = self.venue.paths[symbol].last().units() * i64::from(old) / i64::from(new);
            // No company splits its shares twice in a few days.
            let of = self.venue.paths[symbol].symbol;
            let recent = self.venue.now - TimeDelta::days(10);
            let again = self.venue.splits.iter().any(|split| split.symbol == of && split.effective > recent);
            if !splits || again || !self.faults.has(Fault::Split) || !(60_000..3_000_000).contains(&known) {
                continue;
            }
            self.tally.add(Count::Splits);
            if self.venue.holdings[symbol].shares != 0 {
                self.tally.add(Count::SplitsHeld);
            }
            let announced = self.venue.now + delay;
            self.announced.push(announced);
            self.venue.split(symbol, new, old);
            self.check.split(symbol, announced);
            if let Some(process) = &mut self.process {
                process.cycle.disturbed = true;
            }
            say!(
                self,
                "SPLIT {} {new} for {old}, told after {} s",
                self.venue.paths[symbol].symbol,
                delay.num_seconds()
            );
        }
    }
}
