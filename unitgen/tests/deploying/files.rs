//! What is laid, kept and laid again.

use std::{fs, os::unix::fs::symlink};

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
    let ledger = |schema: u32| {
        let mut page = vec![0_u8; 512];
        page[60..64].copy_from_slice(&schema.to_be_bytes());
        page[68..72].copy_from_slice(b"PCLS");
        fs::create_dir_all(place.path("var/lib/avwap/data")).unwrap();
        fs::write(place.path("var/lib/avwap/data/execution_v2.sqlite"), page).unwrap();
    };
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
