//! The high-water mark of time: it only rises, but for an operator's word.

use market::TimeDelta;
use proptest::prelude::*;

use super::*;

#[test]
fn a_clock_that_was_ahead_is_forgotten_by_an_operators_word_and_no_other_way() {
    let (_folder, path) = place();
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    assert_eq!(ledger.high_water().unwrap(), None);
    let (ahead, now) = (date().at_hm(11, 0) + TimeDelta::days(400), date().at_hm(12, 0));
    ledger.record(ahead, &[Record::Intent(Box::new(Intent { recorded_at: ahead, ..intent() }))]).unwrap();
    ledger.record_event(ahead, "stop", "execution", "ends").unwrap();
    ledger.record_event(now, "start", "execution", "mode PAPER").unwrap();
    drop(ledger);
    let mut ledger = Ledger::open(&path, &account()).unwrap();
    assert_eq!(mark(&ledger), Some(ahead), "a later start does not lower it");
    ledger.clear_time(now, "ops", "the clock of the host was a year ahead").unwrap();
    assert_eq!(mark(&ledger), Some(now));
    let told = ledger.events_since(now).unwrap().into_iter().find(|event| event.kind == "time-cleared").unwrap();
    assert_eq!(
        (told.kind.as_str(), told.text.as_str()),
        ("time-cleared", "ops: the clock of the host was a year ahead")
    );
    let book = ledger.book(&account(), &"avwap".parse().unwrap(), date().at_hm(0, 0)).unwrap();
    assert_eq!(book.intents().count(), 1, "nothing but the mark is lifted");
    let later = now + TimeDelta::seconds(5);
    let next = Intent { recorded_at: later, ..intent_of(Leg::Stop, 1, later) };
    ledger.record(later, &[Record::Intent(Box::new(next))]).unwrap();
    assert_eq!(mark(&ledger), Some(later), "it rises again");
    ledger.record_event(ahead, "stop", "execution", "ends").unwrap();
    assert_eq!(mark(&ledger), Some(ahead), "also by the same mistake");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is recorded, by whatever clock and however often the ledger is opened anew, the mark never falls; an
    /// operator's word makes it the instant of the word, or what was recorded since.
    #[test]
    fn without_an_operators_word_time_never_goes_back(steps in proptest::collection::vec((0..4_u8, -1_000..1_000_i64), 1..30)) {
        let (_folder, path) = place();
        let mut ledger = Ledger::open(&path, &account()).unwrap();
        let mut expect: Option<Timestamp> = None;
        for (number, (kind, minutes)) in steps.into_iter().enumerate() {
            let at = date().at_hm(12, 0) + TimeDelta::minutes(minutes);
            match kind {
                0 => ledger.clear_time(at, "ops", "drill").unwrap(),
                1 => {
                    let attempt = u32::try_from(number).unwrap() + 1;
                    let intent = Intent { recorded_at: at, ..intent_of(Leg::Stop, attempt, at) };
                    ledger.record(at, &[Record::Intent(Box::new(intent))]).unwrap();
                }
                2 => ledger.record_event(at, "start", "execution", "").unwrap(),
                _ => {
                    drop(ledger);
                    ledger = Ledger::open(&path, &account()).unwrap();
                }
            }
            expect = match kind {
                0 => Some(at),
                1 | 2 => expect.max(Some(at)),
                _ => expect,
            };
            prop_assert_eq!(mark(&ledger), expect);
        }
    }
}

/// As a book that is read says it.
fn mark(ledger: &Ledger) -> Option<Timestamp> {
    let book = ledger.book(&account(), &"avwap".parse().unwrap(), date().at_hm(0, 0)).unwrap();
    assert_eq!(book.high_water(), ledger.high_water().unwrap());
    book.high_water()
}
