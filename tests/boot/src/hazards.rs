//! The table of hazards, read out of the scenarios `hazards_*.sh` that prove every line of it.
//!
//! `hazard NAME 'DOCUMENT' 'WHAT'` begins one; `bites 'CLAIM' COMMAND`, `bites_on 12 'CLAIM' COMMAND` and
//! `ours 'CLAIM' COMMAND` are claims about it. A claim stands in single quotes on one line, with what proves it behind it.

use std::{collections::BTreeSet, fmt::Write as _, fs, path::Path};

use anyhow::{Context, bail, ensure};

const HEAD: &str = "# Hazards

Made by `UPDATE_DOCS=1 cargo test -p boot --test hazards` of `tests/boot/scenarios/hazards_*.sh`; a test fails when it is stale.

What the documents of the systems before this one had installed, and what went wrong with it or would have. Every line is run:
the scenario lays down their units (with stand-ins for their programs), shows that each hazard bites under the systemd of
Debian 12 (252) and of Debian 13 (257), and then that what is installed here does not let it. A dash stands where no document
has it, but a hand that repairs one easily would.
";

/// One hazard.
#[derive(Debug, Default, PartialEq, Eq)]
struct Hazard {
    name: String,
    document: String,
    what: String,
    bites: Vec<String>,
    ours: Vec<String>,
}

/// The page.
///
/// # Errors
/// When a scenario cannot be read, or a hazard lacks what is needed; names the line.
pub fn page(scenarios: &Path) -> anyhow::Result<String> {
    let entries = fs::read_dir(scenarios).with_context(|| format!("{}", scenarios.display()))?;
    let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("hazards_")));
    paths.sort();
    let mut page = HEAD.to_owned();
    let mut names = BTreeSet::new();
    for path in paths {
        let text = fs::read_to_string(&path).with_context(|| format!("{}", path.display()))?;
        let hazards = hazards(&text).with_context(|| format!("{}", path.display()))?;
        let about = text.lines().find_map(|line| line.strip_prefix("#: about ")).context("no `#: about`")?;
        writeln!(page, "\n## {}\n\n| hazard | stands in | bites | ours |\n|---|---|---|---|", sentence(about))?;
        for hazard in hazards {
            ensure!(names.insert(hazard.name.clone()), "two hazards are called {}", hazard.name);
            let Hazard { name, document, what, bites, ours } = hazard;
            writeln!(page, "| **{name}**: {what} | {document} | {} | {} |", bites.join("; "), ours.join("; "))?;
        }
    }
    Ok(page)
}

fn sentence(about: &str) -> String {
    let mut letters = about.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn hazards(text: &str) -> anyhow::Result<Vec<Hazard>> {
    let mut all: Vec<Hazard> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        read(&mut all, line).with_context(|| format!("line {}: {line}", number + 1))?;
    }
    for hazard in &all {
        ensure!(!hazard.bites.is_empty(), "{} is not shown to bite", hazard.name);
        ensure!(!hazard.ours.is_empty(), "nothing is shown of ours against {}", hazard.name);
    }
    ensure!(!all.is_empty(), "no hazard");
    Ok(all)
}

fn read(all: &mut Vec<Hazard>, line: &str) -> anyhow::Result<()> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    if word == "hazard" {
        let (name, rest) = rest.split_once(' ').context("a name, a document, a description")?;
        let (document, rest) = quoted(rest)?;
        let (what, rest) = quoted(rest)?;
        ensure!(rest.is_empty(), "more than a description");
        all.push(Hazard { name: name.to_owned(), document, what, ..Hazard::default() });
        return Ok(());
    }
    let (rest, host) = match word {
        "bites" | "ours" => (rest, ""),
        "bites_on" => match rest.split_once(' ') {
            Some(("12", rest)) => (rest, "on 12: "),
            Some(("13", rest)) => (rest, "on 13: "),
            _ => bail!("12 or 13"),
        },
        _ => return Ok(()),
    };
    let (claim, command) = quoted(rest)?;
    ensure!(!command.is_empty(), "nothing proves it");
    let hazard = all.last_mut().context("a claim about no hazard")?;
    let claims = if word == "ours" { &mut hazard.ours } else { &mut hazard.bites };
    claims.push(format!("{host}{claim}"));
    Ok(())
}

/// A text in single quotes as a cell of a table, and what follows it.
fn quoted(text: &str) -> anyhow::Result<(String, &str)> {
    let (quoted, rest) = text
        .strip_prefix('\'')
        .and_then(|text| text.split_once('\''))
        .context("a text in single quotes, on one line")?;
    Ok((quoted.replace('|', "\\|"), rest.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_are_read_with_their_proofs() {
        let text = "hazard storm 'a document' 'a | gate'\nbites 'five | times' ran gate 5\nbites_on 13 'once' ran gate 1\n\
            \x20   bites 'not at the beginning of a line' x\nours 'refuses once' stays_out 1\n";
        let expect = Hazard {
            name: "storm".to_owned(),
            document: "a document".to_owned(),
            what: "a \\| gate".to_owned(),
            bites: vec!["five \\| times".to_owned(), "on 13: once".to_owned()],
            ours: vec!["refuses once".to_owned()],
        };
        assert_eq!(hazards(text).unwrap(), [expect]);
    }

    #[test]
    fn a_claim_without_proof_or_hazard_is_refused() {
        for (text, expect) in [
            ("hazard a 'b' 'c'\nbites 'd'\nours 'e' f\n", "nothing proves it"),
            ("hazard a 'b' 'c'\nbites 'd' e\n", "nothing is shown of ours against a"),
            ("hazard a 'b' 'c'\nours 'd' e\n", "a is not shown to bite"),
            ("bites 'd' e\n", "a claim about no hazard"),
            ("hazard a 'b' 'c'\nbites_on 11 'd' e\n", "12 or 13"),
            ("hazard a \"b\" 'c'\n", "single quotes"),
            ("true\n", "no hazard"),
        ] {
            let error = hazards(text).unwrap_err();
            assert!(format!("{error:#}").contains(expect), "{error:#}");
        }
    }
}
