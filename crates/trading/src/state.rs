//! The life of an order, as one table.
//!
//! An order comes back from disk and from the broker as data, so its state is an enum and not a type. Fills are not in
//! here: a position is the sum of executions ([`crate::book`]); this table only says whether the order can still act.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::report::OrderStatus;

/// Where one of our orders stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderState {
    /// Durable here; the send has not been tried, or a crash came before its outcome was written.
    Recorded,
    /// Sent, and nobody here can tell what became of it.
    Unknown,
    /// At the broker, able to fill.
    Working,
    /// A cancel was asked for; it may still fill.
    Canceling,
    /// Wholly filled.
    Filled,
    /// Cancelled, with or without fills.
    Canceled,
    /// Ended by its time in force.
    Expired,
    /// Refused by the broker.
    Rejected,
    /// Replaced by another order.
    Replaced,
    /// The broker never received it, and no longer can.
    NeverArrived,
}

/// What happens to an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OrderEvent {
    /// The broker refused the request.
    Refused,
    /// Nobody can tell what became of the request.
    Lost,
    /// The broker was asked by client order id and knows nothing, long enough after the send.
    NotFound,
    /// A cancel was asked for.
    CancelAsked,
    /// It was not sent after all: permission was lost between the record and the send.
    Withheld,
    /// The broker said where it stands.
    Reported(OrderStatus),
    /// The broker put another order in its place by itself, as it does for a split: that one is it now.
    CarriedOn(OrderStatus),
}

/// An event that the state does not allow for. It is recorded and its symbol blocked for opening; nothing panics.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("an order that is {state:?} cannot see {event:?}")]
pub struct Surprise {
    /// The state it is in.
    pub state: OrderState,
    /// What happened.
    pub event: OrderEvent,
}

impl OrderState {
    /// Nothing more can happen; the next attempt may be made.
    #[must_use]
    pub fn is_dead(self) -> bool {
        match self {
            Self::Filled | Self::Canceled | Self::Expired | Self::Rejected | Self::Replaced | Self::NeverArrived => {
                true
            }
            Self::Recorded | Self::Unknown | Self::Working | Self::Canceling => false,
        }
    }

    /// We cannot say whether the broker has it.
    #[must_use]
    pub fn is_unresolved(self) -> bool {
        matches!(self, Self::Recorded | Self::Unknown)
    }
}

/// The table.
///
/// # Errors
/// [`Surprise`] for a pair that cannot happen at an honest broker.
pub fn transition(state: OrderState, event: &OrderEvent) -> Result<OrderState, Surprise> {
    use OrderEvent as E;
    use OrderState as S;
    let surprise = || Err(Surprise { state, event: event.clone() });
    match (state, event) {
        // A report outranks whatever we believed: the broker is the truth. Death is final, though. One pair is real:
        // a fill that crosses a cancel turns Canceling into Filled, never Canceled into anything.
        (S::Recorded | S::Unknown | S::Working | S::Canceling, E::Reported(status)) => Ok(reported(state, status)),
        (S::Filled | S::Canceled | S::Expired | S::Replaced, E::Reported(status)) => {
            // A repeated or late report of an order that is over changes nothing; a contradicting end is a surprise.
            match reported(S::Working, status) {
                S::Working | S::Unknown | S::Canceling | S::Recorded => Ok(state),
                same if same == state => Ok(state),
                S::Filled | S::Canceled | S::Expired | S::Rejected | S::Replaced | S::NeverArrived => surprise(),
            }
        }
        // It was declared gone, or one of two copies was refused, and it is there after all: take it back, so that it is
        // managed.
        (S::NeverArrived | S::Rejected, E::Reported(status)) => Ok(reported(S::Unknown, status)),

        // What a wish to cancel was about is over; the wish is made anew of the order that is there now.
        (
            S::Recorded | S::Unknown | S::Working | S::Canceling | S::Replaced | S::Rejected | S::NeverArrived,
            E::CarriedOn(status),
        ) => Ok(reported(S::Working, status)),
        (S::Filled | S::Canceled | S::Expired, E::CarriedOn(_)) => surprise(),

        (S::Recorded | S::Unknown, E::Refused) => Ok(S::Rejected),
        // "Duplicate id" answers a send of an order that is already there; the shell looks it up instead of saying Refused.
        (
            S::Working | S::Canceling | S::Filled | S::Canceled | S::Expired | S::Replaced | S::NeverArrived,
            E::Refused,
        ) => surprise(),
        (S::Rejected, E::Refused) => Ok(S::Rejected),

        (S::Recorded | S::Unknown, E::Lost) => Ok(S::Unknown),
        // The answer to a cancel got lost, or an old answer came late: what the order is does not change.
        (
            S::Working
            | S::Canceling
            | S::Filled
            | S::Canceled
            | S::Expired
            | S::Rejected
            | S::Replaced
            | S::NeverArrived,
            E::Lost,
        ) => Ok(state),

        (S::Recorded | S::Unknown | S::NeverArrived, E::NotFound) => Ok(S::NeverArrived),
        // The broker once had it and now does not know it: never believed.
        (S::Working | S::Canceling | S::Filled | S::Canceled | S::Expired | S::Rejected | S::Replaced, E::NotFound) => {
            surprise()
        }

        (S::Recorded, E::Withheld) => Ok(S::NeverArrived),
        // What was tried once can be there, whatever we now wish.
        (
            S::Unknown
            | S::Working
            | S::Canceling
            | S::Filled
            | S::Canceled
            | S::Expired
            | S::Rejected
            | S::Replaced
            | S::NeverArrived,
            E::Withheld,
        ) => surprise(),

        (S::Working | S::Canceling, E::CancelAsked) => Ok(S::Canceling),
        // A cancel that crosses the end of the order is late, not wrong.
        (S::Filled | S::Canceled | S::Expired | S::Rejected | S::Replaced, E::CancelAsked) => Ok(state),
        (S::Recorded | S::Unknown | S::NeverArrived, E::CancelAsked) => surprise(),
    }
}

