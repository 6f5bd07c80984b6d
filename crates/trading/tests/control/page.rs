//! docs/controls.md is the table. To write it anew: `UPDATE_DOCS=1 cargo test -p trading --test control page`.

use std::{fmt::Write as _, fs, path::Path};

use trading::{
    control::{PURPOSES, table},
    limits::Limits,
};

#[test]
fn the_page_is_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/controls.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/controls.md is not the table; write it anew with UPDATE_DOCS=1 and look at the difference"
    );
}

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let columns = PURPOSES.map(|purpose| purpose.to_string()).join(" | ");
    writeln!(page, "| control | checks | default | {columns} | refused as |").unwrap();
    writeln!(page, "|---|---|---|---|---|---|---|---|").unwrap();
    for row in table(&Limits::default()) {
        let cells = row.binds.map(|binds| if binds { "x" } else { "" }).join(" | ");
        writeln!(page, "| {} | {} | {} | {cells} | `{}` |", row.name, row.checks, row.limit, row.reason).unwrap();
    }
    page.push_str(END);
    page
}

const INTRODUCTION: &str = "# The control table

Printed from `trading::control::table` with the default limits; a test keeps it equal (`UPDATE_DOCS=1 cargo test -p trading
--test control page` writes it anew). An order carries a purpose, and only the controls marked in its column bind it, from
the top down. What reduces, protects or flattens is bound by sanity and by its id alone: protection outranks permission.

";

const END: &str = "
A replacement (a stop that takes the place of a working one in one step) is bound as what protects or reduces is; the
shares that the replaced order speaks for are free for it. Openings and flattening orders replace nothing.

The exit collar bounds the limit of a discretionary exit, the bid less 1,000 bps on a tick. It is a price and no permission:
without a quote a stop or a flattening order goes out all the same.

Caps count positions, working orders and unknown outcomes as filled, and what one step decides counts for the rest of it.
The kill switch is asked once more right before an opening is sent.
";
