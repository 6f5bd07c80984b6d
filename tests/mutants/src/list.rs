//! The list of mutants, read and checked.
//!
//! A text to find must occur exactly once in its file, so that the list cannot rot: code that moves away from under a
//! mutant fails the run and the test of the list.

use std::{collections::BTreeSet, fs, ops::Range, path::Path};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use thiserror::Error;

/// Where the list lies in the workspace.
const LIST: &str = "tests/mutants/mutants.toml";
/// The folder that the files of the list are in.
const SOURCES: &str = "crates/trading/src";
/// Stands for a word of `each` in the texts of an entry.
const EACH: &str = "{each}";

/// One change that breaks something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mutant {
    /// Its name, unique.
    pub name: String,
    /// The file, from the root of the workspace.
    pub file: String,
    /// The text to find.
    pub find: String,
    /// The text in its place.
    pub replace: String,
    /// What it breaks, in a phrase.
    pub breaks: String,
}

/// Why a mutant cannot be made.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum Misfit {
    /// The text is not there once.
    #[error("the text to find occurs {0} times")]
    Occurs(usize),
    /// Both texts are the same.
    #[error("the replacement changes nothing")]
    Same,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    mutant: Vec<Entry>,
}

/// An entry stands for one mutant, or with `each` for one a word.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    file: String,
    find: String,
    replace: String,
    breaks: String,
    #[serde(default)]
    each: Vec<String>,
}

/// Reads the list of a workspace.
///
/// # Errors
/// It cannot be read, or a name is there twice.
pub fn load(root: &Path) -> Result<Vec<Mutant>> {
    let path = root.join(LIST);
    let text = fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    let list: List = toml::from_str(&text).with_context(|| format!("failed to read {}", path.display()))?;
    let mutants: Vec<Mutant> = list.mutant.into_iter().flat_map(Entry::expand).collect();
    let mut names = BTreeSet::new();
    for mutant in &mutants {
        ensure!(names.insert(mutant.name.as_str()), "{} is there twice", mutant.name);
    }
    Ok(mutants)
}

impl Entry {
    fn expand(self) -> Vec<Mutant> {
        let with = |fill: &dyn Fn(&str) -> String| Mutant {
            name: fill(&self.name),
            file: format!("{SOURCES}/{}", self.file),
            find: fill(&self.find),
            replace: fill(&self.replace),
            breaks: fill(&self.breaks),
        };
        if self.each.is_empty() {
            return vec![with(&str::to_owned)];
        }
        self.each.iter().map(|word| with(&|text| text.replace(EACH, word))).collect()
    }
}

impl Mutant {
    /// The text of its file with the change made.
    ///
    /// # Errors
    /// It does not fit the text.
    pub fn apply(&self, text: &str) -> Result<String, Misfit> {
        match text.matches(&self.find).count() {
            1 if self.find == self.replace => Err(Misfit::Same),
            1 => Ok(text.replacen(&self.find, &self.replace, 1)),
            count => Err(Misfit::Occurs(count)),
        }
    }

    /// The bytes of a text that differ once it is made.
    ///
    /// # Errors
    /// It does not fit the text.
    pub fn changed(&self, text: &str) -> Result<Range<usize>, Misfit> {
        self.apply(text)?;
        let begin = text.find(&self.find).ok_or(Misfit::Occurs(0))?;
        let same = |pair: &(char, char)| pair.0 == pair.1;
        let head: usize = self.find.chars().zip(self.replace.chars()).take_while(same).map(|(a, _)| a.len_utf8()).sum();
        let (find, replace) = (&self.find[head..], &self.replace[head..]);
        let tail: usize =
            find.chars().rev().zip(replace.chars().rev()).take_while(same).map(|(a, _)| a.len_utf8()).sum();
        Ok(begin + head..begin + self.find.len() - tail)
    }

    /// Whether it can be made in a workspace.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, root: &Path) -> Result<()> {
        let path = root.join(&self.file);
        let text = fs::read_to_string(&path).with_context(|| format!("{}: {}", self.name, path.display()))?;
        self.apply(&text).with_context(|| format!("{}: {}", self.name, self.file))?;
        Ok(())
    }
}
