//! What of the broker's words may be repeated: short, in one line, and never a key.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};

/// Longer texts of the broker's are cut.
const CHARS_MAX: usize = 300;
const HIDDEN: &str = "[a key]";

/// Knows the keys, and shows none.
pub(super) struct Censor {
    secrets: [SecretString; 2],
}

impl Censor {
    pub(super) fn of(key_id: &SecretString, secret_key: &SecretString) -> Self {
        // The longer one first: the shorter may be a part of it.
        let mut secrets = [key_id.clone(), secret_key.clone()];
        secrets.sort_by_key(|secret| std::cmp::Reverse(secret.expose_secret().len()));
        Self { secrets }
    }

    /// A text of the broker's as it may be told.
    pub(super) fn pass(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for secret in self.secrets.iter().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty()) {
            text = text.replace(secret, HIDDEN);
        }
        printable(&text)
    }
}

impl fmt::Debug for Censor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Censor")
    }
}

/// A text in one line of at most 300 characters.
pub(super) fn printable(text: &str) -> String {
    let mut chars = text.chars().map(|char| if char.is_control() { '\u{fffd}' } else { char });
    let mut printable: String = chars.by_ref().take(CHARS_MAX).collect();
    if chars.next().is_some() {
        printable.push('…');
    }
    printable
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_hidden_before_the_text_is_cut_and_lines_become_one() {
        let censor = Censor::of(&"PK".to_owned().into(), &"xPKx".to_owned().into());
        for (text, expect) in [
            ("as it is".to_owned(), "as it is".to_owned()),
            ("PK and xPKx".to_owned(), "[a key] and [a key]".to_owned()),
            ("two\nlines\u{1b}[31m\0".to_owned(), "two\u{fffd}lines\u{fffd}[31m\u{fffd}".to_owned()),
            ("ä".repeat(300), "ä".repeat(300)),
            ("ä".repeat(301), "ä".repeat(300) + "…"),
            ("a".repeat(298) + "xPKx", "a".repeat(298) + "[a…"),
        ] {
            assert_eq!(censor.pass(&text), expect);
        }
        assert_eq!(format!("{censor:?}"), "Censor");
    }
}
