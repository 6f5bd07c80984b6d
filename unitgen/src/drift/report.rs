//! What drifted, as people and as programs read it.

use serde::Serialize;

use super::{Finding, Outcome};
use crate::{diff::Turn, verify::Note};

/// The version of the JSON that `--json` prints.
const SCHEMA_VERSION: u32 = 1;

/// One deployment, and what drifted of it.
#[derive(Clone, Debug)]
pub struct Drifted {
    /// Its name.
    pub deployment: String,
    /// The manifest that it was held against.
    pub manifest: String,
    /// How many units it has.
    pub units: usize,
    /// What was found.
    pub outcome: Outcome,
}

/// Everything that was looked at.
#[derive(Clone, Debug)]
pub struct Report(pub Vec<Drifted>);

#[derive(Serialize)]
struct Json<'a> {
    schema_version: u32,
    ok: bool,
    deployments: Vec<Deployment<'a>>,
}

#[derive(Serialize)]
struct Deployment<'a> {
    name: &'a str,
    manifest: &'a str,
    units: usize,
    properties: usize,
    findings: &'a [Finding],
    guardrails_lost: &'a [Turn],
    #[serde(skip_serializing_if = "Option::is_none")]
    unanswered: Option<&'a str>,
    notes: &'a [Note],
}

impl Report {
    /// Whether nothing drifted.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.0.iter().all(|drifted| drifted.outcome.is_clean())
    }

    /// Whether systemd was asked and did not answer.
    #[must_use]
    pub fn is_unanswered(&self) -> bool {
        self.0.iter().any(|drifted| drifted.outcome.unanswered.is_some())
    }

    /// The JSON text, one line.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        let deployments = self.0.iter().map(|drifted| Deployment {
            name: &drifted.deployment,
            manifest: &drifted.manifest,
            units: drifted.units,
            properties: drifted.outcome.compared,
            findings: &drifted.outcome.findings,
            guardrails_lost: &drifted.outcome.lost,
            unanswered: drifted.outcome.unanswered.as_deref(),
            notes: &drifted.outcome.notes,
        });
        let json = Json { schema_version: SCHEMA_VERSION, ok: self.is_ok(), deployments: deployments.collect() };
        serde_json::to_string(&json).expect("texts and numbers are always JSON")
    }

    /// Guardrails that are lost, then each finding with what it means and what to do, then a line for each deployment.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Drifted { deployment, manifest, units, outcome } in &self.0 {
            for Turn { unit, guardrail, without, after, .. } in &outcome.lost {
                text += &format!("lost: {unit} {guardrail}: {after}\n  {without}\n");
            }
            for Finding { look, code, unit, subject, says, meaning, remedy, .. } in &outcome.findings {
                let subject = if subject.is_empty() { String::new() } else { format!(" {subject}") };
                text += &format!("drift[{code}]: {unit}{subject}: {says}\n  {look}: {meaning}\n  help: {remedy}\n");
            }
            if outcome.unanswered.is_some() {
                text += &format!("{deployment}: systemd does not answer, so nothing but files was looked at\n");
                continue;
            }
            let properties = outcome.compared;
            text += &match outcome.findings.len() + outcome.lost.len() {
                0 => format!(
                    "{deployment}: {units} units and {properties} properties that systemd has loaded are those of {manifest}\n"
                ),
                1 => format!("{deployment}: 1 thing is not as {manifest} has it\n"),
                many => format!("{deployment}: {many} things are not as {manifest} has them\n"),
            };
        }
        text
    }
}
