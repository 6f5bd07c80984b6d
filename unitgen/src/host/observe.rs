//! The thin shell: looks at a host, or at the root of another, and decides nothing.

use std::{
    fs, io,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use manifest::Podman;
use rustix::{
    fs::{Access, StatVfsMountFlags, access, statvfs},
    io::Errno,
};

use super::owners::TRUSTED;
use super::{
    ClockFound, ContainersFound, ContainersWanted, CredentialFile, CredentialFound, GENERATOR, Host, ImageFound,
    OwnersFound, POLICIES, Place, PlaceFound, PodmanFound, ProgramFound, Wanted,
};

/// Where hosts keep their time zones: as the standard has it, and on NixOS.
const ZONES: [&str; 2] = ["usr/share/zoneinfo", "etc/zoneinfo"];
/// Every file of a compiled zone begins with this.
const ZONE_MAGIC: &[u8] = b"TZif";
const PODMAN: &str = "/usr/bin/podman";
/// Where systemd keeps the library that bears its version.
const LIBRARIES: [&str; 4] = ["usr/lib/systemd", "usr/lib", "lib/systemd", "run/current-system/systemd/lib/systemd"];

/// Looks for what is wanted below `root`. Commands of the host are asked only of the root that is this host's own.
#[must_use]
pub fn observe(root: &Path, wanted: &Wanted) -> Host {
    let is_own = is_own(root);
    let home = wanted.lingers.then(|| account_of(root, is_own, &wanted.user)).flatten();
    let below = Below { root, is_own, home };
    Host {
        systemd: below.systemd(),
        unknown_zones: wanted.zones.iter().filter(|zone| !below.knows_zone(zone)).cloned().collect(),
        has_user: below.has_account("passwd", &wanted.user),
        has_group: below.has_account("group", &wanted.group),
        lingers: below.at("/var/lib/systemd/linger").join(&wanted.user).exists(),
        programs: wanted.programs.iter().map(|path| below.program(path)).collect(),
        credentials: wanted.credentials.iter().map(|file| below.credential(file)).collect(),
        places: wanted.places.iter().map(|place| below.place(place)).collect(),
        clock: below.clock(),
        owners: below.owners(wanted),
        tools: wanted.tools.iter().map(|path| below.program(path)).collect(),
        containers: wanted.containers.as_ref().map(|containers| below.containers(containers)),
    }
}

struct Below<'a> {
    root: &'a Path,
    is_own: bool,
    /// Whose the files are that begin with `~`: user id and home.
    home: Option<(u32, String)>,
}

/// Whether a root is that of the host that runs.
#[must_use]
pub fn is_own(root: &Path) -> bool {
    let same = |path: &Path| fs::metadata(path).ok().map(|there| (there.dev(), there.ino()));
    same(root).is_some() && same(root) == same(Path::new("/"))
}

/// User id and home of a login.
pub(crate) fn account_of(root: &Path, is_own: bool, name: &str) -> Option<(u32, String)> {
    let line = line_of(root, is_own, name, |fields| fields[0] == name)?;
    let fields: Vec<&str> = line.trim().split(':').collect();
    Some((fields.get(2)?.parse().ok()?, (*fields.get(5)?).to_owned()))
}

/// The login of a user id.
pub(crate) fn name_of(root: &Path, uid: u32) -> Option<String> {
    let uid = uid.to_string();
    let line = line_of(root, is_own(root), &uid, |fields| fields.get(2) == Some(&uid.as_str()))?;
    line.split(':').next().map(str::to_owned)
}

/// The line of an account; on this host, of whoever else knows accounts.
fn line_of(root: &Path, is_own: bool, key: &str, is_it: impl Fn(&[&str]) -> bool) -> Option<String> {
    let listed = fs::read_to_string(root.join("etc/passwd")).unwrap_or_default();
    let line = listed.lines().find(|line| is_it(&line.split(':').collect::<Vec<_>>())).map(str::to_owned);
    line.or_else(|| is_own.then(|| said_by("getent", &["passwd", key])).flatten())
}

/// The version of a host's systemd.
pub(crate) fn systemd_of(root: &Path) -> Option<u16> {
    Below { root, is_own: is_own(root), home: None }.systemd()
}

