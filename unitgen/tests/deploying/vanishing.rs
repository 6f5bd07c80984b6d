//! What an apply works on goes away in the middle of it: the way back is barred, or a directory is gone with all that was in
//! it. The generation before is whole again, or it is said what to do, and doing it makes it whole.

use std::{fs, io, process::Command};

use super::{
    kills::{APPLY, can_trace, injected, is_whole, prepared, without_stages},
    place::{AVWAP, Place, code, err, out, polling},
};

/// Renames before the first file of the units changes are those of the generation and of the journal.
const RENAMES: std::ops::RangeInclusive<usize> = 4..=12;

/// A rename fails, and so do the first two by which it would be undone: what then lies there of the new is replaced by what
/// the generation before has kept.
#[test]
fn what_cannot_be_put_back_quickly_is_put_back_from_its_generation() {
    if !can_trace() {
        return;
    }
    let (other, mut restored) = (polling(45), 0);
    let old = prepared(Some(AVWAP), &other).laid();
    for rename in RENAMES {
        let place = prepared(Some(AVWAP), &other);
        let range = format!("{rename}..{}", rename + 2);
        let inject = format!("inject=rename:error=EIO:when={range}");
        let output = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "trace=rename", "-e", &inject])
            .arg(env!("CARGO_BIN_EXE_unitgen"))
            .args(["apply", "next.plan", "--without-ntp"])
            .current_dir(place.folder.path())
            .output()
            .unwrap();
        let told = out(&output) + &err(&output);
        restored += usize::from(told.contains("restored"));
        match code(&output) {
            1 | 73 => assert_eq!(without_stages(&place), old, "rename {range}: {told}"),
            70 => assert!(told.contains("`unitgen rollback`"), "rename {range}: {told}"),
            other => panic!("rename {range}: ended {other}: {told}"),
        }
        if place.has_journal() {
            let rolled = place.rollback(&[]);
            assert_eq!(code(&rolled), 0, "rename {range}: {}{}", out(&rolled), err(&rolled));
        }
        assert_eq!(without_stages(&place), old, "rename {range}");
        assert!(!place.has_journal(), "rename {range}");
    }
    assert!(restored >= 4, "only {restored} came out of a generation");
}

/// What goes away: the directory of all units with what is staged in it, or that of one unit's drop-ins.
fn vanishing(place: &Place) -> [String; 2] {
    [place.units(), place.unit("execution.service.d")]
}

/// Killed at a rename, and a directory is gone before anybody comes: the same apply says that it cannot go on and what to do,
/// and a rollback lays all of what was there.
#[test]
fn a_directory_that_is_gone_after_a_kill_comes_back_whole() {
    if !can_trace() {
        return;
    }
    let other = polling(45);
    for which in 0..2 {
        for rename in [5, 9] {
            for goes_on in [false, true] {
                let place = prepared(Some(AVWAP), &other);
                let old = place.laid();
                let at = format!("{} at rename {rename}", vanishing(&place)[which]);
                assert!(!injected(&place, "rename", rename, "signal=SIGKILL", APPLY).status.success(), "{at}");
                fs::remove_dir_all(place.path(&vanishing(&place)[which])).unwrap();
                if goes_on {
                    let next = place.apply("next");
                    assert_eq!(code(&next), 75, "{at}: {}{}", out(&next), err(&next));
                    assert!(err(&next).contains("`unitgen rollback` goes back"), "{at}: {}", err(&next));
                }
                let rolled = place.rollback(&[]);
                assert_eq!(code(&rolled), 0, "{at}: {}{}", out(&rolled), err(&rolled));
                assert_eq!(without_stages(&place), old, "{at}");
                assert!(!place.has_journal(), "{at}");
            }
        }
    }
}

/// A directory goes while the apply is at work, slowed down so that it goes in the middle; whenever it goes, what is left is
/// whole, or the way to it is told and leads there.
#[test]
fn a_directory_that_vanishes_midway_leaves_the_one_or_the_other_whole() {
    if !can_trace() {
        return;
    }
    let (other, mut ends) = (polling(45), Vec::new());
    for which in 0..2 {
        let place = prepared(Some(AVWAP), &other);
        let old = place.laid();
        let vanishes = place.path(&vanishing(&place)[which]);
        let mut child = Command::new("strace")
            .args(["-f", "-o", "/dev/null", "-e", "trace=rename", "-e", "inject=rename:delay_enter=50000"])
            .arg(env!("CARGO_BIN_EXE_unitgen"))
            .args(["apply", "next.plan", "--without-ntp"])
            .current_dir(place.folder.path())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        while !place.has_journal() && child.try_wait().unwrap().is_none() {
            std::thread::yield_now();
        }
        // Something may be written into it meanwhile.
        while let Err(error) = fs::remove_dir_all(&vanishes) {
            assert!(matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::NotFound), "{error}");
            if error.kind() == io::ErrorKind::NotFound && !vanishes.exists() {
                break;
            }
        }
        let output = child.wait_with_output().unwrap();
        let told = out(&output) + &err(&output);
        ends.push(code(&output));
        match code(&output) {
            0 => is_whole(&place, &other, &told),
            1 | 73 => assert!(without_stages(&place) == old, "{told}"),
            70 => {
                assert!(told.contains("`unitgen rollback`"), "{told}");
                let rolled = place.rollback(&[]);
                assert_eq!(code(&rolled), 0, "{told}{}{}", out(&rolled), err(&rolled));
                assert_eq!(without_stages(&place), old, "{told}");
            }
            code => panic!("ended {code}: {told}"),
        }
        assert!(!place.has_journal(), "{told}");
    }
    println!("ended {ends:?}");
    assert!(ends.iter().any(|code| *code != 0), "nothing vanished in the middle: {ends:?}");
}
