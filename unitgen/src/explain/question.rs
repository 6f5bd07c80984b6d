//! What somebody wants explained: a unit, a directive of one or of all, or a code that another command printed.

use manifest::nearest;

use super::{Rendered, codes};
use crate::rules::Line;

/// An answer to look up.
#[derive(Debug)]
pub enum Asked<'r> {
    /// Everything of one unit, or of the units of one name: to be told briefly.
    Units(Vec<&'r Line>),
    /// One directive, of one unit or of all: to be told whole.
    Directive(Vec<&'r Line>),
}

/// Finds what is meant by `execution.service`, `execution.service.ExecCondition` or `ExecCondition`; `directive` may stand
/// apart.
///
/// # Errors
/// A text that says what is not there, and what may have been meant.
pub fn ask<'r>(rendered: &'r Rendered, subject: &str, directive: Option<&str>) -> Result<Asked<'r>, String> {
    let units = rendered.units();
    if let Some(directive) = directive {
        return of_unit(rendered, &units, subject, directive);
    }
    let named = lines_of(rendered, &units, subject);
    if !named.is_empty() {
        return Ok(Asked::Units(named));
    }
    let everywhere = with_directive(rendered.lines().iter(), subject);
    if !everywhere.is_empty() {
        return Ok(Asked::Directive(everywhere));
    }
    match subject.rsplit_once('.') {
        Some((unit, directive))
            if directive.starts_with(|first: char| first.is_ascii_uppercase()) || is_unit(&units, unit) =>
        {
            of_unit(rendered, &units, unit, directive)
        }
        Some(_) | None => Err(nothing_of(rendered, &units, subject)),
    }
}

fn of_unit<'r>(rendered: &'r Rendered, units: &[&str], unit: &str, directive: &str) -> Result<Asked<'r>, String> {
    let lines = lines_of(rendered, units, unit);
    if lines.is_empty() {
        let meant = nearest(unit, units.iter().copied());
        return Err(format!("there is no unit {unit:?}\n  hint: {}", hint(meant, units)));
    }
    let known: Vec<&str> = lines.iter().map(|line| line.key.as_str()).collect();
    let found = with_directive(lines.iter().copied(), directive);
    if !found.is_empty() {
        return Ok(Asked::Directive(found));
    }
    let hint = match nearest(directive, known.iter().copied()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("`unitgen explain {unit}` lists what it has"),
    };
    Err(format!("{unit} has no {directive:?}\n  hint: {hint}"))
}

/// The lines of a unit, or of every unit of a name without its kind.
fn lines_of<'r>(rendered: &'r Rendered, units: &[&str], name: &str) -> Vec<&'r Line> {
    let meant: Vec<&str> = units.iter().copied().filter(|unit| is_called(unit, name)).collect();
    rendered.lines().iter().filter(|line| meant.contains(&rendered.unit_of(line))).collect()
}

fn is_unit(units: &[&str], name: &str) -> bool {
    units.iter().any(|unit| is_called(unit, name))
}

/// By its whole name, by its name without the kind, or, of a file that is no unit, by its folder.
fn is_called(unit: &str, name: &str) -> bool {
    let stem = unit.rsplit_once('.').map_or(unit, |(stem, _)| stem);
    let folder = unit.split_once('/').map(|(folder, _)| folder);
    unit == name || stem == name || folder == Some(name)
}

/// Also by the name of an environment variable or a credential.
fn with_directive<'r>(lines: impl Iterator<Item = &'r Line>, directive: &str) -> Vec<&'r Line> {
    let directive = directive.trim_end_matches('=');
    let is_named = |line: &&Line| {
        let name = line.value.trim_start_matches('"').split(['=', ':']).next();
        let has_names =
            line.key == "Environment" || line.key.ends_with("Credential") || line.key.ends_with("CredentialEncrypted");
        line.key.eq_ignore_ascii_case(directive) || (has_names && name == Some(directive))
    };
    lines.filter(is_named).collect()
}

fn nothing_of(rendered: &Rendered, units: &[&str], subject: &str) -> String {
    let directives = rendered.lines().iter().map(|line| line.key.as_str());
    let codes = codes::all().map(|code| code.code);
    let meant = nearest(subject, units.iter().copied().chain(directives).chain(codes));
    format!("nothing is called {subject:?}: no unit, directive or code\n  hint: {}", hint(meant, units))
}

fn hint(meant: Option<&str>, units: &[&str]) -> String {
    match meant {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("there are {}", units.join(", ")),
    }
}
