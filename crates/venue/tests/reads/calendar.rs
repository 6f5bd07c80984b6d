//! The clock and the calendar.

use crate::scene::{Scene, column};

#[test]
fn the_clock_knows_the_next_open_and_close() {
    for (at, open, next_open, next_close) in [
        ("08:00", false, "2026-11-10T09:30:00-05:00", "2026-11-10T16:00:00-05:00"),
        ("09:30", true, "2026-11-11T09:30:00-05:00", "2026-11-10T16:00:00-05:00"),
        ("16:00", false, "2026-11-11T09:30:00-05:00", "2026-11-11T16:00:00-05:00"),
        ("3 23:59", false, "2026-11-13T09:30:00-05:00", "2026-11-13T16:00:00-05:00"),
    ] {
        let clock = Scene::at(at).get("/v2/clock");
        let text = |name: &str| clock[name].as_str().unwrap().to_owned();
        assert_eq!(
            (clock["is_open"].as_bool(), text("next_open"), text("next_close")),
            (Some(open), next_open.into(), next_close.into()),
            "{at}"
        );
    }
}

#[test]
fn the_calendar_lists_sessions_by_trading_or_settlement_day() {
    let mut scene = Scene::at("08:00");
    for (query, expect) in [
        ("start=2026-11-25&end=2026-11-29", vec!["2026-11-25", "2026-11-27"]),
        ("start=2026-11-25T00:00:00-05:00&end=2026-11-26T00:00:00-05:00", vec!["2026-11-25"]),
        ("start=2026-11-27&end=2026-11-30&date_type=SETTLEMENT", vec!["2026-11-25", "2026-11-27"]),
        ("start=2026-11-27&end=2026-11-30&date_type=TRADING", vec!["2026-11-27", "2026-11-30"]),
    ] {
        assert_eq!(column(&scene.get(&format!("/v2/calendar?{query}")), "date"), expect, "{query}");
    }
    let half_day = scene.get("/v2/calendar?start=2026-11-27&end=2026-11-27")[0].clone();
    for (name, expect) in [
        ("open", "09:30"),
        ("close", "13:00"),
        ("session_open", "0400"),
        ("session_close", "1700"),
        ("settlement_date", "2026-11-30"),
    ] {
        assert_eq!(half_day[name], expect, "{name}");
    }
    assert!(scene.get("/v2/calendar").as_array().unwrap().len() > 1_000);
    for query in ["start=soon", "start=2026-11-27&end=2026-11-26", "date_type=trading", "end=2199-01-01"] {
        assert_eq!(scene.refusal(&format!("/v2/calendar?{query}")), (422, 42_210_000), "{query}");
    }
}
