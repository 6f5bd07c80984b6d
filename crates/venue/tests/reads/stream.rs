//! What the data stream tells, and to whom.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use venue::feed::{Channel, SymbolSet, Watched};

use crate::scene::{Scene, at, symbol};

fn only(names: &[&str]) -> SymbolSet {
    SymbolSet::Some(names.iter().map(|name| symbol(name)).collect())
}

fn everything(names: &[&str]) -> Watched {
    Watched {
        trades: only(names),
        quotes: only(names),
        bars: only(names),
        updated_bars: only(names),
        daily_bars: only(names),
        statuses: only(names),
    }
}

fn taken(scene: &mut Scene) -> Vec<Value> {
    scene.engine.take_data().iter().map(venue::feed::DataEvent::to_value).collect()
}

fn kinds(events: &[Value]) -> String {
    events.iter().map(|event| event["T"].as_str().unwrap()).collect()
}

#[test]
fn nothing_is_told_that_nobody_watches() {
    let mut scene = Scene::at("10:00");
    assert_eq!(taken(&mut scene), Vec::<Value>::new());
    scene.engine.set_watched(everything(&["RISE"]));
    scene.go("10:00:45");
    let events = taken(&mut scene);
    assert_eq!(kinds(&events), "qtqtqt");
    assert!(events.iter().all(|event| event["S"] == "RISE"));
    assert_eq!(taken(&mut scene), Vec::<Value>::new(), "each once");
    scene.engine.set_watched(Watched::default());
    scene.go("11:00");
    assert_eq!(taken(&mut scene), Vec::<Value>::new());
}

#[test]
fn what_happened_before_the_watching_changed_is_told_as_it_was_watched() {
    let mut scene = Scene::at("10:00");
    scene.engine.set_watched(Watched { trades: only(&["RISE"]), ..Watched::default() });
    scene.go("10:00:15");
    scene.engine.set_watched(Watched { trades: SymbolSet::All, ..Watched::default() });
    scene.go("10:00:30");
    let symbols: Vec<Value> = taken(&mut scene).iter().map(|event| event["S"].clone()).collect();
    assert_eq!(symbols[..4], ["RISE", "FALL", "FLAT", "RISE"]);
}

#[test]
fn a_minute_is_told_before_the_trade_that_begins_the_next() {
    let mut scene = Scene::at("10:00:50");
    scene.engine.set_watched(everything(&["FLAT"]));
    scene.go("10:01");
    let events = taken(&mut scene);
    assert_eq!(kinds(&events), "bdqt");
    assert_eq!((&events[0]["t"], &events[1]["t"]), (&json!("2026-11-10T15:00:00Z"), &json!("2026-11-10T05:00:00Z")));
    assert_eq!((&events[0]["n"], &events[1]["n"]), (&json!(4), &json!(31 * 4)));
    assert_eq!(events[3]["t"], "2026-11-10T15:01:00Z");
    scene.go("15:59:59");
    taken(&mut scene);
    scene.go("16:00");
    let events = taken(&mut scene);
    assert_eq!(kinds(&events), "bd", "the last minute ends with the session");
    let day = scene.get("/v2/stocks/FLAT/bars?timeframe=1Day&start=2026-11-10")["bars"][0].clone();
    assert_eq!((&events[1]["v"], day["c"].as_f64()), (&day["v"], events[1]["c"].as_f64()));
}

