//! What a running manager will say of rendered units: unit by unit and property by property, as `systemctl show` prints it.
//!
//! Pure, from the tree alone. 252 and 257 print these the same; what neither prints (`LoadCredential=` is "[unprintable]" in
//! both) or only of a running unit (`WatchdogUSec=`) is not predicted. A test boots both and compares.

mod expectation;
mod reading;
mod service;
mod span;

use std::collections::{BTreeMap, BTreeSet};

pub use expectation::Expectation;
use reading::Loaded;

use crate::{Tree, installation::Installation};

/// Keys of `[Unit]` that name units, with the property of the named unit that names this one.
const LINKS: [(&str, Option<&str>); 8] = [
    ("Wants", Some("WantedBy")),
    ("Requires", Some("RequiredBy")),
    ("BindsTo", Some("BoundBy")),
    ("PartOf", Some("ConsistsOf")),
    ("Conflicts", Some("ConflictedBy")),
    ("OnSuccess", Some("OnSuccessOf")),
    ("OnFailure", Some("OnFailureOf")),
    ("After", None),
];

/// One property and what it must hold.
pub type Property = (String, Expectation);

/// Predicts every property that can be, of every unit of a rendered tree that the system's manager loads.
#[must_use]
pub fn predict(tree: &Tree) -> BTreeMap<String, Vec<Property>> {
    predict_at(&Installation::SYSTEM, tree)
}

/// The same wherever it is loaded.
#[must_use]
pub fn predict_at(installation: &Installation, tree: &Tree) -> BTreeMap<String, Vec<Property>> {
    let is_unit = |path: &&str| [".service", ".timer", ".target"].iter().any(|kind| path.ends_with(kind));
    let names: BTreeSet<String> = tree.iter().map(|(path, _)| path).filter(is_unit).map(str::to_owned).collect();
    let units: Vec<Loaded<'_>> = names.iter().map(|name| Loaded::of(installation, tree, name)).collect();
    let links = Links::between(&units, names);
    let predicted = units.iter().map(|unit| {
        let mut properties = of_every_unit(installation, unit);
        properties.extend(links.of(&unit.name));
        match unit.name.rsplit_once('.').map(|(_, kind)| kind) {
            Some("service") => properties.extend(service::properties(installation.manager(), unit)),
            Some("timer") => properties.extend(of_timer(unit)),
            Some(_) | None => {}
        }
        (unit.name.clone(), properties)
    });
    predicted.collect()
}

fn text(name: &str, value: impl Into<String>) -> Property {
    (name.to_owned(), Expectation::Text(value.into()))
}

/// A property that an operator of the host may set for every unit that does not say it.
fn of_manager(name: &str, property: &'static str, usual: &'static str) -> Property {
    (name.to_owned(), Expectation::OfManager { property, usual })
}

fn of_every_unit(installation: &Installation, unit: &Loaded<'_>) -> Vec<Property> {
    let folder = format!("/{}", installation.units());
    let or = |key: &str, default: &str| unit.last("Unit", key).unwrap_or_else(|| default.to_owned());
    let drop_ins = unit.drop_ins.iter().map(|path| format!("{folder}/{path}"));
    vec![
        text("Id", &unit.name),
        text("LoadState", "loaded"),
        text("LoadError", ""),
        text("FragmentPath", format!("{folder}/{}", unit.name)),
        ("DropInPaths".to_owned(), Expectation::Words(drop_ins.collect())),
        text("Description", or("Description", "")),
        text("OnSuccessJobMode", or("OnSuccessJobMode", "fail")),
        text("OnFailureJobMode", or("OnFailureJobMode", "replace")),
        match unit.last("Unit", "StartLimitIntervalSec") {
            Some(said) => text("StartLimitIntervalUSec", span::shown_seconds(&said)),
            None => of_manager("StartLimitIntervalUSec", "DefaultStartLimitIntervalUSec", "10s"),
        },
        match unit.last("Unit", "StartLimitBurst") {
            Some(said) => text("StartLimitBurst", said),
            None => of_manager("StartLimitBurst", "DefaultStartLimitBurst", "5"),
        },
        text("RefuseManualStart", "no"),
    ]
}

