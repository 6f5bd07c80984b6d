//! What time does: the hours of every session, its ticks, what is due in between, and the ends of orders.
//!
//! A day of the market begins at 04:00 in New York, when orders for extended hours begin to work; splits take effect at the
//! open, the first and the last tick are the auctions, day orders end at the close (those for extended hours at 20:00, on
//! a half-day at 17:00), and what is good till cancelled ends at 16:15 of its ninetieth day.

use market::{Session, TimeDelta, Timestamp};

use super::{Engine, cancel::Ending, event::Event, matching::Auction, refusal::Refusal, submit};
use crate::{
    path,
    traded::ActionKind,
    words::{Status, TimeInForce},
};

/// Opening auction orders are taken until so long before the open, closing ones before the close, and both again from 19:00.
const OPG_CUTOFF: TimeDelta = TimeDelta::minutes(2);
const CLS_CUTOFF: TimeDelta = TimeDelta::minutes(10);

/// Which hours it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    Closed,
    PreMarket,
    Regular,
    AfterHours,
}

/// What is known of the current instant without asking the calendar again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    pub(super) phase: Phase,
    /// When an order received now that is good till cancelled ends.
    pub(super) gtc_ends: Timestamp,
    /// The first instant of tomorrow in New York.
    tomorrow: Timestamp,
}

/// What happens on a day, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    PreMarket,
    Open,
    Tick(usize),
    Close,
    End,
}

/// The next step of the market's days.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Agenda {
    day: usize,
    step: usize,
}

/// What is due next.
enum Due {
    Deed,
    Step(usize, Step),
    Expiry,
}

impl Moment {
    pub(super) fn new(now: Timestamp, phase: Phase) -> Self {
        let tomorrow = now.ny_date().plus_days(1).at_hm(0, 0);
        Self { phase, gtc_ends: submit::gtc_ends(now), tomorrow }
    }
}

fn step(session: &Session, number: usize) -> Option<(Timestamp, Step)> {
    let ticks = path::ticks_in(session);
    let close_number = ticks + 2;
    match number {
        0 => Some((session.date.at_hm(4, 0), Step::PreMarket)),
        1 => Some((session.open, Step::Open)),
        _ if number < close_number => Some((path::tick_at(session, number - 2), Step::Tick(number - 2))),
        _ if number == close_number => Some((session.close, Step::Close)),
        _ if number == close_number + 1 => {
            let hour = if session.is_half_day() { 17 } else { 20 };
            Some((session.date.at_hm(hour, 0), Step::End))
        }
        _ => None,
    }
}

impl Engine {
    /// Moves time on, event by event; an instant that is not later than now changes nothing.
    pub fn advance_to(&mut self, to: Timestamp) {
        self.advance(to, false);
    }

    /// The same, but no further than the instant at which something becomes of an order; everything that is due then has
    /// happened. Whether it did.
    pub fn advance_to_outcome(&mut self, to: Timestamp) -> bool {
        self.advance(to, true)
    }

    fn advance(&mut self, to: Timestamp, stops_at_outcome: bool) -> bool {
        let (before, mut stop) = (self.outcomes, to);
        while let Some((at, due)) = self.next_due().filter(|(at, _)| *at <= stop) {
            self.set_now(at);
            match due {
                Due::Deed => self.do_next_deed(),
                Due::Step(day, step) => {
                    self.agenda.step += 1;
                    self.live(day, step);
                }
                Due::Expiry => self.expire_next(),
            }
            if stops_at_outcome && self.outcomes != before {
                stop = at;
            }
        }
        self.set_now(stop);
        self.outcomes != before
    }

    fn set_now(&mut self, now: Timestamp) {
        self.now = self.now.max(now);
        if self.now >= self.moment.tomorrow {
            self.moment = Moment::new(self.now, self.moment.phase);
        }
    }

    /// What the venue has lived through when it begins: nothing happens twice, and nothing before its start.
    pub(super) fn begin(&mut self) {
        while let Some((at, step)) = self.next_step() {
            if at > self.now {
                break;
            }
            self.agenda.step += 1;
            self.moment.phase = phase_after(step, self.moment.phase);
        }
        let opened = self.tape.day_opened(self.now).map(|day| self.tape.session(day).date);
        let over = |action: &&crate::traded::CorporateAction| opened.is_some_and(|date| action.ex_date <= date);
        self.actions_done = self.tape.market().actions.iter().filter(over).count();
    }

    /// Whether a session is under way.
    pub(super) fn is_open(&self) -> bool {
        self.moment.phase == Phase::Regular
    }

    /// Whether an order can trade now.
    pub(super) fn trades_now(&self, extended_hours: bool) -> bool {
        match self.moment.phase {
            Phase::Regular => true,
            Phase::PreMarket | Phase::AfterHours => extended_hours,
            Phase::Closed => false,
        }
    }

