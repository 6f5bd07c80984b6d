//! An agenda for a calendar program: RFC 5545, an event a fire, and what the text says of it as its description.

use std::fmt::Write;

use chrono_tz::Tz;
use market::Timestamp;

use super::{
    Agenda, Day, Exchange, Relation, TimerFire,
    text::{Paint, exchange, notes, truncated},
    wall,
};

/// Octets of a line, its end not counted.
const LINE_MAX: usize = 75;
const PLAIN: Paint = Paint { colour: false };

/// The agenda as iCalendar; every event stands for an instant, without a length.
#[must_use]
pub fn ics(agenda: &Agenda) -> String {
    let mut text = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Portcullis//unitgen//EN\r\n".to_owned();
    if agenda.truncated {
        // A calendar's own description: RFC 7986.
        property(&mut text, "DESCRIPTION", &truncated());
    }
    for day in &agenda.days {
        for fire in &day.fires {
            event(&mut text, agenda, day, fire);
        }
    }
    text + "END:VCALENDAR\r\n"
}

fn event(text: &mut String, agenda: &Agenda, day: &Day, fire: &TimerFire) {
    let (name, at, what) = (&agenda.deployment, basic(fire.utc), &fire.name);
    let _ = write!(text, "BEGIN:VEVENT\r\nUID:{at}-{what}@{name}\r\nDTSTAMP:{at}\r\nDTSTART:{at}\r\n");
    // Most programs show this line alone.
    let mark = match &fire.exchange {
        Relation::NoSession { .. } => " (no session)",
        Relation::Unknown => " (session unknown)",
        Relation::BeforeOpen { .. } | Relation::InSession | Relation::AfterClose { .. } => "",
    };
    property(text, "SUMMARY", &format!("{name}: {what}{mark}"));
    let mut told = notes(fire, agenda.zone, PLAIN);
    match day.exchange {
        Exchange::HalfDay { .. } | Exchange::Unknown { .. } => told.push(exchange(day, agenda.zone, PLAIN)),
        Exchange::Session { .. } | Exchange::Closed { .. } => {}
    }
    property(text, "DESCRIPTION", &told.join("; "));
    text.push_str("TRANSP:TRANSPARENT\r\nEND:VEVENT\r\n");
}

/// A property of text: escaped, and folded where the line is too long.
fn property(out: &mut String, name: &str, value: &str) {
    let escaped = value.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace('\n', "\\n");
    let mut length = 0;
    for c in format!("{name}:{escaped}").chars() {
        if length + c.len_utf8() > LINE_MAX {
            // The blank is the first octet of the next line.
            out.push_str("\r\n ");
            length = 1;
        }
        out.push(c);
        length += c.len_utf8();
    }
    out.push_str("\r\n");
}

fn basic(at: Timestamp) -> String {
    wall(at, Tz::UTC).format("%Y%m%dT%H%M%SZ").to_string()
}
