//! The protocol of `/stream`, where the account is told what becomes of its orders. JSON in binary frames, as at paper.
//!
//! Pure. Source: Alpaca's description of its websocket streaming; both forms of authentication.

use axum::extract::ws::Message;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    hub::Hears,
    session::{Desk, Session, Step},
};

/// The one stream there is.
const TRADE_UPDATES: &str = "trade_updates";

/// One connection.
#[derive(Default)]
pub(super) struct TradingSession {
    is_in: bool,
}

/// What a client may say.
#[derive(Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
enum Said {
    Authenticate { data: Keys },
    Auth { key: String, secret: String },
    Listen { data: Streams },
}

#[derive(Deserialize)]
struct Keys {
    key_id: String,
    secret_key: String,
}

#[derive(Deserialize)]
struct Streams {
    streams: Vec<String>,
}

impl TradingSession {
    fn authenticate(&mut self, key: &str, secret: &str, desk: &mut dyn Desk) -> Vec<Step> {
        if self.is_in || desk.admits(key, secret) && desk.enter() {
            self.is_in = true;
            return vec![authorization("authorized", "authenticate")];
        }
        vec![authorization("unauthorized", "authenticate"), Step::Close]
    }

    fn listen(&self, streams: &[String], desk: &mut dyn Desk) -> Vec<Step> {
        if !self.is_in {
            return vec![authorization("unauthorized", "listen")];
        }
        let listens = streams.iter().any(|stream| stream == TRADE_UPDATES);
        desk.hear(if listens { Hears::Updates } else { Hears::Nothing });
        let heard: &[&str] = if listens { &[TRADE_UPDATES] } else { &[] };
        vec![say(&json!({"stream": "listening", "data": {"streams": heard}}))]
    }
}

impl Session for TradingSession {
    fn greet(&mut self, _: &mut dyn Desk) -> Vec<Step> {
        Vec::new()
    }

    fn hear(&mut self, said: &[u8], desk: &mut dyn Desk) -> Vec<Step> {
        match serde_json::from_slice(said) {
            Ok(Said::Authenticate { data }) => self.authenticate(&data.key_id, &data.secret_key, desk),
            Ok(Said::Auth { key, secret }) => self.authenticate(&key, &secret, desk),
            Ok(Said::Listen { data }) => self.listen(&data.streams, desk),
            Err(_) => vec![error("invalid syntax")],
        }
    }

    fn is_in(&self) -> bool {
        self.is_in
    }

    fn too_late(&self) -> Vec<Step> {
        vec![authorization("unauthorized", "authenticate"), Step::Close]
    }

    /// There is no word for it.
    fn too_slow(&self) -> Vec<Step> {
        vec![Step::Close]
    }
}

fn authorization(status: &str, action: &str) -> Step {
    say(&json!({"stream": "authorization", "data": {"status": status, "action": action}}))
}

fn error(message: &str) -> Step {
    say(&json!({"action": "error", "data": {"error_message": message}}))
}

fn say(value: &Value) -> Step {
    Step::Say(Message::Binary(value.to_string().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lets `key` and `secret` in.
    #[derive(Default)]
    struct Door {
        hears: Vec<Hears>,
    }

    impl Desk for Door {
        fn admits(&mut self, key: &str, secret: &str) -> bool {
            (key, secret) == ("key", "secret")
        }

        fn enter(&mut self) -> bool {
            true
        }

        fn hear(&mut self, hears: Hears) {
            self.hears.push(hears);
        }
    }

    fn talk(said: &[Value]) -> (Vec<Step>, Door) {
        let (mut session, mut door) = (TradingSession::default(), Door::default());
        let steps = said.iter().flat_map(|said| session.hear(said.to_string().as_bytes(), &mut door)).collect();
        (steps, door)
    }

    fn listen(streams: &[&str]) -> Value {
        json!({"action": "listen", "data": {"streams": streams}})
    }

    fn short(secret: &str) -> Value {
        json!({"action": "auth", "key": "key", "secret": secret})
    }

    #[test]
    fn both_forms_of_authentication_are_let_in_and_listening_is_confirmed() {
        let long = json!({"action": "authenticate", "data": {"key_id": "key", "secret_key": "secret"}});
        for auth in [long, short("secret")] {
            let (steps, door) = talk(&[auth, listen(&["trade_updates"])]);
            let listening = say(&json!({"stream": "listening", "data": {"streams": ["trade_updates"]}}));
            assert_eq!(steps, [authorization("authorized", "authenticate"), listening]);
            assert_eq!(door.hears, [Hears::Updates]);
        }
    }

    #[test]
    fn wrong_keys_end_the_connection_and_listening_without_is_refused() {
        assert_eq!(talk(&[short("wrong")]).0, [authorization("unauthorized", "authenticate"), Step::Close]);
        let (steps, door) = talk(&[listen(&["trade_updates"])]);
        assert_eq!((steps, door.hears), (vec![authorization("unauthorized", "listen")], vec![]));
    }

    #[test]
    fn listening_to_nothing_ends_listening_and_other_streams_are_not_there() {
        let (_, door) = talk(&[short("secret"), listen(&["trade_updates"]), listen(&[]), listen(&["account_updates"])]);
        assert_eq!(door.hears, [Hears::Updates, Hears::Nothing, Hears::Nothing]);
    }

    #[test]
    fn nonsense_is_answered_and_survived() {
        let nonsense = [json!([]), json!({"action": "dance"}), json!({"action": "listen"}), json!({"action": "auth"})];
        let (steps, _) = talk(&nonsense);
        let told = say(&json!({"action": "error", "data": {"error_message": "invalid syntax"}}));
        assert_eq!(steps, vec![told; 4]);
    }
}
