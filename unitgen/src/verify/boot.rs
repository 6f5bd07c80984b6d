//! Does a boot reach the unit that wants the deployment's target? A search path without `default.target` says nothing of it.

use std::collections::BTreeSet;

use super::{Code, Entry, Listing, Outcome, drop_ins};
use crate::guardrails::{Manager, assignments};

/// What a target of others starts, by its text and by links.
const STARTS: [&str; 3] = ["Requires", "Wants", "BindsTo"];
const LINKS: [&str; 2] = [".wants", ".requires"];
/// Where a search path has none, it is the vendor's, which requires the server's.
const OF_A_DESKTOP: &str = "graphical.target";

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
    let (mut seen, mut ahead) = (BTreeSet::new(), vec!["default.target".to_owned()]);
    let mut leads_to = "default.target".to_owned();
    while let Some(name) = ahead.pop() {
        let entry = listing.named(&name).next().map(|(_, entry)| entry);
        if !entry.is_some_and(Entry::is_mask) && (name == boot || (entry.is_none() && name == OF_A_DESKTOP)) {
            return;
        }
        if let Some(link) = entry.and_then(Entry::link).filter(|link| link.base_name() != name) {
            link.base_name().clone_into(&mut leads_to);
        }
        if seen.insert(name.clone()) && !entry.is_some_and(Entry::is_mask) {
            ahead.extend(started_by(listing, &name, entry).into_iter().filter(|next| !seen.contains(next)));
        }
    }
    outcome.find(Code::BootElsewhere, target, first, format!("it leads to {leads_to}, which starts no {boot}"));
}

/// The targets that a target starts: where it is a link, in its text with its drop-ins, and by links beside it.
fn started_by(listing: &Listing, name: &str, entry: Option<&Entry>) -> Vec<String> {
    let mut started: Vec<String> =
        entry.and_then(Entry::link).map(|link| link.base_name().to_owned()).into_iter().collect();
    let laid = drop_ins::in_force(listing, name);
    // Of an alias the unit that it means counts, wherever that is read from, and not the file behind the link.
    let own = entry.filter(|entry| entry.link().is_none_or(|link| link.alias_of.is_none()));
    let texts = own.into_iter().chain(laid.values().map(|laid| laid.entry)).filter_map(Entry::content);
    let said = texts.flat_map(|content| assignments("", content)).filter(|said| STARTS.contains(&said.key.as_str()));
    started.extend(said.flat_map(|said| said.value.split_whitespace().map(str::to_owned).collect::<Vec<_>>()));
    for kind in LINKS {
        let linked = drop_ins::in_folders(listing, &[name], kind).into_iter();
        started.extend(linked.filter(|(_, found)| !found.entry.is_mask()).map(|(name, _)| name));
    }
    started.retain(|unit| unit.ends_with(".target"));
    started
}
