//! A manifest's problems as people and as programs read them.

use std::path::Path;

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use manifest::{Problem, Severity};
use serde::Serialize;

use crate::{
    host::Trouble,
    targets::{Note, Refused},
};

/// The version of the JSON that `--json` prints.
pub const SCHEMA_VERSION: u32 = 1;

/// So many problems are shown to people: who mends these sees the next ones.
const SHOWN_MAX: usize = 50;
/// And so many to programs.
const REPORTED_MAX: usize = 1_000;

/// What `--json` prints.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    schema_version: u32,
    manifest: String,
    ok: bool,
    problems: Vec<ReportedProblem<'a>>,
    /// How many more there are.
    #[serde(skip_serializing_if = "is_zero")]
    problems_left_out: usize,
    /// What `render` did or, with `--check`, would do.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<&'a crate::output::Changes>,
    /// What the host lacks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    host: Vec<ReportedTrouble<'a>>,
    /// What the target cannot hold, and what was replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<ReportedNote>,
    /// Why the target cannot run it.
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<ReportedRefusal>,
}

#[derive(Debug, Serialize)]
struct ReportedNote {
    code: &'static str,
    says: String,
}

#[derive(Debug, Serialize)]
struct ReportedRefusal {
    says: String,
    remedy: &'static str,
}

#[derive(Debug, Serialize)]
struct ReportedTrouble<'a> {
    code: &'static str,
    subject: &'a str,
    says: &'a str,
    remedy: &'static str,
}

#[derive(Debug, Serialize)]
struct ReportedProblem<'a> {
    severity: &'static str,
    code: &'static str,
    message: &'a str,
    hint: Option<&'a str>,
    line: usize,
    column: usize,
    span: [usize; 2],
}

impl<'a> Report<'a> {
    /// A report of these problems.
    #[must_use]
    pub fn new(path: &Path, source: &[u8], problems: &'a [Problem]) -> Self {
        let (first, left_out) = most_urgent(problems, REPORTED_MAX);
        let lines = Lines::of(source);
        let reported = first.into_iter().map(|problem| {
            let (line, column) = lines.position(problem.span.start);
            ReportedProblem {
                severity: severity_text(problem.severity),
                code: problem.code.as_str(),
                message: &problem.message,
                hint: problem.hint.as_deref(),
                line,
                column,
                span: [problem.span.start, problem.span.end],
            }
        });
        let ok = problems.iter().all(|problem| problem.severity == Severity::Warning);
        let manifest = path.display().to_string();
        Self {
            schema_version: SCHEMA_VERSION,
            manifest,
            ok,
            problems: reported.collect(),
            problems_left_out: left_out,
            output: None,
            host: Vec::new(),
            notes: Vec::new(),
            refused: None,
        }
    }

    /// The same with what a render has to say of its target.
    #[must_use]
    pub fn with_notes(self, notes: &[Note]) -> Self {
        let notes = notes.iter().map(|note| ReportedNote { code: note.code(), says: note.to_string() }).collect();
        Self { notes, ..self }
    }

    /// The same with why nothing is rendered; then it is not well.
    #[must_use]
    pub fn with_refusal(self, refused: &Refused) -> Self {
        let refusal = ReportedRefusal { says: refused.to_string(), remedy: refused.hint() };
        Self { ok: false, refused: Some(refusal), ..self }
    }

    /// The same with what became of the output directory.
    #[must_use]
    pub fn with_output(self, output: &'a crate::output::Changes) -> Self {
        Self { output: Some(output), ..self }
    }

    /// The same with what the host lacks; then it is not well.
    #[must_use]
    pub fn with_host(self, troubles: &'a [Trouble]) -> Self {
        let reported = troubles.iter().map(|trouble| ReportedTrouble {
            code: trouble.kind.as_str(),
            subject: &trouble.subject,
            says: &trouble.says,
            remedy: trouble.kind.remedy(),
        });
        Self { ok: self.ok && troubles.is_empty(), host: reported.collect(), ..self }
    }

    /// The JSON text, one line.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).expect("texts and numbers are always JSON")
    }
}

/// Problems with the lines of the file they are about, and how many there are.
#[must_use]
pub fn human(path: &Path, source: &[u8], problems: &[Problem], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let path = path.display().to_string();
    let text = String::from_utf8_lossy(source);
    let mut out = String::new();
    let (first, left_out) = most_urgent(problems, SHOWN_MAX);
    for problem in first {
        out += &renderer.render(&[group(problem, &path, &text)]);
        out += "\n\n";
    }
    if left_out > 0 {
        out += &format!("{left_out} more are not shown: mend these first\n");
    }
    let count = |severity, one: &str| match problems.iter().filter(|problem| problem.severity == severity).count() {
        0 => None,
        1 => Some(format!("1 {one}")),
        many => Some(format!("{many} {one}s")),
    };
    let counts = [count(Severity::Error, "error"), count(Severity::Warning, "warning")];
    let counts: Vec<String> = counts.into_iter().flatten().collect();
    if !counts.is_empty() {
        out += &format!("{path}: {}\n", counts.join(", "));
    }
    out
}

fn group<'a>(problem: &'a Problem, path: &'a str, text: &'a str) -> Group<'a> {
    let level = match problem.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(problem.message.as_str()).id(problem.code.as_str());
    let shown = text.len() <= manifest::SIZE_MAX && text.get(problem.span.clone()).is_some();
    let group = if shown {
        title.element(Snippet::source(text).path(path).annotation(AnnotationKind::Primary.span(problem.span.clone())))
    } else {
        title.element(Origin::path(path))
    };
    match &problem.hint {
        Some(hint) => group.element(Level::HELP.message(hint.as_str())),
        None => group,
    }
}

fn severity_text(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The first so many in the order of the file, errors before warnings where not all fit; and how many that leaves out.
fn most_urgent(problems: &[Problem], max: usize) -> (Vec<&Problem>, usize) {
    let mut chosen: Vec<&Problem> = problems.iter().collect();
    if chosen.len() > max {
        chosen.sort_by_key(|problem| problem.severity != Severity::Error);
        chosen.truncate(max);
        chosen.sort_by_key(|problem| problem.span.start);
    }
    let left_out = problems.len() - chosen.len();
    (chosen, left_out)
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Line and column (in characters), both from 1.
pub(crate) fn position(source: &[u8], at: usize) -> (usize, usize) {
    Lines::of(source).position(at)
}

/// Where the lines of a file begin.
struct Lines<'a> {
    source: &'a [u8],
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(source: &'a [u8]) -> Self {
        let behind_newlines = source.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
        Self { source, starts: std::iter::once(0).chain(behind_newlines).collect() }
    }

    fn position(&self, at: usize) -> (usize, usize) {
        let at = at.min(self.source.len());
        let line = self.starts.partition_point(|start| *start <= at);
        let before = &self.source[self.starts[line - 1]..at];
        (line, String::from_utf8_lossy(before).chars().count() + 1)
    }
}
