//! One time: see [`trading::agreement`].

pub use trading::agreement::{session, skew};
