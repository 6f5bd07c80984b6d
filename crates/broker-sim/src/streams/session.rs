//! What both kinds of sessions are: a message in, steps out.

use axum::extract::ws::Message;

use super::hub::Hears;

/// What a session asks of the venue.
pub(super) trait Desk {
    /// Whether the keys are let in.
    fn admits(&mut self, key: &str, secret: &str) -> bool;
    /// Takes the account's place on the stream; `false` when another connection has it.
    fn enter(&mut self) -> bool;
    /// From now on this is what the connection is told.
    fn hear(&mut self, hears: Hears);
}

/// What is to be done, in order.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Step {
    /// Say it.
    Say(Message),
    /// End the connection.
    Close,
}

/// One connection's side of the protocol.
pub(super) trait Session {
    /// At the beginning.
    fn greet(&mut self, desk: &mut dyn Desk) -> Vec<Step>;
    /// The client said something.
    fn hear(&mut self, said: &[u8], desk: &mut dyn Desk) -> Vec<Step>;
    /// Whether the keys were let in.
    fn is_in(&self) -> bool;
    /// The keys did not come in time.
    fn too_late(&self) -> Vec<Step>;
    /// The client does not keep up.
    fn too_slow(&self) -> Vec<Step>;
}
