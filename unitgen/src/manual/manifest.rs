//! portcullis-manifest(5), from the table of the language.

use super::{MANUAL, Page, roff::Roff};
use crate::schema::{Key, Kind, Need, Table, tables};

/// A whole manifest, as short as one can be; a test checks it.
pub(super) const EXAMPLE: &str = "\
schema = 1
name = \"avwap\"
timezone = \"America/New_York\"
scope = \"system\"
environment = \"staging\"
[identity]
user = \"trading\"
[secrets.alpaca]
keys = [\"APCA_API_KEY_ID\", \"APCA_API_SECRET_KEY\"]
[services.execution]
program = \"execution\"
role = \"orders\"
account = \"PA30000000\"
mode = \"paper\"
secrets = [\"alpaca\"]
gates = [\"watchlist\", \"session-window\", \"kill-switch\"]
[jobs.scan]
program = \"scanner\"
args = [\"scan\"]
schedule = \"Mon..Fri 08:30\"
timeout = \"9m\"
late_start = \"45m\"
on_success = [\"execution-restart\"]
[jobs.execution-restart]
restart = \"execution\"
schedule = \"Mon..Fri 08:40\"
[jobs.eod]
program = \"desk\"
args = [\"eod\"]
schedule = \"Mon..Fri 16:15\"
serves = \"execution\"
late_start = \"6h\"
";

const NAME: &str = "portcullis-manifest";

/// Longer ones have no place to break.
const EXAMPLE_MAX: usize = 70;

pub(super) fn page(date: &str, source: &str) -> Page {
    let mut roff = Roff::default();
    roff.title(&NAME.to_uppercase(), "5", date, source, MANUAL);
    roff.section("NAME");
    roff.text(&format!("{NAME} - what a deployment consists of, for unitgen(1)"));
    roff.section("SYNOPSIS");
    roff.text("/etc/portcullis/NAME.toml");
    roff.section("DESCRIPTION");
    roff.text(
        "A manifest is a file in TOML that names everything of one deployment: services, jobs with their \
            schedules, whom they run as, and which secrets they get. unitgen(1) checks it and renders the units of \
            it, with every guardrail that a service needs; a manifest cannot leave one out.",
    );
    roff.paragraph(
        "A key that is not told of here is an error, and so is a value that its key cannot have: nothing is \
            rendered then. Names of services and jobs are the names of their units. `unitgen explain` leads from a \
            line of a unit back to the line here that it follows from.",
    );
    for table in tables().iter().filter(|table| !table.keys.is_empty()) {
        write_table(&mut roff, table);
    }
    write_rest(&mut roff);
    Page { name: NAME.to_owned(), section: "5", text: roff.into_text() }
}

fn write_table(roff: &mut Roff, table: &Table) {
    let title = if table.path.is_empty() { "THE FILE ITSELF".to_owned() } else { format!("[{}]", table.path) };
    roff.section(&title);
    roff.text(table.about);
    for key in table.keys {
        roff.item(key.name, key.about);
        roff.more(&facts(key));
    }
}

fn facts(key: &Key) -> String {
    let needed = match (key.need, key.default) {
        (Need::Always, _) => "Has to be written.".to_owned(),
        (Need::For(whom), None) => format!("Has to be written for {whom}."),
        (Need::For(whom), Some(default)) => format!("Has to be written for {whom}; else, without it: {default}."),
        (Need::Never, Some(default)) => format!("Without it: {default}."),
        (Need::Never, None) => "May be left out.".to_owned(),
    };
    let shown = key.kind != Kind::Tables && key.example.len() <= EXAMPLE_MAX;
    let example = if shown { format!(" Example: {} = {}", key.name, key.example) } else { String::new() };
    format!("{} {needed}{example}", described(key.kind))
}

fn described(kind: Kind) -> String {
    let words = |words: &[&str]| words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>().join(", ");
    match kind {
        Kind::Text(_) => "A text.".to_owned(),
        Kind::Choice([only]) => format!("Always \"{only}\" in this release."),
        Kind::Choice(choices) => format!("One of {}.", words(choices)),
        Kind::Whole(min, max) if min == max => format!("The number {min}."),
        Kind::Whole(min, _) => format!("A whole number, at least {min}."),
        Kind::Flag => "true or false.".to_owned(),
        Kind::Texts(..) => "A list of texts.".to_owned(),
        Kind::Choices(choices) => format!("A list of some of {}.", words(choices)),
        Kind::Table => "A table, told of below.".to_owned(),
        Kind::Tables => "A table for each, told of below.".to_owned(),
        Kind::Variables => "A table of NAME = \"value\".".to_owned(),
    }
}

fn write_rest(roff: &mut Roff) {
    roff.section("FILES");
    roff.item(
        "/etc/portcullis/NAME.toml",
        "The installed manifest of deployment NAME; its units carry its \
        digest.",
    );
    roff.item(
        "/etc/portcullis/credentials/DEPLOYMENT/KEY",
        "The value of a secret of that deployment, which root alone can read.",
    );
    roff.item("/usr/share/portcullis/appliance.schema.json", "The same language as JSON Schema, for editors.");
    roff.section("EXAMPLES");
    roff.text("A deployment that scans before the open and trades its list on a paper account:");
    roff.as_it_is(&EXAMPLE.lines().collect::<Vec<_>>());
    roff.section("SEE ALSO");
    roff.text("unitgen(1), unitgen-check(1), unitgen-explain(1), systemd.time(7), systemd-creds(1)");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_is_sound() {
        let checked = crate::source::check(EXAMPLE.as_bytes());
        assert!(checked.as_ref().is_ok_and(|checked| checked.warnings.is_empty()), "{checked:?}");
    }
}
