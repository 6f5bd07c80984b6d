//! Units as a manager would load them: of each name the file that counts, with its drop-ins in order, and who starts whom.

use std::collections::{BTreeMap, BTreeSet};

use super::{Assignment, UnitName, assignments, reading};
use crate::{
    Tree,
    verify::{Directory, Entry, Listing, drop_ins},
};

const KINDS: [&str; 6] = [".service", ".timer", ".target", ".path", ".socket", ".slice"];
/// Directories of links by which units start each other.
const FOLDERS: [&str; 3] = [".wants", ".requires", ".upholds"];
const INSTALLS: [&str; 3] = ["WantedBy", "RequiredBy", "UpheldBy"];
/// Keys by which one unit starts another when it starts itself.
const STARTS: [&str; 4] = ["Wants", "Requires", "BindsTo", "Upholds"];

/// What a boot or a login reaches by itself.
const ROOTS: [&str; 5] = ["default.target", "multi-user.target", "graphical.target", "timers.target", "sockets.target"];

/// Whose manager loads them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manager {
    /// The system's.
    #[default]
    System,
    /// A user's.
    User,
}

impl Manager {
    /// What it starts by itself and wants the target of a deployment: every boot of a server reaches it, or every start of a
    /// login's manager.
    #[must_use]
    pub fn boot(self) -> &'static str {
        match self {
            Self::System => "multi-user.target",
            Self::User => "default.target",
        }
    }
}

/// What `[Install]` is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enablement {
    /// It will be obeyed: files that are not installed yet.
    AsSaid,
    /// Only links count: a host.
    AsLinked,
}

/// One unit with its drop-ins.
#[derive(Clone, Debug)]
pub struct Unit {
    name: UnitName,
    file: String,
    masked: bool,
    drop_ins: Vec<String>,
    text: Vec<Assignment>,
    files: Vec<(String, Vec<u8>)>,
}

/// All units of a tree, a directory or a host.
#[derive(Clone, Debug, Default)]
pub struct Units {
    manager: Manager,
    units: BTreeMap<UnitName, Unit>,
    /// By unit: what it starts, and by which key or link.
    starts: Named,
    /// The same by what is started.
    started: Named,
    /// By service: what triggers it.
    triggers: BTreeMap<UnitName, Vec<UnitName>>,
    /// What a boot or a login starts.
    boot: BTreeSet<UnitName>,
}

/// By unit: others, each with how.
type Named = BTreeMap<UnitName, BTreeSet<(UnitName, String)>>;

impl Units {
    /// The units of a rendered tree, none of which is installed.
    #[must_use]
    pub fn of_tree(tree: &Tree) -> Self {
        Self::of_listing(&Listing { directories: vec![directory(tree)], ..Listing::default() }, Enablement::AsSaid)
    }

    /// The units of a search path.
    #[must_use]
    pub fn of_listing(listing: &Listing, enablement: Enablement) -> Self {
        let aliases = aliases(listing);
        let names = listing.names().filter(|name| KINDS.iter().any(|kind| name.ends_with(kind)));
        let units = names.filter_map(|name| Unit::of(listing, name, &aliases)).map(|unit| (unit.name.clone(), unit));
        let mut found = Self { units: units.collect(), ..Self::default() };
        found.add_said(enablement);
        found.add_linked(listing, &aliases);
        for unit in found.units.values().filter(|unit| !unit.masked) {
            if let Some(service) = unit.triggers() {
                found.triggers.entry(service).or_default().push(unit.name.clone());
            }
        }
        found.boot = found.by_boot();
        found
    }

    /// The same for another manager.
    #[must_use]
    pub fn for_manager(self, manager: Manager) -> Self {
        Self { manager, ..self }
    }

    /// Whose manager loads them.
    #[must_use]
    pub fn manager(&self) -> Manager {
        self.manager
    }

