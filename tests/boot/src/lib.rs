//! Rendered units under a real systemd: a scenario is one file of bash that a booted guest runs as root.
//!
//! A guest is a Debian root tree that `prepare` made, layers over it (programs, rendered units, the scenario), and one of
//! two backends: a container (`nspawn`), whose venue lives outside and outlives a reboot, or a virtual machine with a
//! clock of its own (`vm`). Nothing runs here on a developer's machine that lacks what it needs: it says so.

mod deployment;
mod guest;
pub mod hazards;
mod lists;
mod nspawn;
mod packages;
mod programs;
pub mod recording;
mod roots;
mod runner;
mod scenario;
mod table;
mod vm;

pub use guest::{Backend, Guest, Outcome};
pub use roots::{Host, Root};
pub use runner::{boot_once, trials};
pub use scenario::Scenario;
