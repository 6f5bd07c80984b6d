//! Conversations as tables: what the server says, what we answer.

use super::*;

const UNTIL: Duration = Duration::from_secs(10);
const GREETING: &str = r#"[{"T":"success","msg":"connected"}]"#;
const AUTHENTICATED: &str = r#"[{"T":"success","msg":"authenticated"}]"#;
const SUBSCRIBED: &str = r#"[{"T":"subscription","trades":[],"quotes":[],"bars":["AAPL"],"updatedBars":["AAPL"],"dailyBars":[],"statuses":["AAPL"],"lulds":[]}]"#;
const AUTHORIZED: &str = r#"{"stream":"authorization","data":{"action":"authenticate","status":"authorized"}}"#;
const LISTENING: &str = r#"{"stream":"listening","data":{"streams":["trade_updates"]}}"#;

fn aapl() -> Subscription {
    Subscription::bars(["AAPL".parse().unwrap()])
}

fn conversation(protocol: Protocol, wanted: Subscription) -> Conversation {
    after_another(protocol, wanted, None)
}

/// A conversation after one in which the server had confirmed a list.
fn after_another(protocol: Protocol, wanted: Subscription, confirmed: Option<Subscription>) -> Conversation {
    Conversation::open(protocol, Keys::new("PKID".into(), "hunter2".into()), (wanted, confirmed), UNTIL)
}

/// Outputs in short words.
fn said(conversation: &mut Conversation) -> Vec<String> {
    std::iter::from_fn(|| conversation.poll())
        .map(|output| match output {
            Output::Send(Frame::Text(text)) => format!("send {text}"),
            Output::Send(Frame::Binary(bytes)) => format!("send {}", frame::messages(&bytes).unwrap()[0]),
            Output::Live => "live".to_owned(),
            Output::Subscribed(now) => format!("subscribed {}", now.bars.len()),
            Output::Message(message) => format!("message {}", message["T"].as_str().unwrap_or("update")),
            Output::Ended(refusal) => format!("ended {refusal:?}"),
            Output::Refused(refusal) => format!("refused {refusal:?}"),
            Output::Unreadable(_) => "unreadable".to_owned(),
        })
        .collect()
}

fn after(conversation: &mut Conversation, frames: &[&str]) -> Vec<String> {
    said(conversation);
    frames.iter().for_each(|frame| conversation.received(frame.as_bytes()));
    said(conversation)
}

const AUTH: &str = r#"send {"action":"auth","key":"PKID","secret":"hunter2"}"#;

