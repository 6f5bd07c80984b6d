//! Why every rendered line is there: a closed catalogue, one rule a kind of line.
//!
//! A rule says what its lines are for, which manual page tells of them, what was measured where the page is silent or
//! surprising, which incident they prevent, and the manifest's key they follow from, or whose policy they are. Measured
//! means: seen under systemd 252 and 257 as PID 1. A test holds the catalogue against everything that is rendered: no line
//! without a rule, no rule without a line.

mod accounts;
mod containers;
mod environment;
mod line;
mod sandbox;
mod service;
mod timer;
mod unit;

pub use line::{Dialect, Line, read};

/// Why lines of one kind are rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its stable name.
    pub id: &'static str,
    /// What its lines are for, in one or two sentences.
    pub purpose: &'static str,
    /// The manual page of the directive, with its section.
    pub page: &'static str,
    /// What was measured of it.
    pub measured: Option<&'static str>,
    /// What happened where it was missing.
    pub incident: Option<&'static str>,
    /// What it follows from.
    pub follows: Follows,
    section: &'static str,
    keys: &'static [&'static str],
    element: Option<Element>,
    value: Value,
}

/// What in a manifest a line follows from.
///
/// In keys, NAME is the unit's own service or job, SERVED the service that a job serves or restarts, GROUP the group of
/// secrets that has the credential, VARIABLE the environment variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follows {
    /// These keys, as far as they are written; else the default of the first that could be.
    Keys(&'static [&'static str]),
    /// No line: policy, and of whom.
    Policy(&'static str),
}

/// What of a manifest a unit belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Element {
    /// The deployment as a whole.
    Deployment,
    /// A service.
    Service,
    /// A job that runs a program.
    Run,
    /// A job that restarts a service.
    Restart,
}

/// What a line's value must be for a rule to be about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    Any,
    Is(&'static str),
    Starts(&'static str),
    StartsAmong(&'static [&'static str]),
    Contains(&'static str),
    Among(&'static [&'static str]),
}

/// The rule of a line of an element's unit; the first that fits, so that what is special stands before what is general.
#[must_use]
pub fn rule_of(line: &Line, element: Element) -> Option<&'static Rule> {
    all().find(|rule| rule.is_about(line, element))
}

/// Every rule.
pub fn all() -> impl Iterator<Item = &'static Rule> {
    // A unit that runs podman says on the host what others say of their program, so what is podman's stands first.
    let catalogue = [
        containers::RULES,
        unit::RULES,
        service::RULES,
        environment::RULES,
        sandbox::RULES,
        timer::RULES,
        accounts::RULES,
    ];
    catalogue.into_iter().flatten()
}

impl Rule {
    /// The section of its lines; for files without sections, the kind of file.
    #[must_use]
    pub fn section(&self) -> &'static str {
        self.section
    }

    /// The directives of its lines.
    #[must_use]
    pub fn keys(&self) -> &'static [&'static str] {
        self.keys
    }

    fn is_about(&self, line: &Line, element: Element) -> bool {
        let fits = match self.value {
            Value::Any => true,
            Value::Is(value) => line.value == value,
            Value::Starts(start) => line.value.starts_with(start),
            Value::StartsAmong(starts) => starts.iter().any(|start| line.value.starts_with(start)),
            Value::Contains(part) => line.value.contains(part),
            Value::Among(values) => values.contains(&line.value.as_str()),
        };
        fits && self.section == line.section
            && self.keys.contains(&line.key.as_str())
            && self.element.is_none_or(|own| own == element)
    }

    const fn of(id: &'static str, section: &'static str, keys: &'static [&'static str], page: &'static str) -> Self {
        let follows = Follows::Policy(EVERY_MANIFEST);
        let (measured, incident, element, value) = (None, None, None, Value::Any);
        Self { id, purpose: "", page, measured, incident, follows, section, keys, element, value }
    }

    const fn purpose(self, purpose: &'static str) -> Self {
        Self { purpose, ..self }
    }

    const fn measured(self, measured: &'static str) -> Self {
        Self { measured: Some(measured), ..self }
    }

    const fn incident(self, incident: &'static str) -> Self {
        Self { incident: Some(incident), ..self }
    }

    const fn from(self, keys: &'static [&'static str]) -> Self {
        Self { follows: Follows::Keys(keys), ..self }
    }

    const fn policy(self, whose: &'static str) -> Self {
        Self { follows: Follows::Policy(whose), ..self }
    }

    const fn only(self, element: Element) -> Self {
        Self { element: Some(element), ..self }
    }

    const fn value(self, value: &'static str) -> Self {
        Self { value: Value::Is(value), ..self }
    }

    const fn starts(self, start: &'static str) -> Self {
        Self { value: Value::Starts(start), ..self }
    }

    const fn among_starts(self, starts: &'static [&'static str]) -> Self {
        Self { value: Value::StartsAmong(starts), ..self }
    }

    const fn contains(self, part: &'static str) -> Self {
        Self { value: Value::Contains(part), ..self }
    }

    const fn among(self, values: &'static [&'static str]) -> Self {
        Self { value: Value::Among(values), ..self }
    }
}

const EVERY_MANIFEST: &str = "every manifest";
const EVERY_JOB: &str = "every job";
const EVERY_SERVICE: &str = "every service";
const ORDERS: &str = "every service that may open positions";

const UNIT: &str = "systemd.unit(5)";
const SERVICE: &str = "systemd.service(5)";
const EXEC: &str = "systemd.exec(5)";
const KILL: &str = "systemd.kill(5)";
const RESOURCES: &str = "systemd.resource-control(5)";
const TIMER: &str = "systemd.timer(5)";
const NIXOS: &str = "switch-to-configuration, in the NixOS manual";

/// What a service or job runs, by which its sandbox is chosen.
const WORK: &[&str] = &["services.NAME.role", "jobs.NAME.program", "jobs.NAME.restart"];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_rule_is_whole_and_has_a_name_of_its_own() {
        let mut ids = BTreeSet::new();
        for rule in all() {
            assert!(ids.insert(rule.id), "{} is there twice", rule.id);
            let texts = [Some(rule.purpose), rule.measured, rule.incident];
            for text in texts.into_iter().flatten() {
                assert!(text.len() > 20 && text.ends_with('.'), "{}: {text}", rule.id);
            }
            let named_page = rule.page.ends_with(')') || rule.page == NIXOS;
            assert!(named_page && !rule.keys.is_empty(), "{}", rule.id);
            assert!(rule.follows != Follows::Keys(&[]), "{}", rule.id);
        }
    }

    #[test]
    fn the_special_stands_before_the_general() {
        for (key, value, element, id) in [
            ("Wants", "network-online.target", Element::Service, "network-first"),
            ("Wants", "scan.timer", Element::Deployment, "one-target"),
            ("OnSuccess", "execution.service", Element::Restart, "restart-starts-afresh"),
            ("OnSuccess", "execution-restart.service", Element::Run, "followers"),
        ] {
            let line = Line {
                file: String::new(),
                number: 1,
                span: 0..0,
                section: "Unit".to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
            };
            assert_eq!(rule_of(&line, element).map(|rule| rule.id), Some(id), "{key}={value}");
        }
    }
}
