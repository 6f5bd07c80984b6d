//! What is asked of systemd, in which order, and what is never asked of it.

use std::{cell::RefCell, collections::BTreeMap, time::Duration};

use unitgen::{
    apply::{
        Event, Host, Outcome, Run, Target,
        accounts::accounts,
        holding::Holding,
        hours::Hours,
        permission::{Permission, Waivers, permit},
    },
    generations::{Image, Origin, Record, Store},
    plan::{self, Found, ManifestOf, Plan, Wanted, observe},
};

use super::{
    host::Told,
    place::{AVWAP, Place, UNITS, polling, tree},
};

const EXECUTION: &str = "execution.service";

fn wanted(place: &Place, manifest: &str) -> Wanted {
    let manifest = place.of(manifest);
    Wanted {
        deployment: "avwap".to_owned(),
        manifest: ManifestOf {
            path: "m.toml".to_owned(),
            digest: String::new(),
            text: manifest.clone(),
            programs: None,
        },
        root: place.folder.path().display().to_string(),
        installation: place.installation.clone(),
        image: Image::of(&tree(&manifest), &place.installation, "avwap", manifest.as_bytes()),
        orders: [EXECUTION.to_owned()].into(),
    }
}

/// Looked at, planned, permitted and laid; what came of it, and what was told.
fn lay(place: &Place, host: &Told, manifest: &str, waivers: Waivers) -> Result<(Outcome, Vec<Event>), Permission> {
    let root = place.folder.path();
    let wanted = wanted(place, manifest);
    let programs = ["desk", "execution", "gate", "scanner"].map(|name| format!("/usr/lib/portcullis/bin/{name}"));
    let mut found: Found = observe::observe(root, &wanted, &programs).unwrap();
    found.is_active = Some(host.is_active("avwap.target"));
    found.who = "a test".to_owned();
    let plan: Plan = plan::make(&wanted, &found);
    let accounts = accounts(&[&wanted.image], &wanted.installation);
    let holding = host.holding(&accounts[0]);
    let permission = permit(&plan.nature(), waivers, &holding, &Hours::Off);
    if matches!(permission, Permission::Refused(_)) {
        return Err(permission);
    }
    let (store, told) = (Store::of(root, &wanted.installation, "avwap"), RefCell::new(Vec::new()));
    let run = Run {
        root,
        installation: &wanted.installation,
        store: &store,
        host: Some(host),
        tell: &|event| told.borrow_mut().push(event.clone()),
        deployment: "avwap",
        accounts: &accounts,
        orders: &wanted.orders,
        endpoints: &[],
        bound: Duration::from_secs(20),
    };
    let record = Record {
        schema_version: 1,
        deployment: "avwap".to_owned(),
        origin: Origin::Apply,
        unitgen: String::new(),
        made_at: None,
        made_by: found.who.clone(),
        manifest: String::new(),
        plan: plan.digest(),
        programs: found.programs.clone(),
        ledgers: BTreeMap::new(),
        failed: None,
    };
    let target = Target {
        generation: Err(record),
        image: wanted.image.clone(),
        programs: BTreeMap::new(),
        other_programs: found.other_programs(),
        plan: plan.digest(),
        left: plan.meaning.left.clone(),
    };
    let outcome = run.lay(&target, &found, &permission, None).unwrap();
    Ok((outcome, told.into_inner()))
}

const NONE: Waivers = Waivers { during_session: false, keep_running: false };
const ALL: Waivers = Waivers { during_session: true, keep_running: true };

fn held() -> Holding {
    Holding::Held("1 positions (AAPL)".to_owned())
}

/// A host on which the shipped manifest is laid and runs.
fn running() -> (Place, Told) {
    running_on(Place::new())
}

fn running_on(place: Place) -> (Place, Told) {
    let host = Told::on(&place);
    assert_eq!(lay(&place, &host, AVWAP, NONE).unwrap().0, Outcome::Done(1));
    host.asked.borrow_mut().clear();
    (place, host)
}

#[test]
fn a_first_apply_starts_the_target_and_a_change_restarts_what_changed() {
    for place in Place::both() {
        let host = Told::on(&place);
        assert_eq!(lay(&place, &host, AVWAP, NONE).unwrap().0, Outcome::Done(1));
        assert_eq!(host.asked.take(), ["daemon-reload", "start avwap.target"]);
        assert_eq!(lay(&place, &host, &polling(45), NONE).unwrap().0, Outcome::Done(2));
        assert_eq!(host.asked.take(), ["daemon-reload", "restart execution.service"]);
        let later = polling(45).replace("Mon..Fri 16:15", "Mon..Fri 16:20");
        assert_eq!(lay(&place, &host, &later, NONE).unwrap().0, Outcome::Done(3));
        assert_eq!(host.asked.take(), ["daemon-reload", "restart execution.service", "restart eod.timer"]);
        let without = later.split_once("[jobs.eod]").unwrap().0.to_owned();
        assert_eq!(lay(&place, &host, &without, NONE).unwrap().0, Outcome::Done(4));
        assert_eq!(host.asked.take(), ["stop eod.timer", "daemon-reload", "restart execution.service"]);
        assert_eq!(lay(&place, &host, &later, NONE).unwrap().0, Outcome::Done(5));
        assert_eq!(host.asked.take(), ["daemon-reload", "restart execution.service", "start eod.timer"]);
    }
}

#[test]
fn what_somebody_stopped_stays_stopped_and_what_failed_gets_another_chance() {
    for (state, asked) in [
        ("inactive dead 9", vec!["daemon-reload"]),
        ("failed failed 9", vec!["daemon-reload", "start execution.service"]),
        ("activating auto-restart 9", vec!["daemon-reload", "restart execution.service"]),
    ] {
        let (place, host) = running();
        host.states.borrow_mut().insert(EXECUTION.to_owned(), state.to_owned());
        assert_eq!(lay(&place, &host, &polling(45), NONE).unwrap().0, Outcome::Done(2), "{state}");
        assert_eq!(host.asked.take(), asked, "{state}");
    }
}

