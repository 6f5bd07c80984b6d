//! A login and its home: where its manager has what the system's has below `/etc`, `/run` and `/var/lib`. Finding one is the
//! thin shell; the rest is pure.

use std::path::Path;

use thiserror::Error;

use crate::host;

/// The first systemd whose `%S` is not `%E` in the manager of a login.
const STATE_HOME_SINCE: u16 = 254;

/// A login, with the directories of the XDG base directory specification as its manager has them: whole paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Login {
    /// Its name.
    pub name: String,
    /// Its number.
    pub uid: u32,
    /// Its home.
    pub home: String,
    /// `XDG_CONFIG_HOME`.
    pub config: String,
    /// `XDG_DATA_HOME`.
    pub data: String,
    /// `XDG_STATE_HOME`.
    pub state: String,
    /// `XDG_RUNTIME_DIR`: there while its manager runs.
    pub runtime: String,
    /// The version of the host's systemd.
    pub systemd: u16,
}

/// Why there is no such login.
#[derive(Debug, Error)]
pub enum NoLogin {
    /// No account of that name.
    #[error("there is no account {0} on this host")]
    Unknown(String),
    /// No account of that number.
    #[error("nobody here has the user id {0}")]
    Nobody(u32),
}

impl Login {
    /// With every directory where it is unless somebody says otherwise.
    #[must_use]
    pub fn at_home(name: &str, uid: u32, home: &str) -> Self {
        Self {
            name: name.to_owned(),
            uid,
            home: home.to_owned(),
            config: format!("{home}/.config"),
            data: format!("{home}/.local/share"),
            state: format!("{home}/.local/state"),
            runtime: format!("/run/user/{uid}"),
            systemd: STATE_HOME_SINCE,
        }
    }

    /// The login of that name on the host whose root lies here. Whoever runs this as that login on its own host may have its
    /// directories elsewhere.
    ///
    /// # Errors
    /// When the host has no such account.
    pub fn find(root: &Path, name: &str) -> Result<Self, NoLogin> {
        let is_own = host::is_own(root);
        let (uid, home) = host::account_of(root, is_own, name).ok_or_else(|| NoLogin::Unknown(name.to_owned()))?;
        let mut login = Self::at_home(name, uid, home.trim_end_matches('/'));
        login.systemd = host::systemd_of(root).unwrap_or(STATE_HOME_SINCE);
        if is_own && rustix::process::geteuid().as_raw() == uid {
            login.take(|name| std::env::var(name).ok());
        }
        Ok(login)
    }

    /// The login that runs this; root is none.
    ///
    /// # Errors
    /// When whoever runs this has no account.
    pub fn of_this_process() -> Result<Option<Self>, NoLogin> {
        let uid = rustix::process::geteuid();
        if uid.is_root() {
            return Ok(None);
        }
        let root = Path::new("/");
        let name = host::name_of(root, uid.as_raw()).ok_or(NoLogin::Nobody(uid.as_raw()))?;
        Self::find(root, &name).map(Some)
    }

    /// Takes what an environment says; a path that is not absolute says nothing.
    fn take(&mut self, variable: impl Fn(&str) -> Option<String>) {
        for (name, field) in [
            ("XDG_CONFIG_HOME", &mut self.config),
            ("XDG_DATA_HOME", &mut self.data),
            ("XDG_STATE_HOME", &mut self.state),
            ("XDG_RUNTIME_DIR", &mut self.runtime),
        ] {
            if let Some(value) = variable(name).filter(|value| value.len() > 1 && value.starts_with('/')) {
                value.trim_end_matches('/').clone_into(field);
            }
        }
    }

    /// What `%S` means in its units.
    #[must_use]
    pub fn units_state(&self) -> &str {
        if self.systemd >= STATE_HOME_SINCE { &self.state } else { &self.config }
    }

    /// Where its manager looks for units, in order.
    #[must_use]
    pub fn search_path(&self) -> Vec<String> {
        let Self { config, data, runtime, .. } = self;
        vec![
            format!("{config}/systemd/user.control"),
            format!("{runtime}/systemd/user.control"),
            format!("{runtime}/systemd/transient"),
            format!("{runtime}/systemd/generator.early"),
            format!("{config}/systemd/user"),
            "/etc/xdg/systemd/user".to_owned(),
            "/etc/systemd/user".to_owned(),
            format!("{runtime}/systemd/user"),
            "/run/systemd/user".to_owned(),
            format!("{runtime}/systemd/generator"),
            format!("{data}/systemd/user"),
            "/usr/local/share/systemd/user".to_owned(),
            "/usr/share/systemd/user".to_owned(),
            "/usr/local/lib/systemd/user".to_owned(),
            "/usr/lib/systemd/user".to_owned(),
            format!("{runtime}/systemd/generator.late"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_environment_moves_what_it_names_by_whole_paths() {
        let mut login = Login::at_home("trader", 1500, "/home/trader");
        login.take(|name| match name {
            "XDG_CONFIG_HOME" => Some("/srv/config/".to_owned()),
            "XDG_STATE_HOME" => Some("state".to_owned()),
            "XDG_DATA_HOME" => Some(String::new()),
            _ => None,
        });
        let Login { config, data, state, runtime, .. } = login;
        assert_eq!(
            (config.as_str(), data.as_str(), state.as_str(), runtime.as_str()),
            ("/srv/config", "/home/trader/.local/share", "/home/trader/.local/state", "/run/user/1500")
        );
    }
}
