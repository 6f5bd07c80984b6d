//! An apply is killed, and starved, at every call by which it changes files: whatever is there is guarded, and the next
//! apply finishes.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering},
};

use unitgen::guardrails::{Guardrail, Units, held};

use super::place::{AVWAP, Place, UNITS, code, err, out, polling, tree};

/// The calls that change what is on a disk. Writes are among them, so that a file is found half written.
const CALLS: [&str; 13] = [
    "rename",
    "renameat2",
    "unlink",
    "unlinkat",
    "rmdir",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "mkdir",
    "mkdirat",
    "fsync",
    "write",
];
const THREADS: usize = 2;

/// A host on which the first manifest is laid, or nothing, and the plan of the next.
pub fn prepared(before: Option<&str>, next: &str) -> Place {
    let place = Place::new();
    if let Some(manifest) = before {
        place.lay("before", manifest);
    }
    let planned = place.plan("next", next);
    assert_eq!(code(&planned), 0, "{}", err(&planned));
    place
}

/// What is disturbed: a host made for it, and what is run there.
#[derive(Clone, Copy)]
struct Work<'a> {
    prepare: &'a (dyn Fn() -> Place + Sync),
    command: &'a [&'a str],
}

pub const APPLY: &[&str] = &["apply", "next.plan", "--without-ntp"];
const ROLLBACK: &[&str] = &["rollback", "--root", "."];

/// Every call of the undisturbed work, with how often it is made.
fn calls(work: Work<'_>) -> Vec<(String, usize)> {
    let place = (work.prepare)();
    let log = place.path("log");
    let trace = format!("trace={}", CALLS.join(","));
    let output = traced(&place, &["-o", log.to_str().unwrap(), "-e", &trace], work.command);
    assert_eq!(code(&output), 0, "{}", err(&output));
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for line in fs::read_to_string(&log).unwrap().lines() {
        let name = line.split_whitespace().nth(1).and_then(|rest| rest.split_once('(')).map(|(name, _)| name);
        if let Some(name) = name.filter(|name| CALLS.contains(name)) {
            *counts.entry(name.to_owned()).or_default() += 1;
        }
    }
    counts.into_iter().flat_map(|(call, count)| (1..=count).map(move |number| (call.clone(), number))).collect()
}

fn traced(place: &Place, options: &[&str], work: &[&str]) -> std::process::Output {
    let mut command = Command::new("strace");
    command.arg("-f").args(options).arg(env!("CARGO_BIN_EXE_unitgen")).args(work);
    command.current_dir(place.folder.path()).output().unwrap()
}

pub fn injected(place: &Place, call: &str, number: usize, what: &str, work: &[&str]) -> std::process::Output {
    let inject = format!("inject={call}:{what}:when={number}");
    traced(place, &["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &inject], work)
}

/// Units that are there hold everything that both generations of them hold. Whether a boot reaches them is the link's to say,
/// which comes last and goes first, and whether anything starts a job is its timer's.
fn is_guarded(place: &Place, before: Option<&str>, next: &str, at: &str) {
    let manager = place.installation.manager();
    let of_tree = |manifest: &str| held(&Units::of_tree(&tree(&place.of(manifest))).for_manager(manager));
    let new = of_tree(next);
    let old = before.map_or_else(|| new.clone(), of_tree);
    let (present, holds) = place.held(&tree(&place.of(next)));
    for (unit, guardrail) in old.intersection(&new).filter(|(unit, _)| present.contains(unit)) {
        let waits_for_others = matches!(guardrail, Guardrail::StartsAtBoot | Guardrail::RunsEachTime);
        let held = holds.contains(&(unit.clone(), *guardrail));
        assert!(held || waits_for_others, "{at}: {unit} has lost {}", guardrail.id());
    }
}

pub fn can_trace() -> bool {
    let tried = Command::new("strace").args(["-f", "-o", "/dev/null", "/bin/true"]).output();
    let works = tried.is_ok_and(|output| output.status.success());
    if !works {
        assert!(std::env::var("CI").is_err(), "strace is missing, and CI skips nothing");
        println!("skipped: needs strace");
    }
    works
}

/// A prepared host that is made again as it was, in its place: a plan names its root.
struct Again {
    place: Place,
    saved: tempfile::TempDir,
}

impl Again {
    fn new(work: Work<'_>) -> Self {
        let (place, saved) = ((work.prepare)(), tempfile::tempdir().unwrap());
        copy(place.folder.path(), saved.path());
        Self { place, saved }
    }

    fn reset(&self) -> &Place {
        for entry in fs::read_dir(self.place.folder.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { fs::remove_dir_all(&path).unwrap() } else { fs::remove_file(&path).unwrap() }
        }
        copy(self.saved.path(), self.place.folder.path());
        &self.place
    }
}

/// With modes, links, and files that have two names.
fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from.join(".")).arg(to).status().unwrap();
    assert!(status.success());
}

