//! Where a deployment lives on a host: whose manager runs it, which directory its rendered files go into, where that manager
//! looks for units, what the specifiers of its units mean, and where its generations are kept. Pure; [`login`] is the thin
//! shell that finds a login.
//!
//! Everything that reads or changes a host takes an [`Installation`] and knows no directory of its own. Paths without a
//! leading slash are below the host's root. Source: systemd.unit(5), tables 1 and 2 of the search path, and its specifiers;
//! `systemd-analyze unit-paths` of 252 and 257.

pub mod login;

use std::path::{Path, PathBuf};

pub use login::{Login, NoLogin};

use crate::{guardrails::Manager, search_path, targets::Target};

/// Where the system's manager looks for units, in order.
const OF_THE_SYSTEM: [&str; 12] = [
    "/etc/systemd/system.control",
    "/run/systemd/system.control",
    "/run/systemd/transient",
    "/run/systemd/generator.early",
    "/etc/systemd/system",
    "/etc/systemd/system.attached",
    "/run/systemd/system",
    "/run/systemd/system.attached",
    "/run/systemd/generator",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/run/systemd/generator.late",
];

/// Where a deployment lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installation {
    target: Target,
    login: Option<Login>,
}

impl Installation {
    /// Programs that the system's manager runs.
    pub const SYSTEM: Self = Self { target: Target::Systemd, login: None };

    /// Programs that a login's manager runs.
    #[must_use]
    pub fn of_login(login: Login) -> Self {
        Self { target: Target::Systemd, login: Some(login) }
    }

    /// The same rendered for another target.
    #[must_use]
    pub fn for_target(self, target: Target) -> Self {
        Self { target, ..self }
    }

    /// What is rendered.
    #[must_use]
    pub fn target(&self) -> Target {
        self.target
    }

    /// The login, where it is not the system's.
    #[must_use]
    pub fn login(&self) -> Option<&Login> {
        self.login.as_ref()
    }

    /// Whose manager loads the units.
    #[must_use]
    pub fn manager(&self) -> Manager {
        if self.login.is_some() { Manager::User } else { Manager::System }
    }

    /// The directory that units lie in.
    #[must_use]
    pub fn units(&self) -> String {
        self.login
            .as_ref()
            .map_or_else(|| "etc/systemd/system".to_owned(), |login| below(&login.config, "systemd/user"))
    }

    /// The directory that a rendered tree goes into: that of the units, or what lies above it and the containers'.
    #[must_use]
    pub fn base(&self) -> String {
        match self.target {
            Target::Systemd | Target::Nixos | Target::PodmanUnits => self.units(),
            Target::Quadlet => "etc".to_owned(),
        }
    }

    /// Where the programs look for manifests.
    #[must_use]
    pub fn manifests(&self) -> String {
        self.login.as_ref().map_or_else(|| "etc/portcullis".to_owned(), |login| below(&login.config, "portcullis"))
    }

    /// Where generations are kept, a directory a deployment.
    #[must_use]
    pub fn generations(&self) -> String {
        let system = || "var/lib/portcullis/generations".to_owned();
        self.login.as_ref().map_or_else(system, |login| below(&login.state, "portcullis/generations"))
    }

    /// Where the manager looks for units, in order: whole paths on the host.
    #[must_use]
    pub fn search_path(&self) -> Vec<String> {
        self.login.as_ref().map_or_else(|| OF_THE_SYSTEM.map(str::to_owned).to_vec(), Login::search_path)
    }

    /// The same below a root, and behind them where podman's generator looks for its files: no unit of systemd's is called like
    /// one of those, so one list holds both.
    #[must_use]
    pub fn directories(&self, root: &Path) -> Vec<PathBuf> {
        let units = self.search_path().into_iter().map(|path| root.join(path.trim_start_matches('/')));
        let containers = if self.login.is_some() { Vec::new() } else { search_path::of_containers(root) };
        units.chain(containers).collect()
    }

    /// Where `StateDirectory=` may lie. Which of two it is in a login's home depends on what was there when it was made, so
    /// whoever asks what is held asks of both.
    #[must_use]
    pub fn states(&self) -> Vec<String> {
        let Some(login) = &self.login else { return vec!["/var/lib".to_owned()] };
        let first = login.units_state();
        let other = [&login.state, &login.config].into_iter().find(|other| *other != first);
        std::iter::once(first).chain(other.map(String::as_str)).map(str::to_owned).collect()
    }

    /// A text of one of its units with the specifiers that our units use; `%n` is the unit.
    #[must_use]
    pub fn expanded(&self, text: &str, unit: &str) -> String {
        self.expanded_with(text, unit, &self.states()[0])
    }

