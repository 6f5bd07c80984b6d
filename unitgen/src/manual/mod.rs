//! Manual pages: of the program and of each command from what they say of themselves, of the manifest from its table of keys.
//!
//! Pure: the command line's own description in, pages in troff out. A command's `Exit codes:`, `Examples:` and other blocks
//! behind its options become sections, so there is one text for `--help` and page. Source: man(7).

mod manifest;
mod roff;

use clap::Command;
use clap_mangen::Man;

use roff::Roff;

/// What every page says it belongs to.
const MANUAL: &str = "Portcullis";

/// One page.
#[derive(Clone, Debug)]
pub struct Page {
    /// Its name, such as `unitgen-check`.
    pub name: String,
    /// Its section of the manual.
    pub section: &'static str,
    /// Its text, in troff.
    pub text: String,
}

impl Page {
    /// Where it is installed below a directory of manual pages.
    #[must_use]
    pub fn path(&self) -> String {
        let Self { name, section, .. } = self;
        format!("man{section}/{name}.{section}")
    }
}

/// Every page. `date` is that of the release, `YYYY-MM-DD`.
#[must_use]
pub fn pages(mut program: Command, date: &str) -> Vec<Page> {
    program.build();
    let source = format!("portcullis {}", crate::VERSION);
    let name = program.get_name().to_owned();
    let commands: Vec<Command> =
        program.get_subcommands().filter(|command| command.get_name() != "help").cloned().collect();
    let release = Release { program: &name, exit_codes: help_of(&program), date, source: &source };
    let mut pages = vec![page(&program, &name, &commands, &release)];
    for command in &commands {
        pages.push(page(command, &format!("{name}-{}", command.get_name()), &[], &release));
    }
    pages.push(manifest::page(date, &source));
    pages
}

/// What every page of the program has.
struct Release<'r> {
    program: &'r str,
    /// Of a command that does not tell its own.
    exit_codes: String,
    date: &'r str,
    source: &'r str,
}

fn help_of(command: &Command) -> String {
    command.get_after_help().map(ToString::to_string).unwrap_or_default()
}

fn page(command: &Command, name: &str, commands: &[Command], release: &Release<'_>) -> Page {
    let Release { program, exit_codes, date, source } = release;
    let man = Man::new(command.clone()).title(name.to_uppercase()).section("1");
    let man = man.date(*date).source(*source).manual(MANUAL);
    let mut text = Vec::new();
    let rendered = [
        man.render_title(&mut text),
        man.render_name_section(&mut text),
        man.render_synopsis_section(&mut text),
        man.render_description_section(&mut text),
        man.render_options_section(&mut text),
    ];
    assert!(rendered.iter().all(Result::is_ok), "a vector takes whatever is written");
    let mut roff = Roff::default();
    if !commands.is_empty() {
        roff.section("COMMANDS");
        for command in commands {
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            roff.item(&format!("{program}-{}(1)", command.get_name()), &about);
        }
    }
    let help = help_of(command);
    let own = blocks(&help);
    let of_the_program = blocks(exit_codes);
    let inherited = of_the_program.iter().filter(|block| is_exit_codes(block) && !own.iter().any(is_exit_codes));
    for block in inherited.chain(&own) {
        block.write(&mut roff);
    }
    write_surroundings(&mut roff, name, program);
    let text = without_double_breaks(&String::from_utf8_lossy(&text));
    Page { name: name.to_owned(), section: "1", text: text + &roff.into_text() }
}

/// A line break beside a blank line breaks nothing, and mandoc says so.
fn without_double_breaks(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let is_blank =
        |at: Option<usize>| at.and_then(|at| lines.get(at)).is_some_and(|line| line.is_empty() || *line == ".sp");
    let kept = lines
        .iter()
        .enumerate()
        .filter(|(at, line)| **line != ".br" || !(is_blank(at.checked_sub(1)) || is_blank(Some(at + 1))));
    kept.map(|(_, line)| format!("{line}\n")).collect()
}