/// Runs a check at every call, a few at once; says how many calls there were.
fn at_every_call(work: Work<'_>, check: impl Fn(&Place, &str, usize) + Sync) -> usize {
    let (calls, at) = (calls(work), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                let again = Again::new(work);
                while let Some((call, number)) = calls.get(at.fetch_add(1, Ordering::Relaxed)) {
                    check(again.reset(), call, *number);
                }
            });
        }
    });
    calls.len()
}

#[test]
fn killed_anywhere_every_unit_is_guarded_and_the_next_apply_finishes() {
    if !can_trace() {
        return;
    }
    let other = polling(45);
    for before in [None, Some(AVWAP)] {
        let killed = AtomicUsize::new(0);
        let work = Work { prepare: &|| prepared(before, &other), command: APPLY };
        let count = at_every_call(work, |place, call, number| {
            let at = format!("{call} {number}, {}", if before.is_some() { "a change" } else { "a first apply" });
            let output = injected(place, call, number, "signal=SIGKILL", APPLY);
            killed.fetch_add(usize::from(!output.status.success()), Ordering::Relaxed);
            is_guarded(place, before, &other, &at);
            let finished = place.apply("next");
            assert_eq!(code(&finished), 0, "{at}: {}{}", out(&finished), err(&finished));
            is_whole(place, &other, &at);
        });
        let killed = killed.into_inner();
        println!("{count} calls, {killed} kills");
        assert!(count > 100 && killed > count * 9 / 10, "{killed} of {count}");
    }
}

/// The same in a home, at every change of a name: what comes between is the same code.
#[test]
fn a_login_killed_at_any_rename_is_guarded_and_finishes() {
    if !can_trace() {
        return;
    }
    let other = polling(45);
    let mut kills = 0;
    loop {
        let place = Place::of_login();
        place.lay("before", AVWAP);
        assert_eq!(code(&place.plan("next", &other)), 0);
        let at = format!("rename {}", kills + 1);
        if injected(&place, "rename", kills + 1, "signal=SIGKILL", APPLY).status.success() {
            break;
        }
        kills += 1;
        is_guarded(&place, Some(AVWAP), &other, &at);
        let finished = place.apply("next");
        assert_eq!(code(&finished), 0, "{at}: {}{}", out(&finished), err(&finished));
        is_whole(&place, &other, &at);
    }
    println!("{kills} kills");
    assert!(kills > 12, "{kills}");
}

/// An error of the system at any call: what was there is whole again, or all of the new is.
#[test]
fn starved_anywhere_the_one_or_the_other_is_whole() {
    if !can_trace() {
        return;
    }
    let other = polling(45);
    let (old, ends) = (prepared(Some(AVWAP), &other).laid(), std::sync::Mutex::new(BTreeMap::new()));
    let work = Work { prepare: &|| prepared(Some(AVWAP), &other), command: APPLY };
    let count = at_every_call(work, |place, call, number| {
        let at = format!("{call} {number}");
        let output = injected(place, call, number, "error=ENOSPC", APPLY);
        *ends.lock().unwrap().entry(code(&output)).or_insert(0_usize) += 1;
        match code(&output) {
            0 => {}
            1 | 73 => {
                assert_eq!(without_stages(place), old, "{at}: {}{}", out(&output), err(&output));
                assert!(!place.has_journal(), "{at}");
            }
            70 => assert!(
                err(&output).contains("is laid and well, but that cannot be recorded"),
                "{at}: {}",
                err(&output)
            ),
            other => panic!("{at}: ended {other}: {}{}", out(&output), err(&output)),
        }
        let finished = place.apply("next");
        assert_eq!(code(&finished), 0, "{at}: {}{}", out(&finished), err(&finished));
        is_whole(place, &other, &at);
    });
    let ends = ends.into_inner().unwrap();
    println!("{count} calls, ended {ends:?}");
    assert!(ends[&73] > 50, "{ends:?}");
}

