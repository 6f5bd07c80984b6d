//! A change of a running host is killed at every call of systemd and of `desk`, at every pause and after every word: a restore,
//! a change, a rollback, one that fails and goes back, and a recovery. Whoever comes next finishes, and what systemd has loaded
//! is what lies there.

use std::panic::{self, AssertUnwindSafe};

use unitgen::apply::Outcome;

use super::{
    changing::{DURING, Doing, EXECUTION, running},
    host::{Killed, Told},
    place::{AVWAP, Place, UNITS, polling},
};

/// What is interrupted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Work {
    /// A gate that was edited away comes back.
    Restore,
    /// A unit goes and another one changes.
    Change,
    /// By hand, to the generation before.
    Rollback,
    /// It does no good.
    Failure,
    /// A change was killed while units were brought, and somebody goes back.
    Recovery,
}

const WITHOUT_EOD: &str = "[jobs.eod]";

fn other() -> String {
    polling(45).split_once(WITHOUT_EOD).unwrap().0.to_owned()
}

fn prepared(work: Work) -> (Place, Told) {
    let (place, host) = running();
    match work {
        Work::Restore => {
            let unit = place.path(UNITS).join(EXECUTION);
            let text = std::fs::read_to_string(&unit).unwrap();
            let without: Vec<&str> = text.lines().filter(|line| !line.starts_with("ExecCondition=")).collect();
            std::fs::write(&unit, without.join("\n")).unwrap();
            std::fs::remove_dir_all(place.path(UNITS).join(format!("{EXECUTION}.d"))).unwrap();
            // It was loaded without its gate.
            unitgen::systemctl::Systemctl::systemctl(&host, &["daemon-reload"]).unwrap();
        }
        Work::Change => {}
        Work::Failure => host.fates.borrow_mut().push(("EXECUTION_POLL_SECONDS=45", "failed failed")),
        Work::Rollback => {
            let done = Doing::new(&place, &host, DURING).apply(&other()).unwrap();
            assert_eq!(done, Outcome::Done(2));
        }
        Work::Recovery => {
            host.kills_in.set(Some(30));
            assert!(killed(|| Doing::new(&place, &host, DURING).apply(&other()).unwrap()).is_none());
            assert!(place.has_journal());
        }
    }
    (place, host)
}

fn doing(place: &Place, host: &Told, work: Work) -> Outcome {
    let doing = Doing::new(place, host, DURING);
    match work {
        Work::Restore => doing.apply(AVWAP).unwrap(),
        Work::Change | Work::Failure => doing.apply(&other()).unwrap(),
        Work::Rollback | Work::Recovery => doing.rollback(1).unwrap(),
    }
}

/// What came of it; nothing when it was killed.
fn killed<T>(work: impl FnOnce() -> T) -> Option<T> {
    match panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(done) => Some(done),
        Err(what) if what.is::<Killed>() => None,
        Err(what) => panic::resume_unwind(what),
    }
}

/// The units are those of a manifest, each loaded as it lies there, and what ran runs.
fn is_whole(place: &Place, host: &Told, manifest: &str, at: &str) {
    for (path, content) in super::place::tree(manifest).iter() {
        assert_eq!(std::fs::read(place.path(UNITS).join(path)).unwrap(), content, "{at}: {path}");
        assert!(path.contains('/') || host.is_loaded(path), "{at}: {path} is loaded as it was");
    }
    for unit in ["avwap.target", EXECUTION, "scan.timer"] {
        assert!(host.is_active(unit), "{at}: {unit} does not run: {:?}", host.asked);
    }
    let has_eod = manifest.contains(WITHOUT_EOD);
    assert_eq!((host.is_active("eod.timer"), place.path(UNITS).join("eod.timer").exists()), (has_eod, has_eod), "{at}");
    assert!(!place.has_journal(), "{at}");
}

fn at_every_call(work: Work, next: impl Fn(&Place, &Told, &str)) {
    let mut kills = 0;
    for call in 0.. {
        let (place, host) = prepared(work);
        host.kills_in.set(Some(call));
        if killed(|| doing(&place, &host, work)).is_some() {
            break;
        }
        kills += 1;
        next(&place, &host, &format!("{work:?} killed at call {call}"));
    }
    println!("{work:?}: {kills} kills");
    assert!(kills >= 12, "{work:?}: {kills} kills");
}

fn quietly() {
    // A kill that is played is no news.
    panic::set_hook(Box::new(|info| {
        if !info.payload().is::<Killed>() {
            eprintln!("{info}");
        }
    }));
}

#[test]
fn the_same_again_finishes() {
    quietly();
    for (work, lays) in [(Work::Restore, AVWAP.to_owned()), (Work::Change, other()), (Work::Rollback, AVWAP.to_owned())]
    {
        at_every_call(work, |place, host, at| {
            let again = doing(place, host, work);
            assert!(matches!(again, Outcome::Done(_)), "{at}: {again:?}");
            is_whole(place, host, &lays_after(work, place, &lays), at);
        });
    }
}

/// A rollback that was interrupted goes back to where it began, which is what is laid then.
fn lays_after(work: Work, place: &Place, lays: &str) -> String {
    match (work, place.current().as_deref()) {
        (Work::Rollback, Some("2")) => other(),
        _ => lays.to_owned(),
    }
}

#[test]
fn a_rollback_goes_back_and_finishes() {
    quietly();
    for work in [Work::Restore, Work::Change, Work::Failure, Work::Recovery] {
        at_every_call(work, |place, host, at| {
            let back = Doing::new(place, host, DURING).rollback(1).unwrap();
            assert!(matches!(back, Outcome::Done(_)), "{at}: {back:?}");
            let manifest = if place.current().as_deref() == Some("2") { other() } else { AVWAP.to_owned() };
            is_whole(place, host, &manifest, at);
            assert!(
                host.is_loaded(EXECUTION) && place.read(&format!("{UNITS}/{EXECUTION}")).contains("ExecCondition=")
            );
        });
    }
}

#[test]
fn another_apply_goes_back_first_and_finishes() {
    quietly();
    for work in [Work::Restore, Work::Change, Work::Recovery] {
        at_every_call(work, |place, host, at| {
            let next = Doing::new(place, host, DURING).apply(&polling(30)).unwrap();
            assert!(matches!(next, Outcome::Done(_)), "{at}: {next:?}");
            is_whole(place, host, &polling(30), at);
        });
    }
}

/// What was killed and gone back from is not what a rollback leads to by itself.
#[test]
fn what_was_interrupted_never_did_well() {
    quietly();
    let (place, host) = prepared(Work::Recovery);
    assert!(matches!(Doing::new(&place, &host, DURING).rollback(1).unwrap(), Outcome::Done(1)));
    let record = super::changing::record(&place, 2);
    assert!(!record.is_well && record.failed.is_some(), "{record:?}");
}
