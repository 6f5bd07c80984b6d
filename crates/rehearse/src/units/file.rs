//! A unit file as text: sections, keys, continuation lines, comments, drop-ins.
//!
//! Holds what was written, in order, with line numbers; knows no key's meaning except that an empty assignment empties
//! a list. A line that is none of section, assignment or comment is an error: systemd would warn and go on, a rehearsal
//! would then rehearse something else. Source: systemd.syntax(7), systemd.unit(5).

use thiserror::Error;

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Section without brackets.
    pub section: String,
    /// Left of the `=`.
    pub key: String,
    /// Right of it, without surrounding white space.
    pub value: String,
    /// File and line it begins on.
    pub place: Place,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// File name, as the messages show it.
    pub file: String,
    /// First line, from 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// A line that is no unit file syntax.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{place}: {problem}: {text:?}")]
pub struct SyntaxError {
    /// Where.
    pub place: Place,
    /// What is wrong.
    pub problem: &'static str,
    /// The line.
    pub text: String,
}

/// A unit file with its drop-ins laid over it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnitFile {
    entries: Vec<Entry>,
}

impl UnitFile {
    /// Reads one file; `name` is for messages.
    pub fn parse(name: &str, text: &str) -> Result<Self, SyntaxError> {
        let mut entries = Vec::new();
        let mut section: Option<String> = None;
        for (line, text) in logical_lines(text) {
            let place = Place { file: name.to_owned(), line };
            let refused = |problem| SyntaxError { place: place.clone(), problem, text: text.clone() };
            if let Some(header) = text.strip_prefix('[') {
                let header = header.strip_suffix(']').filter(|header| !header.is_empty());
                section = Some(header.ok_or_else(|| refused("a section header without its bracket"))?.to_owned());
                continue;
            }
            let (key, value) = text.split_once('=').ok_or_else(|| refused("neither section nor assignment"))?;
            let section = section.clone().ok_or_else(|| refused("an assignment before the first section"))?;
            if key.trim().is_empty() {
                return Err(refused("an assignment without a key"));
            }
            entries.push(Entry { section, key: key.trim().to_owned(), value: value.trim().to_owned(), place });
        }
        Ok(Self { entries })
    }

    /// Lays a drop-in over the file: its assignments come after all there are.
    pub fn extend(&mut self, drop_in: Self) {
        self.entries.extend(drop_in.entries);
    }

    /// Every assignment, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The last assignment of a key that holds one value; an empty one means unset.
    pub fn last(&self, section: &str, key: &str) -> Option<&Entry> {
        self.of(section, key).last().filter(|entry| !entry.value.is_empty())
    }

    /// The assignments of a key that holds a list: those after the last empty one.
    pub fn list(&self, section: &str, key: &str) -> Vec<&Entry> {
        let mut list = Vec::new();
        for entry in self.of(section, key) {
            if entry.value.is_empty() {
                list.clear();
            } else {
                list.push(entry);
            }
        }
        list
    }

    /// The words of a dependency key. An empty assignment does not reset these (systemd.unit(5)).
    pub fn dependencies(&self, key: &str) -> Vec<String> {
        self.of("Unit", key).flat_map(|entry| entry.value.split_whitespace()).map(str::to_owned).collect()
    }

    fn of<'a>(&'a self, section: &str, key: &str) -> impl Iterator<Item = &'a Entry> + use<'a> {
        let wanted = (section.to_owned(), key.to_owned());
        self.entries.iter().filter(move |entry| entry.section == wanted.0 && entry.key == wanted.1)
    }
}

/// Lines joined where one ends in an odd backslash, without comments and blank lines, each with its first line number.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut open: Option<(usize, String)> = None;
    for (index, raw) in text.lines().enumerate() {
        let trimmed = raw.trim_start();
        if trimmed.starts_with(['#', ';']) {
            continue;
        }
        let (start, mut joined) = open.take().unwrap_or((index + 1, String::new()));
        joined.push_str(if joined.is_empty() { trimmed } else { raw });
        if ends_in_escape(raw) {
            joined.pop();
            joined.push(' ');
            open = Some((start, joined));
        } else {
            lines.push((start, joined));
        }
    }
    lines.extend(open);
    lines.into_iter().map(|(line, text)| (line, text.trim().to_owned())).filter(|(_, text)| !text.is_empty()).collect()
}

fn ends_in_escape(line: &str) -> bool {
    line.bytes().rev().take_while(|byte| *byte == b'\\').count() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, section: &str, key: &str) -> Vec<String> {
        let file = UnitFile::parse("x.service", text).unwrap();
        file.list(section, key).into_iter().map(|entry| entry.value.clone()).collect()
    }

    #[test]
    fn syntax_is_read_as_systemd_reads_it() {
        for (what, text, expect) in [
            ("one", "[Service]\nExecStart=/bin/true\n", vec!["/bin/true"]),
            ("space around the equals sign", "[Service]\n ExecStart = /bin/true  \n", vec!["/bin/true"]),
            ("a repeated key is a list", "[Service]\nExecStart=a\nExecStart=b\n", vec!["a", "b"]),
            ("an empty assignment resets", "[Service]\nExecStart=a\nExecStart=\nExecStart=b\n", vec!["b"]),
            ("continuation becomes a space", "[Service]\nExecStart=a \\\n  b\n", vec!["a    b"]),
            ("a comment inside a continuation is skipped", "[Service]\nExecStart=a \\\n# no\n; no\nb\n", vec!["a  b"]),
            ("an escaped backslash continues nothing", "[Service]\nExecStart=a\\\\\nUser=b\n", vec!["a\\\\"]),
            (
                "comments",
                "# c\n[Service]\n; ExecStart=no\n  # no\nExecStart=a # not a comment\n",
                vec!["a # not a comment"],
            ),
            ("another section's key", "[Unit]\nExecStart=a\n[Service]\n", vec![]),
            ("a value with an equals sign", "[Service]\nExecStart=a b=c\n", vec!["a b=c"]),
        ] {
            assert_eq!(values(text, "Service", "ExecStart"), expect, "{what}");
        }
    }

    #[test]
    fn what_is_no_syntax_is_an_error_with_its_line() {
        for (text, line, problem) in [
            ("ExecStart=a\n", 1, "an assignment before the first section"),
            ("[Service\n", 1, "a section header without its bracket"),
            ("[Service]\n\nExecStart\n", 3, "neither section nor assignment"),
            ("[Service]\n=a\n", 2, "an assignment without a key"),
        ] {
            let error = UnitFile::parse("x.service", text).unwrap_err();
            assert_eq!((error.place.line, error.problem), (line, problem), "{text:?}");
        }
    }

    #[test]
    fn a_drop_in_comes_after_and_resets_lists_but_not_dependencies() {
        let mut file = UnitFile::parse("x", "[Unit]\nAfter=a b\n[Service]\nExecStart=1\nType=oneshot\n").unwrap();
        file.extend(
            UnitFile::parse("y", "[Unit]\nAfter=\nAfter=c\n[Service]\nExecStart=\nExecStart=2\nType=\n").unwrap(),
        );
        assert_eq!(file.list("Service", "ExecStart")[0].value, "2");
        assert_eq!(file.list("Service", "ExecStart")[0].place.file, "y");
        assert_eq!(file.last("Service", "Type"), None);
        assert_eq!(file.dependencies("After"), ["a", "b", "c"]);
    }
}
