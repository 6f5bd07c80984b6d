//! One word of a directive's value, escaped for where it stands. Source: systemd.syntax(7), systemd.service(5).
//!
//! systemd splits a value at white space, honours quotes and C escapes, and expands `%x`; in command lines it also
//! expands `$`. A word is literal text and specifiers, kept apart until it is written, so nothing a user typed can
//! become either.

/// Literal text and specifiers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Word(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Literal(String),
    Specifier(char),
}

impl Word {
    /// A specifier, such as `%n` for `'n'`.
    #[must_use]
    pub fn specifier(letter: char) -> Self {
        Self(vec![Piece::Specifier(letter)])
    }

    /// This word followed by literal text.
    #[must_use]
    pub fn then(mut self, text: &str) -> Self {
        self.0.push(Piece::Literal(text.to_owned()));
        self
    }

    /// This word followed by another.
    #[must_use]
    pub fn then_word(mut self, other: &Self) -> Self {
        self.0.extend(other.0.iter().cloned());
        self
    }

    /// `name=` and then this word, as `Environment=` wants it.
    #[must_use]
    pub fn assigned_to(&self, name: &str) -> Self {
        let mut pieces = vec![Piece::Literal(format!("{name}="))];
        pieces.extend(self.0.iter().cloned());
        Self(pieces)
    }

    /// As an argument of a command line.
    #[must_use]
    pub fn argument(&self) -> String {
        self.quoted(true)
    }

    /// As one word of a list, such as `Environment=`.
    #[must_use]
    pub fn item(&self) -> String {
        self.quoted(false)
    }

    /// As a whole value that systemd neither splits nor unquotes, such as `Description=`.
    #[must_use]
    pub fn plain(&self) -> String {
        let mut text = self.expand(|literal| {
            literal.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>().replace('%', "%%")
        });
        if text.ends_with('\\') {
            // A backslash at the end would continue the line; systemd strips the blank behind it.
            text.push(' ');
        }
        text
    }

    fn quoted(&self, dollar: bool) -> String {
        let escaped = self.expand(|literal| escape(literal, dollar));
        let special = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '\\' | ';');
        if escaped.is_empty() || escaped.contains(special) { format!("\"{escaped}\"") } else { escaped }
    }

    fn expand(&self, literal: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => literal(text),
            Piece::Specifier(letter) => format!("%{letter}"),
        };
        self.0.iter().map(piece).collect()
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Self::default().then(text)
    }
}

fn escape(text: &str, dollar: bool) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '%' => escaped.push_str("%%"),
            '$' if dollar => escaped.push_str("$$"),
            '\\' => escaped.push_str("\\\\"),
            '"' => escaped.push_str("\\\""),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            c if c.is_ascii_control() => escaped.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments() {
        for (text, expect) in [
            ("scan", "scan"),
            ("", "\"\""),
            ("two words", "\"two words\""),
            ("100%", "100%%"),
            ("$HOME ${X}", "\"$$HOME $${X}\""),
            ("back\\", "\"back\\\\\""),
            ("say \"hi\"", "\"say \\\"hi\\\"\""),
            ("it's", "\"it's\""),
            (";", "\";\""),
            ("a\nb\tc\u{1}", "\"a\\nb\\tc\\x01\""),
            ("%n", "%%n"),
            ("ä=ö", "ä=ö"),
        ] {
            assert_eq!(Word::from(text).argument(), expect, "{text:?}");
        }
    }

    #[test]
    fn specifiers_stay_and_literals_never_become_one() {
        let word = Word::specifier('E').then("/100%n");
        assert_eq!(word.argument(), "%E/100%%n");
        assert_eq!(word.assigned_to("X").item(), "X=%E/100%%n");
        assert_eq!(Word::from("a$b").item(), "a$b", "Environment= expands no dollar");
    }

    #[test]
    fn a_plain_value_ends_its_line() {
        for (text, expect) in [("100 %", "100 %%"), ("a\nExecStart=/bin/sh", "a ExecStart=/bin/sh"), ("a\\", "a\\ ")] {
            assert_eq!(Word::from(text).plain(), expect, "{text:?}");
        }
    }
}
