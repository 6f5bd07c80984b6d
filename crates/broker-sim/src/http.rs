//! The server: HTTP/1.1 on a loopback port, trading, data, streams and the simulator's own endpoints together.

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Response as HttpResponse, StatusCode, header},
};
use serde_json::Value;
use tokio::{net::TcpListener, sync::watch};

use crate::{
    answer, control,
    handle::Venue,
    severable::{Door, Line},
    streams,
};

/// No request has a longer body; the longest of Alpaca's are a few hundred bytes.
pub(crate) const BODY_BYTES_MAX: usize = 64 * 1024;

/// A venue that listens. Stops when dropped: the port closes and every open connection is cut.
pub struct VenueServer {
    base_url: String,
    address: SocketAddr,
    stop: watch::Sender<bool>,
}

/// What every answer needs.
#[derive(Clone)]
pub(crate) struct Shell {
    pub(crate) venue: Venue,
    pub(crate) stopped: watch::Receiver<bool>,
    own_answers: Arc<AtomicU64>,
}

impl Venue {
    /// Listens on a free loopback port, trading and data endpoints together.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn serve(&self) -> io::Result<VenueServer> {
        self.serve_on(TcpListener::bind("127.0.0.1:0").await?)
    }

    /// Listens on a socket that is bound.
    ///
    /// # Errors
    /// When the socket does not say where it is.
    pub fn serve_on(&self, listener: TcpListener) -> io::Result<VenueServer> {
        let address = listener.local_addr()?;
        let (stop, mut stopped) = watch::channel(false);
        let shell = Shell { venue: self.clone(), stopped: stopped.clone(), own_answers: Arc::default() };
        let router = Router::new()
            .merge(control::routes(&shell))
            .merge(streams::routes())
            .fallback(answer::answer)
            .with_state(shell);
        let server = axum::serve(Door(listener), router.into_make_service_with_connect_info::<Line>())
            .with_graceful_shutdown(async move { drop(stopped.wait_for(|stop| *stop).await) });
        tokio::spawn(async move { server.await });
        Ok(VenueServer { base_url: format!("http://{address}"), address, stop })
    }
}

impl VenueServer {
    /// Scheme, host and port, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and cuts every connection.
    pub fn stop(&self) {
        self.stop.send_replace(true);
    }
}

impl Drop for VenueServer {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Shell {
    /// Resolves when the server stops.
    pub(crate) async fn stopping(&mut self) {
        // An error means that the server is gone.
        let _ = self.stopped.wait_for(|stop| *stop).await;
    }

    /// The `X-Request-ID` of an answer that is not about trading or data.
    pub(crate) fn own_id(&self) -> String {
        format!("own-{:08}", self.own_answers.fetch_add(1, Ordering::Relaxed) + 1)
    }
}

/// Cuts the connection; the response is only there to be lost.
pub(crate) fn cut(line: &Line) -> HttpResponse<Body> {
    line.sever();
    HttpResponse::new(Body::empty())
}

pub(crate) fn json_response(status: u16, body: &Value) -> HttpResponse<Body> {
    text_response(status, "application/json", Body::from(body.to_string()))
}

pub(crate) fn text_response(status: u16, kind: &'static str, body: Body) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(body);
    *response.status_mut() = status_code(status);
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

pub(crate) fn empty_response(status: u16) -> HttpResponse<Body> {
    let mut response = HttpResponse::new(Body::empty());
    *response.status_mut() = status_code(status);
    response
}

/// Sets a header; a value that is none is left out.
pub(crate) fn set_header(response: &mut HttpResponse<Body>, name: &'static str, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn status_code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
