//! Plan, apply and rollback: on a root of its own by the program, killed and starved at every call; and on a host that
//! answers as it is told, by the library.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod changing;
mod files;
mod host;
mod interrupted;
mod kills;
mod listeners;
mod meanings;
mod place;
mod plans;
mod returns;
mod runs;
mod vanishing;
