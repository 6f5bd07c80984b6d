//! Sequences that somebody who wants to hurt the account would arrange.

use super::*;

/// The answer to a question about an order that is over.
fn over(desk: &Floor, text: &str, leg: Leg, status: OrderStatus, filled: u32) -> Option<Box<OrderReport>> {
    let request = desk.core.book().intent(&desk.id(text, leg)).unwrap().request.clone();
    Some(Box::new(OrderReport { status, filled_qty: Qty::shares(filled), ..report(&request, desk.moment.now) }))
}

/// An entry of unknown outcome fills after positions were read and before it is asked about.
fn filled_in_between(limits: Limits, ending: OrderStatus) -> Floor {
    let mut desk = Floor::new();
    desk.core = Core::new(desk.core.book().clone(), limits, desk.moment.now);
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(TimeDelta::seconds(2));
    desk.look();
    let answer = over(&desk, "AAPL", Leg::Entry, ending, 19);
    desk.answer("AAPL", Leg::Entry, Ok(answer));
    desk
}

#[test]
fn an_entry_that_a_question_finds_filled_does_not_look_flat() {
    for ending in [OrderStatus::Filled, OrderStatus::Canceled, OrderStatus::Expired] {
        let mut desk = filled_in_between(Limits::default(), ending.clone());
        let told = desk.protect_with(Authority::ManageOnly("stale watchlist".into()));
        assert!(told.contains(&"expose 1".to_owned()), "{ending:?}: {told:?}");
        assert!(desk.core.end_cycle(desk.moment.now) && !desk.core.is_flat(), "{ending:?}");
    }
}

#[test]
fn an_entry_that_a_question_finds_filled_counts_in_the_same_cycle() {
    let mut desk = filled_in_between(Limits { positions: 1, ..Limits::default() }, OrderStatus::Filled);
    desk.protect();
    let told = desk.manage(&["MSFT"]);
    assert!(told.contains(&"record refusal max_positions".to_owned()), "{told:?}");
}

#[test]
fn an_entry_whose_shares_no_list_shows_yet_still_counts() {
    let mut desk = filled_in_between(Limits { positions: 1, ..Limits::default() }, OrderStatus::Filled);
    desk.protect();
    // Neither the position nor the execution is told in the next look either.
    desk.pass(TimeDelta::seconds(2));
    desk.look();
    desk.protect();
    assert!(!desk.core.is_flat());
    let told = desk.manage(&["MSFT"]);
    assert!(!told.iter().any(|line| line.starts_with("submit")), "{told:?}");
}

#[test]
fn a_stop_that_a_question_finds_filled_is_not_followed_by_another() {
    let mut desk = Floor::protected();
    desk.said.orders.clear();
    desk.pass(TimeDelta::seconds(15));
    desk.look();
    let answer = over(&desk, "AAPL", Leg::Stop, OrderStatus::Filled, 19);
    desk.answer("AAPL", Leg::Stop, Ok(answer));
    // The position was read before it was sold.
    let told = desk.protect();
    assert!(!told.iter().any(|line| line.starts_with("submit")), "{told:?}");
    assert!(desk.core.end_cycle(desk.moment.now), "and looked at again at once");
}

#[test]
fn a_stop_that_can_not_be_sent_is_told() {
    let mut desk = Floor::holding();
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    desk.protect();
    let outcome = SubmitOutcome::Retryable { after: None, why: "connection refused".into() };
    desk.outcome("AAPL", Leg::Stop, outcome);
    assert_eq!(desk.drain(), ["record note, Recorded -> NeverArrived", "alert not-sent"]);
}

#[test]
fn a_position_that_is_bare_again_is_told_again() {
    let mut desk = Floor::new();
    desk.hold("ZZZ", 5);
    let told = |desk: &mut Floor| {
        desk.pass(TimeDelta::seconds(15));
        desk.look();
        desk.protect().iter().filter(|line| **line == "alert no-stop").count()
    };
    assert_eq!(told(&mut desk), 1);
    let mut stop = report(&desk.by_hand("ZZZ", Side::Sell, 5), desk.moment.now);
    stop.kind = Some(OrderKind::Stop { stop: price("9") });
    desk.said.orders.push(stop);
    assert_eq!(told(&mut desk), 0, "somebody put a stop");
    desk.said.orders.clear();
    assert_eq!(told(&mut desk), 1, "and took it away within the half hour");
}

#[test]
fn a_clock_set_forward_makes_no_silence_old() {
    let mut desk = Floor::holding();
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    desk.protect();
    desk.lose("AAPL", Leg::Stop);
    desk.drain();
    desk.pass(TimeDelta::seconds(42));
    // Two of them were real.
    desk.core.handle(Event::ClockSet, desk.moment.now);
    desk.look();
    desk.answer("AAPL", Leg::Stop, Ok(None));
    desk.protect();
    assert_eq!(desk.state("AAPL", Leg::Stop), OrderState::Unknown);
}

#[test]
fn a_refusal_in_the_middle_of_a_step_ends_it() {
    let mut desk = Floor::new();
    desk.core = Core::new(desk.core.book().clone(), Limits { reject_streak: 1, ..Limits::default() }, desk.moment.now);
    desk.begin(&["AAPL", "MSFT"]);
    desk.until_send();
    let outcome = SubmitOutcome::Rejected { reason: RejectReason::Invalid, message: "no".into() };
    desk.outcome("AAPL", Leg::Entry, outcome);
    assert!(desk.drain().contains(&"record refusal reject_streak".to_owned()));
}

#[test]
fn a_fill_of_an_entry_that_was_given_up_is_asked_about() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(ARRIVAL_LIMIT);
    desk.look();
    desk.answer("AAPL", Leg::Entry, Ok(None));
    desk.protect();
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::NeverArrived);
    desk.said.executions.push(Execution {
        id: "late".into(),
        order_id: "b-late".parse().unwrap(),
        symbol: symbol("AAPL"),
        side: Side::Buy,
        qty: Qty::shares(19),
        price: price("50.47"),
        at: desk.moment.now,
    });
    desk.hold("AAPL", 19);
    assert!(desk.look().contains(&"ask AAPL entry".to_owned()));
    let answer = over(&desk, "AAPL", Leg::Entry, OrderStatus::Filled, 19);
    let answer = answer.map(|order| Box::new(OrderReport { id: "b-late".parse().unwrap(), ..*order }));
    desk.answer("AAPL", Leg::Entry, Ok(answer));
    let told = desk.protect();
    assert!(told.contains(&"submit AAPL stop".to_owned()), "its plan is on the record: {told:?}");
}
