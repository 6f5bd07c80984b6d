//! What the clock and calendar endpoints say that is not so. Trading goes by the truth.
//!
//! Pure: a lie is told of an answer the venue gave, at an instant. A wrong calendar is wrong about the day it is told on.

use ::venue::Response;
use market::{Calendar, NyDate, Session, TimeDelta, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What the calendar is said to be wrong about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WrongCalendar {
    /// Nothing.
    #[default]
    None,
    /// There is no session today.
    ClosedToday,
    /// Today's session closes at 13:00.
    HalfDayToday,
}

/// The lies the venue tells; none by default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lies {
    /// The clock is ahead of the truth by so many seconds.
    pub(crate) skew_seconds: i64,
    pub(crate) calendar: WrongCalendar,
}

impl Lies {
    /// The answer to a GET of a path, told as it is not.
    pub(crate) fn tell(self, path: &str, now: Timestamp, response: Response) -> Response {
        if self == Self::default() || response.status != 200 {
            return response;
        }
        let mut body = response.json();
        match path.trim_end_matches('/') {
            "/v2/clock" => self.clock(now, &mut body),
            "/v2/calendar" => self.calendar(now.ny_date(), &mut body),
            _ => return response,
        }
        Response { body: body.to_string(), ..response }
    }

    fn clock(self, now: Timestamp, body: &mut Value) {
        let told = now + TimeDelta::seconds(self.skew_seconds);
        body["timestamp"] = told.to_ny_rfc3339().into();
        if self.calendar == WrongCalendar::None {
            return;
        }
        let Some((first, next)) = self.sessions(now.ny_date()) else { return };
        let next_open = if first.open <= now { next } else { first };
        let next_close = if first.close <= now { next } else { first };
        body["is_open"] = json!(first.contains(now));
        body["next_open"] = next_open.open.to_ny_rfc3339().into();
        body["next_close"] = next_close.close.to_ny_rfc3339().into();
    }

    fn calendar(self, today: NyDate, body: &mut Value) {
        let Some(days) = body.as_array_mut() else { return };
        let is_today = |day: &Value| day["date"].as_str() == Some(today.to_string().as_str());
        match self.calendar {
            WrongCalendar::None => {}
            WrongCalendar::ClosedToday => days.retain(|day| !is_today(day)),
            WrongCalendar::HalfDayToday => {
                for day in days.iter_mut().filter(|day| is_today(day)) {
                    day["close"] = "13:00".into();
                    day["session_close"] = "1700".into();
                }
            }
        }
    }

    /// The first two sessions from today on, by the wrong calendar.
    fn sessions(self, today: NyDate) -> Option<(Session, Session)> {
        let calendar = Calendar::nyse();
        let mut first = calendar.session_on_or_after(today).ok()?;
        if first.date == today {
            match self.calendar {
                WrongCalendar::None => {}
                WrongCalendar::ClosedToday => first = calendar.next_session(today).ok()?,
                WrongCalendar::HalfDayToday => first.close = today.at_hm(13, 0),
            }
        }
        Some((first, calendar.next_session(first.date).ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: &str = "2026-11-10";

    fn told(lies: Lies, path: &str, time: (u32, u32), body: Value) -> Value {
        let now = TODAY.parse::<NyDate>().unwrap().at_hm(time.0, time.1);
        lies.tell(path, now, Response { status: 200, body: body.to_string(), rate: None }).json()
    }

    #[test]
    fn a_skewed_clock_is_ahead_and_nothing_else_is_wrong() {
        let lies = Lies { skew_seconds: 90, ..Lies::default() };
        let clock = told(lies, "/v2/clock", (10, 0), json!({"timestamp": "", "is_open": true, "next_open": "n"}));
        assert_eq!(clock, json!({"timestamp": "2026-11-10T10:01:30-05:00", "is_open": true, "next_open": "n"}));
        let calendar = json!([{"date": TODAY, "close": "16:00"}]);
        assert_eq!(told(lies, "/v2/calendar", (10, 0), calendar.clone()), calendar);
    }

    #[test]
    fn closed_today_is_no_session_in_clock_and_calendar() {
        let lies = Lies { calendar: WrongCalendar::ClosedToday, ..Lies::default() };
        let clock = told(lies, "/v2/clock", (10, 0), json!({}));
        assert_eq!((&clock["is_open"], &clock["next_open"]), (&json!(false), &json!("2026-11-11T09:30:00-05:00")));
        assert_eq!(clock["next_close"], "2026-11-11T16:00:00-05:00");
        let calendar = json!([{"date": TODAY}, {"date": "2026-11-11"}]);
        assert_eq!(told(lies, "/v2/calendar", (10, 0), calendar), json!([{"date": "2026-11-11"}]));
    }

    #[test]
    fn a_half_day_today_ends_at_one() {
        let lies = Lies { calendar: WrongCalendar::HalfDayToday, ..Lies::default() };
        let before = told(lies, "/v2/clock", (12, 59), json!({}));
        assert_eq!((&before["is_open"], &before["next_close"]), (&json!(true), &json!("2026-11-10T13:00:00-05:00")));
        let after = told(lies, "/v2/clock", (13, 0), json!({}));
        assert_eq!((&after["is_open"], &after["next_open"]), (&json!(false), &json!("2026-11-11T09:30:00-05:00")));
        let calendar = told(lies, "/v2/calendar", (10, 0), json!([{"date": TODAY, "close": "16:00"}]));
        assert_eq!(calendar, json!([{"date": TODAY, "close": "13:00", "session_close": "1700"}]));
    }

    #[test]
    fn other_endpoints_and_refusals_are_told_as_they_are() {
        let lies = Lies { skew_seconds: 90, calendar: WrongCalendar::ClosedToday };
        assert_eq!(told(lies, "/v2/account", (10, 0), json!({"a": 1})), json!({"a": 1}));
        let refusal = Response { status: 401, body: "{}".to_owned(), rate: None };
        assert_eq!(lies.tell("/v2/clock", Timestamp::from_unix_seconds(0), refusal.clone()), refusal);
    }
}
