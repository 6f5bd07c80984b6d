//! Explanations as people read them: the manifest's line, the rule, its reasons, the rendered lines.

use annotate_snippets::{Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet};

use super::{Explanation, Followed, Rendered};
use crate::{
    problems::position,
    rules::{Follows, Rule},
};

/// Where longer texts break.
const WIDTH: usize = 96;

/// A manifest's file.
#[derive(Clone, Copy, Debug)]
pub struct Manifest<'m> {
    /// Its path, as it is told.
    pub path: &'m str,
    /// What it says.
    pub text: &'m str,
}

/// Everything about each explanation.
#[must_use]
pub fn whole(manifest: &Manifest<'_>, rendered: &Rendered, explanations: &[Explanation<'_>], colour: bool) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let mut out = String::new();
    for explanation in explanations {
        let mut groups = vec![cause(manifest, explanation)];
        groups.extend(files(rendered, explanation));
        out += &renderer.render(&groups);
        out += "\n\n";
    }
    out
}

/// What it follows from, and why.
fn cause<'a>(manifest: &Manifest<'a>, explanation: &'a Explanation<'_>) -> Group<'a> {
    let name = format!("{}: {}=", explanation.unit, explanation.directive);
    let Some(rule) = explanation.rule else {
        let title = format!("{name} is rendered by no rule of the catalogue");
        return Level::WARNING.primary_title(title).element(Origin::path(manifest.path));
    };
    let marks: Vec<Annotation<'_>> = explanation.follows.iter().filter_map(mark).collect();
    let title = Level::NOTE
        .with_name("explain")
        .primary_title(format!("{name} {}", because(rule, &explanation.follows)))
        .id(rule.id);
    let mut group = if marks.is_empty() {
        title.element(Origin::path(manifest.path))
    } else {
        title.element(Snippet::source(manifest.text).path(manifest.path).annotations(marks))
    };
    let reasons = [
        ("why", Some(rule.purpose)),
        ("page", Some(rule.page)),
        ("measured", rule.measured),
        ("incident", rule.incident),
    ];
    for (called, text) in reasons {
        if let Some(text) = text {
            group = group.element(Level::NOTE.with_name(called).message(wrapped(text, WIDTH)));
        }
    }
    group
}

fn because(rule: &Rule, follows: &[Followed]) -> String {
    let keys: Vec<&str> = follows.iter().map(|followed| followed.key.as_str()).collect();
    match (rule.follows, follows) {
        (Follows::Policy(whose), _) => format!("follows from no line: it is policy of {whose}"),
        (Follows::Keys(_), [Followed { key, place: None, default: Some(default), .. }]) => {
            format!("follows from {key}, which is not written: it is {default}")
        }
        (Follows::Keys(_), []) => "follows from no line of this manifest".to_owned(),
        (Follows::Keys(_), _) => format!("follows from {}", keys.join(" and ")),
    }
}

/// The key, or, where it is not written, the table that it could stand in.
fn mark(followed: &Followed) -> Option<Annotation<'_>> {
    let label = followed.key.as_str();
    match (&followed.place, &followed.table) {
        (Some(place), _) => {
            Some(AnnotationKind::Primary.span(place.key.start..place.value.end.max(place.key.end)).label(label))
        }
        (None, Some(table)) => Some(AnnotationKind::Primary.span(table.clone()).label("here it could be written")),
        (None, None) => None,
    }
}

/// The rendered lines where they stand, file by file.
fn files<'a>(rendered: &'a Rendered, explanation: &'a Explanation<'_>) -> Vec<Group<'a>> {
    let mut files: Vec<&str> = explanation.lines.iter().map(|line| line.file.as_str()).collect();
    files.dedup();
    let mut groups = Vec::new();
    for file in files {
        let marks = explanation.lines.iter().filter(|line| line.file == file);
        let marks = marks.map(|line| AnnotationKind::Primary.span(line.span.clone()));
        let is_drop_in = explanation.lines.iter().any(|line| line.file == file && line.is_drop_in());
        let called = if is_drop_in { "and once more, by the drop-in" } else { "rendered as" };
        groups.push(
            Level::INFO
                .no_name()
                .secondary_title(called)
                .element(Snippet::source(rendered.text(file)).path(file).annotations(marks)),
        );
    }
    groups
}

/// A unit at a glance: each directive with what it follows from.
#[must_use]
pub fn brief(manifest: &Manifest<'_>, explanations: &[Explanation<'_>]) -> String {
    let mut out = String::new();
    let (mut unit, mut section) = ("", "");
    for explanation in explanations {
        if explanation.unit != unit {
            out += &format!("{}{}, of {}\n", if unit.is_empty() { "" } else { "\n" }, explanation.unit, manifest.path);
            (unit, section) = (explanation.unit, "");
        }
        if explanation.section != section {
            section = explanation.section;
            out += &format!("\n[{section}]\n");
        }
        let mut shown: Vec<String> = Vec::new();
        for line in &explanation.lines {
            let text = if line.section.contains('.') {
                format!("{} {}", line.key, line.value)
            } else {
                format!("{}={}", line.key, line.value)
            };
            if !line.is_drop_in() && !shown.contains(&text) {
                shown.push(text);
            }
        }
        if shown.is_empty() {
            // Only a drop-in has it, to clear a list.
            shown.extend(explanation.lines.first().map(|line| format!("{}={}", line.key, line.value)));
        }
        for text in shown {
            out += &format!("{text}\n");
        }
        let why = explanation.rule.map_or_else(String::new, |rule| {
            format!("{}: {}", short_cause(manifest, rule, &explanation.follows), rule.purpose)
        });
        for line in wrapped(&why, WIDTH).lines() {
            out += &format!("    {line}\n");
        }
    }
    out
}

fn short_cause(manifest: &Manifest<'_>, rule: &Rule, follows: &[Followed]) -> String {
    if let Follows::Policy(whose) = rule.follows {
        return whose.to_owned();
    }
    let causes: Vec<String> = follows
        .iter()
        .map(|followed| match (&followed.place, followed.default) {
            (Some(place), _) => {
                format!("{} in line {}", followed.key, position(manifest.text.as_bytes(), place.key.start).0)
            }
            (None, Some(default)) => format!("{} is {default}", followed.key),
            (None, None) => followed.key.clone(),
        })
        .collect();
    if causes.is_empty() { "no line of this manifest".to_owned() } else { causes.join(", ") }
}

/// A text in lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().expect("there is always a last line");
        if !last.is_empty() && last.chars().count() + 1 + word.chars().count() > width {
            lines.push(word.to_owned());
        } else {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    lines.join("\n")
}
