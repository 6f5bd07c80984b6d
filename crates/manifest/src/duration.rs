//! Spans of time as an operator writes them: `90s`, `20m`, `2h`.

use std::fmt;

use crate::problem::Refusal;

/// Whole seconds, one second to six hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(u32);

impl Seconds {
    /// The longest that a setting of ours may last.
    const MAX: u32 = 6 * 3600;

    pub(crate) const fn constant(seconds: u32) -> Self {
        assert!(seconds > 0 && seconds <= Self::MAX, "a constant between one second and six hours");
        Self(seconds)
    }

    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let refused =
            || Refusal::bad_value(format!("{text:?} is no span of time")).hint("write it like 90s, 20m or 2h");
        let unit = match text.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            _ => return Err(refused()),
        };
        let digits = &text[..text.len() - 1];
        if digits.is_empty() || digits.len() > 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(refused());
        }
        let seconds: u32 = digits.parse::<u32>().map_err(|_| refused())?.saturating_mul(unit);
        match seconds {
            0 => Err(Refusal::bad_value("a span of zero never lets anything finish")),
            _ if seconds > Self::MAX => Err(Refusal::bad_value("a span is at most six hours")),
            _ => Ok(Self(seconds)),
        }
    }

    /// The number of seconds.
    #[must_use]
    pub fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, expect) in [
            ("90s", Some(90)),
            ("20m", Some(1200)),
            ("6h", Some(21_600)),
            ("0m", None),
            ("7h", None),
            ("999999h", None),
            ("20", None),
            ("-1m", None),
            ("1.5h", None),
            ("m", None),
            ("", None),
            ("20µ", None),
        ] {
            assert_eq!(Seconds::parse(text).ok().map(Seconds::get), expect, "{text}");
        }
    }
}
