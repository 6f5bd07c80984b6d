//! A root with everything that units need, and manifests to lay there.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output},
};

use unitgen::{
    Tree,
    guardrails::{Enablement, Guardrail, Units, held},
    installation::{Installation, Login},
    search_path, source, systemd,
};

pub const AVWAP: &str = include_str!("../../../manifests/avwap.toml");
pub const PROGRAMS: [&str; 4] = ["desk", "execution", "gate", "scanner"];
pub const UNITS: &str = "etc/systemd/system";

/// The shipped manifest with another polling interval, which changes every unit's header and one unit's settings.
pub fn polling(seconds: u32) -> String {
    let with = "EXECUTION_POLL_SECONDS = \"60\"";
    assert!(AVWAP.contains(with));
    AVWAP.replace(with, &format!("EXECUTION_POLL_SECONDS = \"{seconds}\""))
}

/// The same for a login's manager.
pub fn of_a_login(manifest: &str) -> String {
    let lines = manifest.replacen("scope = \"system\"", "scope = \"user\"", 1).replacen("group = \"trading\"\n", "", 1);
    lines.replacen("user = \"trading\"", "user = \"trader\"", 1).replacen("\"/var/lib/avwap\"", "\"avwap\"", 1)
}

pub struct Place {
    pub folder: tempfile::TempDir,
    /// Where on it the deployment lives.
    pub installation: Installation,
}

impl Place {
    /// Of the system's manager.
    pub fn new() -> Self {
        let place = Self::bare(Installation::SYSTEM);
        place.write("etc/passwd", "trading:x:900:900::/:/bin/false\n", 0o644);
        place.write("etc/group", "trading:x:900:\n", 0o644);
        place
    }

    /// Of a login's.
    pub fn of_login() -> Self {
        let login = Login { systemd: 252, ..Login::at_home("trader", 1500, "/home/trader") };
        let place = Self::bare(Installation::of_login(login));
        place.write("etc/passwd", "trader:x:1500:1500::/home/trader:/bin/bash\n", 0o644);
        place.write("var/lib/systemd/linger/trader", "", 0o644);
        place
    }

    /// One of each.
    pub fn both() -> [Self; 2] {
        [Self::new(), Self::of_login()]
    }

    fn bare(installation: Installation) -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap(), installation };
        for name in PROGRAMS {
            place.write(&format!("usr/lib/portcullis/bin/{name}"), &format!("#!/bin/sh\n# {name}\n"), 0o755);
        }
        for name in ["APCA_API_KEY_ID", "APCA_API_SECRET_KEY"] {
            place.write(&format!("{}/credentials/avwap/{name}", place.installation.manifests()), "x", 0o600);
        }
        place.write("usr/share/zoneinfo/America/New_York", "TZif2", 0o644);
        place.write("usr/lib/systemd/libsystemd-shared-252.so", "", 0o644);
        for folder in [place.units(), "var/lib".to_owned()] {
            fs::create_dir_all(place.path(&folder)).unwrap();
        }
        place
    }

    /// The directory of units.
    pub fn units(&self) -> String {
        self.installation.units()
    }

    /// A file in it.
    pub fn unit(&self, name: &str) -> String {
        format!("{}/{name}", self.units())
    }

    /// The manifest that programs read.
    pub fn installed(&self) -> String {
        format!("{}/avwap.toml", self.installation.manifests())
    }

    pub fn generations(&self) -> String {
        format!("{}/avwap", self.installation.generations())
    }

    /// A manifest as this place's manager runs it.
    pub fn of(&self, manifest: &str) -> String {
        if self.installation.login().is_some() { of_a_login(manifest) } else { manifest.to_owned() }
    }

    pub fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn write(&self, path: &str, text: &str, mode: u32) {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).unwrap()
    }

    pub fn unitgen(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_unitgen")).args(args).current_dir(self.folder.path()).output().unwrap()
    }

    /// The plan of a manifest, as `NAME.plan` below the root.
    pub fn plan(&self, name: &str, manifest: &str) -> Output {
        self.write(&format!("{name}.toml"), &self.of(manifest), 0o644);
        let (manifest, plan) = (format!("{name}.toml"), format!("{name}.plan"));
        self.unitgen(&["plan", &manifest, "-o", &plan, "--root", ".", "--without-ntp"])
    }

    pub fn rollback(&self, args: &[&str]) -> Output {
        let login = self.installation.login().map(|login| ["--login", &login.name]);
        let of_login = login.iter().flatten().copied();
        self.unitgen(
            &["rollback", "--root", "."].into_iter().chain(of_login).chain(args.iter().copied()).collect::<Vec<_>>(),
        )
    }

    pub fn apply(&self, name: &str) -> Output {
        self.unitgen(&["apply", &format!("{name}.plan"), "--without-ntp"])
    }

    /// Planned and applied, as it should be.
    pub fn lay(&self, name: &str, manifest: &str) {
        let planned = self.plan(name, manifest);
        assert_eq!(code(&planned), 0, "{}", err(&planned));
        let applied = self.apply(name);
        assert_eq!(code(&applied), 0, "{}{}", out(&applied), err(&applied));
    }

    pub fn current(&self) -> Option<String> {
        let link = fs::read_link(self.path(&format!("{}/current", self.generations()))).ok()?;
        Some(link.to_string_lossy().into_owned())
    }

    pub fn has_journal(&self) -> bool {
        self.path(&format!("{}/apply.state", self.generations())).exists()
    }

    /// Everything below the directories that an apply writes to, by path: content, and where links lead.
    pub fn laid(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for folder in [self.units(), self.installation.manifests(), "usr/lib/portcullis".to_owned()] {
            gather(&self.path(&folder), &folder, &mut found);
        }
        found
    }

    /// The guardrails that the units on the disk hold, and the units.
    pub fn held(&self, of: &Tree) -> (BTreeSet<String>, BTreeSet<(String, Guardrail)>) {
        let names: BTreeSet<String> = of.iter().map(|(path, _)| path.to_owned()).collect();
        let listing = search_path::read(&[self.path(&self.units())], &names).unwrap();
        let units = Units::of_listing(&listing, Enablement::AsLinked).for_manager(self.installation.manager());
        let present = units.names().filter(|name| self.path(&self.unit(name)).exists());
        (present.map(str::to_owned).collect(), held(&units))
    }
}

fn gather(folder: &Path, name: &str, found: &mut Vec<(String, String)>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for path in entries {
        let name = format!("{name}/{}", path.file_name().unwrap().to_str().unwrap());
        let there = fs::symlink_metadata(&path).unwrap();
        if there.is_dir() {
            gather(&path, &name, found);
        } else if there.is_symlink() {
            found.push((name, format!("-> {}", fs::read_link(&path).unwrap().display())));
        } else {
            found.push((name, fs::read_to_string(&path).unwrap()));
        }
    }
}

pub fn tree(manifest: &str) -> Tree {
    let checked = source::check(manifest.as_bytes()).unwrap_or_else(|problems| panic!("{problems:#?}"));
    systemd::render(&checked.deployment, manifest.as_bytes(), &checked.digest)
}

pub fn code(output: &Output) -> i32 {
    output.status.code().unwrap_or(-1)
}

pub fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