#[test]
fn a_refusing_gate_is_health_and_a_start_that_fails_goes_back() {
    for (fate, expect) in [
        ("inactive refused", "done"),
        ("failed failed", "back"),
        ("activating start", "back"),
        ("activating auto-restart", "back"),
        ("inactive dead", "back"),
    ] {
        for place in Place::both() {
            let (place, host) = running_on(place);
            let before = place.laid();
            host.fates.borrow_mut().push(("EXECUTION_POLL_SECONDS=45", fate));
            let (outcome, told) = lay(&place, &host, &polling(45), NONE).unwrap();
            let is_done = expect == "done";
            assert_eq!(matches!(outcome, Outcome::Done(2)), is_done, "{fate}: {outcome:?} {told:#?}");
            assert_eq!(matches!(outcome, Outcome::WentBack(_)), !is_done, "{fate}: {outcome:?}");
            assert_eq!(place.laid() == before, !is_done, "{fate}");
            assert_eq!(place.current().as_deref(), Some(if is_done { "2" } else { "1" }), "{fate}");
            assert_eq!(host.is_active(EXECUTION), !is_done, "{fate}: what ran runs again");
            assert!(!place.has_journal(), "{fate}");
        }
    }
}

#[test]
fn a_first_apply_that_fails_leaves_nothing() {
    for place in Place::both() {
        let host = Told::on(&place);
        let before = place.laid();
        host.fates.borrow_mut().push(("ExecCondition=", "failed failed"));
        let (outcome, _) = lay(&place, &host, AVWAP, NONE).unwrap();
        assert!(matches!(outcome, Outcome::WentBack(_)), "{outcome:?}");
        let units =
            |laid: Vec<(String, String)>| laid.into_iter().filter(|(path, _)| path.starts_with(&place.units())).count();
        assert_eq!((units(place.laid()), units(before)), (0, 0));
        assert_eq!((place.current(), place.has_journal()), (None, false));
    }
}

#[test]
fn when_the_way_back_does_no_good_either_the_journal_stays() {
    let (place, host) = running();
    host.fates.borrow_mut().push(("EXECUTION_POLL_SECONDS=", "failed failed"));
    let (outcome, _) = lay(&place, &host, &polling(45), NONE).unwrap();
    assert!(matches!(&outcome, Outcome::Halfway(wrong) if wrong.len() >= 2), "{outcome:?}");
    assert!(place.has_journal());
    assert!(place.read(&format!("{UNITS}/execution.service")).contains("SECONDS=60"), "the files are back");
}

/// Whatever is asked for, whatever becomes of it, and whenever it becomes held: what places orders is stopped while nothing
/// is held, and at no other time.
#[test]
fn nothing_stops_what_places_orders_while_something_is_held() {
    let unknown = || Holding::Unknown("no answer".to_owned());
    let courses =
        [vec![held()], vec![unknown()], vec![Holding::Flat, held()], vec![Holding::Flat, Holding::Flat, held()]];
    let fates: [Option<&str>; 4] = [None, Some("failed failed"), Some("inactive refused"), Some("activating start")];
    let (mut laid, mut refused) = (0, 0);
    for course in &courses {
        for fate in fates {
            for waivers in [NONE, ALL, Waivers { during_session: true, keep_running: false }] {
                // A login's is the same course with other paths: once suffices.
                let hosts = if fate.is_none() { 2 } else { 1 };
                for place in Place::both().into_iter().take(hosts) {
                    let (place, host) = running_on(place);
                    host.held.replace(course.clone());
                    host.fates.borrow_mut().extend(fate.map(|fate| ("EXECUTION_POLL_SECONDS=45", fate)));
                    match lay(&place, &host, &polling(45), waivers) {
                        Ok(_) => laid += 1,
                        Err(_) => refused += 1,
                    }
                    for (unit, held) in host.held_at.take() {
                        assert!(
                            unit != EXECUTION || held.is_flat(),
                            "{course:?} {fate:?} {waivers:?}: {unit} stopped over {held:?}"
                        );
                    }
                }
            }
        }
    }
    assert!(laid >= 25 && refused >= 10, "{laid} laid, {refused} refused");
}

/// A gate that was edited away comes back while something is held, and what runs goes on.
#[test]
fn what_was_lost_comes_back_over_anything_held() {
    for place in Place::both() {
        let (place, host) = running_on(place);
        let unit = place.unit(EXECUTION);
        let text = place.read(&unit);
        place.write(&unit, &text.replace("ExecCondition=/usr/lib/portcullis/bin/gate execution\n", ""), 0o644);
        std::fs::remove_dir_all(place.path(&format!("{unit}.d"))).unwrap();
        host.held.replace(vec![held()]);
        let (outcome, told) = lay(&place, &host, AVWAP, NONE).unwrap();
        assert!(matches!(outcome, Outcome::Done(_)), "{outcome:?}");
        assert_eq!(place.read(&unit), text);
        assert_eq!(host.asked.take(), ["daemon-reload"]);
        assert!(
            told.iter().any(|event| event.event == "kept" && event.unit.as_deref() == Some(EXECUTION)),
            "{told:#?}"
        );
        // With anything new in it, it is refused.
        let refused = lay(&place, &host, &polling(45), NONE).unwrap_err();
        assert!(
            matches!(&refused, Permission::Refused(all) if all.iter().any(|one| one.code == "stops-orders")),
            "{refused:?}"
        );
    }
}
