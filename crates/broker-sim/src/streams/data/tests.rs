use axum::extract::ws::Message;

use super::*;

/// Lets `key` and `secret` in, when there is a place.
struct Door {
    is_free: bool,
    hears: Vec<Hears>,
}

impl Desk for Door {
    fn admits(&mut self, key: &str, secret: &str) -> bool {
        (key, secret) == ("key", "secret")
    }

    fn enter(&mut self) -> bool {
        self.is_free
    }

    fn hear(&mut self, hears: Hears) {
        self.hears.push(hears);
    }
}

/// What is said back, `code` or `msg` or `T`; `close` for the end.
fn talk(session: &mut DataSession, door: &mut Door, said: &[Value]) -> Vec<String> {
    let steps: Vec<Step> = said.iter().flat_map(|said| session.hear(said.to_string().as_bytes(), door)).collect();
    steps.iter().map(short).collect()
}

fn short(step: &Step) -> String {
    let Step::Say(message) = step else { return "close".to_owned() };
    let (_, value) = Form::read(&message.clone().into_data()).unwrap();
    let message = &value[0];
    let word = ["code", "msg", "T"].into_iter().map(|name| &message[name]).find(|value| !value.is_null()).unwrap();
    word.as_str().map_or_else(|| word.to_string(), str::to_owned)
}

fn session(feed: Feed, plan: DataPlan) -> (DataSession, Door) {
    (DataSession::new(feed, plan, Form::Json, None), Door { is_free: true, hears: Vec::new() })
}

fn auth(secret: &str) -> Value {
    json!({"action": "auth", "key": "key", "secret": secret})
}

fn subscribe(names: &[&str]) -> Value {
    json!({"action": "subscribe", "trades": names})
}

#[test]
fn a_client_is_greeted_let_in_and_confirmed() {
    let (mut session, mut door) = session(Feed::Iex, DataPlan::Basic);
    assert_eq!(session.greet(&mut door).iter().map(short).collect::<Vec<_>>(), ["connected"]);
    assert_eq!(
        talk(&mut session, &mut door, &[auth("secret"), subscribe(&["SPY"])]),
        ["authenticated", "subscription"]
    );
    assert!(session.is_in());
    assert_eq!(door.hears.len(), 1);
}

#[test]
fn every_trouble_has_its_number() {
    let many: Vec<String> =
        (0..31_u8).map(|n| format!("{}{}", (b'A' + n / 26) as char, (b'A' + n % 26) as char)).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let table: [(&str, Feed, DataPlan, bool, Vec<Value>, &[&str]); 9] = [
        ("no message", Feed::Iex, DataPlan::Plus, true, vec![json!("hello")], &["400"]),
        (
            "no channel",
            Feed::Iex,
            DataPlan::Plus,
            true,
            vec![auth("secret"), json!({"action": "subscribe"})],
            &["authenticated", "400"],
        ),
        ("not in", Feed::Iex, DataPlan::Plus, true, vec![subscribe(&["SPY"])], &["401"]),
        ("wrong keys", Feed::Iex, DataPlan::Plus, true, vec![auth("wrong")], &["402", "close"]),
        ("twice", Feed::Iex, DataPlan::Plus, true, vec![auth("secret"), auth("secret")], &["authenticated", "403"]),
        (
            "too many",
            Feed::Iex,
            DataPlan::Plus,
            true,
            vec![auth("secret"), subscribe(&many)],
            &["authenticated", "405"],
        ),
        ("taken", Feed::Iex, DataPlan::Plus, false, vec![auth("secret")], &["406", "close"]),
        ("no sip", Feed::Sip, DataPlan::Basic, true, vec![auth("secret")], &["409", "close"]),
        (
            "sip",
            Feed::Sip,
            DataPlan::Plus,
            true,
            vec![auth("secret"), subscribe(&many)],
            &["authenticated", "subscription"],
        ),
    ];
    for (what, feed, plan, is_free, said, expect) in table {
        let (mut session, mut door) = session(feed, plan);
        door.is_free = is_free;
        assert_eq!(talk(&mut session, &mut door, &said), expect, "{what}");
    }
    let (session, _) = session(Feed::Test, DataPlan::Basic);
    assert_eq!(session.too_late().iter().map(short).collect::<Vec<_>>(), ["404", "close"]);
    assert_eq!(session.too_slow().iter().map(short).collect::<Vec<_>>(), ["407", "close"]);
}

#[test]
fn a_subscription_that_is_refused_changes_nothing() {
    let (mut session, mut door) = session(Feed::Iex, DataPlan::Plus);
    talk(&mut session, &mut door, &[auth("secret"), subscribe(&["SPY"])]);
    let before = session.hears.clone();
    assert_eq!(talk(&mut session, &mut door, &[subscribe(&["*"])]), ["405"]);
    assert_eq!((session.hears, door.hears.len()), (before, 1));
}

#[test]
fn keys_in_the_headers_let_in_at_once() {
    let mut door = Door { is_free: true, hears: Vec::new() };
    let keys = Some(("key".to_owned(), "secret".to_owned()));
    let mut session = DataSession::new(Feed::Iex, DataPlan::Plus, Form::Json, keys);
    assert_eq!(session.greet(&mut door).iter().map(short).collect::<Vec<_>>(), ["connected", "authenticated"]);
}

#[test]
fn one_that_speaks_messagepack_is_answered_in_it() {
    let (mut session, mut door) = session(Feed::Iex, DataPlan::Plus);
    let steps = session.hear(&Form::Msgpack.bytes(&auth("secret")), &mut door);
    assert!(matches!(&steps[0], Step::Say(Message::Binary(_))));
    // Its headers may have said so before it spoke.
    let mut session = DataSession::new(Feed::Iex, DataPlan::Plus, Form::Msgpack, None);
    assert!(matches!(&session.greet(&mut door)[0], Step::Say(Message::Binary(_))));
    let steps = session.hear(auth("secret").to_string().as_bytes(), &mut door);
    assert!(matches!(&steps[0], Step::Say(Message::Binary(_))));
}
