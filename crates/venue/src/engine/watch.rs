//! Data events: what the tape did since they were last taken, of the symbols that are watched.
//!
//! They are read off the tape when somebody takes them, so that time passes as fast without them and nothing piles up.
//! Order: by instant; at one instant the bars of the minute that ended, then the path's tick, then what was done by hand.
//! A quote comes before the trade it goes with.

use std::collections::{BTreeMap, BTreeSet};

use market::{Symbol, TimeDelta, Timestamp};

use super::Engine;
use crate::{
    feed::{Channel, DataEvent, Listing, SymbolSet, Watched},
    tape::{self, Bar, Print, Trade},
};

/// Where the stream has got to.
pub(super) struct Watch {
    watched: Watched,
    /// Everything up to and including this instant was told, but for acts by hand after `act`.
    told: Timestamp,
    act: u64,
    /// Told, not taken: of the time before the watched symbols changed.
    left: Vec<DataEvent>,
    /// The days so far of the symbols whose daily bars are watched, with every minute that was told.
    so_far: BTreeMap<Symbol, Bar>,
    /// Splits by hand that were known when they were added up.
    splits: usize,
}

/// Where an event stands: its instant, the act (bars before the path's tick, which is before acts by hand), the symbol,
/// and its place among the events of one act.
type Place = (Timestamp, u64, Symbol, u8);

impl Watch {
    pub(super) fn new(start: Timestamp) -> Self {
        Self { watched: Watched::default(), told: start, act: 0, left: Vec::new(), so_far: BTreeMap::new(), splits: 0 }
    }
}

impl Engine {
    /// From now on these symbols are watched. What happened before is told about those watched before.
    pub fn set_watched(&mut self, watched: Watched) {
        self.watch.left = self.take_data();
        self.watch.watched = watched;
        self.watch.so_far.clear();
    }

    /// The symbols watched.
    #[must_use]
    pub fn watched(&self) -> &Watched {
        &self.watch.watched
    }

    /// What happened to watched symbols since the last call.
    pub fn take_data(&mut self) -> Vec<DataEvent> {
        let (told, act) = (self.watch.told, self.watch.act);
        (self.watch.told, self.watch.act) = (self.now, self.tape.latest_act());
        let mut events = Vec::new();
        for symbol in self.watched_symbols() {
            self.trades_since(symbol, told, act, &mut events);
            self.bars_since(symbol, told, &mut events);
            self.statuses_since(symbol, act, &mut events);
        }
        events.sort_by_key(|(place, _)| *place);
        let mut taken = std::mem::take(&mut self.watch.left);
        taken.extend(events.into_iter().map(|(_, event)| event));
        taken
    }

    /// A print by hand, told to the tape; the path's own ticks it knows by itself.
    pub(super) fn tell_tape(&mut self, symbol: Symbol, print: Print) {
        self.tape.print(symbol, print);
    }

    /// A halt or a resumption, told to the tape; whether that changed anything. The tape has no ticks while it lasts.
    pub(super) fn tell_halt(&mut self, symbol: Symbol, halted: bool) -> bool {
        self.tape.halt(symbol, self.now, halted)
    }

    fn watched_symbols(&self) -> Vec<Symbol> {
        let sets = Channel::ALL.iter().map(|channel| self.watch.watched.on(*channel));
        let mut symbols = BTreeSet::new();
        for set in sets {
            match set {
                SymbolSet::All => return self.tape.symbols().iter().copied().collect(),
                SymbolSet::Some(some) => symbols.extend(some),
            }
        }
        symbols.into_iter().collect()
    }

    fn wants(&self, channel: Channel, symbol: Symbol) -> bool {
        self.watch.watched.on(channel).contains(symbol)
    }

    fn trades_since(&mut self, symbol: Symbol, told: Timestamp, act: u64, events: &mut Vec<(Place, DataEvent)>) {
        let (trades, quotes) = (self.wants(Channel::Trades, symbol), self.wants(Channel::Quotes, symbol));
        if !trades && !quotes {
            return;
        }
        let listing = Listing::of(self.tape.traits(symbol));
        for Trade { id, number, print } in self.trades_between(symbol, told, self.now) {
            // Acts of the instant told last may have come after the telling.
            if print.at == told && number <= act {
                continue;
            }
            let place = |rank| (print.at, 1 + number, symbol, rank);
            if quotes {
                events.push((place(0), DataEvent::Quote { symbol, print, listing }));
            }
            if trades && print.volume > 0 {
                events.push((place(1), DataEvent::Trade { symbol, id, print, listing }));
            }
        }
    }

    /// Trades from one instant to another, both included.
    pub(super) fn trades_between(&mut self, symbol: Symbol, from: Timestamp, to: Timestamp) -> Vec<Trade> {
        let mut trades = Vec::new();
        for day in self.tape.days_between(from, to) {
            trades.extend(self.tape.trades(day, symbol, from, tape::just_after(to)));
        }
        trades
    }

    fn bars_since(&mut self, symbol: Symbol, told: Timestamp, events: &mut Vec<(Place, DataEvent)>) {
        let (bars, daily) = (self.wants(Channel::Bars, symbol), self.wants(Channel::DailyBars, symbol));
        if !bars && !daily {
            return;
        }
        let minute = TimeDelta::minutes(1);
        if told.unix_seconds().div_euclid(60) == self.now.unix_seconds().div_euclid(60) {
            return;
        }
        for day in self.tape.days_between(told - minute, self.now) {
            // Those that end after what was told and not after now.
            let asked = tape::Minutes { span: minute, from: tape::just_after(told - minute), to: self.now - minute };
            let ended = self.tape.minute_bars(day, symbol, &asked, self.now);
            for bar in ended {
                let at = bar.start + minute;
                if bars {
                    events.push(((at, 0, symbol, 0), DataEvent::Bar { symbol, bar }));
                }
                if daily {
                    let bar = self.day_with(day, symbol, bar);
                    events.push(((at, 0, symbol, 1), DataEvent::DailyBar { symbol, bar }));
                }
            }
        }
    }

    /// The day so far, and a minute more.
    fn day_with(&mut self, day: usize, symbol: Symbol, minute: Bar) -> Bar {
        let midnight = self.tape.midnight(self.tape.session(day).date);
        let splits = self.tape.splits_by_hand().len();
        if self.watch.splits != splits {
            // What was added up is in old terms.
            self.watch.splits = splits;
            self.watch.so_far.clear();
        }
        let known = self.watch.so_far.get(&symbol).copied().filter(|so_far| so_far.start == midnight);
        let so_far = known.or_else(|| self.tape.bar_until(day, symbol, minute.start));
        let bar = Bar { start: midnight, ..so_far.map_or(minute, |so_far| so_far.and(minute)) };
        self.watch.so_far.insert(symbol, bar);
        bar
    }

    fn statuses_since(&mut self, symbol: Symbol, act: u64, events: &mut Vec<(Place, DataEvent)>) {
        if !self.wants(Channel::Statuses, symbol) {
            return;
        }
        let listing = Listing::of(self.tape.traits(symbol));
        for change in self.tape.status_changes(symbol, act) {
            let event = DataEvent::Status { symbol, at: change.at, halted: change.halted, listing };
            events.push(((change.at, 1 + change.number, symbol, 0), event));
        }
    }
}
