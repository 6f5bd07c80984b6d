//! Words of a value: splitting at white space, quotes, C escapes.
//!
//! Quotes of either kind group and are removed, wherever in the word they stand; escapes count inside and outside of
//! them; an escape systemd does not know is an error. Source: systemd.service(5) "Command lines", systemd.syntax(7).

use thiserror::Error;

/// Why a value has no words.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum WordError {
    /// A quote that is never closed.
    #[error("a {0} that is never closed")]
    Unclosed(char),
    /// An escape that systemd does not know, or half of one.
    #[error("an escape that means nothing: \\{0}")]
    Escape(String),
}

/// One word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Without quotes and escapes.
    pub text: String,
    /// Whether it was written without quotes and escapes: only then is `;` a separator.
    pub bare: bool,
}

/// Splits a value.
pub fn split(value: &str) -> Result<Vec<Word>, WordError> {
    let mut words = Vec::new();
    let mut chars = value.chars().peekable();
    loop {
        while chars.next_if(|c| c.is_ascii_whitespace()).is_some() {}
        if chars.peek().is_none() {
            return Ok(words);
        }
        words.push(word(&mut chars)?);
    }
}

type Chars<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn word(chars: &mut Chars<'_>) -> Result<Word, WordError> {
    let (mut text, mut bare, mut quote) = (String::new(), true, None);
    while let Some(c) = chars.next_if(|c| quote.is_some() || !c.is_ascii_whitespace()) {
        match (c, quote) {
            ('\\', _) => {
                text.push(escape(chars)?);
                bare = false;
            }
            (c, Some(open)) if c == open => quote = None,
            ('"' | '\'', None) => {
                quote = Some(c);
                bare = false;
            }
            (c, _) => text.push(c),
        }
    }
    match quote {
        Some(open) => Err(WordError::Unclosed(open)),
        None => Ok(Word { text, bare }),
    }
}

fn escape(chars: &mut Chars<'_>) -> Result<char, WordError> {
    let letter = chars.next().ok_or_else(|| WordError::Escape(String::new()))?;
    match letter {
        'a' => Ok('\x07'),
        'b' => Ok('\x08'),
        'f' => Ok('\x0c'),
        'n' => Ok('\n'),
        'r' => Ok('\r'),
        't' => Ok('\t'),
        'v' => Ok('\x0b'),
        's' => Ok(' '),
        '\\' | '"' | '\'' => Ok(letter),
        'x' => number(chars, letter, 2, 16),
        'u' => number(chars, letter, 4, 16),
        'U' => number(chars, letter, 8, 16),
        '0'..='7' => {
            let rest: String = chars.by_ref().take(2).collect();
            from_digits(&format!("{letter}{rest}"), 3, 8).ok_or(WordError::Escape(format!("{letter}{rest}")))
        }
        _ => Err(WordError::Escape(letter.to_string())),
    }
}

fn number(chars: &mut Chars<'_>, letter: char, digits: usize, radix: u32) -> Result<char, WordError> {
    let text: String = chars.by_ref().take(digits).collect();
    from_digits(&text, digits, radix).ok_or_else(|| WordError::Escape(format!("{letter}{text}")))
}

fn from_digits(text: &str, digits: usize, radix: u32) -> Option<char> {
    let whole = text.len() == digits && text.chars().all(|c| c.is_digit(radix));
    let code = whole.then(|| u32::from_str_radix(text, radix).ok()).flatten()?;
    // A NUL ends a C string, so systemd refuses it; bytes above 127 would need raw bytes instead of characters.
    char::from_u32(code).filter(|c| *c != '\0' && (digits > 3 || c.is_ascii()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expect: &[&str]) {
        let words: Vec<String> = split(value).unwrap().into_iter().map(|word| word.text).collect();
        assert_eq!(words, expect, "{value:?}");
    }

    #[test]
    fn words_are_split_unquoted_and_unescaped() {
        check("", &[]);
        check("  a\t b  ", &["a", "b"]);
        check(r#""a b" 'c d'"#, &["a b", "c d"]);
        check(r#"a"b c"d"#, &["ab cd"]);
        check(r#""it's" 'say "x"'"#, &["it's", "say \"x\""]);
        check(r#""" x"#, &["", "x"]);
        check(r"a\sb\x41\101\u00e9\\", &["a bAA\u{e9}\\"]);
        check(r#""tab\there" 'and\nthere'"#, &["tab\there", "and\nthere"]);
        check("FOO=1 \"BAR=a b\"", &["FOO=1", "BAR=a b"]);
    }

    #[test]
    fn what_systemd_refuses_is_refused() {
        for value in ["\"a", "'a", r"\q", r"\x4", r"\400", r"\x00", "a\\"] {
            assert!(split(value).is_err(), "{value:?}");
        }
    }

    #[test]
    fn only_a_bare_semicolon_is_bare() {
        let bare: Vec<bool> = split(r#"; ";" a"#).unwrap().into_iter().map(|word| word.bare).collect();
        assert_eq!(bare, [true, false, true]);
    }
}
