//! Units of others that reach into the deployment without a link: those that start a service by its name alone, the slices that
//! its services live in, and those that cannot be read.

use super::{Code, Entry, Expected, Listing, Outcome, drop_ins, judge_foreign, runners};
use crate::guardrails::{Manager, assignments};

/// Each starts the service of its own name when it does not say another. Source: systemd.path(5), systemd.socket(5),
/// systemd.timer(5).
const STARTERS: [&str; 3] = [".path", ".socket", ".timer"];

/// What lies beside units.
const FOLDERS: [&str; 4] = [".d", ".wants", ".requires", ".upholds"];

/// Where both managers' own units lie.
const OWN: &str = "/usr/lib/systemd/";

/// A limit of theirs is one of every service in them.
pub(crate) fn slices(manager: Manager) -> [&'static str; 2] {
    match manager {
        Manager::System => ["system.slice", "-.slice"],
        Manager::User => ["app.slice", "-.slice"],
    }
}

pub(super) fn check(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    check_starters(expected, listing, outcome);
    check_triggers(expected, listing, outcome);
    runners::check(expected, listing, outcome);
    for slice in slices(expected.installation.manager()) {
        if let Some((file, entry)) = listing.named(slice).next()
            && !file.contains(OWN)
            && !entry.content().is_some_and(drop_ins::says_nothing)
        {
            outcome.find(Code::ForeignDropIn, slice, file, "a slice that services of the deployment live in");
        }
        judge_foreign(slice, &drop_ins::in_force(listing, slice), outcome);
    }
    check_unreadable(expected, listing, outcome);
}

fn check_starters(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    for (unit, _) in expected.tree.iter().filter(|(path, _)| !path.contains('/')) {
        let stems = std::iter::once(unit).chain(listing.aliases(unit)).filter_map(|name| name.strip_suffix(".service"));
        for starter in stems.flat_map(|stem| STARTERS.map(|kind| format!("{stem}{kind}"))) {
            if expected.tree.get(&starter).is_none()
                && let Some((file, entry)) = listing.named(&starter).next()
                && !entry.is_mask()
            {
                outcome.find(Code::StartedByOthers, unit, file, format!("{starter} starts it by its name"));
            }
        }
    }
}

/// The same by a word of theirs: `Unit=` of a timer or path, `Service=` of a socket.
fn check_triggers(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let is_starter = |name: &&str| STARTERS.iter().any(|kind| name.ends_with(kind));
    for name in listing.names().filter(is_starter).filter(|name| expected.tree.get(name).is_none()) {
        let Some((file, entry)) = listing.named(name).next() else { continue };
        let mut texts = vec![(file, entry)];
        texts.extend(drop_ins::in_folders(listing, &[name], ".d").into_values().map(|laid| (laid.path, laid.entry)));
        let mut said = texts.iter().flat_map(|(file, entry)| assignments(file, entry.content().unwrap_or_default()));
        let last = said.rfind(|said| ["Unit", "Service"].contains(&said.key.as_str()));
        if let Some(said) = last.filter(|said| expected.tree.get(&said.value).is_some()) {
            outcome.find(Code::StartedByOthers, &said.value, said.file.clone(), format!("{name} starts it"));
        }
    }
}

/// What cannot be read may start or change anything; what is told already is not told twice.
fn check_unreadable(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let mut find = |unit: &str, file: String, entry: &Entry| {
        if let Entry::Unreadable(error) = entry
            && outcome.findings.iter().all(|found| found.file != file)
        {
            outcome.find(Code::Unreadable, unit, file, error.clone());
        }
    };
    for name in listing.names().filter(|name| expected.tree.get(name).is_none()) {
        let folder = FOLDERS.iter().find_map(|kind| name.strip_suffix(kind));
        let Some(unit) = folder else {
            // Only the first of a name counts.
            listing.named(name).take(1).for_each(|(file, entry)| find(name, file, entry));
            continue;
        };
        listing.named(name).for_each(|(file, entry)| find(unit, file, entry));
        listing.inside(name).for_each(|(file, _, entry)| find(unit, file, entry));
    }
}
