//! A difference as people and as programs read it.

use serde::Serialize;

use super::{Becomes, Difference, Exposure, Schedule, Text, Turn, Value};

/// The version of the JSON that `--json` prints.
const SCHEMA_VERSION: u32 = 1;

/// How it is shown.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// With colour.
    pub colour: bool,
    /// Counts of lines instead of the text.
    pub stat: bool,
}

#[derive(Serialize)]
struct Json<'a> {
    schema_version: u32,
    same: bool,
    #[serde(flatten)]
    difference: &'a Difference,
}

const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const BOLD: &str = "1";
const CYAN: &str = "36";

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

impl Difference {
    /// The JSON text, one line.
    ///
    /// # Panics
    /// Never: everything in it is a text or a number.
    #[must_use]
    pub fn to_json(&self) -> String {
        let json = Json { schema_version: SCHEMA_VERSION, same: self.is_none(), difference: self };
        serde_json::to_string(&json).expect("texts and numbers are always JSON")
    }

    /// What it means, and then the text.
    #[must_use]
    pub fn to_text(&self, style: Style) -> String {
        if self.is_none() {
            return format!("{} and {}: {} units, nothing differs\n", self.from, self.to, self.compared);
        }
        let mut out = format!("from {}\nto   {}\n", self.from, self.to);
        let turns = &self.guardrails;
        let count = |turns: &[Turn]| turns.len();
        section(
            &mut out,
            style,
            &plural(count(&turns.lost), "guardrail", "lost"),
            turns.lost.iter().map(|turn| lost(style, turn)),
        );
        section(
            &mut out,
            style,
            &plural(count(&turns.gained), "guardrail", "gained"),
            turns.gained.iter().map(|turn| gained(style, turn)),
        );
        let otherwise = plural(count(&turns.changed), "guardrail", "held otherwise");
        section(&mut out, style, &otherwise, turns.changed.iter().map(|turn| changed(style, turn)));
        section(&mut out, style, "units", self.units.iter().map(|fate| unit(style, fate)));
        section(&mut out, style, "next fires", self.schedules.iter().map(Schedule::to_text));
        section(&mut out, style, "commands", self.commands.iter().map(Value::to_text));
        section(&mut out, style, "after an end", self.policy.iter().map(Value::to_text));
        section(&mut out, style, "environment", self.environment.iter().map(Value::to_text));
        section(&mut out, style, "other settings", self.settings.iter().map(Value::to_text));
        section(
            &mut out,
            style,
            "exposure, 0.0 is best (systemd-analyze security)",
            self.exposure.iter().map(exposure),
        );
        if style.stat {
            section(&mut out, style, "files", self.files.iter().map(stat));
        } else {
            out += "\n";
            self.files.iter().for_each(|file| out += &unified(style, &file.unified));
        }
        out
    }
}

fn section(out: &mut String, style: Style, title: &str, lines: impl Iterator<Item = String>) {
    let lines: String = lines.collect();
    if !lines.is_empty() {
        *out += &format!("\n{}\n{lines}", style.paint(BOLD, title));
    }
}

fn plural(count: usize, what: &str, how: &str) -> String {
    if count == 1 { format!("1 {what} {how}") } else { format!("{count} {what}s {how}") }
}

fn lost(style: Style, turn: &Turn) -> String {
    let Turn { unit, guardrail, without, incident, before, after } = turn;
    let head = style.paint(RED, &format!("- {unit} {guardrail}"));
    let before = if before.is_empty() { String::new() } else { format!("    was held by: {before}\n") };
    let incident = incident.map_or_else(String::new, |text| format!("    {text}\n"));
    format!("  {head}: {}\n    {without}\n{before}{incident}", style.paint(RED, after))
}

fn gained(style: Style, Turn { unit, guardrail, after, .. }: &Turn) -> String {
    format!("  {}: {after}\n", style.paint(GREEN, &format!("+ {unit} {guardrail}")))
}

fn changed(style: Style, Turn { unit, guardrail, before, after, .. }: &Turn) -> String {
    format!("  {}: {before} -> {after}\n", style.paint(YELLOW, &format!("~ {unit} {guardrail}")))
}

fn unit(style: Style, fate: &super::Fate) -> String {
    let colour = match fate.becomes {
        Becomes::Stops | Becomes::Masked => RED,
        Becomes::Starts | Becomes::Appears => GREEN,
        Becomes::Restarts
        | Becomes::LeftRunning
        | Becomes::RestartsWhenFlat
        | Becomes::AtNextRun
        | Becomes::SetAnew => YELLOW,
        Becomes::Reloads | Becomes::TextOnly => "0",
    };
    let because = if fate.because.is_empty() { String::new() } else { format!(": {}", fate.because.join(", ")) };
    format!("  {} {}{because}\n", style.paint(colour, &fate.unit), fate.becomes.meaning())
}

fn exposure(Exposure { unit, before_tenths, after_tenths }: &Exposure) -> String {
    let shown = |tenths: &Option<u32>| match tenths {
        Some(tenths) => format!("{}.{}", tenths / 10, tenths % 10),
        None => "unknown".to_owned(),
    };
    format!("  {unit}: {} -> {}\n", shown(before_tenths), shown(after_tenths))
}

fn stat(text: &Text) -> String {
    format!("  {}: +{} -{}\n", text.file, text.added, text.removed)
}

fn unified(style: Style, text: &str) -> String {
    let line = |line: &str| {
        let painted = match line.as_bytes().first() {
            Some(b'+') if !line.starts_with("+++") => style.paint(GREEN, line),
            Some(b'-') if !line.starts_with("---") => style.paint(RED, line),
            Some(b'@') => style.paint(CYAN, line),
            _ => line.to_owned(),
        };
        painted + "\n"
    };
    text.lines().map(line).collect()
}
