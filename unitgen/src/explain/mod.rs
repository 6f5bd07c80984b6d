//! From a rendered line back to the manifest: which line it follows from, by which rule, and why that rule is.
//!
//! Pure: a checked deployment and its text in, values out; [`text`] and [`json`] write them. What a code means that another
//! command printed is told by [`codes`].

pub mod codes;
mod followed;
mod json;
mod question;
mod rendered;
mod text;

pub use followed::Followed;
pub use json::{answer_to_json, codes_to_json};
pub use question::{Asked, ask};
pub use rendered::Rendered;
pub use text::{Manifest, brief, whole};

use crate::rules::{self, Line, Rule};

/// Why lines of one unit are there.
#[derive(Clone, Debug)]
pub struct Explanation<'r> {
    /// The unit, or the file that is none.
    pub unit: &'r str,
    /// The section its lines stand in.
    pub section: &'r str,
    /// What they set.
    pub directive: &'r str,
    /// The rule; `None` would be a line that the catalogue does not know.
    pub rule: Option<&'static Rule>,
    /// What in the manifest they follow from.
    pub follows: Vec<Followed>,
    /// The lines, in the order in which systemd reads them.
    pub lines: Vec<&'r Line>,
}

/// Explains lines, in the order of their first: those of one unit, directive, rule and cause together.
#[must_use]
pub fn explain<'r>(
    rendered: &'r Rendered,
    document: &manifest::Document<'_>,
    lines: impl IntoIterator<Item = &'r Line>,
) -> Vec<Explanation<'r>> {
    let mut explanations: Vec<Explanation<'r>> = Vec::new();
    for line in lines {
        let (unit, element) = (rendered.unit_of(line), rendered.element_of(line));
        let rule = rules::rule_of(line, element);
        let name = rendered.name_of(line);
        let follows = rule.map(|rule| followed::resolve(rule, name, element, line, document)).unwrap_or_default();
        let same = explanations.iter_mut().find(|known| {
            (known.unit, known.section, known.directive) == (unit, line.section.as_str(), line.key.as_str())
                && known.rule == rule
                && known.follows == follows
        });
        match same {
            Some(known) => known.lines.push(line),
            None => {
                let (section, directive) = (&line.section, &line.key);
                explanations.push(Explanation { unit, section, directive, rule, follows, lines: vec![line] });
            }
        }
    }
    explanations
}
