//! `rehearse faults`: every fault of a day, by group.

use std::io::{self, Write};

use clap::Args;

use crate::fault::{self, Group};

/// How to print them.
#[derive(Args)]
pub struct FaultsArguments {
    /// One JSON document
    #[arg(long)]
    json: bool,
}

/// Prints the table: name, what strikes, what must hold.
pub fn print(arguments: &FaultsArguments) -> anyhow::Result<bool> {
    let faults = fault::catalogue();
    let mut out = io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&faults)?)?;
        return Ok(true);
    }
    let width = faults.iter().map(|fault| fault.name.len()).max().unwrap_or_default();
    let mut last = None;
    for fault in &faults {
        if last != Some(fault.group) {
            let gap = if last.is_some() { "\n" } else { "" };
            writeln!(out, "{gap}{}", title(fault.group))?;
            last = Some(fault.group);
        }
        writeln!(out, "  {:<width$}  {}", fault.name, fault.strikes)?;
        writeln!(out, "  {:<width$}  -> {}", "", fault.holds)?;
    }
    Ok(true)
}

/// The names by group, for the help.
pub fn names() -> String {
    let mut text = String::from("Faults (`rehearse faults` explains them):");
    let mut last = None;
    for fault in fault::catalogue() {
        // Those of single requests come twice each; once is enough here.
        if fault.group == Group::Request && fault.name.contains('%') {
            continue;
        }
        if last == Some(fault.group) {
            text.push_str(", ");
        } else {
            text.push_str(&format!("\n  {}: ", title(fault.group)));
            last = Some(fault.group);
        }
        text.push_str(&fault.name);
    }
    text.push_str(" (each also with %P: that percentage of all requests)\n");
    text
}

fn title(group: Group) -> &'static str {
    match group {
        Group::Scan => "the scan and its list",
        Group::Operator => "hands of operators",
        Group::Host => "the machine",
        Group::Clock => "clocks and calendars",
        Group::Process => "the process",
        Group::Venue => "account and market",
        Group::Stream => "the account's stream",
        Group::Request => "single requests",
    }
}
