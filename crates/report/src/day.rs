//! A rehearsed day on one page: the verdict, the figures, the symbols' charts, the timeline.

use askama::Template;

use crate::Chart;

/// How a line or figure is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// As it should be.
    Good,
    /// Worth a look.
    Warn,
    /// Wrong.
    Bad,
    /// Neither.
    Plain,
}

/// A number with its name.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What it is.
    pub name: String,
    /// The number, as text.
    pub value: String,
    /// Its colour.
    pub tone: Tone,
}

/// A line of the timeline.
#[derive(Clone, Debug)]
pub struct Line {
    /// Time in New York.
    pub time: String,
    /// The unit, or the venue.
    pub unit: String,
    /// What happened.
    pub event: String,
    /// More about it.
    pub detail: String,
    /// Its colour.
    pub tone: Tone,
}

/// The page.
#[derive(Clone, Debug, Template)]
#[template(path = "day.html")]
pub struct DayPage {
    /// The heading.
    pub title: String,
    /// The day's verdict, one word.
    pub verdict: String,
    /// Its colour.
    pub tone: Tone,
    /// What the day ran with: manifest, data, seed, fault.
    pub inputs: Vec<Figure>,
    /// What came of it.
    pub figures: Vec<Figure>,
    /// Symbols that were traded.
    pub charts: Vec<Chart>,
    /// Everything, in order.
    pub timeline: Vec<Line>,
}

impl Tone {
    /// The CSS class.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Plain => "plain",
        }
    }
}

impl DayPage {
    /// The page as HTML.
    ///
    /// # Errors
    /// When the template cannot be rendered, which its compilation rules out.
    pub fn html(&self) -> Result<String, askama::Error> {
        self.render()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_holds_its_parts_and_escapes_them() {
        let figure = |name: &str, value: &str| Figure { name: name.into(), value: value.into(), tone: Tone::Plain };
        let page = DayPage {
            title: "2026-11-20".into(),
            verdict: "TRADED".into(),
            tone: Tone::Good,
            inputs: vec![figure("manifest", "manifests/avwap.toml")],
            figures: vec![figure("orders", "5")],
            charts: vec![],
            timeline: vec![Line {
                time: "08:30:00".into(),
                unit: "scan.timer".into(),
                event: "fires".into(),
                detail: "<script>".into(),
                tone: Tone::Plain,
            }],
        };
        let html = page.html().unwrap();
        for part in ["TRADED", "manifests/avwap.toml", "scan.timer", "class=\"good\""] {
            assert!(html.contains(part), "{part}");
        }
        assert!(!html.contains("<script>"), "text never becomes markup");
        assert!(!html.contains("http"), "nothing is fetched");
    }
}
