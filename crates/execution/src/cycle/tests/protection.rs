//! What no failure may keep from a position: its stop.

use std::time::Duration;

use broker_sim::{Moment, RequestSeen};
use contract::KillLevel;
use market::{Qty, TimeDelta};
use trading::record::Record;

use super::floor::{Floor, alerts, date, intents, is_for_executions, is_question, is_send, refusals};
use crate::patience::Patience;

/// What only opening needs. `/v2/account/activities` is another endpoint: executions.
const ONLY_FOR_OPENING: [&str; 6] =
    ["/v2/clock", "/v2/calendar", "/v2/account", "/v2/assets/SOON", "/v2/stocks/bars", "/v2/stocks/quotes/latest"];

#[tokio::test]
async fn each_endpoint_that_opening_needs_keeps_it_back_while_it_fails() {
    for path in ONLY_FOR_OPENING {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        floor.cut(Moment::Before, move |request| request.path == path);
        engine.cycle().await.unwrap();
        assert_eq!(floor.sends(), 0, "{path}");
        floor.calm();
        engine.cycle().await.unwrap();
        assert_eq!(floor.orders(), ["SOON_entry_1 New"], "{path}");
    }
}

#[tokio::test]
async fn a_fresh_fill_gets_its_stop_while_everything_that_opening_needs_fails() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.cut(Moment::Before, |request| ONLY_FOR_OPENING.contains(&request.path.as_str()));
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(floor.sends(), 2, "no entry of LATE");
    assert_eq!(alerts(&engine), ["clock"]);
}

#[tokio::test]
async fn a_question_without_an_answer_keeps_no_stop_from_others_and_is_told_at_the_second_look() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.until_entry_of("LATE");
    floor.cut(Moment::After, is_send);
    engine.cycle().await.unwrap();
    assert_eq!(intents(&engine)[0], "LATE_entry_1 Unknown");
    floor.cut(Moment::Before, |request| is_question(request) && request.query.contains("LATE_entry_1"));
    floor.tick();
    floor.cancel_by_hand("SOON_stop_1");
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"), "{:?}", floor.orders());
    let unresolved = |subject: &&String| subject.starts_with("LATE/Unresolved");
    assert_eq!(alerts(&engine).iter().filter(unresolved).count(), 0, "one look may be unlucky");
    engine.cycle().await.unwrap();
    assert_eq!(alerts(&engine).iter().filter(unresolved).count(), 1, "{:?}", alerts(&engine));
    // Its shares are held, so its stop goes in, whatever the broker has to say about the entry.
    assert!(floor.is_protected("LATE"));
    floor.calm();
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().iter().filter(|order| order.starts_with("LATE_entry")).count(), 1);
}

#[tokio::test]
async fn a_stop_cancelled_by_hand_is_replaced_at_the_next_look() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.cancel_by_hand("SOON_stop_1");
    assert!(!floor.is_protected("SOON"));
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 Canceled", "SOON_stop_2 New"]);
    assert!(floor.is_protected("SOON"));
}

#[tokio::test]
async fn a_partly_filled_entry_is_cancelled_and_what_is_held_gets_its_stop() {
    let floor = Floor::with(&["THIN"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    let (held, _) = floor.held_and_protected("THIN");
    assert!(held > Qty::ZERO && floor.orders() == ["THIN_entry_1 PartiallyFilled"], "{:?}", floor.orders());
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["THIN_entry_1 Canceled"], "a stop opposite a working buy would be refused");
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["THIN_entry_1 Canceled", "THIN_stop_1 New"]);
    assert_eq!(floor.held_and_protected("THIN"), (held, held));
    assert_eq!(alerts(&engine), Vec::<String>::new());
}

