//! Many mutants in one build: the body of each function that is changed becomes a choice between itself and its mutated
//! copies, made by an environment variable when a program runs. Building is what a mutant costs; here it is paid once.
//!
//! Sources are formatted by rustfmt, so that a function ends at the first line that closes its brace at its own
//! indentation. A mutant that lies outside of every body, or in one whose copies would be of different types, is left
//! alone and built on its own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    ops::Range,
};

use crate::list::{Misfit, Mutant};

/// The environment variable that says which mutant a program is; without it, none.
pub const CHOICE: &str = "MUTANT";

/// The end of the crate's root: which mutant this process is.
const CHOOSE: &str = r#"
/// Which mutant this process is; 0 for none.
pub(crate) fn mutant() -> usize {
    static CHOSEN: std::sync::OnceLock<usize> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("MUTANT").map_or(0, |text| text.parse().expect("a number")))
}
"#;
/// The crate's root.
const ROOT: &str = "crates/trading/src/lib.rs";

/// Sources that hold mutants.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Schema {
    /// The changed files, by path from the root of the workspace.
    pub files: BTreeMap<String, String>,
    /// The mutants they hold, by their number.
    pub held: BTreeSet<usize>,
    /// Where the mutated bodies begin and end: file, lines, number.
    places: Vec<(String, Range<usize>, usize)>,
}

/// A function of a file: its body as a range of bytes, without the braces.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Function {
    body: Range<usize>,
    /// Whether its bodies may be arms of one match.
    is_plain: bool,
}

impl Schema {
    /// Puts as many of the mutants as fit into the sources; `read` gives the text of a file, `left_out` says which are not
    /// to be tried. A mutant's number is its place in the list, from 1.
    ///
    /// # Errors
    /// A mutant does not fit its file.
    pub fn of(
        mutants: &[Mutant],
        read: impl Fn(&str) -> std::io::Result<String>,
        left_out: &BTreeSet<usize>,
    ) -> anyhow::Result<Self> {
        let mut by_file: BTreeMap<&str, Vec<(usize, &Mutant)>> = BTreeMap::new();
        for (number, mutant) in (1..).zip(mutants).filter(|(number, _)| !left_out.contains(number)) {
            by_file.entry(&mutant.file).or_default().push((number, mutant));
        }
        let mut schema = Self::default();
        for (file, mutants) in by_file {
            let text = schema.write(file, &read(file)?, &mutants)?;
            schema.files.insert(file.to_owned(), text);
        }
        let root = schema.files.remove(ROOT).map_or_else(|| read(ROOT), Ok)?;
        schema.files.insert(ROOT.to_owned(), root + CHOOSE);
        Ok(schema)
    }

    /// The mutant whose body a line of a file is in.
    #[must_use]
    pub fn at(&self, file: &str, line: usize) -> Option<usize> {
        let place = self.places.iter().find(|(of, lines, _)| of == file && lines.contains(&line));
        place.map(|(_, _, number)| *number)
    }

    /// The mutants of a file.
    #[must_use]
    pub fn of_file(&self, file: &str) -> BTreeSet<usize> {
        self.places.iter().filter(|(of, ..)| of == file).map(|(_, _, number)| *number).collect()
    }

    fn write(&mut self, file: &str, text: &str, mutants: &[(usize, &Mutant)]) -> Result<String, Misfit> {
        let functions = functions(text);
        let mut bodies: BTreeMap<usize, Vec<(usize, String)>> = BTreeMap::new();
        for (number, mutant) in mutants {
            let changed = mutant.changed(text)?;
            let within = |function: &&Function| {
                function.body.start <= changed.start && changed.end <= function.body.end && function.is_plain
            };
            if let Some(Function { body, .. }) = functions.iter().find(within) {
                let mutated = mutant.apply(text)?;
                let end = mutated.len() - (text.len() - body.end);
                bodies.entry(body.start).or_default().push((*number, mutated[body.start..end].to_owned()));
            }
        }
        let (mut written, mut from) = (String::new(), 0);
        for Function { body, .. } in functions {
            let Some(mutated) = bodies.get(&body.start) else { continue };
            written += &text[from..body.start];
            written += "\nmatch crate::mutant() {\n";
            for (number, body) in mutated {
                let begin = lines(&written);
                writeln!(written, "{number} => {{{body}}}").expect("writing to a text never fails");
                self.places.push((file.to_owned(), begin..lines(&written), *number));
                self.held.insert(*number);
            }
            write!(written, "_ => {{{}}}\n}}\n", &text[body.clone()]).expect("writing to a text never fails");
            from = body.end;
        }
        Ok(written + &text[from..])
    }
}

