//! Colour, for those who want it.

/// Whether to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ink(pub bool);

impl Ink {
    /// What is lost.
    #[must_use]
    pub fn red(self, text: &str) -> String {
        self.painted(text, "\x1b[31;1m")
    }

    /// What is gained, or well.
    #[must_use]
    pub fn green(self, text: &str) -> String {
        self.painted(text, "\x1b[32m")
    }

    /// The line's end stays outside, so that a colour never runs on.
    fn painted(self, text: &str, code: &str) -> String {
        if !self.0 {
            return text.to_owned();
        }
        let body = text.trim_end_matches('\n');
        format!("{code}{body}\x1b[0m{}", &text[body.len()..])
    }
}
