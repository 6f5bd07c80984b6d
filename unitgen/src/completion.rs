//! What of a host or a manifest the word under the cursor may be. Pure: a command line's description and its words, in; what
//! to look for, out. What clap itself knows (commands, options, their values) is the shells' generated part.

use std::collections::BTreeMap;

use clap::{Arg, Command};

/// What to look for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// A manifest.
    Manifest,
    /// A side of `diff`: a manifest or the host.
    Side,
    /// A unit, or a unit and its directive in one word.
    Unit,
    /// A directive of a unit, or a manifest.
    DirectiveOf(String),
    /// A deployment that has generations.
    Deployment,
    /// The number of a generation, of a deployment that may be named.
    GenerationOf(Option<String>),
}

/// The question, and options that were written before the cursor, by their long names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// What to look for.
    pub asked: Asked,
    /// Options with their values.
    pub options: BTreeMap<String, String>,
}

/// What is asked behind `words`, which begin after the program's name and end before the word under the cursor. `word` is that one, as far as it
/// is written.
#[must_use]
pub fn question(program: &Command, words: &[String], word: &str) -> Option<Question> {
    let (name, words) = words.split_first()?;
    let command = program.find_subcommand(name)?;
    let read = Read::of(command, words);
    let asked = match read.awaits {
        Some(option) => of_option(name, option, &read.positionals)?,
        None if word.starts_with('-') && !read.only_positionals => return None,
        None => of_positional(command, &read.positionals)?,
    };
    Some(Question { asked, options: read.options })
}

fn of_option(command: &str, option: &Arg, positionals: &[String]) -> Option<Asked> {
    match (command, option.get_id().as_str()) {
        (_, "manifest") => Some(Asked::Manifest),
        ("rollback", "to") => Some(Asked::GenerationOf(positionals.first().cloned())),
        (_, _) => None,
    }
}

fn of_positional(command: &Command, positionals: &[String]) -> Option<Asked> {
    let known: Vec<&Arg> = command.get_positionals().collect();
    let argument = known.get(positionals.len()).or_else(|| known.last())?;
    let is_beyond = positionals.len() >= known.len();
    match (command.get_name(), argument.get_id().as_str()) {
        ("explain", "subject") => Some(Asked::Unit),
        ("explain", "more") if !is_beyond => Some(Asked::DirectiveOf(positionals.first()?.clone())),
        ("explain", "more") => Some(Asked::Manifest),
        (_, "manifest") if !is_beyond => Some(Asked::Manifest),
        ("diff", "first" | "second") if !is_beyond => Some(Asked::Side),
        ("rollback", "deployment") if !is_beyond => Some(Asked::Deployment),
        (_, _) => None,
    }
}

/// Words as the command takes them.
#[derive(Default)]
struct Read<'c> {
    options: BTreeMap<String, String>,
    positionals: Vec<String>,
    /// The option whose value stands under the cursor.
    awaits: Option<&'c Arg>,
    /// Whether `--` was written.
    only_positionals: bool,
}

impl<'c> Read<'c> {
    fn of(command: &'c Command, words: &[String]) -> Self {
        let mut read = Self::default();
        for word in words {
            read.take(command, word);
        }
        read
    }

    fn take(&mut self, command: &'c Command, word: &str) {
        if let Some(option) = self.awaits {
            // A shell that breaks words at `=` hands it over as a word of its own.
            if word != "=" {
                self.awaits = None;
                self.keep(option, word);
            }
        } else if self.only_positionals || !word.starts_with('-') || word == "-" {
            self.positionals.push(word.to_owned());
        } else if word == "--" {
            self.only_positionals = true;
        } else {
            let (name, value) = word.split_once('=').map_or((word, None), |(name, value)| (name, Some(value)));
            let option = command.get_arguments().find(|option| is_called(option, name));
            let option = option.filter(|option| option.get_action().takes_values());
            match (option, value) {
                (Some(option), Some(value)) => self.keep(option, value),
                (Some(option), None) => self.awaits = Some(option),
                (None, _) => {}
            }
        }
    }

    fn keep(&mut self, option: &Arg, value: &str) {
        self.options.insert(option.get_long().unwrap_or_default().to_owned(), value.to_owned());
    }
}

fn is_called(option: &Arg, name: &str) -> bool {
    let long = name.strip_prefix("--");
    let short = name.strip_prefix('-').filter(|_| long.is_none()).and_then(|name| name.chars().next());
    (long.is_some() && option.get_long() == long) || (short.is_some() && option.get_short() == short)
}
