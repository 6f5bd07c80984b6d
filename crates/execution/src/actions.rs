//! Corporate actions: splits and what else happens to shares that are held or ordered, asked of the broker at the first
//! look of a New York day, once more before the open, when a symbol is new, and while a position is not what our
//! executions make it. Not for long, and never instead of protection: what cannot be read is asked again and told.

use std::collections::BTreeSet;

use broker::{Broker, Splits};
use market::{NyDate, Symbol, TimeDelta, Timestamp};
use trading::{
    reconcile::Finding,
    report::{Notice, OrderReport, PositionReport},
    tape::Split,
};

use crate::engine::Engine;

/// The second look of a day is so long before the open: what was announced over night is there by then.
const BEFORE_OPEN: TimeDelta = TimeDelta::minutes(30);
/// Between two questions that are asked again: after a failure, and while something does not fit.
const PACE: TimeDelta = TimeDelta::seconds(60);
/// Of shares whose first fill nothing tells, so far back is asked,
const UNKNOWN_DAYS: i32 = 7;
/// and never farther than this.
const DAYS_MAX: i32 = 400;
/// At most so many symbols are asked for: one request.
const SYMBOLS_MAX: usize = 200;

/// What was asked and what is known.
#[derive(Debug, Default)]
pub(crate) struct Actions {
    /// The part of a day that was read: its date, and whether the second time.
    read_for: Option<(NyDate, bool)>,
    /// The symbols it was read for.
    read_of: BTreeSet<Symbol>,
    asked_at: Option<Timestamp>,
    /// The last question had no answer.
    failed: bool,
    splits: Vec<Split>,
    notices: Vec<Notice>,
}

/// A question to the broker, and its answer.
#[derive(Debug)]
pub(crate) struct Asked {
    part: (NyDate, bool),
    symbols: BTreeSet<Symbol>,
    at: Timestamp,
    answer: Result<Splits, String>,
}

impl<B: Broker> Engine<B> {
    /// Asks the broker when it is time to; `None` when it is not.
    pub(crate) async fn ask_actions(
        &self,
        orders: &[OrderReport],
        positions: &[PositionReport],
        now: Timestamp,
    ) -> Option<Asked> {
        let symbols = concerned(orders, positions);
        let part = self.part(now);
        if !self.actions_due(&symbols, part, now) {
            return None;
        }
        let first = self.first_day(&symbols, orders, now.ny_date());
        let asked: Vec<Symbol> = symbols.iter().copied().collect();
        let answer = self.within(self.patience.aside, self.broker.splits(&asked, first, now.ny_date())).await;
        if let Err(why) = &answer {
            tracing::warn!("no corporate actions this cycle: {why}");
        }
        Some(Asked { part, symbols, at: now, answer })
    }

    /// Remembers the answer. What is known of the day is told in every look: a split may be of shares not heard of yet.
    pub(crate) fn note_actions(
        &mut self,
        asked: Option<Asked>,
        symbols: &BTreeSet<Symbol>,
        now: Timestamp,
    ) -> (Vec<Split>, Vec<Notice>) {
        let actions = &mut self.memory.actions;
        if let Some(Asked { part, symbols, at, answer }) = asked {
            (actions.asked_at, actions.failed) = (Some(at), answer.is_err());
            if let Ok(splits) = answer {
                actions.notices = splits.notices;
                actions.notices.extend(unread(&splits.unreadable, &symbols));
                actions.splits = splits.read;
                (actions.read_for, actions.read_of) = (Some(part), symbols);
            }
        }
        let today = actions.read_for.is_some_and(|(date, _)| date == now.ny_date());
        let is_read = |symbol: &&Symbol| today && actions.read_of.contains(symbol);
        let unread = symbols.iter().filter(|symbol| !is_read(symbol)).map(|symbol| not_read(*symbol));
        let known = actions.notices.iter().filter(|notice| symbols.contains(&notice.symbol)).cloned();
        (actions.splits.clone(), known.chain(unread).collect())
    }

    /// The date, and whether the open is near or past.
    fn part(&self, now: Timestamp) -> (NyDate, bool) {
        let is_near = self.hours(now).is_some_and(|session| now >= session.open - BEFORE_OPEN);
        (now.ny_date(), is_near)
    }

    fn actions_due(&self, symbols: &BTreeSet<Symbol>, part: (NyDate, bool), now: Timestamp) -> bool {
        let actions = &self.memory.actions;
        let rested = actions.asked_at.is_none_or(|at| !(TimeDelta::zero()..PACE).contains(&now.since(at)));
        let differs = |(_, finding): &(Symbol, Finding)| matches!(finding, Finding::QuantityMismatch { .. });
        let mismatch = || self.core.findings().iter().any(differs);
        let news = actions.read_for != Some(part) || !symbols.is_subset(&actions.read_of);
        // What is new does not wait its turn, or it would be told as unread; after a failure everything does.
        !symbols.is_empty() && (news && !actions.failed || rested && (news || mismatch()))
    }

    /// The first day on which any of them was held or ordered.
    fn first_day(&self, symbols: &BTreeSet<Symbol>, orders: &[OrderReport], today: NyDate) -> NyDate {
        let since = |symbol: &Symbol| {
            let held = self.core.book().held(*symbol).and_then(|held| held.since);
            let ordered = orders.iter().filter(|order| order.symbol == *symbol).map(|order| order.submitted_at);
            let first = held.into_iter().chain(ordered).min();
            first.map_or(today.plus_days(-UNKNOWN_DAYS), Timestamp::ny_date)
        };
        let first = symbols.iter().map(since).min().unwrap_or(today);
        first.clamp(today.plus_days(-DAYS_MAX), today)
    }
}

/// Symbols that are held or have a working order.
pub(crate) fn concerned(orders: &[OrderReport], positions: &[PositionReport]) -> BTreeSet<Symbol> {
    let held = positions.iter().map(|position| position.symbol);
    held.chain(orders.iter().map(|order| order.symbol)).take(SYMBOLS_MAX).collect()
}

/// What cannot be read concerns the symbol it names, or else any of them.
fn unread(names: &[String], symbols: &BTreeSet<Symbol>) -> Vec<Notice> {
    let named = |name: &String| symbols.iter().find(|symbol| symbol.as_str() == name).copied();
    let of = |name: &String| named(name).map_or_else(|| symbols.iter().copied().collect(), |symbol| vec![symbol]);
    let notice =
        |name: &String, symbol| Notice { symbol, what: format!("a corporate action that cannot be read ({name})") };
    names.iter().flat_map(|name| of(name).into_iter().map(|symbol| notice(name, symbol)).collect::<Vec<_>>()).collect()
}

fn not_read(symbol: Symbol) -> Notice {
    Notice { symbol, what: "its corporate actions could not be read".to_owned() }
}
