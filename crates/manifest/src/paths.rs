//! Where a deployment keeps what it writes.

use crate::{
    fields::{Fields, Later},
    name::Name,
    problem::{Code, Problems, Refusal},
    scope::Scope,
};

pub(crate) const LATER: Later = &[];
const VAR_LIB: &str = "/var/lib/";

/// Folders below `/var/lib` that belong to others: `ls /var/lib` of Debian 12 and 13 as installed, of what a server commonly has
/// beside that, and our own, where generations of units lie that root installs. systemd gives a state directory to the
/// user, with everything in it.
const OF_OTHERS: &[&str] = &[
    "AccountsService",
    "NetworkManager",
    "PackageKit",
    "acme",
    "alsa",
    "apparmor",
    "apt",
    "bluetooth",
    "chrony",
    "cni",
    "confexts",
    "containerd",
    "containers",
    "cloud",
    "dbus",
    "dhcp",
    "dhcpcd",
    "dkms",
    "docker",
    "dpkg",
    "etcd",
    "exim4",
    "extensions",
    "fail2ban",
    "flatpak",
    "fwupd",
    "git",
    "grub",
    "initramfs-tools",
    "iwd",
    "kubelet",
    "libvirt",
    "locales",
    "logrotate",
    "machines",
    "man-db",
    "misc",
    "mysql",
    "nfs",
    "nginx",
    "nixos",
    "ntp",
    "ntpsec",
    "pam",
    "polkit-1",
    "portables",
    "portcullis",
    "postfix",
    "postgresql",
    "private",
    "python",
    "redis",
    "shells.state",
    "snapd",
    "sudo",
    "systemd",
    "ucf",
    "unattended-upgrades",
];

/// Folders of a login's `~/.config`, where its manager keeps state before systemd 254: its units, our keys, what runs at login
/// and what other programs read commands from.
const OF_A_LOGIN: &[&str] = &[
    "1Password",
    "autostart",
    "autostart-scripts",
    "bash",
    "containers",
    "dconf",
    "environment.d",
    "fish",
    "gcloud",
    "gh",
    "git",
    "gtk-3.0",
    "gtk-4.0",
    "nvim",
    "pipewire",
    "portcullis",
    "pulse",
    "rclone",
    "ssh",
    "systemd",
    "user-tmpfiles.d",
    "vim",
    "wireplumber",
    "zsh",
];

/// The directories of a deployment. systemd makes them, so they are below systemd's own roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    state: String,
}

impl Paths {
    /// Without `[paths]` the state is kept below the deployment's name.
    pub(crate) fn read(fields: Option<Fields<'_>>, name: &Name, scope: Scope, problems: &mut Problems) -> Self {
        let mut paths = Self { state: name.as_str().to_owned() };
        let Some(mut fields) = fields else { return paths };
        if let Some(state) = fields.parsed("state", problems, |text| match scope {
            Scope::System => below_var_lib(text),
            Scope::User => below_home(text),
        }) {
            paths.state = state.into_inner();
        }
        fields.finish(problems);
        paths
    }

    /// The state directory relative to the manager's own (`/var/lib`, or a login's `~/.local/state`), as `StateDirectory=`
    /// wants it.
    #[must_use]
    pub fn state_directory(&self) -> &str {
        &self.state
    }
}

fn below_var_lib(text: &str) -> Result<String, Refusal> {
    let refused = || {
        Refusal::bad_value(format!("{text:?} is no state directory"))
            .hint("systemd makes it with the right owner and mode below /var/lib: write it like /var/lib/avwap")
    };
    let relative = text.strip_prefix(VAR_LIB).filter(|relative| is_relative(relative)).ok_or_else(refused)?;
    check_owner(relative, OF_OTHERS, VAR_LIB)?;
    Ok(relative.to_owned())
}

/// Before systemd 254 a user's manager keeps state in `~/.config`, so the manifest names no more than what lies below.
fn below_home(text: &str) -> Result<String, Refusal> {
    if is_relative(text) {
        check_owner(text, OF_A_LOGIN, "~/.config/")?;
        return Ok(text.to_owned());
    }
    Err(Refusal::bad_value(format!("{text:?} is no state directory of a login")).hint(
        "its manager makes it, below ~/.local/state (before systemd 254 ~/.config): write only what comes then, like aurora-paper",
    ))
}

fn check_owner(relative: &str, others: &[&str], root: &str) -> Result<(), Refusal> {
    let first = relative.split('/').next().unwrap_or_default();
    if !others.contains(&first) {
        return Ok(());
    }
    let message = format!("{root}{first} is not a deployment's: others keep what they run or trust there");
    let hint = "whoever trades would own it, units, keys or packages among it; name a directory of its own, after the deployment";
    Err(Refusal::new(Code::DisarmsGuardrail, message).hint(hint))
}

fn is_relative(relative: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let segment =
        |part: &str| part.bytes().all(plain) && part.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
    relative.len() <= 100 && relative.split('/').all(segment)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn state_directories() {
        assert_eq!(below_var_lib("/var/lib/avwap").unwrap(), "avwap");
        assert_eq!(below_var_lib("/var/lib/desk/avwap-2").unwrap(), "desk/avwap-2");
        for text in [
            "avwap",
            "/srv/avwap",
            "/var/lib/",
            "/var/lib",
            "/var/lib//avwap",
            "/var/lib/../etc",
            "/var/lib/avwap/",
            "/var/lib/a b",
            "/var/lib/a%S",
            "/var/lib/a:b",
            "/var/lib/private/avwap",
            "",
        ] {
            assert!(below_var_lib(text).is_err(), "{text}");
        }
        for (state, of_system, of_login) in [
            ("systemd", true, true),
            ("portcullis/generations", true, true),
            ("dpkg", true, false),
            ("containers/storage", true, true),
            ("environment.d", false, true),
            ("autostart", false, true),
            ("systemd-of-mine", false, false),
            ("desk/systemd", false, false),
        ] {
            let code = |result: Result<String, Refusal>| result.err().map(|refusal| refusal.code);
            let refused = |refused: bool| refused.then_some(Code::DisarmsGuardrail);
            assert_eq!(code(below_var_lib(&format!("/var/lib/{state}"))), refused(of_system), "{state}");
            assert_eq!(code(below_home(state)), refused(of_login), "{state}");
        }
        assert_eq!(below_home("desk/aurora-2").unwrap(), "desk/aurora-2");
        for text in ["/var/lib/aurora", "~/.local/state/aurora", "%S/aurora", "../aurora", "", "a b"] {
            assert!(below_home(text).is_err(), "{text}");
        }
    }
}
