//! The text of a unit or drop-in as systemd takes it: lines that a backslash continues, comments, sections, assignments, and
//! the words of a value. Each assignment knows its file and line. Source: systemd.syntax(7), and what 252 was measured to do
//! with line ends.

/// One assignment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// Its section, without brackets.
    pub section: String,
    /// Its key.
    pub key: String,
    /// Its value, trimmed; empty where it clears.
    pub value: String,
    /// The file that it stands in.
    pub file: String,
    /// The line that it begins on, from 1.
    pub line: usize,
}

impl Assignment {
    /// As people write it.
    #[must_use]
    pub fn shown(&self) -> String {
        format!("{}={}", self.key, self.value)
    }
}

/// The assignments of a file, in order. What is none is passed over, as systemd does.
#[must_use]
pub fn assignments(file: &str, content: &[u8]) -> Vec<Assignment> {
    let text = String::from_utf8_lossy(content);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let (mut found, mut section) = (Vec::new(), String::new());
    for (line, logical) in logical_lines(text) {
        let logical = logical.trim();
        if let Some(name) = logical.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = logical.split_once('=') {
            found.push(Assignment {
                section: section.clone(),
                key: key.trim().to_owned(),
                value: value.trim().to_owned(),
                file: file.to_owned(),
                line,
            });
        }
    }
    found
}

/// Lines with what continues them, each with the number of its first. Comments are none, even between the parts of one.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let (mut lines, mut open): (Vec<(usize, String)>, Option<(usize, String)>) = (Vec::new(), None);
    for (at, line) in ended_lines(text) {
        if line.trim_start().starts_with(['#', ';']) {
            continue;
        }
        let (begun, mut whole) = open.take().unwrap_or((at, String::new()));
        whole += line;
        let escapes = whole.chars().rev().take_while(|c| *c == '\\').count();
        if escapes % 2 == 1 {
            whole.pop();
            whole.push(' ');
            open = Some((begun, whole));
        } else {
            lines.push((begun, whole));
        }
    }
    lines.extend(open);
    lines
}

/// A line ends at a line feed, a carriage return, both together, or a NUL.
fn ended_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let of_feeds = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).enumerate();
    of_feeds.flat_map(|(at, line)| line.split(['\r', '\0']).map(move |part| (at + 1, part)))
}

/// What systemd takes for yes. Source: parse_boolean of systemd.syntax(7).
#[must_use]
pub(crate) fn is_yes(value: &str) -> bool {
    ["1", "yes", "y", "true", "t", "on"].iter().any(|yes| value.eq_ignore_ascii_case(yes))
}

/// A span of time in milliseconds; `None` for `infinity`, and for what is no span. Source: systemd.time(7).
#[must_use]
pub(crate) fn milliseconds(value: &str) -> Option<u64> {
    let (mut total, mut rest) = (0_f64, value.trim());
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let number = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let amount: f64 = rest[..number].parse().ok()?;
        rest = rest[number..].trim_start();
        let unit = rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len());
        total += amount * factor(&rest[..unit])?;
        rest = rest[unit..].trim_start();
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative; a span beyond is none")]
    Some(total as u64)
}

fn factor(unit: &str) -> Option<f64> {
    const SECOND: f64 = 1000.0;
    Some(match unit {
        "us" | "usec" => 0.001,
        "ms" | "msec" => 1.0,
        "" | "s" | "sec" | "second" | "seconds" => SECOND,
        "m" | "min" | "minute" | "minutes" => 60.0 * SECOND,
        "h" | "hr" | "hour" | "hours" => 3600.0 * SECOND,
        "d" | "day" | "days" => 86_400.0 * SECOND,
        "w" | "week" | "weeks" => 7.0 * 86_400.0 * SECOND,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_systemd_makes_of_a_text() {
        let one = |text: &str| {
            let found = assignments("f", text.as_bytes());
            found
                .iter()
                .map(|a| format!("{}:{}.{}={}", a.line, a.section, a.key, a.value))
                .collect::<Vec<_>>()
                .join("|")
        };
        for (text, expect) in [
            ("[Unit]\nA=b\n", "2:Unit.A=b"),
            ("[Unit]\n  A =  b c \n", "2:Unit.A=b c"),
            ("[Service]\nA=\n", "2:Service.A="),
            ("[Service]\nA=b \\\n  c\nD=e\n", "2:Service.A=b    c|4:Service.D=e"),
            ("[Service]\nA=b \\\n# no\n; nor this\n  c\n", "2:Service.A=b    c"),
            ("[Service]\nA=b\\\\\nC=d\n", "2:Service.A=b\\\\|3:Service.C=d"),
            ("# A=b\n;A=b\n  # A=b\nA\n[X]\nA=b # stays\n", "6:X.A=b # stays"),
            ("[Service]\r\nA=b\r\n# n\rB=c\0D=e\n", "2:Service.A=b|3:Service.B=c|3:Service.D=e"),
            ("\u{feff}[Unit]\nA=b", "2:Unit.A=b"),
            ("[Unit]\nA=b\\", "2:Unit.A=b"),
        ] {
            assert_eq!(one(text), expect, "{text:?}");
        }
    }

    #[test]
    fn spans() {
        for (text, expect) in [
            ("60", Some(60_000)),
            ("1min 30s", Some(90_000)),
            ("1.5min", Some(90_000)),
            ("200ms", Some(200)),
            ("0", Some(0)),
            ("infinity", None),
            ("", None),
            ("5 parsecs", None),
        ] {
            assert_eq!(milliseconds(text), expect, "{text:?}");
        }
    }
}
