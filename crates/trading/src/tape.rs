//! One symbol's executions and splits in order of time, and the trade they make up. Quantities are in 1e-9 share.
//!
//! A position is the sum of its executions, each counted once (the book sees to that), times the splits that came after
//! them. Executions may arrive late and out of order: what they add up to does not depend on when we heard of them.

use market::{Price, Symbol, TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{
    order::{BrokerOrderId, Side},
    report::Execution,
};

/// One share.
const SHARE: i64 = 1_000_000_000;

/// Two announcements of one ratio that are nearer than this are of one split.
const SAME_SPLIT: TimeDelta = TimeDelta::days(7);

/// A share becomes `new / old` shares.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Split {
    /// The broker's id of the announcement; a split counts once.
    pub id: String,
    /// The symbol.
    pub symbol: Symbol,
    /// From when on shares and prices are new ones: the begin of the ex-date in New York, before anything trades on it.
    pub effective: Timestamp,
    /// New shares for
    pub new: u32,
    /// so many old ones. Never zero.
    pub old: u32,
}

/// What is held of a symbol, and how it came about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// Net shares in 1e-9; negative is short.
    pub net: i64,
    /// Of them, what splits left of less than a share, in 1e-9: a broker may have paid cash for it.
    pub in_lieu: i64,
    /// Orders that bought since the account was last flat in the symbol, oldest first.
    pub bought_by: Vec<BrokerOrderId>,
    /// The first of those fills; `None` while flat.
    pub since: Option<Timestamp>,
    /// Shares bought since then, in 1e-9 of today's shares.
    bought: i64,
    /// What they cost, in (1e-9 share) times (1e-4 dollar).
    cost: i128,
}

/// A symbol's history.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tape {
    entries: Vec<Entry>,
    held: Held,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    Fill(Execution),
    Split(Split),
}

impl Split {
    /// Whether another of the symbol, under another id, tells the same: the same ratio, and nearly the same day.
    #[must_use]
    pub fn is_like(&self, other: &Self) -> bool {
        let same_ratio = u64::from(other.new) * u64::from(self.old) == u64::from(self.new) * u64::from(other.old);
        same_ratio && other.effective.since(self.effective).abs() < SAME_SPLIT
    }
}

impl Tape {
    /// What is held.
    #[must_use]
    pub fn held(&self) -> &Held {
        &self.held
    }

    /// The executions, oldest first.
    pub fn fills(&self) -> impl DoubleEndedIterator<Item = &Execution> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Fill(fill) => Some(fill),
            Entry::Split(_) => None,
        })
    }

    /// Whether it is a split that is here already under another id: recorded by hand, or announced twice.
    #[must_use]
    pub fn has_like(&self, split: &Split) -> bool {
        self.splits().any(|other| other.is_like(split))
    }

    /// The splits, oldest first.
    pub fn splits(&self) -> impl DoubleEndedIterator<Item = &Split> {
        self.entries.iter().filter_map(Entry::as_split)
    }

    /// A price of `at` in today's shares; rounded down to 1e-4 dollar.
    #[must_use]
    pub fn adjusted(&self, price: Price, at: Timestamp) -> Price {
        // Entries are in order of time, and most prices are of the last few.
        let first = self.entries.partition_point(|entry| entry.at() <= at);
        let later = self.entries[first..].iter().filter_map(Entry::as_split);
        let units = later.fold(i128::from(price.units()), |units, split| {
            units * i128::from(split.old) / i128::from(split.new.max(1))
        });
        i64::try_from(units).ok().and_then(|units| Price::from_units(units.max(1)).ok()).unwrap_or(price)
    }

    pub(crate) fn count(&mut self, fill: Execution) {
        self.insert(Entry::Fill(fill));
    }

    pub(crate) fn split(&mut self, split: Split) {
        self.insert(Entry::Split(split));
    }

    fn insert(&mut self, entry: Entry) {
        let place = self.entries.partition_point(|other| other.at() <= entry.at());
        let is_last = place == self.entries.len();
        self.entries.insert(place, entry);
        if is_last {
            self.held.take(&self.entries[place]);
        } else {
            self.held = Held::default();
            self.entries.iter().for_each(|entry| self.held.take(entry));
        }
    }
}

