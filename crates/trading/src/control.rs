//! The control pipeline: the only place that turns an [`OrderRequest`] into something a broker accepts.

use serde::Serialize;

use crate::order::{OrderRequest, Purpose, Side};

/// Proof that the controls for its purpose let the value pass. Only [`approve`] makes one; it cannot be deserialised.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Approved<T>(T);

impl<T> Approved<T> {
    /// What was approved.
    pub fn get(&self) -> &T {
        &self.0
    }
}
