//! The manifest's language as a table: every key with its type, its default, an example and what it means.
//!
//! From this one table come the JSON Schema that editors read ([`json`]), the manual page portcullis-manifest(5) and what
//! `explain` says of a key that is not written. The parser is the judge: tests hold the table against it key by key, and what
//! the schema refuses the parser must refuse too. Never the other way round: links between keys are the parser's alone.

mod jobs;
pub mod json;
mod services;
mod top;

/// A table of the manifest.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    /// Where it stands, with NAME for what its author called it; empty for the file itself.
    pub path: &'static str,
    /// What it is about.
    pub about: &'static str,
    /// Its keys, in the order in which they are best written.
    pub keys: &'static [Key],
}

/// A key of a table.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// What its value is.
    pub kind: Kind,
    /// Whether it has to be written.
    pub need: Need,
    /// What holds when it is not written, as it would be written or in words.
    pub default: Option<&'static str>,
    /// A value, as it is written in TOML.
    pub example: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// Whether a key has to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Always.
    Always,
    /// For these, and of no use to others unless they say so.
    For(&'static str),
    /// Never.
    Never,
}

/// What a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text of this shape, a regular expression.
    Text(&'static str),
    /// One of a few words.
    Choice(&'static [&'static str]),
    /// A whole number within these bounds.
    Whole(i64, i64),
    /// `true` or `false`.
    Flag,
    /// A list of so many texts of this shape or more.
    Texts(&'static str, usize),
    /// A list of some of a few words, in any order.
    Choices(&'static [&'static str]),
    /// A table with keys of the language.
    Table,
    /// Tables whose names are the author's own.
    Tables,
    /// Environment variables with their values.
    Variables,
}

impl Key {
    const fn required(name: &'static str, kind: Kind, example: &'static str, about: &'static str) -> Self {
        Self { name, kind, need: Need::Always, default: None, example, about }
    }

    const fn optional(name: &'static str, kind: Kind, example: &'static str, about: &'static str) -> Self {
        Self { name, kind, need: Need::Never, default: None, example, about }
    }

    const fn needed_for(self, whom: &'static str) -> Self {
        Self { need: Need::For(whom), ..self }
    }

    const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }
}

/// Every table, in the order in which a manifest is best written.
#[must_use]
pub fn tables() -> [Table; 10] {
    let [secrets, services, jobs] = [top::SECRETS, services::SERVICES, jobs::JOBS];
    [top::TOP, top::HOST, top::IDENTITY, top::PATHS, top::RELEASE, secrets, services, services::ENV, jobs, jobs::ENV]
}

/// What holds when a key is not written, by its template, such as `jobs.NAME.timeout`.
#[must_use]
pub fn default_of(template: &str) -> Option<&'static str> {
    let (path, name) = template.rsplit_once('.').unwrap_or(("", template));
    let table = tables().into_iter().find(|table| table.path == path)?;
    table.keys.iter().find(|key| key.name == name)?.default
}

/// Names of services, jobs, deployments and groups of secrets.
const NAME: &str = "^[a-z]([a-z0-9-]{0,38}[a-z0-9])?$";
/// Names of variables and credentials.
const VARIABLE: &str = "^[A-Z_][A-Z0-9_]{0,99}$";
/// Values without control characters, of at most 4,096 characters.
const VALUE: &str = r"^[^\x00-\x1f\x7f]{0,4096}$";
/// Spans of time.
const SPAN: &str = "^[0-9]{1,6}[smh]$";
/// Weekdays, a time of day or times at even distances, and a zone.
const SCHEDULE: &str = concat!(
    r"^\s*(Mon|Tue|Wed|Thu|Fri|Sat|Sun)((\.\.|,)(Mon|Tue|Wed|Thu|Fri|Sat|Sun))*",
    r"\s+[0-2][0-9](:[0-5][0-9](:[0-5][0-9])?)?(\.\.[0-2][0-9]:[0-5][0-9](:[0-5][0-9])?(/[0-9]{1,2}[mh])?)?",
    r"(\s+[A-Z][A-Za-z_+/0-9-]*)?\s*$"
);
/// A region and a city, or `UTC`.
const ZONE: &str = "^[A-Z][A-Za-z_+/0-9-]*$";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_found_by_template() {
        assert_eq!(default_of("jobs.NAME.timeout"), Some("\"15m\""));
        assert_eq!(default_of("jobs.NAME.args.x"), None);
        assert_eq!(default_of("schema"), None);
    }

    #[test]
    fn every_key_is_told_of() {
        for table in tables() {
            for key in table.keys {
                let whole = key.about.len() > 20 && key.about.ends_with('.') && !key.example.is_empty();
                assert!(whole, "{}.{}", table.path, key.name);
                assert!(!(key.need == Need::Always && key.default.is_some()), "{}.{}", table.path, key.name);
            }
        }
    }
}
