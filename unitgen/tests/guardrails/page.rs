//! docs/guardrails.md.

use std::{env, fs};

use unitgen::guardrails::Guardrail;

use crate::{Caught, manifest::TRIES, others::OTHERS, table, ways::Way};

const PAGE: &str = "../docs/guardrails.md";

#[test]
fn the_page_is_what_the_tables_say() {
    let page = page();
    if env::var_os("UPDATE_DOCS").is_some() {
        fs::write(PAGE, &page).unwrap();
    }
    let stored = fs::read_to_string(PAGE).unwrap_or_default();
    assert!(stored == page, "docs/guardrails.md is stale: UPDATE_DOCS=1 cargo test -p unitgen --test guardrails");
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    page += "| guardrail | without it | what happened, or was measured | made by |\n|---|---|---|---|\n";
    for guardrail in Guardrail::ALL {
        let entry = guardrail.entry();
        let mut keys: Vec<String> = entry.directives.iter().map(|(_, key)| format!("`{key}=`")).collect();
        keys.dedup();
        let incident = entry.incident.unwrap_or("-");
        page += &format!("| **{}** | {} | {incident} | {} |\n", entry.id, entry.without, keys.join(" "));
    }
    page += "\n## Every guardrail, taken away by every way\n\n";
    for way in Way::ALL {
        page += &format!("- *{}*: {}\n", way.head(), way.place());
    }
    page += LEGEND;
    let heads: Vec<&str> = Way::ALL.iter().map(|way| way.head()).collect();
    page += &format!("| guardrail | by | manifest | {} | not reloaded |\n", heads.join(" | "));
    page += &format!("|---|---|---|{}---|\n", "---|".repeat(heads.len()));
    for (loss, row) in table() {
        let cells: Vec<String> = row.iter().map(|caught| cell(*caught)).collect();
        let shown = loss.property.as_ref().map_or("r".to_owned(), |property| format!("r: `{property}`"));
        let id = loss.guardrail.id();
        let tried = TRIES.iter().any(|(tried, ..)| *tried == id);
        let check = if tried { "c" } else { "-" };
        page += &format!("| **{id}** | `{}` | {check} | {} | {shown} |\n", loss.says(), cells.join(" | "));
    }
    page += "\n## Ways that are no assignment\n\n| what is done | verify | diff names | drift |\n|---|---|---|---|\n";
    for other in OTHERS {
        let lost: Vec<String> = other.lost.iter().map(|(unit, id)| format!("{unit} **{id}**")).collect();
        let lost = if lost.is_empty() { "nothing: the unit says the same".to_owned() } else { lost.join(", ") };
        let verify = if other.verify.is_empty() { "nothing".to_owned() } else { other.verify.join(", ") };
        page += &format!("| {} | {verify} | {lost} | yes |\n", other.name);
    }
    page + RUNNING
}

fn cell(caught: Option<Caught>) -> String {
    let Some(Caught { verify, diff, drift }) = caught else { return "-".to_owned() };
    let marks = [(verify, "v"), (diff, "d"), (drift, "r")];
    marks.iter().filter(|(found, _)| *found).map(|(_, mark)| *mark).collect::<Vec<_>>().join(" ")
}

const HEAD: &str = "\
# Guardrails

Made by `UPDATE_DOCS=1 cargo test -p unitgen --test guardrails`; a test fails when it is stale.

A guardrail is a property of a unit that keeps money safe. It is judged on what the unit says once every drop-in is laid over it
in systemd's order, and never by comparing text: `unitgen diff` says which are lost between two manifests, directories, releases
or a host, and `unitgen drift` whether what systemd has loaded still holds them. Where a unit runs podman, those of its sandbox are
judged on podman's command line, and a readiness, watchdog, key or digest counts when the container hears of it. As a timer that alerts, drift is a job of the
manifest:

```toml
[jobs.avwap-drift]
program = \"unitgen\"
args = [\"drift\"]
schedule = \"Mon..Sun 00:00..23:45/15m UTC\"
timeout = \"2m\"
```

";
const LEGEND: &str = "
**c**: `check` refuses a manifest that tries. **v**: `verify` finds the file. **d**: `diff` names this guardrail as lost. **r**: `drift`
finds it. Where a *d* is missing the guardrail is still held: the drop-ins that are rendered say it again, or a stricter directive of the
unit does. The line of each guardrail is one loss of many: `unitgen/tests/guardrails/directives.rs` says every directive of every
guardrail the wrong way. What no guardrail judges `diff` tells among \"other settings\", whatever it is. *Not reloaded*: the file
is gone again, what it said is in force, and no file shows it; `tests/boot/scenarios/guardrails.sh` boots every line on Debian 12
and 13, and the property is the one by which systemd shows it.

";
const RUNNING: &str = "
## What no file shows

`drift` alone finds these; what is marked * is booted (`drift_host.sh`, `guardrails.sh`).

| what is so | found as |
|---|---|
| files changed and nobody reloaded, or a drop-in is gone and still in force * | reload-needed, property-differs |
| the same of a slice that services live in: a limit of all of them * | reload-needed, loaded-drop-ins, property-differs |
| a timer or the target was stopped by hand * | not-active |
| `systemctl set-environment`, `DefaultEnvironment=`, another `PATH` * | manager-environment |
| the manager's default leaves few files or tasks * | property-differs |
| masked at run time *, not found, wrong | not-loaded |
| a unit of others, be it a target, wants, requires, triggers, conflicts with or stops one of ours * | property-differs |
| a service of others goes before one of ours *; a start that waits for more than ten minutes | property-differs, start-waits |
| another file or other drop-ins are loaded, or in another order | loaded-elsewhere, loaded-drop-ins |
| a unit is frozen; a service that places orders has failed | frozen, failed |
| a program is not there, or cannot be run * | program-missing |
| a program or its directory may be written by others than root * | program-exposed |
| a program is a link to another *, or not what this release deployed (root alone can tell) | program-differs |
| a process of another program | process-elsewhere |
| a process that is older than its program | process-outdated |
| a value that is loaded has line breaks that pass for properties | not-shown |
";
