//! What lies between a host and what shall lie there: files in their order, and the units that notice. Pure.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

use crate::{
    apply::switch::{After, Change},
    diff::fates,
    generations::{Content, Image, Place, image::rank},
};

/// What changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delta {
    /// Files to write, in order, and then files to remove, in order.
    pub changes: Vec<Change>,
    /// Units that are there before and after and go on as they were until they are started afresh, because of what they say or
    /// because of their program, in the order of their starts.
    pub changed: Vec<String>,
    /// Units that come.
    pub added: Vec<String>,
    /// Units that go.
    pub removed: Vec<String>,
}

impl Delta {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.changed.is_empty()
    }

    /// The same with units that are to be started afresh too, where they are there.
    #[must_use]
    pub fn with_changed(mut self, changed: &[String], goal: &Image) -> Self {
        let more = changed.iter().filter(|unit| goal.has_unit(unit) && !self.changed.contains(unit));
        let more: Vec<String> = more.cloned().collect();
        self.changed.extend(more);
        self
    }

    /// Units that change and start something: what has to be looked at again.
    pub fn restarts(&self) -> impl Iterator<Item = &str> {
        self.changed.iter().map(String::as_str).filter(|unit| !unit.ends_with(".target"))
    }
}

/// Compares. `stale` are files of the deployment that lie there and belong to nothing; `other_programs` those whose content
/// is not what the units were started with.
#[must_use]
pub fn delta(
    installed: &Image,
    goal: &Image,
    base: &Image,
    stale: &[String],
    other_programs: &BTreeSet<String>,
) -> Delta {
    let mut changes: Vec<Change> = goal
        .iter()
        .filter(|(path, content)| installed.get(path) != Some(content))
        .map(|(path, content)| Change { path: path.to_owned(), after: After::Thing(content.clone()) })
        .collect();
    changes.sort_by_key(|change| (rank(&change.path), change.path.clone()));
    let mut gone: Vec<String> = base.paths().into_iter().chain(stale.iter().cloned()).collect();
    // Manifests are the operator's: they are replaced by a newer one and never removed.
    let is_manifest = |path: &str| Place::of(path) == Place::Manifests;
    gone.retain(|path| goal.get(path).is_none() && installed.get(path).is_some() && !is_manifest(path));
    gone.sort_by_key(|path| (std::cmp::Reverse(rank(path)), path.clone()));
    gone.dedup();
    changes.extend(gone.iter().map(|path| Change { path: path.clone(), after: After::Gone }));

    Delta { changes, ..units(&[installed, base], goal, other_programs) }
}

/// The units that notice, between what was in any of some ways and a goal; no files.
#[must_use]
pub fn units(before: &[&Image], goal: &Image, other_programs: &BTreeSet<String>) -> Delta {
    let has = Image::has_unit;
    let mut delta = Delta::default();
    for unit in in_order(goal) {
        let texts = goal.texts_of(&unit);
        let runs_other = texts.iter().any(|text| other_programs.iter().any(|program| runs(text, program)));
        let is_noticed = |image: &Image| {
            has(image, &unit) && fates::of_texts(&unit, &image.texts_of(&unit), &texts).is_noticed_at_a_start()
        };
        let is_known = before.iter().any(|image| has(image, &unit));
        if is_known && (runs_other || before.iter().any(|image| is_noticed(image))) {
            delta.changed.push(unit.clone());
        }
        if before.iter().any(|image| !has(image, &unit)) {
            delta.added.push(unit);
        }
    }
    let gone = before.iter().flat_map(|image| image.unit_names()).filter(|unit| !has(goal, unit));
    delta.removed = gone.collect::<BTreeSet<_>>().into_iter().collect();
    // What starts others goes first.
    delta.removed.sort_by_key(|unit| (!unit.ends_with(".timer"), unit.clone()));
    delta
}

/// Whether a unit starts a program and goes on with it: what only looks in now and then takes the new one by itself.
fn runs(text: &str, program: &str) -> bool {
    let is_long_running = !text.contains("\nType=oneshot\n");
    is_long_running
        && text
            .lines()
            .any(|line| line.strip_prefix("ExecStart=").is_some_and(|run| run.split(' ').next() == Some(program)))
}

/// The units in the order of their starts: services after those that they name in `After=`, then timers, then targets.
fn in_order(image: &Image) -> Vec<String> {
    let units: BTreeMap<Cow<'_, str>, &str> = image.units().collect();
    let kind = |unit: &str| match unit.rsplit('.').next() {
        Some("timer") => 1,
        Some("target") => 2,
        Some(_) | None => 0,
    };
    let mut waiting: Vec<&str> = units.keys().map(AsRef::as_ref).collect();
    waiting.sort_by_key(|unit| (kind(unit), *unit));
    let mut ordered: Vec<String> = Vec::new();
    while !waiting.is_empty() {
        let is_free = |unit: &str| {
            let after = units[unit].lines().filter_map(|line| line.strip_prefix("After="));
            !after.flat_map(str::split_whitespace).any(|other| other != unit && waiting.contains(&other))
        };
        // A circle cannot be started in order by anybody: the first goes first.
        let next = waiting.iter().position(|unit| is_free(unit)).unwrap_or(0);
        ordered.push(waiting.remove(next).to_owned());
    }
    ordered
}

