//! Command lines of `Exec...=`: the prefix, the words, and what becomes of variables when the command runs.
//!
//! Only the prefixes `-` (a failure counts as success) and `:` (variables stay as they are) are rehearsed; the others
//! change user or argv and are refused. Source: systemd.service(5) "Command lines".

use std::collections::BTreeMap;

use thiserror::Error;

use super::{
    specifier::{self, Directories, UnknownSpecifier},
    words::{self, WordError},
};

/// A command as a unit gives it, specifiers expanded, variables not yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// The program, an absolute path.
    pub program: String,
    arguments: Vec<String>,
    /// Prefix `-`: whatever it answers is success.
    pub may_fail: bool,
    keeps_variables: bool,
}

/// Why a line is no command.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum CommandError {
    /// Bad quoting.
    #[error(transparent)]
    Words(#[from] WordError),
    /// A specifier not known here.
    #[error(transparent)]
    Specifier(#[from] UnknownSpecifier),
    /// A prefix that is not rehearsed.
    #[error("the prefix {0:?} is not rehearsed")]
    Prefix(char),
    /// Nothing to run.
    #[error("names no program")]
    Empty,
    /// The program is looked up in a path that depends on the host.
    #[error("{0:?} is no absolute path")]
    Relative(String),
    /// `;` between commands.
    #[error("holds several commands, which is not rehearsed")]
    Several,
}

impl Command {
    /// Reads a line for the unit called `unit`.
    pub fn parse(line: &str, unit: &str, directories: &Directories) -> Result<Self, CommandError> {
        let (mut rest, mut may_fail, mut keeps_variables) = (line, false, false);
        loop {
            match rest.chars().next() {
                Some('-') => may_fail = true,
                Some(':') => keeps_variables = true,
                Some(prefix @ ('@' | '+' | '!' | '|')) => return Err(CommandError::Prefix(prefix)),
                Some(_) | None => break,
            }
            rest = &rest[1..];
        }
        let words = words::split(rest)?;
        if words.iter().any(|word| word.bare && word.text == ";") {
            return Err(CommandError::Several);
        }
        let expanded: Result<Vec<String>, _> =
            words.iter().map(|word| specifier::expand(&word.text, unit, directories)).collect();
        let mut arguments = expanded?.into_iter();
        let program = arguments.next().ok_or(CommandError::Empty)?;
        if !program.starts_with('/') {
            return Err(CommandError::Relative(program));
        }
        Ok(Self { program, arguments: arguments.collect(), may_fail, keeps_variables })
    }

    /// The last part of the program's path.
    pub fn name(&self) -> &str {
        self.program.rsplit('/').next().unwrap_or(&self.program)
    }

    /// The arguments as the process gets them: `$NAME` alone becomes its words, `${NAME}` its value, `$$` a dollar.
    pub fn arguments(&self, environment: &BTreeMap<String, String>) -> Vec<String> {
        if self.keeps_variables {
            return self.arguments.clone();
        }
        self.arguments.iter().flat_map(|argument| substitute(argument, environment)).collect()
    }
}

fn substitute(argument: &str, environment: &BTreeMap<String, String>) -> Vec<String> {
    let value_of = |name: &str| environment.get(name).map_or("", String::as_str);
    if let Some(name) = argument.strip_prefix('$').filter(|name| is_variable(name)) {
        return value_of(name).split_whitespace().map(str::to_owned).collect();
    }
    let (mut replaced, mut rest) = (String::new(), argument);
    while let Some((before, after)) = rest.split_once('$') {
        replaced.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            replaced.push('$');
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix('{').and_then(|braced| braced.split_once('}')) {
            replaced.push_str(value_of(name));
            rest = after;
        } else {
            replaced.push('$');
        }
    }
    replaced.push_str(rest);
    vec![replaced]
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Command, CommandError> {
        let directories = Directories { state: "/s".into(), config: "/e".into(), runtime: "/t".into() };
        Command::parse(line, "scan.service", &directories)
    }

    fn argv(line: &str) -> Vec<String> {
        let environment = [("ONE", "1"), ("TWO", "a  b"), ("EMPTY", "")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        parse(line).unwrap().arguments(&environment)
    }

    #[test]
    fn variables_are_replaced_as_systemd_replaces_them() {
        for (line, expect) in [
            ("/x scan --out %S/avwap", vec!["scan", "--out", "/s/avwap"]),
            ("/x $TWO", vec!["a", "b"]),
            ("/x ${TWO}", vec!["a  b"]),
            ("/x a${ONE}b$ONE", vec!["a1b$ONE"]),
            ("/x $NOTHING ${NOTHING}", vec![""]),
            ("/x $EMPTY", vec![]),
            ("/x $$ONE 5$$", vec!["$ONE", "5$"]),
            (":/x $ONE", vec!["$ONE"]),
            ("/x \"${ONE} x\"", vec!["1 x"]),
        ] {
            assert_eq!(argv(line), expect, "{line}");
        }
    }

    #[test]
    fn prefixes_are_known_or_refused() {
        assert!(parse("-/x").unwrap().may_fail);
        assert!(!parse("/x").unwrap().may_fail);
        for prefix in ['@', '+', '!', '|'] {
            assert_eq!(parse(&format!("{prefix}/x")), Err(CommandError::Prefix(prefix)));
            assert_eq!(parse(&format!("-{prefix}/x")), Err(CommandError::Prefix(prefix)));
        }
    }

    #[test]
    fn what_is_no_command_is_refused() {
        assert_eq!(parse(""), Err(CommandError::Empty));
        assert_eq!(parse("scanner scan"), Err(CommandError::Relative("scanner".into())));
        assert_eq!(parse("/x a ; /y b"), Err(CommandError::Several));
        assert!(parse("/x %h").is_err());
        assert!(parse("/x 'a").is_err());
        assert_eq!(parse("/usr/lib/portcullis/bin/gate execution").unwrap().name(), "gate");
    }
}