    /// The same with another `%S`.
    #[must_use]
    pub fn expanded_with(&self, text: &str, unit: &str, state: &str) -> String {
        let login = self.login.as_ref();
        let mut out = String::with_capacity(text.len());
        let mut chars = text.chars();
        while let Some(c) = chars.next() {
            let letter = (c == '%').then(|| chars.next()).flatten();
            match (c, letter) {
                ('%', Some('%')) => out.push('%'),
                ('%', Some('n')) => out += unit,
                ('%', Some('N')) => out += unit.rsplit_once('.').map_or(unit, |(stem, _)| stem),
                ('%', Some('d')) => {
                    out += &format!("{}/credentials/{unit}", login.map_or("/run", |login| &login.runtime))
                }
                ('%', Some('E')) => out += login.map_or("/etc", |login| &login.config),
                ('%', Some('S')) => out += state,
                ('%', Some('t')) => out += login.map_or("/run", |login| &login.runtime),
                ('%', Some('h')) => out += login.map_or("/root", |login| &login.home),
                ('%', Some(other)) => out.extend(['%', other]),
                (other, _) => out.push(other),
            }
        }
        out
    }

    /// How `systemctl` is called for its units.
    #[must_use]
    pub fn systemctl(&self) -> &'static str {
        match self.manager() {
            Manager::System => "systemctl",
            Manager::User => "systemctl --user",
        }
    }

    /// Who may change it, in words that follow "run this".
    #[must_use]
    pub fn who(&self) -> String {
        self.login.as_ref().map_or_else(|| "as root".to_owned(), |login| format!("as {}", login.name))
    }
}

/// A path below the root, of a whole path and what lies in it.
fn below(folder: &str, name: &str) -> String {
    format!("{}/{name}", folder.trim_start_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn login(systemd: u16) -> Installation {
        Installation::of_login(Login { systemd, ..Login::at_home("trader", 1500, "/home/trader") })
    }

    #[test]
    fn the_system_and_a_login_differ_in_every_place() {
        for (system, user, is) in [
            (
                "etc/systemd/system",
                "home/trader/.config/systemd/user",
                Installation::units as fn(&Installation) -> String,
            ),
            ("etc/systemd/system", "home/trader/.config/systemd/user", Installation::base),
            ("etc/portcullis", "home/trader/.config/portcullis", Installation::manifests),
            (
                "var/lib/portcullis/generations",
                "home/trader/.local/state/portcullis/generations",
                Installation::generations,
            ),
        ] {
            assert_eq!((is(&Installation::SYSTEM).as_str(), is(&login(257)).as_str()), (system, user));
        }
        assert_eq!(Installation::SYSTEM.for_target(Target::Quadlet).base(), "etc");
    }

    /// As `systemd-analyze --user unit-paths` of 252 says; 257 leaves out the second of two names of one directory.
    #[test]
    fn a_login_has_a_search_path_of_its_own() {
        let expect = [
            "/home/trader/.config/systemd/user.control",
            "/run/user/1500/systemd/user.control",
            "/run/user/1500/systemd/transient",
            "/run/user/1500/systemd/generator.early",
            "/home/trader/.config/systemd/user",
            "/etc/xdg/systemd/user",
            "/etc/systemd/user",
            "/run/user/1500/systemd/user",
            "/run/systemd/user",
            "/run/user/1500/systemd/generator",
            "/home/trader/.local/share/systemd/user",
            "/usr/local/share/systemd/user",
            "/usr/share/systemd/user",
            "/usr/local/lib/systemd/user",
            "/usr/lib/systemd/user",
            "/run/user/1500/systemd/generator.late",
        ];
        assert_eq!(login(252).search_path(), expect);
    }

    /// `%S` of a login moved with systemd 254.
    #[test]
    fn specifiers_are_those_of_the_manager() {
        for (installation, expect) in [
            (Installation::SYSTEM, "/etc /var/lib /run % a.service %x"),
            (login(252), "/home/trader/.config /home/trader/.config /run/user/1500 % a.service %x"),
            (login(257), "/home/trader/.config /home/trader/.local/state /run/user/1500 % a.service %x"),
        ] {
            assert_eq!(installation.expanded("%E %S %t %% %n %x", "a.service"), expect);
        }
        let both = ["/home/trader/.config", "/home/trader/.local/state"];
        assert_eq!(login(252).states(), both);
        assert_eq!(login(257).states(), [both[1], both[0]]);
    }
}
