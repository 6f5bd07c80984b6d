//! `gate late-start`: is this run of a timer too late to be of use?

use contract::{
    Env, ExitCode, ProgramClock,
    clock::ClockError,
    env,
    late_start::{self, Slots, Start},
};
use market::{TimeDelta, Timestamp};

/// The slot, and how late its run may be.
#[derive(clap::Args)]
pub struct Args {
    /// The weekdays of the job's schedule, such as Mon,Tue,Wed
    #[arg(long, value_name = "DAYS")]
    on: String,
    /// Its time of day in New York
    #[arg(long, value_name = "HH:MM:SS")]
    at: String,
    /// How late its run may be
    #[arg(long, value_name = "N")]
    at_most_seconds: u32,
}

/// How it ended, and what to say.
pub struct Outcome {
    /// The exit code.
    pub exit: ExitCode,
    /// The line for people.
    pub line: String,
    /// The line for machines, when there is a verdict.
    pub json: Option<String>,
    /// What to do about it.
    pub hint: Option<&'static str>,
}

const HINT: &str = "it was not made up for; to run it all the same, `systemctl start` its service by hand, five minutes after \
                    its timer fired";

/// Reads clock and environment, and judges.
pub fn judge(args: &Args, env: &Env) -> Outcome {
    let slots = match Slots::parse(&args.on, &args.at) {
        Ok(slots) => slots,
        Err(problem) => return failed(ExitCode::Usage, problem),
    };
    let clock = ProgramClock::from_env(env);
    let now = match clock.as_ref().map_err(|error| error.to_string()).and_then(|clock| clock.try_now().map_err(text)) {
        Ok(now) => now,
        Err(problem) => {
            let exit = if clock.is_err() { ExitCode::BadConfig } else { ExitCode::GateRefused };
            return failed(exit, format!("nobody knows how late it is: {problem}"));
        }
    };
    let is_venue = clock.is_ok_and(|clock| clock.is_venue());
    let start =
        late_start::judge(now, fired(env, now, is_venue), &slots, TimeDelta::seconds(args.at_most_seconds.into()));
    let exit = if start.may_run() { ExitCode::Ok } else { ExitCode::GateRefused };
    let hint = matches!(start, Start::Late { .. }).then_some(HINT);
    Outcome { exit, line: start.to_string(), json: Some(start.to_json()), hint }
}

/// When the timer fired that started this unit. A venue's time is not that of systemd's timers: there every start is a
/// timer's.
fn fired(env: &Env, now: Timestamp, is_venue: bool) -> Option<Timestamp> {
    let micros = env.text(&env::TRIGGER_TIMER_REALTIME_USEC).ok().flatten()?;
    if is_venue {
        return Some(now);
    }
    // What cannot be read says that there was a timer.
    let nanos = micros.parse::<i64>().ok().and_then(|micros| micros.checked_mul(1_000));
    Some(nanos.map_or(now, Timestamp::from_unix_nanos))
}

fn failed(exit: ExitCode, line: String) -> Outcome {
    Outcome { exit, line, json: None, hint: None }
}

fn text(error: ClockError) -> String {
    error.to_string()
}
