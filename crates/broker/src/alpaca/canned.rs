//! A server of canned answers for the tests: one connection, one request, one behaviour.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the server does with the next request.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    /// Answers.
    Answer { status: u16, headers: &'static str, body: String },
    /// Reads the request and closes the connection.
    Close,
    /// Reads the request and says nothing.
    Mute,
    /// Promises a longer body than it sends.
    Cut,
    /// Sends a body without end.
    Endless,
    /// Sends these bytes, whatever they are.
    Raw(Vec<u8>),
}

/// A running server; the last behaviour repeats.
pub(super) struct Canned {
    pub(super) base_url: String,
    /// Whether it will leave a request without an answer.
    pub(super) is_mute: bool,
    requests: Arc<Mutex<Vec<String>>>,
    written: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Behaviour {
    pub(super) fn json(status: u16, body: impl Into<String>) -> Self {
        Self::Answer { status, headers: "X-Request-ID: req-7\r\n", body: body.into() }
    }
}

impl Canned {
    pub(super) async fn start(behaviours: Vec<Behaviour>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&requests);
        let written = Arc::new(AtomicUsize::new(0));
        let endless = Arc::clone(&written);
        let is_mute = behaviours.iter().any(|behaviour| matches!(behaviour, Behaviour::Mute));
        let task = tokio::spawn(async move {
            let mut open = Vec::new();
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let request = read_request(&mut stream).await;
                log.lock().unwrap().push(request);
                let behaviour = &behaviours[number.min(behaviours.len() - 1)];
                behave(&mut stream, behaviour, &endless).await;
                if let Behaviour::Mute = behaviour {
                    open.push(stream);
                }
            }
        });
        Self { base_url, is_mute, requests, written, task }
    }

    /// How much of a body without end has been taken.
    pub(super) fn written(&self) -> usize {
        self.written.load(Ordering::Relaxed)
    }

    /// The requests so far, head and body.
    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

impl Drop for Canned {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn read_request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    loop {
        let mut buffer = [0; 4096];
        let read = stream.read(&mut buffer).await.unwrap_or(0);
        bytes.extend_from_slice(&buffer[..read]);
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if read == 0 || is_complete(&text) {
            return text;
        }
    }
}

fn is_complete(text: &str) -> bool {
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length =
        head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length:")?.trim().parse().ok());
    body.len() >= length.unwrap_or(0)
}

async fn behave(stream: &mut TcpStream, behaviour: &Behaviour, written: &AtomicUsize) {
    match behaviour {
        Behaviour::Answer { status, headers, body } => {
            let head = format!(
                "HTTP/1.1 {status} Canned\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n",
                body.len()
            );
            stream.write_all((head + body).as_bytes()).await.unwrap();
        }
        Behaviour::Cut => stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{\"id\":").await.unwrap(),
        Behaviour::Endless => {
            drop(stream.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nX-Request-ID: req-7\r\n\r\n").await);
            let block = vec![b' '; 1 << 20];
            // Ends when the client has had enough and hangs up.
            while stream.write_all(&block).await.is_ok() {
                written.fetch_add(block.len(), Ordering::Relaxed);
            }
        }
        Behaviour::Raw(bytes) => stream.write_all(bytes).await.unwrap(),
        Behaviour::Close | Behaviour::Mute => {}
    }
}
