//! What happened, in order: kept for the document, written to the terminal as it happens.
//!
//! One line each: time in New York, unit (or `venue`, `rehearsal`), a word, and the detail. Colour only on a terminal
//! and never with `NO_COLOR`; the words carry the meaning alone.

use std::io::{self, IsTerminal, Write};

use market::{NyDate, Timestamp};
use serde::{Serialize, Serializer};

/// The words of the timeline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Word {
    /// A timer's slot came.
    Fires,
    /// A unit begins.
    Starts,
    /// What the gate answered.
    Gate,
    /// A service said that it is up.
    Ready,
    /// A main process ended well.
    Ends,
    /// A process or unit did not end well.
    Fails,
    /// The gate kept a unit from starting.
    Skipped,
    /// A unit was told to end.
    Stops,
    /// A start waits for another unit's end.
    Waits,
    /// A start of what is up already.
    AlreadyUp,
    /// A unit will come back by itself.
    Restarts,
    /// `desk alert` spoke.
    Alert,
    /// An order came to the venue.
    Order,
    /// A protective stop came to the venue.
    Stop,
    /// Shares changed hands.
    Fill,
    /// An order ended without a fill.
    OrderEnds,
    /// The rehearsal did something to the day.
    Fault,
    /// The rehearsal says something.
    Note,
}

impl Word {
    /// As the terminal shows it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Fires => "fires",
            Self::Starts => "starts",
            Self::Gate => "gate",
            Self::Ready => "READY",
            Self::Ends => "ends",
            Self::Fails => "FAILS",
            Self::Skipped => "skipped",
            Self::Stops => "stops",
            Self::Waits => "waits",
            Self::AlreadyUp => "is up",
            Self::Restarts => "restarts",
            Self::Alert => "alert",
            Self::Order => "order",
            Self::Stop => "stop",
            Self::Fill => "FILL",
            Self::OrderEnds => "order ends",
            Self::Fault => "FAULT",
            Self::Note => "note",
        }
    }

    fn colour(self) -> &'static str {
        match self {
            Self::Ready | Self::Fill => "\x1b[1;32m",
            Self::Stop => "\x1b[36m",
            Self::Fails | Self::Fault | Self::Alert => "\x1b[1;31m",
            Self::Skipped | Self::Restarts | Self::Stops => "\x1b[33m",
            Self::Gate => "\x1b[1m",
            Self::Fires | Self::Waits | Self::AlreadyUp | Self::Note => "\x1b[2m",
            Self::Starts | Self::Ends | Self::Order | Self::OrderEnds => "",
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Happening {
    /// When, on the venue's clock.
    #[serde(serialize_with = "in_new_york")]
    pub at: Timestamp,
    /// Who or what.
    pub unit: String,
    /// Which kind of thing.
    pub event: Word,
    /// The rest.
    pub detail: String,
}

fn in_new_york<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&at.to_ny_rfc3339())
}

/// The day so far.
pub struct Timeline {
    session: NyDate,
    happenings: Vec<Happening>,
    unit_width: usize,
    terminal: Option<Style>,
}

/// How lines are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// With colours.
    pub colour: bool,
}

impl Style {
    /// What standard output deserves.
    pub fn of_stdout() -> Self {
        let no_colour = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Self { colour: io::stdout().is_terminal() && !no_colour }
    }

    /// A text in a colour, or as it is.
    pub fn paint(self, colour: &str, text: &str) -> String {
        if self.colour && !colour.is_empty() { format!("{colour}{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Timeline {
    /// An empty one; with a style its lines are written to standard output as they come.
    pub fn new(session: NyDate, units: impl IntoIterator<Item = usize>, terminal: Option<Style>) -> Self {
        let unit_width = units.into_iter().max().unwrap_or_default().max("rehearsal".len());
        Self { session, happenings: Vec::new(), unit_width, terminal }
    }

    /// Adds a line.
    pub fn add(&mut self, at: Timestamp, unit: &str, event: Word, detail: impl Into<String>) {
        let happening = Happening { at, unit: unit.to_owned(), event, detail: detail.into() };
        if let Some(style) = self.terminal {
            let mut out = io::stdout().lock();
            // Whoever closed the pipe has seen enough; the day goes on.
            let _ = writeln!(out, "{}", self.line(&happening, style)).and_then(|()| out.flush());
        }
        self.happenings.push(happening);
    }

    /// Every line so far.
    pub fn happenings(&self) -> &[Happening] {
        &self.happenings
    }

    fn line(&self, happening: &Happening, style: Style) -> String {
        let Happening { at, unit, event, detail } = happening;
        let time = style.paint("\x1b[2m", &self.clock(*at));
        let word = style.paint(event.colour(), &format!("{:<10}", event.text()));
        format!("{time}  {unit:<width$}  {word}  {detail}", width = self.unit_width).trim_end().to_owned()
    }

    /// The time of day; on another day than the session's, month and day before it.
    fn clock(&self, at: Timestamp) -> String {
        let (date, time) = (at.ny_date(), at.ny_time().format("%H:%M:%S").to_string());
        if date == self.session {
            format!("      {time}")
        } else {
            format!("{:02}-{:02} {time}", date.month(), date.day())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_time_unit_word_detail_and_colour_changes_no_text() {
        let mut timeline = Timeline::new("2017-11-10".parse().unwrap(), ["scan.service".len()], None);
        let (day, eve) = ("2017-11-10T13:30:00Z".parse().unwrap(), "2017-11-09T13:30:00Z".parse().unwrap());
        timeline.add(day, "scan.timer", Word::Fires, "scan.service");
        timeline.add(eve, "venue", Word::Fill, "");
        let plain = |style| timeline.happenings().iter().map(|h| timeline.line(h, style)).collect::<Vec<_>>();
        assert_eq!(
            plain(Style { colour: false }),
            ["      08:30:00  scan.timer    fires       scan.service", "11-09 08:30:00  venue         FILL"]
        );
        let coloured = plain(Style { colour: true }).join("\n");
        assert!(coloured.contains("\x1b[1;32mFILL"), "{coloured:?}");
    }

    #[test]
    fn the_document_has_new_york_times_and_plain_words() {
        let mut timeline = Timeline::new("2017-11-10".parse().unwrap(), [], None);
        timeline.add("2017-11-10T13:30:00Z".parse().unwrap(), "x", Word::AlreadyUp, "y");
        let json = serde_json::to_string(timeline.happenings()).unwrap();
        assert_eq!(json, r#"[{"at":"2017-11-10T08:30:00-05:00","unit":"x","event":"already-up","detail":"y"}]"#);
    }
}
