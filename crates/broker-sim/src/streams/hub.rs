//! Who is connected to the streams.

use ::venue::Engine;

/// Everybody who listens.
#[derive(Default)]
pub(crate) struct Hub;

impl Hub {
    pub(crate) fn is_heard(&self) -> bool {
        false
    }

    pub(crate) fn publish(&self, _engine: &mut Engine) {}

    pub(crate) fn cut_all(&self) {}
}