fn of_timer(unit: &Loaded<'_>) -> Vec<Property> {
    let or = |key: &str, default: &str| unit.last("Timer", key).unwrap_or_else(|| default.to_owned());
    vec![
        text("Unit", or("Unit", "")),
        text("Persistent", if or("Persistent", "false") == "true" { "yes" } else { "no" }),
        text("AccuracyUSec", or("AccuracySec", "1min")),
        text("RandomizedDelayUSec", "0"),
        text("RemainAfterElapse", "yes"),
        text("TimersMonotonic", ""),
        text("OnClockChange", "no"),
        text("OnTimezoneChange", "no"),
        (
            "TimersCalendar".to_owned(),
            Expectation::Calendar(unit.list("Timer", "OnCalendar").iter().map(|line| calendar(line)).collect()),
        ),
    ]
}

/// Weekdays that are all of them are shown as none.
fn calendar(expression: &str) -> String {
    expression.strip_prefix("Mon..Sun ").unwrap_or(expression).to_owned()
}

/// Who names whom, both ways.
struct Links {
    all: BTreeSet<String>,
    /// By unit and property.
    named: BTreeMap<(String, String), BTreeSet<String>>,
}

impl Links {
    fn between(units: &[Loaded<'_>], all: BTreeSet<String>) -> Self {
        let mut links = Self { all, named: BTreeMap::new() };
        for unit in units {
            for (key, inverse) in LINKS {
                for other in unit.words("Unit", key) {
                    links.add(&unit.name, key, &other);
                    if let Some(inverse) = inverse {
                        links.add(&other, inverse, &unit.name);
                    }
                    // A target comes after what it wants, without a word.
                    if key == "Wants" && unit.name.ends_with(".target") {
                        links.add(&unit.name, "After", &other);
                    }
                }
            }
            if let Some(triggered) = unit.last("Timer", "Unit") {
                links.add(&unit.name, "Triggers", &triggered);
                links.add(&triggered, "TriggeredBy", &unit.name);
                links.add(&triggered, "After", &unit.name);
            }
        }
        links
    }

    fn add(&mut self, unit: &str, property: &str, other: &str) {
        self.named.entry((unit.to_owned(), property.to_owned())).or_default().insert(other.to_owned());
    }

    fn of(&self, unit: &str) -> Vec<Property> {
        let properties = LINKS.iter().flat_map(|(key, inverse)| [Some(*key), *inverse]).flatten().chain([
            "Triggers",
            "TriggeredBy",
            "Upholds",
        ]);
        let expect = |property: &str| {
            let named = self.named.get(&(unit.to_owned(), property.to_owned())).cloned().unwrap_or_default();
            let (ours, others) = named.into_iter().partition(|name| self.all.contains(name));
            Expectation::Units { ours, others, all: self.all.clone() }
        };
        properties.map(|property| (property.to_owned(), expect(property))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{installation::Login, source, systemd};

    fn predicted(systemd: u16) -> BTreeMap<String, Vec<Property>> {
        let text = include_str!("../../../manifests/avwap.toml");
        let text = text.replace("scope = \"system\"", "scope = \"user\"").replace("group = \"trading\"\n", "");
        let text = text.replace("\"/var/lib/avwap\"", "\"avwap\"");
        let checked = source::check(text.as_bytes()).unwrap();
        let tree = systemd::render(&checked.deployment, text.as_bytes(), &checked.digest);
        let login = Login { systemd, ..Login::at_home("trader", 1500, "/home/trader") };
        predict_at(&Installation::of_login(login), &tree)
    }

    #[test]
    fn the_manager_of_a_login_shows_its_own_places() {
        for (systemd, state) in [(252, "/home/trader/.config"), (257, "/home/trader/.local/state")] {
            let predicted = predicted(systemd);
            let check = |property: &str, shown: &str| {
                let (_, expect) = predicted["execution.service"].iter().find(|(name, _)| name == property).unwrap();
                expect.check(&[shown])
            };
            let units = "/home/trader/.config/systemd/user/execution.service";
            assert_eq!(check("FragmentPath", units), Ok(()));
            let drop_ins = format!("{units}.d/10-watchlist-gate.conf {units}.d/20-restart-policy.conf");
            assert_eq!(check("DropInPaths", &drop_ins), Ok(()));
            assert_eq!(check("DevicePolicy", "closed"), Ok(()));
            assert_eq!(check("User", ""), Ok(()));
            let says = check("Environment", "").unwrap_err();
            assert!(says.contains(&format!("{state}/avwap/data/execution_v2.sqlite")), "{systemd}: {says}");
            assert!(says.contains("/home/trader/.config/portcullis/avwap.toml"), "{says}");
        }
    }
}