fn reported(before: OrderState, status: &OrderStatus) -> OrderState {
    match status {
        OrderStatus::Filled => OrderState::Filled,
        OrderStatus::Canceled => OrderState::Canceled,
        OrderStatus::Expired => OrderState::Expired,
        OrderStatus::Rejected => OrderState::Rejected,
        OrderStatus::Replaced => OrderState::Replaced,
        OrderStatus::PendingCancel => OrderState::Canceling,
        // Alive. Our wish to cancel it survives a report that still says it works.
        OrderStatus::Accepted
        | OrderStatus::PendingNew
        | OrderStatus::AcceptedForBidding
        | OrderStatus::New
        | OrderStatus::PartiallyFilled
        | OrderStatus::DoneForDay
        | OrderStatus::PendingReplace
        | OrderStatus::Stopped
        | OrderStatus::Suspended
        | OrderStatus::Calculated
        | OrderStatus::Held
        | OrderStatus::PendingReview => {
            if before == OrderState::Canceling {
                OrderState::Canceling
            } else {
                OrderState::Working
            }
        }
        // Alive for all we know; the symbol is blocked elsewhere because of it.
        OrderStatus::Unrecognised(_) => {
            if before == OrderState::Canceling {
                OrderState::Canceling
            } else {
                OrderState::Working
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [OrderState; 10] = [
        OrderState::Recorded,
        OrderState::Unknown,
        OrderState::Working,
        OrderState::Canceling,
        OrderState::Filled,
        OrderState::Canceled,
        OrderState::Expired,
        OrderState::Rejected,
        OrderState::Replaced,
        OrderState::NeverArrived,
    ];

    /// Every pair: a line a state, a column an event, `!` where there is none.
    const TABLE: [(OrderState, &str); 10] = {
        use OrderState as S;
        [
            // refused lost not_found cancel_asked withheld | new filled canceled expired rejected replaced pending_cancel odd
            // | carried on, new
            (
                S::Recorded,
                "Rejected Unknown NeverArrived ! NeverArrived Working Filled Canceled Expired Rejected Replaced Canceling Working Working",
            ),
            (
                S::Unknown,
                "Rejected Unknown NeverArrived ! ! Working Filled Canceled Expired Rejected Replaced Canceling Working Working",
            ),
            (
                S::Working,
                "! Working ! Canceling ! Working Filled Canceled Expired Rejected Replaced Canceling Working Working",
            ),
            (
                S::Canceling,
                "! Canceling ! Canceling ! Canceling Filled Canceled Expired Rejected Replaced Canceling Canceling Working",
            ),
            (S::Filled, "! Filled ! Filled ! Filled Filled ! ! ! ! Filled Filled !"),
            (S::Canceled, "! Canceled ! Canceled ! Canceled ! Canceled ! ! ! Canceled Canceled !"),
            (S::Expired, "! Expired ! Expired ! Expired ! ! Expired ! ! Expired Expired !"),
            (
                S::Rejected,
                "Rejected Rejected ! Rejected ! Working Filled Canceled Expired Rejected Replaced Canceling Working Working",
            ),
            (S::Replaced, "! Replaced ! Replaced ! Replaced ! ! ! ! Replaced Replaced Replaced Working"),
            (
                S::NeverArrived,
                "! NeverArrived NeverArrived ! ! Working Filled Canceled Expired Rejected Replaced Canceling Working Working",
            ),
        ]
    };

    #[test]
    fn every_pair_of_the_table() {
        use OrderStatus as R;
        let said = [R::New, R::Filled, R::Canceled, R::Expired, R::Rejected, R::Replaced, R::PendingCancel];
        let odd = R::Unrecognised("odd".into());
        let events: Vec<OrderEvent> = [OrderEvent::Refused, OrderEvent::Lost, OrderEvent::NotFound]
            .into_iter()
            .chain([OrderEvent::CancelAsked, OrderEvent::Withheld])
            .chain(said.into_iter().chain([odd]).map(OrderEvent::Reported))
            .chain([OrderEvent::CarriedOn(R::New)])
            .collect();
        assert_eq!(TABLE.map(|(state, _)| state), ALL);
        for (state, line) in TABLE {
            let after = |event| transition(state, event).map_or("!".to_owned(), |after| format!("{after:?}"));
            assert_eq!(events.iter().map(after).collect::<Vec<_>>().join(" "), line, "{state:?}");
        }
    }

    #[test]
    fn who_is_dead_and_who_is_in_doubt() {
        use OrderState as S;
        let dead = [S::Filled, S::Canceled, S::Expired, S::Rejected, S::Replaced, S::NeverArrived];
        assert_eq!(ALL.into_iter().filter(|state| state.is_dead()).collect::<Vec<_>>(), dead);
        let in_doubt = [S::Recorded, S::Unknown];
        assert_eq!(ALL.into_iter().filter(|state| state.is_unresolved()).collect::<Vec<_>>(), in_doubt);
    }

    #[test]
    fn an_unknown_outcome_is_never_declared_rejected_by_silence() {
        assert_eq!(transition(OrderState::Recorded, &OrderEvent::Lost), Ok(OrderState::Unknown));
        assert!(!OrderState::Unknown.is_dead());
    }

    #[test]
    fn the_dead_stay_dead_whatever_lives_on_in_old_messages() {
        // Never having arrived and having been refused are what we were told, or made of silence: the order itself knows.
        let taken_back = [OrderState::NeverArrived, OrderState::Rejected];
        for state in ALL.into_iter().filter(|state| state.is_dead() && !taken_back.contains(state)) {
            for status in [OrderStatus::New, OrderStatus::PartiallyFilled, OrderStatus::PendingCancel] {
                assert_eq!(transition(state, &OrderEvent::Reported(status)), Ok(state));
            }
            assert_eq!(transition(state, &OrderEvent::CancelAsked), Ok(state));
        }
    }

    #[test]
    fn a_fill_that_crosses_a_cancel_is_real() {
        let canceling = transition(OrderState::Working, &OrderEvent::CancelAsked).unwrap();
        assert_eq!(transition(canceling, &OrderEvent::Reported(OrderStatus::Filled)), Ok(OrderState::Filled));
    }

    #[test]
    fn what_the_broker_has_cannot_vanish() {
        for state in [OrderState::Working, OrderState::Canceling, OrderState::Filled] {
            assert!(transition(state, &OrderEvent::NotFound).is_err(), "{state:?}");
        }
    }

    #[test]
    fn contradicting_ends_are_surprises() {
        let event = OrderEvent::Reported(OrderStatus::Canceled);
        assert!(transition(OrderState::Filled, &event).is_err());
        assert_eq!(transition(OrderState::Canceled, &event), Ok(OrderState::Canceled));
    }
}
