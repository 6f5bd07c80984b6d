//! Generations: what was laid on a host, whole, so that it can be laid again.
//!
//! `/var/lib/portcullis/generations/DEPLOYMENT/N/` (root only; of a login, in its home) holds the files of one apply as they lie on the host, its
//! record, and digests of the programs that ran; the programs themselves are kept once each, by digest. `current` is the
//! link to what is laid now, `apply.state` the journal of an apply under way. Databases are no part of any of it.

pub(crate) mod image;
mod journal;
mod ledgers;
mod record;
mod store;

pub(crate) use image::digest;
pub use image::{Content, Image, Place};
pub use journal::{Journal, Phase};
pub use ledgers::{Schema, schema_of};
pub use record::{Origin, Record};
pub use store::{Generation, KEPT, Lock, Store, StoreError};
