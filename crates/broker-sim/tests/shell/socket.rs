//! A websocket client that waits for what it is told, within a bound.

use broker_sim::VenueServer;
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Message, client::IntoClientRequest},
};

use crate::wire::within;

pub struct Socket(pub WebSocketStream<TcpStream>);

impl Socket {
    pub async fn open(server: &VenueServer, path: &str) -> Self {
        Self::with_headers(server, path, &[]).await
    }

    pub async fn with_headers(server: &VenueServer, path: &str, headers: &[(&'static str, &'static str)]) -> Self {
        let stream = TcpStream::connect(server.address()).await.unwrap();
        let mut request = format!("ws://{}{path}", server.address()).into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        Self(within(client_async(request, stream)).await.unwrap().0)
    }

    /// A connection to `/stream` that listens.
    pub async fn listening(server: &VenueServer) -> Self {
        let mut socket = Self::open(server, "/stream").await;
        socket.say(&json!({"action": "auth", "key": "key", "secret": "secret"})).await;
        assert_eq!(socket.told().await["data"]["status"], "authorized");
        socket.say(&json!({"action": "listen", "data": {"streams": ["trade_updates"]}})).await;
        assert_eq!(socket.told().await["data"]["streams"], json!(["trade_updates"]));
        socket
    }

    /// A connection to the data stream that has subscribed.
    pub async fn subscribed(server: &VenueServer, feed: &str, channels: Value) -> Self {
        let mut socket = Self::open(server, &format!("/v2/{feed}")).await;
        socket.greeted().await;
        socket.say(&json!({"action": "auth", "key": "key", "secret": "secret"})).await;
        assert_eq!(socket.told().await, json!([{"T": "success", "msg": "authenticated"}]));
        let mut subscribe = channels;
        subscribe["action"] = json!("subscribe");
        socket.say(&subscribe).await;
        assert_eq!(socket.told().await[0]["T"], "subscription");
        socket
    }

    pub async fn greeted(&mut self) {
        assert_eq!(self.told().await, json!([{"T": "success", "msg": "connected"}]));
    }

    pub async fn say(&mut self, value: &Value) {
        within(self.0.send(Message::text(value.to_string()))).await.unwrap();
    }

    /// The next message; the test fails when the connection ends instead.
    pub async fn frame(&mut self) -> Message {
        loop {
            let message = within(self.0.next()).await.expect("a message, not the end").unwrap();
            if message.is_text() || message.is_binary() {
                return message;
            }
        }
    }

    /// The next message, JSON in whatever frame.
    pub async fn told(&mut self) -> Value {
        serde_json::from_slice(&self.frame().await.into_data()).unwrap()
    }

    /// Waits for the end; a message that comes instead fails the test.
    pub async fn ended(&mut self) {
        loop {
            match within(self.0.next()).await {
                None | Some(Err(_) | Ok(Message::Close(_))) => return,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(message)) => panic!("the end, not {message}"),
            }
        }
    }
}
