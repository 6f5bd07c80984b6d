//! What is laid, kept and laid again.

use std::{fs, os::unix::fs::symlink, process::Command};

use super::changing::{ledger, record, store};
use super::place::{AVWAP, PROGRAMS, Place, UNITS, code, err, out, polling, tree};

#[test]
fn what_is_laid_is_what_is_rendered_and_enabled() {
    for place in Place::both() {
        place.lay("a", AVWAP);
        let manifest = place.of(AVWAP);
        for (path, content) in tree(&manifest).iter() {
            assert_eq!(fs::read(place.path(&place.unit(path))).unwrap(), content, "{path}");
        }
        assert_eq!(place.read(&place.installed()), manifest);
        let wants = format!("{}.wants/avwap.target", place.installation.manager().boot());
        let link = fs::read_link(place.path(&place.unit(&wants))).unwrap();
        assert_eq!(link.to_str(), Some("../avwap.target"));
        let verified = place.unitgen(&["verify", &place.units(), "--manifest", &place.installed()]);
        assert_eq!(code(&verified), 0, "{}", out(&verified));
        let again = place.apply("a");
        assert_eq!((code(&again), out(&again).contains("laid already")), (0, true));
        assert!(!place.has_journal());
    }
}

#[test]
fn generations_are_their_owners_alone_five_and_can_come_back() {
    use std::os::unix::fs::PermissionsExt;
    for place in Place::both() {
        for seconds in 20..27 {
            place.lay("a", &polling(seconds));
        }
        let folder = place.path(&place.generations());
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let mut numbers: Vec<u64> = fs::read_dir(&folder)
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().to_str().unwrap().parse().ok())
            .collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [3, 4, 5, 6, 7]);
        assert_eq!(fs::read_dir(folder.join("programs")).unwrap().count(), PROGRAMS.len(), "kept once for all");
        let list = out(&place.rollback(&["--list"]));
        assert!(list.lines().count() == 5 && list.contains("*   7  "), "{list}");

        assert_eq!(code(&place.rollback(&[])), 0);
        assert_eq!(place.current().as_deref(), Some("6"));
        assert_eq!(place.read(&place.installed()), place.of(&polling(25)));
        let rolled = place.rollback(&["--to", "3"]);
        assert_eq!(code(&rolled), 0, "{}", err(&rolled));
        assert_eq!(place.read(&place.installed()), place.of(&polling(22)));
        assert!(place.read(&place.unit("execution.service")).contains("EXECUTION_POLL_SECONDS=22"));
        let refused = place.rollback(&["--to", "2"]);
        assert_eq!((code(&refused), err(&refused).contains("there are 3 4 5 6 7")), (65, true), "{}", err(&refused));
        assert_eq!(code(&place.rollback(&[])), 65, "nothing before it is kept");
        // The next one is new, whatever lay before.
        place.lay("a", &polling(50));
        assert_eq!(place.current().as_deref(), Some("8"));
    }
}

/// A login's generations are not looked for among the system's, nor the other way round.
#[test]
fn a_login_and_the_system_do_not_know_each_others_generations() {
    let place = Place::of_login();
    place.lay("a", AVWAP);
    assert!(!place.path("var/lib/portcullis").exists() && !place.path("etc/systemd").exists());
    let of_the_system = place.unitgen(&["rollback", "--root", ".", "--list"]);
    assert_eq!((code(&of_the_system), err(&of_the_system).contains("there are no generations")), (65, true));
    let of_nobody = place.unitgen(&["rollback", "--root", ".", "--login", "nobody-here", "--list"]);
    assert_eq!((code(&of_nobody), err(&of_nobody).contains("refused[no-login]")), (75, true));
}

