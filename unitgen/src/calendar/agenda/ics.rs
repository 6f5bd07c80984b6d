//! An agenda for a calendar program: RFC 5545, an event a fire. Names are the manifest's, which need no escape and fit a line.

use std::fmt::Write;

use chrono_tz::Tz;
use market::Timestamp;

use super::{Agenda, wall};

/// The agenda as iCalendar; every event stands for an instant, without a length.
#[must_use]
pub fn ics(agenda: &Agenda) -> String {
    let name = &agenda.deployment;
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Portcullis//unitgen//EN\r\n".to_owned();
    for fire in agenda.days.iter().flat_map(|day| &day.fires) {
        let (at, what) = (basic(fire.utc), &fire.name);
        let _ = write!(text, "BEGIN:VEVENT\r\nUID:{at}-{what}@{name}\r\nDTSTAMP:{at}\r\nDTSTART:{at}\r\n");
        let _ = write!(text, "SUMMARY:{name}: {what}\r\nTRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
    }
    text + "END:VCALENDAR\r\n"
}

fn basic(at: Timestamp) -> String {
    wall(at, Tz::UTC).format("%Y%m%dT%H%M%SZ").to_string()
}
