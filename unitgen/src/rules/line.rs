//! Rendered files, directive by directive, each with its place: what an explanation quotes.

use std::ops::Range;

/// One directive of a rendered file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The file, by its path in the tree.
    pub file: String,
    /// Its number in the file, from 1.
    pub number: usize,
    /// Its bytes in the file, without the line break.
    pub span: Range<usize>,
    /// The section it stands in; the kind of file where there are none.
    pub section: String,
    /// What it sets.
    pub key: String,
    /// To what; empty where a list is cleared.
    pub value: String,
}

impl Line {
    /// Whether it stands in a drop-in of its unit.
    #[must_use]
    pub fn is_drop_in(&self) -> bool {
        let folder = self.file.rsplit_once('/').map(|(folder, _)| folder);
        folder.is_some_and(|folder| folder.ends_with(".d") && folder != self.section)
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// Sections with `key=value`: units and what becomes units.
    Sections,
    /// A letter and columns, in a kind of file: sysusers.d, tmpfiles.d.
    Columns(&'static str),
}

/// Every directive of a file that unitgen rendered: it continues no line.
#[must_use]
pub fn read(file: &str, text: &str, dialect: Dialect) -> Vec<Line> {
    let mut section = match dialect {
        Dialect::Sections => String::new(),
        Dialect::Columns(kind) => kind.to_owned(),
    };
    let separator = match dialect {
        Dialect::Sections => '=',
        Dialect::Columns(_) => ' ',
    };
    let mut lines = Vec::new();
    let mut start = 0;
    for (index, whole) in text.split_inclusive('\n').enumerate() {
        let line = whole.trim_end();
        let span = start..start + line.len();
        start += whole.len();
        if line.is_empty() || line.starts_with(['#', ';']) {
            continue;
        }
        if dialect == Dialect::Sections
            && let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']'))
        {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once(separator) {
            let (section, key, value) = (section.clone(), key.trim().to_owned(), value.trim().to_owned());
            lines.push(Line { file: file.to_owned(), number: index + 1, span, section, key, value });
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_with_their_places() {
        let text = "# head\n\n[Unit]\nWants=a b\n[Service]\nExecCondition=\n";
        let lines = read("x.service", text, Dialect::Sections);
        let seen: Vec<_> = lines
            .iter()
            .map(|line| {
                (line.number, line.section.as_str(), line.key.as_str(), line.value.as_str(), &text[line.span.clone()])
            })
            .collect();
        assert_eq!(
            seen,
            [(4, "Unit", "Wants", "a b", "Wants=a b"), (6, "Service", "ExecCondition", "", "ExecCondition=")]
        );
    }

    #[test]
    fn columns_have_the_letter_for_a_key() {
        let lines = read("p.conf", "# why\nd /etc/portcullis 0755 root root -\n", Dialect::Columns("tmpfiles.d"));
        assert_eq!(lines.len(), 1);
        assert_eq!((lines[0].section.as_str(), lines[0].key.as_str()), ("tmpfiles.d", "d"));
        assert_eq!(lines[0].value, "/etc/portcullis 0755 root root -");
    }
}
