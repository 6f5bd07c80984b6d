//! Does this host have what a deployment's units need? Pure: what is wanted and what was observed in, troubles out.
//!
//! What is wanted is read from the rendered units themselves, so nothing can be demanded and not rendered, or the other
//! way round. [`observe`] is the thin shell. Everything is told at once, and nothing is changed before all of it is well.

mod containers;
mod observe;
mod owners;
mod trouble;
mod wanted;

pub use containers::judge as judge_containers;
pub use containers::{ContainersFound, ContainersWanted, GENERATOR, ImageFound, POLICIES, PodmanFound};
pub(crate) use observe::{account_of, name_of, systemd_of};
pub use observe::{is_own, observe};
pub use owners::OwnersFound;
pub use trouble::{Concern, Kind, Trouble};
pub use wanted::{CredentialFile, Place, Wanted};

/// What was found on a host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Host {
    /// The version of systemd.
    pub systemd: Option<u16>,
    /// The zones it does not know, of those that are wanted.
    pub unknown_zones: Vec<String>,
    /// Whether it has the user.
    pub has_user: bool,
    /// Whether it has the group.
    pub has_group: bool,
    /// Whether the user's own manager runs without a login.
    pub lingers: bool,
    /// The programs, in the order in which they are wanted.
    pub programs: Vec<ProgramFound>,
    /// Programs of the host that units run beside them, in the order in which they are wanted.
    pub tools: Vec<ProgramFound>,
    /// The credentials, in the order in which they are wanted.
    pub credentials: Vec<CredentialFound>,
    /// The places that are written to, in the order in which they are wanted.
    pub places: Vec<PlaceFound>,
    /// Its clock.
    pub clock: ClockFound,
    /// Whose accounts and state are.
    pub owners: OwnersFound,
    /// What it has for containers; nothing when none are wanted.
    pub containers: Option<ContainersFound>,
}

/// A program on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramFound {
    /// A file that everybody may run.
    Fine,
    /// Nothing there.
    Missing,
    /// No file, or one that not everybody may run.
    NotExecutable,
}

/// A credential's file on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CredentialFound {
    /// A file with something in it that root alone can read.
    Fine,
    /// Nothing there.
    Missing,
    /// Nothing there, and a file where those of all deployments lay once.
    Shared {
        /// That file.
        at: String,
    },
    /// An empty file, or none at all but something else.
    Empty,
    /// Somebody besides its owner, root or the login, can read it.
    Open {
        /// Who: owner and mode.
        by: String,
    },
    /// Whoever asks may not look.
    Hidden,
}

/// A place on a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlaceFound {
    /// A file system that can be written to.
    Writable {
        /// Bytes that are free.
        bytes: u64,
        /// Files that can be added; `None` where the file system counts none.
        files: Option<u64>,
    },
    /// A file system, or a directory, that cannot be written to.
    ReadOnly,
    /// It cannot be asked.
    Unknown(String),
}

/// Who keeps a host's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClockFound {
    /// It agrees with a server of time.
    Kept,
    /// It runs by itself.
    NotKept,
    /// A container has the clock of its host.
    OfTheHost,
    /// Nobody says.
    #[default]
    Unknown,
}