    /// Every name, in order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.units.keys().map(String::as_str)
    }

    /// One unit.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Unit> {
        self.units.get(name)
    }

    /// Every unit.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.units.values()
    }

    /// Whether a boot or a login starts it, as far as these units say.
    #[must_use]
    pub fn is_of_boot(&self, name: &str) -> bool {
        self.boot.contains(name)
    }

    /// Who starts a unit by starting itself, each with the key or link by which it does.
    pub(crate) fn starters<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let named = self.started.get(name).into_iter().flatten();
        named.map(|(from, how)| (from.as_str(), how.as_str()))
    }

    /// The timers, paths and sockets that trigger a service.
    pub(crate) fn triggers<'a>(&'a self, service: &str) -> impl Iterator<Item = &'a str> {
        self.triggers.get(service).into_iter().flatten().map(String::as_str)
    }

    fn add(&mut self, from: &str, to: &str, how: String) {
        self.started.entry(to.to_owned()).or_default().insert((from.to_owned(), how.clone()));
        self.starts.entry(from.to_owned()).or_default().insert((to.to_owned(), how));
    }

    fn add_said(&mut self, enablement: Enablement) {
        let mut found = Vec::new();
        for unit in self.units.values().filter(|unit| !unit.masked) {
            for key in STARTS {
                let named = unit.dependencies(key).into_iter();
                found.extend(named.map(|to| (unit.name.clone(), to, format!("{key}= of {}", unit.name))));
            }
            if enablement == Enablement::AsSaid {
                for key in INSTALLS {
                    let by = unit.list("Install", key).into_iter().flat_map(|said| crate::unit::words(&said.value));
                    found.extend(by.map(|from| (from, unit.name.clone(), format!("{key}= of {}", unit.name))));
                }
            }
        }
        for (from, to, how) in found {
            self.add(&from, &to, how);
        }
    }

    fn add_linked(&mut self, listing: &Listing, aliases: &Aliases) {
        for suffix in FOLDERS {
            let named =
                listing.names().filter_map(|folder| folder.strip_suffix(suffix)).filter(|name| name.contains('.'));
            let froms: BTreeSet<String> = named.map(str::to_owned).chain(self.units.keys().cloned()).collect();
            for from in froms {
                for (name, found) in drop_ins::in_folders(listing, &aliases.names_of(&from), suffix) {
                    if !found.entry.is_mask() && found.entry.link().is_some() {
                        self.add(&from, aliases.meaning(&name), found.path);
                    }
                }
            }
        }
    }

    fn by_boot(&self) -> BTreeSet<UnitName> {
        let mut reached = BTreeSet::new();
        let mut ahead: Vec<&str> = ROOTS.to_vec();
        while let Some(name) = ahead.pop() {
            if self.get(name).is_some_and(Unit::is_masked) || !reached.insert(name.to_owned()) {
                continue;
            }
            ahead.extend(self.starts.get(name).into_iter().flatten().map(|(to, _)| to.as_str()));
        }
        reached
    }
}

/// A rendered tree as a directory without a name.
fn directory(tree: &Tree) -> Directory {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    for (path, content) in tree.iter() {
        let file = Entry::File { content: content.to_vec(), link: None };
        if let Some((folder, name)) = path.split_once('/') {
            let empty = || Entry::Folder(BTreeMap::new());
            if let Entry::Folder(files) = entries.entry(folder.to_owned()).or_insert_with(empty) {
                files.insert(name.to_owned(), file);
            }
        } else {
            entries.insert(path.to_owned(), file);
        }
    }
    Directory { path: String::new(), entries }
}

/// The other names of units.
struct Aliases(BTreeMap<UnitName, UnitName>);

fn aliases(listing: &Listing) -> Aliases {
    let of = |name: &str| listing.named(name).next().and_then(|(_, entry)| entry.link()?.alias_of.clone());
    Aliases(listing.names().filter_map(|name| Some((name.to_owned(), of(name)?))).collect())
}

impl Aliases {
    /// The unit that a name means: itself, or what it leads to.
    fn meaning<'a>(&'a self, name: &'a str) -> &'a str {
        let mut meant = name;
        for _ in 0..self.0.len() {
            match self.0.get(meant) {
                Some(next) => meant = next,
                None => break,
            }
        }
        meant
    }

    /// A unit's own name and those that lead to it.
    fn names_of<'a>(&'a self, unit: &'a str) -> Vec<&'a str> {
        let others = self.0.keys().map(String::as_str).filter(|name| *name != unit && self.meaning(name) == unit);
        std::iter::once(unit).chain(others).collect()
    }
}

impl Unit {
    fn of(listing: &Listing, name: &str, aliases: &Aliases) -> Option<Self> {
        let (file, entry) = listing.named(name).next()?;
        if aliases.0.contains_key(name) {
            return None;
        }
        // A tree's directory has no name, and its files no slash before theirs.
        let below = |path: String| if listing.directories[0].path.is_empty() { path[1..].to_owned() } else { path };
        let file = below(file);
        let text = assignments(&file, entry.content().unwrap_or_default());
        let files = vec![(file.clone(), entry.content().unwrap_or_default().to_vec())];
        let mut unit = Self { name: name.to_owned(), masked: entry.is_mask(), drop_ins: Vec::new(), text, files, file };
        let found = drop_ins::in_folders(listing, &aliases.names_of(name), ".d");
        for drop_in in found.into_iter().filter(|(name, _)| name.ends_with(".conf")).map(|(_, drop_in)| drop_in) {
            if let Some(content) = drop_in.entry.content().filter(|_| !drop_in.entry.is_mask()) {
                let path = below(drop_in.path);
                unit.text.extend(assignments(&path, content));
                unit.files.push((path.clone(), content.to_vec()));
                unit.drop_ins.push(path);
            }
        }
        Some(unit)
    }

