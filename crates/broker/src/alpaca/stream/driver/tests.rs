use futures_util::SinkExt;
use market::NyDate;
use serde_json::{Value, json};
use tokio::io::{DuplexStream, duplex};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{Message, protocol::Role},
};

use super::*;
use crate::alpaca::stream::{
    account::{Account, Answer, Start},
    keys::Keys,
    session::Protocol,
    trade_updates,
};

/// A live line to an account whose REST has told a fill that the stream has not.
struct Scene {
    core: Account,
    link: Link,
    server: WebSocketStream<DuplexStream>,
    waits: Waits,
    at: Moment,
}

impl Scene {
    async fn unheard() -> Self {
        let (ours, theirs) = duplex(64 * 1024);
        let server = WebSocketStream::from_raw_socket(theirs, Role::Server, None).await;
        let (waits, day) = (Waits::default(), "2026-11-20".parse::<NyDate>().unwrap());
        let session = Calendar::nyse().session_on(day).unwrap();
        let at = Moment { now: day.at_hm(10, 0), session, elapsed: Duration::ZERO };
        let keys = Keys::new("PK".into(), "secret".into());
        let conversation = Conversation::open(Protocol::TradeUpdates, keys, Default::default(), waits.handshake);
        let line =
            Line { socket: Socket::over(ours).await, conversation, live_at: None, pinged: at.elapsed, ponged: true };
        let subscriptions = Default::default();
        let link = Link { line: Some(line), subscriptions, connect_at: None, backoff: Backoff::new(1), over: false };
        let core = Account::new(Start { since: at.now, known: Vec::new() }, waits);
        let mut scene = Self { core, link, server, waits, at };
        scene
            .send(&json!({"stream": "authorization", "data": {"status": "authorized", "action": "authenticate"}}))
            .await;
        scene.send(&json!({"stream": "listening", "data": {"streams": ["trade_updates"]}})).await;
        scene.tick_after(Duration::ZERO).await.unwrap();
        assert!(scene.answered(Answer::default()), "what was before the connection");
        scene.at.elapsed += scene.waits.compare_in_session;
        let update = trade_updates::decode(fill()).unwrap();
        let answer = Answer {
            executions: update.execution.into_iter().collect(),
            orders: vec![update.order],
            ..Answer::default()
        };
        assert!(scene.answered(answer), "a comparison");
        scene
    }

    async fn send(&mut self, message: &Value) {
        self.server.send(Message::text(message.to_string())).await.unwrap();
    }

    fn answered(&mut self, answer: Answer) -> bool {
        let asks = self.core.ask(self.at).is_some();
        self.core.answered(Ok(answer), self.at);
        asks
    }

    async fn tick_after(&mut self, wait: Duration) -> Result<(), Lost> {
        self.at.elapsed += wait;
        self.link.tick(&mut self.core, &self.waits, self.at).await
    }
}

fn fill() -> Value {
    let (at, filled) = ("2026-11-20T15:00:01Z", "5");
    json!({"stream": "trade_updates", "data": {
        "event": "fill", "timestamp": at, "execution_id": "e1", "qty": filled, "price": "10.00",
        "order": {
            "id": "order-1", "client_order_id": "ours-1", "symbol": "AAPL", "side": "buy", "qty": filled,
            "filled_qty": filled, "type": "limit", "time_in_force": "day", "limit_price": "10.00", "status": "filled",
            "created_at": at, "submitted_at": at, "updated_at": at,
        },
    }})
}

/// The process may have stood still for longer than the grace: its own deafness is not the stream's silence.
#[tokio::test]
async fn a_frame_that_waits_is_heard_before_the_stream_is_called_mute() {
    for has_come in [true, false] {
        let mut scene = Scene::unheard().await;
        if has_come {
            scene.send(&fill()).await;
        }
        let lost = scene.tick_after(scene.waits.grace).await.err().map(|lost| lost.why);
        assert_eq!(lost.is_none(), has_come, "{lost:?}");
    }
}