/// What was edited away comes back; a rollback; and what goes back from an interruption: killed anywhere, the same again
/// finishes, and so does the other.
#[test]
fn what_brings_back_is_killed_anywhere_and_finished() {
    if !can_trace() {
        return;
    }
    let other = polling(45);
    let restore = || {
        let place = prepared(Some(AVWAP), AVWAP);
        fs::remove_dir_all(place.path(UNITS).join("execution.service.d")).unwrap();
        fs::remove_file(place.path(UNITS).join("eod.timer")).unwrap();
        assert_eq!(code(&place.plan("next", AVWAP)), 0);
        place
    };
    let rollback = || {
        let place = prepared(Some(AVWAP), &other);
        assert_eq!(code(&place.apply("next")), 0);
        place
    };
    let recovery = || {
        let place = prepared(Some(AVWAP), &other);
        assert!(!injected(&place, "rename", 12, "signal=SIGKILL", APPLY).status.success() && place.has_journal());
        place
    };
    let works: [(&str, Work<'_>); 3] = [
        ("restore", Work { prepare: &restore, command: APPLY }),
        ("rollback", Work { prepare: &rollback, command: ROLLBACK }),
        ("recovery", Work { prepare: &recovery, command: ROLLBACK }),
    ];
    for (name, work) in works {
        let killed = AtomicUsize::new(0);
        let count = at_every_call(work, |place, call, number| {
            let at = format!("{name}: {call} {number}");
            let output = injected(place, call, number, "signal=SIGKILL", work.command);
            killed.fetch_add(usize::from(!output.status.success()), Ordering::Relaxed);
            let had_journal = place.has_journal();
            let finished = place.unitgen(if number % 2 == 0 && had_journal { ROLLBACK } else { work.command });
            let is_there = name == "restore" || !had_journal || code(&finished) == 0;
            assert!(is_there && !place.has_journal(), "{at}: {}{}", out(&finished), err(&finished));
            let lays = if place.current().as_deref() == Some("2") { &other } else { AVWAP };
            is_whole(place, lays, &at);
        });
        let killed = killed.into_inner();
        println!("{name}: {count} calls, {killed} kills");
        assert!(count > 15 && killed > count * 9 / 10, "{name}: {killed} of {count}");
    }
}

/// Another plan, or a rollback, first goes back to where the interrupted one began.
#[test]
fn whoever_comes_next_goes_back_first() {
    if !can_trace() {
        return;
    }
    let (second, third) = (polling(45), polling(30));
    let hosts = [3, 8, 14].into_iter().flat_map(|rename| Place::both().map(|place| (rename, place)));
    for (rename, place) in hosts {
        place.lay("before", AVWAP);
        assert_eq!(code(&place.plan("third", &third)), 0);
        assert_eq!(code(&place.plan("next", &second)), 0);
        let killed = injected(&place, "rename", rename, "signal=SIGKILL", APPLY);
        assert!(!killed.status.success() && place.has_journal(), "rename {rename}");
        let list = out(&place.rollback(&["--list"]));
        assert!(list.contains("was interrupted"), "{list}");
        let applied = place.apply("third");
        assert_eq!(code(&applied), 0, "rename {rename}: {}{}", out(&applied), err(&applied));
        assert!(out(&applied).contains("was interrupted; generation 1 is laid again"), "{}", out(&applied));
        is_whole(&place, &third, "third");

        assert_eq!(code(&place.plan("next", &second)), 0);
        assert!(!injected(&place, "rename", rename, "signal=SIGKILL", APPLY).status.success());
        let rolled = place.rollback(&[]);
        assert_eq!((code(&rolled), place.has_journal()), (0, false), "{}{}", out(&rolled), err(&rolled));
        is_whole(&place, &third, "rolled back");
    }
}

pub fn without_stages(place: &Place) -> Vec<(String, String)> {
    place.laid().into_iter().filter(|(path, _)| !path.contains(".unitgen-stage")).collect()
}

pub fn is_whole(place: &Place, manifest: &str, at: &str) {
    let manifest = place.of(manifest);
    for (path, content) in tree(&manifest).iter() {
        assert_eq!(fs::read(place.path(&place.unit(path))).unwrap(), content, "{at}: {path}");
    }
    assert_eq!(place.read(&place.installed()), manifest, "{at}");
    assert!(!place.has_journal(), "{at}");
    let left: BTreeSet<String> =
        place.laid().into_iter().map(|(path, _)| path).filter(|path| path.contains("stage")).collect();
    assert!(left.is_empty(), "{at}: {left:?}");
}
