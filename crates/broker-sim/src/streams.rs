//! The websockets: who listens, to what, and what they are told.

mod hub;

pub(crate) use hub::Hub;
