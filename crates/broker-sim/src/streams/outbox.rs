//! The bounded queue between the venue, which waits for nobody, and one connection.

use std::{sync::Arc, time::Duration};

use axum::extract::ws::Message;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::{Instant, sleep_until},
};

/// So many frames wait for one connection at most; one that has more to read is cut.
pub const QUEUE_MAX: usize = 1_024;

/// Why a connection ends that did not ask for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CutBy {
    /// A fault, or a reset: without a word.
    Hand,
    /// It does not read as fast as it is told.
    Slowness,
}

/// The venue's end.
pub(super) struct Outbox {
    frames: mpsc::Sender<Frame>,
    cut: watch::Sender<Option<CutBy>>,
}

/// The connection's end.
pub(crate) struct Inbox {
    read: Arc<Notify>,
    frames: mpsc::Receiver<Frame>,
    cut: watch::Receiver<Option<CutBy>>,
    /// Received, and not due yet.
    next: Option<Frame>,
}

struct Frame {
    due: Option<Instant>,
    message: Message,
}

/// A queue with its two ends; `read` is told when something was read.
pub(super) fn queue(read: Arc<Notify>) -> (Outbox, Inbox) {
    let (sender, receiver) = mpsc::channel(QUEUE_MAX);
    let (cut, is_cut) = watch::channel(None);
    (Outbox { frames: sender, cut }, Inbox { read, frames: receiver, cut: is_cut, next: None })
}

impl Outbox {
    /// Queues a message; a queue that is full cuts the connection.
    pub(super) fn put(&self, message: Message, late: Option<Duration>) {
        let due = late.map(|late| Instant::now() + late);
        if let Err(mpsc::error::TrySendError::Full(_)) = self.frames.try_send(Frame { due, message }) {
            self.cut(CutBy::Slowness);
        }
    }

    /// Ends the connection; the first reason counts.
    pub(super) fn cut(&self, by: CutBy) {
        self.cut.send_if_modified(|cut| {
            let first = cut.is_none();
            if first {
                *cut = Some(by);
            }
            first
        });
    }

    /// Whether more than half of the queue waits to be read.
    pub(super) fn is_crowded(&self) -> bool {
        !self.is_cut() && self.frames.capacity() < QUEUE_MAX / 2
    }

    pub(super) fn is_cut(&self) -> bool {
        self.cut.borrow().is_some()
    }
}

impl Inbox {
    /// The next message, when it is due. Nothing is lost when this is given up.
    pub(super) async fn next(&mut self) -> Message {
        if self.next.is_none() {
            self.next = self.frames.recv().await;
            self.read.notify_one();
        }
        match &self.next {
            Some(Frame { due: Some(due), .. }) => sleep_until(*due).await,
            Some(Frame { due: None, .. }) => {}
            // The venue has no more to say; being cut is what follows.
            None => std::future::pending().await,
        }
        self.next.take().map(|frame| frame.message).expect("it was there a line ago")
    }

    /// Resolves when the connection is cut.
    pub(super) fn cut(&self) -> impl Future<Output = CutBy> + use<> {
        let mut cut = self.cut.clone();
        async move {
            match cut.wait_for(Option::is_some).await {
                Ok(by) => by.unwrap_or(CutBy::Hand),
                Err(_) => CutBy::Hand,
            }
        }
    }
}
