//! `docs/boot-hazards.md` says what the scenarios prove, and nothing else.

use std::{env, fs};

#[test]
fn the_page_of_hazards_is_that_of_the_scenarios() {
    let root = proofs::workspace_root();
    let page = boot::hazards::page(&root.join("tests/boot/scenarios")).unwrap();
    let path = root.join("docs/boot-hazards.md");
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let stored = fs::read_to_string(&path).unwrap_or_default();
    assert!(stored == page, "docs/boot-hazards.md is stale: UPDATE_DOCS=1 cargo test -p boot --test hazards");
}
