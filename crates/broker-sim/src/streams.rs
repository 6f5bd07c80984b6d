//! The websockets: `/stream` tells what becomes of orders, `/v2/{iex,sip,test}` what the market does.
//!
//! What is said to whom is pure (`trading`, `data`: a message in, steps out); `connection` carries it out on a socket,
//! `hub` knows everybody who listens and hands on what the venue makes, in order and without waiting for anybody.

mod connection;
mod data;
mod disturbance;
mod encoding;
mod hub;
mod outbox;
mod session;
mod subscription;
mod trading;

use axum::{
    Router,
    body::Body,
    extract::{
        ConnectInfo, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, Response as HttpResponse, header},
    routing::any,
};
use serde_json::json;

pub use data::DataPlan;
use data::{DataSession, Feed};
pub use disturbance::StreamFault;
use encoding::Form;
pub(crate) use hub::Hub;
pub use hub::{CONNECTIONS_MAX, StreamName};
pub use outbox::QUEUE_MAX;
use session::Session;
use trading::TradingSession;

use crate::{
    answer::text_header,
    http::{Shell, json_response, set_header},
    severable::Line,
};

/// No message of a client is longer: a subscription of every symbol there is fits.
const MESSAGE_BYTES_MAX: usize = 1024 * 1024;

type Upgrade = Result<WebSocketUpgrade, WebSocketUpgradeRejection>;

/// The websockets.
pub(crate) fn routes() -> Router<Shell> {
    Router::new()
        .route("/stream", any(trading))
        .route("/v2/iex", any(async |state, line, headers, upgrade| data(Feed::Iex, state, line, headers, upgrade)))
        .route("/v2/sip", any(async |state, line, headers, upgrade| data(Feed::Sip, state, line, headers, upgrade)))
        .route("/v2/test", any(async |state, line, headers, upgrade| data(Feed::Test, state, line, headers, upgrade)))
}

async fn trading(
    State(shell): State<Shell>,
    ConnectInfo(line): ConnectInfo<Line>,
    upgrade: Upgrade,
) -> HttpResponse<Body> {
    connected(shell, line, StreamName::TradeUpdates, TradingSession::default(), upgrade)
}

fn data(
    feed: Feed,
    State(shell): State<Shell>,
    ConnectInfo(line): ConnectInfo<Line>,
    headers: HeaderMap,
    upgrade: Upgrade,
) -> HttpResponse<Body> {
    let speaks_msgpack = text_header(&headers, header::CONTENT_TYPE.as_str());
    let form = if speaks_msgpack.is_some_and(|kind| kind.contains("msgpack")) { Form::Msgpack } else { Form::Json };
    let keys = text_header(&headers, "apca-api-key-id").zip(text_header(&headers, "apca-api-secret-key"));
    let session = DataSession::new(feed, shell.venue.hub().plan(), form, keys);
    connected(shell, line, StreamName::Data, session, upgrade)
}

fn connected(
    shell: Shell,
    line: Line,
    stream: StreamName,
    session: impl Session + Send + 'static,
    upgrade: Upgrade,
) -> HttpResponse<Body> {
    let id = shell.own_id();
    let mut response = match (upgrade, shell.venue.hub().open(stream)) {
        (Err(rejection), _) => json_response(400, &json!({"message": rejection.body_text()})),
        (Ok(_), None) => json_response(503, &json!({"message": "too many connections"})),
        (Ok(upgrade), Some((guest, inbox))) => {
            let upgrade = upgrade.max_message_size(MESSAGE_BYTES_MAX).max_frame_size(MESSAGE_BYTES_MAX);
            upgrade.on_upgrade(move |socket| connection::run(socket, session, guest, inbox, line, shell))
        }
    };
    set_header(&mut response, "x-request-id", &id);
    response
}
