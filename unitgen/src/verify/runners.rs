//! Services of others that run the deployment's programs: with their drop-ins, and by whatever path leads to a program. A unit
//! that says it was rendered is passed over only when its deployment is looked at too.

use std::collections::BTreeSet;

use super::{Code, Entry, Expected, Listing, Outcome, drop_ins};
use crate::{
    containers,
    guardrails::{Assignment, assignments},
};

/// What finds a program by its bare name.
const SHELLS: [&str; 6] = ["bash", "dash", "env", "sh", "systemd-run", "zsh"];
/// Links of a system whose programs all lie below `/usr`.
const MERGED: [&str; 4] = ["/bin/", "/lib/", "/lib64/", "/sbin/"];

/// Enabled or not: one `systemctl start` runs it.
pub(super) fn check(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let (images, programs): (BTreeSet<&str>, BTreeSet<&str>) =
        programs_of(expected).into_iter().partition(|program| program.contains("@sha256:"));
    let programs: Vec<Program> = programs.into_iter().map(Program::of).collect();
    let aliases = Aliases::of(listing);
    for name in listing.names().filter(|name| name.ends_with(".service") && expected.tree.get(name).is_none()) {
        let Some((file, entry)) = listing.named(name).next() else { continue };
        let of_others = entry.content().is_some() && !is_looked_at(name, entry, expected, listing);
        if !of_others || Aliases::link(entry).is_some() {
            continue;
        }
        let mut files = vec![(file, entry)];
        let laid = drop_ins::in_folders(listing, &aliases.names_of(name), ".d").into_iter();
        files.extend(laid.filter(|(name, _)| name.ends_with(".conf")).map(|(_, laid)| (laid.path, laid.entry)));
        if let Some((program, file)) = programs.iter().find_map(|program| Some((program, program.run_by(&files)?))) {
            outcome.find(Code::ForeignRun, name, file, format!("it runs {}", program.path));
        } else if let Some((image, file)) = images.iter().find_map(|image| Some((image, container_of(&files, image)?)))
        {
            outcome.find(Code::ForeignRun, name, file, format!("it runs {image}"));
        }
    }
}

/// What the deployment's services run behind a gate, or behind what judges how late it is; what tells of an end is run by
/// anybody, for alerts and reports.
fn programs_of<'a>(expected: &Expected<'a>) -> BTreeSet<&'a str> {
    let services = expected.tree.iter().filter(|(path, _)| path.ends_with(".service"));
    let texts: Vec<&str> = services.filter_map(|(_, content)| std::str::from_utf8(content).ok()).collect();
    let run = |text: &'a str, key: &str| -> Vec<&'a str> {
        let commands = text.lines().filter_map(|line| line.strip_prefix(key));
        commands.filter_map(program_of).collect()
    };
    let anybodys: BTreeSet<&str> = texts.iter().flat_map(|text| run(text, "ExecStopPost=")).collect();
    let gated = texts.iter().filter(|text| text.contains("\nExecCondition=") || text.contains("\nExecStartPre="));
    gated.flat_map(|text| run(text, "ExecStart=")).filter(|program| !anybodys.contains(program)).collect()
}

/// What a command runs: of podman's the image, for anybody may run another one.
fn program_of(command: &str) -> Option<&str> {
    match command.split_whitespace().next()? {
        podman if podman.ends_with("/podman") => command.split_whitespace().find(|word| word.contains("@sha256:")),
        program => Some(program),
    }
}

/// The file of a unit that runs a container of an image, by whatever it calls it before its digest.
fn container_of(files: &[(String, &Entry)], image: &str) -> Option<String> {
    let (_, digest) = image.split_once('@')?;
    let mut said = files.iter().flat_map(|(file, entry)| assignments(file, entry.content().unwrap_or_default()));
    said.find(|said| said.key.starts_with("Exec") && said.value.contains(digest)).map(|said| said.file)
}

/// What is left over of the deployment itself is told as that.
fn is_looked_at(unit: &str, entry: &Entry, expected: &Expected<'_>, listing: &Listing) -> bool {
    let said = containers::deployment_of(listing, unit, entry);
    said.is_some_and(|name| name == expected.deployment || listing.deployments.contains(name))
}

/// The links by which one service has several names, found once.
struct Aliases<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Aliases<'a> {
    fn of(listing: &'a Listing) -> Self {
        let links = listing.names().filter_map(|name| {
            let directory = listing.directories.iter().find(|directory| directory.entries.contains_key(name))?;
            Some((name, Self::link(&directory.entries[name])?))
        });
        Self(links.collect())
    }

    fn link(entry: &Entry) -> Option<&str> {
        entry.link()?.alias_of.as_deref()
    }

    fn names_of(&self, unit: &'a str) -> Vec<&'a str> {
        let mut names = vec![unit];
        let mut at = 0;
        while at < names.len() {
            let found = self.0.iter().filter(|(name, to)| *to == names[at] && !names.contains(name));
            let found: Vec<&str> = found.map(|(name, _)| *name).collect();
            names.extend(found);
            at += 1;
        }
        names
    }
}

/// A program of the deployment.
struct Program {
    path: String,
    folder: String,
    name: String,
}

