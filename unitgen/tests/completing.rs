//! Completions, as the shells themselves make them: commands and options from what is generated, units, manifests and
//! generations from the program.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const AVWAP: &str = include_str!("../../manifests/avwap.toml");

/// A command line, and some of what its last word may be; with nothing, that there is nothing of ours.
const LINES: [(&str, &[&str]); 14] = [
    ("unitgen expl", &["explain"]),
    ("unitgen check ", &["here.toml", "manifests/there.toml", "host/etc/portcullis/avwap.toml"]),
    ("unitgen check --root host manifests/", &["manifests/there.toml", "manifests/old/"]),
    ("unitgen calendar he", &["here.toml"]),
    ("unitgen diff ho", &["host"]),
    ("unitgen verify --manifest h", &["here.toml"]),
    ("unitgen render --target po", &["podman-units"]),
    ("unitgen graph --format d", &["dot"]),
    (
        "unitgen explain --root host exec",
        &["execution.service", "execution-restart.service", "execution-restart.timer"],
    ),
    ("unitgen explain --root host execution.service.ExecCond", &["execution.service.ExecCondition"]),
    ("unitgen explain --root host execution.service ExecCond", &["ExecCondition"]),
    ("unitgen explain --root host foreign-drop-i", &["foreign-drop-in"]),
    ("unitgen rollback --root host ", &["avwap"]),
    ("unitgen rollback --root host avwap --to ", &["3", "12"]),
];

#[test]
fn bash_completes() {
    let place = Place::new();
    for (line, expect) in LINES {
        let told = place.bash(line);
        // A root is not known before it is named.
        let expect: Vec<&str> = expect.iter().copied().filter(|word| !word.starts_with("host/")).collect();
        assert!(expect.iter().all(|word| told.contains(&(*word).to_owned())), "{line}: {told:?}");
    }
    assert!(place.bash("unitgen check zzz").is_empty());
    assert!(place.bash("unitgen check --h").contains(&"--host".to_owned()));
    // bash breaks words at `=`.
    let words = ["unitgen", "rollback", "--root", "=", "host", "--to", "=", ""];
    assert_eq!(place.bash_words(&words), ["12", "3"]);
    // Words that a shell would take for something else stay words.
    for hostile in ["unitgen check $(touch gone)", "unitgen explain `touch gone`", "unitgen check ;touch"] {
        place.bash(hostile);
    }
    assert!(!place.0.path().join("gone").exists());
}

#[test]
fn fish_completes() {
    let place = Place::new();
    if is_missing("fish") {
        return;
    }
    let script = place.out("unitgen", &["completions", "fish"]);
    fs::write(place.0.path().join("unitgen.fish"), script).unwrap();
    for (line, expect) in LINES {
        let said = place.out("fish", &["--no-config", "-c", "source unitgen.fish; complete -C \"$argv[1]\"", line]);
        let told: Vec<&str> = said.lines().filter_map(|line| line.split('\t').next()).collect();
        let mut expect = expect.iter().filter(|word| !word.starts_with("host/"));
        assert!(expect.all(|word| told.contains(word)), "{line}: {said}");
    }
}

#[test]
fn zsh_completes() {
    let place = Place::new();
    if is_missing("zsh") {
        return;
    }
    let script = place.out("unitgen", &["completions", "zsh"]);
    fs::write(place.0.path().join("_unitgen"), script).unwrap();
    // As a file of $fpath, and sourced: each has its own way to say what completes.
    for load in [
        "fpath=($PWD $fpath); autoload -U compinit; compinit -u -D",
        "autoload -U compinit; compinit -u -D; source ./_unitgen",
    ] {
        for (typed, expect) in [
            ("unitgen expl", "unitgen explain "),
            ("unitgen calendar he", "unitgen calendar here.toml "),
            ("unitgen check manifests/o", "unitgen check manifests/old/"),
            ("unitgen render --target po", "unitgen render --target podman-units "),
            (
                "unitgen explain --root host execution.service.ExecCond",
                "unitgen explain --root host execution.service.ExecCondition ",
            ),
            ("unitgen rollback --root host avwap --to 1", "unitgen rollback --root host avwap --to 12 "),
            // A second time in one shell: the file has put its function in its own place by then.
            ("unitgen verify --manifest h\tx\x15unitgen calendar he", "unitgen calendar here.toml "),
        ] {
            let said = place.out("zsh", &["-f", "-c", ZSH, "zsh", load, typed]);
            assert!(said.contains(&format!("<<{expect}>>")), "{load}: {typed}: {said}");
        }
    }
}

/// A shell with a terminal; a key shows what was completed.
const ZSH: &str = r#"
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; '"$1"'; show() { print -r -- "<<$BUFFER>>"; exit }; zle -N show; bindkey "^X" show; print READ''Y'
zpty -r shell said '*READY*'
zpty -w -n shell "$2"$'\t\x18'
zpty -r shell said '*<<unitgen*>>*'
print -r -- "$said"
"#;

struct Place(tempfile::TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        for folder in ["manifests/old", "host/etc/portcullis", "host/var/lib/portcullis/generations/avwap/3"] {
            fs::create_dir_all(place.0.path().join(folder)).unwrap();
        }
        fs::create_dir(place.0.path().join("host/var/lib/portcullis/generations/avwap/12")).unwrap();
        for (path, text) in [
            ("here.toml", AVWAP),
            ("manifests/there.toml", AVWAP),
            ("manifests/notes.toml", "x = 1\n"),
            ("host/etc/portcullis/avwap.toml", AVWAP),
        ] {
            fs::write(place.0.path().join(path), text).unwrap();
        }
        place
    }

    fn out(&self, program: &str, args: &[&str]) -> String {
        let bin = Path::new(env!("CARGO_BIN_EXE_unitgen"));
        let path = format!("{}:{}", bin.parent().unwrap().display(), std::env::var("PATH").unwrap());
        let mut command = Command::new(program);
        command.args(args).current_dir(self.0.path()).env("PATH", path).env("HOME", self.0.path()).env("TERM", "xterm");
        let Output { stdout, stderr, .. } = command.output().unwrap();
        assert!(stderr.is_empty(), "{args:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    fn bash(&self, line: &str) -> Vec<String> {
        self.bash_words(&line.split(' ').collect::<Vec<_>>())
    }

    fn bash_words(&self, words: &[&str]) -> Vec<String> {
        const ASK: &str = r#"source <(unitgen completions bash)
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
            _unitgen unitgen "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            [ ${#COMPREPLY[@]} -eq 0 ] || printf '%s\n' "${COMPREPLY[@]}""#;
        let args: Vec<&str> = ["--norc", "-c", ASK, "bash"].iter().chain(words).copied().collect();
        self.out("bash", &args).lines().map(str::to_owned).collect()
    }
}

/// A shell that is not here.
fn is_missing(shell: &str) -> bool {
    let missing = Command::new(shell).arg("--version").output().is_err();
    if missing {
        assert!(std::env::var_os("CI").is_none(), "{shell} is missing, and CI skips nothing");
        println!("skipped: needs {shell} (Debian package {shell})");
    }
    missing
}
