//! What elements of a manifest share while they are read.

use crate::{
    env::{Env, Variable},
    name::Name,
    secrets::Groups,
};

/// A variable with the program that is to read it; also of elements that have problems of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// The program's name, as the manifest has it.
    pub program: String,
    /// The variable.
    pub variable: Variable,
}

/// Groups of secrets to draw from, and what has been drawn and set.
#[derive(Debug, Default)]
pub(crate) struct Wiring {
    pub groups: Groups,
    pub used: Vec<Name>,
    pub settings: Vec<Setting>,
}

impl Wiring {
    pub(crate) fn add_settings(&mut self, program: &str, env: &Env) {
        let setting = |variable: &Variable| Setting { program: program.to_owned(), variable: variable.clone() };
        self.settings.extend(env.iter().map(setting));
    }
}
