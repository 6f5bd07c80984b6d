//! What elements of a manifest share while they are read.

use std::collections::BTreeMap;

use crate::{
    env::{Env, Variable},
    name::Name,
    problem::Refusal,
    program::Catalogue,
    schedule::Schedule,
    scope::Scope,
    secrets::Groups,
    zone::Zone,
};

/// A variable with the program that is to read it; also of elements that have problems of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The program's name, as the manifest has it.
    pub program: String,
    /// The variable.
    pub variable: Variable,
}

/// What the whole manifest says, groups of secrets to draw from, and what has been drawn and set.
#[derive(Debug)]
pub(crate) struct Wiring {
    pub catalogue: Catalogue,
    pub scope: Scope,
    pub zone: Zone,
    pub groups: Groups,
    pub used: Vec<Name>,
    pub settings: Vec<Setting>,
    /// Zones that were looked up, by name: their habits take a while to find out.
    zones: BTreeMap<String, Zone>,
}

impl Wiring {
    pub(crate) fn new(catalogue: Catalogue) -> Self {
        Self {
            catalogue,
            scope: Scope::System,
            zone: Zone::new_york(),
            groups: Groups::new(),
            used: Vec::new(),
            settings: Vec::new(),
            zones: BTreeMap::new(),
        }
    }

    pub(crate) fn add_settings(&mut self, program: &str, env: &Env) {
        let setting = |variable: &Variable| Setting { program: program.to_owned(), variable: variable.clone() };
        self.settings.extend(env.iter().map(setting));
    }

    /// Reads a schedule, in the manifest's zone when it names no other.
    pub(crate) fn parse_schedule(&mut self, text: &str) -> Result<Schedule, Refusal> {
        let Self { zone, zones, .. } = self;
        Schedule::parse(text, |named| match named {
            None => Ok(zone.clone()),
            Some(name) => match zones.get(name) {
                Some(known) => Ok(known.clone()),
                None => {
                    let found = Zone::parse(name)?;
                    zones.insert(name.to_owned(), found.clone());
                    Ok(found)
                }
            },
        })
    }
}
