//! What takes each guardrail away: read from the scenario that boots it, so that what is said here and what a running systemd
//! does are of the same drop-ins.

use std::fs;

use unitgen::guardrails::Guardrail;

/// A guardrail and the text that takes it away.
#[derive(Clone, Debug)]
pub struct Loss {
    pub guardrail: Guardrail,
    /// The unit that the text belongs to.
    pub unit: String,
    /// The property by which a running systemd shows it, if it shows it.
    pub property: Option<String>,
    pub text: String,
}

impl Loss {
    /// The unit whose guardrail it is: a timer that requires its service takes the service's.
    pub fn judged(&self) -> &str {
        if self.guardrail == Guardrail::SingleStart { "scan.service" } else { &self.unit }
    }

    pub fn kind(&self) -> &str {
        self.unit.rsplit_once('.').unwrap().1
    }

    /// The assignments, for a page.
    pub fn says(&self) -> String {
        let lines: Vec<&str> = self.text.lines().filter(|line| !line.starts_with('[')).collect();
        lines.join(" ")
    }
}

/// Lines `lose GUARDRAIL UNIT PROPERTY <<'U'` and what follows up to `U`.
pub fn losses() -> Vec<Loss> {
    let script = fs::read_to_string("../tests/boot/scenarios/guardrails.sh").unwrap();
    let mut lines = script.lines();
    let mut losses = Vec::new();
    while let Some(line) = lines.next() {
        let Some(words) = line.strip_prefix("lose ").and_then(|rest| rest.strip_suffix(" <<'U'")) else { continue };
        let words: Vec<&str> = words.split(' ').collect();
        let guardrail = Guardrail::ALL.into_iter().find(|guardrail| guardrail.id() == words[0]);
        losses.push(Loss {
            guardrail: guardrail.unwrap_or_else(|| panic!("{} is no guardrail", words[0])),
            unit: words[1].to_owned(),
            property: (words[2] != "-").then(|| words[2].to_owned()),
            text: lines.by_ref().take_while(|line| *line != "U").map(|line| format!("{line}\n")).collect(),
        });
    }
    losses
}
