//! The account as it was: cash and holdings at any instant of the past, played back from fills and from what corporate
//! actions did, and what they were worth.
//!
//! The latest prices then are the tape's, so that nothing has to be written down while time passes.

use std::collections::BTreeMap;

use market::{NyDate, Qty, Symbol, Timestamp, Usd};

use super::{Engine, Holding, event::Event};
use crate::{order::Uuid, words::Side};

/// What a corporate action did to a holding. There is one for every action and holding, which bounds them.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) id: Uuid,
    pub(super) at: Timestamp,
    pub(super) symbol: Symbol,
    /// Fills before it.
    pub(super) fills: usize,
    pub(super) kind: EntryKind,
}

/// The kinds of entries. Quantities are below zero when shares are owed.
#[derive(Clone, Copy, Debug)]
pub(super) enum EntryKind {
    /// The holding changed by so many units of 1e-9 share.
    Split { change: i64 },
    /// Cash came, or went, for so many units of 1e-9 share.
    Dividend { rate: Usd, shares: i64, amount: Usd },
}

/// Cash and holdings at an instant, to be moved on.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) cash: Usd,
    /// In 1e-9 share, below zero when owed; never zero.
    pub(super) held: BTreeMap<Symbol, i64>,
    fills: usize,
    entries: usize,
}

/// What is remembered of the previous close, because every look at the account asks for it.
#[derive(Clone, Debug)]
pub(super) struct PreviousClose {
    /// The day it is previous to.
    today: NyDate,
    pub(super) date: NyDate,
    pub(super) equity: Usd,
    pub(super) value: Usd,
    pub(super) held: BTreeMap<Symbol, i64>,
}

impl Statement {
    pub(super) fn begin(engine: &Engine) -> Self {
        Self { cash: engine.book.cash_at_start(), held: BTreeMap::new(), fills: 0, entries: 0 }
    }

    /// Plays on what happened up to and including an instant.
    pub(super) fn play(&mut self, engine: &Engine, to: Timestamp) {
        let (fills, entries) = (engine.book.fills(), &engine.entries);
        loop {
            let fill = fills.get(self.fills).filter(|fill| fill.at <= to);
            let entry = entries.get(self.entries).filter(|entry| entry.at <= to);
            match (fill, entry) {
                (_, Some(entry)) if entry.fills <= self.fills => {
                    self.enter(entry);
                    self.entries += 1;
                }
                (Some(fill), _) => {
                    let order = &engine.book.orders()[fill.order];
                    let (notional, units) = (fill.price.notional(fill.qty), fill.qty.units());
                    match order.side {
                        Side::Buy => self.change(order.symbol, units, -notional),
                        Side::Sell => self.change(order.symbol, -units, notional),
                    }
                    self.fills += 1;
                }
                (None, _) => return,
            }
        }
    }

    fn enter(&mut self, entry: &Entry) {
        match entry.kind {
            EntryKind::Split { change } => self.change(entry.symbol, change, Usd::ZERO),
            EntryKind::Dividend { amount, .. } => self.cash += amount,
        }
    }

    fn change(&mut self, symbol: Symbol, units: i64, cash: Usd) {
        self.cash += cash;
        let held = self.held.entry(symbol).or_insert(0);
        *held += units;
        if *held == 0 {
            self.held.remove(&symbol);
        }
    }
}

impl Engine {
    /// What holdings were worth at an instant: the sum, and the sum of their sizes.
    pub(super) fn worth(&mut self, held: &BTreeMap<Symbol, i64>, at: Timestamp) -> (Usd, Usd) {
        let (mut sum, mut sizes) = (Usd::ZERO, Usd::ZERO);
        for (symbol, units) in held {
            let Some(price) = self.tape.last_price(*symbol, at) else { continue };
            let value = price.notional(Qty::from_units(units.saturating_abs()).unwrap_or(Qty::ZERO));
            sum += if *units < 0 { -value } else { value };
            sizes += value;
        }
        (sum, sizes)
    }

    /// What was held at an instant, with its cost: fills and splits played again from the first.
    pub(super) fn holdings_at(&self, at: Timestamp) -> BTreeMap<Symbol, Holding> {
        let mut holdings = BTreeMap::new();
        let mut entries = self.entries.iter().filter(|entry| entry.at <= at).peekable();
        for (place, fill) in self.book.fills().iter().take_while(|fill| fill.at <= at).enumerate() {
            while let Some(entry) = entries.next_if(|entry| entry.fills <= place) {
                split_again(&mut holdings, entry);
            }
            let order = self.book.order(fill.order);
            let holding = holdings.entry(order.symbol).or_insert(Holding::flat(order.side));
            holding.trade(order.side, fill.qty, fill.price.notional(fill.qty));
            if holding.qty.is_zero() {
                holdings.remove(&order.symbol);
            }
        }
        entries.for_each(|entry| split_again(&mut holdings, entry));
        holdings
    }

    /// The account at the close of the session before today; at its beginning while there was none.
    pub(super) fn previous_close(&mut self) -> PreviousClose {
        let today = self.now.ny_date();
        if let Some(known) = self.previous_close.as_ref().filter(|known| known.today == today) {
            return known.clone();
        }
        let session = self.calendar.previous_session(today).ok();
        let (date, close) = session.map_or((today, self.config.start), |session| (session.date, session.close));
        let mut statement = Statement::begin(self);
        statement.play(self, close);
        let (worth, value) = self.worth(&statement.held, close);
        let found = PreviousClose { today, date, equity: statement.cash + worth, value, held: statement.held };
        self.previous_close = Some(found.clone());
        found
    }

    /// Shares held, in 1e-9 share; below zero when they are owed.
    pub(super) fn units_held(&self, symbol: Symbol) -> i64 {
        let units = |holding: &Holding| if holding.short { -holding.qty.units() } else { holding.qty.units() };
        self.book.holdings().get(&symbol).map_or(0, units)
    }

    /// Writes down what a split made of a holding of so many units before it.
    pub(super) fn enter_split(&mut self, symbol: Symbol, before: i64) {
        let change = self.units_held(symbol) - before;
        if change != 0 {
            self.enter(symbol, EntryKind::Split { change });
        }
    }

    /// Pays a dividend of `rate` a share on what is held; what is owed pays it.
    pub(super) fn pay_dividend(&mut self, symbol: Symbol, rate: Usd) {
        let shares = self.units_held(symbol);
        if shares == 0 {
            return;
        }
        let units = i128::from(rate.units()) * i128::from(shares) / 1_000_000_000;
        let amount = Usd::from_units(i64::try_from(units).unwrap_or(i64::MAX));
        self.book.receive(amount);
        self.log(Event::Dividend { at: self.now, symbol, rate, amount });
        self.enter(symbol, EntryKind::Dividend { rate, shares, amount });
    }

    fn enter(&mut self, symbol: Symbol, kind: EntryKind) {
        let (id, fills) = (self.book.new_uuid(), self.book.fills().len());
        self.entries.push(Entry { id, at: self.now, symbol, fills, kind });
    }
}

fn split_again(holdings: &mut BTreeMap<Symbol, Holding>, entry: &Entry) {
    let EntryKind::Split { change } = entry.kind else { return };
    let Some(holding) = holdings.get_mut(&entry.symbol) else { return };
    let units = holding.qty.units() + if holding.short { -change } else { change };
    holding.qty = Qty::from_units(units).unwrap_or(Qty::ZERO);
    if holding.qty.is_zero() {
        holdings.remove(&entry.symbol);
    }
}
