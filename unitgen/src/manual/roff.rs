//! Text in the language of manual pages. Source: man(7), groff_char(7).

/// A page as it grows.
#[derive(Debug, Default)]
pub(super) struct Roff(String);

impl Roff {
    /// The first line of a page.
    pub(super) fn title(&mut self, name: &str, section: &str, date: &str, source: &str, manual: &str) {
        let words = [name, section, date, source, manual].map(quoted);
        self.0 += &format!(".TH {}\n", words.join(" "));
    }

    /// Begins a section.
    pub(super) fn section(&mut self, title: &str) {
        self.0 += &format!(".SH {}\n", quoted(title));
    }

    /// A paragraph.
    pub(super) fn text(&mut self, text: &str) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        self.0 += &format!("{}\n", escaped(&text));
    }

    /// A paragraph apart from the one before.
    pub(super) fn paragraph(&mut self, text: &str) {
        self.0 += ".PP\n";
        self.text(text);
    }

    /// A term and what it means.
    pub(super) fn item(&mut self, term: &str, meaning: &str) {
        self.0 += &format!(".TP\n\\fB{}\\fR\n", escaped(term).trim_start_matches("\\&"));
        self.text(meaning);
    }

    /// More about the last term.
    pub(super) fn more(&mut self, text: &str) {
        self.0 += ".IP\n";
        self.text(text);
    }

    /// Lines that stay as they are.
    pub(super) fn as_it_is(&mut self, lines: &[&str]) {
        let end = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
        self.0 += ".nf\n";
        for line in &lines[..end] {
            self.0 += &format!("{}\n", escaped(line.strip_prefix("  ").unwrap_or(line)));
        }
        self.0 += ".fi\n";
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// A text in which nothing is a request: hyphens stay hyphens, as one types them.
fn escaped(text: &str) -> String {
    let text =
        text.replace('\\', "\\e").replace('-', "\\-").replace('~', "\\(ti").replace('^', "\\(ha").replace('`', "\\(ga");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\e").replace('"', "\\(dq"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_becomes_a_request() {
        for (text, expect) in [(".SH x", "\\&.SH x"), ("'x", "\\&'x"), ("--out \\n", "\\-\\-out \\en"), ("a.b", "a.b")]
        {
            assert_eq!(escaped(text), expect, "{text:?}");
        }
    }
}