impl Program {
    fn of(path: &str) -> Self {
        let path = normal(path);
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", &path));
        Self { folder: folder.to_owned(), name: name.to_owned(), path: path.clone() }
    }

    /// The file of a unit that runs it: by its path in whatever directive, or by its name where the unit knows its folder.
    fn run_by(&self, files: &[(String, &Entry)]) -> Option<String> {
        // Most of a host's units have nothing to do with it, and need no closer look.
        let names_it = |content: &[u8]| String::from_utf8_lossy(content).contains(&self.name);
        if !files.iter().filter_map(|(_, entry)| entry.content()).any(names_it) {
            return None;
        }
        let said: Vec<Assignment> =
            files.iter().flat_map(|(file, entry)| assignments(file, entry.content().unwrap_or_default())).collect();
        let knows_folder = said.iter().flat_map(|said| words(&said.value)).any(|word| self.is_of_folder(word));
        said.into_iter().find(|said| self.is_run_by(said, knows_folder)).map(|said| said.file)
    }

    fn is_of_folder(&self, word: &str) -> bool {
        let word = normal(word);
        word == self.folder || word.strip_prefix(self.folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    }

    fn is_run_by(&self, said: &Assignment, knows_folder: bool) -> bool {
        let is_command = said.key.starts_with("Exec");
        let by_shell = is_command && words(&said.value).next().is_some_and(|first| SHELLS.contains(&base_name(first)));
        let mut words = words(&said.value).enumerate();
        words.any(|(at, word)| {
            let below = normal(word);
            if below == self.path {
                return true;
            }
            let is_relative = word.contains('/') && !word.starts_with('/');
            let part = below.trim_start_matches('/');
            let is_tail = part.contains('/') && self.path.ends_with(&format!("/{part}"));
            let by_name = word.contains('/') || at == 0 || by_shell;
            is_command && ((is_relative && is_tail) || (knows_folder && by_name && base_name(word) == self.name))
        })
    }
}

/// Words as a shell and systemd would part them, and what systemd puts before a path away.
fn words(value: &str) -> impl Iterator<Item = &str> {
    let parts = value.split(|sign: char| sign.is_whitespace() || "=\"';:,&|(){}<>`".contains(sign));
    parts.map(|word| word.trim_start_matches(['@', '-', '+', '!'])).filter(|word| !word.is_empty())
}

fn base_name(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

/// A path without what leads nowhere.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
        match part {
            ".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    let whole = format!("{}{}", if path.starts_with('/') { "/" } else { "" }, parts.join("/"));
    let merged =
        MERGED.iter().any(|folder| whole.starts_with(folder)) || MERGED.contains(&format!("{whole}/").as_str());
    if merged { format!("/usr{whole}") } else { whole }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_to_one_place() {
        for (path, expect) in [
            ("/usr/lib/portcullis/bin/execution", "/usr/lib/portcullis/bin/execution"),
            ("/lib/portcullis/bin/execution", "/usr/lib/portcullis/bin/execution"),
            ("//usr//lib/./portcullis/x/../bin/execution", "/usr/lib/portcullis/bin/execution"),
            ("/lib", "/usr/lib"),
            ("/library/x", "/library/x"),
            ("./execution", "execution"),
            ("bin/../../x", "x"),
        ] {
            assert_eq!(normal(path), expect, "{path}");
        }
    }

    #[test]
    fn a_program_is_run_by_its_path_or_by_its_name_in_its_folder() {
        let program = Program::of("/usr/lib/portcullis/bin/execution");
        for (text, expect) in [
            ("ExecStart=/usr/lib/portcullis/bin/execution run", true),
            ("ExecStart=-/lib/portcullis/bin/execution run", true),
            ("ExecStart=/usr/lib//portcullis/bin/../bin/execution run", true),
            ("ExecStart=/bin/sh -c 'exec /usr/lib/portcullis/bin/execution run'", true),
            ("ExecStart=/bin/sh -c 'cd /usr/lib/portcullis; bin/execution run'", true),
            ("WorkingDirectory=/usr/lib/portcullis/bin\nExecStart=/bin/sh -c ./execution", true),
            ("WorkingDirectory=/usr/lib/portcullis/bin\nExecStart=/bin/sh -c 'execution run'", true),
            ("ExecSearchPath=/usr/lib/portcullis/bin:/usr/bin\nExecStart=execution run", true),
            ("BindPaths=/usr/lib/portcullis/bin:/opt/x\nExecStart=/opt/x/execution run", true),
            ("Environment=RUN=/usr/lib/portcullis/bin/execution\nExecStart=/bin/sh -c '$RUN run'", true),
            ("ExecStart=/usr/lib/portcullis/bin/gate execution", false),
            ("ExecStart=/usr/lib/portcullis/bin/desk alert --unit execution.service", false),
            ("Description=execution\nExecStart=/usr/lib/portcullis/bin/desk report", false),
            ("# /usr/lib/portcullis/bin/execution\nExecStart=/bin/true", false),
            ("ExecStart=/opt/other/execution run", false),
            ("ExecStart=/bin/sh -c 'execution run'", false),
        ] {
            let entry = Entry::File { content: format!("[Service]\n{text}\n").into_bytes(), link: None };
            assert_eq!(program.run_by(&[("f".to_owned(), &entry)]).is_some(), expect, "{text}");
        }
    }
}
