//! A TOML table being read: every key asked for is remembered, every other key is a problem.
//!
//! Getters report wrong types themselves and answer `None`, so an element goes on to its next key and all problems of
//! a file come out at once.

use std::ops::Range;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    directives,
    nearest::nearest,
    problem::{Code, Problems, Refusal},
};

/// Keys that the language knows and this release does not render, each with what to do instead.
pub(crate) type Later = &'static [(&'static str, &'static str)];

/// A list in the manifest: the span of the whole and of each text in it.
pub(crate) type Texts<'d> = Spanned<Vec<Spanned<&'d str>>>;

pub(crate) struct Fields<'d> {
    place: String,
    span: Range<usize>,
    table: &'d DeTable<'d>,
    asked: Vec<&'static str>,
    later: Later,
}

impl<'d> Fields<'d> {
    pub(crate) fn new(place: impl Into<String>, span: Range<usize>, table: &'d DeTable<'d>, later: Later) -> Self {
        Self { place: place.into(), span, table, asked: Vec::new(), later }
    }

    /// How messages call this table.
    pub(crate) fn place(&self) -> &str {
        &self.place
    }

    /// Where to point when something is missing from this table.
    pub(crate) fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    pub(crate) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// The bytes of `key = value`, or of the table's name when there is no such key.
    pub(crate) fn span_of(&self, key: &str) -> Range<usize> {
        match self.table.get_key_value(key) {
            Some((key, value)) => key.span().start..value.span().end.max(key.span().end),
            None => self.span(),
        }
    }

    pub(crate) fn text(&mut self, key: &'static str, problems: &mut Problems) -> Option<Spanned<&'d str>> {
        let value = self.value(key)?;
        let text = value.get_ref().as_str();
        if text.is_none() {
            wrong_type(key, "a text in quotes", value, problems);
        }
        Some(Spanned::new(value.span(), text?))
    }

    pub(crate) fn integer(&mut self, key: &'static str, problems: &mut Problems) -> Option<Spanned<i64>> {
        let value = self.value(key)?;
        let number = value
            .get_ref()
            .as_integer()
            .and_then(|integer| i64::from_str_radix(integer.as_str(), integer.radix()).ok());
        if number.is_none() {
            wrong_type(key, "a whole number", value, problems);
        }
        Some(Spanned::new(value.span(), number?))
    }

    pub(crate) fn flag(&mut self, key: &'static str, problems: &mut Problems) -> Option<Spanned<bool>> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrong_type(key, "true or false", value, problems);
        }
        Some(Spanned::new(value.span(), flag?))
    }

