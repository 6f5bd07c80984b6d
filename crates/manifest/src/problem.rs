//! What is wrong with a manifest: where, why, and what to write instead.

use std::{fmt, ops::Range};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing is rendered.
    Error,
    /// Rendered, and worth a look.
    Warning,
}

/// The kind of a problem; its text is stable and may be matched by tools.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// Not TOML, not UTF-8, or too large to be a manifest.
    Syntax,
    /// A manifest of another version of the language.
    Schema,
    /// A key that the language does not have.
    UnknownKey,
    /// A key that must be there is not.
    MissingKey,
    /// A number where a text belongs, and the like.
    WrongType,
    /// Of the right type, and still no value of this setting.
    BadValue,
    /// Known to the language, but not rendered by this release.
    NotInThisRelease,
    /// A service that places orders lacks what keeps it safe.
    MissingGuardrail,
    /// A setting that would disarm a guardrail.
    DisarmsGuardrail,
    /// A name that nothing in the manifest or the release carries.
    UnknownName,
    /// Two things that must differ are the same.
    Duplicate,
    /// Jobs that start each other in a circle.
    Cycle,
    /// A schedule in the hours that a change of daylight saving skips or repeats.
    DstHour,
    /// A schedule at a time of day that makes no sense for what it starts.
    OutsideSession,
    /// What others than this host can reach.
    Exposed,
    /// What looks like a secret stands where everybody can read it.
    SecretInManifest,
    /// A job that nothing starts.
    NeverRuns,
    /// Declared and not used.
    Unused,
    /// An environment variable that a unit may not set, or that no program reads.
    Environment,
}

impl Code {
    /// Every kind.
    pub const ALL: [Self; 19] = [
        Self::Syntax,
        Self::Schema,
        Self::UnknownKey,
        Self::MissingKey,
        Self::WrongType,
        Self::BadValue,
        Self::NotInThisRelease,
        Self::MissingGuardrail,
        Self::DisarmsGuardrail,
        Self::UnknownName,
        Self::Duplicate,
        Self::Cycle,
        Self::DstHour,
        Self::OutsideSession,
        Self::Exposed,
        Self::SecretInManifest,
        Self::NeverRuns,
        Self::Unused,
        Self::Environment,
    ];

    /// The stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Syntax => "syntax",
            Self::Schema => "schema",
            Self::UnknownKey => "unknown-key",
            Self::MissingKey => "missing-key",
            Self::WrongType => "wrong-type",
            Self::BadValue => "bad-value",
            Self::NotInThisRelease => "not-in-this-release",
            Self::MissingGuardrail => "missing-guardrail",
            Self::DisarmsGuardrail => "disarms-guardrail",
            Self::UnknownName => "unknown-name",
            Self::Duplicate => "duplicate",
            Self::Cycle => "cycle",
            Self::DstHour => "dst-hour",
            Self::OutsideSession => "outside-session",
            Self::Exposed => "exposed",
            Self::SecretInManifest => "secret-in-manifest",
            Self::NeverRuns => "never-runs",
            Self::Unused => "unused",
            Self::Environment => "environment",
        }
    }

    /// Whether it may only be the echo of a syntax error elsewhere: something that is missing may stand in the part that
    /// could not be read.
    pub(crate) fn may_echo_syntax(self) -> bool {
        match self {
            Self::MissingKey
            | Self::MissingGuardrail
            | Self::UnknownName
            | Self::NeverRuns
            | Self::Unused
            | Self::Schema => true,
            Self::Syntax
            | Self::UnknownKey
            | Self::WrongType
            | Self::BadValue
            | Self::NotInThisRelease
            | Self::DisarmsGuardrail
            | Self::Duplicate
            | Self::Cycle
            | Self::DstHour
            | Self::OutsideSession
            | Self::Exposed
            | Self::SecretInManifest
            | Self::Environment => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// One thing wrong with a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// Its kind.
    pub code: Code,
    /// The bytes of the file it is about.
    pub span: Range<usize>,
    /// What is wrong: a fragment in lower case.
    pub message: String,
    /// What to write instead, or which incident the rule prevents.
    pub hint: Option<String>,
}

/// Why an element's text is refused, before anybody knows where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub code: Code,
    pub message: String,
    pub hint: Option<String>,
}

impl Refusal {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), hint: None }
    }

    pub(crate) fn bad_value(message: impl Into<String>) -> Self {
        Self::new(Code::BadValue, message)
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// Problems as they are found, in no particular order.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    pub(crate) fn error(&mut self, span: Range<usize>, refusal: Refusal) {
        self.push(Severity::Error, span, refusal);
    }

    pub(crate) fn warning(&mut self, span: Range<usize>, refusal: Refusal) {
        self.push(Severity::Warning, span, refusal);
    }

    fn push(&mut self, severity: Severity, span: Range<usize>, refusal: Refusal) {
        let Refusal { code, message, hint } = refusal;
        self.0.push(Problem { severity, code, span, message, hint });
    }

    pub(crate) fn has_errors(&self) -> bool {
        self.0.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// In the order of the file.
    pub(crate) fn into_sorted(mut self) -> Vec<Problem> {
        self.0.sort_by(|a, b| {
            (a.span.start, a.span.end, a.code, &a.message).cmp(&(b.span.start, b.span.end, b.code, &b.message))
        });
        self.0.dedup();
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_listed_once() {
        let mut listed: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        listed.sort_unstable();
        listed.dedup();
        // The arms of `as_str`, which the compiler keeps complete.
        let arms = include_str!("problem.rs")
            .lines()
            .filter(|line| line.trim_start().starts_with("Self::") && line.contains("=> \""));
        assert_eq!(arms.count(), listed.len());
    }
}
