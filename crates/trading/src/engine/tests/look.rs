//! Looks and cycles: what a look brings is recorded and believed, what the gate sees, and what lasts from one to the next.

use super::*;
use crate::tape::Split;

#[test]
fn what_a_look_brings_is_recorded_and_believed_at_once() {
    let mut desk = Floor::new();
    desk.begin(&["AAPL"]);
    desk.until_send();
    let request = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap().request.clone();
    desk.said.orders.push(report(&request, desk.moment.now));
    desk.fill("AAPL", Leg::Entry, 19);
    let partly = OrderReport { status: OrderStatus::PartiallyFilled, ..report(&request, desk.moment.now) };
    desk.said.orders.push(partly);
    let split = Split {
        id: "s1".into(),
        symbol: symbol("AAPL"),
        effective: desk.moment.now + TimeDelta::seconds(1),
        new: 2,
        old: 1,
    };
    desk.said.splits.push(split);
    desk.pass(TimeDelta::seconds(2));
    assert_eq!(desk.look(), ["record split s1, fill x0, Recorded -> Working"]);
    let book = desk.core.book();
    assert_eq!(book.held(symbol("AAPL")).map(|held| held.net), Some(Qty::shares(38).units()));
    assert_eq!(desk.state("AAPL", Leg::Entry), OrderState::Working);
    assert_eq!(desk.look(), [""; 0], "the same again is no news");
    desk.restart();
    assert_eq!(desk.core.book().held(symbol("AAPL")).map(|held| held.net), Some(Qty::shares(38).units()));
}

#[test]
fn a_new_look_ends_the_view_of_the_one_before() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    assert!(desk.core.view().is_some());
    desk.look();
    assert!(desk.core.view().is_none() && desk.core.decisions().is_empty());
    assert_eq!(desk.manage(&["AAPL"]), [""; 0], "protection comes first");
}

#[test]
fn the_gate_is_told_all_that_is_exposed() {
    let mut desk = Floor::holding();
    desk.hold("ZZZ", 5);
    desk.work("by-hand");
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    let around = desk.surroundings();
    desk.core.handle(Event::Protect(Box::new(around)), desk.moment.now);
    let effects = std::iter::from_fn(|| desk.core.poll(&desk.moment));
    let exposure = effects.filter_map(|effect| match effect {
        Effect::Expose(exposure) => Some(exposure),
        Effect::Record { .. } | Effect::Ask(_) | Effect::Submit(_) | Effect::Replace(_) => None,
        Effect::Cancel { .. } | Effect::Alert { .. } => None,
    });
    let expect = Exposure {
        at: desk.moment.now,
        positions: vec![(symbol("AAPL"), Qty::shares(19)), (symbol("ZZZ"), Qty::shares(5))],
        working_orders: 1,
        // The entry that is not listed any more, and the stop about to go out.
        unknown_outcomes: 2,
    };
    assert_eq!(exposure.collect::<Vec<_>>(), [expect]);
}

#[test]
fn what_protection_did_is_not_done_again_by_the_same_view() {
    let mut desk = Floor::holding();
    desk.look();
    desk.answer("AAPL", Leg::Entry, Err("504".into()));
    assert!(desk.protect().contains(&"submit AAPL stop".to_owned()));
    desk.accept("AAPL", Leg::Stop);
    desk.drain();
    assert_eq!(desk.manage(&[]), [""; 0]);
}

#[test]
fn a_misfit_is_acted_on_when_it_stands_for_two_looks() {
    let mut desk = Floor::protected();
    desk.hold("AAPL", 25);
    let mut told = Vec::new();
    for _ in 0..2 {
        desk.pass(TimeDelta::seconds(2));
        desk.look();
        told.push(desk.protect().contains(&"replace AAPL stop".to_owned()));
    }
    assert_eq!(told, [false, true], "orders and positions are not read in one instant");
    let second = IntentKey { attempt: 2, ..IntentKey::parse(&desk.id("AAPL", Leg::Stop)).unwrap() };
    let replacement = desk.core.book().intent(&second.client_order_id()).unwrap();
    assert_eq!(replacement.replaces, Some(desk.id("AAPL", Leg::Stop)), "on the record too");
}

