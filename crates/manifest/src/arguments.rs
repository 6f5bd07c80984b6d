//! What a job may tell its program behind the command: a closed list of options, with what each takes.
//!
//! A job is its command. An option that ends at once and well, like `--help`, would be a success with nothing done, every day, and
//! start what follows on it; one that looks at another day or writes elsewhere leaves today without a list; one that no program
//! knows fails every day; and whatever stands on a command line can be read by everybody.

use toml::Spanned;

use crate::{
    env::{looks_secret, sounds_secret},
    nearest::nearest,
    problem::{Code, Problems, Refusal},
    program::Task,
};

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Takes {
    Nothing,
    File,
    OneOf(&'static [&'static str]),
}

type Options = &'static [(&'static str, Takes)];

const JSON: (&str, Takes) = ("--json", Takes::Nothing);
const OF_SCAN: Options = &[
    ("--bars", Takes::File),
    ("--universe", Takes::File),
    ("--earnings", Takes::File),
    ("--bad-tickers", Takes::File),
    ("--feed", Takes::OneOf(&["sip", "iex"])),
    ("--quiet", Takes::Nothing),
    JSON,
];

/// Options that a program has, and a job may not say, each with the reason.
const REFUSED: [(&str, &str); 9] = [
    ("--help", "it would end well at once with nothing done, and so would what relies on its success"),
    ("-h", "it would end well at once with nothing done, and so would what relies on its success"),
    ("--version", "it would end well at once with nothing done, and so would what relies on its success"),
    ("-V", "it would end well at once with nothing done, and so would what relies on its success"),
    ("--as-of", "the clock says which day it is; a list of another is refused by the gate"),
    ("--out", "the gate looks for the list in the state directory, which follows from [paths]"),
    ("--stages", "a partial scan is not attested, and nothing would be opened"),
    ("--root", "the state directory follows from [paths]"),
    ("--manifest", "every unit of the deployment has this manifest"),
];

/// The options of a task. Of what no release contains yet none is known, and a release refuses it whole.
fn options(task: Task) -> Option<Options> {
    match task {
        Task::Scan => Some(OF_SCAN),
        Task::EndOfDay | Task::Status | Task::Drift => Some(&[JSON]),
        Task::Trade
        | Task::Session
        | Task::Stream
        | Task::TakeIntents
        | Task::WorkIntents
        | Task::ShowPages
        | Task::Gateway
        | Task::Reconcile
        | Task::Preflight
        | Task::Fetch => None,
    }
}

/// Checks what stands behind the command.
pub(crate) fn check(task: Task, args: &[Spanned<String>], problems: &mut Problems) {
    let Some(options) = options(task) else { return };
    let mut met: Vec<&str> = Vec::new();
    let mut left = args.iter();
    while let Some(arg) = left.next() {
        let (name, attached) = match arg.get_ref().split_once('=') {
            Some((name, value)) if name.starts_with("--") => (name, Some(value)),
            Some(_) | None => (arg.get_ref().as_str(), None),
        };
        let Some((name, takes)) = options.iter().find(|(known, _)| *known == name) else {
            problems.error(arg.span(), unknown(task, name, options));
            // What stands behind an option that is refused is its value, and refused with it.
            if attached.is_none() && name.starts_with('-') {
                left = after_value(left);
            }
            continue;
        };
        if met.contains(name) {
            problems.error(arg.span(), Refusal::new(Code::Duplicate, format!("`{name}` is said twice")));
        }
        met.push(name);
        let refusal = match (takes, attached) {
            (Takes::Nothing, None) => None,
            (Takes::Nothing, Some(_)) => Some(Refusal::bad_value(format!("`{name}` takes no value"))),
            (Takes::File | Takes::OneOf(_), Some(value)) => check_value(name, *takes, value).err(),
            (Takes::File | Takes::OneOf(_), None) => match left.next() {
                Some(value) => {
                    let refusal = check_value(name, *takes, value.get_ref()).err();
                    refusal.into_iter().for_each(|refusal| problems.error(value.span(), refusal));
                    None
                }
                None => {
                    Some(Refusal::bad_value(format!("`{name}` has no value")).hint("write it as the next argument"))
                }
            },
        };
        refusal.into_iter().for_each(|refusal| problems.error(arg.span(), refusal));
    }
}

