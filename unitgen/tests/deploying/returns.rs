//! The way back on a running host: which programs come with it, and what it takes for well.

use unitgen::apply::Outcome;

use super::{
    changing::{DURING, Doing, EXECUTION, NONE, held, lay, ledger, record, release, running, store},
    host::Told,
    place::{AVWAP, Place, UNITS, polling},
};

const PROGRAM: &str = "usr/lib/portcullis/bin/execution";

/// A host whose process has its ledger, and on which the next release of it lies.
fn upgraded(then: u32, now: u32) -> (Place, Told, String) {
    let place = Place::new();
    let host = Told::on(&place);
    ledger(&place, then);
    assert_eq!(lay(&place, &host, AVWAP, NONE).unwrap().0, Outcome::Done(1));
    let old = place.read(PROGRAM);
    release(&place, "execution", "#!/bin/sh\n# the next release\n");
    ledger(&place, now);
    (place, host, old)
}

/// A program that does not come up goes back; but never over a ledger that it, or another, has carried to a newer schema.
#[test]
fn no_way_back_puts_an_older_program_over_a_newer_ledger() {
    for (then, now, comes_back) in [(3, 3, true), (3, 4, false)] {
        let (place, host, old) = upgraded(then, now);
        host.fates.borrow_mut().push(("EXECUTION_POLL_SECONDS=45", "failed failed"));
        let doing = Doing::new(&place, &host, NONE);
        let outcome = doing.apply(&polling(45)).unwrap();
        assert!(matches!(outcome, Outcome::WentBack(_)), "{outcome:?}");
        assert_eq!(place.read(PROGRAM) == old, comes_back, "{then} to {now}");
        assert_eq!(doing.says("warning", "is at schema 4 and was at 3 then"), !comes_back, "{:#?}", doing.told);
        assert!(place.read(&format!("{UNITS}/{EXECUTION}")).contains("SECONDS=60"), "the units come back all the same");
    }
}

#[test]
fn no_recovery_puts_an_older_program_over_a_newer_ledger() {
    for (then, now, comes_back) in [(3, 3, true), (3, 4, false)] {
        let (place, host, old) = upgraded(then, then);
        host.kills_in.set(Some(20));
        let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            Doing::new(&place, &host, DURING).apply(&polling(45)).unwrap()
        }));
        assert!(killed.is_err() && place.has_journal());
        ledger(&place, now);
        assert!(matches!(Doing::new(&place, &host, DURING).rollback(1).unwrap(), Outcome::Done(1)));
        assert_eq!(place.read(PROGRAM) == old, comes_back, "{then} to {now}");
    }
}

/// A rollback that did no good leads forward again, and over the ledger that lies there then.
#[test]
fn what_is_undone_leaves_no_older_program_over_a_newer_ledger() {
    let (place, host, old) = upgraded(3, 3);
    assert_eq!(lay(&place, &host, &polling(45), NONE).unwrap().0, Outcome::Done(2));
    assert_eq!(Doing::new(&place, &host, NONE).rollback(1).unwrap(), Outcome::Done(1));
    assert_eq!(place.read(PROGRAM), old);
    // The newer one again: it carries the ledger on, and does not come up.
    host.fates.borrow_mut().push(("EXECUTION_POLL_SECONDS=45", "failed failed"));
    host.raises_ledger.replace(Some(place.path("var/lib/avwap/data/execution_v2.sqlite")));
    let outcome = Doing::new(&place, &host, NONE).rollback(2).unwrap();
    assert!(matches!(outcome, Outcome::WentBack(_)), "{outcome:?}");
    assert!(place.read(PROGRAM).contains("the next release"), "the older one would refuse the ledger");
}

/// A fresh host has no ledger when its first generation is made; that its programs read it is seen while they run.
#[test]
fn programs_that_ran_over_a_ledger_may_come_back_over_it() {
    let (place, host) = running();
    let old = place.read(PROGRAM);
    ledger(&place, 3);
    assert_eq!(lay(&place, &host, &polling(45), NONE).unwrap().0, Outcome::Done(2));
    assert_eq!(record(&place, 1).ledgers.len(), 1);
    release(&place, "execution", "#!/bin/sh\n# the next release\n");
    assert_eq!(lay(&place, &host, &polling(44), NONE).unwrap().0, Outcome::Done(3));
    assert_eq!(Doing::new(&place, &host, NONE).rollback(1).unwrap(), Outcome::Done(1));
    assert_eq!(place.read(PROGRAM), old);
}

/// What is gone back to must be well, or the journal stays and it is said.
#[test]
fn a_recovery_that_does_no_good_is_not_over() {
    let (place, host) = running();
    host.kills_in.set(Some(30));
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Doing::new(&place, &host, DURING).apply(&polling(45)).unwrap()
    }));
    assert!(killed.is_err() && place.has_journal());
    host.fates.borrow_mut().push(("EXECUTION_POLL_SECONDS=60", "failed failed"));
    let back = Doing::new(&place, &host, DURING).rollback(1).unwrap();
    assert!(matches!(&back, Outcome::Halfway(wrong) if wrong[0].contains("it failed")), "{back:?}");
    assert!(place.has_journal());
    host.fates.borrow_mut().clear();
    assert_eq!(Doing::new(&place, &host, DURING).rollback(1).unwrap(), Outcome::Done(1));
    assert!(!place.has_journal() && host.is_active(EXECUTION));
}

/// A first apply that was interrupted is no restore, however much of it lies there.
#[test]
fn an_interrupted_first_apply_is_permitted_like_any_other() {
    let place = Place::new();
    let host = Told::on(&place);
    host.kills_in.set(Some(30));
    let killed = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        Doing::new(&place, &host, NONE).apply(AVWAP).unwrap()
    }));
    assert!(killed.is_err() && place.has_journal());
    host.held.replace(vec![held()]);
    assert!(Doing::new(&place, &host, NONE).apply(AVWAP).is_err());
}

/// What lies there becomes current when that is known to be needed, and is as good as any to go back to.
#[test]
fn what_was_adopted_is_current_only_once_something_changed() {
    let (place, host) = running();
    std::fs::remove_dir_all(place.path("var/lib/portcullis/generations")).unwrap();
    host.refuses.borrow_mut().push("stop");
    let without = AVWAP.split_once("[jobs.eod]").unwrap().0;
    assert!(matches!(lay(&place, &host, without, NONE).unwrap().0, Outcome::Refused(_)));
    assert_eq!((place.current(), store(&place).numbers().unwrap()), (None, Vec::new()));
    host.refuses.borrow_mut().clear();
    assert_eq!(lay(&place, &host, without, NONE).unwrap().0, Outcome::Done(2));
    assert!(record(&place, 1).is_well && record(&place, 2).is_well);
}
