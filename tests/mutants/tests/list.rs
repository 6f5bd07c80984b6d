//! The list fits the sources, and the page is the list.

use mutants::{
    list::{Misfit, Mutant, load},
    page::page,
    workspace_root,
};

#[test]
fn every_mutant_can_be_made() {
    let root = workspace_root();
    let mutants = load(&root).unwrap();
    assert!(mutants.len() >= 90, "{}", mutants.len());
    let misfits: Vec<String> =
        mutants.iter().filter_map(|mutant| mutant.check(&root).err()).map(|error| format!("{error:#}")).collect();
    assert!(misfits.is_empty(), "{misfits:#?}");
}

#[test]
fn a_text_that_is_not_there_once_is_no_mutant() {
    let mutant = |find: &str, replace: &str| Mutant {
        name: "m".into(),
        file: "f".into(),
        find: find.into(),
        replace: replace.into(),
        breaks: "b".into(),
    };
    let table =
        [("a < b", Ok("if a <= b { b }".to_owned())), ("b", Err(Misfit::Occurs(2))), ("c", Err(Misfit::Occurs(0)))];
    for (find, expect) in table {
        assert_eq!(mutant(find, "a <= b").apply("if a < b { b }"), expect, "{find}");
    }
    assert_eq!(mutant("a", "a").apply("a"), Err(Misfit::Same));
}

#[test]
fn the_page_is_the_list() {
    let root = workspace_root();
    let (path, page) = (root.join("docs/mutants.md"), page(&load(&root).unwrap()));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == page, "docs/mutants.md is not the list; write it anew with UPDATE_DOCS=1");
}
