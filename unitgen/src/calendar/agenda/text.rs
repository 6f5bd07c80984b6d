//! An agenda for people: a line a day, below it a line a fire. Weekends on which nothing happens are left out.

use std::fmt::Write;

use chrono_tz::Tz;
use market::Timestamp;

use super::{Agenda, ClockChange, Day, Exchange, FIRES_MAX, Kind, Relation, TimerFire, ny_day, wall};

const BOLD: &str = "\x1b[1m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// The agenda as text; with colour when somebody looks.
#[must_use]
pub fn text(agenda: &Agenda, colour: bool) -> String {
    let paint = Paint { colour };
    let fires: usize = agenda.days.iter().map(|day| day.fires.len()).sum();
    let from = agenda.days.first().map(|day| format!("{} {}", day.weekday, day.date)).unwrap_or_default();
    let mut text = format!(
        "{}: {} in {} from {from}, days of {}\n",
        agenda.deployment,
        counted(fires, "fire"),
        counted(agenda.days.len(), "day"),
        agenda.zone
    );
    let width = agenda.days.iter().flat_map(|day| &day.fires).map(|fire| fire.name.len()).max().unwrap_or(0);
    for day in agenda.days.iter().filter(|day| is_told(day)) {
        text += &format!("\n{}\n", head(day, agenda.zone, paint));
        for fire in &day.fires {
            text += &line(fire, agenda.zone, width, paint);
        }
    }
    if !agenda.untimed.is_empty() {
        text += "\nNot by a timer:\n";
    }
    for job in &agenda.untimed {
        let after = job.after.join(" or ");
        let starts = if after.is_empty() { "by hand only".to_owned() } else { format!("after {after} has succeeded") };
        let _ = writeln!(text, "  {}: {starts}", job.job);
    }
    if agenda.truncated {
        let _ = writeln!(text, "\n{}.", truncated());
    }
    text
}

#[derive(Clone, Copy)]
pub(super) struct Paint {
    pub(super) colour: bool,
}

impl Paint {
    fn with(self, code: &str, text: &str) -> String {
        if self.colour { format!("{code}{text}{PLAIN}") } else { text.to_owned() }
    }
}

/// What is said of an agenda that is not whole.
pub(super) fn truncated() -> String {
    format!("The first {FIRES_MAX} fires; ask for fewer days to see the rest")
}

fn is_told(day: &Day) -> bool {
    let weekend = matches!(day.exchange, Exchange::Closed { reason: "weekend" });
    !weekend || !day.fires.is_empty() || !day.clock_changes.is_empty()
}

fn head(day: &Day, zone: Tz, paint: Paint) -> String {
    let mut words = vec![exchange(day, zone, paint)];
    words.extend(day.clock_changes.iter().map(|change| paint.with(YELLOW, &told(change))));
    format!("{}  {}", paint.with(BOLD, &format!("{} {}", day.weekday, day.date)), words.join("; "))
}

/// What the exchange does on a day.
pub(super) fn exchange(day: &Day, zone: Tz, paint: Paint) -> String {
    match &day.exchange {
        Exchange::Session { open, close } => format!("session {}", span(*open, *close, zone)),
        Exchange::HalfDay { reason, open, close } => {
            paint.with(YELLOW, &format!("half-day {}: {reason}", span(*open, *close, zone)))
        }
        Exchange::Closed { reason: "weekend" } => "weekend".to_owned(),
        Exchange::Closed { reason } => paint.with(YELLOW, &format!("no session: {reason}")),
        Exchange::Unknown { first_known, last_known } => {
            let is_before = ny_day(day.date) < *first_known;
            let (verb, date) = if is_before { ("begins", first_known) } else { ("ends", last_known) };
            paint.with(YELLOW, &format!("the exchange's calendar of this release {verb} on {date}"))
        }
    }
}

fn line(fire: &TimerFire, zone: Tz, width: usize, paint: Paint) -> String {
    let mut line = format!("  {}", clock(fire.utc, zone));
    if zone != Tz::America__New_York {
        line += &format!(
            "  {} New York{}",
            clock(fire.utc, Tz::America__New_York),
            shift(fire.utc, zone, Tz::America__New_York)
        );
    }
    if zone != Tz::UTC {
        line += &format!("  {} UTC{}", clock(fire.utc, Tz::UTC), shift(fire.utc, zone, Tz::UTC));
    }
    line + &format!("  {:width$}  {}\n", fire.name, notes(fire, zone, paint).join("; "))
}

/// What is worth telling of a fire, beside its time and name.
pub(super) fn notes(fire: &TimerFire, zone: Tz, paint: Paint) -> Vec<String> {
    let mut notes = vec![relation(&fire.exchange, paint)];
    if fire.kind == Kind::Service {
        notes.push("runs on".to_owned());
    }
    if let Some(until) = fire.made_up_until {
        notes.push(format!("made up for until {}{}", clock(until, zone), days_later(fire.utc, until, zone)));
    }
    if !fire.on_success.is_empty() {
        notes.push(format!("then {}", fire.on_success.join(", ")));
    }
    notes
}

fn relation(relation: &Relation, paint: Paint) -> String {
    match relation {
        Relation::BeforeOpen { seconds } => format!("{} before the open", duration(*seconds)),
        Relation::InSession => paint.with(YELLOW, "in session"),
        Relation::AfterClose { seconds: 0 } => "at the close".to_owned(),
        Relation::AfterClose { seconds } => format!("{} after the close", duration(*seconds)),
        Relation::NoSession { reason } => paint.with(YELLOW, &format!("no session: {reason}")),
        Relation::Unknown => paint.with(YELLOW, "session unknown"),
    }
}

fn told(change: &ClockChange) -> String {
    let forward = change.offset_after_seconds > change.offset_before_seconds;
    let by = i64::from((change.offset_after_seconds - change.offset_before_seconds).abs());
    format!(
        "clocks of {} go {} {} at {}, from {} to {}",
        change.zone,
        if forward { "forward" } else { "back" },
        duration(by),
        change.shown.format("%H:%M"),
        offset(change.offset_before_seconds),
        offset(change.offset_after_seconds)
    )
}

fn span(open: Timestamp, close: Timestamp, zone: Tz) -> String {
    let place = if zone == Tz::America__New_York { "" } else { " New York" };
    format!("{} to {}{place}", clock(open, Tz::America__New_York), clock(close, Tz::America__New_York))
}

/// Seconds are told where there are any.
fn clock(at: Timestamp, zone: Tz) -> String {
    let text = wall(at, zone).format("%H:%M:%S").to_string();
    text.strip_suffix(":00").unwrap_or(&text).to_owned()
}

/// ` +1d` where it is another day already.
fn shift(at: Timestamp, zone: Tz, elsewhere: Tz) -> String {
    let days = (wall(at, elsewhere).date_naive() - wall(at, zone).date_naive()).num_days();
    if days == 0 { String::new() } else { format!(" {days:+}d") }
}

fn days_later(from: Timestamp, to: Timestamp, zone: Tz) -> String {
    let days = (wall(to, zone).date_naive() - wall(from, zone).date_naive()).num_days();
    if days == 0 { String::new() } else { format!(" {days:+}d") }
}

fn offset(seconds: i32) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    format!("UTC{sign}{:02}:{:02}", seconds.abs() / 3600, seconds.abs() / 60 % 60)
}

fn duration(seconds: i64) -> String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "m"), (seconds % 60, "s")];
    parts.into_iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect()
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
