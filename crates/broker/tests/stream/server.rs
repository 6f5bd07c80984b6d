//! A websocket server that does what the test says, one connection at a time.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    WebSocketStream, accept_hdr_async,
    tungstenite::{
        Message,
        handshake::server::{ErrorResponse, Request, Response},
        http::StatusCode,
    },
};

use crate::patient;

pub(crate) struct Server {
    listener: TcpListener,
    pub base_url: String,
}

/// One connection.
pub(crate) struct Peer {
    socket: WebSocketStream<TcpStream>,
    pub path: String,
    pub content_type: Option<String>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        Self { listener, base_url }
    }

    pub(crate) async fn accept(&self) -> Peer {
        let (stream, _) = patient("a connection", self.listener.accept()).await.unwrap();
        let (mut path, mut content_type) = (String::new(), None);
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let read = |request: &Request, response: Response| -> Result<Response, ErrorResponse> {
            path = request.uri().path().to_owned();
            content_type = request.headers().get("content-type").map(|value| value.to_str().unwrap().to_owned());
            Ok(response)
        };
        let socket = accept_hdr_async(stream, read).await.unwrap();
        Peer { socket, path, content_type }
    }

    /// Answers the upgrade with a status.
    pub(crate) async fn refuse(&self, status: u16) {
        let (stream, _) = patient("a connection", self.listener.accept()).await.unwrap();
        #[expect(clippy::result_large_err, reason = "the library's signature")]
        let refuse = |_: &Request, _: Response| -> Result<Response, ErrorResponse> {
            let mut response = ErrorResponse::new(None);
            *response.status_mut() = StatusCode::from_u16(status).unwrap();
            Err(response)
        };
        assert!(accept_hdr_async(stream, refuse).await.is_err());
    }
}

impl Peer {
    /// The next message, JSON or msgpack.
    pub(crate) async fn hear(&mut self) -> Value {
        patient("a frame", async {
            loop {
                match self.socket.next().await.unwrap().unwrap() {
                    Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                    Message::Binary(bytes) => return rmp_serde::from_slice(&bytes).unwrap(),
                    Message::Ping(_) | Message::Pong(_) | Message::Close(_) | Message::Frame(_) => {}
                }
            }
        })
        .await
    }

    pub(crate) async fn text(&mut self, message: &Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    /// JSON in a binary frame, as the paper venue sends it.
    pub(crate) async fn binary(&mut self, message: &Value) {
        self.bytes(message.to_string().into_bytes()).await;
    }

    pub(crate) async fn bytes(&mut self, bytes: Vec<u8>) {
        self.socket.send(Message::binary(bytes)).await.unwrap();
    }

    /// More bytes in one message than the client takes; it hangs up on the way.
    pub(crate) async fn endless(&mut self) {
        assert!(self.socket.send(Message::binary(vec![b' '; 64 * 1024 * 1024])).await.is_err());
    }

    /// Reads until the client is gone.
    pub(crate) async fn closed(mut self) {
        patient("the end of a connection", async { while let Some(Ok(_)) = self.socket.next().await {} }).await;
    }

    /// Hangs up without a word.
    pub(crate) fn cut(self) {
        drop(self);
    }

    /// Authenticates and listens.
    pub(crate) async fn admit_account(&mut self) {
        assert_eq!(self.path, "/stream");
        self.expect_keys().await;
        self.binary(&json!({"stream": "authorization", "data": {"action": "authenticate", "status": "authorized"}}))
            .await;
        let listen = self.hear().await;
        assert_eq!(listen, json!({"action": "listen", "data": {"streams": ["trade_updates"]}}));
        self.binary(&json!({"stream": "listening", "data": {"streams": ["trade_updates"]}})).await;
    }

    /// Greets, authenticates, and confirms what is asked for, which it returns.
    pub(crate) async fn admit_data(&mut self) -> Value {
        assert_eq!(self.path, "/v2/iex");
        self.text(&json!([{"T": "success", "msg": "connected"}])).await;
        self.expect_keys().await;
        self.text(&json!([{"T": "success", "msg": "authenticated"}])).await;
        let asked = self.hear().await;
        let mut confirmed = asked.clone();
        confirmed["T"] = "subscription".into();
        self.text(&json!([confirmed])).await;
        asked
    }

    pub(crate) async fn expect_keys(&mut self) {
        assert_eq!(self.hear().await, json!({"action": "auth", "key": crate::KEY, "secret": crate::SECRET}));
    }
}
