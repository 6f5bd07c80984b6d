//! A day again: the arguments that say all of it, and whether the second time was the same.

use std::{fs, path::Path};

use anyhow::{Context, anyhow};
use contract::ExitCode;
use serde_json::Value;

use crate::{DayArguments, day::Speed, rehearsal::Document};

/// Differences shown of a day that was another.
const SHOWN: usize = 5;

/// The arguments of `rehearse` that run this day again: everything but where to keep, draw and print it.
pub fn arguments(said: &DayArguments, manifest: &Path) -> Vec<String> {
    let mut words = vec!["day".to_owned(), manifest.display().to_string()];
    let mut option = |name: &str, value: Option<String>| words.extend(value.map(|value| format!("--{name}={value}")));
    option("session", said.session.map(|date| date.to_string()));
    option("bars", said.bars.as_ref().map(|path| path.display().to_string()));
    option("universe", said.universe.as_ref().map(|path| path.display().to_string()));
    for fault in &said.faults {
        option("fault", Some(fault.to_string()));
    }
    option("until", said.until.map(|time| time.format("%H:%M").to_string()));
    option("speed", if let Speed::Times(times) = said.speed { Some(times.to_string()) } else { None });
    option("seed", Some(said.seed.to_string()));
    option("programs", said.programs.as_ref().map(|path| path.display().to_string()));
    words
}

/// The same for a shell.
pub fn command(arguments: &[String]) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@%,+".contains(c);
    let quoted = arguments.iter().map(|word| {
        if word.chars().all(is_plain) { word.clone() } else { format!("'{}'", word.replace('\'', "'\\''")) }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

/// Runs a kept day again; whether requests and sum are the same.
pub fn replay(path: &Path, run: impl FnOnce(Vec<String>) -> anyhow::Result<Document>) -> anyhow::Result<bool> {
    let file = if path.is_dir() { path.join("day.json") } else { path.to_owned() };
    let read = || -> anyhow::Result<(Value, Vec<String>)> {
        let before: Value = serde_json::from_slice(&fs::read(&file)?)?;
        let arguments = serde_json::from_value(before["arguments"].clone()).context("it names no arguments")?;
        Ok((before, arguments))
    };
    let (before, arguments) = read().with_context(|| format!("{}", file.display())).context(ExitCode::BadData)?;
    if arguments.first().is_none_or(|word| word != "day") {
        return Err(anyhow!("{} is the document of no day", file.display()).context(ExitCode::BadData));
    }
    println!("again: rehearse {}", command(&arguments));
    let after = serde_json::to_value(run(arguments)?)?;
    let mut same = true;
    let parts = [
        ("requests", differences(&by_writes(&before["requests"]), &by_writes(&after["requests"]))),
        ("timeline", differences(&list(&before["timeline"]), &list(&after["timeline"]))),
    ];
    for (part, differences) in parts {
        same &= differences.is_empty();
        for line in differences.iter().take(SHOWN) {
            println!("{part} {line}");
        }
    }
    if before["summary"] != after["summary"] {
        same = false;
        println!("the sums differ: {} and {}", before["summary"]["verdict"], after["summary"]["verdict"]);
    }
    let count = after["requests"].as_array().map_or(0, Vec::len);
    println!(
        "{}: {count} requests, {}",
        if same { "the same day" } else { "ANOTHER DAY" },
        after["summary"]["verdict"]
    );
    Ok(same)
}

fn list(part: &Value) -> Vec<&Value> {
    part.as_array().map(|list| list.iter().collect()).unwrap_or_default()
}

/// Requests in an order of their own: what is read at once (the account on one connection, candles on another) comes to the
/// venue in any order, so reads between two writes are sorted. Writes stay where they are.
fn by_writes(requests: &Value) -> Vec<&Value> {
    let mut requests = list(requests);
    let is_read = |request: &Value| request.as_str().is_some_and(|text| text.starts_with("GET "));
    for reads in requests.chunk_by_mut(|one, next| is_read(one) && is_read(next)) {
        reads.sort_by_key(|request| request.as_str());
    }
    requests
}

fn differences(before: &[&Value], after: &[&Value]) -> Vec<String> {
    let longest = before.len().max(after.len());
    let null = &Value::Null;
    let pair = |at: usize| (*before.get(at).unwrap_or(&null), *after.get(at).unwrap_or(&null));
    let differs = (0..longest).map(|at| (at, pair(at))).filter(|(_, (before, after))| before != after);
    differs.map(|(at, (before, after))| format!("{}: {before} was, {after} is", at + 1)).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_command_is_quoted_for_a_shell_where_it_must_be() {
        let words = ["day", "a b.toml", "--fault=kill@fsync:3,writev:1", "--seed=8"].map(str::to_owned);
        assert_eq!(command(&words), "day 'a b.toml' --fault=kill@fsync:3,writev:1 --seed=8");
    }

    #[test]
    fn what_differs_is_shown_by_its_place() {
        let (one, two) = (json!(["a"]), json!(["a", "b"]));
        assert_eq!(differences(&list(&one), &list(&one)), [""; 0]);
        assert_eq!(differences(&list(&two), &list(&one)), ["2: \"b\" was, null is"]);
    }

    #[test]
    fn reads_between_two_writes_come_in_any_order_and_writes_in_theirs() {
        for (before, after, same) in [
            (json!(["GET /a", "GET /b", "POST /o"]), json!(["GET /b", "GET /a", "POST /o"]), true),
            (json!(["GET /a", "POST /o", "GET /b"]), json!(["GET /b", "POST /o", "GET /a"]), false),
            (json!(["POST /o", "DELETE /o"]), json!(["DELETE /o", "POST /o"]), false),
            (json!(["GET /a", "GET /a"]), json!(["GET /a", "GET /b"]), false),
        ] {
            assert_eq!(differences(&by_writes(&before), &by_writes(&after)).is_empty(), same, "{before} {after}");
        }
    }
}
