//! Which structural stop a phase of the session takes.
//!
//! | phase | order | trails |
//! |---|---|---|
//! | open noise | daily | no |
//! | early trend | daily, then intraday | yes |
//! | normal | intraday, then daily | yes |
//! | close protect, closed | none | no |
//!
//! The first that is old enough and far enough from the price is taken; each one passed over on the way is an event.

use market::{Price, TimeDelta};

use crate::{
    phase::Phase,
    stops::{Basis, Event, Rules},
};

/// Stops that the structure of the market offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offers {
    /// Below the last higher low of the session's candles.
    pub intraday: Option<Price>,
    /// Below the last swing low of the daily bars.
    pub daily: Option<Price>,
    /// Time since the entry; `None` when it is not known.
    pub age: Option<TimeDelta>,
    /// Complete candles since the entry.
    pub bars: usize,
}

/// What was selected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selected {
    /// The stop, with what it rests on.
    pub stop: Option<(Price, Basis)>,
    /// Whether a stop that works may be raised to it.
    pub trailing: bool,
    /// What was passed over, in order.
    pub events: Vec<Event>,
}

/// Selects by the table above, for a position that trades at `price`.
#[must_use]
pub fn select(phase: Phase, price: Price, offers: &Offers, rules: &Rules) -> Selected {
    let (order, trailing): (&[Basis], bool) = match phase {
        Phase::OpenNoise => (&[Basis::DailySwingLow], false),
        Phase::EarlyTrend => (&[Basis::DailySwingLow, Basis::IntradayHl], true),
        Phase::NormalSession => (&[Basis::IntradayHl, Basis::DailySwingLow], true),
        Phase::CloseProtect | Phase::Closed => (&[], false),
    };
    let mut selected = Selected { trailing, ..Selected::default() };
    for basis in order {
        match offered(*basis, price, offers, rules) {
            Some(Ok(stop)) => {
                selected.stop = Some((stop, *basis));
                break;
            }
            Some(Err(event)) => selected.events.push(event),
            None => {}
        }
    }
    selected
}

fn offered(basis: Basis, price: Price, offers: &Offers, rules: &Rules) -> Option<Result<Price, Event>> {
    let (stop, early) = match basis {
        Basis::IntradayHl => (offers.intraday?, is_early(offers, rules)),
        Basis::DailySwingLow => (offers.daily?, false),
        Basis::Initial | Basis::InForce | Basis::Breakeven | Basis::ProfitTrail => return None,
    };
    let far = price.lowered_by(rules.min_distance).is_some_and(|limit| stop <= limit);
    Some(match (early, far) {
        (true, _) => Err(Event::StopTooEarlySkipped),
        (false, false) => Err(Event::StopTooCloseSkipped),
        (false, true) => Ok(stop),
    })
}

/// An age below zero (time went back) is early too.
fn is_early(offers: &Offers, rules: &Rules) -> bool {
    offers.age.is_none_or(|age| age < rules.min_age) || offers.bars < rules.min_bars
}

#[cfg(test)]
mod tests {
    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    #[test]
    fn the_limits_themselves_are_enough() {
        let offers = |daily: &str, intraday: &str, seconds, bars| Offers {
            intraday: Some(price(intraday)),
            daily: Some(price(daily)),
            age: Some(TimeDelta::seconds(seconds)),
            bars,
        };
        let (daily, intraday) = (Basis::DailySwingLow, Basis::IntradayHl);
        let (close, early) = (Event::StopTooCloseSkipped, Event::StopTooEarlySkipped);
        let table: [(Phase, Offers, Option<Basis>, &[Event]); 7] = [
            (Phase::EarlyTrend, offers("98.5", "97", 1200, 4), Some(daily), &[]),
            (Phase::EarlyTrend, offers("98.51", "98.5", 1200, 4), Some(intraday), &[close]),
            (Phase::EarlyTrend, offers("98.51", "98.5", 1199, 4), None, &[close, early]),
            (Phase::EarlyTrend, offers("98.51", "98.5", 1200, 3), None, &[close, early]),
            (Phase::EarlyTrend, offers("98.51", "98.5", -1, 4), None, &[close, early]),
            (Phase::NormalSession, offers("98.5", "98.51", 1200, 4), Some(daily), &[close]),
            (Phase::Closed, offers("98.5", "98.51", 1200, 4), None, &[]),
        ];
        for (phase, offers, basis, events) in table {
            let selected = select(phase, price("100"), &offers, &Rules::default());
            assert_eq!(selected.stop.map(|(_, basis)| basis), basis, "{phase:?} {offers:?}");
            assert_eq!(selected.events, events, "{phase:?} {offers:?}");
        }
    }
}
