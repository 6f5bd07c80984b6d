//! The websocket: TCP, TLS where the address asks for it, the upgrade; frames in and out, each with a time limit.

use std::{io, sync::Arc, time::Duration};

use futures_util::{SinkExt, StreamExt};
use rustls::{ClientConfig, crypto::ring, pki_types::ServerName};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Bytes, Error, Message,
        client::IntoClientRequest,
        http::{HeaderValue, header::CONTENT_TYPE},
        protocol::WebSocketConfig,
    },
};

use super::{
    core::Lost,
    frame::{Codec, Frame, MESSAGE_BYTES_MAX},
    refusal::{Again, Refusal},
    session::Protocol,
    target::Target,
    waits::Waits,
};

#[cfg(test)]
use tokio_tungstenite::tungstenite::protocol::Role;

trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// An open websocket.
pub(super) struct Socket {
    inner: WebSocketStream<Box<dyn Io>>,
    send_within: Duration,
}

/// What has come.
pub(super) enum Incoming {
    Frame(Bytes),
    /// The answer to a ping.
    Pong,
    /// Something that is the library's business: a ping it has answered.
    Nothing,
}

impl Socket {
    /// Connects; the time limit covers all of it.
    pub(super) async fn open(target: &Target, waits: &Waits) -> Result<Self, Lost> {
        match timeout(waits.connect, connect(target)).await {
            Ok(Ok(inner)) => Ok(Self { inner, send_within: waits.send }),
            Ok(Err(lost)) => Err(lost),
            Err(_) => Err(soon("no connection in time")),
        }
    }

    /// One that is open already.
    #[cfg(test)]
    pub(super) async fn over(io: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        let io: Box<dyn Io> = Box::new(io);
        let inner = WebSocketStream::from_raw_socket(io, Role::Client, None).await;
        Self { inner, send_within: Duration::from_secs(5) }
    }

    /// The next frame; can be dropped and asked again without losing one.
    pub(super) async fn receive(&mut self) -> Result<Incoming, Lost> {
        match self.inner.next().await {
            Some(Ok(Message::Text(text))) => Ok(Incoming::Frame(text.into())),
            Some(Ok(Message::Binary(bytes))) => Ok(Incoming::Frame(bytes)),
            Some(Ok(Message::Pong(_))) => Ok(Incoming::Pong),
            Some(Ok(Message::Ping(_) | Message::Frame(_))) => Ok(Incoming::Nothing),
            Some(Ok(Message::Close(_))) | None => Err(soon("the broker closed the connection")),
            Some(Err(error)) => Err(soon(&error.to_string())),
        }
    }

    pub(super) async fn send(&mut self, frame: Frame) -> Result<(), Lost> {
        let message = match frame {
            Frame::Text(text) => Message::text(text),
            Frame::Binary(bytes) => Message::binary(bytes),
        };
        self.write(message).await
    }

    pub(super) async fn ping(&mut self) -> Result<(), Lost> {
        self.write(Message::Ping(Bytes::new())).await
    }

    async fn write(&mut self, message: Message) -> Result<(), Lost> {
        match timeout(self.send_within, self.inner.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(soon(&error.to_string())),
            Err(_) => Err(soon("a frame could not be sent in time")),
        }
    }
}

async fn connect(target: &Target) -> Result<WebSocketStream<Box<dyn Io>>, Lost> {
    let url = &target.url;
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = url.port_or_known_default().unwrap_or(443);
    let tcp = TcpStream::connect((host.as_str(), port)).await.map_err(|error| soon(&error.to_string()))?;
    // Orders are told in small frames, and each at once.
    tcp.set_nodelay(true).map_err(|error| soon(&error.to_string()))?;
    let io: Box<dyn Io> = if target.is_plain() {
        Box::new(tcp)
    } else {
        Box::new(encrypt(tcp, host).await.map_err(|error| soon(&error.to_string()))?)
    };
    let mut request = url.as_str().into_client_request().map_err(|error| never(&error.to_string()))?;
    if target.protocol == Protocol::Data(Codec::Msgpack) {
        request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/msgpack"));
    }
    let limits =
        WebSocketConfig::default().max_message_size(Some(MESSAGE_BYTES_MAX)).max_frame_size(Some(MESSAGE_BYTES_MAX));
    match tokio_tungstenite::client_async_with_config(request, io, Some(limits)).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(answer)) => Err(Lost::from(&Refusal::Upgrade(answer.status().as_u16()))),
        Err(error) => Err(soon(&error.to_string())),
    }
}

/// With the machine's certificates, as the REST client.
async fn encrypt(tcp: TcpStream, host: String) -> io::Result<impl Io> {
    let provider = Arc::new(ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_platform_verifier())
        .map_err(io::Error::other)?
        .with_no_client_auth();
    let name = ServerName::try_from(host).map_err(io::Error::other)?;
    TlsConnector::from(Arc::new(config)).connect(name, tcp).await
}

fn soon(why: &str) -> Lost {
    Lost { why: why.to_owned(), again: Again::Soon }
}

fn never(why: &str) -> Lost {
    Lost { why: why.to_owned(), again: Again::Never }
}
