//! Commands of a unit: what stands before a path, what is run behind wrappers and shells, and what is laid over a program.
//! Sources: systemd.service(5), systemd.exec(5).

use super::{Assignment, Unit};
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
    let (mut words, mut at) = (argv.to_vec(), 0);
    loop {
        let program = base(words.get(at));
        let rest = words.get(at + 1..).unwrap_or_default();
        if WRAPPERS.contains(&program) {
            let is_own = |word: &&String| {
                word.starts_with('-') || word.contains('=') || word.starts_with(|c: char| c.is_ascii_digit())
            };
            at += 1 + rest.iter().take_while(is_own).count();
            continue;
        }
        if !SHELLS.contains(&program) {
            return words.split_off(at);
        }
        let options = rest.iter().take_while(|word| word.starts_with('-')).count();
        if !rest[..options].iter().any(|word| !word.starts_with("--") && word.contains('c')) {
            at += 1 + options;
            continue;
        }
        let script = rest.get(options).map_or("", String::as_str);
        if script.contains([';', '|', '&', '\n', '`', '(']) {
            return Vec::new();
        }
        words = unit::words(script);
        at = usize::from(words.first().is_some_and(|word| word == "exec"));
    }
}

/// What stands in place of the programs that are run: another root, or something laid over them.
pub(super) fn replaced(unit: &Unit) -> Option<String> {
    let roots = ["RootDirectory", "RootImage", "ExtensionImages", "ExtensionDirectories", "MountImages"];
    if let Some(said) = roots.into_iter().find_map(|key| unit.list("Service", key).into_iter().next()) {
        return Some(format!("{} ({})", said.shown(), said.file));
    }
    let programs: Vec<String> = ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStopPost"]
        .iter()
        .flat_map(|key| of(unit, key))
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
pub(super) fn of(unit: &Unit, key: &str) -> Vec<Command> {
    let of_line = |said: &&Assignment| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_run_in_the_end() {
        for (text, expect) in [
            ("/opt/gate execution", "/opt/gate execution"),
            ("/usr/bin/env -i A=b /opt/gate x", "/opt/gate x"),
            ("/usr/bin/timeout 5 nice -n 3 /opt/gate", "/opt/gate"),
            ("/bin/sh /opt/gate.sh x", "/opt/gate.sh x"),
            ("/bin/bash -lc '/opt/gate x'", "/opt/gate x"),
            ("/bin/sh -c 'exec env /opt/gate x'", "/opt/gate x"),
            ("/bin/sh -c '/opt/gate || true'", ""),
            ("/bin/sh -c", ""),
            ("/usr/bin/env", ""),
        ] {
            assert_eq!(behind_wrappers(&unit::words(text)).join(" "), expect, "{text}");
        }
        let deep = vec!["env".to_owned(); 200_000];
        assert_eq!(behind_wrappers(&deep), Vec::<String>::new());
    }
}
