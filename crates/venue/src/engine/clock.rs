//! GET /v2/clock and /v2/calendar: the venue's time and the exchange's sessions. Instants carry New York's offset.

use market::{CalendarError, Session, Timestamp};
use serde_json::{Value, json};

use super::{
    Engine, Response,
    query::{Asked, Query},
    refusal::Refusal,
};

/// Which day of a session the bounds of a calendar are about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum DateType {
    Trading,
    Settlement,
}

impl Engine {
    pub(super) fn clock(&self) -> Result<Response, Refusal> {
        let today = self.now.ny_date();
        let next = |passed: fn(&Session, Timestamp) -> bool| {
            let session = self.calendar.session_on_or_after(today)?;
            if passed(&session, self.now) { self.calendar.next_session(session.date) } else { Ok(session) }
        };
        let next_open = next(|session, now| session.open <= now).map_err(unknown_day)?.open;
        let next_close = next(|session, now| session.close <= now).map_err(unknown_day)?.close;
        Ok(Response::ok(json!({
            "timestamp": self.now.to_ny_rfc3339(),
            "is_open": self.is_open(),
            "next_open": next_open.to_ny_rfc3339(),
            "next_close": next_close.to_ny_rfc3339(),
        })))
    }

    pub(super) fn sessions(&self, query: &Query) -> Result<Response, Refusal> {
        let asked = Asked::trading(query);
        let kind = asked.read("date_type", |text| match text {
            "TRADING" => Some(DateType::Trading),
            "SETTLEMENT" => Some(DateType::Settlement),
            _ => None,
        })?;
        let known = (self.calendar.first_known(), self.calendar.last_known());
        let (first, last) = (asked.day("start")?.unwrap_or(known.0), asked.day("end")?.unwrap_or(known.1));
        if last < first {
            return Err(asked.refuse("end should not be before start"));
        }
        let settled = kind == Some(DateType::Settlement);
        // What settles on the first day was traded the session before it.
        let from = if settled { first.plus_days(-DAYS_TO_SETTLE_MAX).max(known.0) } else { first };
        let mut days = Vec::new();
        for session in self.calendar.sessions(from, last).map_err(unknown_day)? {
            let settlement = self.calendar.next_session(session.date).map_or(session.date, |next| next.date);
            if settled && !(first..=last).contains(&settlement) {
                continue;
            }
            days.push(json!({
                "date": session.date,
                "open": session.open.ny_time().format("%H:%M").to_string(),
                "close": session.close.ny_time().format("%H:%M").to_string(),
                "session_open": "0400",
                "session_close": if session.is_half_day() { "1700" } else { "2000" },
                "settlement_date": settlement,
            }));
        }
        Ok(Response::ok(Value::Array(days)))
    }
}

/// The longest the exchange is closed, and more.
const DAYS_TO_SETTLE_MAX: i32 = 14;

fn unknown_day(error: CalendarError) -> Refusal {
    Refusal::invalid(error.to_string())
}
