//! Names: of the deployment, its services, jobs and groups of secrets. They become names of units and files.

use std::fmt;

use crate::problem::Refusal;

const LENGTH_MAX: usize = 40;

/// Every target of systemd 252 and 257 (systemd.special(7)), without its suffix; a unit of the same name in `/etc` would
/// take its place, and the host might boot no more.
const TARGETS_OF_SYSTEMD: &[&str] = &[
    "basic",
    "blockdev",
    "bluetooth",
    "boot-complete",
    "cryptsetup",
    "cryptsetup-pre",
    "ctrl-alt-del",
    "default",
    "emergency",
    "exit",
    "factory-reset",
    "final",
    "first-boot-complete",
    "getty",
    "getty-pre",
    "graphical",
    "halt",
    "hibernate",
    "hybrid-sleep",
    "initrd",
    "initrd-fs",
    "initrd-root-device",
    "initrd-root-fs",
    "initrd-switch-root",
    "initrd-usr-fs",
    "integritysetup",
    "integritysetup-pre",
    "kbrequest",
    "kexec",
    "local-fs",
    "local-fs-pre",
    "machines",
    "multi-user",
    "network",
    "network-online",
    "network-pre",
    "nss-lookup",
    "nss-user-lookup",
    "paths",
    "poweroff",
    "printer",
    "reboot",
    "remote-cryptsetup",
    "remote-fs",
    "remote-fs-pre",
    "remote-integritysetup",
    "remote-veritysetup",
    "rescue",
    "rpcbind",
    "shutdown",
    "sigpwr",
    "sleep",
    "slices",
    "smartcard",
    "sockets",
    "soft-reboot",
    "sound",
    "ssh-access",
    "storage-target-mode",
    "suspend",
    "suspend-then-hibernate",
    "swap",
    "sysinit",
    "system-update",
    "system-update-pre",
    "time-set",
    "time-sync",
    "timers",
    "tpm2",
    "umount",
    "usb-gadget",
    "veritysetup",
    "veritysetup-pre",
];

/// Services and timers of Debian 12 and 13 and of NixOS, without their suffixes: what a host needs to boot, to be reached and
/// to be kept, and what runs beside a trading host. Source: the files of the packages systemd, dbus, util-linux, e2fsprogs,
/// cron, logrotate, man-db, dpkg, apt, openssh-server, chrony, rsyslog, networking and podman. A unit of the same name in
/// `/etc` would take its place.
const UNITS_OF_HOSTS: &[&str] = &[
    "anacron",
    "apparmor",
    "apt-daily",
    "apt-daily-upgrade",
    "auditd",
    "autovt",
    "avahi-daemon",
    "bluetooth",
    "chrony",
    "chronyd",
    "console-getty",
    "console-setup",
    "container-getty",
    "containerd",
    "cron",
    "cryptdisks",
    "cryptdisks-early",
    "dbus",
    "dbus-broker",
    "debug-shell",
    "dhcpcd",
    "dm-event",
    "docker",
    "dpkg-db-backup",
    "emergency",
    "exim4",
    "fail2ban",
    "firewall",
    "firewalld",
    "fstrim",
    "getty",
    "getty-static",
    "haveged",
    "hwclock",
    "ifup",
    "initrd-cleanup",
    "initrd-parse-etc",
    "initrd-switch-root",
    "initrd-udevadm-cleanup-db",
    "iptables",
    "keyboard-setup",
    "kmod",
    "kmod-static-nodes",
    "ldconfig",
    "logrotate",
    "lvm2-monitor",
    "man-db",
    "mdadm",
    "mdmonitor",
    "modprobe",
    "multipathd",
    "networkd-dispatcher",
    "networking",
    "nftables",
    "nix-daemon",
    "nix-gc",
    "nscd",
    "ntp",
    "ntpd",
    "ntpsec",
    "openntpd",
    "packagekit",
    "podman",
    "podman-auto-update",
    "podman-restart",
    "polkit",
    "procps",
    "quotaon",
    "rc",
    "rc-local",
    "rescue",
    "resolvconf",
    "rpcbind",
    "rsync",
    "rsyslog",
    "rtkit-daemon",
    "serial-getty",
    "smartd",
    "smartmontools",
    "snapd",
    "ssh",
    "sshd",
    "sshd-keygen",
    "sssd",
    "sudo",
    "syslog",
    "system-update-cleanup",
    "udev",
    "udisks2",
    "ufw",
    "unattended-upgrades",
    "upower",
    "user",
    "user-runtime-dir",
    "uuidd",
];

/// 1 to 40 of `a-z`, `0-9` and `-`, starting with a letter and not ending with `-`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(String);

impl Name {
    pub(crate) fn parse(text: &str) -> Result<Self, Refusal> {
        let refused = |why: &str| Err(Refusal::bad_value(format!("a name {why}")).hint("write it like `execution`"));
        if text.is_empty() || text.len() > LENGTH_MAX {
            return refused("has 1 to 40 characters");
        }
        if !text.starts_with(|first: char| first.is_ascii_lowercase()) {
            return refused("starts with a lower-case letter");
        }
        if !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-') {
            return refused("is lower-case letters, digits and `-`");
        }
        if text.ends_with('-') {
            return refused("does not end with `-`");
        }
        if text == "systemd" || text.starts_with("systemd-") {
            return refused("of ours never starts with `systemd`: the unit would replace one of systemd's own");
        }
        Ok(Self(text.to_owned()))
    }

    /// The name of a service or job, which is also its unit's: none that a host has.
    pub(crate) fn parse_unit(text: &str) -> Result<Self, Refusal> {
        let name = Self::parse(text)?;
        if UNITS_OF_HOSTS.contains(&text) {
            let message = format!("{text} is a unit of the host itself: one of that name would take its place");
            return Err(Refusal::bad_value(message).hint(format!("name it for its work, like `trading-{text}`")));
        }
        Ok(name)
    }

    /// The name of a deployment, which is also its target's: none that systemd has.
    pub(crate) fn parse_deployment(text: &str) -> Result<Self, Refusal> {
        let name = Self::parse(text)?;
        let generation = text.strip_prefix("runlevel").is_some_and(|level| level.parse::<u8>().is_ok());
        if generation || TARGETS_OF_SYSTEMD.contains(&text) {
            let message = format!("{text}.target is systemd's own: a deployment of that name would take its place");
            return Err(Refusal::bad_value(message).hint("name it for what it trades, like `avwap`"));
        }
        Ok(name)
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_of_a_host_keep_their_names() {
        for text in ["dbus", "ssh", "cron", "getty", "systemd-logind", "podman-auto-update"] {
            assert!(Name::parse_unit(text).is_err(), "{text}");
        }
        for text in ["drift", "eod", "ssh-tunnel", "scan"] {
            assert!(Name::parse_unit(text).is_ok(), "{text}");
        }
        for list in [UNITS_OF_HOSTS, TARGETS_OF_SYSTEMD] {
            assert!(list.is_sorted(), "in the order in which they are looked for by people");
            let plain = list.iter().filter(|name| Name::parse(name).is_ok());
            assert_eq!(plain.count(), list.len(), "each could be written");
        }
    }

    #[test]
    fn names_that_are_units() {
        for text in ["a", "scan", "execution-restart", "eod2"] {
            assert_eq!(Name::parse(text).unwrap().as_str(), text);
        }
        let long = "a".repeat(41);
        for text in
            ["", "Scan", "2scan", "-scan", "scan-", "sc an", "sc/an", "scan.service", "systemd-udevd", "ä", &long]
        {
            assert!(Name::parse(text).is_err(), "{text:?}");
        }
    }
}
