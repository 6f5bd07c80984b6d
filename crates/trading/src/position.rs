//! The life of a symbol's position, as one table: FLAT, ENTERING, OPEN, EXITING and back.
//!
//! What is seen after each look at the broker is an [`Observation`]: shares held, an entry that can still fill, an exit
//! that can still fill. The state is what it means; a pair the table does not expect is a [`Surprise`] for a human, and
//! the state follows what the broker has all the same. Partial fills are OPEN with a working remainder.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a symbol stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PositionState {
    /// Nothing held, nothing on its way.
    #[default]
    Flat,
    /// An entry of ours is recorded, working or of unknown outcome, and has bought nothing yet.
    Entering,
    /// Shares are held; an entry's remainder may still work.
    Open,
    /// Shares are held and an order of ours takes all of them off.
    Exiting,
}

/// What a look at the broker shows of a symbol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Observation {
    /// Shares are held long.
    pub held: bool,
    /// An entry of ours can still act.
    pub entry: bool,
    /// An exit of ours can still act.
    pub exit: bool,
}

/// Something no order of ours explains.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Surprise {
    /// Shares without an entry: bought by hand, transferred, or by a ledger that was lost.
    #[error("shares are held that no entry was on its way for")]
    Appeared,
    /// An exit works and nothing is held.
    #[error("an exit works though nothing is held")]
    ExitOfNothing,
    /// An entry was made while shares were held or being sold.
    #[error("an entry works though shares were held already")]
    EntryOnTop,
}

/// The table: the state after an observation, and what is odd about it.
#[must_use]
pub fn transition(state: PositionState, seen: Observation) -> (PositionState, Option<Surprise>) {
    use PositionState as S;
    let Observation { held, entry, exit } = seen;
    match (state, held, entry, exit) {
        (S::Flat | S::Entering | S::Open | S::Exiting, false, false, false) => (S::Flat, None),
        (S::Flat | S::Entering, false, true, false) => (S::Entering, None),
        // The position was sold (its stop, or an exit) before the rest of its entry was withdrawn.
        (S::Open | S::Exiting, false, true, false) => (S::Entering, None),

        // A fill may be seen with its order already dead, and after a restart nothing was seen before.
        (S::Entering | S::Open, true, false, false) => (S::Open, None),
        (S::Flat, true, false, false) => (S::Open, Some(Surprise::Appeared)),
        // The exit died without selling everything: the position is managed again.
        (S::Exiting, true, false, false) => (S::Open, None),

        // A partial fill, or an entry and its first fill seen in one look.
        (S::Flat | S::Entering | S::Open, true, true, false) => (S::Open, None),
        (S::Exiting, true, true, false) => (S::Open, Some(Surprise::EntryOnTop)),

        (S::Flat | S::Entering | S::Open | S::Exiting, true, false, true) => (S::Exiting, None),
        // A flatten goes out while the cancel of the entry's remainder is still on its way.
        (S::Entering | S::Open | S::Exiting, true, true, true) => (S::Exiting, None),
        (S::Flat, true, true, true) => (S::Exiting, Some(Surprise::EntryOnTop)),

        // The exit sold the last share and its report is late.
        (S::Open | S::Exiting, false, false, true) => (S::Exiting, None),
        (S::Flat | S::Entering, false, false, true) => (S::Flat, Some(Surprise::ExitOfNothing)),
        (S::Open | S::Exiting, false, true, true) => (S::Exiting, None),
        (S::Flat | S::Entering, false, true, true) => (S::Entering, Some(Surprise::ExitOfNothing)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [PositionState; 4] =
        [PositionState::Flat, PositionState::Entering, PositionState::Open, PositionState::Exiting];

    fn seen(held: bool, entry: bool, exit: bool) -> Observation {
        Observation { held, entry, exit }
    }

    fn every_pair() -> impl Iterator<Item = (PositionState, Observation)> {
        let observations = (0..8).map(|bits| seen(bits & 4 != 0, bits & 2 != 0, bits & 1 != 0));
        observations.flat_map(|observation| STATES.map(|state| (state, observation)))
    }

    #[test]
    fn every_pair_of_the_table() {
        // Nothing, an exit, an entry, both; then the same with shares held.
        let table = [
            "Flat Flat:ExitOfNothing Entering Entering:ExitOfNothing Open:Appeared Exiting Open Exiting:EntryOnTop",
            "Flat Flat:ExitOfNothing Entering Entering:ExitOfNothing Open Exiting Open Exiting",
            "Flat Exiting Entering Exiting Open Exiting Open Exiting",
            "Flat Exiting Entering Exiting Open Exiting Open:EntryOnTop Exiting",
        ];
        for (state, line) in STATES.into_iter().zip(table) {
            let pairs = every_pair().filter(|(before, _)| *before == state);
            let words = pairs.map(|(state, observation)| match transition(state, observation) {
                (after, None) => format!("{after:?}"),
                (after, Some(surprise)) => format!("{after:?}:{surprise:?}"),
            });
            assert_eq!(words.collect::<Vec<_>>().join(" "), line, "{state:?}");
        }
    }

    #[test]
    fn a_trade_from_flat_to_flat() {
        let story = [
            (seen(false, true, false), PositionState::Entering),
            (seen(true, true, false), PositionState::Open),
            (seen(true, false, false), PositionState::Open),
            (seen(true, false, true), PositionState::Exiting),
            (seen(false, false, false), PositionState::Flat),
        ];
        let mut state = PositionState::Flat;
        for (observation, expect) in story {
            assert_eq!(transition(state, observation), (expect, None), "{observation:?}");
            state = expect;
        }
    }

    #[test]
    fn an_entry_that_dies_unfilled_leaves_the_symbol_flat() {
        assert_eq!(transition(PositionState::Entering, seen(false, false, false)), (PositionState::Flat, None));
    }

    #[test]
    fn the_state_never_contradicts_what_is_held() {
        for (state, observation) in every_pair() {
            let (after, surprise) = transition(state, observation);
            match after {
                PositionState::Flat => assert!(!observation.held && !observation.entry, "{state:?} {observation:?}"),
                PositionState::Entering => assert!(!observation.held && observation.entry, "{state:?} {observation:?}"),
                PositionState::Open => assert!(observation.held && !observation.exit, "{state:?} {observation:?}"),
                PositionState::Exiting => assert!(observation.exit, "{state:?} {observation:?}"),
            }
            // Whatever was odd, the same look again is not: it is told once.
            assert_eq!(transition(after, observation).0, after, "{state:?} {observation:?}");
            assert!(surprise.is_none() || after != state || observation.exit, "{state:?} {observation:?}");
        }
    }

    #[test]
    fn what_no_order_of_ours_explains_is_told() {
        let table = [
            (PositionState::Flat, seen(true, false, false), Surprise::Appeared),
            (PositionState::Flat, seen(false, false, true), Surprise::ExitOfNothing),
            (PositionState::Entering, seen(false, true, true), Surprise::ExitOfNothing),
            (PositionState::Exiting, seen(true, true, false), Surprise::EntryOnTop),
            (PositionState::Flat, seen(true, true, true), Surprise::EntryOnTop),
        ];
        for (state, observation, expect) in table {
            assert_eq!(transition(state, observation).1, Some(expect), "{state:?} {observation:?}");
        }
    }
}