#[test]
fn trade_updates_go_live_in_two_answers() {
    let mut ours = conversation(Protocol::TradeUpdates, Subscription::default());
    assert_eq!(said(&mut ours), [AUTH]);
    assert_eq!(after(&mut ours, &[AUTHORIZED]), [r#"send {"action":"listen","data":{"streams":["trade_updates"]}}"#]);
    assert!(!ours.is_live());
    assert_eq!(after(&mut ours, &[LISTENING]), ["live"]);
    assert_eq!(
        after(&mut ours, &[r#"{"stream":"trade_updates","data":{}}"#, LISTENING, AUTHORIZED]),
        ["message update"]
    );
}

#[test]
fn data_goes_live_in_three_answers_in_both_codecs() {
    for codec in [Codec::Json, Codec::Msgpack] {
        let mut ours = conversation(Protocol::Data(codec), aapl());
        assert!(said(&mut ours).is_empty(), "the server greets first");
        assert_eq!(after(&mut ours, &[GREETING]), [AUTH]);
        let subscribe = r#"send {"action":"subscribe","bars":["AAPL"],"statuses":["AAPL"],"updatedBars":["AAPL"]}"#;
        assert_eq!(after(&mut ours, &[AUTHENTICATED]), [subscribe]);
        assert_eq!(after(&mut ours, &[SUBSCRIBED]), ["subscribed 1", "live"]);
        assert_eq!(after(&mut ours, &[r#"[{"T":"b"},{"T":"q"},{"T":"z"}]"#]), ["message b", "message q", "message z"]);
    }
}

#[test]
fn without_a_subscription_data_is_live_at_once_and_asks_later() {
    let mut ours = conversation(Protocol::Data(Codec::Json), Subscription::default());
    assert_eq!(after(&mut ours, &[GREETING, AUTHENTICATED]), [AUTH, "subscribed 0", "live"]);
    ours.want(aapl());
    assert_eq!(said(&mut ours).len(), 1);
    ours.want(Subscription::default());
    assert!(said(&mut ours)[0].contains("unsubscribe"));
}

#[test]
fn refusals_are_typed() {
    let error = |code: u64| format!(r#"[{{"T":"error","code":{code},"msg":"PKID is bad"}}]"#);
    for (code, expect) in [
        (401, "ended NotAuthenticated"),
        (402, "ended Keys"),
        (404, "ended AuthTimeout"),
        (406, "ended ConnectionLimit"),
        (409, "ended Subscription"),
        (500, r#"ended Broker("*** is bad (500)")"#),
    ] {
        let mut ours = conversation(Protocol::Data(Codec::Json), aapl());
        assert_eq!(after(&mut ours, &[GREETING, &error(code)]), [AUTH, expect]);
        assert!(after(&mut ours, &[AUTHENTICATED, SUBSCRIBED]).is_empty(), "{code}: over is over");
    }
    for (data, expect) in [
        (r#"{"action":"authenticate","status":"unauthorized"}"#, "ended Keys"),
        (r#"{"action":"listen","status":"unauthorized"}"#, "ended NotAuthenticated"),
        (r#"{"status":"confused"}"#, "unreadable"),
    ] {
        let mut ours = conversation(Protocol::TradeUpdates, Subscription::default());
        let frame = format!(r#"{{"stream":"authorization","data":{data}}}"#);
        assert_eq!(after(&mut ours, &[&frame]), [expect], "{frame}");
    }
    let mut ours = conversation(Protocol::TradeUpdates, Subscription::default());
    let none = r#"{"stream":"listening","data":{"streams":[]}}"#;
    assert!(after(&mut ours, &[AUTHORIZED, none])[1].starts_with("ended Request"));
    let mut ours = conversation(Protocol::TradeUpdates, Subscription::default());
    let error = r#"{"action":"error","data":{"error_message":"internal server error"}}"#;
    assert_eq!(after(&mut ours, &[error]), [r#"ended Broker("internal server error")"#]);
}

#[test]
fn a_refused_change_leaves_a_live_stream_alive() {
    let limit = r#"[{"T":"error","code":405,"msg":"symbol limit exceeded"}]"#;
    let mut ours = conversation(Protocol::Data(Codec::Json), aapl());
    assert_eq!(after(&mut ours, &[GREETING, AUTHENTICATED, limit])[2], "ended SymbolLimit");
    let mut ours = conversation(Protocol::Data(Codec::Json), aapl());
    assert_eq!(after(&mut ours, &[GREETING, AUTHENTICATED, SUBSCRIBED, limit])[4], "refused SymbolLimit");
    assert!(ours.is_live());
}

#[test]
fn the_next_connection_asks_for_what_was_confirmed_and_not_for_what_was_refused() {
    let limit = r#"[{"T":"error","code":405,"msg":"symbol limit exceeded"}]"#;
    let both = Subscription::bars(["AAPL", "MSFT"].map(|name| name.parse().unwrap()));
    let mut ours = conversation(Protocol::Data(Codec::Json), aapl());
    after(&mut ours, &[GREETING, AUTHENTICATED, SUBSCRIBED]);
    ours.want(both.clone());
    assert_eq!(after(&mut ours, &[limit]), ["refused SymbolLimit"]);
    assert_eq!(ours.into_subscriptions(), (aapl(), Some(aapl())));

    // What was wanted between two connections and is refused: the confirmed list is asked for.
    let mut ours = after_another(Protocol::Data(Codec::Json), both.clone(), Some(aapl()));
    let subscribe = r#"send {"action":"subscribe","bars":["AAPL"],"statuses":["AAPL"],"updatedBars":["AAPL"]}"#;
    after(&mut ours, &[GREETING, AUTHENTICATED]);
    assert_eq!(after(&mut ours, &[limit]), ["refused SymbolLimit", subscribe]);
    assert_eq!(after(&mut ours, &[SUBSCRIBED]), ["subscribed 1", "live"]);
    assert_eq!(ours.into_subscriptions().0, aapl());

    // When that is refused too there is nothing left to ask for.
    let mut ours = after_another(Protocol::Data(Codec::Json), both, Some(aapl()));
    after(&mut ours, &[GREETING, AUTHENTICATED, limit]);
    assert_eq!(after(&mut ours, &[limit]), ["ended SymbolLimit"]);
}

#[test]
fn who_is_not_live_in_time_never_will_be() {
    for frames in [&[][..], &[GREETING], &[GREETING, AUTHENTICATED]] {
        let mut ours = conversation(Protocol::Data(Codec::Json), aapl());
        after(&mut ours, frames);
        ours.elapsed(UNTIL - Duration::from_millis(1));
        assert!(said(&mut ours).is_empty(), "{frames:?}");
        ours.elapsed(UNTIL);
        assert_eq!(said(&mut ours), ["ended AuthTimeout"], "{frames:?}");
    }
    let mut ours = conversation(Protocol::TradeUpdates, Subscription::default());
    after(&mut ours, &[AUTHORIZED, LISTENING]);
    ours.elapsed(UNTIL * 2);
    assert!(said(&mut ours).is_empty());
}

#[test]
fn nonsense_is_counted_and_survived() {
    for protocol in [Protocol::TradeUpdates, Protocol::Data(Codec::Json)] {
        let mut ours = conversation(protocol, aapl());
        let frames = ["", "<html>", "{", "[1]", "{}", "[[]]", "null", r#"{"stream":7}"#, r#"[{"T":null}]"#];
        let said = after(&mut ours, &frames);
        assert_eq!(said, ["unreadable"; 9], "{protocol:?}");
    }
}

#[test]
fn keys_appear_in_no_debug_text() {
    let ours = conversation(Protocol::TradeUpdates, Subscription::default());
    let text = format!("{ours:?}");
    assert!(!text.contains("hunter2") && !text.contains("PKID"), "{text}");
}
