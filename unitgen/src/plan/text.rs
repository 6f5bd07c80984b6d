//! A plan for people: what it means first, then what it does.

use super::{Laid, Meaning, Plan, Step};
use crate::{diff::Value, ink::Ink, plan::trading::LIVE};

/// So many findings that stay are shown.
const LEFT_SHOWN: usize = 3;

impl Plan {
    /// The text.
    #[must_use]
    pub fn to_text(&self, ink: Ink) -> String {
        let from =
            self.from.map_or("nothing of it is kept yet".to_owned(), |number| format!("generation {number} is laid"));
        let mut text = format!("{}: {} ({from})\n", self.deployment, self.manifest.path);
        text += &self.meaning.trading.to_text(ink);
        for lost in &self.meaning.lost {
            text += &ink.red(&format!("  - lost: {lost}\n"));
        }
        for gained in &self.meaning.gained {
            text += &ink.green(&format!("  + held: {gained}\n"));
        }
        for otherwise in &self.meaning.otherwise {
            text += &format!("  ~ held otherwise: {otherwise}\n");
        }
        for left in self.meaning.left.iter().take(LEFT_SHOWN) {
            text += &ink.red(&format!("  ! left as it is: {} ({})\n", left.file, left.code));
        }
        if self.meaning.left.len() > LEFT_SHOWN {
            let more = self.meaning.left.len() - LEFT_SHOWN;
            text += &ink.red(&format!("  ! left as it is: {more} more; `unitgen verify` tells each\n"));
        }
        text += &values("environment", &self.meaning.environment, ink);
        text += &values("commands", &self.meaning.commands, ink);
        if !self.meaning.schedules.is_empty() {
            text += "  next fires\n";
        }
        for schedule in &self.meaning.schedules {
            text += &schedule.to_text();
        }
        if self.is_empty() {
            return text + &self.nothing_to_do() + "\n";
        }
        for (number, step) in self.steps.iter().enumerate() {
            text += &format!("{:>3}. {}\n", number + 1, self.said(step));
        }
        text + &self.summary(ink)
    }

    fn said(&self, step: &Step) -> String {
        match step {
            Step::Keep => "keep this as a generation, and what is there, to go back to".to_owned(),
            Step::Write { path, replaces: false } => format!("write {path}{}", self.leads(path)),
            Step::Write { path, replaces: true } => format!("replace {path}"),
            Step::Remove { path } => format!("remove {path}"),
            Step::Stop { unit, orders: false } => format!("stop {unit}: it is taken out"),
            Step::Stop { unit, orders: true } => {
                format!("stop {unit}, if nothing is held, else leave all of it: it is taken out")
            }
            Step::Reload => "let systemd read its files".to_owned(),
            Step::Restart { unit, orders: false, why } => format!("restart {unit}, if it runs: {why}"),
            Step::Restart { unit, orders: true, why } => {
                format!("restart {unit}, if it runs and nothing is held: {why}")
            }
            Step::Start { unit } => format!("start {unit}"),
            Step::Await { units } => format!("wait until all {units} units are well, else go back"),
        }
    }

    fn leads(&self, path: &str) -> String {
        match self.tree.get(path.trim_start_matches('/')) {
            Some(Laid::Link(target)) => format!(" -> {target}"),
            Some(Laid::Text(_)) | None => String::new(),
        }
    }

    fn summary(&self, ink: Ink) -> String {
        let count = |is: fn(&Step) -> bool| self.steps.iter().filter(|step| is(step)).count();
        let written = count(|step| matches!(step, Step::Write { .. }));
        let removed = count(|step| matches!(step, Step::Remove { .. }));
        let listed =
            |units: &[String]| if units.is_empty() { String::new() } else { format!(": {}", units.join(", ")) };
        let Meaning { restarts, next_runs, .. } = &self.meaning;
        let mut text = format!("{written} files to write, {removed} to remove, {} units to restart", restarts.len());
        text += &listed(restarts);
        if !next_runs.is_empty() {
            text += &format!("; changed from the next run on{}", listed(next_runs));
        }
        if self.only_restores {
            text += "; it only restores what was laid";
        }
        match self.meaning.lost.len() {
            0 => text + "\n",
            1 => text + &ink.red("; 1 guardrail is LOST\n"),
            many => text + &ink.red(&format!("; {many} guardrails are LOST\n")),
        }
    }
}

/// A section of values that differ.
fn values(title: &str, values: &[Value], ink: Ink) -> String {
    let head = if values.is_empty() { String::new() } else { format!("  {title}\n") };
    let is_real = |value: &Value| [&value.before, &value.after].iter().any(|side| side.as_deref() == Some(LIVE));
    let line = |value: &Value| {
        let line = format!("  {}", value.to_text());
        if is_real(value) { ink.red(&line) } else { line }
    };
    values.iter().map(line).fold(head, |text, line| text + &line)
}
