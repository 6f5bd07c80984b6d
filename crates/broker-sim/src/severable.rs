//! Connections that can be cut without an answer, the way a network cuts them, or say an answer twice, the way a broken
//! proxy does.

use std::{
    io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
};

/// Accepts connections that can be cut.
pub(crate) struct Door(pub(crate) TcpListener);

/// The handle to disturb one connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<Wishes>);

#[derive(Debug, Default)]
struct Wishes {
    cut: AtomicBool,
    twice: AtomicBool,
}

/// A connection whose writes fail once it is cut, so that the server closes it.
pub(crate) struct Severable {
    stream: TcpStream,
    line: Line,
    /// What has been written of the answer that is to be said twice.
    said: Vec<u8>,
    /// How much of it has been said again.
    said_again: usize,
}

impl Line {
    /// Every read and write from now on fails.
    pub(crate) fn sever(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
    }

    /// The bytes of the next answer go out twice.
    pub(crate) fn say_twice(&self) {
        self.0.twice.store(true, Ordering::SeqCst);
    }

    fn check(&self) -> io::Result<()> {
        if self.0.cut.load(Ordering::SeqCst) { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    fn is_said_twice(&self) -> bool {
        self.0.twice.load(Ordering::SeqCst)
    }
}

impl Listener for Door {
    type Io = Severable;
    type Addr = Line;

    async fn accept(&mut self) -> (Severable, Line) {
        let (stream, _) = Listener::accept(&mut self.0).await;
        // Answers are small and awaited: none may wait for a fuller packet. Refused, they are only slower.
        let _ = stream.set_nodelay(true);
        let line = Line::default();
        (Severable { stream, line: line.clone(), said: Vec::new(), said_again: 0 }, line)
    }

    fn local_addr(&self) -> io::Result<Line> {
        Ok(Line::default())
    }
}

impl Connected<IncomingStream<'_, Door>> for Line {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Self {
        stream.remote_addr().clone()
    }
}

impl Severable {
    /// The server flushes when an answer is written whole: that is when it is said again.
    fn poll_say_again(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.said_again < self.said.len() {
            let rest = &self.said[self.said_again..];
            self.said_again += ready!(Pin::new(&mut self.stream).poll_write(cx, rest))?;
        }
        if !self.said.is_empty() {
            (self.said, self.said_again) = (Vec::new(), 0);
            self.line.0.twice.store(false, Ordering::SeqCst);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Severable {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.line.check()?;
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Severable {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.line.check()?;
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
        if self.line.is_said_twice() {
            self.said.extend_from_slice(&bytes[..written]);
        }
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.line.check()?;
        ready!(self.poll_say_again(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
