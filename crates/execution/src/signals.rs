//! Being asked to end: noticed between two effects, and while something is read that decides nothing yet.

use std::{
    cell::RefCell,
    future::poll_fn,
    pin::pin,
    task::{Context, Poll, Waker},
};

use broker::Broker;
use service::Termination;
use thiserror::Error;

use crate::engine::Engine;

/// Where the word to end comes from.
pub(crate) enum Signals {
    /// The process's own signals.
    Process(RefCell<Termination>),
    /// A test, which cannot signal one of its loops without all others.
    #[cfg(test)]
    Told(RefCell<tokio::sync::mpsc::UnboundedReceiver<&'static str>>),
}

/// A read was given up, because the process is asked to end.
#[derive(Clone, Copy, Debug, Error)]
#[error("{0} came while the broker was looked at")]
pub(crate) struct AskedToEnd(pub &'static str);

impl Signals {
    /// Takes over the process's signals.
    ///
    /// # Errors
    /// When the handlers cannot be installed.
    pub fn of_process() -> std::io::Result<Self> {
        Termination::new().map(|termination| Self::Process(RefCell::new(termination)))
    }

    /// The signal's name when one has come, without waiting.
    pub fn asked(&self) -> Option<&'static str> {
        match self.poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(signal) => Some(signal),
            Poll::Pending => None,
        }
    }

    /// Resolves with the signal's name.
    pub async fn wait(&self) -> &'static str {
        poll_fn(|context| self.poll(context)).await
    }

    /// Nothing is borrowed between two polls, so that a wait that is given up loses no signal.
    fn poll(&self, context: &mut Context<'_>) -> Poll<&'static str> {
        match self {
            Self::Process(termination) => pin!(termination.borrow_mut().wait()).poll(context),
            #[cfg(test)]
            Self::Told(told) => match told.borrow_mut().poll_recv(context) {
                Poll::Ready(Some(signal)) => Poll::Ready(signal),
                Poll::Ready(None) | Poll::Pending => Poll::Pending,
            },
        }
    }
}

impl<B: Broker> Engine<B> {
    /// Reads until it is done or the process is asked to end: then there is little time, and what was read so far is
    /// read anew. Only for reads; one that a process which is ending asks for itself is waited for.
    pub(crate) async fn until_asked<T>(&self, read: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
        if self.ending.is_some() {
            return read.await;
        }
        tokio::select! {
            biased;
            signal = self.signals.wait() => Err(AskedToEnd(signal).into()),
            done = read => done,
        }
    }
}
