//! From a manifest to the units that run it: what is rendered has its guardrails, or nothing is rendered.
//!
//! [`systemd::render`] is pure: a checked deployment in, a [`Tree`] of files out, the same bytes every time. [`output`]
//! puts a tree into a directory. A manifest's problems are shown all at once, where they stand in the file.

pub mod accounts;
pub mod apply;
pub mod calendar;
mod commands;
pub mod completion;
pub mod containers;
pub mod diff;
pub mod drift;
mod environment;
pub mod explain;
pub mod generations;
pub mod graph;
pub mod guardrails;
pub mod host;
pub mod ink;
pub mod installation;
pub mod manual;
pub mod output;
pub mod plan;
pub mod predict;
pub mod problems;
pub mod rules;
pub mod schema;
pub mod search_path;
pub mod security;
pub mod source;
pub mod systemctl;
pub mod systemd;
pub mod targets;
mod tree;
pub mod unit;
pub mod verify;

pub use commands::run;
pub use market::Timestamp;
pub use tree::Tree;

/// The version that rendered files name.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
