//! What corporate actions mean for shares that are held: splits that can be counted, and what a human must look at.
//!
//! Counted is what turns shares of a symbol into shares of the same symbol: forward and reverse splits, a unit split that
//! keeps the name, and dividends paid in shares that are booked by their ex-date. Their rates are made whole numbers
//! exactly, or they are not counted. Shares that are booked later go to who held before the ex-date, not to who bought in
//! between, which no split can say: that is a notice.
//! Ordinary cash dividends and the gains of a fund change no share and are passed over; all else is a notice.

use market::{NyDate, Symbol};
use trading::{report::Notice, tape::Split};

use super::{CorporateAction, CorporateActionQuery, CorporateActions, CorporateEvent, Part};
use crate::{ReadError, Splits, alpaca::Alpaca};

/// The broker may book an action so many days after it took effect, and lists it by the day of booking.
const BOOKED_DAYS: i32 = 7;
/// What is no split is told for so many days after it took effect, and from the day before on.
const TOLD_DAYS: i64 = 7;
/// No side of a ratio is larger: what is has lost its exactness on the way.
const RATE_MAX: u128 = 100_000;
/// More decimals than a rate can have and still be meant exactly.
const DECIMALS_MAX: usize = 9;

impl Alpaca {
    /// Splits of some symbols that took effect from `first` to `last`, both included, and what else happens to them.
    ///
    /// # Errors
    /// When a page cannot be read, or the list does not end.
    pub async fn splits(&self, symbols: &[Symbol], first: NyDate, last: NyDate) -> Result<Splits, ReadError> {
        if symbols.is_empty() {
            return Ok(Splits::default());
        }
        let query = CorporateActionQuery {
            symbols: symbols.to_vec(),
            kinds: Vec::new(),
            first,
            last: last.plus_days(BOOKED_DAYS),
        };
        Ok(sorted(self.corporate_actions(&query).await?, symbols, last))
    }
}

/// By what they mean on a day.
pub(in crate::alpaca) fn sorted(actions: CorporateActions, symbols: &[Symbol], today: NyDate) -> Splits {
    let mut splits = Splits { unreadable: actions.unreadable, ..Splits::default() };
    for action in actions.read {
        let from = action.effective_date.unwrap_or(action.process_date);
        match meaning(&action.event) {
            Meaning::Nothing => {}
            Meaning::Shares { symbol, .. } if !symbols.contains(&symbol) => {}
            Meaning::Shares { symbol, ratio: Some((new, old)) } if is_booked_late(&action, from) => {
                let booked = action.process_date;
                if today.days_since(from) >= -1 && today.days_since(booked) <= TOLD_DAYS {
                    let what = format!("{new} for {old} shares, booked on {booked} for who held before {from}");
                    splits.notices.push(Notice { symbol, what });
                }
            }
            Meaning::Shares { symbol, ratio: Some((new, old)) } if !action.id.is_empty() => {
                if from <= today && new != old {
                    splits.read.push(Split { id: action.id, symbol, effective: from.at_hm(0, 0), new, old });
                }
            }
            // Its rate or its id is none.
            Meaning::Shares { symbol, .. } => splits.unreadable.push(symbol.to_string()),
            Meaning::Other { of, what } => {
                let days = today.days_since(from);
                let held = of.into_iter().filter(|symbol| symbols.contains(symbol));
                let told = held.filter(|_| (-1..=TOLD_DAYS).contains(&days));
                splits.notices.extend(told.map(|symbol| Notice { symbol, what: format!("{what} on {from}") }));
            }
        }
    }
    splits
}

/// Shares of a dividend are there when they are booked, and not for all who hold then. Those of a split are all there from
/// its ex-date on, whenever they are booked.
fn is_booked_late(action: &CorporateAction, ex_date: NyDate) -> bool {
    matches!(action.event, CorporateEvent::StockDividend { .. }) && action.process_date > ex_date
}

enum Meaning {
    /// Shares become more or fewer of the same.
    Shares { symbol: Symbol, ratio: Option<(u32, u32)> },
    /// Something a human must look at.
    Other { of: Vec<Symbol>, what: String },
    /// No share changes.
    Nothing,
}

