//! The conversation on one connection, as a state machine without a socket: open, authenticate, subscribe, live.
//!
//! Frames and elapsed time go in; frames to send, messages and refusals come out. `trade_updates` answers in
//! `{"stream", "data"}`, the data stream in lists of `{"T": ...}` and greets first. Both take the same authentication.

use std::{collections::VecDeque, time::Duration};

use serde_json::{Value, json};

use super::{
    frame::{self, Codec, Frame},
    keys::Keys,
    refusal::Refusal,
    subscription::Subscription,
};

/// Which of the two is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protocol {
    TradeUpdates,
    Data(Codec),
}

/// Where the conversation stands. A stage that waits does so until an instant of the driver's own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The data stream's greeting is awaited.
    Greeting,
    Authenticating,
    Subscribing,
    Live,
    /// Refused or timed out: the connection is of no use.
    Over,
}

/// What the conversation wants done.
#[derive(Debug, PartialEq)]
pub(super) enum Output {
    Send(Frame),
    /// Authenticated and subscribed.
    Live,
    /// What the server says it sends, in its own words of the moment.
    Subscribed(Subscription),
    /// A message of the stream itself.
    Message(Value),
    /// The connection is of no use any more.
    Ended(Refusal),
    /// One request was refused; the connection stays.
    Refused(Refusal),
    /// A frame nobody can read.
    Unreadable(String),
}

/// One connection's conversation.
#[derive(Debug)]
pub(super) struct Conversation {
    protocol: Protocol,
    keys: Keys,
    wanted: Subscription,
    /// The last list the server has confirmed, on this connection or the one before.
    confirmed: Option<Subscription>,
    /// A change was refused since the last one that was wanted.
    refused: bool,
    stage: Stage,
    until: Duration,
    outputs: VecDeque<Output>,
}

impl Conversation {
    /// The websocket is open; being live is awaited until `until`. Should what is wanted be refused, it asks for what was
    /// `confirmed` before.
    pub(super) fn open(
        protocol: Protocol,
        keys: Keys,
        (wanted, confirmed): (Subscription, Option<Subscription>),
        until: Duration,
    ) -> Self {
        let stage = match protocol {
            Protocol::TradeUpdates => Stage::Authenticating,
            Protocol::Data(_) => Stage::Greeting,
        };
        let outputs = VecDeque::new();
        let mut opened = Self { protocol, keys, wanted, confirmed, refused: false, stage, until, outputs };
        if stage == Stage::Authenticating {
            opened.authenticate();
        }
        opened
    }

    /// Whether authentication and subscription are done.
    pub(super) fn is_live(&self) -> bool {
        self.stage == Stage::Live
    }

    /// A frame has come.
    pub(super) fn received(&mut self, bytes: &[u8]) {
        match frame::messages(bytes) {
            Ok(messages) => messages.into_iter().for_each(|message| self.message(message)),
            Err(why) => self.outputs.push_back(Output::Unreadable(why)),
        }
    }

    /// Time has passed.
    pub(super) fn elapsed(&mut self, elapsed: Duration) {
        if elapsed >= self.until && !matches!(self.stage, Stage::Live | Stage::Over) {
            self.end(Refusal::AuthTimeout);
        }
    }

    /// Another subscription is wanted. A stream that is not live yet asks for it when its turn comes.
    pub(super) fn want(&mut self, wanted: Subscription) {
        self.refused = false;
        let before = std::mem::replace(&mut self.wanted, wanted);
        if matches!(self.stage, Stage::Live | Stage::Subscribing) {
            for (symbols, action) in
                [(before.beyond(&self.wanted), "unsubscribe"), (self.wanted.beyond(&before), "subscribe")]
            {
                if !symbols.is_empty() {
                    self.send(&symbols.message(action));
                }
            }
        }
    }

    /// What the next connection is to ask for, and what it may fall back on.
    pub(super) fn into_subscriptions(self) -> (Subscription, Option<Subscription>) {
        (self.wanted, self.confirmed)
    }

    /// What is to be done next.
    pub(super) fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    fn message(&mut self, message: Value) {
        match (self.stage, self.protocol) {
            (Stage::Over, _) => {}
            (_, Protocol::TradeUpdates) => self.trading_message(message),
            (_, Protocol::Data(_)) => self.data_message(message),
        }
    }

