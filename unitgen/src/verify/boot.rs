//! Does a boot reach the unit that wants the deployment's target? A search path without `default.target` says nothing of it.

use super::{Code, Entry, Listing, Outcome};
use crate::guardrails::Manager;

/// The units that a boot may lead to; a desktop's reaches the server's.
const REACHED: [&str; 2] = ["multi-user.target", "graphical.target"];

/// More links than anybody lays.
const STEPS_MAX: usize = 8;

pub(super) fn check(manager: Manager, listing: &Listing, outcome: &mut Outcome, target: &str) {
    let boot = manager.boot();
    if let Some((file, entry)) = listing.named(boot).next()
        && entry.is_mask()
    {
        return outcome.find(Code::BootElsewhere, target, file, format!("{boot} is masked"));
    }
    // A login's target is wanted by the very unit that its manager starts with, whatever that is another name of.
    if manager == Manager::User {
        return;
    }
    let Some((first, _)) = listing.named("default.target").next() else { return };
    let mut name = "default.target";
    for _ in 0..STEPS_MAX {
        let entry = listing.named(name).next().map(|(_, entry)| entry);
        if entry.is_some_and(Entry::is_mask) {
            return outcome.find(Code::BootElsewhere, target, first, format!("{name} is masked"));
        }
        if REACHED.contains(&name) || entry.and_then(Entry::content).is_some_and(pulls) {
            return;
        }
        match entry.and_then(Entry::link) {
            Some(link) if link.base_name() != name => name = link.base_name(),
            Some(_) | None => break,
        }
    }
    outcome.find(Code::BootElsewhere, target, first, format!("it leads to {name}, which starts no {boot}"));
}

/// Whether a target of others starts one of those, whatever it is called.
fn pulls(content: &[u8]) -> bool {
    String::from_utf8_lossy(content).lines().any(|line| {
        ["Requires=", "Wants=", "BindsTo="]
            .iter()
            .filter_map(|key| line.strip_prefix(key))
            .any(|units| units.split_whitespace().any(|unit| REACHED.contains(&unit)))
    })
}