fn meaning(event: &CorporateEvent) -> Meaning {
    use CorporateEvent as E;
    let other = |of: &[Symbol], what: &str| Meaning::Other { of: of.to_vec(), what: what.to_owned() };
    match event {
        E::ForwardSplit { symbol, new_rate, old_rate } => shares(*symbol, *new_rate, *old_rate),
        E::ReverseSplit { symbol, new_symbol: None, new_rate, old_rate } => shares(*symbol, *new_rate, *old_rate),
        E::ReverseSplit { symbol, new_symbol: Some(new), new_rate, old_rate } if symbol == new => {
            shares(*symbol, *new_rate, *old_rate)
        }
        E::ReverseSplit { symbol, new_symbol: Some(new), .. } => {
            other(&[*symbol, *new], &format!("a reverse split of {symbol}, whose name becomes {new},"))
        }
        E::UnitSplit { old, new, .. } if old.symbol == new.symbol => shares(old.symbol, new.rate, old.rate),
        E::UnitSplit { old, new, .. } => unit_split(old, new),
        // So many shares beside each.
        E::StockDividend { symbol, rate } => Meaning::Shares { symbol: *symbol, ratio: more(*rate) },
        E::CashDividend { special: false, .. } | E::CapitalGains { .. } => Meaning::Nothing,
        E::CashDividend { symbol, rate, special: true, .. } => {
            other(&[*symbol], &format!("a special dividend of {rate} dollars a share of {symbol}"))
        }
        E::SpinOff { source, new } => other(&[source.symbol, new.symbol], &format!("a spin-off of {}", new.symbol)),
        E::CashMerger { acquiree, acquirer, .. } => {
            let of: Vec<Symbol> = [*acquiree].into_iter().chain(*acquirer).collect();
            other(&of, &format!("a merger: {acquiree} is bought"))
        }
        E::StockMerger { acquiree, acquirer } | E::StockAndCashMerger { acquiree, acquirer, .. } => {
            other(&[acquiree.symbol, acquirer.symbol], &format!("a merger: {} is bought", acquiree.symbol))
        }
        E::Redemption { symbol, .. } => other(&[*symbol], &format!("a redemption of {symbol}")),
        E::NameChange { old, new } => other(&[*old, *new], &format!("another name: {old} becomes {new}")),
        E::WorthlessRemoval { symbol } => other(&[*symbol], &format!("{symbol} is taken off as worth nothing")),
        E::RightsDistribution { source, new, .. } => other(&[*source], &format!("rights {new} for {source}")),
        E::Other { kind, symbol } => other(&[*symbol], &format!("one of the broker's {kind}")),
    }
}

fn unit_split(old: &Part, new: &Part) -> Meaning {
    let what = format!("a unit split: {} becomes {} and others", old.symbol, new.symbol);
    Meaning::Other { of: vec![old.symbol, new.symbol], what }
}

fn shares(symbol: Symbol, new: f64, old: f64) -> Meaning {
    Meaning::Shares { symbol, ratio: ratio(new, old) }
}

/// The ratio of two rates in whole numbers, reduced; `None` when it has none that is exact and sane.
fn ratio(new: f64, old: f64) -> Option<(u32, u32)> {
    let [(new, new_scale), (old, old_scale)] = [decimal(new)?, decimal(old)?];
    reduced(new.checked_mul(old_scale)?, old.checked_mul(new_scale)?)
}

/// `1 + rate` to one: a dividend of so many shares a share.
fn more(rate: f64) -> Option<(u32, u32)> {
    let (units, scale) = decimal(rate)?;
    reduced(scale.checked_add(units)?, scale)
}

fn reduced(new: u128, old: u128) -> Option<(u32, u32)> {
    let common = common_divisor(new, old);
    let side = |of: u128| Some(of.checked_div(common)?).filter(|side| (1..=RATE_MAX).contains(side));
    Some((u32::try_from(side(new)?).ok()?, u32::try_from(side(old)?).ok()?))
}

/// The number as it was written: units, and how many of them make one.
fn decimal(rate: f64) -> Option<(u128, u128)> {
    // The shortest text that reads back as this number is the one that was meant.
    let text = format!("{rate}");
    let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
    if part.len() > DECIMALS_MAX {
        return None;
    }
    let units: u128 = format!("{whole}{part}").parse().ok()?;
    Some((units, 10_u128.pow(u32::try_from(part.len()).ok()?)))
}

