//! The user and group that everything runs as.

use crate::{
    fields::Fields,
    problem::{Code, Problems, Refusal},
    scope::Scope,
};

/// Users of others: `/etc/passwd` of Debian 12 and 13 as installed, and of what a server commonly has beside that. Names that begin
/// with `systemd-` are systemd's.
const USERS_OF_OTHERS: &[&str] = &[
    "_apt",
    "_chrony",
    "_rpc",
    "avahi",
    "backup",
    "bin",
    "colord",
    "daemon",
    "debian-exim",
    "dhcpcd",
    "dnsmasq",
    "fwupd-refresh",
    "games",
    "gdm",
    "geoclue",
    "git",
    "gnats",
    "irc",
    "libvirt-qemu",
    "lightdm",
    "list",
    "lp",
    "mail",
    "man",
    "messagebus",
    "mysql",
    "news",
    "nginx",
    "nobody",
    "ntp",
    "ntpsec",
    "polkitd",
    "postfix",
    "postgres",
    "proxy",
    "redis",
    "rtkit",
    "sshd",
    "statd",
    "sync",
    "sys",
    "tcpdump",
    "tss",
    "uucp",
    "uuidd",
    "www-data",
];

/// Groups that others trust: `/etc/group` of Debian 12 and 13 as installed, those that are as good as root (of `docker` and `lxd`
/// because their daemons are, of `disk` and `kmem` because of what they can read and write), and `wheel` of other
/// distributions.
const GROUPS_OF_OTHERS: &[&str] = &[
    "_ssh",
    "adm",
    "admin",
    "audio",
    "cdrom",
    "clock",
    "crontab",
    "dialout",
    "dip",
    "disk",
    "docker",
    "fax",
    "floppy",
    "incus",
    "incus-admin",
    "input",
    "kmem",
    "kvm",
    "libvirt",
    "lxd",
    "netdev",
    "nixbld",
    "nogroup",
    "operator",
    "plugdev",
    "podman",
    "rdma",
    "render",
    "sasl",
    "sgx",
    "shadow",
    "src",
    "ssh",
    "ssl-cert",
    "staff",
    "sudo",
    "tape",
    "tty",
    "users",
    "utmp",
    "video",
    "voice",
    "wheel",
    "wireshark",
    // Of users of others.
    "bin",
    "daemon",
    "messagebus",
    "mail",
    "man",
    "nobody",
    "postgres",
    "proxy",
    "sys",
    "www-data",
];

/// A static system user and group, or the login whose manager runs the units; never root, who could arm, disarm and rewrite everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    user: String,
    group: String,
}

impl Identity {
    pub(crate) fn read(mut fields: Fields<'_>, scope: Scope, problems: &mut Problems) -> Option<Self> {
        let user = fields.required("user", "\"trading\"", problems, |text| account_name("user", text));
        let group = fields.parsed("group", problems, |text| account_name("group", text));
        if scope == Scope::User && fields.has("group") {
            let refusal = Refusal::bad_value("a user's manager runs everything with the login's own group");
            problems.error(fields.span_of("group"), refusal.hint("remove the line"));
        }
        let invalid_group = fields.has("group") && group.is_none();
        fields.finish(problems);
        let user = user?.into_inner();
        let group = match group {
            Some(group) => group.into_inner(),
            None if invalid_group => return None,
            None => user.clone(),
        };
        Some(Self { user, group })
    }

    /// The user.
    #[must_use]
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The group; the user's name unless the manifest says otherwise.
    #[must_use]
    pub fn group(&self) -> &str {
        &self.group
    }
}

fn account_name(what: &str, text: &str) -> Result<String, Refusal> {
    let first = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    let rest = |byte: u8| first(byte) || byte.is_ascii_digit() || byte == b'-';
    let valid = (1..=31).contains(&text.len())
        && text.bytes().enumerate().all(|(at, byte)| if at == 0 { first(byte) } else { rest(byte) });
    if !valid {
        return Err(Refusal::bad_value(format!("{text:?} is no name of a {what}")).hint("write it like `trading`"));
    }
    if text == "root" {
        return Err(Refusal::new(Code::DisarmsGuardrail, format!("the {what} may not be root")).hint(
            "whoever runs the services must not be able to clear the kill switch, arm live orders or change units",
        ));
    }
    // Without a group of its own it has the one of its name.
    let is_of_others =
        text.starts_with("systemd-") || USERS_OF_OTHERS.contains(&text) || GROUPS_OF_OTHERS.contains(&text);
    if is_of_others {
        let message = format!("`{text}` is not a {what} of a deployment: others of the host are, or trust it");
        let hint = "what they may, whoever trades could, and the other way round; name one of its own, like `trading`: target `sysusers` \
                    makes it";
        return Err(Refusal::new(Code::DisarmsGuardrail, message).hint(hint));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_users() {
        assert_eq!(account_name("user", "trading").unwrap(), "trading");
        assert_eq!(account_name("user", "_avwap-2").unwrap(), "_avwap-2");
        assert_eq!(account_name("user", "root").unwrap_err().code, Code::DisarmsGuardrail);
        for text in ["docker", "disk", "shadow", "sudo", "wheel", "systemd-network", "messagebus", "daemon", "nobody"] {
            assert_eq!(account_name("group", text).unwrap_err().code, Code::DisarmsGuardrail, "{text}");
            assert_eq!(account_name("user", text).unwrap_err().code, Code::DisarmsGuardrail, "{text}");
        }
        for text in ["", "0trading", "Trading", "a b", "a%b", &"a".repeat(32)] {
            assert_eq!(account_name("user", text).unwrap_err().code, Code::BadValue, "{text}");
        }
    }
}
