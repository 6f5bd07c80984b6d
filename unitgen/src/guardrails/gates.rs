//! What stands in front of a start: a condition, a command that must not fail, or a unit that must have succeeded.

use super::{Guardrail, Unit, Units, Verdicts, put};
use crate::unit;

/// One command line of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// What stands before the path: `-`, `+`, `!`, `:`, `@`.
    pub prefixes: String,
    /// Program and arguments, unquoted; specifiers stay.
    pub argv: Vec<String>,
    /// The file that says so.
    pub file: String,
}

impl Command {
    pub(super) fn shown(&self) -> String {
        format!("{}{}", self.prefixes, self.argv.join(" "))
    }

    /// Whether it does nothing, or makes or removes a file.
    pub(super) fn asks_nothing(&self) -> bool {
        let run = behind_wrappers(&self.argv);
        ["", "true", ":", "echo", "sleep", "install", "rm", "test", "mkdir", "touch"].contains(&base(run.first()))
    }

    /// podman's, whatever it is asked to do.
    pub(super) fn is_of_podman(&self) -> bool {
        base(self.argv.first()) == "podman"
    }

    pub(super) fn is_ignored(&self) -> bool {
        self.prefixes.contains('-')
    }
}

const WRAPPERS: [&str; 8] = ["env", "nice", "ionice", "nohup", "setsid", "timeout", "stdbuf", "chrt"];
const SHELLS: [&str; 5] = ["sh", "bash", "dash", "ash", "zsh"];

fn base(path: Option<&String>) -> &str {
    path.map_or("", |path| path.rsplit('/').next().unwrap_or(path))
}

/// What a command runs in the end. A shell that runs more than one command answers for whichever it likes: that is nothing.
fn behind_wrappers(argv: &[String]) -> Vec<String> {
    let program = base(argv.first());
    let rest = argv.get(1..).unwrap_or_default();
    if WRAPPERS.contains(&program) {
        let is_own = |word: &&String| {
            word.starts_with('-') || word.contains('=') || word.starts_with(|c: char| c.is_ascii_digit())
        };
        let own = rest.iter().take_while(is_own).count();
        return behind_wrappers(&rest[own..]);
    }
    if !SHELLS.contains(&program) {
        return argv.to_vec();
    }
    let options = rest.iter().take_while(|word| word.starts_with('-')).count();
    if !rest[..options].iter().any(|word| !word.starts_with("--") && word.contains('c')) {
        return behind_wrappers(&rest[options..]);
    }
    let script = rest.get(options).map_or("", String::as_str);
    if script.contains([';', '|', '&', '\n', '`', '(']) {
        return Vec::new();
    }
    let words = unit::words(script);
    let command = if words.first().is_some_and(|word| word == "exec") { &words[1..] } else { &words[..] };
    behind_wrappers(command)
}