fn common_divisor(a: u128, b: u128) -> u128 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NyDate {
        text.parse().unwrap()
    }

    fn symbol(text: &str) -> Symbol {
        Symbol::new(text).unwrap()
    }

    fn action(event: CorporateEvent, ex_date: &str, process_date: &str) -> CorporateAction {
        CorporateAction {
            id: "a1".into(),
            process_date: day(process_date),
            effective_date: Some(day(ex_date)),
            record_date: None,
            payable_date: None,
            event,
        }
    }

    fn one(event: CorporateEvent) -> Splits {
        let actions =
            CorporateActions { read: vec![action(event, "2026-11-20", "2026-11-20")], ..CorporateActions::default() };
        sorted(actions, &[symbol("A"), symbol("B")], day("2026-11-20"))
    }

    #[test]
    fn rates_become_whole_numbers_exactly_or_not_at_all() {
        for (new, old, expect) in [
            (2.0, 1.0, Some((2, 1))),
            (10.0, 1.0, Some((10, 1))),
            (1.0, 50.0, Some((1, 50))),
            (3.0, 2.0, Some((3, 2))),
            (1.5, 1.0, Some((3, 2))),
            (1.05, 1.0, Some((21, 20))),
            (0.1, 0.3, Some((1, 3))),
            (21.0, 20.0, Some((21, 20))),
            (1.0, 100_000.0, Some((1, 100_000))),
            (1.0, 100_001.0, None),
            (1.0 / 3.0, 1.0, None),
            (1e-300, 1.0, None),
            (f64::NAN, 1.0, None),
            (0.0, 1.0, None),
            (1.0, 0.0, None),
            (-2.0, 1.0, None),
            (1e30, 1e30, Some((1, 1))),
        ] {
            assert_eq!(ratio(new, old), expect, "{new} for {old}");
        }
        assert_eq!([0.05, 1.0, 0.0125].map(more), [Some((21, 20)), Some((2, 1)), Some((81, 80))]);
        assert_eq!([f64::INFINITY, -0.5, 0.123_456_7].map(more), [None; 3]);
    }

    #[test]
    fn what_can_be_counted_is_counted() {
        let (a, b) = (symbol("A"), symbol("B"));
        let part = |symbol, rate| Part { symbol, rate };
        let table = [
            (CorporateEvent::ForwardSplit { symbol: a, new_rate: 2.0, old_rate: 1.0 }, (2, 1)),
            (CorporateEvent::ReverseSplit { symbol: a, new_symbol: None, new_rate: 1.0, old_rate: 10.0 }, (1, 10)),
            (CorporateEvent::ReverseSplit { symbol: a, new_symbol: Some(a), new_rate: 1.0, old_rate: 10.0 }, (1, 10)),
            (CorporateEvent::StockDividend { symbol: a, rate: 0.05 }, (21, 20)),
            (CorporateEvent::UnitSplit { old: part(a, 1.0), new: part(a, 2.0), alternate: part(b, 1.0) }, (2, 1)),
        ];
        for (event, (new, old)) in table {
            let splits = one(event.clone());
            let [split] = splits.read.as_slice() else { panic!("{event:?}: {splits:?}") };
            assert_eq!((split.symbol, split.new, split.old), (a, new, old), "{event:?}");
            assert_eq!(split.effective, day("2026-11-20").at_hm(0, 0), "before anything trades on the day");
            assert!(splits.notices.is_empty() && splits.unreadable.is_empty());
        }
    }

    #[test]
    fn what_cannot_be_counted_is_said_and_what_changes_no_share_is_not() {
        let (a, b) = (symbol("A"), symbol("B"));
        let part = |symbol, rate| Part { symbol, rate };
        let dividend = |special| CorporateEvent::CashDividend { symbol: a, rate: 0.2, special, foreign: false };
        let gains = CorporateEvent::CapitalGains { symbol: a, long_term_rate: None, short_term_rate: None };
        for event in [dividend(false), gains] {
            assert_eq!(one(event), Splits::default());
        }
        let reverse =
            CorporateEvent::ReverseSplit { symbol: a, new_symbol: Some(symbol("C")), new_rate: 1.0, old_rate: 2.0 };
        let table = [
            (dividend(true), 1),
            (reverse, 1),
            (CorporateEvent::NameChange { old: a, new: b }, 2),
            (CorporateEvent::SpinOff { source: part(a, 1.0), new: part(symbol("C"), 0.1) }, 1),
            (CorporateEvent::CashMerger { acquiree: symbol("C"), acquirer: Some(b), rate: 3.0 }, 1),
            (CorporateEvent::WorthlessRemoval { symbol: symbol("C") }, 0),
            (CorporateEvent::Other { kind: "partial_calls".into(), symbol: a }, 1),
        ];
        for (event, notices) in table {
            let splits = one(event.clone());
            assert!(splits.read.is_empty());
            assert_eq!(splits.notices.len(), notices, "{event:?}: {splits:?}");
        }
        let third = CorporateEvent::ForwardSplit { symbol: a, new_rate: 1.0 / 3.0, old_rate: 1.0 };
        assert_eq!(one(third).unreadable, ["A"], "a split that cannot be counted is not passed over");
    }

    #[test]
    fn a_split_counts_from_its_ex_date_and_shares_of_a_dividend_when_they_are_booked_by_then() {
        let split = CorporateEvent::ForwardSplit { symbol: symbol("A"), new_rate: 2.0, old_rate: 1.0 };
        let dividend = CorporateEvent::StockDividend { symbol: symbol("A"), rate: 0.05 };
        // ex-date, booked, and for each whether it counts on the 20th and whether a human is told
        for (ex_date, booked, expect) in [
            ("2026-11-20", "2026-11-20", [(1, 0), (1, 0)]),
            ("2026-11-20", "2026-11-23", [(1, 0), (0, 1)]),
            ("2026-11-21", "2026-11-20", [(0, 0), (0, 0)]),
            ("2026-11-02", "2026-11-19", [(1, 0), (0, 1)]),
            ("2026-11-02", "2026-11-12", [(1, 0), (0, 0)]),
            ("2026-11-23", "2026-11-24", [(0, 0), (0, 0)]),
        ] {
            for (event, expect) in [split.clone(), dividend.clone()].into_iter().zip(expect) {
                let read = vec![action(event, ex_date, booked)];
                let splits = sorted(CorporateActions { read, unreadable: vec![] }, &[symbol("A")], day("2026-11-20"));
                assert_eq!((splits.read.len(), splits.notices.len()), expect, "{ex_date} {booked}: {splits:?}");
            }
        }
    }
}
