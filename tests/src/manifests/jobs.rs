//! Jobs of every task: at one time a day or again and again, in the manifest's zone or one of their own, behind one another.

use crate::hostile::{HOSTILE, quoted};

use super::{Draft, Trader};

/// Days that leave out no session, and any.
const EVERY_DAY: [&str; 3] = ["Mon..Fri", "Mon..Sun", "Mon..Sat"];
const ANY_DAY: [&str; 6] = ["Mon..Fri", "Mon,Wed,Fri", "Sat", "Mon..Sun", "Tue..Thu,Sun", "Fri,Mon"];
/// Spans that leave time for a restart before the open, and any.
const SHORT: [&str; 7] = ["1s", "59s", "60s", "90s", "20m", "61m", "3601s"];
const ANY: [&str; 9] = ["1s", "59s", "60s", "90s", "20m", "61m", "3601s", "2h", "6h"];

impl Draft {
    pub(super) fn add_jobs(&mut self, service: Option<&str>) {
        let seed = self.seed;
        let serves = service.map(|service| format!("serves = \"{service}\"\n")).unwrap_or_default();
        if self.trader == Trader::Lists || self.numbers.one_in(4) {
            let (args, when) = (self.options_of_scan(), self.once(&EVERY_DAY, 4..7));
            self.add_job(
                &format!("scan-{seed}"),
                &format!("program = \"scanner\"\nargs = [\"scan\"{args}]"),
                &when,
                &SHORT,
            );
            let follows_restart = self.trader == Trader::Lists && self.numbers.one_in(2);
            let follows_eod = service.is_some() && self.numbers.one_in(4);
            let mut followers = Vec::new();
            followers.extend(follows_restart.then(|| format!("\"restart-{seed}\"")));
            followers.extend(follows_eod.then(|| format!("\"eod-{seed}\"")));
            if !followers.is_empty() {
                self.add(&format!("on_success = [{}]", followers.join(", ")));
            }
        }
        let repeats = self.repeating();
        self.add(&format!("[jobs.status-{seed}]\nprogram = \"desk\"\nargs = [\"status\"]\nschedule = \"{repeats}\""));
        if self.numbers.one_in(4) {
            let repeats = self.repeating();
            self.add(&format!(
                "[jobs.drift-{seed}]\nprogram = \"unitgen\"\nargs = [\"drift\"]\nschedule = \"{repeats}\""
            ));
        }
        if self.numbers.one_in(4) {
            // What a job may say to a program to come is anything.
            let args: String =
                (0..self.numbers.below(9)).map(|_| format!(", {}", quoted(self.numbers.of(&HOSTILE)))).collect();
            let lines = format!("program = \"marketdata\"\nargs = [\"fetch\"{args}]\nsecrets = [\"alpaca\", \"data\"]");
            let when = self.once(&ANY_DAY, 17..20);
            self.add_job(&format!("fetch-{seed}"), &lines, &when, &ANY);
        }
        let Some(service) = service else { return };
        if self.trader == Trader::Session {
            let minute = self.numbers.below(60);
            self.add(&format!(
                "[jobs.preflight-{seed}]\nprogram = \"session\"\nargs = [\"preflight\"]\n{serves}schedule = \"Mon..Fri 07:{minute:02} America/New_York\""
            ));
        } else {
            let when = self.once(&EVERY_DAY, 7..9);
            self.add(&format!("[jobs.restart-{seed}]\nrestart = \"{service}\"\nschedule = \"{when}\""));
        }
        let args = self.numbers.of(&["", ", \"--json\""]);
        let when = self.once(&ANY_DAY, 17..20);
        self.add_job(
            &format!("eod-{seed}"),
            &format!("program = \"desk\"\nargs = [\"eod\"{args}]\n{}", serves.trim_end()),
            &when,
            &ANY,
        );
        if self.numbers.one_in(3) {
            let repeats = self.repeating();
            self.add(&format!(
                "[jobs.reconcile-{seed}]\nprogram = \"desk\"\nargs = [\"reconcile\"]\n{serves}schedule = \"{repeats}\""
            ));
        }
    }

    /// One that starts once a day, and what it may take.
    fn add_job(&mut self, name: &str, lines: &str, when: &str, spans: &[&str]) {
        self.add(&format!("[jobs.{name}]\n{lines}\nschedule = \"{when}\""));
        if self.numbers.one_in(2) {
            let late = self.numbers.of(spans).to_owned();
            self.add(&format!("late_start = \"{late}\""));
        }
        if self.numbers.one_in(2) {
            let timeout = self.numbers.of(spans).to_owned();
            self.add(&format!("timeout = \"{timeout}\""));
        }
    }

    /// Files under hostile names: what a job may say to a released program is a closed list.
    fn options_of_scan(&mut self) -> String {
        let mut args = String::new();
        for option in ["--bars", "--universe", "--earnings", "--bad-tickers"] {
            let value = self.numbers.of(&HOSTILE);
            if value.is_empty() || value.starts_with('-') || self.numbers.one_in(2) {
                continue;
            }
            args += &if self.numbers.one_in(2) {
                format!(", \"{option}\", {}", quoted(value))
            } else {
                format!(", {}", quoted(&format!("{option}={value}")))
            };
        }
        args
    }

    /// A time of day in New York, which stands behind it where the manifest has another zone: what is to be before the open, or
    /// behind the close, is so.
    fn once(&mut self, days: &[&str], hours: std::ops::Range<usize>) -> String {
        let days = self.numbers.of(days);
        let hour = hours.start + self.numbers.below(hours.len());
        let seconds = if self.numbers.one_in(2) { format!(":{:02}", self.numbers.below(60)) } else { String::new() };
        let zone = if self.is_new_york { "" } else { " America/New_York" };
        format!("{days} {hour:02}:{:02}{seconds}{zone}", self.numbers.below(60))
    }

    /// Times at even distances, in any zone; apart from the hours in which clocks change.
    fn repeating(&mut self) -> String {
        let first = 4 + self.numbers.below(8);
        let last = first + 1 + self.numbers.below(8);
        let step = self.numbers.of(&["1m", "5m", "7h", "12m", "20m", "30m", "1h", "2h"]);
        let zones = ["", " UTC", " America/Chicago", " Europe/Berlin", " Asia/Tokyo", " America/Argentina/Ushuaia"];
        let zone = self.numbers.of(&zones);
        let (from, to) = (self.numbers.below(60), self.numbers.below(60));
        format!("Mon..Fri {first:02}:{from:02}..{last:02}:{to:02}/{step}{zone}")
    }
}