impl Below<'_> {
    fn owners(&self, wanted: &Wanted) -> OwnersFound {
        let number = |kind: &str, name: &str| -> Option<u32> {
            let listed = fs::read_to_string(self.root.join("etc").join(kind)).unwrap_or_default();
            let line = listed.lines().find(|line| line.split(':').next() == Some(name)).map(str::to_owned);
            let line = line.or_else(|| self.is_own.then(|| said_by("getent", &[kind, name])).flatten())?;
            line.trim().split(':').nth(2)?.parse().ok()
        };
        let groups = fs::read_to_string(self.root.join("etc/group")).unwrap_or_default();
        let members =
            |line: &&str| line.rsplit(':').next().is_some_and(|all| all.split(',').any(|one| one == wanted.user));
        let named = groups.lines().filter(members).filter_map(|line| line.split(':').next());
        let owner = |path: &Path| fs::metadata(path).ok().map(|there| there.uid());
        let state = wanted.places.iter().find(|place| place.purpose == super::wanted::STATE);
        let state = state.and_then(|place| owner(&self.at(&place.path)));
        OwnersFound {
            user: number("passwd", &wanted.user),
            group: number("group", &wanted.group),
            trusted: named.filter(|group| TRUSTED.contains(group)).map(str::to_owned).collect(),
            // Of another root everything may belong to whoever unpacked it.
            state: state.filter(|owned_by| self.is_own || Some(*owned_by) != owner(self.root)),
        }
    }

    fn at(&self, path: &str) -> PathBuf {
        match (path.strip_prefix("~/"), &self.home) {
            (Some(below), Some((_, home))) => self.root.join(home.trim_start_matches('/')).join(below),
            _ => self.root.join(path.trim_start_matches('/')),
        }
    }

    /// UTC is compiled into systemd.
    fn knows_zone(&self, zone: &str) -> bool {
        let is_zone = |path: PathBuf| fs::read(path).is_ok_and(|zone| zone.starts_with(ZONE_MAGIC));
        zone == "UTC" || ZONES.iter().any(|zones| is_zone(self.root.join(zones).join(zone)))
    }

    /// The manager that runs says it; of another root its library's name does.
    fn systemd(&self) -> Option<u16> {
        let said = self.is_own.then(|| said_by("systemctl", &["show", "--property=Version", "--value"])).flatten();
        let running = said.and_then(|said| leading_number(said.trim()));
        running.or_else(|| {
            let folders = LIBRARIES.iter().map(|folder| self.root.join(folder));
            let of_architectures = entries(&self.root.join("usr/lib")).into_iter().map(|folder| folder.join("systemd"));
            folders.chain(of_architectures).flat_map(|folder| entries(&folder)).find_map(|path| version_of(&path))
        })
    }

    fn has_account(&self, kind: &str, name: &str) -> bool {
        let listed = fs::read_to_string(self.root.join("etc").join(kind))
            .is_ok_and(|text| text.lines().any(|line| line.split(':').next() == Some(name)));
        listed || (self.is_own && said_by("getent", &[kind, name]).is_some())
    }

    fn program(&self, path: &str) -> ProgramFound {
        match fs::metadata(self.at(path)) {
            Ok(file) if file.is_file() && file.permissions().mode() & 0o001 != 0 => ProgramFound::Fine,
            Ok(_) => ProgramFound::NotExecutable,
            Err(_) => ProgramFound::Missing,
        }
    }

    fn credential(&self, file: &CredentialFile) -> CredentialFound {
        let found = match fs::metadata(self.at(&file.path)) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return CredentialFound::Hidden,
            Err(_) => {
                let shared = file.once_shared().filter(|path| self.at(path).is_file());
                return shared.map_or(CredentialFound::Missing, |at| CredentialFound::Shared { at });
            }
        };
        let (owner, mode) = (found.uid(), found.permissions().mode() & 0o7777);
        if !found.is_file() || found.len() == 0 {
            return CredentialFound::Empty;
        }
        // Of another root the files may belong to whoever unpacked it.
        let meant = self.home.as_ref().map_or(0, |(id, _)| *id);
        if mode & 0o077 != 0 || (self.is_own && owner != meant) {
            return CredentialFound::Open { by: format!("owner {owner}, mode {mode:04o}") };
        }
        CredentialFound::Fine
    }

    fn place(&self, place: &Place) -> PlaceFound {
        let wanted = self.at(&place.path);
        let there = wanted.ancestors().find(|path| path.exists()).unwrap_or(self.root);
        let unknown = |error: Errno| PlaceFound::Unknown(format!("cannot look at {}: {error}", there.display()));
        match access(there, Access::WRITE_OK) {
            Ok(()) => {}
            Err(Errno::ROFS) => return PlaceFound::ReadOnly,
            Err(error) => return unknown(error),
        }
        match statvfs(there) {
            Ok(found) if found.f_flag.contains(StatVfsMountFlags::RDONLY) => PlaceFound::ReadOnly,
            Ok(found) => PlaceFound::Writable {
                bytes: found.f_bavail.saturating_mul(found.f_frsize),
                // btrfs and its like have no fixed number of files.
                files: (found.f_files > 0).then_some(found.f_favail),
            },
            Err(error) => unknown(error),
        }
    }

    fn containers(&self, wanted: &ContainersWanted) -> ContainersFound {
        let podman = self.podman();
        let images = wanted.images.iter().map(|image| match &podman {
            PodmanFound::Missing => ImageFound::Missing,
            PodmanFound::Version(_) | PodmanFound::Unknown(_) if self.is_own => image_found(image),
            PodmanFound::Version(_) | PodmanFound::Unknown(_) => ImageFound::NotAsked,
        });
        ContainersFound {
            images: images.collect(),
            has_generator: self.program(GENERATOR) == ProgramFound::Fine,
            has_policy: POLICIES.iter().any(|path| self.at(path).exists()),
            podman,
        }
    }

    /// Of another root only that it is there can be said.
    fn podman(&self) -> PodmanFound {
        if self.program(PODMAN) != ProgramFound::Fine {
            return PodmanFound::Missing;
        }
        if !self.is_own {
            return PodmanFound::Unknown(None);
        }
        let said = said_by(PODMAN, &["--version"]).unwrap_or_default();
        let version = said.trim().rsplit(' ').next().and_then(podman_version);
        version.map_or_else(|| PodmanFound::Unknown(Some(format!("it says {:?}", said.trim()))), PodmanFound::Version)
    }

    fn clock(&self) -> ClockFound {
        if self.at("/run/systemd/container").exists() {
            return ClockFound::OfTheHost;
        }
        // The kernel's own word, whoever keeps the clock: chrony and ntpd set it too, and it lapses when nobody does any more.
        let said = self.is_own.then(|| said_by("timedatectl", &["show", "--property=NTPSynchronized", "--value"]));
        match said.flatten().as_deref().map(str::trim) {
            Some("yes") => ClockFound::Kept,
            Some("no") => ClockFound::NotKept,
            // systemd-timesyncd leaves this file when it has agreed with a server; it stays there.
            Some(_) | None if self.at("/run/systemd/timesync/synchronized").exists() => ClockFound::Kept,
            Some(_) | None => ClockFound::Unknown,
        }
    }
}

