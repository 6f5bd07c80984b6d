//! The keys of a manifest that a line follows from, found in its text.

use std::ops::Range;

use manifest::{Document, Place};

use crate::{
    rules::{Element, Follows, Line, Rule},
    schema,
};

/// A key that a line follows from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// The key, such as `jobs.scan.schedule`.
    pub key: String,
    /// Where it stands; `None` when it is not written.
    pub place: Option<Place>,
    /// What holds when it is not written.
    pub default: Option<&'static str>,
    /// The name of the table that it could be written in.
    pub table: Option<Range<usize>>,
}

/// The keys that are written, or, when none is, the first that could be and has a default.
pub(super) fn resolve(
    rule: &Rule,
    name: &str,
    element: Element,
    line: &Line,
    document: &Document<'_>,
) -> Vec<Followed> {
    let Follows::Keys(templates) = rule.follows else { return Vec::new() };
    let mut written = Vec::new();
    let mut default = None;
    for template in templates {
        for path in paths(template, name, element, line, document) {
            let segments: Vec<&str> = path.iter().map(String::as_str).collect();
            let key = path.join(".");
            match document.place(&segments) {
                Some(place) if !written.iter().any(|known: &Followed| known.key == key) => {
                    written.push(Followed { key, place: Some(place), default: None, table: None });
                }
                Some(_) => {}
                None => {
                    let parent = segments.split_last().and_then(|(_, table)| document.place(table));
                    let table = parent.map(|place| place.key);
                    let known = schema::default_of(template).map(|value| (key, value));
                    default = default.or(known.map(|(key, value)| Followed {
                        key,
                        place: None,
                        default: Some(value),
                        table,
                    }));
                }
            }
        }
    }
    if written.is_empty() { default.into_iter().collect() } else { written }
}

/// What a key's template means for a line: none when it is of another element.
fn paths(template: &str, name: &str, element: Element, line: &Line, document: &Document<'_>) -> Vec<Vec<String>> {
    let table = match element {
        Element::Deployment => "",
        Element::Service => "services",
        Element::Run | Element::Restart => "jobs",
    };
    let own = |segments: &[&str]| segments.contains(&"NAME") && segments.first() != Some(&table);
    let segments: Vec<&str> = template.split('.').collect();
    if own(&segments) {
        return Vec::new();
    }
    let served = ["serves", "restart"].into_iter().find_map(|key| document.text(&[table, name, key]));
    let mut paths: Vec<Vec<String>> = vec![Vec::new()];
    for segment in segments {
        let options: Vec<String> = match segment {
            "NAME" => vec![name.to_owned()],
            "SERVED" => served.into_iter().map(str::to_owned).collect(),
            "GROUP" => groups_with(credential(line), document),
            "VARIABLE" => line.value.trim_start_matches('"').split('=').next().map(str::to_owned).into_iter().collect(),
            fixed => vec![fixed.to_owned()],
        };
        paths = options
            .iter()
            .flat_map(|option| paths.iter().map(move |path| [&path[..], std::slice::from_ref(option)].concat()))
            .collect();
    }
    paths
}

/// The name before the colon, in `LoadCredential=NAME:FILE`.
fn credential(line: &Line) -> &str {
    line.value.split(':').next().unwrap_or_default()
}

fn groups_with(credential: &str, document: &Document<'_>) -> Vec<String> {
    let groups = document.keys(&["secrets"]).into_iter();
    groups
        .filter(|group| document.texts(&["secrets", group, "keys"]).contains(&credential))
        .map(str::to_owned)
        .collect()
}