/// What holds for every command.
fn write_surroundings(roff: &mut Roff, name: &str, program: &str) {
    roff.section("ENVIRONMENT");
    roff.item(
        "NO_COLOR",
        "When set to anything, no colour is printed. There is none either where the output is no \
        terminal.",
    );
    roff.item("TERM", "With dumb, no colour is printed.");
    roff.section("FILES");
    roff.item("/etc/portcullis/*.toml", "The installed manifests, portcullis-manifest(5).");
    roff.item(
        "/etc/portcullis/credentials, /etc/portcullis/credentials.encrypted",
        "Secrets, which root alone can \
        read. unitgen never reads one.",
    );
    roff.item("/etc/systemd/system", "The rendered units of the system's manager.");
    roff.section("SEE ALSO");
    let others = if name == program { "unitgen-check(1), unitgen-render(1), " } else { "unitgen(1), " };
    roff.text(&format!("{others}portcullis-manifest(5), systemd.unit(5), systemd.service(5), systemd.timer(5)"));
}

/// A paragraph of a help text, with the heading above it if it has one.
struct Block<'h> {
    heading: &'h str,
    lines: Vec<&'h str>,
}

/// The blocks of a help text: a line that ends with a colon, and what is indented below it.
fn blocks(help: &str) -> Vec<Block<'_>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    for line in help.lines() {
        let is_heading = line.ends_with(':') && !line.starts_with(' ');
        match blocks.last_mut() {
            _ if is_heading => blocks.push(Block { heading: line.trim_end_matches(':'), lines: Vec::new() }),
            Some(block) if line.starts_with(' ') || line.is_empty() || block.heading == NOTES => block.lines.push(line),
            Some(_) | None => blocks.push(Block { heading: NOTES, lines: vec![line] }),
        }
    }
    blocks
}

const NOTES: &str = "Notes";
const EXIT_CODES: &str = "Exit codes";

fn is_exit_codes(block: &Block<'_>) -> bool {
    block.heading == EXIT_CODES
}

impl Block<'_> {
    fn write(&self, roff: &mut Roff) {
        let title = if is_exit_codes(self) { "EXIT STATUS".to_owned() } else { self.heading.to_uppercase() };
        roff.section(&title);
        if self.heading == NOTES {
            return roff.text(&self.lines.join(" "));
        }
        if !is_exit_codes(self) {
            return roff.as_it_is(&self.lines);
        }
        // A code stands at two blanks; what goes on stands deeper.
        let mut items: Vec<(String, String)> = Vec::new();
        for line in self.lines.iter().filter(|line| !line.trim().is_empty()) {
            let begins = line
                .strip_prefix(
                    "  \
                ",
                )
                .filter(|rest| !rest.starts_with(' '))
                .and_then(|rest| rest.split_once(' '));
            match (begins, items.last_mut()) {
                (Some((code, meaning)), _) => items.push((code.to_owned(), meaning.trim().to_owned())),
                (None, Some((_, meaning))) => *meaning += &format!(" {}", line.trim()),
                (None, None) => items.push((String::new(), line.trim().to_owned())),
            }
        }
        for (code, meaning) in items {
            roff.item(&code, &meaning);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_falls_into_blocks() {
        let help = "Exit codes:\n  0   done;\n      all of it\n  64  wrong\n\nExamples:\n  a b\nNot looked at: \
            x,\ny.";
        let blocks = blocks(help);
        let headings: Vec<&str> = blocks.iter().map(|block| block.heading).collect();
        assert_eq!(headings, ["Exit codes", "Examples", NOTES]);
        let mut roff = Roff::default();
        blocks[0].write(&mut roff);
        assert_eq!(
            roff.into_text(),
            ".SH \"EXIT STATUS\"\n.TP\n\\fB0\\fR\ndone; all of \
            it\n.TP\n\\fB64\\fR\nwrong\n"
        );
    }
}
