//! What the core asks for, in which order, and what it makes of the answers.

use market::{Calendar, NyDate, Price, Qty, Usd};

mod adversary;
mod floor;
mod incidents;
mod look;
mod outcome;

use floor::*;

use super::*;
use crate::{
    control::Kill,
    order::{IntentKey, Leg, OrderKind, OrderRequest, Side, TimeInForce},
    outcome::RejectReason,
    portfolio::PortfolioDecision,
    reconcile::ARRIVAL_LIMIT,
    report::{Execution, OrderStatus, PositionReport},
    state::OrderState,
};

#[test]
fn an_opening_is_exposed_then_recorded_then_sent() {
    let mut desk = Floor::new();
    let told = desk.confirm(&["AAPL"]);
    assert_eq!(told, ["expose 1", "record AAPL entry", "submit AAPL entry"]);
}

#[test]
fn what_became_of_a_send_is_recorded_before_the_next_one_goes_out() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    assert_eq!(desk.until_send(), ["expose 2", "record AAPL entry", "submit AAPL entry"]);
    desk.accept("AAPL", Leg::Entry);
    let told = desk.until_send();
    assert_eq!(told, ["record Recorded -> Working", "record MSFT entry", "submit MSFT entry"]);
}

#[test]
fn the_kill_switch_is_asked_last_and_what_was_recorded_is_withheld_on_the_record() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    assert_eq!(desk.poll(), Some("expose 2".into()));
    assert_eq!(desk.poll(), Some("record AAPL entry".into()));
    desk.moment.kill = Some(Kill::Entries);
    let told = desk.drain();
    let expect = ["record Recorded -> NeverArrived, note", "record refusal kill_switch", "record refusal kill_switch"];
    assert_eq!(told, expect, "the one that was recorded, then the one that was not");
    assert!(desk.core.book().live().next().is_none());
}

#[test]
fn what_else_stops_an_opening_at_the_last_moment() {
    type Spoil = fn(&mut Floor);
    let table: [(&str, Spoil); 4] = [
        ("no_quote", |desk| desk.moment.now = desk.moment.now + TimeDelta::seconds(6)),
        ("time_went_back", |desk| desk.moment.now = desk.moment.now - TimeDelta::milliseconds(1)),
        ("gate", |desk| desk.moment.no_openings = Some("SIGTERM".into())),
        ("kill_switch", |desk| desk.moment.kill = Some(Kill::Entries)),
    ];
    for (reason, spoil) in table {
        let mut desk = Floor::new();
        desk.begin(&["AAPL"]);
        assert_eq!(desk.poll(), Some("expose 1".into()));
        spoil(&mut desk);
        assert_eq!(desk.drain(), [format!("record refusal {reason}")]);
        assert!(desk.core.book().intents().next().is_none(), "{reason}: nothing was recorded, nothing is consumed");
    }
}

#[test]
fn nothing_stops_a_stop_at_the_last_moment() {
    let mut desk = Floor::holding();
    desk.look();
    desk.moment.kill = Some(Kill::Cancel);
    desk.moment.no_openings = Some("SIGTERM".into());
    desk.moment.now = desk.moment.now + TimeDelta::minutes(10);
    let told = desk.protect_with(Authority::ManageOnly("stale watchlist".into()));
    assert_eq!(
        told,
        ["expose 2", "record AAPL stop", "submit AAPL stop"],
        "the entry is not listed any more, and a stop goes out"
    );
}

#[test]
fn an_unknown_outcome_is_recorded_told_and_keeps_every_other_opening_back() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    let told = desk.drain();
    let expect = ["record note, Recorded -> Unknown", "alert unknown", "record refusal symbol_blocked"];
    assert_eq!(told, expect);
}

#[test]
fn a_taken_id_is_looked_up_never_declared_refused() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    let outcome =
        SubmitOutcome::Rejected { reason: RejectReason::DuplicateClientOrderId, message: "must be unique".into() };
    desk.outcome("AAPL", Leg::Entry, outcome);
    assert_eq!(desk.drain(), ["record note, Recorded -> Unknown"]);
}

