//! A terminal session that `script` of util-linux recorded, as an asciicast that plays and as a picture that stands still.
//!
//! Input: its log of output, and its log of timing in the classic form: a line of `SECONDS BYTES` for each piece. Sources:
//! script(1), scriptreplay(1); docs.asciinema.org/manual/asciicast/v2.

use std::fmt::Write as _;

use anyhow::{Context, ensure};
use serde_json::json;

/// Columns of the recorded terminal.
pub const COLUMNS: usize = 120;
/// Rows that a player shows.
const ROWS: usize = 40;
/// A longer silence is shortened to this, in seconds: nobody watches a machine wait.
const SILENCE_MAX: f64 = 1.5;
/// Of the picture, in pixels.
const CELL: (f64, f64) = (7.83, 17.0);
const MARGIN: f64 = 14.0;

/// What was shown, piece by piece.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Seconds after the piece before, and text.
    pieces: Vec<(f64, String)>,
}

impl Recording {
    /// Reads both logs.
    ///
    /// # Errors
    /// When they do not belong together.
    pub fn read(output: &[u8], timing: &str) -> anyhow::Result<Self> {
        // A line about the recording itself, which the timing does not count.
        let header = output.starts_with(b"Script started");
        let begin = if header { output.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1) } else { 0 };
        let (mut rest, mut held, mut pieces) = (&output[begin..], Vec::new(), Vec::new());
        for line in timing.lines() {
            let (seconds, bytes) = line.split_once(' ').with_context(|| format!("no timing: {line:?}"))?;
            let (seconds, bytes): (f64, usize) = (seconds.parse()?, bytes.trim().parse()?);
            ensure!(bytes <= rest.len(), "the timing counts more than there is");
            held.extend_from_slice(&rest[..bytes]);
            rest = &rest[bytes..];
            // A piece may end within a character.
            let whole = std::str::from_utf8(&held).map_or_else(|error| error.valid_up_to(), str::len);
            let text = String::from_utf8_lossy(&held[..whole]).into_owned();
            held.drain(..whole);
            pieces.push((seconds, text));
        }
        ensure!(!pieces.is_empty(), "nothing was recorded");
        Ok(Self { pieces })
    }

    /// Everything that was shown, without colours.
    #[must_use]
    pub fn text(&self) -> String {
        self.lines().iter().map(|line| line.iter().map(|(_, text)| text.as_str()).collect::<String>() + "\n").collect()
    }

    /// The asciicast, version 2.
    #[must_use]
    pub fn cast(&self, title: &str) -> String {
        let header =
            json!({"version": 2, "width": COLUMNS, "height": ROWS, "title": title, "env": {"TERM": "xterm-256color"}});
        let (mut cast, mut at) = (format!("{header}\n"), 0.0);
        for (seconds, text) in &self.pieces {
            at += seconds.min(SILENCE_MAX);
            let at = (at * 1000.0).round() / 1000.0;
            let _ = writeln!(cast, "{}", json!([at, "o", text]));
        }
        cast
    }

    /// The picture: all of it, one line below the other.
    #[must_use]
    pub fn svg(&self, title: &str) -> String {
        let lines: Vec<Vec<(Paint, String)>> = self.lines().into_iter().flat_map(wrapped).collect();
        let width = COLUMNS as f64 * CELL.0 + 2.0 * MARGIN;
        let height = (lines.len() + 1) as f64 * CELL.1 + 2.0 * MARGIN;
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" role=\"img\">\n<title>{}</title>\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#14171c\"/>\n\
             <g font-family=\"ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace\" font-size=\"13\" xml:space=\"preserve\">\n",
            escaped(title)
        );
        for (number, line) in lines.iter().enumerate().filter(|(_, line)| !line.is_empty()) {
            let y = MARGIN + (number + 1) as f64 * CELL.1;
            let _ = write!(svg, "<text x=\"{MARGIN}\" y=\"{y:.0}\">");
            for (paint, text) in line {
                let _ = write!(svg, "<tspan {}>{}</tspan>", paint.attributes(), escaped(text));
            }
            svg.push_str("</text>\n");
        }
        svg + "</g>\n</svg>\n"
    }

    /// Lines of painted pieces.
    fn lines(&self) -> Vec<Vec<(Paint, String)>> {
        let text: String = self.pieces.iter().map(|(_, text)| text.as_str()).collect();
        let (mut lines, mut paint) = (Vec::new(), Paint::default());
        for line in text.replace('\r', "").lines() {
            let (mut pieces, mut rest) = (Vec::new(), line);
            while let Some((before, after)) = rest.split_once("\x1b[") {
                pieces.push((paint, before.to_owned()));
                let end = after.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(after.len());
                if after[end..].starts_with('m') {
                    paint = paint.after(&after[..end]);
                }
                rest = after.get(end + 1..).unwrap_or("");
            }
            pieces.push((paint, rest.to_owned()));
            pieces.retain(|(_, text)| !text.is_empty());
            lines.push(pieces);
        }
        lines
    }
}