    /// A unit by the text of its file and of its drop-ins, in order.
    pub(crate) fn of_texts(name: &str, texts: &[&str]) -> Self {
        let mut unit = Self {
            name: name.to_owned(),
            file: name.to_owned(),
            masked: false,
            drop_ins: Vec::new(),
            text: Vec::new(),
            files: Vec::new(),
        };
        for text in texts {
            unit.text.extend(assignments(name, text.as_bytes()));
            unit.files.push((name.to_owned(), text.as_bytes().to_vec()));
        }
        unit
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `service`, `timer`, `target` and so on.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.name.rsplit_once('.').map_or("", |(_, kind)| kind)
    }

    /// The file that counts.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The drop-ins in force, in order.
    #[must_use]
    pub fn drop_ins(&self) -> &[String] {
        &self.drop_ins
    }

    /// The unit's file and its drop-ins with their content, in order.
    #[must_use]
    pub fn files(&self) -> &[(String, Vec<u8>)] {
        &self.files
    }

    /// Whether it can never be loaded: a link to `/dev/null`, or an empty file.
    #[must_use]
    pub fn is_masked(&self) -> bool {
        self.masked
    }

    /// Every assignment, in the order in which systemd takes them.
    #[must_use]
    pub fn text(&self) -> &[Assignment] {
        &self.text
    }

    /// Every assignment of a key, those that clear among them.
    pub fn all<'a>(&'a self, section: &'a str, key: &'a str) -> impl DoubleEndedIterator<Item = &'a Assignment> {
        self.text.iter().filter(move |said| said.section == section && said.key == key)
    }

    /// A setting of one value: the last assignment counts, and an empty one is the default again.
    #[must_use]
    pub fn last<'a>(&'a self, section: &'a str, key: &'a str) -> Option<&'a Assignment> {
        self.all(section, key).next_back().filter(|said| !said.value.is_empty())
    }

    /// The value of a setting, or nothing.
    #[must_use]
    pub fn value<'a>(&'a self, section: &'a str, key: &'a str) -> &'a str {
        self.last(section, key).map_or("", |said| said.value.as_str())
    }

    /// A list: what stands behind the last empty assignment.
    #[must_use]
    pub fn list<'a>(&'a self, section: &'a str, key: &'a str) -> Vec<&'a Assignment> {
        let mut list = Vec::new();
        for said in self.all(section, key) {
            if said.value.is_empty() {
                list.clear();
            } else {
                list.push(said);
            }
        }
        list
    }

    /// The words of a list.
    #[must_use]
    pub fn words(&self, section: &str, key: &str) -> Vec<String> {
        self.list(section, key).into_iter().flat_map(|said| crate::unit::words(&said.value)).collect()
    }

    /// Units that a key of `[Unit]` names. An empty assignment clears none of these. Source: systemd.unit(5).
    #[must_use]
    pub fn dependencies(&self, key: &str) -> Vec<UnitName> {
        let words = self.all("Unit", key).flat_map(|said| crate::unit::words(&said.value));
        words.map(|word| word.replace("%n", &self.name)).collect()
    }

    /// Whether a switch is on.
    #[must_use]
    pub fn is_on(&self, section: &str, key: &str) -> bool {
        self.last(section, key).is_some_and(|said| reading::is_yes(&said.value))
    }

    /// The service that it triggers, when it is something that triggers.
    pub(crate) fn triggers(&self) -> Option<UnitName> {
        let (stem, kind) = self.name.rsplit_once('.')?;
        let (section, key) = match kind {
            "timer" => ("Timer", "Unit"),
            "path" => ("Path", "Unit"),
            "socket" => ("Socket", "Service"),
            _ => return None,
        };
        let said = self.value(section, key);
        Some(if said.is_empty() { format!("{stem}.service") } else { said.to_owned() })
    }

    /// Whether its work ends by itself.
    pub(crate) fn is_oneshot(&self) -> bool {
        self.value("Service", "Type") == "oneshot"
    }
}
