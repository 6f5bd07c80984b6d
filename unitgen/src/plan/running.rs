//! What systemd says of a deployment before a plan is made. Pure.

use std::collections::BTreeMap;

use super::steps::is_wanted;
use crate::{apply::shown::Shown, generations::Image};

/// What systemd says of a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Running {
    /// Whether the target runs.
    pub is_active: bool,
    /// Whether it has not read files of its units that changed since.
    pub needs_reload: bool,
    /// Units that the target wants and that do not run, with their state, each in words.
    pub resting: Vec<String>,
}

impl Running {
    /// The properties that are read.
    pub const PROPERTIES: &str = "Id,LoadState,ActiveState,NeedDaemonReload";

    /// Reads what was shown of units, the target among them.
    #[must_use]
    pub fn read(shown: &BTreeMap<String, Shown>, image: &Image, target: &str) -> Self {
        let state = |unit: &str| shown.get(unit).map_or("unknown", |shown| shown.get("ActiveState"));
        let rests = |unit: &String| is_wanted(image, target, unit) && !shown.get(unit).is_some_and(Shown::is_up);
        Self {
            is_active: state(target) == "active",
            needs_reload: shown.values().any(|shown| shown.get("NeedDaemonReload") == "yes"),
            resting: image.unit_names().filter(rests).map(|unit| format!("{unit} ({})", state(&unit))).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::generations::Content;

    #[test]
    fn what_is_wanted_and_does_not_run_is_named() {
        let mut image = Image::default();
        for (name, text) in [
            ("a.target", "[Unit]\nWants=a.service\nWants=a.timer\nWants=b.timer\n"),
            ("a.service", "[Service]\n"),
            ("a.timer", "[Timer]\n"),
            ("b.timer", "[Timer]\n"),
            ("job.service", "[Service]\nType=oneshot\n"),
        ] {
            image.add(format!("etc/systemd/system/{name}"), Content::File(text.as_bytes().to_vec()));
        }
        let text = "Id=a.target\nActiveState=active\n\nId=a.service\nActiveState=failed\n\nId=b.timer\nActiveState=active\n\n\
            Id=job.service\nActiveState=inactive\n";
        let found = Running::read(&Shown::read(text), &image, "a.target");
        assert_eq!((found.is_active, found.needs_reload), (true, false));
        assert_eq!(found.resting, ["a.service (failed)", "a.timer (unknown)"]);
        let stale = format!("{text}NeedDaemonReload=yes\n")
            .replace("Id=a.target\nActiveState=active", "Id=a.target\nActiveState=inactive");
        let found = Running::read(&Shown::read(&stale), &image, "a.target");
        assert_eq!((found.is_active, found.needs_reload), (false, true));
    }
}