    pub(crate) fn texts(&mut self, key: &'static str, problems: &mut Problems) -> Option<Texts<'d>> {
        let value = self.value(key)?;
        let Some(array) = value.get_ref().as_array() else {
            wrong_type(key, "a list of texts", value, problems);
            return None;
        };
        let mut texts = Vec::new();
        for item in array {
            match item.get_ref().as_str() {
                Some(text) => texts.push(Spanned::new(item.span(), text)),
                None => wrong_type(key, "a list of texts", item, problems),
            }
        }
        (texts.len() == array.len()).then(|| Spanned::new(value.span(), texts))
    }

    /// A text that `parse` turns into a setting; its refusal is reported at the value.
    pub(crate) fn parsed<T>(
        &mut self,
        key: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Option<Spanned<T>> {
        let text = self.text(key, problems)?;
        accept(&text, problems, parse)
    }

    /// [`Fields::parsed`] of a key that must be there; `example` is what the hint shows.
    pub(crate) fn required<T>(
        &mut self,
        key: &'static str,
        example: &str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, Refusal>,
    ) -> Option<Spanned<T>> {
        self.require(key, example, problems);
        self.parsed(key, problems, parse)
    }

    /// Reports `key` when it is missing.
    pub(crate) fn require(&self, key: &str, example: &str, problems: &mut Problems) {
        if !self.has(key) {
            let message = format!("{} has no `{key}`", self.place);
            problems
                .error(self.span(), Refusal::new(Code::MissingKey, message).hint(format!("write `{key} = {example}`")));
        }
    }

    /// The table under `key`.
    pub(crate) fn table(&mut self, key: &'static str, later: Later, problems: &mut Problems) -> Option<Fields<'d>> {
        self.asked.push(key);
        let (name, value) = self.table.get_key_value(key)?;
        let table = value.get_ref().as_table();
        if table.is_none() {
            wrong_type(key, "a table", value, problems);
        }
        let place = match self.place.strip_prefix('[').and_then(|place| place.strip_suffix(']')) {
            Some(parent) => format!("[{parent}.{key}]"),
            None => format!("[{key}]"),
        };
        Some(Fields::new(place, name.span(), table?, later))
    }

    /// The tables under `key`, each with the name its author gave it.
    pub(crate) fn tables(
        &mut self,
        key: &'static str,
        later: Later,
        problems: &mut Problems,
    ) -> Vec<(Spanned<&'d str>, Fields<'d>)> {
        let Some(parent) = self.table(key, &[], problems) else { return Vec::new() };
        let mut tables = Vec::new();
        for (name, value) in parent.table {
            match value.get_ref().as_table() {
                Some(table) => {
                    let fields = Fields::new(format!("[{key}.{}]", name.get_ref()), name.span(), table, later);
                    tables.push((Spanned::new(name.span(), name.get_ref().as_ref()), fields));
                }
                None => wrong_type(name.get_ref(), "a table", value, problems),
            }
        }
        tables
    }

    /// Every key with its text, for tables whose keys are the author's own.
    pub(crate) fn pairs(self, problems: &mut Problems) -> Vec<(Spanned<&'d str>, Spanned<&'d str>)> {
        let mut pairs = Vec::new();
        for (name, value) in self.table {
            match value.get_ref().as_str() {
                Some(text) => {
                    pairs.push((Spanned::new(name.span(), name.get_ref().as_ref()), Spanned::new(value.span(), text)))
                }
                None => wrong_type(name.get_ref(), "a text in quotes", value, problems),
            }
        }
        pairs
    }

    /// Reports every key that nobody asked for.
    pub(crate) fn finish(self, problems: &mut Problems) {
        for key in self.table.keys() {
            let name = key.get_ref().as_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let refusal = match self.later.iter().find(|(later, _)| *later == name) {
                Some((_, instead)) => {
                    Refusal::new(Code::NotInThisRelease, format!("`{name}` is not rendered by this release"))
                        .hint(*instead)
                }
                None => self.unknown(name),
            };
            problems.error(key.span(), refusal);
        }
    }

    fn unknown(&self, name: &str) -> Refusal {
        let refusal = Refusal::new(Code::UnknownKey, format!("{} knows no `{name}`", self.place));
        if let Some(why) = directives::why_not(name) {
            return refusal.hint(why);
        }
        match nearest(name, self.asked.iter().copied()) {
            Some(meant) => refusal.hint(format!("did you mean `{meant}`?")),
            None if self.asked.is_empty() => refusal,
            None => refusal.hint(format!("it knows {}", self.asked.join(", "))),
        }
    }

    fn value(&mut self, key: &'static str) -> Option<&'d Spanned<DeValue<'d>>> {
        self.asked.push(key);
        self.table.get(key)
    }
}

/// Parses one text of the manifest; a refusal is reported where it stands.
pub(crate) fn accept<T>(
    text: &Spanned<&str>,
    problems: &mut Problems,
    parse: impl FnOnce(&str) -> Result<T, Refusal>,
) -> Option<Spanned<T>> {
    match parse(text.get_ref()) {
        Ok(value) => Some(Spanned::new(text.span(), value)),
        Err(refusal) => {
            problems.error(text.span(), refusal);
            None
        }
    }
}

fn wrong_type(key: &str, expected: &str, value: &Spanned<DeValue<'_>>, problems: &mut Problems) {
    let message = format!("`{key}` is {expected}, not {}", described(value.get_ref()));
    let refusal = Refusal::new(Code::WrongType, message);
    let bare = matches!(value.get_ref(), DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_));
    let refusal = if bare && expected.contains("text") { refusal.hint("put it in quotes") } else { refusal };
    problems.error(value.span(), refusal);
}

fn described(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with decimals",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
