//! Explanations and codes as programs read them: one line, version 1.

use serde::Serialize;

use super::{Explanation, codes::Explained, text::Manifest};
use crate::{
    problems::{SCHEMA_VERSION, position},
    rules::Follows,
};

#[derive(Serialize)]
struct Answer<'a> {
    schema_version: u32,
    manifest: &'a str,
    explanations: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    unit: &'a str,
    section: &'a str,
    directive: &'a str,
    rule: Option<&'a str>,
    purpose: Option<&'a str>,
    page: Option<&'a str>,
    measured: Option<&'a str>,
    incident: Option<&'a str>,
    /// Whose policy it is, when it follows from no key.
    policy: Option<&'a str>,
    follows: Vec<Key<'a>>,
    lines: Vec<Rendered<'a>>,
}

#[derive(Serialize)]
struct Key<'a> {
    key: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    text: Option<&'a str>,
    default: Option<&'a str>,
}

#[derive(Serialize)]
struct Rendered<'a> {
    file: &'a str,
    line: usize,
    text: String,
}

#[derive(Serialize)]
struct Codes<'a> {
    schema_version: u32,
    codes: Vec<Code<'a>>,
}

#[derive(Serialize)]
struct Code<'a> {
    code: &'a str,
    told_by: &'a str,
    meaning: &'a str,
    remedy: &'a str,
}

/// Explanations of a manifest's lines.
///
/// # Panics
/// Never: everything in it is a text or a number.
#[must_use]
pub fn answer_to_json(manifest: &Manifest<'_>, explanations: &[Explanation<'_>]) -> String {
    let explanations = explanations.iter().map(|explanation| told(manifest, explanation)).collect();
    let answer = Answer { schema_version: SCHEMA_VERSION, manifest: manifest.path, explanations };
    serde_json::to_string(&answer).expect("texts and numbers are always JSON")
}

fn told<'a>(manifest: &Manifest<'a>, explanation: &'a Explanation<'_>) -> Told<'a> {
    let rule = explanation.rule;
    let follows = explanation.follows.iter().map(|followed| {
        let at = followed.place.as_ref().map(|place| position(manifest.text.as_bytes(), place.key.start));
        Key {
            key: &followed.key,
            line: at.map(|(line, _)| line),
            column: at.map(|(_, column)| column),
            text: followed.place.as_ref().and_then(|place| manifest.text.get(place.key.start..place.value.end)),
            default: followed.default,
        }
    });
    let rendered = |line: &&'a crate::rules::Line| Rendered {
        file: &line.file,
        line: line.number,
        text: format!("{}={}", line.key, line.value),
    };
    Told {
        unit: explanation.unit,
        section: explanation.section,
        directive: explanation.directive,
        rule: rule.map(|rule| rule.id),
        purpose: rule.map(|rule| rule.purpose),
        page: rule.map(|rule| rule.page),
        measured: rule.and_then(|rule| rule.measured),
        incident: rule.and_then(|rule| rule.incident),
        policy: rule.and_then(|rule| match rule.follows {
            Follows::Policy(whose) => Some(whose),
            Follows::Keys(_) => None,
        }),
        follows: follows.collect(),
        lines: explanation.lines.iter().map(rendered).collect(),
    }
}

/// Codes with their meanings.
///
/// # Panics
/// Never: everything in it is a text or a number.
#[must_use]
pub fn codes_to_json(explained: &[Explained]) -> String {
    let codes = Codes { schema_version: SCHEMA_VERSION, codes: explained.iter().map(told_of_code).collect() };
    serde_json::to_string(&codes).expect("texts and numbers are always JSON")
}

fn told_of_code(explained: &Explained) -> Code<'_> {
    let Explained { code, told_by, meaning, remedy } = explained;
    Code { code, told_by, meaning, remedy }
}
