//! The manual pages: one for each command, with what every page of a manual has, and clean for those who print them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
};

const SECTIONS: [&str; 8] =
    ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"];

#[test]
fn every_command_has_a_page_with_every_section() {
    let place = tempfile::tempdir().unwrap();
    let pages = written(place.path());
    let names: BTreeSet<String> =
        pages.iter().map(|path| path.file_name().unwrap().to_string_lossy().into_owned()).collect();
    let expect: BTreeSet<String> = commands()
        .iter()
        .map(|command| format!("unitgen-{command}.1"))
        .chain(["unitgen.1".to_owned(), "portcullis-manifest.5".to_owned()])
        .collect();
    assert_eq!(names, expect);
    for page in pages.iter().filter(|path| path.extension().is_some_and(|section| section == "1")) {
        let text = fs::read_to_string(page).unwrap();
        for section in SECTIONS {
            let headed = text.lines().any(|line| line.replace('"', "") == format!(".SH {section}"));
            assert!(headed, "{}: no section {section}", page.display());
        }
        // Every exit code is 0 or one of those that are published.
        let codes: Vec<&str> = text
            .split(".SH \"EXIT STATUS\"")
            .nth(1)
            .unwrap()
            .split(".SH")
            .next()
            .unwrap()
            .lines()
            .filter_map(|line| line.strip_prefix("\\fB")?.strip_suffix("\\fR"))
            .collect();
        assert!(codes.contains(&"0"), "{}: {codes:?}", page.display());
    }
}

#[test]
fn the_same_release_makes_the_same_pages() {
    let (a, b) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let texts = |place: &Path| written(place).iter().map(|page| fs::read_to_string(page).unwrap()).collect::<Vec<_>>();
    assert_eq!(texts(a.path()), texts(b.path()));
    let page = String::from_utf8(unitgen(&["man"]).stdout).unwrap();
    assert!(
        page.contains(".TH UNITGEN 1 2026-01-02 ") || page.contains(".TH \"UNITGEN\" \"1\" \"2026-01-02\""),
        "{page}"
    );
}

#[test]
fn a_page_is_found_by_its_name_or_its_command() {
    for name in ["check", "unitgen-check"] {
        let page = String::from_utf8(unitgen(&["man", name]).stdout).unwrap();
        assert!(page.contains("UNITGEN\\-CHECK") || page.contains("UNITGEN-CHECK"), "{page}");
    }
    let told = unitgen(&["man", "portcullis-manifst"]);
    assert_eq!(told.status.code(), Some(64));
    assert!(String::from_utf8_lossy(&told.stderr).contains("did you mean portcullis-manifest?"));
    assert_eq!(unitgen(&["man", "--out", "/dev/null"]).status.code(), Some(73));
}

#[test]
fn groff_and_mandoc_have_nothing_to_say() {
    let place = tempfile::tempdir().unwrap();
    for page in written(place.path()) {
        let page = page.to_str().unwrap();
        let lints = [
            ("groff", &["-man", "-Tutf8", "-ww", "-rCHECKSTYLE=1", "-z", page][..], "groff"),
            ("mandoc", &["-Tlint", "-Wwarning", page][..], "mandoc"),
        ];
        for (program, args, package) in lints {
            let Ok(linted) = Command::new(program).args(args).output() else {
                assert!(std::env::var_os("CI").is_none(), "{program} is missing, and CI skips nothing");
                println!("skipped: needs {program} (Debian package {package})");
                return;
            };
            let said = [linted.stdout, linted.stderr].concat();
            assert!(said.is_empty(), "{program}: {}", String::from_utf8_lossy(&said));
        }
    }
}

/// Every command that the program lists.
fn commands() -> Vec<String> {
    let help = String::from_utf8(unitgen(&["--help"]).stdout).unwrap();
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter_map(|line| line.split_whitespace().next().map(str::to_owned));
    let commands: Vec<String> = names.filter(|name| name != "help").collect();
    assert!(commands.len() >= 8, "{commands:?}");
    commands
}

fn written(place: &Path) -> Vec<PathBuf> {
    let output = unitgen(&["man", "--out", place.to_str().unwrap()]);
    assert!(output.status.success(), "{output:?}");
    let mut pages: Vec<PathBuf> = ["man1", "man5"]
        .iter()
        .flat_map(|section| fs::read_dir(place.join(section)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect();
    pages.sort();
    pages
}

fn unitgen(args: &[&str]) -> Output {
    // 2026-01-02.
    let program = env!("CARGO_BIN_EXE_unitgen");
    Command::new(program).args(args).env("SOURCE_DATE_EPOCH", "1767312000").env("COLUMNS", "200").output().unwrap()
}
