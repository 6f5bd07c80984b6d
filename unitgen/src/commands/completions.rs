//! `unitgen completions`: what a shell needs to complete its command lines.
//!
//! What clap generates knows commands, options and their values. Units, manifests and generations are asked of this program
//! while somebody types, by a few lines that are laid round the generated function of each shell that has them here.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;
use contract::ExitCode;

use super::{Cli, say, usual};
use crate::{
    completion::{self, Asked, Question},
    explain::{Rendered, codes},
    generations::Store,
    source,
};

const HELP: &str = "Exit codes:
  0   done
  64  wrong command line

Examples:
  source <(unitgen completions bash)
  unitgen completions zsh > ~/.zfunc/_unitgen       with ~/.zfunc in $fpath
  unitgen completions fish > ~/.config/fish/completions/unitgen.fish

bash, zsh and fish also complete units and their directives, manifests, deployments and generations (as root: they are its \
own).";

/// Print completions for a shell
#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Completions {
    /// The shell
    #[arg(required_unless_present = "words")]
    shell: Option<Shell>,
    /// The words of a command line, the one under the cursor last: print what that one may be, a line each
    #[arg(long, hide = true, num_args = 0.., allow_hyphen_values = true, value_name = "WORD")]
    words: Option<Vec<String>>,
}

impl Completions {
    pub(super) fn run(&self) -> ExitCode {
        if let Some(words) = &self.words {
            found(words).iter().for_each(|word| say(&format!("{word}\n")));
        } else if let Some(shell) = self.shell {
            say(&script(shell, &mut Cli::command()));
        }
        ExitCode::Ok
    }
}

