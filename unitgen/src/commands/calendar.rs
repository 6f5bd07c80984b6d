//! `unitgen calendar`: when the timers of a manifest fire.

use std::time::SystemTime;

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use clap::Args;
use contract::ExitCode;

use super::{ManifestArgs, colour_of_output, say, tell};
use crate::calendar::{
    Tz, YEAR_KNOWN_MAX,
    agenda::{self, Agenda, DAYS_MAX, FIRES_MAX},
};

/// Show when the timers of a manifest fire, among holidays, half-days and clock changes
///
/// Every fire is told in the manifest's zone, in New York and in UTC, as systemd elapses: through clock changes too. Holidays
/// do not stop a timer: what it starts on one is marked.
#[derive(Debug, Args)]
pub(super) struct Calendar {
    #[command(flatten)]
    manifest: ManifestArgs,
    /// The first day; today in New York without it
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<NaiveDate>,
    /// So many days, at most 366
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=i64::from(DAYS_MAX)))]
    days: u16,
    /// Print iCalendar, an event a fire
    #[arg(long, conflicts_with = "json")]
    ics: bool,
}

impl Calendar {
    pub(super) fn run(&self) -> ExitCode {
        let loaded = match self.manifest.load() {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let warnings = &loaded.checked.warnings;
        if !warnings.is_empty() && !self.manifest.json {
            self.manifest.show(&loaded.path, &loaded.bytes, warnings);
        }
        let from = self.from.unwrap_or_else(today);
        let last = from.checked_add_days(Days::new(u64::from(self.days)));
        if last.is_none_or(|last| last.year() > YEAR_KNOWN_MAX) {
            tell(&format!(
                "error: no fire is foretold beyond {YEAR_KNOWN_MAX}: nobody knows a clock change there\n  hint: name an earlier \
                 day with --from\n"
            ));
            return ExitCode::Usage;
        }
        let found = Agenda::of(&loaded.checked.deployment, from, self.days);
        if found.as_ref().is_ok_and(|found| found.truncated) && (self.ics || self.manifest.json) {
            tell(&format!("warning: these are the first {FIRES_MAX} fires\n  hint: ask for fewer days with --days\n"));
        }
        match found {
            Ok(found) if self.manifest.json => {
                let json = serde_json::to_string(&found).expect("an agenda has no key that is no text");
                say(&format!("{json}\n"));
            }
            Ok(found) if self.ics => say(&agenda::ics(&found)),
            Ok(found) => say(&agenda::text(&found, colour_of_output())),
            Err(error) => {
                tell(&format!("error: {error}\n  hint: say when in a schedule that systemd and unitgen both follow\n"));
                return ExitCode::BadConfig;
            }
        }
        ExitCode::Ok
    }
}

fn today() -> NaiveDate {
    DateTime::<Utc>::from(SystemTime::now()).with_timezone(&Tz::America__New_York).date_naive()
}
