//! Is what a generator made what comes of our file? Compared by what it says: the generator's order of options is another at
//! each run, and what it adds by itself depends on its version.

use crate::{
    guardrails::{Assignment, assignments, redacted},
    targets::run::Run,
    unit::words,
};

/// What generators add by themselves, or leave out, by their version; none of it makes or loses a guardrail.
const OF_GENERATORS: [(&str, &str, &str); 8] = [
    ("Unit", "Wants", "network-online.target"),
    ("Unit", "After", "network-online.target"),
    ("Unit", "SourcePath", ""),
    ("Unit", "RequiresMountsFor", ""),
    ("Service", "Delegate", "yes"),
    ("Service", "SyslogIdentifier", "%N"),
    ("Service", "KillMode", "mixed"),
    ("Service", "Environment", "PODMAN_SYSTEMD_UNIT=%n"),
];

/// What is different, one a line of either; `None` when both say the same.
#[must_use]
pub fn differing(expected: &[u8], found: &[u8]) -> Option<String> {
    let (expected, found) = (assignments("", expected), assignments("", found));
    for section in ["Unit", "Service", "X-Container", "Install"] {
        if let Some(says) = differing_lines(&lines(&expected, section), &lines(&found, section)) {
            return Some(says);
        }
    }
    differing_runs(&expected, &found)
}

/// The file that a generated unit says it comes of.
#[must_use]
pub fn source_path(unit: &[u8]) -> Option<String> {
    let said = assignments("", unit);
    said.iter().find(|said| said.section == "Unit" && said.key == "SourcePath").map(|said| said.value.clone())
}

/// The lines of a section that count, in order.
fn lines(said: &[Assignment], section: &str) -> Vec<String> {
    let of_generator = |said: &&Assignment| {
        let named = |(section, key, value): &(&str, &str, &str)| {
            said.section == *section && said.key == *key && (value.is_empty() || said.value == *value)
        };
        OF_GENERATORS.iter().any(named)
    };
    let counts = |said: &&Assignment| said.section == section && said.key != "ExecStart" && !of_generator(said);
    said.iter().filter(counts).map(Assignment::shown).collect()
}

fn differing_lines(expected: &[String], found: &[String]) -> Option<String> {
    // By key the order counts; between keys it does not, and it is not the same in all versions.
    let sorted = |lines: &[String]| {
        let mut sorted = lines.to_vec();
        sorted.sort_by_key(|line| line.split('=').next().unwrap_or_default().to_owned());
        sorted
    };
    let (expected, found) = (sorted(expected), sorted(found));
    let at = (0..expected.len().max(found.len())).find(|at| expected.get(*at) != found.get(*at))?;
    Some(format!("{}, expected {}", told(found.get(at)), told(expected.get(at))))
}

fn told(line: Option<&String>) -> String {
    line.map_or_else(|| "nothing".to_owned(), |line| format!("{:?}", redacted(line)))
}

fn differing_runs(expected: &[Assignment], found: &[Assignment]) -> Option<String> {
    let starts = |said: &[Assignment]| -> Vec<Vec<String>> {
        said.iter().filter(|said| said.key == "ExecStart").map(|said| words(&said.value)).collect()
    };
    let (expected, found) = (starts(expected), starts(found));
    if expected.len() != found.len() {
        return Some(format!("it runs {} commands, expected {}", found.len(), expected.len()));
    }
    expected.iter().zip(&found).find_map(|(expected, found)| match (Run::read(expected), Run::read(found)) {
        (Ok(expected), Ok(found)) => expected.differing(&found),
        (_, Err(error)) => Some(error),
        (Err(_), Ok(_)) => (expected != found).then(|| "it runs another command".to_owned()),
    })
}