/// What stands in place of the programs that are run: another root, or something laid over them.
pub(super) fn replaced(unit: &Unit) -> Option<String> {
    let roots = ["RootDirectory", "RootImage", "ExtensionImages", "ExtensionDirectories", "MountImages"];
    if let Some(said) = roots.into_iter().find_map(|key| unit.list("Service", key).into_iter().next()) {
        return Some(format!("{} ({})", said.shown(), said.file));
    }
    let programs: Vec<String> = ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStopPost"]
        .iter()
        .flat_map(|key| commands(unit, key))
        .filter_map(|command| command.argv.into_iter().next())
        .collect();
    let covers = |place: &str| {
        let mut below = programs.iter().filter_map(|program| program.strip_prefix(place.trim_end_matches('/')));
        below.any(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let laid = |key: &'static str| unit.words("Service", key).into_iter().map(move |word| (key, word));
    let elsewhere = |(key, word): &(&str, String)| {
        let word = word.trim_start_matches(['-', '+']);
        let mut parts = word.split(':');
        let (from, to) = (parts.next().unwrap_or_default(), parts.next());
        let to = to.filter(|to| !to.is_empty()).unwrap_or(from);
        (*key == "TemporaryFileSystem" && covers(from)) || (*key != "TemporaryFileSystem" && from != to && covers(to))
    };
    let mut words = ["BindPaths", "BindReadOnlyPaths", "TemporaryFileSystem"].into_iter().flat_map(laid);
    words.find(elsewhere).map(|(key, word)| format!("{key}={word}"))
}

/// The commands of a key, in order.
pub(super) fn commands(unit: &Unit, key: &str) -> Vec<Command> {
    let of_line = |said: &&super::Assignment| {
        let words = unit::words(&said.value);
        let parts = words.split(|word| word == ";").filter(|argv| !argv.is_empty());
        let command = |argv: &[String]| {
            let path = argv[0].trim_start_matches(['-', '+', '!', ':', '@', '|']);
            let prefixes = argv[0][..argv[0].len() - path.len()].to_owned();
            let mut argv = argv.to_vec();
            path.clone_into(&mut argv[0]);
            Command { prefixes, argv, file: said.file.clone() }
        };
        parts.map(command).collect::<Vec<_>>()
    };
    unit.list("Service", key).iter().flat_map(of_line).collect()
}

/// Judges how late a run is; no gate of a start.
pub(super) fn is_late_start(command: &Command) -> bool {
    command.argv.iter().any(|word| word == "late-start") && !command.asks_nothing()
}

pub(super) fn judge(units: &Units, unit: &Unit, verdicts: &mut Verdicts) {
    let conditions = commands(unit, "ExecCondition");
    // Before work that ends by itself a command prepares it; what asks there fails the job, which is its own guardrail.
    let before = if unit.is_oneshot() { Vec::new() } else { commands(unit, "ExecStartPre") };
    let own: Vec<&Command> = conditions.iter().chain(&before).filter(|command| !command.asks_nothing()).collect();
    let (of_units, useless) = gate_units(units, unit);
    if own.is_empty() && of_units.is_empty() {
        if let Some(why) = why_none(&conditions, &useless, unit) {
            put(verdicts, Guardrail::Gate, Some(why), String::new);
        }
        return;
    }
    let shown = own.iter().map(|command| command.argv.join(" ")).chain(of_units);
    let lost = replaced(unit).map(|how| format!("what is asked is not the gate: {how}"));
    put(verdicts, Guardrail::Gate, lost, || shown.collect::<Vec<_>>().join(", "));
    let ignored = own.iter().find(|command| command.is_ignored());
    let lost = ignored.map(|command| format!("{} ({})", command.shown(), command.file));
    put(verdicts, Guardrail::GateHeeded, lost, || "no dash before its path".to_owned());
}

/// Why there is no gate, where something says that there should be.
fn why_none(conditions: &[Command], useless: &[String], unit: &Unit) -> Option<String> {
    if let Some(nothing) = conditions.first() {
        return Some(format!("{} asks nothing ({})", nothing.shown(), nothing.file));
    }
    let cleared = unit.all("Service", "ExecCondition").next_back().filter(|said| said.value.is_empty());
    if let Some(said) = cleared {
        return Some(format!("ExecCondition= is cleared ({})", said.file));
    }
    useless.first().cloned()
}

/// Units that must have succeeded first, and why others that look so are none: `Requires=` alone starts both at once; with
/// `After=` it waits, and takes a skip for success. Source: measured on 252 and 257.
fn gate_units(units: &Units, unit: &Unit) -> (Vec<String>, Vec<String>) {
    let after = unit.dependencies("After");
    let (mut gates, mut useless) = (Vec::new(), Vec::new());
    for key in ["BindsTo", "Requisite", "Requires"] {
        for name in unit.dependencies(key) {
            let Some(other) = units.get(&name).filter(|other| other.kind() == "service" && other.is_oneshot()) else {
                continue;
            };
            if !after.contains(&name) {
                useless.push(format!("{key}={name} without After={name}: both start at once"));
            } else if key == "Requires" && !commands(other, "ExecCondition").is_empty() {
                useless.push(format!("{key}={name} takes a skip of {name} for success"));
            } else {
                gates.push(format!("{key}={name}"));
            }
        }
    }
    (gates, useless)
}