impl Entry {
    fn as_split(&self) -> Option<&Split> {
        match self {
            Self::Fill(_) => None,
            Self::Split(split) => Some(split),
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Fill(fill) => fill.at,
            Self::Split(split) => split.effective,
        }
    }
}

impl Held {
    /// Average cost a share of what was bought since the account was last flat, rounded down to 1e-4 dollar.
    #[must_use]
    pub fn average_entry(&self) -> Option<Price> {
        if self.bought <= 0 {
            return None;
        }
        i64::try_from(self.cost / i128::from(self.bought)).ok().and_then(|units| Price::from_units(units).ok())
    }

    fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Fill(fill) => self.fill(fill),
            Entry::Split(split) => self.scale(split),
        }
    }

    fn fill(&mut self, fill: &Execution) {
        let units = fill.qty.units();
        match fill.side {
            Side::Buy => {
                // What was sold before it was bought is covered first; only the rest is held.
                let units = units.min(self.net.saturating_add(units));
                self.net = self.net.saturating_add(fill.qty.units());
                if units <= 0 {
                    return;
                }
                self.bought = self.bought.saturating_add(units);
                self.cost += i128::from(units) * i128::from(fill.price.units());
                self.since = self.since.or(Some(fill.at));
                if self.bought_by.last() != Some(&fill.order_id) {
                    self.bought_by.push(fill.order_id.clone());
                }
            }
            Side::Sell => {
                self.net = self.net.saturating_sub(units);
                self.end_what_is_over();
            }
        }
    }

    fn scale(&mut self, split: &Split) {
        let scaled = |units: i64| {
            let units = i128::from(units) * i128::from(split.new) / i128::from(split.old.max(1));
            i64::try_from(units).unwrap_or(i64::MAX)
        };
        // A broker that pays cash for parts of a share has done so at every split.
        let paid_out = self.net - self.in_lieu;
        let rest = if paid_out > 0 && paid_out % SHARE == 0 { scaled(paid_out) % SHARE } else { 0 };
        let paid_out = scaled(paid_out) - rest;
        (self.net, self.bought) = (scaled(self.net), scaled(self.bought));
        self.in_lieu = self.net - paid_out;
        self.end_what_is_over();
    }

    /// Without a whole share of it left, by a sale or by a split, a trade is over: what is bought next begins another.
    fn end_what_is_over(&mut self) {
        if self.net <= self.in_lieu {
            *self = Self { net: self.net, in_lieu: self.net.max(0), ..Self::default() };
        }
    }
}

#[cfg(test)]
mod tests {
    use market::Qty;
    use proptest::prelude::*;

    use super::*;

    fn at(minute: i64) -> Timestamp {
        Timestamp::from_unix_seconds(1_500_000_000) + TimeDelta::minutes(minute)
    }

    fn fill(minute: i64, side: Side, shares: u32, price: &str) -> Execution {
        Execution {
            id: format!("f{minute}"),
            order_id: format!("o{minute}").parse().unwrap(),
            symbol: Symbol::new("A").unwrap(),
            side,
            qty: Qty::shares(shares),
            price: price.parse().unwrap(),
            at: at(minute),
        }
    }

    fn split(minute: i64, new: u32, old: u32) -> Split {
        Split { id: format!("s{minute}"), symbol: Symbol::new("A").unwrap(), effective: at(minute), new, old }
    }

    #[test]
    fn a_trade_begins_when_the_one_before_is_sold_out() {
        let mut tape = Tape::default();
        tape.count(fill(1, Side::Buy, 10, "40"));
        tape.count(fill(2, Side::Sell, 10, "41"));
        assert_eq!(tape.held(), &Held::default());
        tape.count(fill(3, Side::Buy, 10, "50"));
        tape.count(fill(4, Side::Buy, 10, "52"));
        tape.count(fill(5, Side::Sell, 5, "53"));
        let held = tape.held();
        assert_eq!((held.net, held.since), (Qty::shares(15).units(), Some(at(3))));
        assert_eq!(held.average_entry(), Some("51".parse().unwrap()), "what was sold does not change what was paid");
        assert_eq!(held.bought_by.len(), 2);
    }

