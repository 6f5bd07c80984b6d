//! Outcomes and answers as tables: what is recorded of each, and what is believed.

use super::*;

fn refused(reason: RejectReason) -> SubmitOutcome {
    SubmitOutcome::Rejected { reason, message: "no".into() }
}

#[test]
fn what_becomes_of_a_send() {
    let accepted = |status| {
        move |desk: &Floor| {
            let intent = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap();
            let report = OrderReport { status, ..report(&intent.request, desk.moment.now) };
            SubmitOutcome::Accepted(Box::new(report))
        }
    };
    type Made = Box<dyn FnOnce(&Floor) -> SubmitOutcome>;
    let table: [(Made, &str, &[&str]); 7] = [
        (Box::new(accepted(OrderStatus::New)), "Working", &["record Recorded -> Working"]),
        (Box::new(accepted(OrderStatus::Filled)), "Filled", &["record Recorded -> Filled"]),
        (
            Box::new(|_| refused(RejectReason::Invalid)),
            "Rejected",
            &["record note, Recorded -> Rejected", "alert rejected"],
        ),
        (
            Box::new(|_| refused(RejectReason::Forbidden)),
            "Rejected",
            &["record note, Recorded -> Rejected", "alert rejected"],
        ),
        (Box::new(|_| refused(RejectReason::DuplicateClientOrderId)), "Unknown", &["record note, Recorded -> Unknown"]),
        (
            Box::new(|_| SubmitOutcome::Retryable { after: None, why: "never left".into() }),
            "NeverArrived",
            &["record note, Recorded -> NeverArrived"],
        ),
        (
            Box::new(|_| SubmitOutcome::Unknown { why: "no answer".into() }),
            "Unknown",
            &["record note, Recorded -> Unknown", "alert unknown"],
        ),
    ];
    for (outcome, state, expect) in table {
        let mut desk = Floor::new();
        desk.begin(&["AAPL"]);
        desk.until_send();
        let outcome = outcome(&desk);
        let has_id = matches!(outcome, SubmitOutcome::Accepted(_));
        desk.outcome("AAPL", Leg::Entry, outcome);
        assert_eq!(desk.drain(), expect);
        let intent = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap();
        assert_eq!((format!("{:?}", intent.state).as_str(), intent.broker_id.is_some()), (state, has_id));
    }
}

#[test]
fn an_outcome_that_contradicts_is_told_and_changes_nothing() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    desk.drain();
    desk.outcome("AAPL", Leg::Entry, refused(RejectReason::Invalid));
    assert!(desk.drain().contains(&"alert contradiction".to_owned()));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Working);
}

/// What a look asks, what it is told, and what is then recorded, believed and found.
#[test]
fn what_becomes_of_a_question() {
    let told = |status| move |order: OrderReport| Ok(Some(Box::new(OrderReport { status, ..order })));
    type Answer = Box<dyn FnOnce(OrderReport) -> Result<Option<Box<OrderReport>>, String>>;
    // seconds after the loss, answer, what is recorded, finding, listed as working
    let table: [(i64, Answer, &[&str], &str, usize); 6] = [
        (10, Box::new(|_| Ok(None)), &[], "outcome unknown", 0),
        (40, Box::new(|_| Ok(None)), &["record Unknown -> NeverArrived"], "", 0),
        (40, Box::new(|_| Err("504".into())), &[], "outcome unknown", 0),
        (10, Box::new(told(OrderStatus::New)), &["record Unknown -> Working"], "", 1),
        (10, Box::new(told(OrderStatus::PendingCancel)), &["record Unknown -> Canceling"], "", 1),
        (10, Box::new(told(OrderStatus::Canceled)), &["record Unknown -> Canceled"], "", 0),
    ];
    for (seconds, answer, recorded, finding, working) in table {
        let mut desk = Floor::new();
        desk.begin(&["AAPL"]);
        desk.until_send();
        desk.lose("AAPL", Leg::Entry);
        desk.drain();
        desk.pass(TimeDelta::seconds(seconds));
        assert_eq!(desk.look(), ["ask AAPL entry"]);
        let request = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap().request.clone();
        desk.answer("AAPL", Leg::Entry, answer(report(&request, desk.moment.now)));
        assert_eq!(desk.drain(), recorded, "after {seconds} s");
        desk.protect();
        let found: Vec<String> = desk.core.findings().iter().map(|(_, finding)| finding.to_string()).collect();
        assert_eq!(found.len(), usize::from(!finding.is_empty()), "{found:?}");
        assert!(found.iter().all(|found| found.starts_with(finding)), "{found:?}");
        assert_eq!(desk.core.view().unwrap().working.len(), working, "{recorded:?}");
    }
}

#[test]
fn an_order_the_broker_had_and_does_not_know_is_a_finding() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    desk.drain();
    desk.said.orders.clear();
    desk.pass(TimeDelta::hours(1));
    desk.look();
    desk.answer("AAPL", Leg::Entry, Ok(None));
    desk.protect();
    assert!(matches!(desk.core.findings().first(), Some((_, Finding::Contradiction { .. }))));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Working);
}

#[test]
fn an_answer_about_an_order_that_is_listed_is_late_and_changes_nothing() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    desk.drain();
    desk.pass(TimeDelta::seconds(2));
    desk.look();
    let request = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap().request.clone();
    let gone = OrderReport { status: OrderStatus::Canceled, ..report(&request, desk.moment.now) };
    desk.answer("AAPL", Leg::Entry, Ok(Some(Box::new(gone))));
    assert_eq!(desk.drain(), [""; 0]);
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Working);
}

#[test]
fn an_entry_that_filled_with_its_send_is_no_surprise() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    desk.accept("AAPL", Leg::Entry);
    desk.fill("AAPL", Leg::Entry, 19);
    let request = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap().request.clone();
    let filled = OrderReport { status: OrderStatus::Filled, ..report(&request, desk.moment.now) };
    desk.outcome("AAPL", Leg::Entry, SubmitOutcome::Accepted(Box::new(filled)));
    desk.drain();
    desk.look();
    let told = desk.protect();
    assert!(!told.iter().any(|line| line.starts_with("alert")), "{told:?}");
    assert_eq!(desk.core.positions()[&symbol("AAPL")], PositionState::Open);
}

#[test]
fn an_opening_of_just_the_age_is_still_sent() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    assert_eq!(desk.poll(), Some("expose 1".into()));
    desk.moment.now = desk.moment.now + TimeDelta::seconds(5);
    assert_eq!(desk.drain(), ["record AAPL entry", "submit AAPL entry"]);
}
