//! From bytes to a [`Deployment`], or to everything that is wrong with them.

use std::collections::BTreeSet;

use toml::de::DeTable;

use crate::{
    deployment::{self, Deployment},
    fields::Fields,
    problem::{Code, Problem, Problems, Refusal},
    program::Catalogue,
    wiring::{Setting, Wiring},
};

/// No manifest is larger than this many bytes: thousands of jobs fit.
pub const SIZE_MAX: usize = 1024 * 1024;

/// A manifest that may be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    /// What it says.
    pub deployment: Deployment,
    /// What is worth a look, in the order of the file.
    pub warnings: Vec<Problem>,
    /// Every variable it sets, for whoever knows the programs.
    pub settings: Vec<Setting>,
}

/// A manifest that may not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Everything that is wrong, warnings included, in the order of the file.
    pub problems: Vec<Problem>,
    /// Every variable that could be read, so that its problems can be told along with the others.
    pub settings: Vec<Setting>,
}

/// Reads a manifest, which may name what this release contains.
///
/// # Errors
/// Every problem of the file at once.
pub fn read(bytes: &[u8]) -> Result<Accepted, Rejected> {
    read_with(bytes, &Catalogue::released())
}

/// Reads a manifest, which may name what the catalogue contains.
///
/// # Errors
/// Every problem of the file at once.
pub fn read_with(bytes: &[u8], catalogue: &Catalogue) -> Result<Accepted, Rejected> {
    let mut problems = Problems::default();
    let mut wiring = Wiring::new(catalogue.clone());
    let deployment = match checked_text(bytes) {
        Ok(text) => read_text(text, &mut wiring, &mut problems),
        Err((at, refusal)) => {
            problems.error(at..at, refusal);
            None
        }
    };
    let settings = wiring.settings;
    match deployment {
        Some(deployment) if !problems.has_errors() => {
            Ok(Accepted { deployment, warnings: problems.into_sorted(), settings })
        }
        Some(_) | None => Err(Rejected { problems: problems.into_sorted(), settings }),
    }
}

fn checked_text(bytes: &[u8]) -> Result<&str, (usize, Refusal)> {
    if bytes.len() > SIZE_MAX {
        let message = format!("{} bytes are no manifest; it has at most {SIZE_MAX}", bytes.len());
        return Err((0, Refusal::new(Code::Syntax, message)));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err((0, Refusal::new(Code::Syntax, "the manifest is empty")));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        (at, Refusal::new(Code::Syntax, format!("byte {at} is not UTF-8")).hint("save the file as UTF-8"))
    })
}

fn read_text(text: &str, wiring: &mut Wiring, problems: &mut Problems) -> Option<Deployment> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut found = Problems::default();
    let fields = Fields::new("the manifest", 0..first_line(text), table.get_ref(), deployment::LATER);
    let deployment = Deployment::read(fields, wiring, &mut found);
    if errors.is_empty() {
        *problems = found;
        return deployment;
    }
    let ends: Vec<usize> = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let line_of = |at: usize| ends.partition_point(|end| *end < at);
    let mut broken_lines = BTreeSet::new();
    for error in errors {
        let span = error.span().unwrap_or(0..0);
        broken_lines.insert(line_of(span.start));
        problems.error(span, Refusal::new(Code::Syntax, error.message().to_owned()));
    }
    // The parser goes on behind a syntax error. What it read there is judged too, except where the error itself may be
    // the cause.
    for problem in found.into_sorted() {
        if !problem.code.may_echo_syntax() && !broken_lines.contains(&line_of(problem.span.start)) {
            let Problem { code, message, hint, .. } = problem;
            problems.error(problem.span, Refusal { code, message, hint });
        }
    }
    None
}

/// Where to point when the file as a whole lacks something: its first line.
fn first_line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len()).min(text.len())
}
