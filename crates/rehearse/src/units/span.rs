//! Time spans such as `90`, `5s`, `1min 30s`, `infinity`. Source: systemd.time(7).

use market::TimeDelta;

/// Units and their length in nanoseconds, longest names first where one begins with another.
const UNITS: [(&[&str], i64); 7] = [
    (&["usec", "us"], 1_000),
    (&["msec", "ms"], 1_000_000),
    (&["seconds", "second", "sec", "s"], 1_000_000_000),
    (&["minutes", "minute", "min", "m"], 60_000_000_000),
    (&["hours", "hour", "hr", "h"], 3_600_000_000_000),
    (&["days", "day", "d"], 86_400_000_000_000),
    (&["weeks", "week", "w"], 604_800_000_000_000),
];

/// A span; `Some(None)` is infinity, `None` no span at all. A bare number counts seconds.
pub fn parse(text: &str) -> Option<Option<TimeDelta>> {
    let text = text.trim();
    if text == "infinity" {
        return Some(None);
    }
    let (mut total, mut rest, mut parts) = (0_i64, text, 0);
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let count: i64 = rest.get(..digits)?.parse().ok()?;
        rest = rest[digits..].trim_start();
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let scale = scale_of(&rest[..letters])?;
        rest = rest[letters..].trim_start();
        total = total.checked_add(count.checked_mul(scale)?)?;
        parts += 1;
    }
    (parts > 0).then_some(Some(TimeDelta::nanoseconds(total)))
}

fn scale_of(unit: &str) -> Option<i64> {
    if unit.is_empty() {
        return Some(1_000_000_000);
    }
    UNITS.iter().find(|(names, _)| names.contains(&unit)).map(|(_, scale)| *scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_add_up_and_nonsense_is_none() {
        for (text, expect_ms) in [
            ("90", 90_000),
            ("5s", 5_000),
            ("100ms", 100),
            ("1min 30s", 90_000),
            ("1h30min", 5_400_000),
            ("0", 0),
            ("2 min", 120_000),
        ] {
            assert_eq!(parse(text), Some(Some(TimeDelta::milliseconds(expect_ms))), "{text}");
        }
        assert_eq!(parse("infinity"), Some(None));
        for text in ["", "s", "5 parsecs", "-1", "1.5s", "99999999999w"] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }
}