#[test]
fn programs_come_back_with_their_generation_and_databases_never_do() {
    let place = Place::new();
    let program = "usr/lib/portcullis/bin/execution";
    let ledger = |schema| ledger(&place, schema);
    ledger(3);
    place.lay("a", AVWAP);
    let old = place.read(program);
    fs::remove_file(place.path(program)).unwrap();
    place.write(program, "#!/bin/sh\n# the next release\n", 0o755);
    place.lay("b", &polling(45));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 0);
    assert_eq!(place.read(program), old, "the program of generation 1");
    assert_eq!(code(&place.unitgen(&["rollback", "--root", ".", "--to", "2"])), 0);
    assert!(place.read(program).contains("the next release"));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", ".", "--units-only"])), 0);
    assert!(place.read(program).contains("the next release"));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", ".", "--to", "2"])), 0);
    ledger(4);
    let rolled = place.unitgen(&["rollback", "--root", "."]);
    assert_eq!(code(&rolled), 0, "{}", err(&rolled));
    assert!(out(&rolled).contains("is at schema 4 and was at 3 then"), "{}", out(&rolled));
    assert!(place.read(program).contains("the next release"), "the older program would refuse the ledger");
    assert_eq!(place.read("etc/portcullis/avwap.toml"), AVWAP, "the units come back all the same");
    assert_eq!(fs::read(place.path("var/lib/avwap/data/execution_v2.sqlite")).unwrap()[63], 4);
}

#[test]
fn what_lies_there_already_becomes_a_generation() {
    for place in Place::both() {
        place.write("m.toml", &place.of(&polling(45)), 0o644);
        let rendered =
            ["render", "m.toml", "--target", "systemd", "--root", ".", "--without-ntp", "--out", &place.units()];
        let rendered = place.unitgen(&rendered);
        assert_eq!(code(&rendered), 0, "{}", err(&rendered));
        // As `systemctl enable` has it.
        let wants = place.path(&place.unit(&format!("{}.wants", place.installation.manager().boot())));
        fs::create_dir_all(&wants).unwrap();
        symlink(format!("/{}", place.unit("avwap.target")), wants.join("avwap.target")).unwrap();
        let before = place.laid();
        place.lay("a", AVWAP);
        assert_eq!(place.current().as_deref(), Some("2"));
        assert_eq!(code(&place.rollback(&[])), 0);
        let units = |laid: Vec<(String, String)>| {
            laid.into_iter().filter(|(path, _)| path.ends_with("service")).collect::<Vec<_>>()
        };
        assert_eq!(units(place.laid()), units(before));
    }
}

#[test]
fn a_manifest_that_was_edited_and_not_applied_is_not_lost() {
    for place in Place::both() {
        place.lay("a", AVWAP);
        let edited = place.of(AVWAP).replace("# The AVWAP", "# My own words. The AVWAP");
        place.write(&place.installed(), &edited, 0o644);
        place.lay("b", &polling(45));
        assert_eq!(place.read(&format!("{}.before-2", place.installed())), edited);
        assert_eq!(place.read(&place.installed()), place.of(&polling(45)));
    }
}

#[test]
fn what_is_somebody_elses_is_not_touched() {
    let place = Place::new();
    place.lay("a", AVWAP);
    place.write(&format!("{UNITS}/execution.service.d/99-mine.conf"), "[Service]\nNice=1\n", 0o644);
    place.write(&format!("{UNITS}/cron.service"), "[Service]\nExecStart=/bin/true\n", 0o644);
    let planned = place.plan("b", &polling(45));
    assert!(out(&planned).contains("left as it is"), "{}", out(&planned));
    assert_eq!(code(&place.apply("b")), 0);
    assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 0);
    assert!(place.path(UNITS).join("execution.service.d/99-mine.conf").exists());
    fs::remove_file(place.path(UNITS).join("eod.timer")).unwrap();
    symlink("/dev/null", place.path(UNITS).join("eod.timer")).unwrap();
    assert_eq!(code(&place.plan("c", &polling(44))), 73);
}

#[test]
fn where_a_configuration_lays_the_units_nothing_is_planned() {
    let place = Place::new();
    fs::remove_dir(place.path(UNITS)).unwrap();
    fs::create_dir_all(place.path("nix/store/units")).unwrap();
    symlink("../../nix/store/units", place.path(UNITS)).unwrap();
    let planned = place.plan("a", AVWAP);
    assert_eq!((code(&planned), err(&planned).contains("nixos-rebuild")), (73, true), "{}", err(&planned));
}

