//! Mutants of the trading core: a change that breaks one control, one guard of a transition or one recording step, and the
//! question whether any test notices.
//!
//! `mutants.toml` is the list. The mutants are made in a copy of the sources with a target directory of its own
//! ([`scratch`]), nearly all of them in one build ([`schema`]), and tested one by one ([`trial`]); one that every suite
//! passes has survived, and the run fails.

pub mod list;
pub mod page;
pub mod schema;
pub mod scratch;
pub mod trial;

use std::path::{Path, PathBuf};

/// The root of the workspace that this package is part of.
#[must_use]
pub fn workspace_root() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("the package lies two folders below the root").to_owned()
}
