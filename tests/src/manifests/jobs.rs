//! Jobs of every task: at one time a day or again and again, in the manifest's zone or one of their own, behind one another.

use crate::hostile::{HOSTILE, quoted};

use super::{Draft, Trader};

impl Draft {
    pub(super) fn add_jobs(&mut self, service: Option<&str>) {
        let seed = self.seed;
        let serves = service.map(|service| format!("serves = \"{service}\"\n")).unwrap_or_default();
        if self.trader == Trader::Lists || self.numbers.one_in(4) {
            self.add_job(&format!("scan-{seed}"), "scanner", "scan", "");
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
            self.add_job(&format!("fetch-{seed}"), "marketdata", "fetch", "secrets = [\"alpaca\", \"data\"]\n");
        }
        let Some(service) = service else { return };
        if self.trader == Trader::Session {
            let minute = self.numbers.below(60);
            self.add(&format!(
                "[jobs.preflight-{seed}]\nprogram = \"session\"\nargs = [\"preflight\"]\n{serves}schedule = \"Mon..Fri 07:{minute:02}\""
            ));
        } else {
            let schedule = self.once();
            self.add(&format!("[jobs.restart-{seed}]\nrestart = \"{service}\"\nschedule = \"{schedule}\""));
        }
        self.add_job(&format!("eod-{seed}"), "desk", "eod", &serves);
        if self.numbers.one_in(3) {
            let repeats = self.repeating();
            self.add(&format!(
                "[jobs.reconcile-{seed}]\nprogram = \"desk\"\nargs = [\"reconcile\"]\n{serves}schedule = \"{repeats}\""
            ));
        }
    }

    /// One that starts once a day, with arguments, and what it may take.
    fn add_job(&mut self, name: &str, program: &str, command: &str, lines: &str) {
        let args: String =
            (0..self.numbers.below(7)).map(|_| format!(", {}", quoted(self.numbers.of(&HOSTILE)))).collect();
        let schedule = self.once();
        self.add(&format!(
            "[jobs.{name}]\nprogram = \"{program}\"\nargs = [\"{command}\"{args}]\n{lines}schedule = \"{schedule}\""
        ));
        if self.may_be_late && self.numbers.one_in(2) {
            let late = self.span();
            self.add(&format!("late_start = \"{late}\""));
        }
        if self.numbers.one_in(2) {
            let timeout = self.span();
            self.add(&format!("timeout = \"{timeout}\""));
        }
    }

    /// A time of day, apart from the hours in which clocks change, here or in New York.
    fn once(&mut self) -> String {
        let days = self.numbers.of(&["Mon..Fri", "Mon,Wed,Fri", "Sat", "Mon..Sun", "Tue..Thu,Sun", "Fri,Mon"]);
        let hour = 3 + self.numbers.below(20);
        let seconds = if self.numbers.one_in(2) { format!(":{:02}", self.numbers.below(60)) } else { String::new() };
        format!("{days} {hour:02}:{:02}{seconds}", self.numbers.below(60))
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

    fn span(&mut self) -> &'static str {
        self.numbers.of(&["1s", "59s", "60s", "90s", "20m", "61m", "3601s", "2h", "6h"])
    }
}
