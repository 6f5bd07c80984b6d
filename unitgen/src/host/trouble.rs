//! What a host can lack: a closed list, each with a code that tools may match and what to do.

/// The kinds of troubles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A systemd that would ignore part of the units.
    SystemdTooOld,
    /// No systemd that says what it is.
    SystemdUnknown,
    /// Timers would be ignored.
    NoTimeZones,
    /// Nobody to run as.
    NoUser,
    /// No group to run as.
    NoGroup,
    /// A login's manager that ends with it.
    NoLinger,
    /// An account that is root's or the system's, or that others trust.
    AccountOfOthers,
    /// A program that a unit runs is not there.
    ProgramMissing,
    /// A program that a unit runs cannot be run.
    ProgramNotExecutable,
    /// A credential is not there.
    CredentialMissing,
    /// A credential has nothing in it.
    CredentialEmpty,
    /// A credential that is none: others can read it.
    CredentialOpen,
    /// A credential that only root can judge.
    CredentialHidden,
    /// A place that cannot be written to.
    ReadOnly,
    /// A place without room.
    Full,
    /// A place that cannot be asked.
    PlaceUnknown,
    /// A place that somebody else owns.
    PlaceOfOthers,
    /// A clock that runs by itself.
    ClockNotKept,
    /// A clock that nobody vouches for.
    ClockUnknown,
    /// A program of the host that units run is not there.
    ToolMissing,
    /// Containers cannot be run.
    PodmanMissing,
    /// A podman that would ignore part of what is rendered.
    PodmanTooOld,
    /// A podman that does not say what it is.
    PodmanUnknown,
    /// systemd would make no units of files for podman's generator.
    GeneratorMissing,
    /// What units run is not there.
    ImageMissing,
    /// podman does not say whether an image is there.
    ImageUnknown,
    /// No image can be fetched.
    PolicyMissing,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 27] = [
        Self::SystemdTooOld,
        Self::SystemdUnknown,
        Self::NoTimeZones,
        Self::NoUser,
        Self::NoGroup,
        Self::NoLinger,
        Self::AccountOfOthers,
        Self::ProgramMissing,
        Self::ProgramNotExecutable,
        Self::CredentialMissing,
        Self::CredentialEmpty,
        Self::CredentialOpen,
        Self::CredentialHidden,
        Self::ReadOnly,
        Self::Full,
        Self::PlaceUnknown,
        Self::PlaceOfOthers,
        Self::ClockNotKept,
        Self::ClockUnknown,
        Self::ToolMissing,
        Self::PodmanMissing,
        Self::PodmanTooOld,
        Self::PodmanUnknown,
        Self::GeneratorMissing,
        Self::ImageMissing,
        Self::ImageUnknown,
        Self::PolicyMissing,
    ];

    /// The stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SystemdTooOld => "systemd-too-old",
            Self::SystemdUnknown => "systemd-unknown",
            Self::NoTimeZones => "no-time-zones",
            Self::NoUser => "no-user",
            Self::NoGroup => "no-group",
            Self::NoLinger => "no-linger",
            Self::AccountOfOthers => "account-of-others",
            Self::PlaceOfOthers => "place-of-others",
            Self::ProgramMissing => "program-missing",
            Self::ProgramNotExecutable => "program-not-executable",
            Self::CredentialMissing => "credential-missing",
            Self::CredentialEmpty => "credential-empty",
            Self::CredentialOpen => "credential-open",
            Self::CredentialHidden => "credential-hidden",
            Self::ReadOnly => "read-only",
            Self::Full => "full",
            Self::PlaceUnknown => "place-unknown",
            Self::ClockNotKept => "clock-not-kept",
            Self::ClockUnknown => "clock-unknown",
            Self::ToolMissing => "tool-missing",
            Self::PodmanMissing => "podman-missing",
            Self::PodmanTooOld => "podman-too-old",
            Self::PodmanUnknown => "podman-unknown",
            Self::GeneratorMissing => "generator-missing",
            Self::ImageMissing => "image-missing",
            Self::ImageUnknown => "image-unknown",
            Self::PolicyMissing => "policy-missing",
        }
    }

    /// What it is about.
    #[must_use]
    pub fn concerns(self) -> Concern {
        match self {
            Self::ReadOnly | Self::Full | Self::PlaceUnknown => Concern::Place,
            Self::ProgramMissing | Self::ProgramNotExecutable => Concern::Program,
            Self::SystemdTooOld
            | Self::SystemdUnknown
            | Self::NoTimeZones
            | Self::NoUser
            | Self::NoGroup
            | Self::NoLinger
            | Self::AccountOfOthers
            | Self::PlaceOfOthers
            | Self::CredentialMissing
            | Self::CredentialEmpty
            | Self::CredentialOpen
            | Self::CredentialHidden
            | Self::ClockNotKept
            | Self::ClockUnknown
            | Self::ToolMissing
            | Self::PodmanMissing
            | Self::PodmanTooOld
            | Self::PodmanUnknown
            | Self::GeneratorMissing
            | Self::ImageMissing
            | Self::ImageUnknown
            | Self::PolicyMissing => Concern::Other,
        }
    }

    /// What to do about it.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::SystemdTooOld => {
                "it would ignore lines of the units: upgrade the host (Debian 12 has 252), or lower `systemd` in [host] if the \
                 manifest does not need it"
            }
            Self::SystemdUnknown => "the units are systemd's: boot the host with it",
            Self::NoTimeZones => {
                "install tzdata; without it systemd ignores a timer with a zone, and no job of the day would run"
            }
            Self::NoUser | Self::NoGroup => {
                "make it: `unitgen render --target sysusers --out /etc/sysusers.d`, then `systemd-sysusers`; a login with a home is \
                 made by `useradd --create-home`"
            }
            Self::NoLinger => "without it nothing runs until somebody logs in, and everything ends with the last login",
            Self::AccountOfOthers => {
                "name a user and a group of its own in [identity], like `trading`, and take the user out of other groups \
                 (`gpasswd --delete USER GROUP`)"
            }
            Self::PlaceOfOthers => {
                "look whose it is: systemd would give it to the user with everything in it. If it is this deployment's, \
                 `chown USER: DIRECTORY`; else name another `state` in [paths]"
            }
            Self::ProgramMissing => "install the release there, or say with `programs` in [release] where it is",
            Self::ProgramNotExecutable => "`chmod 0755` it",
            Self::CredentialMissing => {
                "put the secret there: `install -m 0600 /dev/stdin FILE`, as root (as the login where it lies in a home)"
            }
            Self::CredentialEmpty => "put the secret into it",
            Self::CredentialOpen => {
                "`chown root: FILE && chmod 0600 FILE`; and make a new key, for this one may be known by now"
            }
            Self::CredentialHidden => "run this as root",
            Self::ReadOnly => "mount it read-write, or render elsewhere; on NixOS the module renders",
            Self::Full => "free some room: a full disk cannot take an order's record",
            Self::PlaceUnknown => "make the directory, or run this as root",
            Self::ToolMissing => "install util-linux and coreutils, which every Debian has",
            Self::PodmanMissing => "install podman: `apt-get install podman`",
            Self::PodmanTooOld => {
                "upgrade podman, or write its version as `podman` in [host] and render again: what it lacks is then said in other words, or refused"
            }
            Self::PodmanUnknown => "`podman --version` must work here",
            Self::GeneratorMissing => {
                "install podman 4.6 or later, which brings it; for an older one take --target podman-units"
            }
            Self::ImageMissing => {
                "a start waits for no registry, so the image must be there before: pull it, or `podman load` it from a file"
            }
            Self::ImageUnknown => "run this as root: `podman image exists` must answer",
            Self::PolicyMissing => {
                "install golang-github-containers-common, or write one: `{\"default\": [{\"type\": \"insecureAcceptAnything\"}]}` takes every image whose digest fits"
            }
            Self::ClockNotKept | Self::ClockUnknown => {
                "start systemd-timesyncd, chrony or ntpd and wait until the clock agrees; a wrong clock trades at the wrong \
                 hour. --without-ntp goes on all the same"
            }
        }
    }
}

/// What a trouble is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Concern {
    /// A place that is written to.
    Place,
    /// A program that units run.
    Program,
    /// Something that a manifest wants wherever its units lie and whatever they run.
    Other,
}

/// One thing that a host lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// Its kind.
    pub kind: Kind,
    /// The file, account or thing that it is about.
    pub subject: String,
    /// What was found: a fragment in lower case.
    pub says: String,
}

impl Trouble {
    /// As people read it.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("host[{}]: {}: {}\n  help: {}\n", self.kind.as_str(), self.subject, self.says, self.kind.remedy())
    }
}
