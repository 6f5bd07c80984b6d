//! The files of both sides, and their unified text.

use std::collections::BTreeMap;

use serde::Serialize;
use similar::{ChangeTag, TextDiff};

use crate::guardrails::{Units, redacted_lines};

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Text {
    /// Its path below the directory of units.
    pub file: String,
    /// Lines that are new.
    pub added: usize,
    /// Lines that are gone.
    pub removed: usize,
    /// The unified text.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub unified: String,
}

/// Every file that differs. `context` is the number of lines round a change; without it no text is made.
pub(super) fn texts(before: &Units, after: &Units, names: &[&str], context: Option<usize>) -> Vec<Text> {
    let (old, new) = (files(before, names), files(after, names));
    let paths: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let differing = paths.into_iter().filter(|path| old.get(*path) != new.get(*path));
    differing.map(|path| text(path, old.get(path), new.get(path), context)).collect()
}

/// By the path below their directory, wherever that lies.
fn files<'a>(units: &'a Units, names: &[&str]) -> BTreeMap<String, &'a [u8]> {
    let of_units = names.iter().filter_map(|name| units.get(name)).flat_map(|unit| unit.files());
    of_units.map(|(path, content)| (below(path), content.as_slice())).collect()
}

fn below(path: &str) -> String {
    let mut parts: Vec<&str> = path.rsplitn(3, '/').take(2).collect();
    if parts.get(1).is_none_or(|folder| !folder.ends_with(".d")) {
        parts.truncate(1);
    }
    parts.reverse();
    parts.join("/")
}

fn text(path: &str, old: Option<&&[u8]>, new: Option<&&[u8]>, context: Option<usize>) -> Text {
    let shown = |content: Option<&&[u8]>| {
        let text = String::from_utf8_lossy(content.copied().unwrap_or_default()).into_owned();
        redacted_lines(&text).into_iter().map(|line| line + "\n").collect::<String>()
    };
    let (before, after) = (shown(old), shown(new));
    let diff = TextDiff::from_lines(&before, &after);
    let count = |tag| diff.iter_all_changes().filter(|change| change.tag() == tag).count();
    let (added, removed) = (count(ChangeTag::Insert), count(ChangeTag::Delete));
    let name =
        |side: &str, content: Option<&&[u8]>| content.map_or("/dev/null".to_owned(), |_| format!("{side}/{path}"));
    let unified = context.map_or_else(String::new, |lines| {
        diff.unified_diff().context_radius(lines).header(&name("a", old), &name("b", new)).to_string()
    });
    Text { file: path.to_owned(), added, removed, unified }
}
