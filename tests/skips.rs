//! A test that skips says so with a line, and fails under `CI=true`: nothing is green because nothing ran.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::{Path, PathBuf},
};

/// So many lines above the one that says it.
const ABOVE: usize = 6;
const SAYS: &str = concat!("println!(\"", "skipped");

#[test]
fn whatever_skips_fails_under_ci() {
    let root = proofs::workspace_root();
    let files: Vec<PathBuf> =
        ["crates", "tests", "unitgen"].iter().flat_map(|folder| sources(&root.join(folder))).collect();
    let mut found = 0;
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| line.contains(SAYS)) {
            found += 1;
            assert!(
                line.contains("skipped: needs "),
                "{}:{}: it does not say what it needs",
                path.display(),
                index + 1
            );
            let before = &lines[index.saturating_sub(ABOVE)..index];
            let fails =
                before.iter().any(|line| line.contains("assert") && (line.contains("CI") || line.contains("is_ci")));
            assert!(fails, "{}:{}: it skips under CI too", path.display(), index + 1);
        }
    }
    assert!(found >= 10, "only {found} places that skip were found");
}

/// Every source below.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found
}
