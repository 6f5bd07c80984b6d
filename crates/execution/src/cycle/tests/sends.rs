//! What becomes of an order: recorded and counted before it is sent, asked about when nobody knows, never sent twice.

use std::sync::mpsc;

use broker_sim::{Moment, Verdict};
use contract::ExposureView;
use market::TimeDelta;

use super::floor::{Floor, alerts, intents, is_send, refusals};

#[tokio::test]
async fn a_confirmed_candidate_is_bought_and_its_fill_gets_a_stop_at_the_next_look() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let end = engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New"]);
    assert!(!end.flat && !end.settled, "the next look must come soon");
    floor.tick();
    assert!(!floor.is_protected("SOON"), "a fill waits for the next look");
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New"]);
    assert!(floor.is_protected("SOON"));
    let end = engine.cycle().await.unwrap();
    assert!(!end.flat && end.settled);
    assert_eq!(intents(&engine), ["SOON_entry_1 Filled", "SOON_stop_1 Working"]);
    assert_eq!((floor.sends(), alerts(&engine)), (2, vec![]));
}

#[tokio::test]
async fn nothing_is_bought_a_second_before_the_delay_of_its_confirmation_is_over() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.until_second_before_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New"]);
    floor.seconds(1);
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "LATE_entry_1 New");
}

#[tokio::test]
async fn the_exposure_on_disk_counts_an_order_before_it_leaves() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let (path, (say, said)) = (floor.layout.exposure(), mpsc::channel());
    floor.at(Moment::Before, is_send, move || say.send(ExposureView::read(&path)).unwrap());
    engine.cycle().await.unwrap();
    let at_entry = said.try_recv().unwrap().unwrap();
    assert_eq!((at_entry.positions.len(), at_entry.unknown_outcomes), (0, 1));
    floor.tick();
    engine.cycle().await.unwrap();
    let at_stop = said.try_recv().unwrap().unwrap();
    assert_eq!((at_stop.positions.len(), at_stop.unknown_outcomes), (1, 1));
    assert_eq!(at_stop.positions[0].qty, floor.held_and_protected("SOON").0);
    assert!(said.try_recv().is_err(), "two sends");
}

#[tokio::test]
async fn an_entry_whose_answer_was_lost_is_looked_up_and_never_sent_again() {
    for filled_meanwhile in [false, true] {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        floor.cut(Moment::After, is_send);
        engine.cycle().await.unwrap();
        floor.calm();
        assert_eq!((floor.orders(), intents(&engine)), (vec!["SOON_entry_1 New".into()], unknown("SOON_entry_1")));
        assert_eq!(alerts(&engine), ["SOON_entry_1/unknown"]);
        if filled_meanwhile {
            // It is not in the list of working orders any more: only the question by its id finds it.
            floor.tick();
        }
        engine.cycle().await.unwrap();
        let found = if filled_meanwhile { "SOON_entry_1 Filled" } else { "SOON_entry_1 Working" };
        assert_eq!(intents(&engine)[0], found);
        assert_eq!(floor.is_protected("SOON"), filled_meanwhile);
        floor.tick();
        engine.cycle().await.unwrap();
        assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New"]);
        assert!(floor.is_protected("SOON"));
        assert_eq!(floor.sends(), 2, "one entry, one stop");
    }
}

#[tokio::test]
async fn a_stop_whose_answer_was_lost_is_found_and_not_doubled() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    floor.cut(Moment::After, is_send);
    engine.cycle().await.unwrap();
    floor.calm();
    assert_eq!(intents(&engine), ["SOON_entry_1 Filled", "SOON_stop_1 Unknown"]);
    engine.cycle().await.unwrap();
    assert_eq!(intents(&engine), ["SOON_entry_1 Filled", "SOON_stop_1 Working"]);
    assert!(floor.is_protected("SOON"));
    assert_eq!(floor.sends(), 2);
}

#[tokio::test]
async fn an_entry_that_never_arrived_is_given_up_after_the_limit_and_not_tried_again_today() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    floor.cut(Moment::Before, is_send);
    engine.cycle().await.unwrap();
    floor.calm();
    for seconds in [0, 2, 27] {
        floor.seconds(seconds);
        engine.cycle().await.unwrap();
        assert_eq!(intents(&engine), unknown("SOON_entry_1"), "it may still be on its way");
        assert!(!floor.exposure().is_flat());
    }
    floor.seconds(1);
    let end = engine.cycle().await.unwrap();
    assert_eq!(intents(&engine), ["SOON_entry_1 NeverArrived"]);
    assert!(end.flat && floor.exposure().is_flat());
    for _ in 0..10 {
        floor.seconds(60);
        engine.cycle().await.unwrap();
    }
    assert_eq!((floor.sends(), floor.orders()), (1, vec![]));
}

#[tokio::test]
async fn the_limit_begins_when_the_answer_was_lost_not_when_the_order_was_recorded() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    let (venue, lost_at) = (floor.venue.clone(), floor.venue.now() + TimeDelta::seconds(14));
    floor.venue.intercept(Box::new(move |request, _| {
        if !is_send(request) {
            return Verdict::Pass;
        }
        venue.advance_to(lost_at);
        Verdict::Drop
    }));
    engine.cycle().await.unwrap();
    floor.calm();
    for (seconds, expect) in [(29, "SOON_entry_1 Unknown"), (30, "SOON_entry_1 NeverArrived")] {
        floor.venue.advance_to(lost_at + TimeDelta::seconds(seconds));
        engine.cycle().await.unwrap();
        assert_eq!(intents(&engine), [expect]);
    }
}

#[tokio::test]
async fn a_decision_grows_old_while_the_send_before_it_takes_its_time() {
    for (seconds, expect) in [(5, 2), (6, 1)] {
        let floor = Floor::with(&["SOON", "LATE"]);
        let mut engine = floor.start().await;
        floor.until_entry_of("LATE");
        let (venue, later) = (floor.venue.clone(), floor.venue.now() + TimeDelta::seconds(seconds));
        floor.at(Moment::After, is_send, move || venue.advance_to(later));
        engine.cycle().await.unwrap();
        assert_eq!(floor.sends(), expect, "{seconds} s");
        floor.calm();
        engine.cycle().await.unwrap();
        assert_eq!(intents(&engine).len(), 2, "{seconds} s: decided again, on fresh quotes");
    }
}

#[tokio::test]
async fn while_one_outcome_is_unknown_nothing_else_is_opened_in_the_same_look() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    floor.until_entry_of("LATE");
    floor.cut(Moment::After, is_send);
    engine.cycle().await.unwrap();
    floor.calm();
    assert_eq!((intents(&engine), refusals(&engine)), (unknown("SOON_entry_1"), vec!["symbol_blocked".to_owned()]));
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 New", "LATE_entry_1 New"]);
}

#[tokio::test]
async fn a_stop_that_never_arrived_is_sent_again_and_until_then_told() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    floor.cut(Moment::Before, is_send);
    engine.cycle().await.unwrap();
    floor.calm();
    for seconds in [2, 27] {
        floor.seconds(seconds);
        engine.cycle().await.unwrap();
    }
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled"]);
    assert!(alerts(&engine).contains(&"SOON/unprotected".to_owned()), "{:?}", alerts(&engine));
    floor.seconds(1);
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_2 New"]);
    assert!(floor.is_protected("SOON"));
    assert_eq!(intents(&engine), ["SOON_entry_1 Filled", "SOON_stop_1 NeverArrived", "SOON_stop_2 Working"]);
}

fn unknown(name: &str) -> Vec<String> {
    vec![format!("{name} Unknown")]
}
