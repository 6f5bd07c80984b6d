//! What became of every scenario, as one table: `target/boot/table.md`, made anew after each.

use std::{collections::BTreeMap, fmt::Write as _, fs, path::Path, time::Duration};

use anyhow::Context;
use serde_json::{Value, json};

use crate::{roots::Host, scenario::Scenario};

/// Notes a scenario's outcome on a host and rewrites the table.
///
/// # Errors
/// When it cannot be written.
pub fn note(
    kept: &Path,
    scenario: &Scenario,
    host: Host,
    outcome: &str,
    took: Duration,
    figures: &str,
) -> anyhow::Result<()> {
    let results = kept.join("results");
    fs::create_dir_all(&results)?;
    let lock = fs::File::create(kept.join("table.lock"))?;
    lock.lock()?;
    let said = json!({
        "scenario": scenario.name, "about": scenario.about, "host": host.to_string(), "outcome": outcome,
        "seconds": took.as_secs_f64(), "figures": figures.trim().replace('\n', ", "),
    });
    fs::write(results.join(format!("{host}-{}.json", scenario.name)), said.to_string())?;
    fs::write(kept.join("table.md"), table(&results)?).context("the table")
}

/// One row a scenario, a column a host.
fn table(results: &Path) -> anyhow::Result<String> {
    let mut rows: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
    for entry in fs::read_dir(results)? {
        let said: Value = serde_json::from_slice(&fs::read(entry?.path())?)?;
        let text = |key: &str| said[key].as_str().unwrap_or_default().to_owned();
        rows.entry(text("scenario")).or_default().insert(text("host"), said);
    }
    let mut table = String::from("| scenario | debian-12 | debian-13 | shows |\n|---|---|---|---|\n");
    let mut sum = 0.0;
    for (scenario, hosts) in rows {
        let about = hosts.values().filter_map(|said| said["about"].as_str()).next().unwrap_or_default().to_owned();
        let cells: Vec<String> = Host::ALL.map(|host| cell(hosts.get(&host.to_string()))).into();
        sum += hosts.values().filter_map(|said| said["seconds"].as_f64()).sum::<f64>();
        writeln!(table, "| {scenario} | {} | {about} |", cells.join(" | "))?;
    }
    writeln!(table, "\n{sum:.0} s in all, two at a time.")?;
    Ok(table)
}

fn cell(said: Option<&Value>) -> String {
    let Some(said) = said else { return "-".to_owned() };
    let text = |key: &str| said[key].as_str().unwrap_or_default();
    let figures = if text("figures").is_empty() { String::new() } else { format!(" ({})", text("figures")) };
    format!("{} {:.1} s{figures}", text("outcome"), said["seconds"].as_f64().unwrap_or_default())
}
