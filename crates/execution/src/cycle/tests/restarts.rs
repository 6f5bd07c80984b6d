//! A process that dies without ceremony, and the one that comes after it.

use std::sync::mpsc;

use broker::alpaca::Alpaca;
use broker_sim::{Moment, Verdict};

use super::floor::{Floor, intents, is_send};
use crate::engine::Engine;

#[tokio::test]
async fn an_entry_that_was_on_its_way_is_asked_about_and_never_sent_again() {
    for (moment, arrived) in [(Moment::Before, false), (Moment::After, true)] {
        let floor = Floor::with(&["SOON"]);
        die_at_send(&floor, floor.start().await, moment).await;
        assert!(!floor.exposure().is_flat(), "a crash never looks flat");

        let mut engine = floor.start().await;
        assert_eq!(intents(&engine), ["SOON_entry_1 Recorded"]);
        engine.cycle().await.unwrap();
        assert_eq!(intents(&engine), [if arrived { "SOON_entry_1 Working" } else { "SOON_entry_1 Recorded" }]);
        floor.seconds(30);
        engine.cycle().await.unwrap();
        let (expect, sends): (&[&str], _) =
            if arrived { (&["SOON_entry_1 Filled", "SOON_stop_1 New"], 2) } else { (&[], 1) };
        assert_eq!(floor.orders(), expect, "{moment:?}");
        assert_eq!(floor.sends(), sends, "{moment:?}");
        assert_eq!(floor.is_protected("SOON"), arrived, "{moment:?}");
        assert_eq!(floor.exposure().is_flat(), !arrived, "{moment:?}");
    }
}

#[tokio::test]
async fn a_stop_that_was_on_its_way_protects_once() {
    for (moment, expect) in [(Moment::Before, "SOON_stop_2 New"), (Moment::After, "SOON_stop_1 New")] {
        let floor = Floor::with(&["SOON"]);
        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.tick();
        die_at_send(&floor, engine, moment).await;

        let mut engine = floor.start().await;
        engine.cycle().await.unwrap();
        floor.seconds(30);
        engine.cycle().await.unwrap();
        assert_eq!(floor.orders(), ["SOON_entry_1 Filled", expect], "{moment:?}");
        assert!(floor.is_protected("SOON"), "{moment:?}");
    }
}

#[tokio::test]
async fn a_fill_while_nobody_was_there_gets_its_stop_though_the_list_is_stale_by_now() {
    let floor = Floor::with(&["SOON"]);
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    drop(engine);
    floor.tick();
    floor.make_list_stale();
    let mut engine = floor.start().await;
    engine.cycle().await.unwrap();
    assert_eq!(floor.orders(), ["SOON_entry_1 Filled", "SOON_stop_1 New"]);
    assert!(floor.is_protected("SOON"));
}

/// The process is gone while the venue holds its order, before or after it acted on it.
async fn die_at_send(floor: &Floor, mut engine: Box<Engine<Alpaca>>, moment: Moment) {
    let (reach, mut reached) = tokio::sync::mpsc::unbounded_channel();
    let (release, released) = mpsc::channel::<()>();
    floor.venue.intercept(Box::new(move |request, now| {
        if now != moment || !is_send(request) {
            return Verdict::Pass;
        }
        reach.send(()).unwrap();
        // Ends when the other side is dropped.
        let _ = released.recv();
        Verdict::Drop
    }));
    tokio::select! {
        end = engine.cycle() => panic!("the cycle ended ({})", end.is_ok()),
        came = reached.recv() => came.unwrap(),
    }
    drop(engine);
    drop(release);
    floor.calm();
}