#[test]
fn two_deployments_do_not_meet() {
    let place = Place::new();
    place.lay("a", AVWAP);
    // What another deployment has staged is nobody else's to use or to clear.
    let theirs = format!("{UNITS}/.unitgen-stage-other/new-0");
    place.write(&theirs, "[Unit]\n", 0o644);
    place.lay("b", &polling(45));
    assert_eq!(place.read(&theirs), "[Unit]\n");
    // One at a time, whichever it is.
    let held = store(&place).lock().unwrap();
    assert_eq!(code(&place.plan("c", &polling(44))), 0);
    assert_eq!(code(&place.apply("c")), 76);
    drop(held);
    assert_eq!(code(&place.apply("c")), 0);
}

#[test]
fn a_name_that_nobody_has_makes_nothing() {
    let place = Place::new();
    place.lay("a", AVWAP);
    let generations = place.path("var/lib/portcullis/generations");
    let before = place.laid();
    for name in ["foo", "../../../zz", "", "."] {
        for more in [&["--list"][..], &[], &["--dry-run"]] {
            let refused = place.unitgen(&[&["rollback", name, "--root", "."], more].concat());
            assert_eq!((code(&refused), err(&refused).contains("of a deployment")), (65, true), "{}", err(&refused));
        }
    }
    let all: Vec<_> = fs::read_dir(&generations).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!((all, place.laid(), place.path("zz").exists()), (vec!["avwap".into()], before, false));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", ".", "--list"])), 0, "which one is no question");
    // A refused apply makes nothing of a deployment either.
    let fresh = Place::new();
    assert_eq!(code(&fresh.plan("a", AVWAP)), 0);
    fs::remove_file(fresh.path("etc/portcullis/credentials/avwap/APCA_API_KEY_ID")).unwrap();
    assert_eq!(code(&fresh.apply("a")), 75);
    assert!(!fresh.path("var/lib/portcullis/generations/avwap").exists());
}

/// A generation is laid as it was kept or not at all.
#[test]
fn what_is_not_what_was_kept_is_not_laid() {
    let kept = "var/lib/portcullis/generations/avwap/1/files/etc/systemd/system";
    let breaks: [(&str, fn(&Place, &str)); 4] = [
        ("edited", |place, kept| place.write(&format!("{kept}/execution.service"), "[Service]\nExecStart=/x\n", 0o600)),
        ("lost", |place, kept| fs::remove_file(place.path(kept).join("scan.timer")).unwrap()),
        ("all lost", |place, kept| fs::remove_dir_all(place.path(kept)).unwrap()),
        ("more", |place, kept| place.write(&format!("{kept}/execution.service.d/99.conf"), "[Service]\n", 0o600)),
    ];
    for (name, break_it) in breaks {
        let place = Place::new();
        place.lay("a", AVWAP);
        place.lay("b", &polling(45));
        break_it(&place, kept);
        let before = place.laid();
        let refused = place.unitgen(&["rollback", "--root", ".", "--to", "1"]);
        assert_eq!(
            (code(&refused), err(&refused).contains("not what was kept")),
            (65, true),
            "{name}: {}",
            err(&refused)
        );
        assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 65, "{name}: it is passed over");
        assert_eq!(place.laid(), before, "{name}");
        let list = place.unitgen(&["rollback", "--root", ".", "--list"]);
        assert_eq!(
            (code(&list), out(&list).lines().count(), out(&list).contains("cannot be laid")),
            (0, 2, true),
            "{name}"
        );
    }
    // The one that is laid: what lies on the host is as it was, and a plan goes on from there.
    let place = Place::new();
    place.lay("a", AVWAP);
    fs::remove_dir_all(place.path(kept)).unwrap();
    place.lay("b", &polling(45));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 0);
    assert_eq!(place.read("etc/portcullis/avwap.toml"), AVWAP);
}

/// A package may write into the file that runs; what is kept stays what it was.
#[test]
fn a_kept_program_is_a_copy_and_is_mended() {
    let place = Place::new();
    let program = "usr/lib/portcullis/bin/gate";
    place.lay("a", AVWAP);
    let (old, mark) = (place.read(program), record(&place, 1).programs["/usr/lib/portcullis/bin/gate"].clone());
    fs::write(place.path(program), "#!/bin/sh\n# written in place\n").unwrap();
    assert!(store(&place).has_program(&mark));
    place.lay("b", &polling(45));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 0);
    assert_eq!(place.read(program), old);
    // Damaged: it is told that programs did not come back, and the next one that is laid mends it.
    fs::write(place.path(program), "#!/bin/sh\n# again\n").unwrap();
    fs::write(store(&place).program(&mark), "damaged").unwrap();
    let again = place.unitgen(&["rollback", "--root", ".", "--to", "2"]);
    assert_eq!(code(&again), 0, "{}", err(&again));
    let back = place.unitgen(&["rollback", "--root", "."]);
    assert!(out(&back).contains("not kept here, or damaged, so the programs stay"), "{}", out(&back));
    fs::write(place.path(program), &old).unwrap();
    place.lay("c", &polling(44));
    assert!(store(&place).has_program(&mark), "what is damaged is kept anew");
}