#[test]
fn what_protects_is_sent_before_anything_is_told() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    desk.hold("YYY", 5);
    desk.hold("ZZZ", 5);
    desk.work("by-hand");
    let is_alert = |line: &String| line.starts_with("alert");
    let mut alerts = 0;
    for _ in 0..2 {
        desk.pass(TimeDelta::seconds(2));
        desk.look();
        desk.core.handle(Event::Protect(Box::new(desk.surroundings())), desk.moment.now);
        let mut told = desk.until_send();
        if told.last().is_some_and(|line| line == "submit YYY stop") {
            // What its answer has to tell waits as well.
            desk.lose("YYY", Leg::Stop);
        }
        told.extend(desk.drain());
        let first = told.iter().position(is_alert).unwrap_or(told.len());
        let sends = |line: &String| line.starts_with("submit") || line.starts_with("cancel");
        assert!(!told[first..].iter().any(sends), "{told:?}");
        alerts += told.iter().filter(|line| is_alert(line)).count();
    }
    assert!(alerts > 3, "{alerts}: both appeared, an order of another hand, an outcome unknown");
}

#[test]
fn what_is_held_at_the_first_look_did_not_appear() {
    let mut desk = Floor::new();
    desk.hold("ZZZ", 5);
    desk.look();
    let told = desk.protect();
    assert!(!told.contains(&"alert Appeared".to_owned()), "{told:?}");
    assert_eq!(desk.core.positions()[&symbol("ZZZ")], PositionState::Open);
}

#[test]
fn a_refusal_is_recorded_when_its_reason_is_news() {
    let mut desk = Floor::new();
    let refuse = |desk: &mut Floor, authority: Authority| {
        desk.look();
        desk.protect_with(authority);
        desk.manage(&["AAPL"])
    };
    let stale = || Authority::ManageOnly("stale".into());
    assert_eq!(refuse(&mut desk, stale()), ["record refusal gate"]);
    assert_eq!(refuse(&mut desk, stale()), [""; 0], "a day of cycles is not a day of rows");
    desk.moment.kill = Some(Kill::Entries);
    assert!(refuse(&mut desk, Authority::Open).contains(&"record refusal kill_switch".to_owned()));
    assert_eq!(refuse(&mut desk, stale()), ["record refusal gate"], "it is another reason again");
}

#[test]
fn a_position_being_sold_is_exiting_and_shares_owed_are_none() {
    let mut desk = Floor::protected();
    desk.said.orders.clear();
    desk.look();
    let stop = desk.core.book().intent(&desk.id("AAPL", Leg::Stop)).unwrap().request.clone();
    let gone = OrderReport { status: OrderStatus::Canceled, ..report(&stop, desk.moment.now) };
    desk.answer("AAPL", Leg::Stop, Ok(Some(Box::new(gone))));
    let told = desk.protect_at(Authority::Open, Some(Kill::Flatten));
    assert!(told.contains(&"submit AAPL exit".to_owned()), "{told:?}");
    desk.accept("AAPL", Leg::Exit);
    desk.drain();
    desk.look();
    desk.protect();
    assert_eq!(desk.core.positions()[&symbol("AAPL")], PositionState::Exiting);

    let mut short = Floor::new();
    short.hold("ZZZ", 5);
    short.said.positions.get_mut(&symbol("ZZZ")).unwrap().short = true;
    short.look();
    let told = short.protect();
    assert!(told.contains(&"alert short".to_owned()), "{told:?}");
    assert!(short.core.positions().is_empty());
}

#[test]
fn shares_that_a_question_finds_sold_get_no_stop_in_that_cycle() {
    let mut desk = Floor::protected();
    desk.said.orders.clear();
    desk.pass(TimeDelta::seconds(2));
    desk.look();
    let stop = desk.core.book().intent(&desk.id("AAPL", Leg::Stop)).unwrap().request.clone();
    let sold = OrderReport { status: OrderStatus::Filled, filled_qty: stop.qty, ..report(&stop, desk.moment.now) };
    desk.answer("AAPL", Leg::Stop, Ok(Some(Box::new(sold))));
    let told: Vec<String> = desk.protect().into_iter().chain(desk.manage(&[])).collect();
    assert!(!told.iter().any(|line| line.starts_with("submit")), "the positions are older: {told:?}");
}