#[test]
fn no_such_order_is_believed_only_when_none_can_be_on_its_way() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    // The request left long after it was recorded; the doubt begins when the answer failed to come.
    desk.pass(TimeDelta::seconds(25));
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    for (seconds, expect) in [(29, "Unknown"), (1, "NeverArrived")] {
        desk.pass(TimeDelta::seconds(seconds));
        assert_eq!(desk.look()[0], "ask AAPL entry");
        desk.answer("AAPL", Leg::Entry, Ok(None));
        desk.protect();
        assert_eq!(format!("{:?}", desk.state("AAPL", Leg::Entry)), expect, "after {seconds} s more");
    }
}

#[test]
fn an_answer_is_as_old_as_its_question() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(TimeDelta::seconds(20));
    desk.look();
    // While this answer is under way, the request may still arrive.
    desk.pass(TimeDelta::seconds(10));
    desk.answer("AAPL", Leg::Entry, Ok(None));
    desk.protect();
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Unknown);
}

#[test]
fn a_process_that_starts_doubts_what_it_finds_unresolved() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.pass(TimeDelta::hours(1));
    desk.restart();
    desk.look();
    desk.answer("AAPL", Leg::Entry, Ok(None));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Recorded, "it may have left a moment before the crash");
    desk.protect();
    desk.pass(ARRIVAL_LIMIT);
    desk.look();
    desk.answer("AAPL", Leg::Entry, Ok(None));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::NeverArrived);
}

#[test]
fn a_clock_put_back_delays_no_answer_by_more_than_the_usual_wait() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(-TimeDelta::hours(1));
    for (seconds, expect) in [(0, OrderState::Unknown), (29, OrderState::Unknown), (1, OrderState::NeverArrived)] {
        desk.pass(TimeDelta::seconds(seconds));
        desk.look();
        desk.answer("AAPL", Leg::Entry, Ok(None));
        desk.protect();
        assert_eq!(desk.state("AAPL", Leg::Entry), expect, "after {seconds} s more");
    }
}

#[test]
fn without_the_exposure_view_nothing_opens_and_stops_go_out() {
    let mut desk = Floor::holding();
    desk.look();
    desk.exposable = false;
    assert_eq!(desk.protect(), ["expose 2", "record AAPL stop", "submit AAPL stop", "alert exposure"]);
    desk.accept("AAPL", Leg::Stop);
    desk.drain();
    let told = desk.manage(&["MSFT"]);
    assert!(told.iter().all(|line| !line.contains("MSFT")), "{told:?}");
    desk.exposable = true;
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    desk.protect();
    assert!(desk.manage(&["MSFT"]).contains(&"submit MSFT entry".to_owned()), "with it, the same is opened");
}

#[test]
fn a_question_without_an_answer_is_a_finding_told_when_it_lasts() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.lose("AAPL", Leg::Entry);
    desk.drain();
    let mut told = Vec::new();
    for _ in 0..3 {
        desk.pass(TimeDelta::seconds(2));
        desk.look();
        desk.answer("AAPL", Leg::Entry, Err("504".into()));
        told.push(desk.protect().iter().filter(|line| line.starts_with("alert")).count());
    }
    assert_eq!(told, [0, 1, 0], "one look may be unlucky, and twice is told once");
}

#[test]
fn a_cycle_that_was_given_up_leaves_its_records_and_none_of_its_sends() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL", "MSFT"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    let told = desk.look();
    assert_eq!(told[0], "record Recorded -> Working", "{told:?}");
    assert!(!told.iter().any(|line| line.contains("MSFT")), "{told:?}");
}