#[test]
fn only_what_did_well_is_counted_and_gone_back_to() {
    let place = Place::new();
    place.lay("a", AVWAP);
    for (seconds, number) in (20..24).zip(2..) {
        place.lay("b", &polling(seconds));
        store(&place).change_record(number, |record| record.did_no_good("a test says so")).unwrap();
    }
    place.lay("c", &polling(60 + 5));
    // Of those that did no good two are kept; the last that did well is, however old.
    assert_eq!(store(&place).numbers().unwrap(), [1, 4, 5, 6]);
    assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 0);
    assert_eq!(place.current().as_deref(), Some("1"));
    // What somebody went back from by hand is not gone back to by the next.
    assert!(record(&place, 6).failed.unwrap().contains("by hand, to generation 1"));
    place.lay("d", &polling(31));
    assert_eq!(code(&place.unitgen(&["rollback", "--root", "."])), 0);
    assert_eq!(place.current().as_deref(), Some("1"));
    // Asked for by its number it is laid, and did well then.
    assert_eq!(code(&place.unitgen(&["rollback", "--root", ".", "--to", "6"])), 0);
    assert!(record(&place, 6).is_well && record(&place, 6).failed.is_none());
}

/// Directories that were made are everybody's to read, whatever mask whoever runs this has.
#[test]
fn no_mask_reaches_directories_of_units() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    assert_eq!(code(&place.plan("a", AVWAP)), 0);
    let command = format!("umask 077 && exec {} apply a.plan --without-ntp", env!("CARGO_BIN_EXE_unitgen"));
    let applied =
        std::process::Command::new("sh").args(["-c", &command]).current_dir(place.folder.path()).output().unwrap();
    assert_eq!(code(&applied), 0, "{}", err(&applied));
    for folder in ["execution.service.d", "multi-user.target.wants"] {
        let mode = fs::metadata(place.path(UNITS).join(folder)).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o755, "{folder}");
    }
}

/// What was interrupted is told by a look, and nothing is done.
#[test]
fn a_look_at_what_was_interrupted_changes_nothing() {
    use unitgen::generations::{Journal, Phase};
    let place = Place::new();
    place.lay("a", AVWAP);
    place.lay("b", &polling(45));
    let journal = Journal {
        schema_version: Journal::SCHEMA,
        from: Some(1),
        to: 2,
        plan: "x".to_owned(),
        phase: Phase::Units,
        began_at: None,
        by: "somebody".to_owned(),
        ran: [].into(),
        changed: Vec::new(),
    };
    store(&place).write_journal(&journal).unwrap();
    let (before, said) = (place.laid(), place.unitgen(&["rollback", "--root", ".", "--dry-run"]));
    assert!(code(&said) == 0 && out(&said).contains("would go back to generation 1 first"), "{}", out(&said));
    assert_eq!(place.laid(), before);
    place.write("var/lib/portcullis/generations/avwap/apply.state", "{", 0o600);
    let damaged = place.unitgen(&["rollback", "--root", "."]);
    assert_eq!((code(&damaged), err(&damaged).contains("may be of two generations")), (65, true), "{}", err(&damaged));
}

/// Nobody hears it, and its code says what is so on the host all the same.
#[test]
fn an_apply_that_nobody_hears_is_done() {
    let place = Place::new();
    place.plan("a", AVWAP);
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_unitgen"));
    let applied = command.args(["apply", "a.plan", "--without-ntp"]).current_dir(place.path("")).stdout(full).output();
    let applied = applied.unwrap();
    assert_eq!((code(&applied), place.current().as_deref()), (0, Some("1")), "{}", err(&applied));
    assert!(err(&applied).contains("error: cannot write the output: "), "{}", err(&applied));
}
