//! No key in anything that is printed: configuration, client, errors, the log, a panic.

use std::{
    io,
    sync::{Arc, Mutex},
};

use tracing_subscriber::{filter::LevelFilter, fmt::MakeWriter};

use super::*;

#[test]
fn configuration_and_client_show_no_key() {
    let config = config("http://127.0.0.1:1");
    clean(&format!("{config:?} {config:#?} {:?}", Alpaca::new(&config).unwrap()));
    let keys = super::super::Keys { key_id: KEY.to_owned().into(), secret_key: SECRET.to_owned().into() };
    clean(&format!("{keys:?}"));
}

#[test]
fn a_key_that_no_header_carries_is_named_and_not_shown() {
    for (broken, expect) in [
        (format!("{SECRET}\n"), "the secret key holds a character that a header cannot carry"),
        (format!("{SECRET}\0"), "the secret key holds a character that a header cannot carry"),
    ] {
        let mut config = config("http://127.0.0.1:1");
        config.secret_key = broken.into();
        let error = Alpaca::new(&config).unwrap_err();
        assert_eq!(error.to_string(), expect);
        clean(&format!("{error:?}"));
    }
}

/// Everything the log gets while requests fail in every way, down to the HTTP library's own chatter.
#[test]
fn nothing_that_is_logged_or_told_holds_a_key() {
    let written = Written::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(LevelFilter::TRACE).with_writer(written.clone()).finish();
    let told = tracing::subscriber::with_default(subscriber, || {
        tracing::warn!("the log is read");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(fail_in_every_way())
    });
    clean(&told);
    assert!(told.contains("no key [a key] with [a key] (HTTP 401, code 40110000)"), "{told}");
    assert!(told.contains("[a key]") && told.contains("HTTP 401") && told.contains("no answer in time"), "{told}");
    let log = written.text();
    assert!(log.contains("the log is read"));
    clean(&log);
}

#[tokio::test]
async fn the_brokers_words_are_told_in_one_line_and_not_at_length() {
    let message = format!("first\\nsecond\\u001b[31m{}", "x".repeat(10_000));
    let server =
        Canned::start(vec![Behaviour::json(422, format!(r#"{{"code":42210000,"message":"{message}"}}"#))]).await;
    let client = client(&server.base_url);
    let SubmitOutcome::Rejected { message, .. } = client.post(&(&limit_order()).into()).await else { panic!() };
    let why = client.account().await.unwrap_err().why;
    for text in [message, why] {
        assert!(text.starts_with("first\u{fffd}second\u{fffd}[31mxxx") && text.contains("x… (HTTP 422"), "{text}");
        assert!(text.chars().count() < 400 && !text.chars().any(char::is_control), "{text}");
    }
}

#[test]
fn a_panic_shows_no_key() {
    let client = client("http://127.0.0.1:1");
    let config = config("http://127.0.0.1:1");
    let shown = std::panic::AssertUnwindSafe((client, config));
    let payload = std::panic::catch_unwind(|| panic!("{shown:?}")).unwrap_err();
    clean(payload.downcast_ref::<String>().unwrap());
}

async fn fail_in_every_way() -> String {
    let mut told = String::new();
    for behaviour in [
        Behaviour::json(401, r#"{"code":40110000,"message":"request is not authorized"}"#),
        Behaviour::json(403, "<html>"),
        Behaviour::json(422, r#"{"code":42210000,"message":"no"}"#),
        Behaviour::json(200, "{"),
        // A broker, or a gateway, that repeats what it was sent.
        Behaviour::json(401, format!(r#"{{"code":40110000,"message":"no key {KEY} with {SECRET}"}}"#)),
        Behaviour::json(422, format!(r#"{{"code":42210000,"message":"{SECRET}"}}"#)),
        Behaviour::json(404, format!(r#"{{"message":"{KEY}"}}"#)),
        Behaviour::json(200, format!(r#"{{"account_number":["{SECRET}"],"id":{{"{KEY}":1}},"side":"{SECRET}"}}"#)),
        Behaviour::json(200, format!("\"{SECRET}\"")),
        Behaviour::json(200, order_json("id-1", "new").replace("\"buy\"", &format!("\"{SECRET}\""))),
        Behaviour::Answer {
            status: 500,
            headers: format!("X-Request-ID: {SECRET}\r\n").leak(),
            body: SECRET.to_owned(),
        },
        Behaviour::Close,
        Behaviour::Mute,
    ] {
        let server = Canned::start(vec![behaviour]).await;
        let client = client_for(&server);
        told += &format!("{:?}\n", client.account().await);
        told += &format!("{:?}\n", client.post(&(&limit_order()).into()).await);
        told += &format!("{:?}\n", Broker::cancel(&client, &"o-1".parse().unwrap()).await);
    }
    let nobody = client(&closed_port().await);
    told + &format!("{:?} {:?}", nobody.account().await, nobody)
}

fn clean(text: &str) {
    for secret in [SECRET, KEY] {
        assert!(!text.contains(secret), "a key in {text}");
    }
}

#[derive(Clone, Default)]
struct Written(Arc<Mutex<Vec<u8>>>);

impl Written {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

impl io::Write for Written {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Written {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
