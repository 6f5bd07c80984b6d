//! Units of others that reach into the deployment without a link: those that start a service by its name alone, those that
//! run its programs themselves, and the slices that its services live in.

use std::collections::BTreeSet;

use super::{Code, Expected, Listing, Outcome, drop_ins, judge_foreign};
use crate::{guardrails::Manager, systemd::header};

/// Each starts the service of its own name when it does not say another. Source: systemd.path(5), systemd.socket(5),
/// systemd.timer(5).
const STARTERS: [&str; 3] = [".path", ".socket", ".timer"];

/// Where both managers' own units lie.
const OWN: &str = "/usr/lib/systemd/";

/// A limit of theirs is one of every service in them.
fn slices(manager: Manager) -> [&'static str; 2] {
    match manager {
        Manager::System => ["system.slice", "-.slice"],
        Manager::User => ["app.slice", "-.slice"],
    }
}

pub(super) fn check(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    check_starters(expected, listing, outcome);
    check_programs(expected, listing, outcome);
    for slice in slices(expected.installation.manager()) {
        if let Some((file, entry)) = listing.named(slice).next()
            && !file.contains(OWN)
            && !entry.content().is_some_and(drop_ins::says_nothing)
        {
            outcome.find(Code::ForeignDropIn, slice, file, "a slice that services of the deployment live in");
        }
        judge_foreign(slice, &drop_ins::in_force(listing, slice), outcome);
    }
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

/// Enabled or not: one `systemctl start` runs it. A unit that is rendered for another deployment is that one's business.
fn check_programs(expected: &Expected<'_>, listing: &Listing, outcome: &mut Outcome) {
    let programs = programs_of(expected);
    for name in listing.names().filter(|name| name.ends_with(".service") && expected.tree.get(name).is_none()) {
        let Some((file, entry)) = listing.named(name).next() else { continue };
        let Some(content) = entry.content().filter(|content| header::deployment_of(content).is_none()) else {
            continue;
        };
        if entry.link().is_some_and(|link| link.alias_of.is_some()) {
            continue;
        }
        let text = String::from_utf8_lossy(content);
        let run = programs.iter().find(|program| text.contains(**program) && runs(&text, program));
        if let Some(program) = run {
            outcome.find(Code::ForeignRun, name, file, format!("it runs {program}"));
        }
    }
}

/// What the deployment's services run behind a gate; an alert or a report may be sent by anybody.
fn programs_of<'a>(expected: &Expected<'a>) -> BTreeSet<&'a str> {
    let services = expected.tree.iter().filter(|(path, _)| path.ends_with(".service"));
    let texts = services.filter_map(|(_, content)| std::str::from_utf8(content).ok());
    let gated = texts.filter(|text| text.contains("\nExecCondition=") || text.contains("\nExecStartPre="));
    let starts = gated.flat_map(|text| text.lines().filter_map(|line| line.strip_prefix("ExecStart=")));
    starts.filter_map(|command| command.split_whitespace().next()).collect()
}

/// Whether a line that is no comment names the program: in whatever directive, after whatever a shell puts before it.
fn runs(text: &str, program: &str) -> bool {
    let lines = drop_ins::lines(text).map(str::trim).filter(|line| !line.starts_with(['#', ';']));
    let words = lines.flat_map(|line| line.split(|sign: char| sign.is_whitespace() || "=\"';&|()".contains(sign)));
    words.map(|word| word.trim_start_matches(['@', '-', ':', '+', '!'])).any(|word| word == program)
}
