//! The calendar against an independent one, against well-known days, and against itself.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{collections::BTreeMap, path::PathBuf};

use market::{Calendar, NyDate, Session};
use proptest::prelude::*;

fn day(text: &str) -> NyDate {
    text.parse().unwrap()
}

fn shared(file: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PORTCULLIS_SHARED")
        .map_or_else(|| PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")), PathBuf::from);
    let path = root.join(file);
    path.exists().then_some(path)
}

/// One line of the independent list: day, open and close in UTC, open and close in New York.
struct Listed<'a> {
    open: &'a str,
    close: &'a str,
    close_ny: &'a str,
}

fn check_day(date: NyDate, ours: Option<Session>, listed: Option<&Listed>) {
    match (ours, listed) {
        (None, None) => {}
        (Some(ours), Some(listed)) => {
            assert_eq!(ours.date, date);
            assert_eq!(ours.open.to_string(), listed.open, "open of {date}");
            assert_eq!(ours.close.to_string(), listed.close, "close of {date}");
            assert_eq!(ours.is_half_day(), listed.close_ny != "16:00", "half-day {date}");
        }
        (ours, listed) => panic!("{date}: session {}, listed {}", ours.is_some(), listed.is_some()),
    }
}

#[test]
fn every_day_agrees_with_the_independent_list() {
    let file = "data/nyse-sessions-1995-2027.csv";
    let Some(path) = shared(file) else {
        assert_ne!(std::env::var("CI").as_deref(), Ok("true"), "CI skips nothing");
        println!("skipped: needs ../shared ({file})");
        return;
    };
    let text = std::fs::read_to_string(path).unwrap();
    let listed: BTreeMap<NyDate, Listed> = text
        .lines()
        .skip(1)
        .map(|line| {
            let fields: Vec<_> = line.split(',').collect();
            (day(fields[0]), Listed { open: fields[1], close: fields[2], close_ny: fields[4] })
        })
        .collect();
    let calendar = Calendar::nyse();
    // The list stops at its last session, in October 2027; the rules carry the rest of that year.
    let (end, _) = listed.last_key_value().unwrap();
    let mut date = calendar.first_known();
    let mut compared = 0;
    while date <= *end {
        check_day(date, calendar.session_on(date).unwrap(), listed.get(&date));
        date = date.plus_days(1);
        compared += 1;
    }
    assert_eq!(listed.len(), calendar.sessions(calendar.first_known(), *end).unwrap().len());
    println!("{compared} days, {} sessions agree", listed.len());
}

#[test]
fn well_known_days() {
    const CLOSED: &str = "closed";
    for (date, expect) in [
        ("1996-07-05", "13:00"), // the bridge day, until 2012
        ("1997-01-20", "16:00"), // Martin Luther King Jr. Day was not kept before 1998
        ("1998-01-19", CLOSED),
        ("1999-12-24", CLOSED), // Christmas on a Saturday
        ("1999-12-31", "13:00"),
        ("2000-04-21", CLOSED), // Good Friday
        ("2001-09-10", "16:00"),
        ("2001-09-11", CLOSED),
        ("2001-09-17", "16:00"),
        ("2010-12-31", "16:00"), // New Year's Day on a Saturday is lost
        ("2012-10-30", CLOSED),
        ("2013-07-03", "13:00"), // the eve, since 2013
        ("2013-07-05", "16:00"),
        ("2020-07-03", CLOSED),  // Independence Day on a Saturday
        ("2021-06-18", "16:00"), // Juneteenth was first kept in 2022, on Monday the 20th
        ("2022-06-20", CLOSED),
        ("2023-01-02", CLOSED), // New Year's Day on a Sunday
        ("2024-11-29", "13:00"),
        ("2024-12-24", "13:00"),
        ("2025-01-09", CLOSED),
        ("2026-04-03", CLOSED),
        ("2026-11-26", CLOSED),
        ("2026-11-28", CLOSED), // a Saturday
        ("2027-07-05", CLOSED),
        ("2027-11-26", "13:00"),
        ("2027-12-24", CLOSED),
        ("2027-12-31", "16:00"),
    ] {
        let session = Calendar::nyse().session_on(day(date)).unwrap();
        let close = session.map_or(CLOSED.to_owned(), |s| s.close.ny_time().format("%H:%M").to_string());
        assert_eq!(close, expect, "{date}");
        assert_eq!(Calendar::nyse().closed_for(day(date)).unwrap().is_some(), expect == CLOSED, "{date}");
    }
}

#[test]
fn beyond_the_known_range_is_an_error_never_a_guess() {
    let calendar = Calendar::nyse();
    for date in ["1994-12-31", "2028-01-01", "2031-05-05"] {
        let error = calendar.session_on(day(date)).unwrap_err();
        assert_eq!(error.date, day(date));
        assert!(error.to_string().contains("knows 1995-01-01 to 2027-12-31"), "{error}");
    }
    assert_eq!(calendar.next_session(day("2027-12-31")).unwrap_err().date, day("2028-01-01"));
    assert_eq!(calendar.previous_session(day("1995-01-03")).unwrap_err().date, day("1994-12-31"));
    assert_eq!(calendar.next_session(day("1994-12-31")).unwrap().date, day("1995-01-03"));
    assert!(calendar.sessions(day("2027-12-01"), day("2028-01-03")).is_err());
    assert_eq!(calendar.sessions(day("2027-12-02"), day("2027-12-01")), Ok(vec![]));
}

#[test]
fn a_session_holds_its_open_and_not_its_close() {
    let session = Calendar::nyse().session_on(day("2026-11-27")).unwrap().unwrap();
    assert!(session.contains(session.open));
    assert!(!session.contains(session.close));
    assert!(session.is_half_day());
}

fn known_days() -> impl Strategy<Value = NyDate> {
    // A week inside both ends, so that there is always a session on either side.
    let calendar = Calendar::nyse();
    (calendar.first_known().unix_days() + 7..calendar.last_known().unix_days() - 7)
        .prop_map(|days| NyDate::from_unix_days(days).unwrap())
}

proptest! {
    #[test]
    fn next_and_previous_are_inverse(date in known_days()) {
        let calendar = Calendar::nyse();
        let next = calendar.next_session(date).unwrap();
        let previous = calendar.previous_session(date).unwrap();
        prop_assert!(previous.date < date && date < next.date);
        prop_assert_eq!(calendar.session_on_or_after(previous.date.plus_days(1)).unwrap(),
            calendar.session_on(date).unwrap().unwrap_or(next));
        prop_assert_eq!(calendar.next_session(previous.date).unwrap(), calendar.session_on(date).unwrap().unwrap_or(next));
        prop_assert_eq!(calendar.previous_session(next.date).unwrap(), calendar.session_on(date).unwrap().unwrap_or(previous));
    }

    #[test]
    fn sessions_are_the_sessions_of_each_day(date in known_days(), length in 0..400_i32) {
        let calendar = Calendar::nyse();
        let last = date.plus_days(length).min(calendar.last_known());
        let listed = calendar.sessions(date, last).unwrap();
        let mut walked = Vec::new();
        let mut at = date.plus_days(-1);
        while let Ok(session) = calendar.next_session(at) && session.date <= last {
            walked.push(session);
            at = session.date;
        }
        prop_assert_eq!(listed, walked);
    }

    #[test]
    fn a_session_lies_within_its_new_york_day(date in known_days()) {
        if let Some(session) = Calendar::nyse().session_on(date).unwrap() {
            prop_assert_eq!(session.open.ny_date(), date);
            prop_assert_eq!(session.close.ny_date(), date);
            prop_assert!(session.open < session.close);
        }
    }
}
