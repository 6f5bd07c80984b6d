//! What the directories of a search path hold, as far as it can matter to a deployment: units, drop-ins, and the links
//! by which units want each other. Data only; [`crate::search_path`] reads it.

use std::collections::{BTreeMap, BTreeSet};

/// A unit search path: the first directory that has a file of some name decides what systemd reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The directories, in order of precedence.
    pub directories: Vec<Directory>,
    /// The manifests where the programs look for them, by deployment; one that nobody looked for is not among them.
    pub manifests: BTreeMap<String, Installed>,
    /// Every deployment that is looked at: its units are not those of others.
    pub deployments: BTreeSet<String>,
}

/// A manifest where the programs look for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// Where, as findings name it.
    pub path: String,
    /// What is there; nothing when nothing is.
    pub entry: Option<Entry>,
}

/// One directory of the path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directory {
    /// As findings name it.
    pub path: String,
    /// What it holds, by file name.
    pub entries: BTreeMap<String, Entry>,
}

/// One thing in a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A file, or a link that leads to one.
    File {
        /// Its content; of files that are nobody's business the beginning.
        content: Vec<u8>,
        /// The link, if it is one.
        link: Option<Link>,
    },
    /// A directory, or a link that leads to one.
    Folder(BTreeMap<String, Entry>),
    /// A link to `/dev/null`: what systemd takes for "there shall be none".
    Null,
    /// A link that leads to no file.
    Dangling(Link),
    /// What cannot be read, and why.
    Unreadable(String),
}

/// A symbolic link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// What it says.
    pub target: String,
    /// The other unit of the same search path that it makes this name an alias of.
    pub alias_of: Option<String>,
}

impl Link {
    /// The last part of what it says.
    #[must_use]
    pub fn base_name(&self) -> &str {
        self.target.rsplit('/').next().unwrap_or(&self.target)
    }
}

impl Entry {
    /// Whether it takes away what carries its name: a link to `/dev/null`, or an empty file.
    #[must_use]
    pub fn is_mask(&self) -> bool {
        match self {
            Self::Null => true,
            Self::File { content, .. } => content.is_empty(),
            Self::Folder(_) | Self::Dangling(_) | Self::Unreadable(_) => false,
        }
    }

    /// The content of a file.
    #[must_use]
    pub fn content(&self) -> Option<&[u8]> {
        match self {
            Self::File { content, .. } => Some(content),
            Self::Folder(_) | Self::Null | Self::Dangling(_) | Self::Unreadable(_) => None,
        }
    }

    /// The link that it is.
    #[must_use]
    pub fn link(&self) -> Option<&Link> {
        match self {
            Self::File { link, .. } => link.as_ref(),
            Self::Dangling(link) => Some(link),
            Self::Folder(_) | Self::Null | Self::Unreadable(_) => None,
        }
    }

    fn folder(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Folder(files) => Some(files),
            Self::File { .. } | Self::Null | Self::Dangling(_) | Self::Unreadable(_) => None,
        }
    }
}

impl Listing {
    /// Every entry of that name with its path, the one that counts first.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (String, &'a Entry)> {
        self.directories.iter().filter_map(move |directory| {
            directory.entries.get(name).map(|entry| (format!("{}/{name}", directory.path), entry))
        })
    }

    /// The files of every directory of that name, in order of precedence, each with its path and name.
    pub fn inside<'a>(&'a self, folder: &str) -> impl Iterator<Item = (String, &'a str, &'a Entry)> {
        self.directories.iter().flat_map(move |directory| {
            let files = directory.entries.get(folder).and_then(Entry::folder).into_iter().flatten();
            let path = format!("{}/{folder}", directory.path);
            files.map(move |(name, entry)| (format!("{path}/{name}"), name.as_str(), entry))
        })
    }

    /// Every name in the path, each once.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        let names: BTreeSet<&str> =
            self.directories.iter().flat_map(|directory| directory.entries.keys().map(String::as_str)).collect();
        names.into_iter()
    }

    /// The other names of a unit: links of this path that lead to it, however many steps away.
    #[must_use]
    pub fn aliases(&self, unit: &str) -> Vec<&str> {
        let mut aliases: Vec<&str> = Vec::new();
        let mut ahead = vec![unit];
        while let Some(name) = ahead.pop() {
            let links = self.names().filter(|other| {
                let link = self.named(other).next().and_then(|(_, entry)| entry.link());
                link.and_then(|link| link.alias_of.as_deref()) == Some(name)
            });
            let found: Vec<&str> = links.filter(|other| *other != unit && !aliases.contains(other)).collect();
            aliases.extend(&found);
            ahead.extend(found);
        }
        aliases
    }
}