#[test]
fn executions_that_could_not_be_read_open_nothing() {
    let mut desk = Floor::new();
    desk.said.executions_unread = true;
    assert_eq!(desk.confirm(&["AAPL"]), ["record refusal executions_stale"]);
    desk.said.executions_unread = false;
    assert_eq!(desk.confirm(&["AAPL"]), ["expose 1", "record AAPL entry", "submit AAPL entry"]);
}

#[test]
fn flat_is_nothing_held_nothing_sent_and_no_disagreement() {
    let mut desk = Floor::new();
    desk.look();
    desk.protect();
    assert!(desk.core.is_flat());
    desk.core.handle(Event::Manage(Box::new(desk.market(&["AAPL"]))), desk.moment.now);
    assert!(!desk.core.is_flat(), "an entry is decided");
    desk.until_send();
    desk.outcome("AAPL", Leg::Entry, SubmitOutcome::Retryable { after: None, why: "no route".into() });
    desk.drain();
    assert!(!desk.core.is_flat(), "until the next look says so");
    desk.look();
    desk.protect();
    assert!(desk.core.is_flat());

    let mut desk = Floor::holding();
    desk.said.positions.clear();
    desk.look();
    let entry = desk.core.book().intent(&desk.id("AAPL", Leg::Entry)).unwrap().request.clone();
    let filled = OrderReport { status: OrderStatus::Filled, filled_qty: entry.qty, ..report(&entry, desk.moment.now) };
    desk.answer("AAPL", Leg::Entry, Ok(Some(Box::new(filled))));
    desk.protect();
    assert!(!desk.core.is_flat(), "a fill that no position shows yet");
    desk.look();
    desk.protect();
    let view = desk.core.view().unwrap();
    assert!(view.positions.is_empty() && view.working.is_empty() && view.unseen.is_empty());
    assert_eq!(desk.core.book().live().count(), 0);
    assert!(!desk.core.is_flat(), "our executions hold shares that the broker does not");
}

#[test]
fn time_is_lived_through_with_every_event() {
    let mut desk = Floor::new();
    let later = desk.moment.now + TimeDelta::hours(1);
    desk.core.handle(Event::Exposed(true), later);
    assert_eq!(desk.core.book().high_water(), Some(later));
}

impl Floor {
    /// A sell order of another hand works.
    fn work(&mut self, id: &str) {
        let request = OrderRequest {
            client_order_id: id.parse().unwrap(),
            symbol: symbol("ZZZ"),
            side: Side::Sell,
            qty: Qty::shares(5),
            kind: OrderKind::Limit { limit: price("60") },
            time_in_force: TimeInForce::Day,
            purpose: Purpose::Reduce,
        };
        self.said.orders.push(report(&request, self.moment.now));
    }

    fn surroundings(&self) -> Surroundings {
        Surroundings {
            session: Calendar::nyse().session_on(date()).unwrap(),
            hours: Calendar::nyse().session_on(date()).unwrap(),
            authority: Authority::Open,
            kill: None,
            clock_skew: Some(TimeDelta::zero()),
            stream_silent: None,
            quotes: BTreeMap::new(),
        }
    }
}

#[test]
fn an_order_the_broker_carries_on_keeps_its_place_in_the_book() {
    let mut desk = Floor::protected();
    let stop = desk.core.book().intent(&desk.id("AAPL", Leg::Stop)).unwrap().request.clone();
    let ours = report(&stop, desk.moment.now);
    desk.said.orders = vec![OrderReport {
        id: "b-split".parse().unwrap(),
        client_order_id: "of-the-broker".parse().unwrap(),
        replaces: Some(ours.id),
        ..report(&stop, desk.moment.now)
    }];
    desk.pass(TimeDelta::seconds(2));
    assert_eq!(desk.look(), ["record Working -> Working"], "under another id, and nobody is asked about the first");
    let intent = desk.core.book().intent(&desk.id("AAPL", Leg::Stop)).unwrap();
    assert_eq!(intent.broker_id, Some("b-split".parse().unwrap()));
    desk.protect();
    assert!(desk.core.findings().is_empty(), "{:?}", desk.core.findings());
    desk.restart();
    assert_eq!(desk.look(), [""; 0]);
}
