//! `desk quiet`: is now a time to change what runs? Asked by whoever replaces units or programs, before it does.
//!
//! Quiet is when nothing is held, works or is unknown, or when the market is closed: stops then lie at the broker and nothing
//! can be filled. Whatever nobody can tell is not quiet.

use contract::{ExitCode, Exposure};
use market::{Calendar, TimeDelta, Timestamp};

use super::Place;

/// A change begun this long before the open may still be going on at the open.
const BEFORE_OPEN: TimeDelta = TimeDelta::minutes(15);

/// Which deployment.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    place: Place,
}

/// Looks, says why, and ends with 0 when it is quiet or 75 when it is not.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let desk = args.place.open()?;
    let now = desk.clock.try_now().map_err(|error| error.to_string());
    Ok(match judge(&now, Calendar::nyse(), &Exposure::assess(&desk.layout)) {
        Ok(why) => {
            println!("QUIET: {why}");
            ExitCode::Ok
        }
        Err(why) => {
            println!("NOT QUIET: {why}");
            ExitCode::GateRefused
        }
    })
}

/// Why it is quiet, or why it is not.
fn judge(now: &Result<Timestamp, String>, calendar: Calendar, exposure: &Exposure) -> Result<String, String> {
    let Exposure::Exposed { why } = exposure else { return Ok("nothing is held and no order works".to_owned()) };
    let now = now.as_ref().map_err(|error| format!("the time is not known ({error}), and there is {why}"))?;
    match calendar.session_on(now.ny_date()) {
        Err(error) => Err(format!("{error}, and there is {why}")),
        Ok(Some(session)) if session.open - BEFORE_OPEN <= *now && *now < session.close => Err(format!(
            "the market is open or about to open until {}, and there is {why}",
            session.close.to_ny_rfc3339()
        )),
        Ok(_) => Ok("the market is closed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Friday of whole length, the half-day after Thanksgiving, a Saturday, a day after the calendar's end.
    #[test]
    fn it_is_quiet_when_flat_or_closed() {
        let exposed =
            || Exposure::Exposed { why: "1 positions (AAPL), 0 working orders, 0 unknown outcomes".to_owned() };
        for (now, exposed_is_quiet) in [
            (Ok("2026-11-20T09:14:59-05:00"), true),
            (Ok("2026-11-20T09:15:00-05:00"), false),
            (Ok("2026-11-20T12:00:00-05:00"), false),
            (Ok("2026-11-20T15:59:59-05:00"), false),
            (Ok("2026-11-20T16:00:00-05:00"), true),
            (Ok("2026-11-27T12:59:59-05:00"), false),
            (Ok("2026-11-27T13:00:00-05:00"), true),
            (Ok("2026-11-21T12:00:00-05:00"), true),
            (Ok("2200-11-20T12:00:00-05:00"), false),
            (Err("no clock"), false),
        ] {
            let time = now.map(|text| text.parse().unwrap()).map_err(str::to_owned);
            assert!(judge(&time, Calendar::nyse(), &Exposure::Flat).is_ok(), "{now:?}");
            assert_eq!(judge(&time, Calendar::nyse(), &exposed()).is_ok(), exposed_is_quiet, "{now:?}");
        }
    }
}
