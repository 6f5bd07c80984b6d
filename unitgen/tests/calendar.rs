//! Calendar expressions are read and followed as systemd does: held against `systemd-analyze calendar` of 252 and 257.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[path = "calendar/analyze.rs"]
mod analyze;
#[path = "calendar/generator.rs"]
mod generator;

use analyze::{Analyze, Answer};
use generator::Generator;
use market::Timestamp;
use unitgen::calendar::{Expression, ExpressionError, next_after};

/// So many random expressions; more of other seeds with `CALENDAR_EXPRESSIONS` and `CALENDAR_SEED`.
const EXPRESSIONS: usize = 500;
/// As many elapses are asked for from the beginning of the two years, and near a clock change.
const ELAPSES_OF_YEARS: usize = 24;
const ELAPSES_OF_CHANGE: usize = 10;
/// Expressions that one process of systemd-analyze answers.
const BATCH: usize = 25;

/// A second or more before the clock changes of two years: New York and Chicago, Berlin and Dublin, Lord Howe.
const CHANGES: &[&str] = &[
    "2026-03-08T06:20:00Z",
    "2026-11-01T04:40:10Z",
    "2026-11-01T05:30:00Z",
    "2026-11-01T06:10:00Z",
    "2026-11-01T06:59:59Z",
    "2026-03-29T00:30:00Z",
    "2026-10-25T00:15:00Z",
    "2026-10-25T00:59:59Z",
    "2026-04-04T14:40:00Z",
    "2026-04-04T15:10:30Z",
    "2026-10-03T15:20:00Z",
    "2027-03-14T07:00:00Z",
    "2027-11-07T05:59:59Z",
    "2027-11-07T06:00:00Z",
    "2028-02-27T23:00:00Z",
    "2027-12-31T22:59:58Z",
];

/// Texts at the edge of the language.
#[rustfmt::skip]
const ODD: &[&str] = &[
    "", " ", "UTC", " UTC", "daily", "DAILY utc", "daily  UTC", "anually", "bi-annually UTC", "fortnightly", "Mon",
    "mon,", "mon,,tue", "Mon..", "Mon..Fri", "Mon-Fri 08:30", "Fri..Mon", "Mon..Wed..Fri", "Mon.Fri", "Mon ..Fri",
    "Mondays 10:00", "MONDAY 10:00", "Wed, 17:48", "Wed 17:48 ", " Wed 17:48", "Wed  17:48", "*", "1", "*:*", "3:*",
    "3:*:*", "*:*:*:*", "24:00", "23:60", "23:59:60", "-1:00", "+1:00", "0x1:00", "1.5:00", "5,3,4:10", "5,:10",
    ",5:10", "5..3:10", "5..5:10", "5../2:10", "5..9/0:10", "5..9/5:10", "0/24:00", "0/23:00", "1/23:00", "*/2:0",
    "*:0/70", "*:0/59", "*:*:0/60", "*:*:5..5", "*:*:5..6", "*:*:5..5/1", "*:*:5..9/9", "99999999999:00",
    "4294967296:00", "10000-1-1", "2147483648-1-1", "2199-12-31", "2200-1-1", "1970-1-1", "1969-1-1", "69-1-1",
    "70-1-1", "99-1-1", "100-1-1", "0-1-1", "12-10-15", "12..14-1-1", "*-13-1", "*-0-1", "*-1-0", "*-1-32", "*-2-31",
    "2-30", "*-*", "*-* ", "*-*-*", "*-*-*-*", "~3", "*~3", "*-*~3", "2~1", "*~1-1", "*-2~1-1", "*~*", "*-*~*",
    "*-*~0", "*-*~28", "*-*~29", "*-*~3..1", "*-*~1..3", "*-*~7/1", "*-*~7/6", "*-*~7/7", "*-*~1/1", "*-*~1..7/2",
    "*-*~25,1", "*-*~26,1", "*-*~1,2,3,19", "*-*~1,2,3,20", "Mon *-05~07/1", "2026-1-1T10:00", "2026-01-01 10",
    "2026-01-01 10:00", "2026-01-01  10:00", "10:00 Europe/Berlin", "10:00  Europe/Berlin", "10:00 Europe/berlin",
    "10:00 Mars/Base", "10:00 UTC UTC", "10:00 Etc/UTC", "10:00 GMT", "Europe/Berlin", "Mon Europe/Berlin",
    "10:00 +02:00", "10:00\tUTC", "10:00\n", "１0:00", "Mön 10:00", "1:0 ..", "1..2..3:00",
    "1/2/3:00", "1,2,3,4,5,6,7,8,9,10,11,12-1", "Mon,Tue,Wed,Thu,Fri,Sat,Sun 10:00", "Mon..Sun 10:00",
    "mon,mon..tue,tue 1:1",
];

