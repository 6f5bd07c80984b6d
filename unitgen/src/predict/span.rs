//! Spans of time as systemd prints them: `1h 30min`, `9min`, `1min 30s`, `0`.

/// Seconds as written in a unit, as they are shown; what is no number stays as it is.
pub(super) fn shown_seconds(text: &str) -> String {
    let Ok(seconds) = text.parse::<u64>() else { return text.to_owned() };
    if seconds == 0 {
        return "0".to_owned();
    }
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let shown: Vec<String> =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    shown.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, expect) in [
            ("0", "0"),
            ("1", "1s"),
            ("90", "1min 30s"),
            ("540", "9min"),
            ("5400", "1h 30min"),
            ("21600", "6h"),
            ("3601", "1h 1s"),
        ] {
            assert_eq!(shown_seconds(text), expect, "{text}");
        }
    }
}
