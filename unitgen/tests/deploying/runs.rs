//! What is asked of systemd, in which order, and what is never asked of it.

use unitgen::apply::{Outcome, holding::Holding, permission::Permission};

use super::{
    changing::{ALL, DURING, Doing, EXECUTION, NONE, held, lay, running, running_on},
    host::Told,
    place::{AVWAP, Place, UNITS, polling},
};

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
            for waivers in [NONE, ALL, DURING] {
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

/// Neither a change nor a restore begins when nobody can say what runs.
#[test]
fn without_an_answer_of_systemd_nothing_is_changed() {
    let (place, host) = running();
    let before = place.laid();
    host.deaf_in.set(Some(0));
    let (outcome, _) = lay(&place, &host, &polling(45), NONE).unwrap();
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("does not say what runs")), "{outcome:?}");
    assert_eq!((place.laid(), host.asked.take(), place.has_journal()), (before, Vec::new(), false));
    assert_eq!(lay(&place, &host, &polling(45), NONE).unwrap().0, Outcome::Done(2));
    assert_eq!(host.asked.take(), ["daemon-reload", "restart execution.service"]);
}

/// The manifest with its service under another name: the one that places orders goes, and another one comes.
fn without_execution() -> String {
    let renamed = [("[services.execution", "[services.trader"), ("= \"execution\"  ", "= \"trader\"  ")];
    let mut manifest = AVWAP.replace("restart = \"execution\"", "restart = \"trader\"");
    for (from, to) in renamed {
        manifest = manifest.replace(from, to);
    }
    manifest
}

#[test]
fn what_places_orders_is_taken_out_only_while_nothing_is_held() {
    let flat = || Holding::Flat;
    let unit = format!("{UNITS}/{EXECUTION}");
    // Asked for permission, before the stop, after the stop; and what is so for ever.
    for (course, stops) in [
        (vec![flat(), held()], false),
        (vec![flat(), flat(), held()], true),
        (vec![flat(), flat(), Holding::Unknown("no answer".to_owned())], true),
    ] {
        let (place, host) = running();
        let before = place.laid();
        host.held.replace(course.clone());
        let (outcome, told) = lay(&place, &host, &without_execution(), NONE).unwrap();
        assert!(matches!(&outcome, Outcome::Refused(why) if why.contains(EXECUTION)), "{course:?}: {outcome:?}");
        assert_eq!(place.laid(), before, "{course:?}: files go after the stop");
        assert_eq!(host.asked.take().contains(&format!("stop {EXECUTION}")), stops, "{course:?} {told:#?}");
        assert!(host.is_active(EXECUTION) && host.is_active("scan.timer"), "{course:?}: it runs again");
        assert!(!place.has_journal() && place.path(&unit).exists());
    }
    let (place, host) = running();
    assert_eq!(lay(&place, &host, &without_execution(), NONE).unwrap().0, Outcome::Done(2));
    let asked = host.asked.take();
    let at = |what: &str| asked.iter().position(|asked| asked == what);
    assert!(at(&format!("stop {EXECUTION}")) < at("daemon-reload"), "{asked:?}");
    assert!(!host.is_active(EXECUTION) && !place.path(&unit).exists());
}

#[test]
fn what_cannot_be_stopped_is_not_taken_out() {
    let (place, host) = running();
    let before = place.laid();
    host.refuses.borrow_mut().push("stop");
    let without = AVWAP.split_once("[jobs.eod]").unwrap().0;
    let (outcome, _) = lay(&place, &host, without, NONE).unwrap();
    assert!(matches!(&outcome, Outcome::Refused(why) if why.contains("Access denied")), "{outcome:?}");
    assert_eq!((place.laid(), host.is_active("eod.timer")), (before, true));
}

#[test]
fn what_keeps_running_keeps_running_on_the_way_back_too() {
    let (place, host) = running();
    let run = host.states.borrow()[EXECUTION].clone();
    // A timer that does not come up.
    host.never_up.borrow_mut().push("scan.timer");
    let outcome = Doing::new(&place, &host, ALL).apply(&AVWAP.replace("Mon..Fri 08:30", "Mon..Fri 08:20")).unwrap();
    assert!(!matches!(outcome, Outcome::Done(_)), "{outcome:?}");
    assert!(host.asked.borrow().contains(&"restart scan.timer".to_owned()), "{:?}", host.asked);
    assert_eq!(host.states.borrow()[EXECUTION], run, "{:?}", host.asked);
    assert!(place.read(&format!("{UNITS}/{EXECUTION}")).contains("SECONDS=60"));
    // What is taken out cannot run on.
    let (place, host) = running();
    let refused = lay(&place, &host, &without_execution(), ALL).unwrap_err();
    let is_it = matches!(&refused, Permission::Refused(all) if all[0].code == "removes-orders");
    assert!(is_it && host.is_active(EXECUTION), "{refused:?}");
}

/// An edit of the unit that takes its gate away takes no protection along.
#[test]
fn what_lost_its_gate_is_still_what_places_orders() {
    let (place, host) = running();
    let unit = format!("{UNITS}/{EXECUTION}");
    let text = place.read(&unit).replace("/usr/lib/portcullis/bin/execution run", "/opt/wrapper run");
    let bare: Vec<&str> = text.lines().filter(|line| !line.starts_with("ExecCondition=")).collect();
    place.write(&unit, &bare.join("\n"), 0o644);
    std::fs::remove_dir_all(place.path(&format!("{unit}.d"))).unwrap();
    host.held.replace(vec![held()]);
    let refused = lay(&place, &host, &without_execution(), DURING).unwrap_err();
    let has = |code| matches!(&refused, Permission::Refused(all) if all.iter().any(|one| one.code == code));
    assert!(has("stops-orders"), "{refused:?}");
}

/// It dies of the change, whatever run it was.
#[test]
fn what_dies_while_units_change_is_not_well() {
    let (place, host) = running();
    host.dies_at_reload.set(Some("execution.service"));
    let (outcome, _) = lay(&place, &host, &polling(45), ALL).unwrap();
    assert!(matches!(&outcome, Outcome::WentBack(why) if why.contains("execution.service: it failed")), "{outcome:?}");
}