/// The number of the line that comes next.
fn lines(text: &str) -> usize {
    text.matches('\n').count() + 1
}

/// Functions that are in no other, in order.
fn functions(text: &str) -> Vec<Function> {
    let (mut functions, mut from) = (Vec::new(), 0);
    while let Some(function) = next(text, from) {
        from = function.body.end;
        functions.push(function);
    }
    functions
}

fn next(text: &str, from: usize) -> Option<Function> {
    let mut at = from;
    for line in text[from..].split_inclusive('\n') {
        let code = line.trim_start();
        let plain = ["fn ", "pub fn ", "pub(super) fn ", "pub(crate) fn "].iter().any(|begin| code.starts_with(begin));
        if plain || code.starts_with("const fn ") || code.starts_with("pub const fn ") {
            let indent = &line[..line.len() - code.len()];
            let opens = at + text[at..].find("{\n")?;
            // An empty body, or a declaration.
            if !text[at..opens].trim_end().ends_with("{}") && !text[at..opens].contains(";\n") {
                let close = format!("\n{indent}}}\n");
                let end = opens + 1 + text[opens + 1..].find(&close)? + 1;
                let returns = text[at..opens].rsplit_once("->").map_or("", |(_, returns)| returns);
                return Some(Function { body: opens + 1..end, is_plain: plain && !returns.contains("impl ") });
            }
        }
        at += line.len();
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "use a::b;\n\nconst LIMIT: u32 = 1;\n\nimpl A {\n    pub fn f(&self) -> u32 {\n        if x {\n            1\n        } else {\n            2\n        }\n    }\n\n    fn g(\n        a: u32,\n    ) -> impl Iterator<Item = u32> {\n        a.into_iter()\n    }\n}\n\nfn h() {\n    k();\n}\n";

    fn mutant(find: &str, replace: &str) -> Mutant {
        Mutant {
            name: find.into(),
            file: "f.rs".into(),
            find: find.into(),
            replace: replace.into(),
            breaks: "b".into(),
        }
    }

    #[test]
    fn a_body_becomes_a_choice_and_the_rest_stays() {
        let mutants = [
            mutant("1\n", "3\n"),
            mutant("-> u32 {\n        if x", "-> u32 {\n        return 0;\n        if x"),
            mutant("k();", "l();"),
            mutant("= 1;", "= 2;"),
            mutant("a.into_iter()", "a.into_iter().rev()"),
        ];
        let read = |file: &str| Ok(if file == "f.rs" { TEXT.to_owned() } else { "//! Root.\n".to_owned() });
        let schema = Schema::of(&mutants, read, &BTreeSet::new()).unwrap();
        assert_eq!(schema.held, [1, 2, 3].into(), "neither a constant nor a hidden type");
        let text = &schema.files["f.rs"];
        for part in [
            "1 => {\n        if x {\n            3",
            "2 => {\n        return 0;\n",
            "3 => {\n    l();\n}",
            "_ => {\n    k();\n}",
        ] {
            assert!(text.contains(part), "{part}:\n{text}");
        }
        assert!(text.starts_with("use a::b;\n\nconst LIMIT: u32 = 1;\n"));
        let line = text.lines().position(|line| line.contains("l();")).unwrap() + 1;
        assert_eq!(schema.at("f.rs", line), Some(3));
        assert!(schema.files[ROOT].contains("fn mutant()"));
    }
}
