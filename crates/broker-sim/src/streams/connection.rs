//! One websocket: the session's steps carried out, and what the hub has for it.

use std::time::Duration;

use axum::extract::ws::{Message, WebSocket};
use tokio::time::{Instant, sleep_until, timeout};

use super::{
    hub::Hears,
    outbox::{CutBy, Inbox},
    session::{Desk, Session, Step},
};
use crate::{handle::Venue, http::Shell, severable::Line};

/// Keys that have not come by then do not come.
const AUTH_WITHIN: Duration = Duration::from_secs(10);
/// A last word waits no longer for a client that does not read.
const LAST_WORD_WITHIN: Duration = Duration::from_secs(1);

/// The connection's place at the venue; gives it up when dropped.
struct Guest {
    venue: Venue,
    number: u64,
}

/// Why the conversation is over.
enum End {
    /// The protocol says so, or the client is gone.
    Closed,
    /// Somebody cut it.
    Cut(CutBy),
}

impl Desk for Guest {
    fn admits(&mut self, key: &str, secret: &str) -> bool {
        self.venue.admits(key, secret)
    }

    fn enter(&mut self) -> bool {
        self.venue.hub().enter(self.number)
    }

    fn hear(&mut self, hears: Hears) {
        self.venue.with_engine(|engine, hub| hub.hear(engine, self.number, hears));
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.venue.with_engine(|engine, hub| hub.leave(engine, self.number));
    }
}

/// Talks until one side ends it.
pub(super) async fn run(
    mut socket: WebSocket,
    mut session: impl Session,
    number: u64,
    mut inbox: Inbox,
    line: Line,
    mut shell: Shell,
) {
    let mut guest = Guest { venue: shell.venue.clone(), number };
    let cut = inbox.cut();
    let end = tokio::select! {
        biased;
        () = shell.stopping() => End::Cut(CutBy::Hand),
        by = cut => End::Cut(by),
        () = talk(&mut socket, &mut session, &mut guest, &mut inbox) => End::Closed,
    };
    drop(guest);
    match end {
        // The client may be gone.
        End::Closed => drop(timeout(LAST_WORD_WITHIN, socket.send(Message::Close(None))).await),
        End::Cut(CutBy::Hand) => line.sever(),
        End::Cut(CutBy::Slowness) => {
            let _ = timeout(LAST_WORD_WITHIN, say(&mut socket, session.too_slow())).await;
            line.sever();
        }
    }
}

async fn talk(socket: &mut WebSocket, session: &mut impl Session, guest: &mut Guest, inbox: &mut Inbox) {
    let deadline = Instant::now() + AUTH_WITHIN;
    let mut steps = session.greet(guest);
    loop {
        if !say(socket, steps).await {
            return;
        }
        // What the venue has made comes first: nothing a client is told after an answer is older than the answer.
        steps = tokio::select! {
            biased;
            () = sleep_until(deadline), if !session.is_in() => session.too_late(),
            message = inbox.next() => vec![Step::Say(message)],
            said = socket.recv() => match said {
                Some(Ok(Message::Text(text))) => session.hear(text.as_str().as_bytes(), guest),
                Some(Ok(Message::Binary(bytes))) => session.hear(&bytes, guest),
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => Vec::new(),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
            },
        };
    }
}

/// Whether the conversation goes on.
async fn say(socket: &mut WebSocket, steps: Vec<Step>) -> bool {
    for step in steps {
        match step {
            Step::Say(message) => {
                if socket.send(message).await.is_err() {
                    return false;
                }
            }
            Step::Close => return false,
        }
    }
    true
}