    fn next_due(&mut self) -> Option<(Timestamp, Due)> {
        let mut next = self.next_deed().map(|at| (at, Due::Deed));
        let step = self.next_step().map(|(at, step)| (at, Due::Step(self.agenda.day, step)));
        let expiry = self.expiries.front().map(|(at, _)| (*at, Due::Expiry));
        for other in [step, expiry] {
            let earlier = other.as_ref().is_some_and(|(at, _)| next.as_ref().is_none_or(|(first, _)| at < first));
            if earlier {
                next = other;
            }
        }
        next
    }

    fn next_step(&mut self) -> Option<(Timestamp, Step)> {
        loop {
            let (session, _) = self.tape.market().days.get(self.agenda.day)?;
            if let Some(found) = step(session, self.agenda.step) {
                return Some(found);
            }
            self.agenda = Agenda { day: self.agenda.day + 1, step: 0 };
        }
    }

    fn live(&mut self, day: usize, step: Step) {
        self.moment.phase = phase_after(step, self.moment.phase);
        match step {
            Step::PreMarket => self.route_waiting(true),
            Step::Open => {
                self.act_on_due(day);
                self.route_waiting(false);
            }
            Step::Tick(index) => self.tick(day, index),
            Step::Close => self.end_orders(false),
            Step::End => self.end_orders(true),
        }
    }

    /// Orders that waited for their hours begin to work.
    fn route_waiting(&mut self, extended_only: bool) {
        for at in self.book.open() {
            let order = self.book.order(at);
            if order.status == Status::Accepted && (order.extended_hours || !extended_only) {
                self.route_order(at);
            }
        }
    }

    /// Splits and dividends of the session's day, which is their ex-date.
    fn act_on_due(&mut self, day: usize) {
        let date = self.tape.session(day).date;
        while let Some(action) = self.tape.market().actions.get(self.actions_done) {
            if action.ex_date > date {
                return;
            }
            let (symbol, kind) = (action.symbol, action.kind);
            self.actions_done += 1;
            match kind {
                ActionKind::Split { new, old } => self.split_books(symbol, new, old),
                ActionKind::CashDividend { rate } => self.pay_dividend(symbol, rate),
            }
        }
    }

    fn tick(&mut self, day: usize, index: usize) {
        let last = index + 1 == path::ticks_in(&self.tape.session(day));
        let auction = match index {
            0 => Auction::Opening,
            _ if last => Auction::Closing,
            _ => Auction::None,
        };
        // The symbol whose oldest order came first is first.
        let lines =
            (0..self.book.symbols().len()).filter_map(|line| Some((*self.book.line_at(line).open.first()?, line)));
        let mut lines: Vec<(usize, usize)> = lines.collect();
        lines.sort_unstable();
        for (_, line) in lines {
            let symbol = self.book.symbols()[line];
            // A halted symbol has no ticks.
            match self.tape.tick(day, index, symbol) {
                Some(print) => self.meet(symbol, &print, path::shares(print.volume.max(1)), auction),
                None => self.meet_a_halt(symbol, auction),
            }
        }
    }

    /// The session is over, or the hours after it: what was for this day only ends.
    fn end_orders(&mut self, extended_hours: bool) {
        for at in self.book.open() {
            let order = self.book.order(at);
            if !order.is_open() || order.extended_hours != extended_hours {
                continue;
            }
            match order.time_in_force {
                TimeInForce::Day => self.end(at, Ending::Expired),
                TimeInForce::Cls | TimeInForce::Opg | TimeInForce::Ioc | TimeInForce::Fok => {
                    self.end(at, Ending::Canceled);
                }
                TimeInForce::Gtc => {}
            }
        }
    }

    fn expire_next(&mut self) {
        let Some((_, at)) = self.expiries.pop_front() else { return };
        if self.book.order(at).is_open() {
            self.end(at, Ending::Expired);
        }
    }

    /// Auction orders have their hours.
    pub(super) fn check_auction(&self, time_in_force: TimeInForce) -> Result<(), Refusal> {
        let (name, opening) = match time_in_force {
            TimeInForce::Opg => ("opg", true),
            TimeInForce::Cls => ("cls", false),
            TimeInForce::Day | TimeInForce::Gtc | TimeInForce::Ioc | TimeInForce::Fok => return Ok(()),
        };
        let Some(day) = self.tape.day_of(self.now) else { return Ok(()) };
        let session = self.tape.session(day);
        let cutoff = if opening { session.open - OPG_CUTOFF } else { session.close - CLS_CUTOFF };
        if self.now < cutoff || self.now >= session.date.at_hm(19, 0) {
            return Ok(());
        }
        Err(Refusal::invalid(format!("{name} orders are taken until {} and from 19:00 on", cutoff.ny_time())))
    }

    pub(super) fn log(&mut self, event: Event) {
        self.events.push(event);
    }
}

fn phase_after(step: Step, before: Phase) -> Phase {
    match step {
        Step::PreMarket => Phase::PreMarket,
        Step::Open => Phase::Regular,
        Step::Tick(_) => before,
        Step::Close => Phase::AfterHours,
        Step::End => Phase::Closed,
    }
}
