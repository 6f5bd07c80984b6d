//! Services that say over HTTP whether they are well, asked over real sockets: a listener of the test's own answers as nobody
//! should. And what never settles, which ends all the same.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use unitgen::apply::http;

use super::{
    changing::{NONE, lay},
    host::Told,
    place::{AVWAP, Place},
};

/// Far longer than an answer over loopback takes, short enough for those that never come.
const WITHIN: Duration = Duration::from_millis(400);

/// Answers every connection by its number, from 0, until it is dropped.
struct Listener {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Listener {
    fn new(answer: impl Fn(usize, TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (asked, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (asked, is_over) = (Arc::clone(&asked), Arc::clone(&is_over));
            move || {
                while let Ok((stream, _)) = listener.accept() {
                    if is_over.load(Ordering::SeqCst) {
                        return;
                    }
                    answer(asked.fetch_add(1, Ordering::SeqCst), stream);
                }
            }
        });
        Self { address, asked, is_over, thread: Some(thread) }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let _ = self.thread.take().map(thread::JoinHandle::join);
    }
}

fn question(stream: &mut TcpStream) -> String {
    let (mut text, mut byte) = (Vec::new(), [0]);
    while !text.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count > 0) {
        text.push(byte[0]);
    }
    String::from_utf8(text).unwrap()
}

/// Keeps a connection until the other side lets it go.
fn hold(mut stream: TcpStream) {
    let _ = stream.read_to_end(&mut Vec::new());
}

#[test]
fn every_kind_of_answer_is_one_in_time() {
    type Answer = fn(usize, TcpStream);
    let cases: [(&str, Answer, Result<u16, &str>); 9] = [
        ("well", |_, mut stream| drop((question(&mut stream), stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n"))), Ok(200)),
        (
            "unwell",
            |_, mut stream| drop((question(&mut stream), stream.write_all(b"HTTP/1.0 503 No\r\n\r\n"))),
            Ok(503),
        ),
        (
            "without a word of its own",
            |_, mut stream| drop((question(&mut stream), stream.write_all(b"HTTP/1.1 204\r\n\r\n"))),
            Ok(204),
        ),
        (
            "kept open",
            |_, mut stream| {
                question(&mut stream);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                hold(stream);
            },
            Ok(200),
        ),
        (
            "without end",
            |_, mut stream| {
                question(&mut stream);
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
                while stream.write_all(&[b'x'; 4096]).is_ok() {}
            },
            Ok(200),
        ),
        (
            "garbage",
            |_, mut stream| drop((question(&mut stream), stream.write_all(&[0xff; 200]))),
            Err("no answer of HTTP"),
        ),
        ("closed", |_, mut stream| drop(question(&mut stream)), Err("closes without an answer")),
        ("silent", |_, stream| hold(stream), Err("no answer within")),
        (
            "byte by byte",
            |_, mut stream| {
                question(&mut stream);
                for byte in b"HTTP/1.1 200 OK".iter().cycle() {
                    let waited = stream.set_read_timeout(Some(WITHIN / 4)).is_ok() && stream.read(&mut [0]).is_ok();
                    if waited || stream.write_all(&[*byte]).is_err() {
                        return;
                    }
                }
            },
            Err("no answer within"),
        ),
    ];
    for (name, answer, expect) in cases {
        let listener = Listener::new(answer);
        let begun = Instant::now();
        let found = http::get(listener.address, "/health", WITHIN);
        assert!(begun.elapsed() < WITHIN * 10, "{name}: {:?}", begun.elapsed());
        match (&found, expect) {
            (Ok(found), Ok(expect)) => assert_eq!(*found, expect, "{name}"),
            (Err(found), Err(expect)) => assert!(found.contains(expect), "{name}: {found}"),
            _ => panic!("{name}: {found:?}, expected {expect:?}"),
        }
        assert_eq!(listener.asked(), 1, "{name}");
    }
    let gone = Listener::new(|_, stream| drop(stream)).address;
    assert!(http::get(gone, "/", WITHIN).unwrap_err().contains("refused"));
}

#[test]
fn the_question_names_host_and_page() {
    let (say, said) = std::sync::mpsc::channel();
    let listener = Listener::new(move |_, mut stream| say.send(question(&mut stream)).unwrap());
    let _ = http::get(listener.address, "/v1/health", WITHIN);
    let expect = format!("GET /v1/health HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", listener.address);
    assert_eq!(said.recv().unwrap(), expect);
}

/// Well at every look, and another run each time: that is no end.
#[test]
fn what_never_settles_is_not_waited_for_without_end() {
    let place = Place::new();
    let host = Told::on(&place).restless();
    let (outcome, _) = lay(&place, &host, AVWAP, NONE).unwrap();
    let text = format!("{outcome:?}");
    assert!(text.contains("started again and again"), "{text}");
}