fn after_value(left: std::slice::Iter<'_, Spanned<String>>) -> std::slice::Iter<'_, Spanned<String>> {
    match left.as_slice() {
        [value, rest @ ..] if !value.get_ref().starts_with('-') => rest.iter(),
        all => all.iter(),
    }
}

fn check_value(option: &str, takes: Takes, value: &str) -> Result<(), Refusal> {
    match takes {
        Takes::OneOf(values) if !values.contains(&value) => {
            let hint = format!("write {}", values.join(" or "));
            Err(Refusal::bad_value(format!("`{option}` does not take {value:?}")).hint(hint))
        }
        Takes::File if value.is_empty() || value.starts_with('-') => {
            let refusal = Refusal::bad_value(format!("`{option}` takes a file, and {value:?} is none"));
            Err(refusal.hint("write where it lies, below the state directory or in full"))
        }
        Takes::Nothing | Takes::File | Takes::OneOf(_) => Ok(()),
    }
}

/// Never with the value: that may be a secret.
fn unknown(task: Task, name: &str, options: Options) -> Refusal {
    let written = format!("{} {}", task.program(), task.command());
    if !name.starts_with('-') {
        let refusal = Refusal::bad_value(format!("`{written}` takes no argument but options"));
        return refusal.hint(known(options));
    }
    if name.split('=').any(looks_secret)
        || sounds_secret(&name.trim_start_matches('-').replace('-', "_").to_uppercase())
    {
        return Refusal::new(Code::SecretInManifest, format!("`{name}` sounds like a secret on a command line")).hint(
            "everybody can read a command line: name the secret in [secrets.*]; a job that serves a service has the keys of that",
        );
    }
    let refusal = Refusal::bad_value(format!("a job may not say `{name}` to `{written}`"));
    if let Some((_, reason)) = REFUSED.iter().find(|(refused, _)| *refused == name) {
        return refusal.hint(format!("{reason}; remove it"));
    }
    match nearest(name, options.iter().map(|(name, _)| *name)) {
        Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
        None => refusal.hint(known(options)),
    }
}

fn known(options: Options) -> String {
    let shown = |(name, takes): &(&str, Takes)| match takes {
        Takes::Nothing => (*name).to_owned(),
        Takes::File => format!("{name} FILE"),
        Takes::OneOf(values) => format!("{name} {}", values.join("|")),
    };
    format!("it takes {}", options.iter().map(shown).collect::<Vec<_>>().join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(task: Task, args: &[&str]) -> Vec<(Code, String)> {
        let spanned: Vec<Spanned<String>> = args.iter().map(|arg| Spanned::new(0..1, (*arg).to_owned())).collect();
        let mut problems = Problems::default();
        check(task, &spanned, &mut problems);
        let text = |hint: Option<String>| hint.unwrap_or_default();
        problems.into_sorted().into_iter().map(|one| (one.code, one.message + "; " + &text(one.hint))).collect()
    }

    #[test]
    fn what_a_program_is_told_is_known() {
        for (task, args) in [
            (Task::Scan, &[][..]),
            (
                Task::Scan,
                &["--bars", "cache/bars.csv", "--json", "--feed=iex", "--universe=a b", "--earnings", "%n $HOME"],
            ),
            (Task::EndOfDay, &["--json"]),
            (Task::Status, &["--json"]),
            (Task::Drift, &["--json"]),
            (Task::Fetch, &["whatever", "--it", "takes"]),
        ] {
            assert_eq!(told(task, args), [], "{task:?} {args:?}");
        }
        for (task, args, code, says) in [
            (Task::EndOfDay, &["--help"][..], Code::BadValue, "nothing done"),
            (Task::Scan, &["-h"], Code::BadValue, "nothing done"),
            (Task::Scan, &["--version"], Code::BadValue, "nothing done"),
            (Task::EndOfDay, &["--bogus"], Code::BadValue, "it takes --json"),
            (Task::EndOfDay, &["--jsno"], Code::BadValue, "did you mean `--json`"),
            (Task::EndOfDay, &["2026-10-15"], Code::BadValue, "no argument but options"),
            (Task::Scan, &["--as-of", "2026-10-15"], Code::BadValue, "another is refused by the gate"),
            (Task::Scan, &["--out", "/tmp/x"], Code::BadValue, "state directory"),
            (Task::Scan, &["--stages=4-7"], Code::BadValue, "not attested"),
            (Task::Scan, &["--feed", "simulated"], Code::BadValue, "write sip or iex"),
            (Task::Scan, &["--bars"], Code::BadValue, "has no value"),
            (Task::Scan, &["--bars", "--json"], Code::BadValue, "\"--json\" is none"),
            (Task::Scan, &["--bars="], Code::BadValue, "takes a file"),
            (Task::Scan, &["--json=1"], Code::BadValue, "takes no value"),
            (Task::Scan, &["--json", "--json"], Code::Duplicate, "said twice"),
            (Task::Status, &["--root", "/srv"], Code::BadValue, "follows from [paths]"),
            (Task::Drift, &["/etc/x.toml"], Code::BadValue, "no argument but options"),
            (Task::EndOfDay, &["--password=hunter2"], Code::SecretInManifest, "[secrets.*]"),
            (Task::EndOfDay, &["--api-key", "hunter2"], Code::SecretInManifest, "[secrets.*]"),
        ] {
            let found = told(task, args);
            assert!(matches!(&found[..], [(its, text)] if *its == code && text.contains(says)), "{args:?}: {found:?}");
            assert!(!found[0].1.contains("hunter2"), "{found:?}");
        }
    }
}