#[tokio::test]
async fn a_bare_position_below_its_stop_is_sold() {
    let floor = Floor::with(&["SINK"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.cancel_by_hand("SINK_stop_1");
    floor.venue.advance_to(date().at_hm(15, 0));
    engine.cycle().await.unwrap();
    floor.tick();
    let end = engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SINK_entry_1 Filled", "SINK_stop_1 Canceled", "SINK_exit_1 Filled"]);
    assert!(end.flat);
    assert_eq!(alerts(&engine), ["SINK/flatten"]);
}

#[tokio::test]
async fn a_look_that_cannot_see_decides_nothing_and_the_next_that_can_protects() {
    for path in ["/v2/orders", "/v2/positions"] {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        floor.cut(Moment::Before, move |request| request.path == path && request.method == "GET");
        assert!(engine.cycle().await.is_err(), "{path}");
        assert_eq!((floor.sends(), intents(&engine)), (1, vec!["SOON_entry_1 Working".to_owned()]), "{path}");
        floor.calm();
        engine.cycle().await.unwrap();
        assert!(floor.is_protected("SOON"), "{path}");
    }
}

#[tokio::test]
async fn executions_that_cannot_be_read_keep_no_stop_back_and_soon_open_nothing() {
    let floor = Floor::with(&["SOON", "LATE"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.cut(Moment::Before, is_for_executions);
    floor.tick();
    engine.cycle().await.unwrap();
    assert!(floor.is_protected("SOON"));
    floor.until_entry_of("LATE");
    engine.cycle().await.unwrap();
    assert_eq!(floor.sends(), 2, "no entry of LATE");
    assert!(refusals(&engine).contains(&"executions_stale".to_owned()), "{:?}", refusals(&engine));
    floor.calm();
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders().last().unwrap(), "LATE_entry_1 New");
}

/// Without limits of its own, one such cycle would take the client's whole patience several times over.
#[tokio::test]
async fn silence_about_what_protection_can_do_without_delays_no_stop() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    drop(engine);
    floor.tick();
    let mut engine = floor.start().await;
    let short = Duration::from_millis(100);
    engine.patience = Patience { aside: short, market: short, executions: short, ..Patience::default() };
    let silent = |request: &RequestSeen| {
        ONLY_FOR_OPENING.contains(&request.path.as_str()) || is_question(request) || is_for_executions(request)
    };
    floor.hang(silent);
    tokio::time::timeout(Duration::from_secs(10), engine.cycle()).await.unwrap().unwrap();
    assert!(floor.is_protected("SOON"), "{:?}", floor.orders());
    let asked = |path: &str| floor.requests("GET", path);
    assert!(["/v2/clock", "/v2/calendar"].iter().all(|path| asked(path) == 2), "asked once more");
    assert_eq!(asked("/v2/stocks/quotes/latest"), 3, "and for a stop that follows");
}

#[tokio::test]
async fn a_quote_is_as_fresh_as_the_reads_before_it_were_slow() {
    let floor = Floor::with(&["SINK"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    engine.cycle().await.unwrap();
    floor.cancel_by_hand("SINK_stop_1");
    floor.venue.advance_to(date().at_hm(15, 0));
    let (venue, later) = (floor.venue.clone(), date().at_hm(15, 0) + TimeDelta::seconds(60));
    floor.at(Moment::Before, |request| request.path == "/v2/positions", move || venue.advance_to(later));
    engine.cycle().await.unwrap();
    assert!(floor.orders().last().unwrap().starts_with("SINK_exit_1"), "{:?}", floor.orders());
}

/// A late report lies before the newest known fill: only a read from days back finds it.
#[tokio::test]
async fn executions_are_read_from_a_week_back_once_a_day_and_while_they_do_not_make_a_position() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    for _ in 0..2 {
        engine.cycle().await.unwrap();
        floor.tick();
    }
    let (week_back, today) = ("2026-11-03", "2026-11-10");
    for expect in [[today, today], [week_back, today], [week_back, week_back]] {
        for from in expect {
            engine.cycle().await.unwrap();
            let asked = floor.seen().into_iter().rfind(is_for_executions).unwrap();
            assert!(asked.query.contains(&format!("after={from}T")), "{} {expect:?}", asked.query);
        }
        if expect == [week_back, today] {
            let mut fill = floor.venue.truth().fills[0].clone();
            fill.id = "of another world".to_owned();
            engine.ledger.record(floor.venue.now(), &[Record::Execution(fill)]).unwrap();
        }
        drop(engine);
        engine = floor.start().await;
    }
}

/// A stop above the market would be refused, again and again, and the position would fall on.
#[tokio::test]
async fn a_bare_position_below_its_stop_is_sold_whatever_is_said_of_time() {
    type Spoil = fn(&Floor);
    let table: [(&str, Spoil); 5] = [
        ("no clock", |floor| floor.cut(Moment::Before, |request| request.path == "/v2/clock")),
        ("no calendar", |floor| floor.cut(Moment::Before, |request| request.path == "/v2/calendar")),
        ("neither", |floor| {
            floor.cut(Moment::Before, |request| ["/v2/clock", "/v2/calendar"].contains(&request.path.as_str()));
        }),
        ("a clock that is three seconds ahead", |floor| floor.sim("/sim/skew", r#"{"seconds":3}"#)),
        ("a calendar that is wrong", |floor| floor.sim("/sim/calendar", r#"{"wrong":"closed_today"}"#)),
    ];
    for (what, spoil) in table {
        let floor = Floor::with(&["SINK"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        engine.cycle().await.unwrap();
        drop(engine);
        floor.cancel_by_hand("SINK_stop_1");
        floor.venue.advance_to(date().at_hm(15, 0));
        spoil(&floor);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        let expect = ["SINK_entry_1 Filled", "SINK_stop_1 Canceled", "SINK_exit_1 Filled"];
        assert_eq!(floor.orders(), expect, "{what}");
        assert_eq!(alerts(&engine), ["clock", "SINK/flatten"], "{what}");
    }
}

#[tokio::test]
async fn executions_are_not_waited_for_while_there_can_be_something_to_protect() {
    type Happens = fn(&Floor);
    // What there is to do, and what becomes of it.
    let table: [(&str, Happens, &[&str]); 2] = [
        ("a fill", Floor::tick, &["SOON_entry_1 Filled", "SOON_stop_1 New"]),
        ("an entry that must go", |floor| floor.kill(KillLevel::Cancel), &["SOON_entry_1 Canceled"]),
    ];
    for (what, happens, expect) in table {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        happens(&floor);
        engine.memory.unread_looks = 4;
        let (aside, executions) = (Duration::from_millis(100), Duration::from_secs(600));
        engine.patience = Patience { aside, executions, ..Patience::default() };
        floor.hang(is_for_executions);
        tokio::time::timeout(Duration::from_secs(10), engine.cycle()).await.expect(what).unwrap();
        assert_eq!(floor.orders(), expect, "{what}");
    }
}

#[tokio::test]
async fn executions_are_not_waited_for_under_the_kill_switch() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    floor.tick();
    for _ in 0..2 {
        engine.cycle().await.unwrap();
    }
    assert!(floor.is_protected("SOON"));
    floor.kill(KillLevel::Flatten);
    let (aside, executions) = (Duration::from_millis(100), Duration::from_secs(600));
    engine.patience = Patience { aside, executions, ..Patience::default() };
    floor.hang(is_for_executions);
    tokio::time::timeout(Duration::from_secs(10), engine.cycle()).await.expect("no wait").unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 Canceled"]);
}

/// One wrong answer in the morning may not be believed until the evening.
#[tokio::test]
async fn a_calendar_is_remembered_only_when_it_is_ours() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    floor.sim("/sim/calendar", r#"{"wrong":"closed_today"}"#);
    engine.cycle().await.unwrap();
    assert_eq!((floor.sends(), alerts(&engine)), (0, vec!["clock".to_owned()]));
    floor.sim("/sim/calendar", r#"{"wrong":"none"}"#);
    for _ in 0..2 {
        engine.cycle().await.unwrap();
    }
    assert_eq!(floor.orders(), ["SOON_entry_1 New"]);
    assert_eq!(floor.requests("GET", "/v2/calendar"), 2, "asked until it was right, and then no more");
}

/// A symbol the data host does not know makes it refuse the whole request.
#[tokio::test]
async fn what_is_held_has_its_market_whatever_becomes_of_the_candidates() {
    for path in ["/v2/stocks/bars", "/v2/stocks/quotes/latest"] {
        let floor = Floor::with(&["SOON", "LATE"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        engine.cycle().await.unwrap();
        drop(engine);
        floor.until_entry_of("LATE");
        floor.cut(Moment::Before, move |request| request.path == path && request.query.contains("LATE"));
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        let (view, soon) = (engine.core.view().unwrap(), "SOON".parse().unwrap());
        assert!(view.candles.contains_key(&soon) && view.quotes.contains_key(&soon), "{path}");
        assert_eq!(floor.sends(), 2, "{path}: no entry of LATE");
    }
}