#[test]
fn prints_and_halts_by_hand_come_in_the_order_of_doing() {
    let mut scene = Scene::at("10:00:20");
    scene.engine.set_watched(everything(&["FALL", "FLAT"]));
    scene.print("FLAT", "26.00", 10);
    scene.engine.halt(symbol("FALL"), true).unwrap();
    scene.print("FLAT", "27.00", 10);
    scene.engine.halt(symbol("FALL"), false).unwrap();
    let events = taken(&mut scene);
    assert_eq!(kinds(&events), "qtsqts");
    assert_eq!((&events[1]["p"], &events[4]["p"]), (&json!(26.0), &json!(27.0)));
    let codes = |event: &Value| [event["sc"].clone(), event["rc"].clone(), event["z"].clone()];
    assert_eq!(codes(&events[2]), ["H", "T1", "C"]);
    assert_eq!(codes(&events[5]), ["T", "T3", "C"]);
    scene.engine.halt(symbol("FLAT"), true).unwrap();
    scene.go("10:02");
    let events = taken(&mut scene);
    assert_eq!(codes(&events[0]), ["2", "P", "A"]);
    let trades: BTreeSet<&str> =
        events.iter().filter(|event| event["T"] == "t").map(|event| event["S"].as_str().unwrap()).collect();
    assert_eq!(trades, BTreeSet::from(["FALL"]), "halted means no trades");
}

#[test]
fn the_stream_tells_what_the_history_tells() {
    let mut scene = Scene::at("09:00");
    scene.engine.set_watched(Watched { trades: only(&["RISE"]), bars: only(&["RISE"]), ..Watched::default() });
    let (mut trades, mut bars) = (Vec::new(), Vec::new());
    let mut now = at("09:00");
    // Steps of no round length.
    while now < at("11:00") {
        now = now + market::TimeDelta::seconds(47);
        scene.engine.advance_to(now);
        for event in scene.engine.take_data() {
            let mut value = event.to_value();
            let members = value.as_object_mut().unwrap();
            members.remove("T");
            members.remove("S");
            match event.channel() {
                Channel::Trades => trades.push(value),
                Channel::Bars => bars.push(value),
                Channel::Quotes | Channel::UpdatedBars | Channel::DailyBars | Channel::Statuses => {}
            }
        }
    }
    let same = |stream: &[Value], history: &Value| {
        let history = history.as_array().unwrap();
        assert_eq!(stream.len(), history.len());
        for (one, other) in stream.iter().zip(history) {
            for (name, value) in one.as_object().unwrap() {
                let equal = value == &other[name] || value.as_f64().is_some_and(|v| Some(v) == other[name].as_f64());
                assert!(equal, "{name}: {one} {other}");
            }
        }
    };
    let history = scene.get("/v2/stocks/RISE/trades?start=2026-11-10&limit=10000");
    same(&trades, &history["trades"]);
    let history = scene.get("/v2/stocks/RISE/bars?timeframe=1Min&start=2026-11-10&limit=10000");
    same(&bars, &history["bars"]);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]

    /// However often the events are taken, they are the same, each once and in order.
    #[test]
    fn how_often_events_are_taken_changes_nothing(
        steps in proptest::collection::vec((1_i64..400, 0_u8..6), 1..40),
        every in 1_usize..10,
    ) {
        let told = |every: usize| {
            let mut scene = Scene::at("09:29");
            scene.engine.set_watched(everything(&["FALL", "FLAT"]));
            let mut events = Vec::new();
            for (step, (seconds, act)) in steps.iter().enumerate() {
                let now = scene.engine.now() + market::TimeDelta::seconds(*seconds);
                scene.engine.advance_to(now);
                match act {
                    0 => { let _ = scene.engine.print(symbol("FLAT"), crate::scene::price("26.00"), None, None, 7); }
                    1 => scene.engine.halt(symbol("FALL"), true).unwrap(),
                    2 => scene.engine.halt(symbol("FALL"), false).unwrap(),
                    _ => {}
                }
                if step % every == 0 {
                    events.extend(taken(&mut scene));
                }
            }
            events.extend(taken(&mut scene));
            events
        };
        let (often, seldom) = (told(1), told(every + 1));
        proptest::prop_assert_eq!(&often, &seldom);
        let instants: Vec<i64> = often
            .iter()
            .filter(|event| matches!(event["T"].as_str(), Some("t" | "q" | "s")))
            .map(|event| event["t"].as_str().unwrap().parse::<market::Timestamp>().unwrap().unix_nanos())
            .collect();
        proptest::prop_assert!(instants.is_sorted());
    }
}