#[test]
fn a_refused_cancel_changes_nothing_and_an_unknown_order_is_told() {
    let table = [
        (CancelOutcome::Accepted, "Canceling", 0),
        (CancelOutcome::NotCancelable("filled".into()), "Working", 0),
        (CancelOutcome::Unknown("504".into()), "Working", 0),
        (CancelOutcome::NotFound, "Working", 1),
    ];
    for (outcome, state, alerts) in table {
        let mut desk = Floor::new();
        desk.begin(&["AAPL"]);
        desk.until_send();
        desk.accept("AAPL", Leg::Entry);
        desk.drain();
        let (id, order) = (desk.id("AAPL", Leg::Entry), "b".parse().unwrap());
        desk.core.handle(Event::Canceled { id, order, outcome: outcome.clone() }, desk.moment.now);
        let told = desk.drain();
        assert_eq!(format!("{:?}", desk.state("AAPL", Leg::Entry)), state, "{outcome:?}");
        assert_eq!(told.iter().filter(|line| line.starts_with("alert")).count(), alerts, "{outcome:?}");
    }
}

#[test]
fn an_answer_nobody_asked_for_changes_nothing() {
    let mut desk = Floor::new();
    desk.look();
    let stray: ClientOrderId = "pc_PA3_20261120_avwap_ZZZ_entry_1".parse().unwrap();
    let before = desk.core.clone();
    desk.core.handle(Event::Answer { id: stray.clone(), answer: Ok(None) }, desk.moment.now);
    desk.core.handle(
        Event::Submitted { id: stray.clone(), outcome: SubmitOutcome::Unknown { why: "?".into() } },
        desk.moment.now,
    );
    let order = "b".parse().unwrap();
    desk.core.handle(Event::Canceled { id: stray, order, outcome: CancelOutcome::Accepted }, desk.moment.now);
    assert_eq!(desk.core, before);
}

#[test]
fn time_that_went_back_opens_nothing() {
    let mut desk = Floor::new();
    desk.pass(TimeDelta::hours(1));
    desk.look();
    desk.protect();
    desk.pass(-TimeDelta::hours(1));
    assert_eq!(desk.confirm(&["AAPL"])[0], "record refusal time_went_back");
}

#[test]
fn shares_that_appear_are_told_once_and_an_entry_that_fills_is_no_surprise() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    desk.hold("ZZZ", 5);
    desk.look();
    let told = desk.protect();
    assert!(told.contains(&"alert Appeared".to_owned()), "{told:?}");

    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    desk.fill("AAPL", Leg::Entry, 19);
    desk.look();
    let told = desk.protect();
    assert!(!told.iter().any(|line| line.starts_with("alert")), "{told:?}");
    assert_eq!(desk.core.positions()[&symbol("AAPL")], PositionState::Open);
}

#[test]
fn an_entry_is_under_way_until_it_is_over() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    assert!(!desk.core.end_cycle(desk.moment.now) && desk.core.is_flat());
    desk.begin(&["AAPL"]);
    desk.until_send();
    let sent = desk.moment.now;
    assert!(desk.core.end_cycle(sent));
    desk.accept("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(TimeDelta::seconds(2));
    desk.look();
    desk.protect();
    assert!(desk.core.end_cycle(desk.moment.now) && !desk.core.is_flat());
    assert_eq!(desk.core.hurrying_since(), Some(sent), "since it began, not since it was last seen");
}

#[test]
fn a_cycle_is_on_the_record_when_something_about_it_is_material() {
    let mut desk = Floor::new();
    assert!(PortfolioDecision::of(&desk.core, &[]).is_none(), "nothing was seen yet");
    desk.look();
    desk.protect();
    assert!(PortfolioDecision::of(&desk.core, &[]).is_some_and(|record| record.market_open), "the market is open");

    desk.pass(TimeDelta::hours(8));
    desk.look();
    desk.protect();
    assert!(PortfolioDecision::of(&desk.core, &[]).is_none(), "closed, flat, and nothing decided");
    assert!(PortfolioDecision::of(&desk.core, &["504".into()]).is_some());

    let mut desk = Floor::holding();
    desk.pass(TimeDelta::hours(8));
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    desk.protect();
    let record = PortfolioDecision::of(&desk.core, &[]).unwrap();
    assert_eq!(
        (record.market_open, record.positions[&symbol("AAPL")], record.actions.len()),
        (false, Qty::shares(19), 1)
    );
    let json = serde_json::to_value(&record).unwrap();
    assert_eq!(json["states"]["AAPL"], "OPEN");
}
