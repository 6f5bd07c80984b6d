//! A plan made true, and taken back when it does no good.
//!
//! Pure: whether it may be done ([`permission`]), what is held ([`holding`]), whether it is a time of work ([`hours`]),
//! whether a unit is well ([`health`]). The shell: files ([`switch`]), the running host ([`host`]), and the order of it all
//! ([`run`]).

pub mod accounts;
mod back;
pub mod endpoints;
pub mod event;
pub mod health;
pub mod holding;
pub mod host;
pub mod hours;
pub mod http;
mod keeping;
pub mod permission;
pub mod programs;
pub mod run;
pub mod shown;
pub mod switch;
mod units;

pub use event::Event;
pub use host::{Account, Host, Real};
pub use run::{Outcome, Run, Target};
pub use units::Endpoint;
