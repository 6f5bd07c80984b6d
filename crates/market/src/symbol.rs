//! A ticker symbol as the broker writes it: share classes with a dot (`BRK.B`).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

const MAX_LEN: usize = 12;

/// A ticker: 1 to 12 of `A-Z`, `0-9` and `.`, starting with a letter. `BRK-B`, `BRK/B` and `brk.b` are all `BRK.B`.
///
/// Small and `Copy`; orders alphabetically.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Symbol {
    bytes: [u8; MAX_LEN],
    len: u8,
}

/// Why a text is not a ticker.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SymbolError {
    /// Nothing but white space.
    #[error("symbol is empty")]
    Empty,
    /// More than 12 characters.
    #[error("symbol {0:?} is longer than {MAX_LEN} characters")]
    TooLong(String),
    /// A character no ticker holds.
    #[error("symbol {text:?} holds {character:?}; a ticker is letters, digits and one separator for the share class")]
    Character {
        /// The text as given.
        text: String,
        /// The offending character.
        character: char,
    },
}

impl Symbol {
    /// Checks and canonicalises a ticker: trims, upper-cases, writes the share class with a dot.
    ///
    /// # Errors
    /// When the text is empty, too long, or holds a character no ticker holds.
    pub fn new(text: &str) -> Result<Self, SymbolError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(SymbolError::Empty);
        }
        if trimmed.len() > MAX_LEN {
            return Err(SymbolError::TooLong(trimmed.chars().take(40).collect()));
        }
        let mut bytes = [0; MAX_LEN];
        for (at, character) in trimmed.chars().enumerate() {
            let canonical = match character {
                'a'..='z' => character.to_ascii_uppercase(),
                '-' | '/' => '.',
                other => other,
            };
            let fits = canonical.is_ascii_uppercase() || (at > 0 && (canonical.is_ascii_digit() || canonical == '.'));
            if !fits {
                return Err(SymbolError::Character { text: trimmed.to_owned(), character });
            }
            bytes[at] = canonical as u8;
        }
        Ok(Self { bytes, len: trimmed.len() as u8 })
    }

    /// The canonical text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).expect("only ASCII is stored by new()")
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;
    fn from_str(text: &str) -> Result<Self, SymbolError> {
        Self::new(text)
    }
}

impl TryFrom<String> for Symbol {
    type Error = SymbolError;
    fn try_from(text: String) -> Result<Self, SymbolError> {
        Self::new(&text)
    }
}

impl From<Symbol> for String {
    fn from(symbol: Symbol) -> Self {
        symbol.as_str().to_owned()
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn share_classes_are_one_symbol() {
        for text in ["BRK.B", "BRK-B", "BRK/B", "brk.b", " BRK-b "] {
            assert_eq!(Symbol::new(text).unwrap().as_str(), "BRK.B", "{text}");
        }
    }

    #[test]
    fn refused_texts() {
        for text in ["", "  ", "A B", "1ABC", ".A", "ABCDEFGHIJKLM", "AAPL$", "ÄÖ"] {
            assert!(Symbol::new(text).is_err(), "{text:?} must be refused");
        }
    }

    #[test]
    fn orders_like_text() {
        let mut symbols: Vec<_> = ["B", "AA", "A", "BRK.B", "AB"].iter().map(|t| Symbol::new(t).unwrap()).collect();
        symbols.sort();
        assert_eq!(symbols.iter().map(Symbol::as_str).collect::<Vec<_>>(), ["A", "AA", "AB", "B", "BRK.B"]);
    }
}
