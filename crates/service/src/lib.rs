//! The supervised runtime of a long-running program: readiness and watchdog to systemd, logs, signals, waiting.
//!
//! Under systemd it speaks sd_notify and journald; on a terminal it logs for people. Waiting goes through [`Pacer`],
//! which knows the one other clock there is: a rehearsal's venue on loopback.

pub mod log;
pub mod notify;
pub mod pacer;
pub mod signal;

pub use notify::Supervisor;
pub use pacer::{Pacer, PacerError, Woken};
pub use signal::Termination;
