//! A script of rules, probabilities and a seed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::fault::{Fault, FaultError};

/// At most so many rules, and so many probabilities.
pub const RULES_MAX: usize = 1_000;

/// What goes wrong, as it is asked for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// Rules; the first that is due decides.
    #[serde(default)]
    pub script: Vec<Rule>,
    /// How likely a fault is, by its short form; together at most 1.
    #[serde(default)]
    pub probability: BTreeMap<String, f64>,
    /// Of the probabilities.
    #[serde(default)]
    pub seed: u64,
}

/// A fault for certain requests.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The requests it is for.
    #[serde(default, rename = "match")]
    pub fits: Fits,
    /// How many of them pass first.
    #[serde(default)]
    pub skip: u64,
    /// How many it strikes then.
    #[serde(default = "once")]
    pub times: u64,
    /// What it strikes them with.
    pub fault: Fault,
}

/// Requests by method and path; what is not said fits every one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fits {
    /// `GET`, `POST`, ...
    #[serde(default)]
    pub method: Option<String>,
    /// How the path begins.
    #[serde(default)]
    pub path: Option<String>,
}

/// Why a script makes no plan.
#[derive(Debug, Error, PartialEq)]
pub enum PlanError {
    /// A fault is none.
    #[error(transparent)]
    Fault(#[from] FaultError),
    /// A probability is none, or all are more than one.
    #[error("probabilities lie between 0 and 1, all together too")]
    Probability,
    /// Too many.
    #[error("at most {RULES_MAX} rules and as many probabilities")]
    TooMany,
}

/// A script under way.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    rules: Vec<Rule>,
    chances: Vec<(Fault, f64)>,
    seed: u64,
    asked: u64,
    /// Each fault, whether by a rule or by chance, and how often.
    met: Vec<(Fault, By, u64)>,
}

/// What decides that a fault meets a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// A rule of the script.
    Rule,
    /// A probability.
    Chance,
}

fn once() -> u64 {
    1
}

impl Plan {
    /// A plan at its beginning.
    ///
    /// # Errors
    /// See [`PlanError`].
    pub fn new(script: Script) -> Result<Self, PlanError> {
        if script.script.len() > RULES_MAX || script.probability.len() > RULES_MAX {
            return Err(PlanError::TooMany);
        }
        for rule in &script.script {
            rule.fault.checked()?;
        }
        let whole: f64 = script.probability.values().sum();
        let is_chance = |chance: &f64| (0.0..=1.0).contains(chance);
        // Ten times a tenth may be a hair more than one.
        if !script.probability.values().all(is_chance) || whole > 1.0 + 1e-9 {
            return Err(PlanError::Probability);
        }
        let mut chances = Vec::new();
        for (text, chance) in &script.probability {
            chances.push((text.parse()?, *chance));
        }
        Ok(Self { rules: script.script, chances, seed: script.seed, asked: 0, met: Vec::new() })
    }

    /// Whether nothing can go wrong any more.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.chances.is_empty() && self.rules.iter().all(|rule| rule.times == 0)
    }

    /// How many requests met a fault so far.
    #[must_use]
    pub fn met(&self) -> u64 {
        self.met.iter().map(|(_, _, times)| times).sum()
    }

    /// How many met this one, decided so.
    #[must_use]
    pub fn met_with(&self, fault: Fault, by: By) -> u64 {
        let same = self.met.iter().filter(|(other, decided, _)| (*other, *decided) == (fault, by));
        same.map(|(_, _, times)| times).sum()
    }

    /// The fault that meets the next request.
    pub fn meet(&mut self, method: &str, path: &str) -> Option<Fault> {
        let (fault, by) = self.next(method, path)?;
        match self.met.iter_mut().find(|(other, decided, _)| (*other, *decided) == (fault, by)) {
            Some((_, _, times)) => *times += 1,
            None => self.met.push((fault, by, 1)),
        }
        Some(fault)
    }

    fn next(&mut self, method: &str, path: &str) -> Option<(Fault, By)> {
        self.asked += 1;
        for rule in self.rules.iter_mut().filter(|rule| rule.times > 0 && rule.fits.fits(method, path)) {
            if rule.skip > 0 {
                rule.skip -= 1;
            } else {
                rule.times -= 1;
                return Some((rule.fault, By::Rule));
            }
        }
        let mut draw = uniform(self.seed, self.asked);
        for (fault, chance) in &self.chances {
            if draw < *chance {
                return Some((*fault, By::Chance));
            }
            draw -= chance;
        }
        None
    }
}

