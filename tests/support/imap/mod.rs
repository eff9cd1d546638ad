//! Shared by the IMAP tests: sessions over in-memory streams, driven by hand or by a task, and dialogues with the scripted
//! peer. It uses only the public API.
#![allow(dead_code, reason = "each test uses its own part of this")]

#[path = "../session.rs"]
pub(crate) mod session;

#[path = "../parts.rs"]
pub(crate) mod parts;

use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use postroom::imap::{Fetched, Folder, Imap, Items, Uids};
use postroom::testing::{Script, Server};
use postroom::{Config, Driver, Error};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

pub(crate) use session::{alice, plaintext};

/// A greeting after which no login is needed.
pub(crate) const PREAUTH: &str = "S: * PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS ESEARCH MULTIAPPEND] ready\n";

/// A mailbox of three messages, opened.
pub(crate) const SELECT: &str = "
    C: {S} SELECT INBOX
    S: * 3 EXISTS
    S: * OK [UIDVALIDITY 7] stable
    S: {S} OK [READ-WRITE] done
";

/// The upgrade, at the scripted peer.
pub(crate) fn starttls() -> Config {
    let config = Config::new("localhost").starttls().only_added_roots();
    config.add_root_der(Script::ca_der().unwrap()).unwrap()
}

/// Polls the driver beside the work until the work is done.
pub(crate) async fn beside<T>(driver: &mut Driver, work: impl Future<Output = T>) -> T {
    let mut work = pin!(work);
    poll_fn(|cx| {
        let _ = Pin::new(&mut *driver).poll(cx);
        work.as_mut().poll(cx)
    })
    .await
}

/// One poll, whatever comes of it.
pub(crate) async fn once<T>(mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>) -> Option<T> {
    poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(value) => Poll::Ready(Some(value)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// A session with the scripted peer, its driver in a task of its own.
pub(crate) async fn scripted(dialogue: &str, config: Config) -> (Script, Result<Imap, Error>) {
    let mut script = Script::new(dialogue);
    let imap = session::imap(script.stream(), config, alice()).await;
    (script, imap)
}

/// A session that begins logged in.
pub(crate) async fn greeted(dialogue: &str, config: Config) -> (Script, Imap) {
    let (script, imap) = scripted(&format!("{PREAUTH}{dialogue}"), config).await;
    (script, imap.unwrap())
}

/// A session with INBOX selected.
pub(crate) async fn selected(dialogue: &str, config: Config) -> (Script, Folder<Imap>) {
    let (script, imap) = greeted(&format!("{SELECT}{dialogue}"), config).await;
    let folder = imap.into_folder("INBOX").await.unwrap();
    (script, folder)
}

/// A session with the embedded server, its driver in a task of its own.
pub(crate) async fn embedded(server: &Server, config: Config) -> Imap {
    session::imap(server.imap_stream(), config, alice()).await.unwrap()
}

/// The results of a FETCH of everything, if the dialogue continues with a NOOP.
pub(crate) async fn fetched(script: Script, folder: &mut Folder<Imap>, items: Items) -> Result<Vec<Fetched>, Error> {
    let mut mail = folder.fetch(Uids::ALL, items).await?;
    let mut messages = Vec::new();
    while let Some(message) = mail.try_next().await? {
        messages.push(message);
    }
    drop(mail);
    folder.noop().await?;
    script.finish().await.unwrap();
    Ok(messages)
}

/// A stream that counts what passes.
pub(crate) struct Counted {
    stream: DuplexStream,
    count: Arc<Count>,
}

/// What passed in each direction.
#[derive(Debug, Default)]
pub(crate) struct Count {
    pub(crate) read: AtomicU64,
    pub(crate) written: AtomicU64,
}

impl Count {
    pub(crate) fn read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }
}

impl Counted {
    pub(crate) fn new(stream: DuplexStream) -> (Self, Arc<Count>) {
        let count = Arc::<Count>::default();
        (Self { stream, count: count.clone() }, count)
    }
}

impl AsyncRead for Counted {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let result = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.count.read.fetch_add((buf.filled().len() - before) as u64, Ordering::Relaxed);
        result
    }
}

impl AsyncWrite for Counted {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, buf);
        if let Poll::Ready(Ok(count)) = result {
            self.count.written.fetch_add(count as u64, Ordering::Relaxed);
        }
        result
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// A peer whose every line the test sends itself, at the time that it wants.
pub(crate) struct Peer(tokio::io::BufReader<DuplexStream>);

impl Peer {
    /// The peer, and the client's end of the connection.
    pub(crate) fn new() -> (Self, DuplexStream) {
        let (ours, theirs) = tokio::io::duplex(1024 * 1024);
        (Self(tokio::io::BufReader::new(ours)), theirs)
    }

    pub(crate) async fn say(&mut self, text: impl AsRef<[u8]>) {
        // A client that has gone receives nothing more.
        let _ = tokio::io::AsyncWriteExt::write_all(&mut self.0, text.as_ref()).await;
    }

    /// The client's next line, as the tag and the rest.
    pub(crate) async fn hear(&mut self) -> (String, String) {
        let mut line = String::new();
        tokio::io::AsyncBufReadExt::read_line(&mut self.0, &mut line).await.unwrap();
        let mut words = line.trim_end().splitn(2, ' ').map(str::to_owned);
        (words.next().unwrap_or_default(), words.next().unwrap_or_default())
    }
}

/// A logged-in session with such a peer.
pub(crate) async fn peered(config: Config) -> (Peer, Imap) {
    let (mut peer, stream) = Peer::new();
    peer.say("* PREAUTH [CAPABILITY IMAP4rev1 IDLE UIDPLUS ESEARCH MULTIAPPEND] ready\r\n").await;
    let imap = session::imap(stream, config, alice()).await.unwrap();
    (peer, imap)
}

/// The same with INBOX selected.
pub(crate) async fn peered_folder(config: Config) -> (Peer, Folder<Imap>) {
    let (mut peer, imap) = peered(config).await;
    let answer = async {
        let (tag, _) = peer.hear().await;
        peer.say(format!("* 3 EXISTS\r\n* OK [UIDVALIDITY 7] stable\r\n{tag} OK [READ-WRITE] done\r\n")).await;
    };
    let (folder, ()) = tokio::join!(imap.into_folder("INBOX"), answer);
    (peer, folder.unwrap())
}
