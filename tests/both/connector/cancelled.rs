//! Dropping the future that connects, after every poll: nothing stays open, and the next one connects.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use postroom::connector::Stream;
use postroom::testing::Fault;
use postroom::{Config, Protocol};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{By, PROTOCOLS, embedded, nowhere, session};
use crate::drop_after::drop_after;

/// How many streams of a way are open.
#[derive(Clone, Default)]
pub(crate) struct Open(Arc<AtomicUsize>);

pub(crate) struct Held(Open);

impl Open {
    pub(crate) fn hold(&self) -> Held {
        self.0.fetch_add(1, Ordering::Relaxed);
        Held(self.clone())
    }

    /// Waits until all are closed; the driver's task closes some.
    pub(crate) async fn none(&self) {
        for _ in 0..10_000 {
            if self.0.load(Ordering::Relaxed) == 0 {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("{} streams stay open", self.0.load(Ordering::Relaxed));
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The way, with a connection of two steps, whose streams are counted.
fn counted(server: &Arc<postroom::testing::Server>, open: &Open) -> By {
    let (server, open) = (server.clone(), open.clone());
    By::new(move |target| {
        let (server, open) = (server.clone(), open.clone());
        async move {
            let held = open.hold();
            tokio::task::yield_now().await;
            let stream = match target.port() {
                143 => server.imap_stream(),
                _ => server.pop3_stream(),
            };
            tokio::task::yield_now().await;
            Ok(Box::new(Counted { stream, _held: held }) as Box<dyn Stream>)
        }
    })
}

/// A stream that is counted as long as it exists.
pub(crate) struct Counted<S> {
    pub(crate) stream: S,
    pub(crate) _held: Held,
}

impl<S: AsyncRead + Unpin> AsyncRead for Counted<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Counted<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[tokio::test]
async fn every_poll_of_connecting_can_be_the_last() {
    for starttls in [false, true] {
        for protocol in PROTOCOLS {
            let (server, open) = (embedded(), Open::default());
            server.fault(Fault::Split(if starttls { 400 } else { 60 }));
            let config = match starttls {
                true => nowhere(&server).starttls(),
                false => Config::new("localhost").dangerous_plaintext(),
            };
            let config = config.connect_by(counted(&server, &open));
            every_poll(protocol, &config, &open).await;
        }
    }
}

pub(crate) async fn every_poll(protocol: Protocol, config: &Config, open: &Open) {
    for polls in 0.. {
        let done = drop_after(polls, session(protocol, config.clone())).await;
        open.none().await;
        if done {
            break;
        }
        if polls % 16 == 0 {
            session(protocol, config.clone()).await.unwrap();
        }
    }
}
