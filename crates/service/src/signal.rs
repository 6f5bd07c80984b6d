//! SIGTERM and SIGINT as one event.

use std::task::{Context, Waker};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for the request to end.
#[derive(Debug)]
pub struct Termination {
    terminate: Signal,
    interrupt: Signal,
}

impl Termination {
    /// Takes over both signals.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn new() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// The signal's name when one has come, without waiting.
    pub fn asked(&mut self) -> Option<&'static str> {
        let mut context = Context::from_waker(Waker::noop());
        let mut came = |signal: &mut Signal| signal.poll_recv(&mut context).is_ready();
        if came(&mut self.terminate) {
            return Some("SIGTERM");
        }
        came(&mut self.interrupt).then_some("SIGINT")
    }

    /// Resolves with the signal's name.
    pub async fn wait(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