    fn trading_message(&mut self, message: Value) {
        let data = &message["data"];
        match message["stream"].as_str() {
            Some("authorization") => match (data["status"].as_str(), self.stage) {
                (Some("authorized"), Stage::Authenticating) => {
                    self.stage = Stage::Subscribing;
                    self.send(&json!({"action": "listen", "data": {"streams": ["trade_updates"]}}));
                }
                (Some("authorized"), _) => {}
                (Some("unauthorized"), _) if data["action"] == "listen" => self.end(Refusal::NotAuthenticated),
                (Some("unauthorized"), _) => self.end(Refusal::Keys),
                _ => self.strange(),
            },
            Some("listening") => {
                let listed = data["streams"].as_array().is_some_and(|names| names.contains(&json!("trade_updates")));
                match (listed, self.stage) {
                    (true, Stage::Subscribing) => self.live(),
                    (true, _) => {}
                    (false, _) => self.end(Refusal::Request("no trade_updates here".to_owned())),
                }
            }
            Some("trade_updates") => self.outputs.push_back(Output::Message(message)),
            _ if message["action"] == "error" => {
                let text = self.keys.scrubbed(data["error_message"].as_str().unwrap_or("no message"));
                self.end(Refusal::Broker(text));
            }
            _ => self.strange(),
        }
    }

    fn data_message(&mut self, message: Value) {
        match (message["T"].as_str(), message["msg"].as_str()) {
            (Some("success"), Some("connected")) if self.stage == Stage::Greeting => self.authenticate(),
            (Some("success"), Some("authenticated")) if self.stage == Stage::Authenticating => self.subscribe(),
            (Some("success"), _) => {}
            (Some("subscription"), _) => {
                self.confirm(Subscription::read(&message));
                if self.stage == Stage::Subscribing {
                    self.live();
                }
            }
            (Some("error"), text) => {
                let text = self.keys.scrubbed(text.unwrap_or("no message"));
                self.refused(Refusal::of_code(message["code"].as_u64().unwrap_or(0), &text));
            }
            (Some(_), _) => self.outputs.push_back(Output::Message(message)),
            (None, _) => self.strange(),
        }
    }

    fn confirm(&mut self, list: Subscription) {
        self.confirmed = Some(list.clone());
        if self.refused {
            self.wanted = list.clone();
        }
        self.outputs.push_back(Output::Subscribed(list));
    }

    /// A refused change leaves the stream with what was confirmed; without any such list nothing works.
    fn refused(&mut self, refusal: Refusal) {
        let of_a_change = match &refusal {
            Refusal::SymbolLimit | Refusal::Request(_) | Refusal::Subscription => true,
            Refusal::Keys
            | Refusal::NotAuthenticated
            | Refusal::AuthTimeout
            | Refusal::ConnectionLimit
            | Refusal::SlowClient
            | Refusal::Upgrade(_)
            | Refusal::Broker(_) => false,
        };
        let was_live = self.stage == Stage::Live;
        let has_another = self.stage == Stage::Subscribing && self.confirmed.as_ref() != Some(&self.wanted);
        match self.confirmed.clone().filter(|_| of_a_change && (was_live || has_another)) {
            Some(confirmed) => {
                (self.refused, self.wanted) = (true, confirmed);
                self.outputs.push_back(Output::Refused(refusal));
            }
            None => return self.end(refusal),
        }
        if has_another {
            self.subscribe();
        }
    }

    fn authenticate(&mut self) {
        self.stage = Stage::Authenticating;
        let message = self.keys.message();
        self.send(&message);
    }

    fn subscribe(&mut self) {
        if self.wanted.is_empty() {
            self.confirm(Subscription::default());
            return self.live();
        }
        self.stage = Stage::Subscribing;
        let message = self.wanted.message("subscribe");
        self.send(&message);
    }

    fn live(&mut self) {
        self.stage = Stage::Live;
        self.outputs.push_back(Output::Live);
    }

    fn end(&mut self, refusal: Refusal) {
        self.stage = Stage::Over;
        self.outputs.push_back(Output::Ended(refusal));
    }

    fn send(&mut self, message: &Value) {
        let codec = match self.protocol {
            Protocol::TradeUpdates => Codec::Json,
            Protocol::Data(codec) => codec,
        };
        self.outputs.push_back(Output::Send(Frame::of(codec, message)));
    }

    fn strange(&mut self) {
        self.outputs.push_back(Output::Unreadable("a message of no known kind".to_owned()));
    }
}

#[cfg(test)]
mod tests;
