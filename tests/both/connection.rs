//! What a session knows about its connection without asking: whether it has ended and why, and what went over it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use postroom::imap::{Imap, Items};
use postroom::pop3::Pop3;
use postroom::testing::Server;
use postroom::{Config, Error, Kind, Mailbox, Traffic};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};
use tokio::time::timeout;

use crate::session::{alice, imap, plaintext, pop3};

/// A stream that counts what passes: received and sent.
struct Counted {
    inner: DuplexStream,
    counts: Arc<[AtomicU64; 2]>,
}

impl Counted {
    fn new(inner: DuplexStream) -> (Self, Arc<[AtomicU64; 2]>) {
        let counts: Arc<[AtomicU64; 2]> = Arc::default();
        (Self { inner, counts: counts.clone() }, counts)
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.counts[0].fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        let count = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
        self.counts[1].fetch_add(count as u64, Ordering::Relaxed);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

fn server() -> Server {
    Server::builder().sample_mail().in_memory().unwrap()
}

fn assert_counted(traffic: Traffic, counts: &[AtomicU64; 2], server: &Server) {
    let [received, sent] = [0, 1].map(|index| counts[index].load(Ordering::Relaxed));
    assert_eq!((traffic.received, traffic.sent), (received, sent));
    // What follows a literal is a line of its own in the server's log.
    let commands: Vec<_> = server.commands().into_iter().filter(|line| !line.is_empty()).collect();
    assert_eq!(traffic.commands, commands.len() as u64, "{commands:?}");
}

#[tokio::test(start_paused = true)]
async fn every_octet_and_every_command_is_counted() {
    let server = server();
    let (stream, counts) = Counted::new(server.imap_stream());
    let mut session = imap(stream, plaintext(), alice()).await.unwrap();
    session.append("INBOX", vec![b'x'; 300_000]).await.unwrap();
    session.noop().await.unwrap();
    assert_counted(session.traffic(), &counts, &server);
    let mut inbox = session.select("INBOX").await.unwrap();
    let all = inbox.fetch(postroom::imap::Uids::ALL, Items::MESSAGE).await.unwrap();
    drop(all);
    inbox.noop().await.unwrap();
    assert_counted(session.traffic(), &counts, &server);

    let server = self::server();
    let (stream, counts) = Counted::new(server.pop3_stream());
    let session = pop3(stream, plaintext(), alice()).await.unwrap();
    for (number, _) in session.list().await.unwrap() {
        session.retr(number).await.unwrap();
    }
    assert_counted(session.traffic(), &counts, &server);
}

#[tokio::test(start_paused = true)]
async fn compression_makes_no_session_look_cheaper() {
    let mut told = Vec::new();
    for compressed in [false, true] {
        let server = server();
        let (stream, counts) = Counted::new(server.imap_stream());
        let config = if compressed { plaintext().compress() } else { plaintext() };
        let mut session = imap(stream, config, alice()).await.unwrap();
        session.append("INBOX", "Subject: x\r\n\r\n".repeat(9_000)).await.unwrap();
        let inbox = session.select("INBOX").await.unwrap();
        let uid = inbox.search(&postroom::imap::Query::all()).await.unwrap().iter().last().unwrap();
        let before = inbox.session().traffic();
        inbox.get(uid, Items::MESSAGE).await.unwrap().unwrap();
        let after = inbox.session().traffic();
        told.push((after.received - before.received, after.sent - before.sent, after.commands - before.commands));
        let wire = counts[0].load(Ordering::Relaxed);
        assert_eq!(compressed, wire < 9_000, "{wire}");
        assert_eq!(inbox.noop().await.map_err(|error| error.kind()), Ok(()));
    }
    assert!(told[0] == told[1] && told[0].0 > 9_000 * 14, "{told:?}");
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#[tokio::test]
async fn what_was_said_before_tls_counts_once() {
    let server = Server::builder().start().await.unwrap();
    let trusting = Config::new("localhost").add_root_pem(server.ca_pem().as_bytes()).unwrap();
    let implicit = Imap::connect(trusting.clone().port(server.imaps_port()), alice()).await.unwrap();
    let upgraded = Imap::connect(trusting.port(server.imap_port()).starttls(), alice()).await.unwrap();
    for session in [&implicit, &upgraded] {
        session.noop().await.unwrap();
    }
    let (implicit, upgraded) = (implicit.traffic(), upgraded.traffic());
    // STARTTLS, and CAPABILITY once more.
    assert!(upgraded.commands > implicit.commands && upgraded.commands <= implicit.commands + 2);
    assert!(upgraded.sent > implicit.sent && upgraded.sent < implicit.sent + 60);
}

/// Ends with the connection, whoever ends it.
async fn assert_ends(closed: impl Future<Output = Error>, is_closed: impl Fn() -> bool) -> Error {
    let error = timeout(Duration::from_secs(5), closed).await.expect("it ends with the connection");
    assert!(is_closed() && error.kind() == Kind::Closed, "{error}");
    error
}

#[tokio::test(start_paused = true)]
async fn an_end_is_known_at_once_and_without_a_call() {
    let server = server();
    let session = imap(server.imap_stream(), plaintext(), alice()).await.unwrap();
    let (first, second) = (session.closed(), session.closed());
    let mut dropped = session.closed();
    assert!(timeout(Duration::from_secs(60), &mut dropped).await.is_err() && !session.is_closed());
    drop(dropped);
    let waiting = tokio::spawn(first);
    tokio::task::yield_now().await;
    server.disconnect_all();
    assert_ends(async { waiting.await.unwrap() }, || session.is_closed()).await;
    assert_ends(second, || session.is_closed()).await;
    let later = session.noop().await.unwrap_err();
    assert_eq!(session.closed().await.to_string(), later.to_string());

    let session = pop3(server.pop3_stream(), plaintext(), alice()).await.unwrap();
    assert!(!session.is_closed());
    let closed = session.closed();
    server.disconnect_all();
    assert_ends(closed, || session.is_closed()).await;
}

#[tokio::test(start_paused = true)]
async fn the_future_outlives_the_session_and_keeps_nothing_open() {
    let server = server();
    let session = imap(server.imap_stream(), plaintext(), alice()).await.unwrap();
    let closed = session.closed();
    session.logout().await.unwrap();
    assert_ends(closed, || true).await;
    let session = imap(server.imap_stream(), plaintext(), alice()).await.unwrap();
    let closed = session.closed();
    drop(session);
    assert_ends(closed, || true).await;
    // A driver that is dropped ends it too.
    let (session, driver) = Imap::handshake(server.imap_stream(), plaintext(), alice()).await.unwrap();
    let closed = session.closed();
    drop(driver);
    assert_ends(closed, || session.is_closed()).await;
}

#[tokio::test(start_paused = true)]
async fn a_goodbye_is_the_reason() {
    let dialogue = "
        S: * PREAUTH [CAPABILITY IMAP4rev1] ready
        C: {A} NOOP
        S: {A} OK done
        S: * BYE [UNAVAILABLE] going down at 5
        close";
    let (script, session) = crate::support::scripted(dialogue, plaintext()).await;
    let session = session.unwrap();
    session.noop().await.unwrap();
    let error = assert_ends(session.closed(), || session.is_closed()).await;
    assert!(error.to_string().contains("going down at 5") && error.is_retryable(), "{error}");
    script.finish().await.unwrap();
}

#[cfg(any(feature = "aws-lc-rs", feature = "ring"))]
#[tokio::test(start_paused = true)]
async fn a_maildrop_that_reconnects_counts_all_its_connections() {
    let server = Server::builder().sample_mail().start().await.unwrap();
    let config = Config::new("localhost").port(server.pop3s_port()).add_root_pem(server.ca_pem().as_bytes()).unwrap();
    let mut session = Pop3::connect(config, alice()).await.unwrap();
    let (before, closed) = (session.traffic(), session.closed());
    session.entries().await.unwrap();
    let changed = tokio::time::timeout(Duration::from_secs(600), session.changed()).await;
    drop(changed);
    assert_ends(closed, || true).await;
    session.entries().await.unwrap();
    let traffic = session.traffic();
    assert!(!session.is_closed());
    assert!(traffic.received > 2 * before.received && traffic.commands >= 2 * before.commands, "{traffic:?}");
    assert_eq!(traffic.commands, server.commands().len() as u64, "{:?}", server.commands());
}
