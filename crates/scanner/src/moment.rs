//! Which session a scan is for, and up to which day it sees data: always before that session.

use anyhow::Result;
use contract::{Env, ExitCode, ProgramClock, clock::ClockError};
use market::{Calendar, CalendarError, NyDate, Timestamp};

use crate::failure::{refuse, with_code};

/// The days of one scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The newest day of data to look at; what `ScanDate` shows.
    pub as_of: NyDate,
    /// The session the watchlist is for: the first one after.
    pub session: NyDate,
    /// The last session up to `as_of`: the bars must reach it.
    pub last_session: NyDate,
    /// When the scan began.
    pub started_at: Timestamp,
}

/// The days as asked for, or else as the clock says.
pub fn moment(as_of: Option<NyDate>, calendar: Calendar, env: &Env) -> Result<Moment> {
    let now = ProgramClock::from_env(env).and_then(|clock| clock.try_now()).map_err(clock_failure)?;
    chosen(as_of, now, calendar)
}

/// A day that is not over has no whole bars, so a list made from it would look ahead or half-blind.
fn chosen(as_of: Option<NyDate>, now: Timestamp, calendar: Calendar) -> Result<Moment> {
    let newest = newest_data(now, calendar).map_err(|error| with_code(ExitCode::BadData, error))?;
    let as_of = as_of.unwrap_or(newest);
    if as_of > newest {
        let text = format!("--as-of {as_of}: that day is not over; the newest whole day is {newest}");
        return Err(refuse(ExitCode::BadData, text));
    }
    around(as_of, now, calendar).map_err(|error| with_code(ExitCode::BadData, error))
}

fn clock_failure(error: ClockError) -> anyhow::Error {
    let code = if error.is_configuration() { ExitCode::BadConfig } else { ExitCode::BrokerUnavailable };
    with_code(code, error)
}

fn around(as_of: NyDate, started_at: Timestamp, calendar: Calendar) -> Result<Moment, CalendarError> {
    Ok(Moment {
        as_of,
        session: calendar.next_session(as_of)?.date,
        last_session: calendar.previous_session(as_of.plus_days(1))?.date,
        started_at,
    })
}

/// Today once the market is done for today, the session before while it is not.
fn newest_data(now: Timestamp, calendar: Calendar) -> Result<NyDate, CalendarError> {
    let today = now.ny_date();
    match calendar.session_on(today)? {
        Some(session) if now < session.close => Ok(calendar.previous_session(today)?.date),
        Some(_) | None => Ok(today),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_that_is_not_over_is_refused() {
        let now = "2017-11-13T15:59:00-05:00".parse().unwrap();
        for (as_of, accepted) in [("2017-11-10", true), ("2017-11-13", false), ("2017-11-14", false)] {
            let moment = chosen(Some(as_of.parse().unwrap()), now, Calendar::nyse());
            assert_eq!(moment.is_ok(), accepted, "{as_of}");
        }
    }

    #[test]
    fn the_clock_chooses_data_before_the_session() {
        for (now, as_of, session, last_session) in [
            // Monday before the open, in the session, and after the close.
            ("2017-11-13T08:30:00-05:00", "2017-11-10", "2017-11-13", "2017-11-10"),
            ("2017-11-13T15:59:00-05:00", "2017-11-10", "2017-11-13", "2017-11-10"),
            ("2017-11-13T16:00:00-05:00", "2017-11-13", "2017-11-14", "2017-11-13"),
            // Saturday; Thanksgiving; the half-day after it, closed at 13:00.
            ("2017-11-11T10:00:00-05:00", "2017-11-11", "2017-11-13", "2017-11-10"),
            ("2017-11-23T10:00:00-05:00", "2017-11-23", "2017-11-24", "2017-11-22"),
            ("2017-11-24T12:59:00-05:00", "2017-11-22", "2017-11-24", "2017-11-22"),
            ("2017-11-24T13:00:00-05:00", "2017-11-24", "2017-11-27", "2017-11-24"),
            // Just before midnight in New York it is the next day in UTC.
            ("2017-11-13T23:59:59-05:00", "2017-11-13", "2017-11-14", "2017-11-13"),
        ] {
            let calendar = Calendar::nyse();
            let now_at: Timestamp = now.parse().unwrap();
            let got = around(newest_data(now_at, calendar).unwrap(), now_at, calendar).unwrap();
            let days = [got.as_of, got.session, got.last_session].map(|day| day.to_string());
            assert_eq!(days, [as_of, session, last_session], "at {now}");
            assert!(got.as_of < got.session);
        }
    }

    #[test]
    fn a_day_the_calendar_does_not_know_is_refused() {
        let now: Timestamp = "2017-11-13T08:30:00-05:00".parse().unwrap();
        assert!(around(NyDate::new(2031, 1, 2).unwrap(), now, Calendar::nyse()).is_err());
    }
}
