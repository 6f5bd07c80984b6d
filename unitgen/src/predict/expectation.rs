//! What `systemctl show` is expected to print for one property, and whether it did.

use std::collections::{BTreeMap, BTreeSet};

use crate::targets::run::Run;

/// What a property must hold. Lists that systemd keeps in a hash table are sets here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// This text.
    Text(String),
    /// These words, in any order.
    Words(BTreeSet<String>),
    /// Of the deployment's units these and no other; and of units of others at least these.
    Units {
        /// Units of the deployment.
        ours: BTreeSet<String>,
        /// Units of others.
        others: BTreeSet<String>,
        /// Every unit of the deployment.
        all: BTreeSet<String>,
    },
    /// Among many words these, and none of those.
    Among {
        /// What must be there.
        with: Vec<&'static str>,
        /// What must not.
        without: Vec<&'static str>,
    },
    /// These commands in this order: program, with a `-` before it when its failure is ignored, and all words with blanks between.
    Commands(Vec<(String, String)>),
    /// One command, a `podman run` whose options come in any order: all its words with blanks between.
    Container(String),
    /// These variables.
    Variables(BTreeMap<String, String>),
    /// A timer that fires by these expressions and no other.
    Calendar(BTreeSet<String>),
    /// What a property of the manager says; this text where nobody changed it.
    OfManager {
        /// The manager's property.
        property: &'static str,
        /// What it is without a word of an operator.
        usual: &'static str,
    },
    /// A number that is not below this, or no limit at all.
    AtLeast(u64),
}

impl Expectation {
    /// Whether what was printed is what was expected. A property printed several times comes with a line for each.
    ///
    /// # Errors
    /// Says what is different.
    pub fn check(&self, shown: &[&str]) -> Result<(), String> {
        self.check_by(shown, |_| "")
    }

    /// The same where a manager was asked: what it says of a property of its own, empty when it says nothing.
    ///
    /// # Errors
    /// Says what is different.
    pub fn check_by<'a>(&self, shown: &[&str], manager: impl Fn(&str) -> &'a str) -> Result<(), String> {
        let text = shown.join("\n");
        let words = || text.split_whitespace().map(str::to_owned).collect::<BTreeSet<String>>();
        match self {
            Self::Text(expect) => same(&text, expect),
            Self::OfManager { property, usual } => {
                let said = manager(property);
                same(&text, &(if said.is_empty() { *usual } else { said }).to_owned())
            }
            Self::AtLeast(least) => match text.parse::<u64>() {
                Ok(limit) if limit >= *least => Ok(()),
                _ if text == "infinity" => Ok(()),
                Ok(_) | Err(_) => Err(format!("{text:?}, expected at least {least}")),
            },
            Self::Words(expect) => same(&words(), expect),
            Self::Units { ours, others, all } => {
                let words = words();
                same(&words.intersection(all).cloned().collect::<BTreeSet<_>>(), ours)?;
                same(&words.intersection(others).cloned().collect::<BTreeSet<_>>(), others)
            }
            Self::Among { with, without } => {
                let words = words();
                match (
                    with.iter().find(|word| !words.contains(**word)),
                    without.iter().find(|word| words.contains(**word)),
                ) {
                    (None, None) => Ok(()),
                    (Some(word), _) => Err(format!("{word} is not in {text:.80}...")),
                    (None, Some(word)) => Err(format!("{word} is in it")),
                }
            }
            Self::Commands(expect) => {
                // One whose failure is ignored is none of these, and must not be passed over.
                let unlike = |line: &str| (line.to_owned(), String::new());
                let lines = shown.iter().filter(|line| !line.is_empty());
                same(&lines.map(|line| command(line).unwrap_or_else(|| unlike(line))).collect::<Vec<_>>(), expect)
            }
            Self::Container(expect) => container(expect, shown),
            Self::Variables(expect) => same(&variables(&text), expect),
            Self::Calendar(expect) => {
                let found: BTreeSet<String> = shown.iter().filter_map(|line| on_calendar(line)).collect();
                if shown.len() == expect.len() {
                    same(&found, expect)
                } else {
                    Err(format!("{shown:?}, expected {expect:?}"))
                }
            }
        }
    }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expect: &T) -> Result<(), String> {
    if found == expect { Ok(()) } else { Err(format!("{found:?}, expected {expect:?}")) }
}

/// `{ OnCalendar=E ; next_elapse=... }`.
fn on_calendar(line: &str) -> Option<String> {
    line.strip_prefix("{ OnCalendar=")?.split_once(" ; next_elapse=").map(|(expression, _)| expression.to_owned())
}

/// `{ path=P ; argv[]=A B ; ignore_errors=no ; ... }`.
fn command(line: &str) -> Option<(String, String)> {
    let (path, rest) = line.strip_prefix("{ path=")?.split_once(" ; argv[]=")?;
    if let Some((argv, _)) = rest.rsplit_once(" ; ignore_errors=no ; ") {
        return Some((path.to_owned(), argv.to_owned()));
    }
    let (argv, _) = rest.rsplit_once(" ; ignore_errors=yes ; ")?;
    Some((format!("-{path}"), argv.to_owned()))
}

/// None of our options has a blank in it.
fn container(expect: &str, shown: &[&str]) -> Result<(), String> {
    let read = |words: &str| Run::read(&words.split(' ').map(str::to_owned).collect::<Vec<_>>());
    let expect = read(expect)?;
    let [line] = shown else { return Err(format!("{} commands, expected one", shown.len())) };
    let (_, argv) = command(line).ok_or_else(|| format!("{line:?} is no command that counts"))?;
    expect.differing(&read(&argv)?).map_or(Ok(()), Err)
}

/// Assignments with blanks between; one with special characters in double quotes, these escaped by a backslash.
fn variables(text: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut chars = text.chars().peekable();
    loop {
        while chars.next_if(|c| *c == ' ').is_some() {}
        if chars.peek().is_none() {
            return found;
        }
        let quoted = chars.next_if_eq(&'"').is_some();
        let mut word = String::new();
        while let Some(c) = chars.next() {
            match c {
                '\\' if quoted => word.extend(chars.next()),
                '"' if quoted => break,
                ' ' if !quoted => break,
                c => word.push(c),
            }
        }
        let (name, value) = word.split_once('=').unwrap_or((&word, ""));
        found.insert(name.to_owned(), value.to_owned());
    }
}