    #[test]
    fn a_sell_heard_before_its_buy_leaves_nothing_behind() {
        let mut tape = Tape::default();
        tape.count(fill(1, Side::Sell, 10, "41"));
        tape.count(Execution { id: "late".into(), ..fill(1, Side::Buy, 10, "40") });
        assert_eq!(tape.held(), &Held::default());
        tape.count(Execution { id: "more".into(), ..fill(2, Side::Sell, 5, "41") });
        tape.count(fill(3, Side::Buy, 8, "50"));
        assert_eq!(
            (tape.held().net, tape.held().average_entry()),
            (Qty::shares(3).units(), Some("50".parse().unwrap()))
        );
    }

    #[test]
    fn a_split_counts_for_what_was_held_before_it_only() {
        let mut tape = Tape::default();
        tape.count(fill(1, Side::Buy, 10, "100"));
        tape.split(split(5, 2, 1));
        tape.count(fill(9, Side::Buy, 10, "50"));
        assert_eq!(tape.held().net, Qty::shares(30).units());
        assert_eq!(tape.held().average_entry(), Some("50".parse().unwrap()));
        assert_eq!(tape.adjusted("95".parse().unwrap(), at(1)), "47.5".parse().unwrap());
        assert_eq!(tape.adjusted("47".parse().unwrap(), at(6)), "47".parse().unwrap());
    }

    #[test]
    fn what_splits_leave_of_less_than_a_share_may_be_paid_out() {
        let share = Qty::shares(1).units();
        let mut tape = Tape::default();
        tape.count(fill(1, Side::Buy, 25, "10"));
        tape.split(split(2, 1, 10));
        assert_eq!((tape.held().net, tape.held().in_lieu), (share * 5 / 2, share / 2));
        tape.split(split(3, 3, 2));
        // Kept, 2.5 become 3.75; paid out, 2 become 3.
        assert_eq!((tape.held().net, tape.held().in_lieu), (share * 15 / 4, share * 3 / 4));
        tape.count(fill(4, Side::Buy, 4, "60"));
        tape.count(fill(5, Side::Sell, 7, "61"));
        assert_eq!((tape.held().net, tape.held().since), (share * 3 / 4, None), "what is left makes up no trade");
        tape.count(fill(6, Side::Buy, 10, "50"));
        assert_eq!((tape.held().since, tape.held().in_lieu), (Some(at(6)), share * 3 / 4));
        assert_eq!(tape.held().average_entry(), Some("50".parse().unwrap()));
        let mut nothing_whole = Tape::default();
        nothing_whole.count(fill(1, Side::Buy, 9, "10"));
        nothing_whole.split(split(2, 1, 10));
        let held = nothing_whole.held();
        assert_eq!((held.net, held.in_lieu, held.since), (share * 9 / 10, share * 9 / 10, None), "no share is left");
        nothing_whole.count(fill(3, Side::Buy, 10, "150"));
        assert_eq!((nothing_whole.held().since, nothing_whole.held().bought_by.len()), (Some(at(3)), 1));
        assert_eq!(nothing_whole.held().average_entry(), Some("150".parse().unwrap()));
        let mut even = Tape::default();
        even.count(fill(1, Side::Buy, 20, "10"));
        even.split(split(2, 1, 10));
        assert_eq!((even.held().net, even.held().in_lieu), (2 * share, 0));
    }

    proptest! {
        #[test]
        fn what_it_adds_up_to_does_not_depend_on_the_order_of_hearing(order in Just((0..8).collect::<Vec<i64>>()).prop_shuffle()) {
            let entry = |minute: i64, tape: &mut Tape| match minute {
                3 => tape.split(split(3, 3, 2)),
                5 => tape.count(fill(5, Side::Sell, 4, "70")),
                _ => tape.count(fill(minute, Side::Buy, 2 + minute as u32, "60.01")),
            };
            let (mut sorted, mut shuffled) = (Tape::default(), Tape::default());
            (0..8).for_each(|minute| entry(minute, &mut sorted));
            order.into_iter().for_each(|minute| entry(minute, &mut shuffled));
            prop_assert_eq!(sorted, shuffled);
        }
    }
}
