//! Guardrails that one side holds and the other does not, and those that are held by something else.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::guardrails::{Guardrail, Units, Verdict, Verdicts, judge, redacted};

/// A guardrail of one unit that is lost, gained or held differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Turn {
    /// The unit.
    pub unit: String,
    /// The guardrail's stable id.
    pub guardrail: &'static str,
    /// What is so without it.
    pub without: &'static str,
    /// What happened once without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incident: Option<&'static str>,
    /// What makes it before; nothing when it is gained.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
    /// What makes it afterwards, or why it is lost.
    pub after: String,
}

/// What becomes of the guardrails.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Turns {
    /// Held before and not afterwards.
    pub lost: Vec<Turn>,
    /// Held afterwards and not before.
    pub gained: Vec<Turn>,
    /// Held both times, by something else.
    pub changed: Vec<Turn>,
}

/// Compares the guardrails of some units of both sides. One that rests on another which turned too is not told.
#[must_use]
pub fn turns(before: &Units, after: &Units, names: &BTreeSet<String>) -> Turns {
    let mut turns = Turns::default();
    for name in names {
        add(&mut turns, name, &judged(before, name), &judged(after, name));
    }
    turns
}

fn judged(units: &Units, name: &str) -> Verdicts {
    if units.get(name).is_some() {
        return judge(units, name);
    }
    [(Guardrail::CanStart, Verdict::Lost("there is no such unit".to_owned()))].into()
}

fn add(turns: &mut Turns, name: &str, before: &Verdicts, after: &Verdicts) {
    let held = |verdicts: &Verdicts, guardrail: Guardrail| match verdicts.get(&guardrail) {
        Some(Verdict::Held(by)) => Some(by.clone()),
        Some(Verdict::Lost(_)) | None => None,
    };
    let turned = |guardrail: Guardrail| held(before, guardrail).is_some() != held(after, guardrail).is_some();
    for guardrail in Guardrail::ALL {
        if guardrail.rests_on().is_some_and(turned) {
            continue;
        }
        let entry = guardrail.entry();
        let turn = |before: String, after: String| Turn {
            unit: name.to_owned(),
            guardrail: entry.id,
            without: entry.without,
            incident: entry.incident,
            before: redacted(&before),
            after: redacted(&after),
        };
        match (held(before, guardrail), held(after, guardrail)) {
            (Some(by), None) => turns.lost.push(turn(by, why(after, guardrail))),
            (None, Some(by)) => turns.gained.push(turn(String::new(), by)),
            (Some(old), Some(new)) if old != new => turns.changed.push(turn(old, new)),
            (Some(_), Some(_)) | (None, None) => {}
        }
    }
}

fn why(verdicts: &Verdicts, guardrail: Guardrail) -> String {
    match verdicts.get(&guardrail) {
        Some(Verdict::Lost(why)) => why.clone(),
        Some(Verdict::Held(_)) | None => "nothing of it is left".to_owned(),
    }
}
