//! The steps of a plan, in order. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Delta, Found, Running, Wanted};
use crate::{
    apply::switch::After,
    generations::{Image, image::unit_of},
};

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Step {
    /// Keep what shall be laid, and what is there, as generations.
    Keep,
    /// Write a file, or replace it.
    Write {
        /// The file.
        path: String,
        /// Whether there is one already.
        replaces: bool,
    },
    /// Remove a file.
    Remove {
        /// The file.
        path: String,
    },
    /// Stop a unit that goes, before its files do.
    Stop {
        /// The unit.
        unit: String,
        /// Whether it places orders: then only while nothing is held, and with something held nothing of the plan is done.
        orders: bool,
    },
    /// Let systemd read its files.
    Reload,
    /// Start a unit afresh, if it runs.
    Restart {
        /// The unit.
        unit: String,
        /// Whether it places orders: then only while nothing is held.
        orders: bool,
        /// Why.
        why: String,
    },
    /// Start a unit.
    Start {
        /// The unit.
        unit: String,
    },
    /// Wait until all of it is well; else go back.
    Await {
        /// How many units are looked at.
        units: usize,
    },
}

/// All of them; none when there is nothing to do. On a root that does not run nothing is started or waited for.
pub(super) fn steps(wanted: &Wanted, found: &Found, delta: &Delta, orders: &BTreeSet<String>) -> Vec<Step> {
    let is_up_to_date = found.running.as_ref().is_none_or(|running| running.is_active && !running.needs_reload);
    if delta.is_empty() && found.current.is_some() && is_up_to_date {
        return Vec::new();
    }
    let mut steps = vec![Step::Keep];
    if found.running.is_some() {
        let stops = delta.removed.iter().filter(|unit| !unit.ends_with(".target"));
        steps.extend(stops.map(|unit| Step::Stop { unit: unit.clone(), orders: orders.contains(unit) }));
    }
    for change in &delta.changes {
        let path = format!("/{}", change.path);
        steps.push(match change.after {
            After::Gone => Step::Remove { path },
            After::Thing(_) | After::Program(_) => {
                Step::Write { path, replaces: found.installed.get(&change.path).is_some() }
            }
        });
    }
    if let Some(running) = &found.running {
        steps.extend(of_units(wanted, running, delta, orders));
    }
    steps
}

/// What systemd is asked for.
fn of_units(wanted: &Wanted, running: &Running, delta: &Delta, orders: &BTreeSet<String>) -> Vec<Step> {
    let (target, image) = (format!("{}.target", wanted.deployment), &wanted.image);
    let mut steps = Vec::new();
    if !delta.changes.is_empty() || running.needs_reload {
        steps.push(Step::Reload);
    }
    let touched: BTreeSet<_> = delta.changes.iter().filter_map(|change| unit_of(&change.path)).collect();
    for unit in delta.restarts().filter(|unit| !is_job(image, unit)) {
        let why = if touched.contains(unit) { "its unit changes" } else { "its program was replaced" };
        let orders = orders.contains(unit);
        steps.push(Step::Restart { unit: unit.to_owned(), orders, why: why.to_owned() });
    }
    if !running.is_active || delta.added.contains(&target) {
        steps.push(Step::Start { unit: target });
    } else {
        let starts = delta.added.iter().filter(|unit| is_wanted(image, &target, unit));
        steps.extend(starts.map(|unit| Step::Start { unit: unit.clone() }));
    }
    steps.push(Step::Await { units: image.units().count() });
    steps
}

/// Jobs run when their timer says so; a change never runs one.
pub(crate) fn is_job(image: &Image, unit: &str) -> bool {
    image.texts_of(unit).iter().any(|text| text.contains("\nType=oneshot\n"))
}

/// Whether the deployment's target starts it.
pub(crate) fn is_wanted(image: &Image, target: &str, unit: &str) -> bool {
    let wants = |text: &&str| text.lines().any(|line| line.strip_prefix("Wants=") == Some(unit));
    image.texts_of(target).iter().any(wants)
}
