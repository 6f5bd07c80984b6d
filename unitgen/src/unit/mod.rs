//! Unit files as types: one struct a section, one place that writes and quotes ([`word`], [`lines`]).
//!
//! Every group of directives carries the reason it is there, which becomes a comment of the unit.

mod install;
mod lines;
mod service;
mod timer;
mod unit_section;
pub mod word;
mod words;

pub use install::Install;
pub use lines::Lines;
pub use service::{Command, Credential, Directive, Lifecycle, RestartPolicy, Sandbox, Service, Type};
pub use timer::Timer;
pub use unit_section::{StartLimit, Unit};
pub use word::Word;
pub(crate) use words::words;
