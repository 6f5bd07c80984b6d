//! Whose the accounts and the state of a deployment are: its own, and nobody's whom others of the host trust.
//!
//! systemd hands the state directory to the user with everything in it, and the user has every right of its groups. Numbers below
//! 100 are those that a distribution gives to its own accounts (Debian Policy 9.2.2), and 65534 is nobody's.

use super::{Kind, Trouble, Wanted};

/// Groups whose members are as good as root, or read what root alone should.
pub(super) const TRUSTED: [&str; 10] =
    ["admin", "disk", "docker", "incus-admin", "kmem", "libvirt", "lxd", "shadow", "sudo", "wheel"];
const OF_THE_SYSTEM: std::ops::Range<u32> = 0..100;
const NOBODY: u32 = 65_534;

/// What was found of accounts and of who owns what.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OwnersFound {
    /// The user's number, when there is one.
    pub user: Option<u32>,
    /// The group's.
    pub group: Option<u32>,
    /// The groups that others trust which the user is in.
    pub trusted: Vec<String>,
    /// Who owns the state directory, when it is there and that can be said.
    pub state: Option<u32>,
}

/// What is somebody else's.
pub(super) fn judge(wanted: &Wanted, found: &OwnersFound) -> Vec<Trouble> {
    let mut troubles = Vec::new();
    let mut add = |kind, subject: &str, says: String| {
        troubles.push(Trouble { kind, subject: subject.to_owned(), says });
    };
    for (what, name, number) in [("user", &wanted.user, found.user), ("group", &wanted.group, found.group)] {
        // The groups of a login are its owner's business.
        if name.is_empty() || (what == "group" && wanted.lingers) {
            continue;
        }
        match number {
            Some(0) => add(Kind::AccountOfOthers, name, format!("it is root: its {what} id is 0")),
            Some(number) if is_of_the_system(number) => {
                add(Kind::AccountOfOthers, name, format!("its {what} id {number} is one of the system's own"));
            }
            Some(_) | None => {}
        }
    }
    for group in found.trusted.iter().filter(|_| !wanted.lingers) {
        add(Kind::AccountOfOthers, &wanted.user, format!("it is in the group {group}, which others of the host trust"));
    }
    let state = wanted.places.iter().find(|place| place.purpose == super::wanted::STATE);
    if let (Some(state), Some(owner), Some(user)) = (state, found.state, found.user)
        && owner != user
        && !is_of_the_system(user)
    {
        let says = format!("it is there already, and user id {owner} owns it, not {} ({user})", wanted.user);
        add(Kind::PlaceOfOthers, &state.path, says);
    }
    troubles
}

fn is_of_the_system(number: u32) -> bool {
    OF_THE_SYSTEM.contains(&number) || number == NOBODY
}
