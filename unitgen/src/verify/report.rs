//! What was verified, as people and as programs read it.

use serde::Serialize;

use super::{Finding, Note, Outcome};

/// The version of the JSON that `--json` prints.
const SCHEMA_VERSION: u32 = 1;

/// One deployment, and what was found about it.
#[derive(Debug)]
pub struct Verified {
    /// Its name.
    pub deployment: String,
    /// The manifest that it was held against.
    pub manifest: String,
    /// How many files were compared.
    pub files: usize,
    /// What was found.
    pub outcome: Outcome,
}

/// Everything that was verified.
#[derive(Debug)]
pub struct Report(pub Vec<Verified>);

#[derive(Serialize)]
struct Json<'a> {
    schema_version: u32,
    ok: bool,
    deployments: Vec<Deployment<'a>>,
    findings: Vec<Found<'a>>,
    notes: Vec<&'a Note>,
}

#[derive(Serialize)]
struct Deployment<'a> {
    name: &'a str,
    manifest: &'a str,
    files: usize,
}

#[derive(Serialize)]
struct Found<'a> {
    deployment: &'a str,
    code: &'static str,
    unit: &'a str,
    file: &'a str,
    says: &'a str,
    meaning: &'static str,
    remedy: &'static str,
}

impl Report {
    /// Whether everything is as the manifests have it.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.0.iter().all(|verified| verified.outcome.findings.is_empty())
    }

    /// The JSON text, one line.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        let all = self.0.iter().flat_map(|one| one.outcome.findings.iter().map(move |finding| (one, finding)));
        let findings = all.map(|(verified, finding)| Found {
            deployment: &verified.deployment,
            code: finding.code.as_str(),
            unit: &finding.unit,
            file: &finding.file,
            says: &finding.says,
            meaning: finding.code.meaning(),
            remedy: finding.code.remedy(),
        });
        let deployments = self.0.iter().map(|verified| Deployment {
            name: &verified.deployment,
            manifest: &verified.manifest,
            files: verified.files,
        });
        let json = Json {
            schema_version: SCHEMA_VERSION,
            ok: self.is_ok(),
            deployments: deployments.collect(),
            findings: findings.collect(),
            notes: self.0.iter().flat_map(|verified| &verified.outcome.notes).collect(),
        };
        serde_json::to_string(&json).expect("texts and numbers are always JSON")
    }

    /// A line for each finding with what it means and what to do, then one for each deployment.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for Verified { deployment, manifest, files, outcome } in &self.0 {
            for Finding { code, unit, file, says } in &outcome.findings {
                let (name, meaning, remedy) = (code.as_str(), code.meaning(), code.remedy());
                text += &format!("lost[{name}]: {file}: {says}\n  {unit}: {meaning}\n  help: {remedy}\n");
            }
            text += &match outcome.findings.len() {
                0 => format!("{deployment}: {files} files are what {manifest} renders; nothing is lost\n"),
                1 => format!("{deployment}: 1 guardrail of {manifest} is lost\n"),
                many => format!("{deployment}: {many} guardrails of {manifest} are lost\n"),
            };
        }
        text
    }
}