impl Fits {
    fn fits(&self, method: &str, path: &str) -> bool {
        self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|start| path.starts_with(start.as_str()))
    }
}

/// A number in [0, 1) of a seed and a place, whatever was drawn before: SplitMix64 (Steele, Lea and Flood, 2014).
fn uniform(seed: u64, place: u64) -> f64 {
    let mut z = seed.wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn plan(script: serde_json::Value) -> Plan {
        Plan::new(serde_json::from_value(script).unwrap()).unwrap()
    }

    #[test]
    fn a_rule_lets_some_pass_then_strikes_and_then_is_over() {
        let mut plan = plan(json!({"script": [
            {"match": {"method": "POST", "path": "/v2/orders"}, "skip": 1, "times": 2, "fault": "hang"}
        ]}));
        let met: Vec<bool> = (0..5).map(|_| plan.meet("POST", "/v2/orders").is_some()).collect();
        assert_eq!(met, [false, true, true, false, false]);
        assert_eq!(plan.met(), 2);
        assert_eq!([By::Rule, By::Chance].map(|by| plan.met_with(Fault::Hang, by)), [2, 0]);
        assert_eq!(plan.met_with(Fault::DropBefore, By::Rule), 0);
        assert!(plan.is_over());
    }

    #[test]
    fn a_rule_is_for_what_it_fits() {
        let mut plan = plan(json!({"script": [{"match": {"method": "post", "path": "/v2/orders"}, "fault": "hang"}]}));
        assert_eq!(plan.meet("GET", "/v2/orders"), None);
        assert_eq!(plan.meet("POST", "/v2/positions"), None);
        assert_eq!(plan.meet("POST", "/v2/orders/x"), Some(Fault::Hang));
    }

    #[test]
    fn the_first_rule_that_is_due_decides() {
        let mut plan = plan(json!({"script": [
            {"skip": 1, "fault": "drop_before"},
            {"times": 2, "fault": {"status": {"code": 503}}},
        ]}));
        let unavailable = Some(Fault::Status { code: 503, acted: false });
        let met: Vec<Option<Fault>> = (0..4).map(|_| plan.meet("GET", "/")).collect();
        assert_eq!(met, [unavailable, Some(Fault::DropBefore), unavailable, None]);
    }

    #[test]
    fn chances_come_true_as_often_as_they_should_and_alike_for_a_seed() {
        let run = |seed: u64| {
            let mut plan = plan(json!({"probability": {"hang": 0.1, "drop_after": 0.2}, "seed": seed}));
            (0..10_000).map(|_| plan.meet("GET", "/")).collect::<Vec<_>>()
        };
        let met = run(7);
        let count = |fault| met.iter().filter(|met| **met == Some(fault)).count();
        assert!((800..1_200).contains(&count(Fault::Hang)));
        assert!((1_800..2_200).contains(&count(Fault::DropAfter)));
        assert_eq!(met, run(7));
        assert_ne!(met, run(8));
    }

    #[test]
    fn bad_plans_are_refused() {
        let certain = json!({"probability": {"hang": 1.0}});
        assert_eq!(plan(certain).meet("GET", "/"), Some(Fault::Hang));
        for script in [
            json!({"probability": {"hang": 1.5}}),
            json!({"probability": {"hang": 0.6, "drop_before": 0.6}}),
            json!({"probability": {"hang": -0.1}}),
            json!({"probability": {"nonsense": 0.1}}),
        ] {
            assert!(Plan::new(serde_json::from_value(script.clone()).unwrap()).is_err(), "{script}");
        }
        for script in [
            json!({"scripts": []}),
            json!({"script": [{"fault": "nonsense"}]}),
            json!({"script": [{"fault": {"status": {"code": 200}}}]}),
            json!({"script": [{}]}),
        ] {
            assert!(serde_json::from_value::<Script>(script.clone()).is_err(), "{script}");
        }
    }
}