/// The lines round a generated function `_unitgen`, which is called `_unitgen_static` then.
const BASH: &str = r#"
_unitgen() {
    local word found
    # The word as the shell will replace it: what it breaks words at begins a new one.
    word="${COMP_WORDS[COMP_CWORD]}"
    [[ "$word" != "=" ]] || word=""
    found=$(unitgen completions --words "${COMP_WORDS[@]:1:COMP_CWORD-1}" "$word" 2>/dev/null)
    if [[ -z "$found" ]]; then
        _unitgen_static "$@"
        return
    fi
    mapfile -t COMPREPLY <<< "$found"
    if [[ ${#COMPREPLY[@]} -eq 1 && "${COMPREPLY[0]}" == */ ]]; then
        compopt -o nospace 2>/dev/null
    fi
    return 0
}
"#;
const ZSH: &str = r#"
_unitgen() {
    local -a found
    found=("${(@f)$(unitgen completions --words "${(@)words[2,CURRENT-1]}" "${PREFIX}" 2>/dev/null)}")
    if [[ -z "$found[1]" ]]; then
        _unitgen_static "$@"
        return
    fi
    local -a folders
    folders=(${(M)found:#*/})
    found=(${found:#*/})
    compadd -S '' -a folders
    compadd -a found
}

"#;
const FISH: &str = r#"
function __fish_unitgen_found
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    unitgen completions --words $words[2..] "$word" 2>/dev/null
end
complete -c unitgen -n 'count (__fish_unitgen_found) >/dev/null' -f -a '(__fish_unitgen_found)'
complete -c unitgen -n '__fish_seen_subcommand_from rollback' -l to -x -a '(__fish_unitgen_found)'
complete -c unitgen -n '__fish_seen_subcommand_from verify' -l manifest -r -a '(__fish_unitgen_found)'
"#;
/// Where the generated scripts begin to say who completes.
const TAILS: [(Shell, &str, &str); 2] =
    [(Shell::Bash, "\nif [[ \"${BASH_VERSINFO[0]}\"", BASH), (Shell::Zsh, "\nif [ \"$funcstack[1]\"", ZSH)];

fn script(shell: Shell, program: &mut Command) -> String {
    let mut script = Vec::new();
    clap_complete::generate(shell, program, "unitgen", &mut script);
    let script = String::from_utf8_lossy(&script).into_owned();
    if shell == Shell::Fish {
        return script + FISH;
    }
    let Some((_, tail, ours)) = TAILS.iter().find(|(of, _, _)| *of == shell) else { return script };
    let Some((functions, tail)) = script.split_once(tail).map(|(functions, rest)| (functions, format!("{tail}{rest}")))
    else {
        return script;
    };
    // Its own function is the only line that says just this.
    let functions: Vec<&str> =
        functions.lines().map(|line| if line == "_unitgen() {" { "_unitgen_static() {" } else { line }).collect();
    format!("{}\n{ours}{tail}", functions.join("\n"))
}

/// What the last of some words may be.
fn found(words: &[String]) -> Vec<String> {
    let Some((word, before)) = words.split_last() else { return Vec::new() };
    let mut program = Cli::command();
    program.build();
    let Some(question) = completion::question(&program, before, word) else { return Vec::new() };
    let mut found = answers(&question, word);
    found.retain(|answer| answer.starts_with(word.as_str()));
    found.into_iter().collect()
}

fn answers(Question { asked, options }: &Question, word: &str) -> BTreeSet<String> {
    let root = options.get("root").map_or("/", String::as_str);
    let root = Path::new(root);
    match asked {
        Asked::Manifest => manifests(root, word),
        Asked::Side => manifests(root, word).into_iter().chain(["host".to_owned()]).collect(),
        Asked::Unit => units(root, word),
        Asked::DirectiveOf(unit) => directives(root, unit).into_iter().chain(manifests(root, word)).collect(),
        Asked::Deployment => deployments(root),
        Asked::GenerationOf(deployment) => {
            let deployments = deployment.clone().map_or_else(|| deployments(root), |one| BTreeSet::from([one]));
            let numbers = deployments
                .iter()
                .flat_map(|name| Store::of(root, &usual::installation(root), name).numbers().unwrap_or_default());
            numbers.map(|number| number.to_string()).collect()
        }
    }
}

/// Those in the usual places, or those in the directory that is being written, with the directories in it.
fn manifests(root: &Path, word: &str) -> BTreeSet<String> {
    let Some((folder, _)) = word.rsplit_once('/') else {
        return usual::nearby().into_iter().chain(usual::installed(root)).map(shown).collect();
    };
    let folder = PathBuf::from(format!("{folder}/"));
    let entries = fs::read_dir(&folder).into_iter().flatten().flatten().filter(|entry| entry.path().is_dir());
    let folders = entries.map(|entry| format!("{}{}/", folder.display(), entry.file_name().to_string_lossy()));
    let names = usual::manifests_in(&folder).into_iter().filter_map(|path| path.file_name().map(PathBuf::from));
    folders.chain(names.map(|name| format!("{}{}", folder.display(), name.display()))).collect()
}

/// Units; behind a whole unit's name its directives; codes once a letter says which.
fn units(root: &Path, word: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    if let Some(rendered) = rendered(root) {
        for unit in rendered.units() {
            found.insert(unit.to_owned());
            if word.strip_prefix(unit).is_some_and(|rest| rest.starts_with('.')) {
                found.extend(directives_of(&rendered, unit).map(|directive| format!("{unit}.{directive}")));
            }
        }
    }
    if !word.is_empty() {
        found.extend(codes::all().map(|code| code.code.to_owned()));
    }
    found
}

fn directives(root: &Path, unit: &str) -> BTreeSet<String> {
    rendered(root).map(|rendered| directives_of(&rendered, unit).map(str::to_owned).collect()).unwrap_or_default()
}

fn directives_of<'r>(rendered: &'r Rendered, unit: &str) -> impl Iterator<Item = &'r str> {
    rendered.lines().iter().filter(move |line| rendered.unit_of(line) == unit).map(|line| line.key.as_str())
}

/// The units of the manifest that is meant when none is named.
fn rendered(root: &Path) -> Option<Rendered> {
    let bytes = source::read(&usual::usual(root).ok()?).ok()?;
    let checked = source::check(&bytes).ok()?;
    Some(Rendered::of(&checked.deployment, &bytes, &checked.digest))
}

fn deployments(root: &Path) -> BTreeSet<String> {
    let folder = Store::of(root, &usual::installation(root), "").folder().to_owned();
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

fn shown(path: PathBuf) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &str) -> Option<Asked> {
        let mut program = Cli::command();
        program.build();
        let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let (word, before) = words.split_last().unwrap();
        completion::question(&program, before, word).map(|question| question.asked)
    }

    #[test]
    fn what_stands_under_the_cursor() {
        let unit = || Some(Asked::DirectiveOf("execution.service".to_owned()));
        for (line, expect) in [
            ("", None),
            ("che", None),
            ("check ", Some(Asked::Manifest)),
            ("check --host ", Some(Asked::Manifest)),
            ("check --root /mnt man", Some(Asked::Manifest)),
            ("check --root ", None),
            ("check a.toml ", None),
            ("check -", None),
            ("check -- -", Some(Asked::Manifest)),
            ("plan -o x.plan ", Some(Asked::Manifest)),
            ("plan -o ", None),
            ("apply ", None),
            ("verify --manifest ", Some(Asked::Manifest)),
            ("verify --manifest = ", Some(Asked::Manifest)),
            ("verify ", None),
            ("drift ", Some(Asked::Manifest)),
            ("diff ", Some(Asked::Side)),
            ("diff a.toml ", Some(Asked::Side)),
            ("diff a.toml b.toml ", None),
            ("explain ", Some(Asked::Unit)),
            ("explain execution.service ", unit()),
            ("explain execution.service --json Ex", unit()),
            ("explain execution.service ExecStart ", Some(Asked::Manifest)),
            ("rollback ", Some(Asked::Deployment)),
            ("rollback --to ", Some(Asked::GenerationOf(None))),
            ("rollback --to = ", Some(Asked::GenerationOf(None))),
            ("rollback avwap --to ", Some(Asked::GenerationOf(Some("avwap".to_owned())))),
            ("nothing ", None),
        ] {
            assert_eq!(asked(line), expect, "{line:?}");
        }
    }

    #[test]
    fn scripts_are_ours_round_what_is_generated() {
        for shell in [Shell::Bash, Shell::Zsh] {
            let script = script(shell, &mut Cli::command());
            for function in ["_unitgen() {", "_unitgen_static() {"] {
                assert_eq!(script.lines().filter(|line| *line == function).count(), 1, "{shell}: {function}");
            }
        }
        for shell in [Shell::Elvish, Shell::PowerShell] {
            assert!(!script(shell, &mut Cli::command()).contains("unitgen completions --words"), "{shell}");
        }
    }
}
