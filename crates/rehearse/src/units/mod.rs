//! Rendered unit files, read back: what systemd would run, when, and with what around it.
//!
//! Nothing here runs anything. Everything a rehearsal does not understand is an error that names file and line: a
//! rehearsal that ignored it would rehearse another machine.

pub mod command;
mod file;
mod keys;
mod schedule;
pub mod service;
mod span;
pub mod specifier;
pub mod status;
pub mod timer;
pub mod tree;
mod words;
