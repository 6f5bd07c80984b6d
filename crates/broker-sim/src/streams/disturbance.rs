//! What goes wrong with the messages of a stream, one after the other.
//!
//! Pure. The handshake is never disturbed, only what the stream is for: a socket that is connected and mute.

use serde::{Deserialize, Serialize};

/// What goes wrong with a stream until it is changed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamFault {
    /// Nothing.
    #[default]
    None,
    /// Nothing is told, and what was not told is lost.
    Silent,
    /// Every connection is cut, once; nothing is wrong with those that come after.
    Cut,
    /// Everything is told later, by so much real time.
    Late {
        /// Milliseconds.
        ms: u64,
    },
    /// Everything is told twice.
    Duplicate,
    /// Of every two messages the second comes first; the first of a pair waits for the second, or for another fault.
    Reorder,
}

/// One listener's messages on their way through the fault.
#[derive(Debug)]
pub(super) struct Disturbed<T> {
    held: Option<T>,
}

impl<T> Default for Disturbed<T> {
    fn default() -> Self {
        Self { held: None }
    }
}

impl<T: Clone> Disturbed<T> {
    /// Passes a message through: what is told now, in order.
    pub(super) fn pass(&mut self, fault: StreamFault, message: T) -> impl Iterator<Item = T> + use<T> {
        let told: [Option<T>; 2] = match fault {
            StreamFault::None | StreamFault::Cut | StreamFault::Late { .. } => [self.held.take(), Some(message)],
            StreamFault::Silent => [None, None],
            StreamFault::Duplicate => [Some(message.clone()), Some(message)],
            StreamFault::Reorder => match self.held.take() {
                Some(first) => [Some(message), Some(first)],
                None => {
                    self.held = Some(message);
                    [None, None]
                }
            },
        };
        told.into_iter().flatten()
    }

    /// What waited, when the fault is another from now on.
    pub(super) fn release(&mut self) -> Option<T> {
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(fault: StreamFault, count: u32) -> Vec<u32> {
        let mut disturbed = Disturbed::default();
        let mut told: Vec<u32> = (1..=count).flat_map(|message| disturbed.pass(fault, message)).collect();
        told.extend(disturbed.release());
        told
    }

    #[test]
    fn each_fault_does_what_it_says() {
        let table: [(StreamFault, &[u32]); 5] = [
            (StreamFault::None, &[1, 2, 3, 4, 5]),
            (StreamFault::Silent, &[]),
            (StreamFault::Late { ms: 5 }, &[1, 2, 3, 4, 5]),
            (StreamFault::Duplicate, &[1, 1, 2, 2, 3, 3, 4, 4, 5, 5]),
            (StreamFault::Reorder, &[2, 1, 4, 3, 5]),
        ];
        for (fault, expect) in table {
            assert_eq!(told(fault, 5), expect, "{fault:?}");
        }
    }
}