#[test]
fn random_expressions_elapse_when_systemd_252_says() {
    Analyze::of_host().iter().for_each(follow);
}

#[test]
fn random_expressions_elapse_when_systemd_257_says() {
    Analyze::of_debian_13().iter().for_each(follow);
}

#[test]
fn what_systemd_refuses_is_refused_and_what_it_takes_is_taken() {
    let analyzes: Vec<Analyze> = Analyze::of_host().into_iter().chain(Analyze::of_debian_13()).collect();
    for text in ODD {
        let ours = text.parse::<Expression>();
        let unsupported = matches!(ours, Err(ExpressionError::Unsupported { .. }));
        assert!(!unsupported, "{text:?}: {ours:?}");
        for analyze in &analyzes {
            assert_eq!(ours.is_ok(), analyze.accepts(text), "{}: {text:?}: {ours:?}", analyze.name());
        }
    }
    for text in ["@1767225600", "*:*:0.5", "*:*:1/0.25"] {
        let ours = text.parse::<Expression>();
        assert!(matches!(ours, Err(ExpressionError::Unsupported { .. })), "{text:?}: {ours:?}");
        assert!(analyzes.iter().all(|analyze| analyze.accepts(text)), "{text:?}");
    }
}

fn follow(analyze: &Analyze) {
    let count = number_of("CALENDAR_EXPRESSIONS").unwrap_or(EXPRESSIONS);
    let mut generator = Generator::seeded(number_of("CALENDAR_SEED").unwrap_or(20_260_308) as u64);
    let expressions: Vec<String> = (0..count).map(|_| generator.expression()).collect();
    let mut elapses = 0;
    for (index, batch) in expressions.chunks(BATCH).enumerate() {
        elapses += compare(analyze, batch, "2026-01-01T00:00:00Z", ELAPSES_OF_YEARS);
        for step in 0..3 {
            let change = CHANGES[(index * 3 + step) % CHANGES.len()];
            elapses += compare(analyze, batch, change, ELAPSES_OF_CHANGE);
        }
    }
    println!("{}: {count} expressions, {elapses} elapses, all equal", analyze.name());
    assert!(elapses > 20 * count, "{elapses} elapses of {count} expressions are few");
}

/// Compares the normalized form and every elapse; the number of elapses.
fn compare(analyze: &Analyze, expressions: &[String], base: &str, iterations: usize) -> usize {
    let base: Timestamp = base.parse().unwrap();
    let answers = analyze.ask(expressions, base, iterations);
    assert_eq!(answers.len(), expressions.len(), "{}: {expressions:?}", analyze.name());
    let mut compared = 0;
    for (text, Answer { normalized, mut elapses }) in expressions.iter().zip(answers) {
        // Our zones know no clock change beyond.
        elapses.retain(|at| at.as_str() < "2100");
        let expression: Expression = text.parse().unwrap_or_else(|error| panic!("{error}"));
        if let Some(normalized) = normalized {
            assert_eq!(expression.to_string(), normalized, "{}: {text}", analyze.name());
        }
        let next = |at: &Timestamp| next_after(&expression, *at);
        let ours: Vec<String> =
            std::iter::successors(next(&base), next).take(iterations).map(|at| at.to_string()).collect();
        assert_eq!(ours, elapses, "{}: {text:?} after {base}", analyze.name());
        compared += elapses.len();
    }
    compared
}

fn number_of(variable: &str) -> Option<usize> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap())
}