/// Everything that the host lacks, in the order of the file system and then of time. `clock_waived`: somebody said to go on
/// with a clock that nothing keeps.
#[must_use]
pub fn judge(wanted: &Wanted, host: &Host, clock_waived: bool) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, subject: &str, says: String| {
        troubles.push(Trouble { kind, subject: subject.to_owned(), says });
    };
    match host.systemd {
        Some(version) if version >= wanted.systemd => {}
        Some(version) => {
            let says = format!("it is {version}, and the manifest relies on {}", wanted.systemd);
            add(Kind::SystemdTooOld, "systemd", says);
        }
        None => add(Kind::SystemdUnknown, "systemd", "nothing says its version".to_owned()),
    }
    for zone in &host.unknown_zones {
        add(Kind::NoTimeZones, zone, "no database of time zones has it".to_owned());
    }
    for (has, kind, name) in
        [(host.has_user, Kind::NoUser, &wanted.user), (host.has_group, Kind::NoGroup, &wanted.group)]
    {
        if !has && !name.is_empty() {
            add(kind, name, "there is no such account".to_owned());
        }
    }
    for Trouble { kind, subject, says } in owners::judge(wanted, &host.owners) {
        add(kind, &subject, says);
    }
    if wanted.lingers && host.has_user && !host.lingers {
        let says = format!("its manager ends with its last login; `loginctl enable-linger {}`", wanted.user);
        add(Kind::NoLinger, &wanted.user, says);
    }
    for (path, found) in wanted.programs.iter().zip(&host.programs) {
        match found {
            ProgramFound::Fine => {}
            ProgramFound::Missing => add(Kind::ProgramMissing, path, "there is no such file".to_owned()),
            ProgramFound::NotExecutable => {
                add(Kind::ProgramNotExecutable, path, "not everybody may run it".to_owned());
            }
        }
    }
    for (path, found) in wanted.tools.iter().zip(&host.tools).filter(|(_, found)| **found != ProgramFound::Fine) {
        let says = if *found == ProgramFound::Missing { "there is no such file" } else { "not everybody may run it" };
        add(Kind::ToolMissing, path, says.to_owned());
    }
    for (file, found) in wanted.credentials.iter().zip(&host.credentials) {
        if let Some((kind, says)) = of_credential(file, found) {
            add(kind, &file.path, says);
        }
    }
    for (place, found) in wanted.places.iter().zip(&host.places) {
        if let Some((kind, says)) = of_place(place, found) {
            add(kind, &place.path, says);
        }
    }
    if let Some(wanted) = &wanted.containers {
        let nothing = ContainersFound::default();
        for Trouble { kind, subject, says } in containers::judge(wanted, host.containers.as_ref().unwrap_or(&nothing)) {
            add(kind, &subject, says);
        }
    }
    match host.clock {
        ClockFound::NotKept if !clock_waived => {
            add(Kind::ClockNotKept, "clock", "no server of time keeps it".to_owned());
        }
        ClockFound::Unknown if !clock_waived => {
            add(Kind::ClockUnknown, "clock", "nobody says whether a server of time keeps it".to_owned());
        }
        ClockFound::Kept | ClockFound::OfTheHost | ClockFound::NotKept | ClockFound::Unknown => {}
    }
    troubles
}

fn of_credential(file: &CredentialFile, found: &CredentialFound) -> Option<(Kind, String)> {
    match found {
        CredentialFound::Fine => None,
        CredentialFound::Missing if file.may_be_missing => None,
        CredentialFound::Missing if file.encrypted => {
            let says = format!("there is no such file; make it with `{}`", file.encrypt_command());
            Some((Kind::CredentialMissing, says))
        }
        CredentialFound::Missing => Some((Kind::CredentialMissing, "there is no such file".to_owned())),
        // Also of a permission: who put it there believes that it is given.
        CredentialFound::Shared { at } => {
            let says = format!(
                "there is no such file; {at} is not read: each deployment of a host has its own. If that is this account's, \
                 `mkdir -p -m 0700 FOLDER && mv {at} FOLDER/`"
            );
            let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
            Some((Kind::CredentialMissing, says.replace("FOLDER", folder)))
        }
        CredentialFound::Empty => Some((Kind::CredentialEmpty, "there is nothing in it".to_owned())),
        // What is encrypted may be read by anybody.
        CredentialFound::Open { .. } if file.encrypted => None,
        CredentialFound::Open { by } => {
            Some((Kind::CredentialOpen, format!("others than its owner can read it ({by})")))
        }
        CredentialFound::Hidden => Some((Kind::CredentialHidden, "only root may look".to_owned())),
    }
}

fn of_place(place: &Place, found: &PlaceFound) -> Option<(Kind, String)> {
    match found {
        PlaceFound::Writable { bytes, .. } if *bytes < place.bytes => {
            Some((Kind::Full, format!("{} needs {} KiB, {} are free", place.purpose, place.bytes / 1024, bytes / 1024)))
        }
        PlaceFound::Writable { files: Some(files), .. } if *files < place.files => {
            Some((Kind::Full, format!("{} needs {} files, {files} can be added", place.purpose, place.files)))
        }
        PlaceFound::Writable { .. } => None,
        PlaceFound::ReadOnly => Some((Kind::ReadOnly, format!("{} cannot be written there", place.purpose))),
        PlaceFound::Unknown(error) => Some((Kind::PlaceUnknown, error.clone())),
    }
}
