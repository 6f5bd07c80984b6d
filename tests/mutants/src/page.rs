//! The list in print: docs/mutants.md.

use std::fmt::Write as _;

use crate::list::Mutant;

const INTRODUCTION: &str = "# Mutants

Each of these breaks one thing in the trading core; `just mutants` makes them one after the other in a copy of the sources,
and fails when a suite lets one pass. The list is `tests/mutants/mutants.toml`; this page is printed from it
(`UPDATE_DOCS=1 cargo test -p mutants` writes it anew).

";

/// The page.
#[must_use]
pub fn page(mutants: &[Mutant]) -> String {
    let mut page = INTRODUCTION.to_owned();
    let mut file = "";
    for mutant in mutants {
        if mutant.file != file {
            file = &mutant.file;
            write!(page, "\n## {file}\n\n").expect("writing to a text never fails");
        }
        writeln!(page, "- `{}`: {}", mutant.name, mutant.breaks).expect("writing to a text never fails");
    }
    page.replace("\n\n\n", "\n\n")
}