/// Whether podman's store has an image: 0 yes, 1 no. Source: podman-image-exists(1).
fn image_found(image: &str) -> ImageFound {
    // Everybody else has a store of their own.
    if !rustix::process::geteuid().is_root() {
        return ImageFound::Unknown("only root may ask podman's store of the system".to_owned());
    }
    let mut command = Command::new(PODMAN);
    command.args(["image", "exists", image]).stdin(Stdio::null()).stdout(Stdio::null());
    match command.output() {
        Ok(said) if said.status.success() => ImageFound::Fine,
        Ok(said) if said.status.code() == Some(1) => ImageFound::Missing,
        Ok(said) => {
            let error = String::from_utf8_lossy(&said.stderr).trim().replace('\n', "; ");
            ImageFound::Unknown(format!("podman image exists: {error} ({})", said.status))
        }
        Err(error) => ImageFound::Unknown(format!("podman image exists: {error}")),
    }
}

/// `5.4` of `5.4.2`, whatever stands behind.
fn podman_version(text: &str) -> Option<Podman> {
    let mut numbers = text.split('.').map(leading_number);
    Some(Podman { major: numbers.next()??, minor: numbers.next()?? })
}

/// `252` of `libsystemd-shared-252.so`, whatever a distribution writes behind the number.
fn version_of(path: &Path) -> Option<u16> {
    let name = path.file_name()?.to_str()?.strip_prefix("libsystemd-shared-")?;
    leading_number(name).filter(|_| name.contains(".so"))
}

fn leading_number(text: &str) -> Option<u16> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> =
        fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}

/// What a command of the host prints, if it is there and ends well.
fn said_by(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).stdin(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