/// How a piece is painted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Paint {
    bold: bool,
    colour: Option<u8>,
}

impl Paint {
    fn after(self, codes: &str) -> Self {
        codes.split(';').fold(self, |paint, code| match code.parse() {
            Ok(1) => Self { bold: true, ..paint },
            Ok(colour @ 30..=37) => Self { colour: Some(colour), ..paint },
            Ok(0) | Err(_) => Self::default(),
            Ok(_) => paint,
        })
    }

    fn attributes(self) -> String {
        let fill = match self.colour {
            Some(31) => "#ff7b72",
            Some(32) => "#7ee787",
            Some(36) => "#79c0ff",
            Some(_) | None if self.bold => "#ffffff",
            Some(_) | None => "#c9d1d9",
        };
        format!("fill=\"{fill}\"{}", if self.bold { " font-weight=\"bold\"" } else { "" })
    }
}

/// A line as a terminal breaks it.
fn wrapped(line: Vec<(Paint, String)>) -> Vec<Vec<(Paint, String)>> {
    let (mut lines, mut used) = (vec![Vec::new()], 0);
    for (paint, text) in line {
        let mut rest: &str = &text;
        loop {
            let room = COLUMNS - used;
            let at = rest.char_indices().nth(room).map_or(rest.len(), |(at, _)| at);
            if let Some(last) = lines.last_mut() {
                last.push((paint, rest[..at].to_owned()));
            }
            used += rest[..at].chars().count();
            rest = &rest[at..];
            if rest.is_empty() {
                break;
            }
            lines.push(Vec::new());
            used = 0;
        }
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording() -> Recording {
        let output = "Script started on a day [COMMAND=\"x\"]\n\x1b[1m# ls\x1b[0m\r\n\x1b[31;1mgone – all\x1b[0m\r\n<b>\r\nScript done\n";
        Recording::read(output.as_bytes(), "0.5 14\n9.0 13\n0.1 17\n").unwrap()
    }

    #[test]
    fn what_was_shown_is_read_and_the_rest_is_not() {
        assert_eq!(recording().text(), "# ls\ngone – all\n<b>\n");
        assert!(Recording::read(b"abc", "0.1 4\n").is_err());
        assert!(Recording::read(b"abc", "").is_err());
        assert!(Recording::read(b"abc", "x\n").is_err());
    }

    #[test]
    fn a_cast_plays_and_does_not_wait_long() {
        let cast = recording().cast("t");
        let lines: Vec<serde_json::Value> = cast.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!((&lines[0]["version"], &lines[0]["width"]), (&2.into(), &COLUMNS.into()));
        assert_eq!((&lines[1][0], &lines[2][0], &lines[1][1]), (&0.5.into(), &2.0.into(), &"o".into()));
    }

    #[test]
    fn a_picture_has_colours_and_no_markup_of_others() {
        let svg = recording().svg("a & b");
        for part in ["<title>a &amp; b</title>", "fill=\"#ff7b72\" font-weight=\"bold\">gone – all<", "&lt;b&gt;"] {
            assert!(svg.contains(part), "{part} in {svg}");
        }
        let long = vec![(Paint::default(), "x".repeat(COLUMNS * 2 + 1))];
        assert_eq!(wrapped(long).len(), 3);
    }
}
