//! The typed deployment manifest: what a user writes, read with spans, checked as a whole.
//!
//! One file per element of the language holds its type, its parser and its tests. [`read`] collects every problem of a
//! file before it fails; only it can make a [`Deployment`], so whoever holds one holds a deployment whose order-placing
//! services have all their guardrails. Pure: bytes in, values out. Spans are byte offsets into the file.

mod account;
mod arguments;
mod circles;
mod days;
mod deployment;
mod directives;
mod document;
mod duration;
mod env;
mod fields;
mod gate;
mod host;
mod hours;
mod identity;
mod job;
mod links;
mod listen;
mod mode;
mod name;
mod nearest;
mod paths;
mod problem;
mod program;
mod reading;
mod release;
mod restarts;
mod role;
mod schedule;
mod scope;
mod secrets;
mod service;
mod trading;
mod wiring;
mod zone;

pub use account::Account;
pub use deployment::Deployment;
pub use document::{Document, Place};
pub use duration::Seconds;
pub use env::{Env, Variable, looks_secret, sounds_secret};
pub use gate::Gate;
pub use host::{Host, Podman};
pub use identity::Identity;
pub use job::{Job, Run, Work};
pub use listen::Listen;
pub use mode::{Live, Mode};
pub use name::Name;
pub use nearest::nearest;
pub use paths::Paths;
pub use problem::{Code, Problem, Severity};
pub use program::{Catalogue, Kind, Reach, Task};
pub use reading::{Accepted, Rejected, SIZE_MAX, read, read_with};
pub use release::Release;
pub use role::{Listens, Role};
pub use schedule::{Again, Schedule};
pub use scope::Scope;
pub use secrets::Secret;
pub use service::Service;
pub use toml::Spanned;
pub use trading::Trading;
pub use wiring::Setting;
pub use zone::Zone;

/// The version of the language this crate reads.
pub const SCHEMA: i64 = 1;
