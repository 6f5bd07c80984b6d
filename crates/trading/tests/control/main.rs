//! The control table: cell by cell, reason by reason, limit by limit, and in print.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod input;
mod limits;
mod page;
mod reasons;
mod replacement;
mod scene;
mod steps;
mod table;
mod world;
