//! The text of a unit file as it grows.

use std::fmt::Display;

const COMMENT_WIDTH: usize = 110;

/// Sections, directives and the comments that say why.
#[derive(Debug, Default)]
pub struct Lines(String);

impl Lines {
    /// Begins with a header comment.
    #[must_use]
    pub fn with_header(header: &str) -> Self {
        Self(format!("{header}\n"))
    }

    /// Begins a section.
    pub fn section(&mut self, name: &str) {
        self.0 += &format!("\n[{name}]\n");
    }

    /// Begins a group of directives with the reason it is there.
    pub fn reason(&mut self, reason: &str) {
        let mut line = String::from("#");
        for word in reason.split_whitespace() {
            if line.len() + 1 + word.len() > COMMENT_WIDTH {
                self.0 += &format!("{line}\n");
                line = String::from("#");
            }
            line += &format!(" {word}");
        }
        self.0 += &format!("{line}\n");
    }

    /// One directive. The value is escaped already, see [`crate::unit::Word`].
    ///
    /// # Panics
    /// When the value holds a line break, which no escaped value does: it would be a second directive.
    pub fn set(&mut self, key: &str, value: impl Display) {
        let line = format!("{key}={value}");
        assert!(!line.contains('\n') && !line.ends_with('\\'), "{key} would run over its line");
        self.0 += &format!("{line}\n");
    }

    /// The finished text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}