/// Puts the first of some texts that is a file's content aside under another name, so that nothing of an operator's is lost.
pub(crate) fn aside(path: &str, content: &Content, number: u64) -> Change {
    Change { path: format!("{path}.before-{number}"), after: After::Thing(content.clone()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(files: &[(&str, &str)]) -> Image {
        let mut image = Image::default();
        for (path, text) in files {
            image.add((*path).to_owned(), Content::File(text.as_bytes().to_vec()));
        }
        image
    }

    const A: &str = "etc/systemd/system/a.service";
    const A_GATE: &str = "etc/systemd/system/a.service.d/10-gate.conf";
    const B: &str = "etc/systemd/system/b.service";
    const T: &str = "etc/systemd/system/t.timer";
    const M: &str = "etc/portcullis/m.toml";

    fn paths(delta: &Delta) -> Vec<&str> {
        delta.changes.iter().map(|change| change.path.as_str()).collect()
    }

    #[test]
    fn drop_ins_come_first_and_go_last() {
        let goal = image(&[(A, "a"), (A_GATE, "g"), (T, "t"), (M, "m")]);
        let nothing = Image::default();
        let coming = delta(&nothing, &goal, &nothing, &[], &BTreeSet::new());
        assert_eq!(paths(&coming), [A_GATE, A, T, M]);
        assert_eq!((coming.added.len(), coming.changed.len()), (2, 0));
        let going = delta(&goal, &nothing, &goal, &[], &BTreeSet::new());
        assert_eq!(paths(&going), [T, A, A_GATE], "a manifest is the operator's");
        assert_eq!(going.removed, ["t.timer", "a.service"]);
    }

    #[test]
    fn a_unit_is_changed_when_it_says_something_else() {
        let service = "# header 1\n[Service]\nExecStart=/p/execution run\n";
        let before = image(&[(A, service), (T, "# header 1\n[Timer]\nX=1\n")]);
        let none = BTreeSet::new();
        let header = image(&[(A, &service.replace("header 1", "header 2")), (T, "# header 2\n[Timer]\nX=1\n")]);
        let found = delta(&before, &header, &before, &[], &none);
        assert_eq!((found.changes.len(), found.changed.len()), (2, 0));
        let other = image(&[(A, service), (T, "# header 1\n[Timer]\nX=2\n")]);
        assert_eq!(delta(&before, &other, &before, &[], &none).changed, ["t.timer"]);
        let gated =
            image(&[(A, service), (A_GATE, "[Service]\nExecCondition=/g\n"), (T, "# header 1\n[Timer]\nX=1\n")]);
        assert_eq!(delta(&before, &gated, &before, &[], &none).changed, ["a.service"]);
        let reloaded = image(&[(A, &format!("[Unit]\nWants=b.service\n{service}")), (T, "[Timer]\nX=1\n")]);
        assert!(delta(&before, &reloaded, &before, &[], &none).changed.is_empty(), "a reload is enough");
        let programs = BTreeSet::from(["/p/execution".to_owned()]);
        assert_eq!(delta(&before, &before, &before, &[], &programs).changed, ["a.service"]);
        let oneshot = image(&[(A, "[Service]\nType=oneshot\nExecStart=/p/execution run\n")]);
        assert!(delta(&oneshot, &oneshot, &oneshot, &[], &programs).is_empty());
    }

    #[test]
    fn units_are_started_after_those_they_name() {
        let units = image(&[(A, "[Unit]\nAfter=network-online.target b.service\n"), (B, "[Unit]\n"), (T, "[Timer]\n")]);
        assert_eq!(in_order(&units), ["b.service", "a.service", "t.timer"]);
        let circle = image(&[(A, "[Unit]\nAfter=b.service\n"), (B, "[Unit]\nAfter=a.service\n")]);
        assert_eq!(in_order(&circle), ["a.service", "b.service"]);
    }

    #[test]
    fn what_belongs_to_nothing_is_removed_where_it_lies() {
        let nothing = Image::default();
        let stale = [B.to_owned()];
        assert_eq!(paths(&delta(&image(&[(B, "b")]), &nothing, &nothing, &stale, &BTreeSet::new())), [B]);
        assert!(delta(&nothing, &nothing, &nothing, &stale, &BTreeSet::new()).is_empty());
    }
}
