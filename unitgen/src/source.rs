//! A manifest's file: its bytes, what they say, and their digest.

use std::{
    fs,
    io::{self, Read},
    path::Path,
};

use manifest::{Accepted, Catalogue, Deployment, Problem, Rejected, SIZE_MAX, Severity};

use crate::environment;

/// A manifest that may be rendered.
#[derive(Debug)]
pub struct Checked {
    /// What it says.
    pub deployment: Deployment,
    /// What is worth a look.
    pub warnings: Vec<Problem>,
    /// `sha256:` and the file's digest in hex.
    pub digest: String,
}

/// Reads a file; one byte more than a manifest may have, so that a larger one is noticed and never swallowed whole.
///
/// # Errors
/// When the file cannot be read.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(SIZE_MAX as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Checks a manifest: the language, and the environment variables against the programs that read them.
///
/// # Errors
/// Every problem, in the order of the file.
pub fn check(bytes: &[u8]) -> Result<Checked, Vec<Problem>> {
    check_with(bytes, &Catalogue::released())
}

/// The same of a manifest that may name what the catalogue contains, of releases to come too. No command line leads here.
///
/// # Errors
/// Every problem, in the order of the file.
pub fn check_with(bytes: &[u8], catalogue: &Catalogue) -> Result<Checked, Vec<Problem>> {
    let (deployment, mut problems, settings) = match manifest::read_with(bytes, catalogue) {
        Ok(Accepted { deployment, warnings, settings }) => (Some(deployment), warnings, settings),
        Err(Rejected { problems, settings }) => (None, problems, settings),
    };
    problems.extend(environment::check(&settings));
    problems.sort_by_key(|problem| problem.span.start);
    match deployment {
        Some(deployment) if problems.iter().all(|problem| problem.severity == Severity::Warning) => {
            Ok(Checked { deployment, warnings: problems, digest: format!("sha256:{}", contract::sha256_hex(bytes)) })
        }
        Some(_) | None => Err(problems),
    }
}
